"""How are models of all outcome groups and of satisfaction laid out?"""

from __future__ import annotations

import pandas as pd

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import NONE, WITHHELD, n_of, p_value, ratio, ratio_interval
from analysis_lib.outcome_models import SMALL_GROUP
from analysis_lib.payload import Payload
from analysis_lib.tables.common import anchor, group_labels, is_banded, number, standing_notes, text, title
from analysis_lib.tables.termination import term_label

MARK = "‡"
_ADJUSTED = "Rows other than themes are adjusted for; they are not findings of their own."
_ONE_BY_ONE = "p-values are not adjusted for looking at several terms."


def outcome_groups(payload: Payload) -> FormattedTable:
    """Odds ratios of every group against the reference, groups side by side."""
    frame, sizes = payload.tables["models"].frame, payload.tables["sizes"].frame
    guards = payload.tables["guards"].frame
    labels, reference = group_labels(payload), payload.facts["reference"]
    groups = [group for group in dict.fromkeys(sizes["group"]) if group != reference]
    rows: list[Row] = []
    notes: list[str] = []
    for guard in guards.itertuples():
        model, mine = str(guard.model), frame[frame["model"] == guard.model]
        used = sizes[sizes["model"] == model].set_index("group")
        rows.append(Row(f"Model {model}", heading=True))
        if guard.reason:
            rows.append(Row("No model", (text(_as_sentence(guard.reason), span=len(groups) + 1),), 1))
            continue
        cells = [number(n_of(used.at[group, "n_used"], used.at[group, "n_total"])) for group in groups]
        rows.append(Row("People with complete data", (*cells, number("")), 1))
        for (term, level), here in mine.groupby(["term", "level"], sort=False):
            by_group = here.set_index("group")
            odds = [number(odds_ratio(by_group.loc[group])) for group in groups]
            p = here["p_value_term"].dropna()
            last = number(p_value(p.iloc[0] if len(p) else None, band=is_banded(payload)))
            where = anchor("groups", model, term, level)
            rows.append(Row(own_label(here.iloc[0]), (*odds, last), 1, where))
        base = n_of(used.at[reference, "n_used"], used.at[reference, "n_total"])
        notes.append(f"Model {model}, {labels[reference].lower()}: {base} people with complete data.")
        notes += [f"{labels[group]}, model {model}: {SMALL_GROUP}." for group in groups
                  if (mine.loc[mine["group"] == group, "reason"] == SMALL_GROUP).all()]  # fmt: skip
        notes += _left_out_terms(mine, str(model))
    against = labels[reference].lower()
    notes = [
        f"Adjusted odds ratios of being in the group rather than {against}, all terms together, with 95% profile"
        " intervals; multinomial logistic regression with Jeffreys' penalty.",
        f"p: penalised likelihood-ratio test of the term in all groups at once. {_ONE_BY_ONE}",
        _ADJUSTED,
        *notes,
    ]
    if guards["separated"].eq(True).any():
        notes.append("A term separates the groups; without the penalty some odds ratio would be infinite.")
    heads = [Head(f"{labels[group]} v {against}") for group in groups] or [Head("Group")]
    return FormattedTable(
        title(payload, "What goes with each outcome group, all groups at once"),
        "Term",
        ((*heads, Head("p, all groups")),),
        tuple(rows),
        (*notes, *standing_notes(payload)),
    )


def own_label(row: pd.Series) -> str:
    """A term with the level of its own that it is compared with; ``reference`` is the outcome's here."""
    return term_label(row.drop("reference").rename({"level_reference": "reference"}))


def odds_ratio(row: pd.Series) -> str:
    """An odds ratio with its interval; a dash or a word where there is none."""
    if pd.isna(row["odds_ratio"]):
        return WITHHELD if row["reason"] == WITHHELD else NONE
    return f"{ratio(row['odds_ratio'])} {ratio_interval(row['conf_low'], row['conf_high'])}".rstrip()


