"""How are the tables laid out that hold this wave against earlier ones?"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from analysis_lib.change_tests import PAIRED, REFLEXIVE
from analysis_lib.crosstab import with_shares
from analysis_lib.formatted import Cell, FormattedTable, Head, Probability, Row
from analysis_lib.formatting import (
    NONE,
    WITHHELD,
    count,
    missing,
    n_of,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
)
from analysis_lib.payload import Payload, Table
from analysis_lib.quantitize import ALL
from analysis_lib.share_changes import changes_of, comparison_csv, with_change_tiers
from analysis_lib.tables.common import (
    BASES,
    TIERS,
    anchor,
    group_labels,
    is_banded,
    number,
    standing_notes,
    text,
    title,
)

MOST_WAVES = 6  # side by side; older ones stand in the files
MOST_THEMES = 12  # in tables by group
EVERYBODY = "Everybody"
GREY = "not compared"


def wave_changes(payload: Payload) -> FormattedTable:
    """Each theme now and in an earlier wave, with the change; a part for every wave it is held against."""
    frame, banded = newest_changes(payload), is_banded(payload)
    rows: list[Row] = []
    mix = bool(frame["same_mix"].notna().any())
    paired = bool((frame["method"] == PAIRED).any())
    read = payload.facts["tradition"] != "reflexive"
    span = 3 + 2 * read + mix
    if not payload.facts["reason"]:
        for since, group in compared_parts(payload, frame):
            mine = frame[(frame["since"] == since) & (frame["group"] == group)]
            rows.append(Row(part_heading(payload, since, group), heading=True))
            rows += [_change_row(row, banded, mix, paired, span) for _, row in mine.iterrows()]
    looked = looks(payload) if read else []
    notes = [*_change_notes(payload, mix=mix, paired=paired), *looked] if rows else looked
    now = payload.facts["wave"]
    heads = ["People counted twice", "Now only, before only"] if paired else [f"Wave {now}", "Earlier wave"]
    heads += ["Change [95% CI]", *(["At the same mix [95% CI]"] if mix else [])]
    heads += ["Adjusted p", "Reading"] if read else []
    return FormattedTable(
        title(payload, "Themes now and in earlier waves"),
        "Theme",
        (tuple(map(Head, heads)),),
        tuple(rows),
        (*notes, *_unread(payload), *standing_notes(payload)),
    )


def _change_row(row: pd.Series, banded: bool, mix: bool, paired: bool, span: int) -> Row:
    where = change_anchor(row)
    label, depth = row["theme_label"], int(row["depth"])
    if row["reason"]:
        return Row(label, (text(f"{GREY}: {row['reason']}", span=span),), depth, where, muted=True)
    if paired:
        both = f"{count(row['n_now_only'], absent=WITHHELD)}, {count(row['n_before_only'], absent=WITHHELD)}"
        cells = [number(count(row["n_pairs"], absent=WITHHELD)), number(both)]
    else:
        cells = [
            number(_share(row["n_with_theme"], row["n_total"])),
            number(_share(row["n_with_before"], row["n_before"])),
        ]
    cells.append(number(_points(row["change"], row["conf_low"], row["conf_high"])))
    if mix:
        cells.append(number(_points(row["same_mix"], row["same_mix_low"], row["same_mix_high"])))
    if span - mix > 3:
        cells += [number(p_value(row["p_adjusted"], band=banded)), text(TIERS[row["tier"]])]
    return Row(label, tuple(cells), depth, where)


def _share(x: object, n: object) -> str:
    found = n_of(x, n)
    if found == WITHHELD or not n:
        return found if found == WITHHELD else NONE
    return f"{found} ({percent(float(x) / float(n), n)})"  # type: ignore[arg-type]


def _points(value: float, low: float, high: float) -> str:
    return f"{points(value)} {points_interval(low, high)}".strip()


def change_anchor(row: pd.Series) -> str:
    """Id of the table row of a change."""
    return anchor("change", row["theme_id"], row["group"], row["since"])


def part_heading(payload: Payload, since: str, group: str) -> str:
    """What is held against what."""
    who = EVERYBODY if group == ALL else group_labels(payload)[group]
    return f"{who}, against wave {since}"


def compared_parts(payload: Payload, frame: pd.DataFrame) -> list[tuple[str, str]]:
    """The (earlier wave, group) pairs that are held against each other, the wave before first."""
    found = []
    for since in dict.fromkeys(frame["since"]):
        mine = frame[(frame["since"] == since) & frame["reason"].isna()]
        able = list(dict.fromkeys(mine["group"]))
        found += [(since, group) for group in ([ALL] if ALL in able else able)]
    return found


def _change_notes(payload: Payload, *, mix: bool, paired: bool) -> list[str]:
    d = points(payload.facts["smallest_difference"]).lstrip("+")
    if paired:
        method = (
            "The same people were asked in both waves: only those who stand in both are compared. Change: those who"
            " have the theme now and had not before, less those who had it and have it no more, in percentage points,"
            " with Tango's 95% interval."
        )
        test = "McNemar's exact test"
    else:
        method = (
            "Different people were asked in each wave. Change in percentage points, with Newcombe's 95% interval. Base:"
            f" {BASES[payload.facts['base']]}."
        )
        test = "the exact conditional test inside outcome groups (Fisher's for one group)"
    notes = [method]
    if mix:
        notes.append(
            "At the same mix: the changes inside outcome groups, averaged with Mantel and Haenszel's weights (limits by"
            " Zou, Huang & Zhang). Where it differs from the change beside it, the waves hold the groups in other"
            " proportions."
        )
    notes += [
        "A theme counts in an earlier wave as the codebook of this wave means it; codes that were merged since count"
        " for what replaced them. Not compared: the reason stands in the row.",
        "Everybody together is compared where both waves hold the same outcome groups, else the groups that both hold.",
    ]
    if payload.facts["tradition"] == "reflexive":
        return [*notes, f"{REFLEXIVE[:1].upper()}{REFLEXIVE[1:]} or read."]
    notes += [
        Probability(
            f"Adjusted p: {test}, Holm's method over all themes held against one wave. Reading: clear (interval"
            " excludes 0 and adjusted p below the level); clear but small, similar within the margin (interval inside"
            f" ±{d} points); tentative (interval excludes 0 alone, or the same mix of groups does not show it);"
            " cannot tell."
        ),
    ]
    return notes


def looks(payload: Payload) -> list[str]:
    """What repeated looks do to p-values; nothing where there is one look only."""
    look, planned = payload.facts["look"], payload.facts["planned_looks"]
    if max(look, planned) < 2:
        return []
    total = max(look, planned)
    state = "an interim look; its p-values are not final" if look < total else "the last planned look"
    return [
        Probability(
            f"Look {look} of {total}: {state}. p-values are not adjusted for the looks before, and the more looks are"
            " taken, the more often chance alone looks like a change."
        )
    ]


def _unread(payload: Payload) -> list[str]:
    if payload.facts["reason"]:
        return []
    frame = payload.tables["waves"].frame
    return [f"Wave {row.wave} is not in it: {row.reason}." for row in frame.itertuples() if row.reason]


def wave_changes_by_group(payload: Payload) -> FormattedTable:
    """Changes of the leading themes inside each outcome group, since the wave before."""
    frame, labels = _all_changes(payload), group_labels(payload)
    frame = frame[(frame["wave"] == payload.facts["wave"]) & (frame["group"] != ALL)]
    frame = frame[frame["theme_id"].isin(payload.facts["leading"][:MOST_THEMES])]
    free = frame[frame["reason"].isna()]
    rows: list[Row] = []
    groups = [group for group in payload.tables["groups"].frame["group"] if group in set(free["group"])]
    if not payload.facts["reason"]:
        for since in dict.fromkeys(free["since"]):
            rows.append(Row(f"Against wave {since}", heading=True))
            for theme in payload.facts["leading"][:MOST_THEMES]:
                mine = frame[(frame["since"] == since) & (frame["theme_id"] == theme)].set_index("group")
                if len(mine):
                    cells = tuple(_group_cell(mine, group) for group in groups)
                    rows.append(
                        Row(mine["theme_label"].iloc[0], cells, 0, anchor("group-change", theme, since))
                    )
    notes = (
        "Change in percentage points with 95% interval inside each group; description, not tested one by one. A dash:"
        " not compared, or nobody in the group.",
        "A group as small as some of these shows large changes by chance alone; the intervals say how large.",
    )
    return FormattedTable(
        title(payload, "Changes inside each outcome group"),
        "Theme",
        (tuple(Head(labels[group]) for group in groups) or (Head("Group"),),),
        tuple(rows),
        (*(notes if rows else ()), *standing_notes(payload)),
    )


def _group_cell(rows: pd.DataFrame, group: str) -> Cell:
    if group not in rows.index or missing(rows.at[group, "change"]):
        held = group in rows.index and not rows.at[group, "reason"]
        return number(WITHHELD if held else NONE)
    row = rows.loc[group]
    return number(_points(row["change"], row["conf_low"], row["conf_high"]))


def wave_comparison(payload: Payload) -> FormattedTable:
    """Shares of the leading themes in each wave, by outcome group."""
    frame, labels = with_shares(payload.tables["shares"].frame), group_labels(payload)
    waves = payload.facts["waves"][-MOST_WAVES:]
    there = set(frame.loc[frame["n_total"].ne(0), "group"]) - {ALL}
    rows: list[Row] = []
    for theme in payload.facts["leading"][:MOST_THEMES]:
        mine = frame[frame["theme_id"] == theme]
        rows.append(Row(str(mine["theme_label"].iloc[0]), heading=True))
        for group in dict.fromkeys(mine["group"]):
            if group in there:
                here = mine[mine["group"] == group].set_index("wave")
                cells = tuple(_wave_cell(here.loc[wave]) for wave in waves)
                rows.append(Row(labels[group], cells, 1, anchor("share", theme, group)))
    notes = [
        f"People with the theme, of {BASES[payload.facts['base']]}; share with 95% Wilson interval.",
        "In brackets: the theme meant something else in that wave, so it is not compared.",
    ]
    if len(payload.facts["waves"]) > MOST_WAVES:
        notes.append(
            f"The last {MOST_WAVES} of {len(payload.facts['waves'])} waves; the others stand in the files."
        )
    if len(payload.facts["leading"]) > MOST_THEMES:
        notes.append(
            f"{MOST_THEMES} of {len(payload.facts['leading'])} themes; the others stand in the files."
        )
    return FormattedTable(
        title(payload, "Leading themes in every wave, up to this"),
        "Theme and group",
        (tuple(Head(f"Wave {wave}") for wave in waves),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def _wave_cell(row: pd.Series) -> Cell:
    if row["reason"] and missing(row["n_total"]):
        return text(str(row["reason"]))
    if row["n_total"] == 0:
        return number(NONE)
    found = n_of(row["n_with_theme"], row["n_total"])
    if found != WITHHELD:
        limits = percent_interval(row["conf_low"], row["conf_high"], row["n_total"])
        found = f"{found}, {percent(row['share'], row['n_total'])} {limits}"
    return number(found if row["comparable"] else f"({found})")


def codebook_changes(payload: Payload) -> FormattedTable:
    """What changed in the codebook since the wave before and since the first."""
    frame = payload.tables["codebook"].frame
    rows: list[Row] = []
    for since, mine in frame.groupby("since", sort=False):
        before, now = (payload.facts["codebook_versions"][wave] for wave in (since, payload.facts["wave"]))
        rows.append(Row(f"Since wave {since}: version {before} to {now}", heading=True))
        for row in mine.itertuples():
            after = "yes" if row.comparable else f"no: {row.reason}"
            into = f"{row.change}: {row.with_themes}" if row.with_themes else row.change
            cells = (text(into), text(row.version), text(row.note or NONE), text(after))
            rows.append(Row(row.theme_label, cells, 1, anchor("codebook", since, row.theme_id)))
    if not rows:
        versions = payload.facts["codebook_versions"]
        same = "the codebook is that of the wave before" if len(versions) > 1 else "this is the first wave"
        rows = [Row("None", (text(f"{same[:1].upper()}{same[1:]}.", span=4),))]
    note = (
        "Merged: codings of before count for the theme that took over. Split, redefined, new and retired themes are not"
        " compared with waves of before. Only what the codebook declares is applied."
    )
    return FormattedTable(
        title(payload, "What changed in the codebook"),
        "Theme",
        (tuple(map(Head, ("Change", "Version", "What the codebook says", "Compared with before"))),),
        tuple(rows),
        (note, *standing_notes(payload)),
    )


def changes_in(payload: Payload) -> pd.DataFrame:
    """Every change of a payload with tests and readings, whichever wave it is of."""
    return with_change_tiers(
        _derived(payload.tables["shares"], payload.tables["steps"]),
        payload.tables["tests"].frame,
        smallest_difference=payload.facts["smallest_difference"],
        alpha=payload.facts["alpha"],
        banded=is_banded(payload),
    )


def newest_changes(payload: Payload) -> pd.DataFrame:
    """The changes of this wave."""
    frame = changes_in(payload)
    return frame[frame["wave"] == payload.facts["wave"]]


def shares_and_changes(payload: Payload) -> pd.DataFrame:
    """The rows of wave_comparison.csv from a payload."""
    return comparison_csv(payload.tables["shares"].frame, _all_changes(payload))


def _all_changes(payload: Payload) -> pd.DataFrame:
    return _derived(payload.tables["shares"], payload.tables["steps"])


@lru_cache(maxsize=8)  # tables, sentences and the box ask for the same changes
def _derived(shares: Table, steps: Table) -> pd.DataFrame:
    counts = ["n_now_only", "n_before_only", "n_pairs"]
    return changes_of(shares.frame, steps.frame.astype(dict.fromkeys(counts, "float64")))
