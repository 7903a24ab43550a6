"""End codes of NHS Talking Therapies: each maps to one way of ending with a source, and none is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis_lib.errors import StudyError
from analysis_lib.importers.nhs_end_codes import end_codes, endings_of

ENTRY = (
    '{code: "46", meaning: m, treated: yes, version: 2, termination_type: completed_agreed,'
    " initiated_by: mutual, source: s}"
)


@pytest.mark.parametrize(
    ("code", "ending", "by"),
    [
        ("46", "completed_agreed", "mutual"),
        ("47", "patient_unilateral", "patient"),  # earlier than the professional planned
        ("48", "therapist_unilateral", "therapist"),  # earlier than the patient requested
        ("49", "deceased", "external"),
        ("96", "unknown", "unknown"),
        ("14", "not_started", "patient"),
        ("16", "not_started", "patient"),
        ("13", "not_started", "mutual"),
        ("50", "not_started", "unknown"),
        ("17", "deceased", "external"),
        ("40", "referred_on", "service"),
        ("43", "patient_unilateral", "patient"),
    ],
)
def test_a_code_stands_for_one_way_of_ending(code: str, ending: str, by: str) -> None:
    endings = endings_of([code])
    assert (endings.termination_type, endings.initiated_by, endings.remarks) == ((ending,), (by,), ())


def test_nobody_who_was_not_treated_counts_as_having_ended_a_therapy() -> None:
    untreated = {entry.termination_type for entry in end_codes().values() if not entry.treated}
    assert untreated == {"not_started", "deceased"}


def test_every_mapping_has_a_source() -> None:
    assert [entry.code for entry in end_codes().values() if len(entry.source) < 10] == []


def test_unknown_codes_are_reported_by_line_and_never_guessed() -> None:
    endings = endings_of(["46", "77", "", "drop-out"], lines=[2, 3, 5, 6])
    assert endings.termination_type == ("completed_agreed", "", "", "")
    assert [(remark.n, remark.ids) for remark in endings.remarks] == [(1, ("5",)), (2, ("3", "6"))]
    assert "77" not in str(endings.remarks)


def test_a_number_from_a_spreadsheet_is_the_same_code() -> None:
    assert endings_of(["47.0", " 47 "]).termination_type == ("patient_unilateral", "patient_unilateral")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("codes: [", "cannot be read"),
        ("codes: []\n", "no list"),
        ("codes:\n  - {code: '46'}\n", "lacks a key"),
        (f"codes:\n  - {ENTRY}\n  - {ENTRY}\n", "repeats a code"),
        (f"codes:\n  - {ENTRY.replace('completed_agreed', 'finished')}\n", "does not know"),
        (f"codes:\n  - {ENTRY.replace('version: 2', 'version: 3')}\n", "version 1 or 2"),
    ],
)
def test_a_list_that_is_not_sound_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "nhs_end_codes.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        end_codes(tmp_path)
    assert {finding.code for finding in caught.value.findings} == {"M64"}
    assert said in str(caught.value)
