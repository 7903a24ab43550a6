"""Does a closer look keep its first sentences open, fold the rest away, and lose nothing?"""

from __future__ import annotations

import pytest

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.report.folds import Fold, Part, in_folds, in_words, runs, said_in
from analysis_lib.sentences import Sentence

HEADING = Part("prose", "", source="### Does it hold")
MAIN = Part("prose", "", source="## How large")


def table(number: str, *rows: Row) -> Part:
    return Part("table", FormattedTable("Title", "Theme", ((Head("n"), Head("%")),), rows), number, number)


def a_table(number: str) -> Part:
    return table(number, Row("Cold", (Cell("3"), Cell("10%"))))


def sentences_of(*kinds: str) -> Part:
    found = [Sentence(f"{i}", kind=kind) for i, kind in enumerate(kinds)]
    return Part("sentences", runs(found))


def open_and_folded(folds: list[Fold]) -> tuple[list[str], list[str]]:
    """Texts of the sentences that stand open, and of those that are folded away."""
    shown, folded = [], []
    for fold in folds:
        for part in fold.parts:
            (folded if fold.title else shown).extend(sentence.text for sentence in said_in(part))
    return shown, folded


def test_tables_above_any_closer_look_stand_open() -> None:
    folds = in_folds([MAIN, sentences_of(*["clear"] * 9), a_table("Table 3.1")])
    assert [fold.title for fold in folds] == [""]


def test_tables_of_a_closer_look_fold_under_their_numbers() -> None:
    folds = in_folds([HEADING, sentences_of("clear"), a_table("Table 3.5"), a_table("Table 3.6"), MAIN])
    assert [fold.title for fold in folds] == ["", "Tables 3.5 and 3.6", ""]
    assert open_and_folded(folds) == (["0"], [])


def test_two_closer_looks_have_a_fold_each() -> None:
    folds = in_folds([HEADING, a_table("Table 3.5"), HEADING, a_table("Table 3.6")])
    assert [fold.title for fold in folds if fold.title] == ["Table 3.5", "Table 3.6"]


def test_a_long_closer_look_keeps_four_sentences_and_its_first_limit_open() -> None:
    said = sentences_of("clear", "clear", "clear", "clear", "clear", "tentative", "limit", "limit")
    folds = in_folds([HEADING, said, a_table("Table 3.5")])
    assert open_and_folded(folds) == (["0", "1", "2", "3", "6"], ["4", "5", "7"])
    assert folds[-1].title == "Table 3.5, 3 more sentences"


def test_a_long_closer_look_without_a_limit_keeps_five() -> None:
    folds = in_folds([HEADING, sentences_of(*["fact"] * 7)])
    assert open_and_folded(folds) == (["0", "1", "2", "3", "4"], ["5", "6"])
    assert folds[-1].title == "2 more sentences"


def test_a_single_sentence_is_never_folded_away() -> None:
    assert open_and_folded(in_folds([HEADING, sentences_of(*["fact"] * 6)])) == (list("012345"), [])


def test_sentences_keep_the_name_of_their_tier_when_they_are_folded_away() -> None:
    folds = in_folds([HEADING, sentences_of(*["clear"] * 6, "refusal"), a_table("Table 3.5")])
    (said, _) = folds[-1].parts
    assert [run.tier for run in said.content] == ["Clear", "Cannot be said"]


@pytest.mark.parametrize("rows", [(), (Row("None", (Cell("No group.", "left", 2),)),)])
def test_a_closer_look_without_a_number_has_no_fold(rows: tuple[Row, ...]) -> None:
    folds = in_folds([HEADING, sentences_of("refusal"), table("Table 3.5", *rows)])
    assert not any(fold.title for fold in folds)
    last = folds[-1].parts[-1]
    assert (last.kind, last.content) == ("nothing", "Table 3.5")


def test_an_empty_table_beside_a_full_one_is_named_and_not_shown() -> None:
    folds = in_folds([HEADING, a_table("Table 3.5"), table("Table 3.6")])
    assert folds[-1].title == "Table 3.5"
    assert [part.kind for part in folds[-1].parts] == ["table", "nothing"]
    assert folds[-1].parts[-1].content == "Table 3.6"


def test_numbers_of_one_kind_share_its_name() -> None:
    assert in_words(["Figure 5.3", "Table 5.13", "Table 5.14"]) == "Figure 5.3, Tables 5.13 and 5.14"
