"""OpenQDA, requal, RQDA and tables from no program: where a stretch starts and ends, and how each counts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from export_files import csv_file, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import StudyError
from analysis_lib.importers import coded_table, openqda, requal, rqda
from analysis_lib.importers.project import Project

REQUAL = [
    "doc_name",
    "doc_id",
    "segment_start",
    "segment_end",
    "code_name",
    "code_id",
    "segment_text",
    "user_name",
]
RQDA = ["rowid", "cid", "fid", "codename", "filename", "index1", "index2", "CodingLength"]
TAGUETTE_ROWS = Path(__file__).resolve().parents[3] / "shared" / "data" / "taguette_segments.csv"


def openqda_file(path: Path, *rows: list[str], first: str = "source") -> Path:
    """As the program writes it: semicolons, and quotation marks only around what holds a comma, mark or line end."""
    header = [
        first,
        "code category",
        "created by",
        "created at",
        "last update",
        "start pos",
        "end pos",
        "selection",
    ]
    lines = [";".join(header)]
    for *fields, words in rows:
        lines.append(";".join([*fields, f'"""{words}"""']))
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


def guesses(project: Project) -> list[str]:
    return [remark.text for remark in project.remarks if remark.what == "guessed"]


# OpenQDA


@pytest.mark.parametrize("first", ["source", "file"])
def test_openqda_words_lose_the_quotation_marks_that_the_program_adds(tmp_path: Path, first: str) -> None:
    row = ["P01.txt", "felt heard", "alice", "Jul 2, 2024", "", "91", "133", "I felt heard, and 'so' on"]
    row[3] = "2024-07-02 09:30:00"
    project = openqda.read(openqda_file(tmp_path / "o.csv", row, first=first))
    coding = project.codings[0]
    assert (coding.source, coding.code, coding.text) == ("P01.txt", "felt heard", "I felt heard, and 'so' on")
    assert (coding.start, coding.end, coding.coded_at) == (91, 133, "2024-07-02T09:30:00")
    assert project.unreconciled() == {}


def test_openqda_says_that_words_and_places_may_differ(tmp_path: Path) -> None:
    project = openqda.read(openqda_file(tmp_path / "o.csv", ["P01", "c", "a", "", "", "0", "1", "x"]))
    assert any("single ones" in remark.text for remark in project.remarks)
    assert any("emoji" in text for text in guesses(project))


def test_openqda_dates_of_an_unknown_order_are_left_out(tmp_path: Path) -> None:
    project = openqda.read(
        openqda_file(tmp_path / "o.csv", ["P01", "c", "a", "2/7/2024 10:00", "", "0", "1", "x"])
    )
    assert project.codings[0].coded_at == ""
    assert [(r.n, r.ids) for r in project.remarks if r.text.startswith("Times")] == [(1, ("2",))]


def test_an_openqda_name_with_a_semicolon_stops_at_its_row(tmp_path: Path) -> None:
    rows = [["P;01", "c", "a", "", "", "0", "1", "x"], *([["P02", "c", "a", "", "", "0", "1", "x"]] * 3)]
    with pytest.raises(StudyError) as caught:
        openqda.read(openqda_file(tmp_path / "o.csv", *rows))
    assert [(f.code, f.line) for f in caught.value.findings if f.level == "stop"] == [("R45", 2)]


# requal


def test_a_requal_end_is_the_last_character(tmp_path: Path) -> None:
    rows = [REQUAL, ["P01", "1", "92", "133", "felt heard", "7", "x" * 42, "alice"]]
    project = requal.read(csv_file(tmp_path / "r.csv", rows))
    assert (project.codings[0].start, project.codings[0].end) == (91, 133)  # 42 characters from the 92nd on
    assert [(rule.score, rule.n) for rule in project.offsets] == [(1.0, 1)]
    assert any("count from 1" in text for text in guesses(project))


def test_a_requal_segment_at_zero_settles_where_counting_starts(tmp_path: Path) -> None:
    rows = [
        REQUAL,
        ["P01", "1", "0", "3", "cost", "7", "cost", "alice"],
        ["P01", "1", "5", "7", "cost", "7", "one", "alice"],
    ]
    project = requal.read(csv_file(tmp_path / "r.csv", rows))
    assert [(c.start, c.end) for c in project.codings] == [(0, 4), (5, 8)]
    assert guesses(project) == []


def test_requal_codes_and_documents_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    rows = [
        REQUAL,
        ["P01", "1", "1", "4", "cost", "7", "cost", "alice"],
        ["P01", "2", "1", "4", "cost", "8", "cost", "alice"],
        ["P02", "3", "1", "4", "other", "9", "cost", "bob"],
    ]
    project = requal.read(csv_file(tmp_path / "r.csv", rows))
    assert [source.key for source in project.sources] == ["P01#1", "P01#2", "P02"]
    assert [code.key for code in project.codes] == ["cost#7", "cost#8", "other"]
    assert sorted(r.ids for r in project.remarks if "of one name" in r.text) == [("1", "2"), ("7", "8")]
    assert project.unreconciled() == {}


def test_words_that_are_not_as_long_as_their_place_lower_the_score(tmp_path: Path) -> None:
    rows = [
        REQUAL,
        ["P01", "1", "1", "4", "cost", "7", "cost", "alice"],
        ["P01", "1", "1", "5", "cost", "7", "cost", "alice"],
    ]
    rule = requal.read(csv_file(tmp_path / "r.csv", rows)).offsets[0]
    assert (rule.score, rule.runner_up, rule.n) == (0.5, 0.5, 2)  # the second would fit an end after the last


def test_an_end_before_its_start_is_no_place(tmp_path: Path) -> None:
    rows = [
        REQUAL,
        ["P01", "1", "9", "4", "cost", "7", "cost", "alice"],
        ["P01", "1", "x", "4", "c", "8", "d", "a"],
    ]
    project = requal.read(csv_file(tmp_path / "r.csv", rows))
    assert [(c.start, c.end) for c in project.codings] == [(None, None), (None, None)]
    assert [(r.n, r.ids) for r in project.remarks if r.text.startswith("Ends")] == [(2, ("2", "3"))]
    assert project.unreconciled() == {}


# RQDA


def test_an_rqda_table_with_row_names_is_read(tmp_path: Path) -> None:
    rows = [["row", *RQDA], ["1", "12", "3", "1", "cost", "P01.txt", "0", "14", "14"]]
    project = rqda.read(csv_file(tmp_path / "r.csv", rows))
    coding = project.codings[0]
    assert (coding.source, coding.code, coding.start, coding.end, coding.origin) == (
        "P01.txt",
        "cost",
        0,
        14,
        "12",
    )
    assert [(rule.score, rule.n) for rule in project.offsets] == [(1.0, 1)]  # by the stated length
    assert project.unreconciled() == {}


# A table from no program


def test_a_table_of_persons_makes_each_a_case_of_one_document(tmp_path: Path) -> None:
    rows = [
        ["participant_id", "segment_id", "start_offset", "end_offset", "code"],
        ["P2", "1", "193", "241", "home"],
    ]
    project = coded_table.read(csv_file(tmp_path / "t.csv", rows))
    assert [(case.name, case.spans[0].source) for case in project.cases] == [("P2", "P2")]
    assert (project.codings[0].case, project.codings[0].origin) == ("P2", "1")
    assert project.unreconciled() == {}


def test_a_person_with_two_documents_has_both(tmp_path: Path) -> None:
    rows = [["person_id", "document", "code"], ["P1", "a/b", "x"], ["P1", "c", "x"], ["P1", "c", "y"]]
    project = coded_table.read(csv_file(tmp_path / "t.csv", rows))
    assert [span.source for span in project.cases[0].spans] == [source.key for source in project.sources]
    assert len(project.sources) == 2


def test_a_table_without_document_and_person_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        coded_table.read(csv_file(tmp_path / "t.csv", [["code", "text"], ["x", "y"]]))
    finding = caught.value.findings[0]
    assert finding.code == "M58"
    assert "1 code, 2 text" in finding.what


def test_two_codings_of_one_stretch_are_two_and_a_repeated_row_is_one(tmp_path: Path) -> None:
    row = ["P1", "1", "2", "x"]
    rows = [["document", "start", "end", "code"], row, row, ["P1", "1", "2", "y"]]
    project = coded_table.read(csv_file(tmp_path / "t.csv", rows))
    assert [coding.code for coding in project.codings] == ["x", "y"]
    assert project.unreconciled() == {}


@pytest.mark.skipif(not TAGUETTE_ROWS.exists(), reason="the shared open data is not beside this repository")
def test_the_real_taguette_rows_come_in_whole() -> None:
    project = coded_table.read(TAGUETTE_ROWS)
    assert (len(project.codings), len(project.cases), len(project.codes)) == (1930, 17, 22)
    assert all(c.start is not None and c.end is not None and c.start < c.end for c in project.codings)
    assert project.unreconciled() == {}
    assert coded_table.recognises(TAGUETTE_ROWS) == 0.5


# All


@pytest.mark.parametrize(
    ("module", "header"),
    [
        (openqda, ["source", "code category", "start pos", "end pos", "selection"]),
        (requal, REQUAL),
        (rqda, RQDA),
    ],
)
def test_each_program_is_recognised_by_its_headers_alone(
    tmp_path: Path, module: object, header: list[str]
) -> None:
    path = csv_file(tmp_path / "x.csv", [header, ["1"] * len(header)])
    sure = {each: each.recognises(path) for each in (openqda, requal, rqda, coded_table)}
    assert max(sure, key=lambda each: sure[each]) is module
    assert sure[module] == 1.0  # type: ignore[index]


def test_a_sheet_of_a_workbook_is_read_as_the_text_file_is(tmp_path: Path) -> None:
    rows = [REQUAL, ["P01", "1", "1", "4", "cost", "7", "cost", "alice"]]
    from_text = requal.read(csv_file(tmp_path / "r.csv", rows))
    assert requal.read(workbook(tmp_path / "r.xlsx", {"A": rows})) == from_text


WORDS = st.lists(st.sampled_from([*'ab \n\r,;"', "🙂", "e\u0301", "ש"]), max_size=9).map(
    lambda s: f"x{''.join(s)}x"
)


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["P01", "P02"]), st.sampled_from("cde"), st.integers(1, 40), WORDS),
        min_size=1,
        max_size=8,
        unique=True,
    )
)
@settings(deadline=None, max_examples=60)
def test_overlapping_stretches_and_their_words_come_back_exactly(
    rows: list[tuple[str, str, int, str]],
) -> None:
    table = [
        [document, document, start, start + len(words) - 1, code, code, words, "alice"]
        for document, code, start, words in rows
    ]
    with tempfile.TemporaryDirectory() as folder:
        project = requal.read(csv_file(Path(folder) / "r.csv", [REQUAL, *table]))
    expected = [(d, c, start - 1, start - 1 + len(words), words) for d, c, start, words in rows]
    assert [(x.source, x.code, x.start, x.end, x.text) for x in project.codings] == expected
    assert project.offsets[0].score == 1.0
    assert project.unreconciled() == {}
