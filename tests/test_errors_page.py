"""The page of messages is what the code says, and every message of a study has a study that provokes it."""

from __future__ import annotations

import re

import errors_page
import pytest
from bad_inputs import EVERY
from bad_inputs.reading import faults

# Codes that another test provokes, since they need more than one spoilt file.
ELSEWHERE = {
    "C08": "test_codebook",
    "S16": "test_file_names",
    "S17": "test_file_names",
    "W09": "test_bad_studies",
    "W13": "importers/test_import_command",
    "W20": "test_author_notes",
    "W21": "test_author_notes",
    "W22": "test_author_notes",
    "W23": "test_author_notes",
    "W24": "test_notes_wording",
    "X12": "test_checks",
    "X28": "test_quote_checks",
    "X29": "test_quote_checks",
    "X30": "test_quote_checks",
    "X31": "test_quote_checks",
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
    provoked = {case.code for case in EVERY} | ELSEWHERE.keys()
    about_a_study = {code for code in errors_page.collected() if code[0] in "CKSTWXY"}
    assert about_a_study - provoked == set()


@pytest.mark.parametrize("code", errors_page.collected())
def test_every_message_says_what_is_wrong_and_what_to_do_in_sentences(code: str) -> None:
    sayings = errors_page.collected()
    for _, what, fix in sayings[code]:
        for sentence in (*what.split(" / "), *fix.split(" / ")):
            assert re.search(r"[.!?)…]$", sentence), sentence
            assert len(sentence) <= 320, sentence
        assert re.match(r"[A-Z`…(]", fix), fix
    example = errors_page.example_messages(sayings)[code]
    if errors_page.SLOT not in example:
        assert faults(example) == []


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
