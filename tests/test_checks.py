"""The rules between tables, one by one on tables of a few rows: what breaks them and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from handmade import FACTS, STUDY

from analysis_lib.canonical import CanonicalTable, empty_table
from analysis_lib.checks import (
    FACT_RULES,
    RULES,
    check_tables,
    coders_were_asked,
    codes_are_in_the_codebook,
    codes_are_of_one_codebook_version,
    models_have_their_columns,
    outcome_can_be_derived,
    people_are_enrolled,
    rounds_are_told_apart,
    rows_belong_to_this_wave,
    segments_are_one_passage,
    segments_have_a_length,
    segments_stand_in_their_documents,
    sessions_fit_the_plan,
    something_was_coded,
    themes_belong_to_this_codebook_version,
    therapy_dates_are_in_order,
    wave_facts_fit,
)
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.errors import Finding
from analysis_lib.quote_checks import fingerprint, reviews_fit_the_words
from analysis_lib.schema import TABLES
from analysis_lib.study import Covariate, DropoutDefinition, Outcome, OutcomeRule, TerminationModelPlan

CODEBOOK = Codebook("2", (Theme("A", "A"), Theme("A.x", "Ax", "A"), Theme("B", "B", since="1.10"),
                          Theme("C", "C", status="retired")))  # fmt: skip
CODED = replace(STUDY, codebook=CODEBOOK)

Row = dict[str, Any]
Seen = list[tuple[str, str, str, int | None, str | None]]


def tables(**rows: list[Row]) -> dict[str, CanonicalTable]:
    """Canonical tables of these rows, the others empty; row n stands in line n + 1 of a file named like its table."""
    made = {}
    for name in TABLES:
        empty = empty_table(CODED.table(name), name)
        given = rows.get(name, [])
        frame = pd.DataFrame(
            given, columns=[*empty.frame.columns, *({"wave"} if given and "wave" in given[0] else ())]
        )
        filled = frozenset(column for column in frame if frame[column].notna().any())
        frame = frame.astype(empty.frame.dtypes.to_dict())
        lines = tuple(range(2, len(frame) + 2))
        made[name] = CanonicalTable(name, frame, lines, name, given=filled, filled=filled)
    return made


def people(*ids: str, **columns: list[Any]) -> list[Row]:
    return [{"participant_id": p, **{k: v[i] for k, v in columns.items()}} for i, p in enumerate(ids)]


def segment(segment_id: str, participant_id: str = "P1", code_id: str = "A", **more: Any) -> Row:
    return {"segment_id": segment_id, "participant_id": participant_id, "code_id": code_id, **more}


def seen(findings: Any) -> Seen:
    return [(f.level, f.code, f.file, f.line, f.column) for f in findings]


def by(rule: Callable[..., Any], given: dict[str, CanonicalTable], study: Any = CODED) -> Seen:
    return seen(rule(given, study, "w1"))


def by_facts(
    rule: Callable[..., Any], given: dict[str, CanonicalTable], study: Any = CODED, **facts: Any
) -> Seen:
    return seen(rule(given, study, replace(FACTS, **facts), "w1"))


# who and what


def test_everybody_in_any_table_is_enrolled_and_an_orphan_is_said_once_in_each_table() -> None:
    given = tables(
        participants=people("P1"),
        coded_segments=[segment("S1"), segment("S2", "P9"), segment("S3", "P9")],
        consent=[{"participant_id": "P9", "scope": "quote"}],
        assignments=[{"participant_id": "P1", "coder_id": "c"}],
    )
    assert by(people_are_enrolled, given) == [
        ("stop", "X02", "coded_segments", 3, "participant_id"),
        ("stop", "X02", "consent", 2, "participant_id"),
    ]


def test_an_orphan_is_said_once_for_a_file_that_gives_several_tables() -> None:
    given = tables(
        participants=people("P1"),
        coded_segments=[segment("S1", "P9")],
        documents=[
            {"participant_id": "P9", "document_id": "D"},
            {"participant_id": "P8", "document_id": "E"},
        ],
    )
    given = {name: replace(table, file="project.qdpx") for name, table in given.items()}
    assert [line for *_, line, _ in by(people_are_enrolled, given)] == [2, 3]  # P9 once, P8


def test_an_empty_id_is_no_orphan_since_it_is_said_to_be_empty() -> None:
    given = tables(participants=people("P1"), coded_segments=[segment("S1", None)])  # type: ignore[arg-type]
    assert by(people_are_enrolled, given) == []


@pytest.mark.parametrize("other", ["p1", "P01", "P001"])
def test_an_orphan_that_is_only_spelt_otherwise_is_said_to_be_so(other: str) -> None:
    given = tables(participants=people("P1"), documents=[{"participant_id": other, "document_id": "D"}])
    (finding,) = people_are_enrolled(given, CODED, "w1")
    assert "other capitals or leading zeros" in finding.what


def test_codes_are_looked_for_wherever_codes_stand() -> None:
    given = tables(
        participants=people("P1", ending_reason_patient=["A"], ending_reason_service=["late"]),
        coded_segments=[segment("S1"), segment("S2", code_id="A.y")],
        assignments=[{"participant_id": "P1", "coder_id": "c", "codes": "A B"},
                     {"participant_id": "P1", "coder_id": "d", "codes": "A.x D"}],
    )  # fmt: skip
    assert by(codes_are_in_the_codebook, given) == [
        ("stop", "X03", "coded_segments", 3, "code_id"),
        ("stop", "X03", "assignments", 3, "codes"),
        ("stop", "X03", "participants", 2, "ending_reason_service"),
    ]


def test_codes_that_are_separated_by_commas_are_said_to_be() -> None:
    given = tables(assignments=[{"participant_id": "P1", "coder_id": "c", "codes": "A,B"}])
    (finding,) = codes_are_in_the_codebook(given, CODED, "w1")
    assert finding.fix.endswith("Separate codes by spaces.")


def test_many_unknown_codes_are_counted_instead_of_listed() -> None:
    given = tables(coded_segments=[segment(f"S{i}", code_id=f"other{i}") for i in range(200)])
    findings = list(codes_are_in_the_codebook(given, CODED, "w1"))
    assert len(findings) == 31
    assert findings[-1].what == "170 other codes are not in the codebook either."
    assert findings[-1].line == 32


def test_codes_are_not_held_against_a_codebook_that_could_not_be_read() -> None:
    assert by(codes_are_in_the_codebook, tables(coded_segments=[segment("S1", code_id="?")]), STUDY) == []


def test_a_wave_in_which_nothing_was_coded_is_said() -> None:
    assert by(something_was_coded, tables()) == [("warn", "X25", "coded_segments", None, None)]
    assert by(something_was_coded, tables(coded_segments=[segment("S1")])) == []


# segments


@pytest.mark.parametrize(
    ("start", "end", "wrong"), [(0, 1, False), (5, 5, True), (5, 4, True), (None, 4, False)]
)
def test_a_segment_ends_after_it_starts(start: int | None, end: int, wrong: bool) -> None:
    found = by(segments_have_a_length, tables(coded_segments=[segment("S1", start=start, end=end)]))
    assert found == ([("stop", "X05", "coded_segments", 2, "end")] if wrong else [])


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("participant_id", "P1", "P2"),
        ("document_id", "D1", "D2"),
        ("start", 0, 1),
        ("end", 8, 9),
        ("text", "a", "b"),
    ],
)
def test_the_rows_of_a_segment_agree(column: str, one: Any, other: Any) -> None:
    given = tables(coded_segments=[{**segment("S1"), column: value} for value in (one, None, one, other)])
    assert by(segments_are_one_passage, given) == [("stop", "X14", "coded_segments", 5, column)]


def test_two_segments_may_hold_the_same_words() -> None:
    given = tables(coded_segments=[segment("S1", text="Well."), segment("S2", "P2", text="Well.")])
    assert by(segments_are_one_passage, given) == []


def test_a_segment_stands_in_a_known_document_of_the_same_person() -> None:
    given = tables(
        documents=[{"participant_id": "P1", "document_id": "D1"}, {"participant_id": "P2", "document_id": "D2"}],
        coded_segments=[segment("S1", document_id="D1"), segment("S2", document_id="D2"),
                        segment("S3", document_id="D3"), segment("S4")],
    )  # fmt: skip
    assert by(segments_stand_in_their_documents, given) == [
        ("warn", "X15", "coded_segments", 4, "document_id"),
        ("stop", "X15", "coded_segments", 3, "document_id"),
    ]


def test_documents_are_not_asked_for_where_none_are_kept() -> None:
    assert (
        by(segments_stand_in_their_documents, tables(coded_segments=[segment("S1", document_id="D1")])) == []
    )


def test_who_is_coded_but_has_no_words_is_said_once() -> None:
    given = tables(
        documents=[{"participant_id": "P1", "document_id": "D1", "n_words": 0},
                   {"participant_id": "P2", "document_id": "D2", "n_words": None}],
        coded_segments=[segment("S1"), segment("S2"), segment("S3", "P2")],
    )  # fmt: skip
    assert by(segments_stand_in_their_documents, given) == [
        ("warn", "X16", "coded_segments", 2, "participant_id")
    ]


# participants


@pytest.mark.parametrize(("planned", "attended", "wrong"), [(8, 8, False), (8, 9, True), (None, 9, False)])
def test_sessions_fit_the_plan(planned: int | None, attended: int, wrong: bool) -> None:
    given = tables(participants=people("P1", sessions_planned=[planned], sessions_attended=[attended]))
    assert by(sessions_fit_the_plan, given) == (
        [("warn", "X06", "participants", 2, "sessions_attended")] if wrong else []
    )


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"started_on": "2024-02-01", "ended_on": "2024-02-01", "last_session": "2024-02-01"}, []),
        ({"started_on": "2024-02-02", "ended_on": "2024-02-01"}, [("stop", "ended_on")]),
        ({"started_on": "2024-02-02", "last_session": "2024-02-01"}, [("stop", "last_session")]),
        ({"started_on": "2024-09-30"}, []),
        ({"started_on": "2024-10-01"}, [("stop", "started_on")]),
        ({"ended_on": "2024-10-01"}, [("warn", "ended_on")]),
        ({"last_session": "2024-10-01"}, [("warn", "last_session")]),
    ],
)
def test_dates_of_a_therapy_are_in_order_and_past(
    dates: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    given = tables(participants=people("P1", **{name: [pd.Timestamp(day)] for name, day in dates.items()}))
    found = by_facts(therapy_dates_are_in_order, given)  # the data cut is 2024-09-30
    assert [(level, column) for level, _, _, _, column in found] == expected


def test_a_row_of_another_wave_is_said_and_an_empty_cell_is_not() -> None:
    rows = [{"participant_id": "P1", "wave": "w1"}, {"participant_id": "P2", "wave": "w2"},
            {"participant_id": "P3", "wave": ""}]  # fmt: skip
    assert by(rows_belong_to_this_wave, tables(participants=rows)) == [
        ("stop", "X08", "participants", 3, "wave")
    ]


def with_rules(*rules: tuple[str, str, str]) -> Any:
    """A study with the rules (group, column, value) and four dropout definitions."""
    made = tuple(OutcomeRule(group, ((column, (value,)),)) for group, column, value in rules)
    definitions = (
        DropoutDefinition("declared", termination_type=("patient_unilateral",)),
        DropoutDefinition("few", sessions_attended_below=4),
        DropoutDefinition("half", share_of_plan_below=0.5),
        DropoutDefinition("said", column="gender", values=("x",)),
    )
    outcome = Outcome(("helpful", "unhelpful"), "helpful", {}, made)
    return replace(CODED, outcome=outcome, dropout_definitions=definitions)


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        (("helpful", "perceived_helpfulness", "helpful"), ["perceived_helpfulness"]),
        (("helpful", "dropout", "declared"), ["termination_type"]),
        (("helpful", "dropout", "few"), ["sessions_attended"]),
        (("helpful", "dropout", "half"), ["sessions_attended", "sessions_planned"]),
        (("helpful", "dropout", "said"), ["gender"]),
    ],
)
def test_a_column_that_an_outcome_rule_needs_is_not_empty(
    rule: tuple[str, str, str], needed: list[str]
) -> None:
    found = by(outcome_can_be_derived, tables(participants=people("P1")), with_rules(rule))
    assert found == [("stop", "X09", "participants", None, column) for column in needed]


def test_without_rules_the_outcome_group_itself_is_needed() -> None:
    assert by(outcome_can_be_derived, tables(participants=people("P1"))) == [
        ("stop", "X09", "participants", None, "outcome_group")
    ]
    assert by(outcome_can_be_derived, tables(participants=people("P1", outcome_group=["helpful"]))) == []


def test_an_outcome_group_beside_rules_is_said_not_to_be_used() -> None:
    given = tables(participants=people("P1", outcome_group=["helpful"], perceived_helpfulness=["mixed"]))
    study = with_rules(("helpful", "perceived_helpfulness", "helpful"))
    assert by(outcome_can_be_derived, given, study) == [
        ("warn", "X17", "participants", None, "outcome_group")
    ]


def test_columns_of_models_and_definitions_are_not_empty() -> None:
    plan = TerminationModelPlan("m", "declared", (), (Covariate("age", "number", "x"),), "therapist_id")
    study = replace(with_rules(), termination_models=(plan,))
    given = tables(participants=people("P1", age=[3], sessions_attended=[4], gender=["x"]))
    assert by(models_have_their_columns, given, study) == [
        ("warn", "X18", "participants", None, column)
        for column in ("sessions_planned", "termination_type", "therapist_id")
    ]


# reviews, coders, versions


def test_a_fingerprint_is_the_sha256_of_the_text_in_utf_8() -> None:
    assert fingerprint("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_review_belongs_to_a_segment_and_to_its_very_words() -> None:
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    given = tables(
        coded_segments=[segment("S1", text="abc"), segment("S2", text="abcd"), segment("S3")],
        quote_reviews=[{"segment_id": s, "text_sha256": h} for s, h in
                       (("S1", abc.upper()), ("S2", abc), ("S3", abc), ("S4", abc))],
    )  # fmt: skip
    assert by(reviews_fit_the_words, given) == [
        ("warn", "X10", "quote_reviews", 5, "segment_id"),
        ("warn", "X11", "quote_reviews", 3, "text_sha256"),
    ]


def test_several_coders_without_assignments_are_noted() -> None:
    two = tables(coded_segments=[segment("S1", coder_id="a"), segment("S1", coder_id="b")])
    assert by(coders_were_asked, two) == [("note", "X12", "assignments", None, None)]
    one = tables(coded_segments=[segment("S1", coder_id="a"), segment("S2")])
    assert by(coders_were_asked, one) == []


def test_a_coder_who_was_not_asked_is_said() -> None:
    given = tables(
        assignments=[{"participant_id": "P1", "coder_id": "a"}, {"participant_id": "P2", "coder_id": "b"}],
        coded_segments=[segment("S1", coder_id="a"), segment("S1", coder_id="b"), segment("S2")],
    )
    assert by(coders_were_asked, given) == [("warn", "X19", "coded_segments", 3, "coder_id")]


@pytest.mark.parametrize("where", ["coded_segments", "assignments"])
def test_beside_a_consensus_every_row_says_its_round(where: str) -> None:
    rows = [segment("S1", round="independent"), segment("S2"), segment("S3", "P2")]
    consensus = {**segment("S9", round="consensus"), "coder_id": "c"}
    given = tables(
        coded_segments=[*rows, *([consensus] if where == "coded_segments" else [])],
        assignments=[{"participant_id": "P1", "coder_id": "c", "round": "consensus"}]
        if where == "assignments"
        else [],
    )
    assert by(rounds_are_told_apart, given) == [("stop", "X20", "coded_segments", 3, "round")]


@pytest.mark.parametrize(
    ("code", "version", "warned"),
    [
        ("A", "1", False),
        ("B", "1.9", True),
        ("B", "1.10", False),
        ("B", "2", False),
        ("C", "2", True),
        ("B", "²", True),
    ],
)
def test_a_theme_is_of_the_codebook_version_of_its_wave(code: str, version: str, warned: bool) -> None:
    given = tables(coded_segments=[segment("S0"), segment("S1", code_id=code)])
    found = by_facts(themes_belong_to_this_codebook_version, given, codebook_version=version)
    expected = [("warn", "X04", "coded_segments", 3, "code_id")] if warned else []
    assert [place for place in found if place[3] == 3] == expected


def test_rows_coded_with_another_codebook_version_are_counted() -> None:
    given = tables(
        coded_segments=[segment(f"S{i}", codebook_version=v) for i, v in enumerate((None, "1", "2", "0"))]
    )
    (finding,) = codes_are_of_one_codebook_version(given, CODED, FACTS, "w1")  # the wave says "1"
    assert (finding.level, finding.code, finding.line, finding.column) == (
        "warn",
        "X26",
        4,
        "codebook_version",
    )
    assert finding.what.startswith("2 rows ")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"closed": date(2023, 12, 31)}, [("stop", "X21", "closed")]),
        ({"data_cut": date(2023, 12, 31)}, [("stop", "X21", "data_cut")]),
        ({"closed": date(2024, 1, 1), "data_cut": date(2024, 1, 1)}, []),
        ({"look": 2}, [("warn", "X22", "look")]),
        ({"weights": "w"}, [("warn", "X22", "weights")]),
        ({"n_declined": 3}, [("warn", "X23", "n_declined")]),
        ({"n_invited": 5, "n_declined": 3}, []),
        ({"n_invited": 5, "n_declined": 4}, [("stop", "X23", "n_invited")]),
        ({"n_invited": 1}, [("stop", "X23", "n_invited")]),
    ],
)
def test_the_facts_of_a_wave_fit_together(
    facts: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    found = by_facts(wave_facts_fit, tables(participants=people("P1", "P2")), **facts)
    assert [(level, code, column) for level, code, _, _, column in found] == expected


# all rules together


def test_every_rule_says_in_its_docstring_what_it_asks_for() -> None:
    for rule, needs in (*RULES, *FACT_RULES):
        assert rule.__doc__
        assert set(needs.split()) <= set(TABLES)


def test_no_rule_needs_a_table_that_could_not_be_read() -> None:
    for missing in TABLES:
        given = {name: table for name, table in tables().items() if name != missing}
        assert all(isinstance(finding, Finding) for finding in check_tables(given, CODED, FACTS, "w1"))


def test_rules_about_a_wave_are_left_out_where_wave_yaml_could_not_be_read() -> None:
    given = tables(
        participants=people("P1", outcome_group=["helpful"]), coded_segments=[segment("S1", code_id="C")]
    )
    with_facts = {f.code for f in check_tables(given, CODED, replace(FACTS, look=9), "w1")}
    assert {"X04", "X22"} <= with_facts
    assert not {"X04", "X22"} & {f.code for f in check_tables(given, CODED, None, "w1")}
