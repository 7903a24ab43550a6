"""A small report made by hand: payloads as they leave the door, one section of each kind, and the page they become.

Felt heard: 3 of 37 unhelpful against 42 of 92 helpful. Surface: 6 of 37 against 12 of 92.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from page_reader import Element, read

from analysis_lib.payload import Payload, Table
from analysis_lib.report.html import Section, Stamp, render_report

FACTS: dict[str, Any] = {
    "study": "example",
    "wave": "2024a",
    "synthetic": False,
    "reference": "helpful",
    "alpha": 0.05,
    "smallest_difference": 0.15,
    "multiplicity": "minp",
    "base": "all_with_material",
    "theme_timing": "after_outcome",
    "claim": "association",
    "tradition": "codebook",
    "counts_rule": "exact",
    "profile": "coauthor",
}
GROUPS = Table(
    (("group", "key"), ("label", "key"), ("n", "people")),
    (("helpful", "Helpful", 92), ("unhelpful", "Unhelpful", 37)),
)
STAMP = Stamp(
    "example", "2024a", "coauthor", "exact", "anonymous sample", "a1b2c3", ("3 quotes are withheld.",)
)


def a_cover(**facts: Any) -> Payload:
    settings = {
        "title": "What helped",
        "setting": "outpatients",
        "design": "convergent",
        "look": 1,
        "planned_looks": 4,
        "opened": "2024-02-05",
        "closed": "2024-05-31",
        "data_cut": "2024-07-31",
        "codebook_version": "1.0.0",
        "coders_blind_to_outcome": False,
        "unit": "participant",
        "outcome_rule": [{"group": "Helpful", "when": [["perceived_helpfulness", ["helpful"]]]}],
        "counts_reason": "",
        "quotes_rule": "reviewed",
        "minimum_count": 6,
    }
    return Payload("card", "cover", {"groups": GROUPS}, FACTS | settings | facts)


def shares(shape: Any = "table", template: str = "theme_by_outcome", label: str = "Felt heard") -> Payload:
    columns = (
        ("theme_id", "key"), ("theme_label", "key"), ("depth", "key"), ("group", "key"),
        ("n_with_theme", "people"), ("n_total", "people"), ("n_segments", "segments"),
    )  # fmt: skip
    rows = (
        ("A.heard", label, 0, "helpful", 42, 92, 60),
        ("A.heard", label, 0, "unhelpful", 3, 37, 4),
        ("A.heard", label, 0, "all", 45, 129, 64),
        ("G.surface", "Surface", 0, "helpful", 12, 92, 15),
        ("G.surface", "Surface", 0, "unhelpful", 6, 37, 9),
        ("G.surface", "Surface", 0, "all", 18, 129, 24),
    )
    tables = {"shares": Table(columns, rows), "groups": GROUPS}
    return Payload(shape, template, tables, FACTS | {"reason": None, "leading": ["A.heard", "G.surface"]})


def shares_on_other_bases(n_segments: int | None = 400) -> Payload:
    """The same with 80 helpful and 30 unhelpful people who have any theme, and 100 segments of the unhelpful."""
    own = shares()
    any_theme = {"helpful": 80, "unhelpful": 30, "all": 110}
    rows = tuple(
        ("any_theme", theme, group, n, any_theme[group])
        for theme, _, _, group, n, _, _ in own.tables["shares"].rows
    )
    people = Table(
        (
            ("base", "key"),
            ("theme_id", "key"),
            ("group", "key"),
            ("n_with_theme", "people"),
            ("n_total", "people"),
        ),
        rows,
    )
    unhelpful = None if n_segments is None else 100
    total = None if n_segments is None else n_segments + 100
    segments = Table(
        (("group", "key"), ("n_all_segments", "segments")),
        (("helpful", n_segments), ("unhelpful", unhelpful), ("all", total)),
    )
    return replace(own, tables=dict(own.tables) | {"other_base": people, "all_segments": segments})


CONTRASTS = (
    ("theme_id", "key"), ("theme_label", "key"), ("depth", "key"), ("group", "key"), ("reference", "key"),
    ("n_with_theme", "people"), ("n_total", "people"), ("n_with_reference", "people"),
    ("n_reference", "people"), ("p_value", "p"), ("p_adjusted", "p"),
)  # fmt: skip


def contrasts(
    shape: Any = "table",
    *,
    label: str = "Felt heard",
    reason: str | None = None,
    surfaces: int = 1,
    heards: int = 1,
) -> Payload:
    """Felt heard differs clearly (3/37 against 42/92), Surface not (6/37 against 12/92)."""
    clear = [
        ("A.heard" + "x" * i, label, 0, "unhelpful", "helpful", 3, 37, 42, 92, 0.0001, 0.0004)
        for i in range(heards)
    ]
    open_ = [
        (f"G.surface{i}", f"Surface {i}", 0, "unhelpful", "helpful", 6, 37, 12, 92, 0.7, 0.9)
        for i in range(surfaces)
    ]
    tables = {
        "contrasts": Table(CONTRASTS, (*open_, *clear)),
        "shares": shares(label=label).tables["shares"],
        "groups": GROUPS,
    }
    leading = [row[0] for row in (*clear, *open_)]
    return Payload(shape, "theme_contrasts", tables, FACTS | {"reason": reason, "leading": leading})


BOXES = Table(
    (("kind", "text"), ("heading", "key"), ("label", "key"), ("question", "text"), ("reading", "key"), ("fit", "key"),
     ("matched_by", "key"), ("checked_by", "key"), ("dated", "key")),
    (
        ("overall", "", "", "What do both say together?", "", "", "", "", ""),
        ("overall", "Disagreement", "", "Where do they disagree?", "Nowhere.", "", "AB", "", ""),
    ),
)  # fmt: skip
# K7 said three things, in this order: He listened. / We only talked. / He asked.
QUOTES = (
    ("A.heard", "helpful", "K7", "He listened."),
    ("A.heard", "helpful", "K7", "He asked."),
    ("A.heard", "helpful", "M2", "She remembered."),
    ("A.heard", "unhelpful", "P9", "For once she heard me."),
    ("G.surface", "helpful", "K7", "He listened."),
    ("G.surface", "helpful", "K7", "We only talked."),
    ("G.surface", "helpful", "K7", "He asked."),
)


def what_changed() -> Payload:
    """The first wave: nothing to compare it with."""
    people = Table((("wave", "key"), ("group", "key"), ("n", "people")), (("2024a", "helpful", 92),))
    late = Table((("definition", "key"), ("rule", "text"), ("n_late", "people")), ())
    facts = FACTS | {"previous": None, "reason": "only one wave so far", "look": 1, "planned_looks": 4}
    return Payload("sentences", "what_changed", {"people": people, "late": late, "groups": GROUPS}, facts)


def meta_inferences() -> Payload:
    return Payload(
        "joint_display", "meta_inferences", {"boxes": BOXES, "groups": GROUPS}, FACTS | {"reason": None}
    )


def joint(*, quote: str = "He listened.", label: str = "Felt heard", reading: str = "") -> Payload:
    tables = {
        "themes": Table(
            (("theme_id", "key"), ("theme_label", "key"), ("definition", "key"), ("polarity", "key")),
            (("A.heard", label, "The person felt heard.", "helpful"),),
        ),
        "shares": Table(
            shares().tables["shares"].columns,
            tuple(row for row in shares(label=label).tables["shares"].rows if row[0] == "A.heard"),
        ),
        "contrasts": Table(CONTRASTS, contrasts(label=label).tables["contrasts"].rows[-1:]),
        "quotes": Table(
            (("theme_id", "key"), ("group", "key"), ("participant_id", "participant"), ("quote", "quote"),
             ("clearance", "clearance")),
            (("A.heard", "helpful", "K7Q2AB", quote, "reviewed"),),
        ),
        "withheld": Table(
            (("theme_id", "key"), ("group", "key"), ("n_withheld", "segments")),
            (("A.heard", "helpful", 2), ("A.heard", "unhelpful", 0)),
        ),
        "models": Table(
            (("theme_id", "key"), ("model", "key"), ("event", "key"), ("odds_ratio", "estimate"),
             ("conf_low", "estimate"), ("conf_high", "estimate")),
            (("A.heard", "main", "declared", 0.4, 0.2, 0.9),),
        ),
        "readings": Table(
            (("theme_id", "key"), ("reading", "key"), ("fit", "key"), ("matched_by", "key"), ("checked_by", "key"),
             ("dated", "key")),
            (("A.heard", reading, "", "", "", ""),),
        ),
        "boxes": BOXES,
        "groups": GROUPS,
    }  # fmt: skip
    facts = FACTS | {"reason": None, "went_well": ["helpful"]}
    return Payload("joint_display", "joint_display", tables, facts)


def quote_matrix(*rows: tuple[str, str, str, str], n_withheld: int | None = 2, **facts: Any) -> Payload:
    """Quotes as (theme, group, pseudonym, words); two segments of Felt heard, helpful, are withheld."""
    tables = {
        "groups": GROUPS,
        "themes": Table(
            (("theme_id", "key"), ("theme_label", "key"), ("definition", "key"), ("parent", "key")),
            (("A.heard", "Felt heard", "The person felt heard.", ""), ("G.surface", "Surface", "Shallow.", "")),
        ),
        "shares": Table(
            (("theme_id", "key"), ("group", "key"), ("n_with_theme", "people"), ("n_total", "people")),
            (
                ("A.heard", "helpful", 42, 92), ("A.heard", "unhelpful", 3, 37),
                ("G.surface", "helpful", 12, 92), ("G.surface", "unhelpful", 6, 37),
            ),
        ),
        "quotes": Table(
            (("theme_id", "key"), ("group", "key"), ("participant", "speaker"), ("quote", "quote"),
             ("clearance", "clearance")),
            tuple((*row, "reviewed") for row in rows or QUOTES),
        ),
        "withheld": Table(
            (("theme_id", "key"), ("group", "key"), ("n_withheld", "segments")),
            (("A.heard", "helpful", n_withheld),),
        ),
    }  # fmt: skip
    return Payload("joint_display", "quote_matrix", tables, FACTS | {"reason": None} | facts)


def notes(heading: str, text: str) -> Payload:
    return Payload("prose", "author_notes", {}, {"heading": heading, "text": text})


RUN_RECORD = Payload(
    "card",
    "run_record",
    {},
    FACTS
    | {
        "codebook_version": "1.0.0",
        "look": 1,
        "seed": 7,
        "n_permutations": 99999,
        "version": "0.1.0",
        "inputs": [["study.yaml", "0123456789ab"]],
    },
)


def sections() -> list[Section]:
    return [
        Section("01", "Who is in?", (a_cover(), "Counts only.\n\n## Details\n\nMore.", RUN_RECORD)),
        Section(
            "03",
            "Which themes go with which outcome?",
            (
                contrasts("sentences"),
                shares("figure", "theme_dots"),
                shares(),
                contrasts(),
                notes("03 Themes by outcome", "We read it *so*."),
            ),
        ),
        Section("04", "Numbers and words?", (joint(), notes("04 Joint display", ""))),
    ]


def report(*parts: str | Payload, cover: Payload | None = None, stamp: Stamp = STAMP) -> Element:
    """The page with all sections, or with one section that holds the given parts."""
    chosen = [Section("03", "Which themes?", parts)] if parts else sections()
    return read(render_report(chosen, cover=cover or a_cover(), stamp=stamp))
