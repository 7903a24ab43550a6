"""Waves made by hand: a few people, themes and groups, so that every answer can be worked out on paper.

No file and no reader takes part; everything that a study settles is said where it is made.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from analysis_lib.canonical import empty_table
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.study import DropoutDefinition, Outcome, Privacy, RawColumns, Study, WaveFacts
from analysis_lib.wave import Wave

N_PERMUTATIONS = 199

STUDY = Study(
    folder=Path("no-such-folder"),
    name="by-hand",
    title="Made by hand",
    synthetic=True,
    design="convergent",
    setting="",
    tradition="codebook",
    theme_timing="after_outcome",
    coders_blind_to_outcome=False,
    claim="association",
    repeated="independent",
    waves=("w1",),
    planned_looks=1,
    unit="participant",
    base="all_with_material",
    outcome=Outcome(("helpful", "unhelpful"), "helpful", {}, ()),
    dropout_definitions=(DropoutDefinition("declared", termination_type=("patient_unilateral",)),),
    termination_models=(),
    smallest_difference=0.15,
    alpha=0.05,
    multiplicity="minp",
    seed=1,
    n_permutations={"omnibus": N_PERMUTATIONS, "minp": N_PERMUTATIONS},
    sensitivity={},
    privacy=Privacy("exact", "made up", 6, "reviewed"),
    pseudonym_key=None,
    columns=RawColumns({}, {}, {}, (), ".", None, None),
    codebook=Codebook("1", ()),
)
FACTS = WaveFacts(
    opened=date(2024, 1, 1),
    closed=date(2024, 6, 30),
    data_cut=date(2024, 9, 30),
    codebook_version="1",
    look=1,
    n_invited=None,
    n_declined=None,
    weights=None,
    sources=(),
)


def themes(*ids: str) -> Codebook:
    """A codebook of top-level themes; the label of ``cold`` is ``Cold``."""
    return Codebook("1", tuple(Theme(name, name.capitalize()) for name in ids))


def a_wave(
    people: pd.DataFrame,
    *,
    facts: WaveFacts = FACTS,
    findings: tuple[Any, ...] = (),
    n_corrected: int = 0,
    tables: dict[str, pd.DataFrame] | None = None,
    **settings: Any,
) -> Wave:
    """A wave of these people.

    ``people`` has ``outcome_group`` and whatever else a test needs, ids as index; what is missing of the
    contract is empty, and everybody agrees and has material unless a column says otherwise.
    """
    study = replace(STUDY, **settings)
    participants = people.rename_axis("participant_id").copy()
    ordered = pd.CategoricalDtype(list(study.outcome.groups), ordered=True)
    participants["outcome_group"] = participants["outcome_group"].astype(ordered)
    contract = empty_table(study.table("participants"), "").frame.drop(
        columns=["participant_id", "outcome_group"]
    )
    for name, empty in contract.items():
        given = participants[name] if name in participants else pd.Series(pd.NA, index=participants.index)
        participants[name] = given.astype(empty.dtype)
    for name, value in (("why_no_group", pd.NA), ("agreed", True), ("has_material", True)):
        if name not in participants:
            participants[name] = value
    participants["why_no_group"] = participants["why_no_group"].astype("string")
    grouped = participants["outcome_group"].notna()
    participants["analysed"] = participants["agreed"] & participants["has_material"] & grouped
    names = ("coded_segments", "assignments", "documents", "consent", "quote_reviews")
    empty_tables = {name: empty_table(study.table(name), "").frame for name in names}
    given = {name: _as_table(empty_tables[name], frame) for name, frame in (tables or {}).items()}
    held = empty_tables | given
    return Wave(
        study=study,
        id="w1",
        facts=facts,
        participants=participants,
        segments=held["coded_segments"],
        assignments=held["assignments"],
        documents=held["documents"],
        consent=held["consent"],
        quote_reviews=held["quote_reviews"],
        findings=findings,
        n_corrected=n_corrected,
        inputs={},
    )


def _as_table(empty: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column of the contract, in its types."""
    return frame.reindex(columns=empty.columns).astype(empty.dtypes.to_dict())


def a_matrix(people: pd.DataFrame, values: pd.DataFrame, **settings: Any) -> ThemeMatrix:
    """People and their themes; a theme that is present stands for one segment."""
    settings.setdefault("codebook", themes(*values.columns))
    wave = a_wave(people, **settings)
    segments = values.fillna(0).astype("int64")
    words = pd.Series(float("nan"), index=people.index, name="n_words")
    return ThemeMatrix(wave, values.astype("float64"), segments, words)


def counted(
    sizes: dict[str, int],
    present: dict[str, dict[str, int]],
    *,
    not_codable: dict[str, dict[str, int]] | None = None,
    **settings: Any,
) -> ThemeMatrix:
    """Groups of these sizes and how many of each have each theme.

    Parameters
    ----------
    sizes
        Group -> people; the first group is the reference.
    present
        Theme -> group -> people with it; the first of the group have it.
    not_codable
        Theme -> group -> people who were not coded for it; the last of the group.
    """
    people = pd.DataFrame(
        [(f"{group}-{i:03d}", group) for group, size in sizes.items() for i in range(size)],
        columns=["participant_id", "outcome_group"],
    ).set_index("participant_id")
    values = pd.DataFrame(0.0, index=people.index, columns=list(present))
    for theme, by_group in present.items():
        for group, n in by_group.items():
            mine = people.index[people["outcome_group"] == group]
            values.loc[mine[:n], theme] = 1.0
            unasked = (not_codable or {}).get(theme, {}).get(group, 0)
            values.loc[mine[len(mine) - unasked :], theme] = float("nan")
    groups = tuple(sizes)
    settings.setdefault("outcome", Outcome(groups, groups[0], {}, ()))
    return a_matrix(people, values, **settings)
