"""QualCoder's coding reports: every value under its heading, or nowhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_files import sample

from analysis_lib.errors import StudyError
from analysis_lib.importers.ledger import Ledger
from analysis_lib.importers.project import Project, Remark
from analysis_lib.importers.qualcoder_report_rows import Heading, report_rows
from analysis_lib.importers.qualcoder_reports import read, recognises

FRONT = ["File", "Coder", "Coded", "Id", "Codename", "Coded_Memo"]
BY_FILE = [*FRONT, "Category", "Category", "FileVar_Site", "FileVar_Wave"]
DEEP = ["one.txt", "ann", "no tools", "ctid:1", "homework", "", "Hindering", "Process", "north", "1"]
FLAT = ["two.txt", "bob", "kind", "ctid:2", "alliance", "", "Bond", "south", "2"]
BARE = ["two.txt", "bob", "hm", "ctid:3", "other", "", "south", "2"]
BY_CASE = ["Case", "Filename", *FRONT[1:], "FileVar_Wave", "CaseVar_Outcome"]


def written(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8-sig") -> Path:
    """As QualCoder writes a .csv: all quoted, CRLF, rows as long as they come."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def filled_up(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """As a spreadsheet program saves ragged rows."""
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


def workbook(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([value or None for value in row])
    book.save(path)
    return path


def variables(project: Project) -> dict[str, dict[str, str]]:
    return {source.name: dict(source.variables) for source in project.sources}


def paths(project: Project) -> dict[str, tuple[str, ...]]:
    return {code.name: code.path for code in project.codes}


def said(project: Project, words: str) -> Remark:
    return next(remark for remark in project.remarks if words in remark.text)


def test_short_rows_get_their_values_back_under_their_own_headings(tmp_path):
    project = read(written(tmp_path / "r.csv", [BY_FILE, DEEP, FLAT, BARE]))
    assert variables(project) == {
        "one.txt": {"Site": "north", "Wave": "1"},
        "two.txt": {"Site": "south", "Wave": "2"},
    }
    assert paths(project) == {
        "homework": ("Process", "Hindering", "homework"),
        "alliance": ("Bond", "alliance"),
        "other": ("other",),
    }
    assert said(project, "put back").ids == ("row 3", "row 4")
    assert project.unreconciled() == {}


def test_rows_that_a_spreadsheet_filled_up_place_nothing_that_is_not_certain(tmp_path):
    project = read(written(tmp_path / "r.csv", filled_up([BY_FILE, DEEP, FLAT, BARE])))
    assert variables(project) == {"one.txt": {"Site": "north", "Wave": "1"}, "two.txt": {}}
    assert paths(project) == {
        "homework": ("Process", "Hindering", "homework"),
        "alliance": ("alliance",),
        "other": ("other",),
    }
    refused = said(project, "cannot be told")
    assert (refused.what, refused.kind, refused.ids) == ("dropped", "variables", ("row 3", "row 4"))
    assert [(each.text, each.coder) for each in project.codings] == [
        ("no tools", "ann"),
        ("kind", "bob"),
        ("hm", "bob"),
    ]
    assert project.unreconciled() == {}


def test_the_same_in_a_workbook_places_nothing_either(tmp_path):
    project = read(workbook(tmp_path / "r.xlsx", filled_up([BY_FILE, DEEP, FLAT, BARE])))
    assert variables(project)["two.txt"] == {}
    assert said(project, "cannot be told").ids == ("row 3", "row 4")


def test_a_workbook_of_qualcoder_has_empty_cells_for_missing_categories(tmp_path):
    flat = ["two.txt", "bob", "kind", "ctid:2", "alliance", "", "Bond", "", "south", "2"]
    without_wave = ["three.txt", "bob", "calm", "ctid:4", "alliance", "", "Bond", "", "south", ""]
    project = read(workbook(tmp_path / "r.xlsx", [BY_FILE, DEEP, flat, without_wave]))
    assert variables(project)["two.txt"] == {"Site": "south", "Wave": "2"}
    assert variables(project)["three.txt"] == {"Site": "south", "Wave": ""}
    assert project.remarks == ()


def test_an_empty_last_value_is_believed_where_the_categories_are_known_from_elsewhere(tmp_path):
    empty = [
        "two.txt",
        "ann",
        "homework again",
        "ctid:5",
        "homework",
        "",
        "Hindering",
        "Process",
        "south",
        "",
    ]
    project = read(written(tmp_path / "r.csv", [BY_FILE, DEEP, empty]))
    assert variables(project)["two.txt"] == {"Site": "south", "Wave": ""}
    assert project.remarks == ()


def test_a_code_with_rows_of_two_lengths_is_placed_nowhere(tmp_path):
    project = read(written(tmp_path / "r.csv", [BY_FILE, DEEP, FLAT, [*FLAT[:-1]]]))
    assert variables(project)["two.txt"] == {}
    assert said(project, "cannot be told").ids == ("row 3", "row 4")


def test_a_row_that_is_too_long_is_dropped_whole(tmp_path):
    project = read(written(tmp_path / "r.csv", [BY_FILE, DEEP, [*DEEP, "more"]]))
    lost = said(project, "more cells than headings")
    assert (lost.what, lost.kind, lost.ids) == ("dropped", "codings", ("row 3",))
    assert project.unreconciled() == {}


def test_rows_without_code_or_document_are_dropped_and_counted(tmp_path):
    nobody = ["", *DEEP[1:]]
    project = read(written(tmp_path / "r.csv", [BY_FILE, DEEP, nobody, ["one.txt", "ann"]]))
    assert said(project, "without a code").ids == ("row 3",)
    assert said(project, "end before").ids == ("row 4",)
    assert project.unreconciled() == {}


def test_variables_that_contradict_each_other_are_not_taken(tmp_path):
    other = [*DEEP[:3], "ctid:9", *DEEP[4:-1], "3"]
    project = read(written(tmp_path / "r.csv", [BY_FILE, DEEP, other]))
    assert variables(project) == {"one.txt": {"Site": "north"}}
    assert said(project, "different values").ids == ("row 2", "row 3")


def test_a_report_by_case_says_itself_whose_coding_it_is(tmp_path):
    rows = [BY_CASE, ["P01", "one.txt", "ann", "no tools", "ctid:1", "homework", "", "1", "helpful"]]
    project = read(written(tmp_path / "r.csv", rows))
    assert [(case.key, case.variables) for case in project.cases] == [("P01", {"Outcome": "helpful"})]
    assert project.codings[0].case == "P01"


def test_a_coding_of_two_cases_belongs_to_both_and_a_repeated_row_counts_once(tmp_path):
    first = ["P01", "one.txt", "ann", "no tools", "ctid:1", "homework", "", "1", "helpful"]
    second = ["P02", *first[1:-1], "mixed"]
    project = read(written(tmp_path / "r.csv", [BY_CASE, first, first, second]))
    assert [(each.case, each.origin) for each in project.codings] == [("P01", "ctid:1"), ("P02", "ctid:1")]
    assert said(project, "repeat").ids == ("row 3",)
    assert said(project, "more than one case").ids == ("ctid:1",)
    assert project.unreconciled() == {}


@pytest.mark.parametrize(("outcome", "n_cases"), [("helpful", 1), ("", 0)])
def test_the_older_heading_holds_cases_where_values_of_cases_stand_beside_it(tmp_path, outcome, n_cases):
    header = ["File/case", *FRONT[1:], "CaseVar_Outcome"]
    row = ["P01", "ann", "no tools", "ctid:1", "homework", "", outcome]
    project = read(written(tmp_path / "r.csv", [header, row]))
    assert len(project.cases) == n_cases
    assert said(project, "older report").what == "guessed"


def test_the_word_image_in_place_of_a_quote_is_no_quote(tmp_path):
    picture = ["one.png", "ann", "image", "imid:3", "homework", "", "Hindering", "Process", "north", "1"]
    project = read(written(tmp_path / "r.csv", [BY_FILE, picture]))
    assert project.codings[0].text == ""
    assert said(project, "pictures").ids == ("imid:3",)


@pytest.mark.parametrize(
    "header",
    [
        FRONT[1:],
        ["Coder", "File", *FRONT[2:]],
        [*FRONT, "FileVar_Wave", "Category"],
        [*FRONT, "CaseVar_Outcome", "FileVar_Wave"],
        [*FRONT, "Theme"],
    ],
)
def test_other_columns_or_another_order_are_refused(tmp_path, header):
    path = written(tmp_path / "r.csv", [header, ["x"] * len(header)])
    assert recognises(path) == 0.0
    with pytest.raises(StudyError, match="M37"):
        read(path)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'"File","Coder","Coded","Id","Codename","Coded_Memo"\r\n"caf\xe9"', "M38"),
        (b'"File","Coder","Coded","Id","Codename","Coded_Memo"\r\n"a"b', "M39"),
        (b'"File","Coder","Coded","Id","Codename","Coded_Memo"\r\n', "M40"),
        (b"", "M37"),
    ],
)
def test_a_file_that_cannot_be_taken_apart_is_refused(tmp_path, data, code):
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(StudyError, match=code):
        read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert recognises(tmp_path / "r.csv") == 0.0
    with pytest.raises(StudyError, match="M36"):
        read(tmp_path / "r.csv")


CELLS = st.text(st.sampled_from('ab \r\n",;🙂\u05d0e\u0301'), max_size=6)
NAMES = st.text(st.sampled_from("xyz🙂 ,"), min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(
    codes=st.dictionaries(NAMES, st.lists(NAMES, max_size=3), min_size=1, max_size=5),
    documents=st.dictionaries(NAMES, st.tuples(CELLS, CELLS), min_size=1, max_size=3),
    data=st.data(),
)
def test_whatever_qualcoder_writes_comes_back_under_its_heading(tmp_path_factory, codes, documents, data):
    # Independent of how rows are read: the writer puts down front, categories and values of a code one after another.
    depth = max(map(len, codes.values()))
    header = [*FRONT, *["Category"] * depth, "FileVar_a", "FileVar_b"]
    rows, expected = [header], []
    for number in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(sorted(codes)))
        document = data.draw(st.sampled_from(sorted(documents)))
        quote = data.draw(CELLS)
        rows.append([document, "ann", quote, f"ctid:{number}", name, "", *codes[name], *documents[document]])
        expected.append((quote, tuple(codes[name]), documents[document]))
    path = written(tmp_path_factory.mktemp("report") / "r.csv", rows)
    heading, placed, n_rows, _ = report_rows(path, Ledger())
    assert isinstance(heading, Heading)
    assert n_rows == len(expected)
    ragged = any(len(row) < len(header) for row in rows)
    for row, (quote, categories, values) in zip(placed, expected, strict=True):
        assert row.cells["Coded"] == quote
        if ragged:
            assert row.categories == categories
        if row.variables is not None:
            assert tuple(row.variables.values()) == values


@pytest.mark.parametrize("name", ["report_codes_by_file.csv", "report_codes_by_case.csv"])
def test_five_rows_of_thirteen_of_the_sample_are_put_back(name):
    project = read(sample(f"qualcoder/{name}"))
    assert said(project, "put back").n == 5
    assert variables(project) == {
        "P01_wave1.txt": {"Wave": "1"},
        "P02_wave1.txt": {"Wave": "1"},
        "P03_survey_wave2.txt": {"Wave": "2"},
    }


def test_the_sample_filled_up_puts_no_value_under_a_wrong_variable(tmp_path):
    text = sample("qualcoder/report_codes_by_case.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    project = read(written(tmp_path / "r.csv", filled_up(rows)))
    assert said(project, "cannot be told").n == 5
    assert {case.name: case.variables for case in project.cases} == {
        "P01": {"Outcome": "helpful", "Sessions attended": "18"},
        "P02": {"Outcome": "mixed", "Sessions attended": "9"},
        "P03": {"Outcome": "dropped out", "Sessions attended": "4"},
    }
