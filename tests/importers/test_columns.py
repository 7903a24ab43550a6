"""Which column is which: the lists of headers are sound, and a sheet is fitted to them or refused with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_files import csv_file

from analysis_lib.errors import StudyError
from analysis_lib.importers import maxqda
from analysis_lib.importers.columns import FORMATS, ROLES, column_maps
from analysis_lib.importers.project import Remark

NAMES = sorted(path.stem for path in FORMATS.glob("*.yaml") if path.stem != "nhs_end_codes")


def spoilt(tmp_path: Path, text: str) -> str:
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        column_maps("x", tmp_path)
    assert {finding.code for finding in caught.value.findings} == {"M52"}
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_list_of_headers_is_sound_and_reaches_its_required_roles(name: str) -> None:
    for columns in column_maps(name).values():
        assert {header.role for header in columns.headers.values()} >= set(columns.required)


def test_only_what_was_seen_in_english_german_or_polish_is_verified() -> None:
    verified = {
        h.language for n in NAMES for c in column_maps(n).values() for h in c.headers.values() if h.verified
    }
    assert verified == {"en", "de", "pl"}


def test_the_polish_headers_are_those_of_the_file_of_2017() -> None:
    named = "Color|Komentarz|Grupa dokumentów|Nazwa dokumentu|Kod|Początek|Koniec|Waga|Fragment|Objętość|Obszar %|Autor"
    headers = column_maps("maxqda")["coded_segments"].headers
    unseen = [
        name for name in (*named.split("|"), "Data utworzenia") if not headers[name.casefold()].verified
    ]
    assert unseen == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables: [", "cannot be read as YAML"),
        ("- a\n", "not a block of keys"),
        ("tables: {}\n", "no block of tables"),
        ("tables: {t: {title: T, required: [], headers: []}}\n", "no block of headers"),
        ("tables: {t: {title: T, required: [who], headers: {en: []}}}\n", "requires roles that do not exist"),
        ("tables: {t: {required: [], headers: {en: []}}}\n", "has no title"),
        ("tables: {t: {title: T, headers: {xx: []}}}\n", "a language that is not one"),
        ("tables: {t: {title: T, headers: {en: [{header: A, role: code}]}}}\n", "header, role and verified"),
        (
            "tables: {t: {title: T, headers: {en: [{header: A, role: x, verified: yes}]}}}\n",
            "the role is not one",
        ),
        (
            "tables: {t: {title: T, headers: {en: [{header: A, role: code, verified: 1}]}}}\n",
            "verified is yes or no",
        ),
        (
            "tables: {t: {title: T, headers: {en: [{header: A, role: code, verified: yes}],"
            " de: [{header: a, role: text, verified: no}]}}}\n",
            "another role",
        ),
    ],
)
def test_a_list_that_is_not_sound_says_where(tmp_path: Path, text: str, said: str) -> None:
    assert said in spoilt(tmp_path, text)


def test_a_list_that_is_not_there_is_not_sound(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        column_maps("nothing", tmp_path)
    assert [finding.code for finding in caught.value.findings] == ["M52"]


def test_a_header_may_be_a_word_that_yaml_takes_for_a_no(tmp_path: Path) -> None:
    (tmp_path / "y.yaml").write_text(
        "tables: {t: {title: T, headers: {en: [{header: No, role: id, verified: no}]}}}\n", encoding="utf-8"
    )
    assert column_maps("y", tmp_path)["t"].headers["no"].role == "id"


def test_a_missing_role_names_the_headers_by_position_and_the_file_to_edit(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [["Nazwa dokumentu", "Obszar %", "Kode"], ["P01", "1", "x"]])
    with pytest.raises(StudyError) as caught:
        maxqda.read(path)
    finding = caught.value.findings[0]
    assert (finding.code, finding.file, finding.line) == ("M53", "s.csv", 1)
    assert "1 Nazwa dokumentu, 2 Obszar %, 3 Kode" in finding.what
    assert "data_schema/formats/maxqda.yaml" in finding.fix


def test_an_answer_in_the_place_of_a_header_is_not_shown(tmp_path: Path) -> None:
    answer = "She said that nobody at the clinic had ever called her back"
    path = csv_file(tmp_path / "s.csv", [["P01", answer, "0123456"], ["P02", "b", "c"]])
    with pytest.raises(StudyError) as caught:
        maxqda.read(path)
    assert answer not in str(caught.value)
    assert "0123456" not in str(caught.value)


def test_two_columns_of_one_role_stop(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "s.csv", [["Document name", "Code", "Segment", "Segment"], ["P01", "a", "b", "c"]]
    )
    with pytest.raises(StudyError) as caught:
        maxqda.read(path)
    assert [finding.code for finding in caught.value.findings] == ["M54"]


def test_unknown_headers_are_listed_and_unverified_spellings_are_a_guess(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "s.csv", [["Document name", "Code", "Weight score", "Mood"], ["P01", "a", "1", "c"]]
    )
    remarks = maxqda.read(path).remarks
    text = "Columns that data_schema/formats/maxqda.yaml does not know were left aside."
    assert Remark("not carried", "codings", text, 1, ("4 Mood",)) in remarks
    guess = next(remark for remark in remarks if remark.what == "guessed")
    assert (guess.ids, guess.confidence) == (("3",), 0.67)  # two of three known columns are verified


def test_a_comma_in_a_header_does_not_shift_what_is_listed(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "s.csv", [["Mood, before", "Document name", "Code", "Sleep"], ["a", "P01", "b", "c"]]
    )
    remark = next(r for r in maxqda.read(path).remarks if r.what == "not carried")
    assert remark.ids == ("1 Mood, before", "4 Sleep")


def test_spelling_of_a_header_does_not_depend_on_capitals_or_spaces(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "s.csv", [[" DOCUMENT  name ", "CODE"], ["P01", "a"]])
    assert len(maxqda.read(path).codings) == 1


def test_every_role_is_explained_in_the_page_beside_the_lists() -> None:
    page = (FORMATS / "README.md").read_text(encoding="utf-8")
    assert [role for role in ROLES if role not in page] == []
