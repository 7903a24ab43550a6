"""Coded segments of MAXQDA: languages, groups, paragraphs that are no places, and variables from a sheet beside."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pytest
from export_files import csv_file, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import StudyError
from analysis_lib.importers import maxqda
from analysis_lib.importers.project import Project, Remark

ENGLISH = [
    "Color",
    "Comment",
    "Document group",
    "Document name",
    "Code",
    "Beginning",
    "End",
    "Weight score",
    "Segment",
    "Modified by",
    "Modified",
    "Created by",
    "Created",
    "Area",
    "Coverage %",
]
GERMAN = [
    "Farbe",
    "Kommentar",
    "Dokumentgruppe",
    "Dokumentname",
    "Code",
    "Anfang",
    "Ende",
    "Gewicht",
    "Segment",
    "Bearbeitet von",
    "Bearbeitet am",
    "Erstellt von",
    "Erstellt am",
    "Fläche",
    "Abdeckungsgrad %",
]
POLISH = [
    "Color",
    "Komentarz",
    "Grupa dokumentów",
    "Nazwa dokumentu",
    "Kod",
    "Początek",
    "Koniec",
    "Waga",
    "Fragment",
    "Objętość",
    "Obszar %",
    "Autor",
    "Data utworzenia",
]


def segment(group: str, name: str, code: str, words: str, at: str = "02.07.2024 09:30:00") -> list[object]:
    return ["", "", group, name, code, 3, 4, "50", words, "bob", at, "alice", at, "12", "0,5"]


def by_kind(project: Project, what: str) -> list[str]:
    return [remark.text for remark in project.remarks if remark.what == what]


def test_a_german_text_file_is_read_whole(tmp_path: Path) -> None:
    rows = [GERMAN, segment("Welle 1", "P01", "Allianz > gehört worden", "Ich wurde gehört 🙂")]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows, delimiter=";"))
    assert [(code.key, code.path) for code in project.codes] == [
        ("Allianz", ("Allianz",)),
        ("Allianz/gehört worden", ("Allianz", "gehört worden")),
    ]
    source = project.sources[0]
    assert (source.key, source.name, source.variables) == (
        "Welle 1/P01",
        "P01",
        {"document_group": "Welle 1"},
    )
    coding = project.codings[0]
    assert (coding.source, coding.code, coding.text) == (
        source.key,
        "Allianz/gehört worden",
        "Ich wurde gehört 🙂",
    )
    assert (coding.coder, coding.coded_at, coding.weight) == ("alice", "2024-07-02T09:30:00", 50.0)
    assert project.unreconciled() == {}


def test_a_polish_workbook_with_thirteen_columns_is_read(tmp_path: Path) -> None:
    row = [
        "",
        "",
        "Fala 1",
        "P01",
        "Sojusz",
        3,
        3,
        0,
        "Czułam się słuchana",
        19,
        0.5,
        "ala",
        "02.07.2017 10:00:00",
    ]
    project = maxqda.read(workbook(tmp_path / "s.xlsx", {"Arkusz1": [POLISH, row]}))
    assert [(c.code, c.text, c.coder) for c in project.codings] == [("Sojusz", "Czułam się słuchana", "ala")]
    assert "guessed" not in {remark.what for remark in project.remarks}


def test_a_spanish_sheet_is_read_by_names_that_are_a_guess(tmp_path: Path) -> None:
    rows = [["Nombre del documento", "Código", "Segmento"], ["P01", "alianza", "me escuchó"]]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    guess = next(remark for remark in project.remarks if remark.what == "guessed")
    assert (guess.n, guess.confidence) == (3, 0.0)


def test_paragraph_numbers_are_never_places(tmp_path: Path) -> None:
    project = maxqda.read(csv_file(tmp_path / "s.csv", [ENGLISH, segment("", "P01", "cost", "85 a session")]))
    assert (project.codings[0].start, project.codings[0].end) == (None, None)
    assert any("paragraph numbers" in text for text in by_kind(project, "not carried"))


def test_documents_of_one_name_in_two_groups_are_two(tmp_path: Path) -> None:
    rows = [ENGLISH, segment("W1", "P01", "cost", "a"), segment("W2", "P01", "cost", "b")]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    assert [source.key for source in project.sources] == ["W1/P01", "W2/P01"]
    assert [coding.source for coding in project.codings] == ["W1/P01", "W2/P01"]


def test_a_slash_in_a_name_never_joins_two_codes(tmp_path: Path) -> None:
    rows = [ENGLISH, segment("", "P01", "yes/no", "a"), segment("", "P01", "yes > no", "b")]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    assert len({code.key for code in project.codes}) == len(project.codes) == 3


def test_a_repeated_code_name_under_two_parents_is_two_codes(tmp_path: Path) -> None:
    rows = [ENGLISH, segment("", "P01", "start > cost", "a"), segment("", "P01", "end > cost", "b")]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    assert [coding.code for coding in project.codings] == ["start/cost", "end/cost"]


def test_variables_on_a_second_sheet_are_joined_by_group_and_name(tmp_path: Path) -> None:
    sheets = {
        "Coded Segments": [ENGLISH, segment("W1", "P01", "cost", "a"), segment("W1", "P02", "cost", "b")],
        "Variables": [
            ["Document group", "Document name", "Outcome", "Sessions"],
            ["W1", "P01", "helpful", 18],
            ["W1", "P03", "mixed", None],
        ],
    }
    project = maxqda.read(workbook(tmp_path / "s.xlsx", sheets))
    variables = {source.name: dict(source.variables) for source in project.sources}
    assert variables == {
        "P01": {"document_group": "W1", "Outcome": "helpful", "Sessions": "18"},
        "P02": {"document_group": "W1"},
        "P03": {"document_group": "W1", "Outcome": "mixed"},  # listed and never coded
    }
    assert by_kind(project, "orphaned") == [
        "Documents with codings that the sheet of variables does not list."
    ]
    assert project.unreconciled() == {}


def test_variables_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [ENGLISH, segment("", "P01", "cost", "a")])
    beside = csv_file(tmp_path / "v.csv", [["Document name", "Outcome"], ["P01", "helpful"]])
    assert dict(maxqda.read(path, variables=beside).sources[0].variables) == {"Outcome": "helpful"}


def test_a_second_row_of_variables_for_one_document_is_said(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [ENGLISH, segment("", "P01", "cost", "a")])
    beside = csv_file(
        tmp_path / "v.csv", [["Document name", "Outcome"], ["P01", "a"], ["P01", "b"], ["", "c"]]
    )
    dropped = [r.ids for r in maxqda.read(path, variables=beside).remarks if r.what == "dropped"]
    assert dropped == [("3",), ("4",)]


def test_rows_without_a_code_or_a_document_are_counted(tmp_path: Path) -> None:
    rows = [
        ENGLISH,
        segment("", "P01", " ", "a"),
        segment("", "", "cost", "b"),
        segment("", "P02", "cost", "c"),
    ]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    assert [(r.kind, r.n, r.ids) for r in project.remarks if r.what == "dropped"] == [
        ("codings", 1, ("3",)),
        ("codings", 1, ("2",)),
    ]
    assert [source.name for source in project.sources] == ["P01", "P02"]  # somebody marked something in P01
    assert project.unreconciled() == {}


def test_a_row_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    rows = [ENGLISH, segment("", "P01", "cost", "a"), segment("", "P01", "cost", "a")]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    assert [coding.origin for coding in project.codings] == ["2"]
    assert [(r.n, r.ids) for r in project.remarks if r.what == "merged"] == [(1, ("3",))]
    assert project.unreconciled() == {}


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("02.07.2024 09:30:00", "2024-07-02T09:30:00"),
        (dt.datetime(2024, 7, 2, 9, 30), "2024-07-02T09:30:00"),
        ("7/2/2024 9:30 AM", ""),
        ("31.02.2024 09:30:00", ""),
    ],
)
def test_a_time_is_read_only_where_day_and_month_are_known(tmp_path: Path, written: str, when: str) -> None:
    row = segment("", "P01", "cost", "a")
    row[12] = written
    project = maxqda.read(workbook(tmp_path / "s.xlsx", {"A": [ENGLISH, row]}))
    assert project.codings[0].coded_at == when
    assert any(text.startswith("Times") for text in by_kind(project, "not carried")) is (when == "")


def test_a_weight_that_is_no_number_is_said(tmp_path: Path) -> None:
    row = segment("", "P01", "cost", "a")
    row[7] = "high"
    project = maxqda.read(csv_file(tmp_path / "s.csv", [ENGLISH, row]))
    assert project.codings[0].weight is None
    assert any(text.startswith("Weights") for text in by_kind(project, "not carried"))


def test_a_sheet_that_is_something_else_is_said(tmp_path: Path) -> None:
    sheets = {"A": [ENGLISH, segment("", "P01", "cost", "a")], "Notes": [["x"], ["y"], ["z"]]}
    project = maxqda.read(workbook(tmp_path / "s.xlsx", sheets))
    left = "Sheets that are none of those this format is read from were left aside; n is their rows."
    assert Remark("not carried", "codings", left, 2, ("Notes",)) in project.remarks


def test_no_remark_repeats_words_of_the_project(tmp_path: Path) -> None:
    secret = "therapistlaughed"
    rows = [ENGLISH, segment("", "", secret, secret), segment("", secret, secret, secret, secret)]
    project = maxqda.read(csv_file(tmp_path / "s.csv", rows))
    assert secret not in str(project.remarks)


def test_a_file_is_recognised_by_its_headers(tmp_path: Path) -> None:
    assert maxqda.recognises(csv_file(tmp_path / "a.csv", [GERMAN, segment("", "P01", "c", "a")])) == 1.0
    assert maxqda.recognises(csv_file(tmp_path / "b.csv", [["id", "tag"], ["1", "2"]])) == 0.0


def test_a_sheet_without_rows_is_an_empty_project(tmp_path: Path) -> None:
    project = maxqda.read(workbook(tmp_path / "s.xlsx", {"A": [ENGLISH]}))
    assert (project.codings, project.unreconciled()) == ((), {})


def test_a_crosstab_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        maxqda.read(csv_file(tmp_path / "s.csv", [["", "W1"], ["cost", "3"]]))
    assert {finding.code for finding in caught.value.findings} == {"M53"}


SIGNS = st.sampled_from([*"ab \t\n\r\"';,", "🙂", "e\u0301", "ש", "\u200f", "ï"])
WORDS = st.lists(SIGNS, min_size=1, max_size=10).map(lambda signs: f"x{''.join(signs)}")
NAMES = st.sampled_from(["P01", "P02", "Grüße", "שלום"])
CODES = st.sampled_from(["cost", "alliance > felt heard", "alliance", "hindering > cost", "🙂"])


@given(rows=st.lists(st.tuples(NAMES, CODES, WORDS), min_size=1, max_size=8), as_text=st.booleans())
@settings(deadline=None, max_examples=60)
def test_words_come_back_exactly_and_rows_reconcile(rows: list[tuple[str, str, str]], as_text: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = [ENGLISH, *(segment("", name, code, words) for name, code, words in rows)]
        path = Path(folder) / ("s.csv" if as_text else "s.xlsx")
        project = maxqda.read(csv_file(path, table) if as_text else workbook(path, {"A": table}))
    once = dict.fromkeys((name, code.replace(" > ", "/"), words) for name, code, words in rows)
    assert [(c.source, c.code, c.text) for c in project.codings] == list(once)
    assert project.unreconciled() == {}
