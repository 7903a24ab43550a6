"""Codes that clinical governance has to know of: all of them, to the team alone, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from handmade import a_wave, themes

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.errors import StudyError
from analysis_lib.payload import Payload
from analysis_lib.release import release, rules_for
from analysis_lib.result_files import result_files, save_results
from analysis_lib.runner.notebooks import NOTEBOOKS, contents
from analysis_lib.serious_codes import SeriousCodes, serious_codes
from analysis_lib.study import Privacy
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

PEOPLE = pd.DataFrame({"outcome_group": ["helpful", "unhelpful", "helpful"]}, index=["P1", "P2", "P3"])
MARKED = Codebook(
    "1",
    (
        Theme("B", "Boundaries", severity="serious"),
        Theme("B.touch", "Touch", parent="B"),
        Theme("C", "Chairs"),
        Theme("D", "Danger", severity="serious"),
    ),
)


def row(segment: str, who: str, code: str, coder: str = "c1", start: int = 0) -> dict[str, object]:
    return {
        "segment_id": segment, "participant_id": who, "code_id": code, "coder_id": coder, "document_id": f"D{who}",
        "start": start, "text": "Zebrafinch.",
    }  # fmt: skip


ROWS = [
    row("S1", "P2", "B.touch", "c1"),
    row("S1", "P2", "B.touch", "c2"),
    row("S2", "P2", "B", "c2", 40),
    row("S3", "P1", "B.touch", "c2"),
    row("S4", "P3", "C"),
]


def serious(codebook: Codebook = MARKED) -> SeriousCodes:
    return serious_codes(a_wave(PEOPLE, codebook=codebook, tables={"coded_segments": pd.DataFrame(ROWS)}))


def test_a_marked_theme_counts_with_everything_below_it_and_by_any_coder() -> None:
    assert serious().codes.to_numpy().tolist() == [["B", "Boundaries", 2, 3], ["D", "Danger", 0, 0]]


def test_the_list_says_who_where_and_by_whom_in_order_and_holds_no_word() -> None:
    found = serious().segments
    assert found.drop(columns=["theme_label", "start"]).to_numpy().tolist() == [
        ["B", "B.touch", "P1", "S3", "DP1", "c2"],
        ["B", "B.touch", "P2", "S1", "DP2", "c1 c2"],
        ["B", "B", "P2", "S2", "DP2", "c2"],
    ]
    assert "Zebrafinch" not in found.to_string()


def test_a_codebook_without_marks_has_an_empty_list_and_says_why() -> None:
    none = serious(themes("B", "B.touch", "C"))
    assert (len(none.codes), len(none.segments)) == (0, 0)
    assert "marks no theme as serious" in format_table(payload_of(none)).as_text()


def test_the_internal_file_says_so_in_its_name(tmp_path: Path) -> None:
    save_results(serious(), str(tmp_path))
    (path,) = tmp_path.iterdir()
    assert path.name == "INTERNAL_serious_codes.csv"
    assert '"P1","S3"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("profile", ["coauthor", "public"])
@pytest.mark.parametrize("counts", ["exact", "midpoint6"])
def test_the_door_does_not_let_it_through(profile: str, counts: str) -> None:
    rules = rules_for(profile, Privacy(counts, "because", 6, "reviewed"), b"key")  # type: ignore[arg-type]
    with pytest.raises(StudyError) as caught:
        release([payload_of(serious())], rules)
    assert caught.value.findings[0].code == "N05"


def test_inside_the_team_it_is_shown() -> None:
    rules = rules_for("internal", Privacy("exact", "because", 6, "reviewed"), b"key")
    (left,) = release([payload_of(serious())], rules).payloads
    assert left.tables["rows"].rows == (("B", "Boundaries", 2, 3), ("D", "Danger", 0, 0))


def test_what_leaves_makes_no_file_of_it() -> None:
    assert result_files(payload_of(serious())) == {}


def test_the_notebook_that_shows_it_keeps_it_from_the_report() -> None:
    path = NOTEBOOKS / "01_wave_intake.ipynb"
    assert "serious_codes" in path.read_text(encoding="utf-8")
    _, _, parts = contents(path)
    shown = [Payload.from_json(part) for part in parts if not isinstance(part, str)]
    assert "serious_codes" not in {payload.template for payload in shown}
    assert not [part for part in parts if isinstance(part, str) and "governance" in part]


def test_of_a_person_who_is_not_analysed_it_is_listed_all_the_same() -> None:
    wave = a_wave(PEOPLE, codebook=MARKED, tables={"coded_segments": pd.DataFrame(ROWS)})
    people = wave.participants.assign(analysed=False)
    assert len(serious_codes(replace(wave, participants=people)).segments) == 3