def _left_out_terms(rows: pd.DataFrame, model: str) -> list[str]:
    """Why single terms of a model have no estimate."""
    known = rows["odds_ratio"].isna() & rows["reason"].notna() & ~rows["reason"].isin([WITHHELD, SMALL_GROUP])
    notes = [f"{own_label(row)}, model {model}: {row['reason']}." for _, row in rows[known].iterrows()]
    return list(dict.fromkeys(notes))


def _as_sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


_NOT_ONE_NUMBER = (
    f"{MARK} At some cut the 95% interval leaves out the common odds ratio, so one number does not describe the term"
    " well."
)


def satisfaction(payload: Payload) -> FormattedTable:
    """The common odds ratio of a higher satisfaction, and how far it describes each cut."""
    frame, sizes = payload.tables["models"].frame, payload.tables["sizes"].frame
    rows: list[Row] = []
    notes: list[str] = []
    marked = False
    for guard in payload.tables["guards"].frame.itertuples():
        model, mine = str(guard.model), frame[frame["model"] == guard.model]
        rows.append(Row(f"Model {model}", heading=True))
        used = sizes[sizes["model"] == model]
        counts = [f"{row.group}: {n_of(row.n_used, row.n_total)}" for row in used.itertuples()]
        if counts:
            rows.append(Row("People with complete data, by score", (text("; ".join(counts), span=3),), 1))
        if guard.reason:
            rows.append(Row("No common odds ratio", (text(_as_sentence(guard.reason), span=3),), 1))
        for _, row in (_cuts_alone(payload, model) if guard.reason else mine).iterrows():
            lowest, highest, differs = range_over_cuts(payload, row)
            marked |= differs
            cells: list[Cell] = [
                number(f"{odds_ratio(row)}{f' {MARK}' if differs else ''}"),
                number(p_value(row["p_value"], band=is_banded(payload))),
                number(NONE if pd.isna(lowest) else f"{ratio(lowest)} to {ratio(highest)}"),
            ]
            where = anchor("satisfaction", model, row["term"], row["level"])
            rows.append(Row(own_label(row), tuple(cells), 1, where))
        notes += _left_out_terms(mine, model)
    standing = [
        "Adjusted odds ratios of a higher score, all terms together, with 95% Wald intervals; proportional odds. One"
        " odds ratio is assumed to hold at every cut of the scores.",
        "That is looked at and not tested: at each cut, a Firth model of its own for this score or more against less;"
        " shown are the lowest and the highest of these odds ratios.",
        *([_NOT_ONE_NUMBER] if marked else []),
        _ADJUSTED + " " + _ONE_BY_ONE,
    ]
    if payload.facts["setting"]:
        standing.append(f"Which way the scores run: {payload.facts['setting']}.")
    heads = (Head("Odds ratio [95% CI]"), Head("p"), Head("At each cut, lowest to highest"))
    return FormattedTable(
        title(payload, "What goes with satisfaction"),
        "Term",
        (heads,),
        tuple(rows),
        (*standing, *notes, *standing_notes(payload)),
    )


def _cuts_alone(payload: Payload, model: str) -> pd.DataFrame:
    """One row per term of a model that has odds ratios at cuts and no common one."""
    cuts = payload.tables["cuts"].frame
    terms = cuts[cuts["model"] == model].drop_duplicates(["term", "level"])
    return terms.assign(odds_ratio=float("nan"), p_value=float("nan"), reason=None, reference="")


def range_over_cuts(payload: Payload, row: pd.Series) -> tuple[float, float, bool]:
    """Lowest and highest odds ratio over the cuts, and whether an interval among them leaves out the common one.

    Cuts that the door withheld do not count.
    """
    cuts = payload.tables["cuts"].frame
    same = (cuts["model"] == row["model"]) & (cuts["term"] == row["term"]) & (cuts["level"] == row["level"])
    here = cuts[same & cuts["odds_ratio"].notna()]
    common = row["odds_ratio"]
    outside = (here["conf_low"] > common) | (here["conf_high"] < common)
    return here["odds_ratio"].min(), here["odds_ratio"].max(), bool(outside.any())
