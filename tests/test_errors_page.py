"""The page of messages is what the code says, and every message of a study has a study that provokes it."""

from __future__ import annotations

import re

import errors_page
from test_bad_studies import CASES

# Codes that another test provokes, since they need more than one spoilt file.
ELSEWHERE = {
    "C08": "test_codebook",
    "R60": "test_bad_studies",
    "S01": "test_bad_studies",
    "T02": "test_canonical",
    "W01": "test_bad_studies",
    "W09": "test_bad_studies",
    "W10": "test_bad_studies",
    "W13": "importers/test_import_command",
    "W20": "test_author_notes",
    "W21": "test_author_notes",
    "W22": "test_author_notes",
    "W23": "test_author_notes",
    "W24": "test_notes_wording",
    "X12": "test_checks",
    "X13": "test_bad_studies",
    "X26": "test_checks",
    "Y02": "test_yamlfile",
    "X27": "test_late_starters",
    "Y10": "test_yamlfile",
}


def test_the_page_is_what_the_code_says() -> None:
    assert errors_page.PAGE.read_text(encoding="utf-8") == errors_page.page()


def test_every_code_has_one_row_with_a_level_a_sentence_and_a_way_out() -> None:
    rows = [line.split(" | ") for line in errors_page.page().splitlines() if re.match(r"\| [A-Z]\d\d ", line)]
    codes = [row[0].removeprefix("| ") for row in rows]
    assert sorted(codes) == sorted(set(codes))
    for _, levels, what, fix in rows:
        assert set(levels.split(", ")) <= {"stop", "warn", "note"}
        assert what.strip()
        assert fix.strip(" |")


def test_every_message_about_a_study_is_provoked_by_a_test() -> None:
    provoked = {case.code for case in CASES} | ELSEWHERE.keys()
    about_a_study = {code for code in errors_page.collected() if code[0] in "CKSTWXY"}
    assert about_a_study - provoked == set()


def test_levels_are_those_of_the_code() -> None:
    collected = errors_page.collected()
    assert {level for level, *_ in collected["T04"]} == {"warn", "note"}
    assert {level for level, *_ in collected["X15"]} == {"stop", "warn"}
    assert {level for level, *_ in collected["T07"]} == {"stop"}
    assert {level for level, *_ in collected["S11"]} == {"warn"}


def test_sentences_are_those_of_the_code() -> None:
    collected = errors_page.collected()
    assert ("stop", "the cell is empty.", "Fill it in, or remove the row.") in collected["T05"]
    assert ("stop", "this key stands twice.", "Keep one of them.") in collected["Y05"]
    assert (
        "stop",
        "There is nothing in this table.",
        "Export it again, with the column names in the first row.",
    ) in (collected["R10"])
