"""What a finding says, in which order findings stand, and what they never show."""

from __future__ import annotations

import pytest

from analysis_lib.errors import (
    Finding,
    StudyError,
    characters_allowed,
    did_you_mean,
    first_few,
    in_order,
    looks_like_a_name,
    value_class,
)


def finding(level: str = "stop", code: str = "T01", file: str = "p.csv", **more: object) -> Finding:
    return Finding(level, code, file, "it is wrong.", "Mend it.", **more)  # type: ignore[arg-type]


def test_a_finding_reads_as_place_problem_rule_and_way_out() -> None:
    full = finding(line=4, column="age", sheet="people", allowed="0 to 120")
    assert (
        str(full)
        == "stop T01  p.csv, sheet people, line 4, column age: it is wrong. Allowed: 0 to 120. Mend it."
    )
    assert str(finding()) == "stop T01  p.csv: it is wrong. Mend it."


def test_a_finding_is_one_line_that_no_terminal_obeys() -> None:
    assert str(finding(column="a\nb\x1b[2J\x9b")) == "stop T01  p.csv, column a?b?[2J?: it is wrong. Mend it."


def test_stops_come_first_then_files_lines_and_columns() -> None:
    found = [
        finding("note", file="a.csv"),
        finding("stop", file="b.csv", line=12),
        finding("stop", file="b.csv", line=2, column="z"),
        finding("stop", file="b.csv", line=2, column="a"),
        finding("warn", file="a.csv"),
        finding("stop", file="b.csv"),
    ]
    assert [(f.level, f.file, f.line, f.column) for f in in_order(found)] == [
        ("stop", "b.csv", None, None),
        ("stop", "b.csv", 2, "a"),
        ("stop", "b.csv", 2, "z"),
        ("stop", "b.csv", 12, None),
        ("warn", "a.csv", None, None),
        ("note", "a.csv", None, None),
    ]


def test_an_error_holds_its_findings_in_order_and_says_them_all() -> None:
    error = StudyError([finding("note"), finding("stop")])
    assert [f.level for f in error.findings] == ["stop", "note"]
    assert str(error) == "stop T01  p.csv: it is wrong. Mend it.\nnote T01  p.csv: it is wrong. Mend it."


def test_the_first_few_are_kept_and_the_others_counted() -> None:
    found = [finding(line=line) for line in range(2, 15)]
    assert first_few(found[:10]) == found[:10]
    few = first_few(found)
    assert few[:10] == found[:10]
    assert (few[10].line, few[10].what) == (12, "3 more like the one above.")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "an empty cell"),
        (" \t", "an empty cell"),
        ("12", "a number"),
        ("-1,5", "a number"),
        (".5", "a number"),
        ("2024-03-28", "something like a date"),
        ("1/2/24 10:00", "something like a date"),
        ("anna@mail.org", "something like an e-mail address"),
        ("zebrafinch", "a word of 10 characters"),
        ("the zebrafinch sang", "text of 19 characters"),
    ],
)
def test_a_value_is_described_and_not_repeated(text: str, kind: str) -> None:
    assert value_class(text) == kind


@pytest.mark.parametrize(
    "text", ["age", "A.one_size", "Größe", "date of first session", "x" * 40, "wave-2", "sessions_attended"]
)
def test_what_looks_like_a_name_is_shown(text: str) -> None:
    assert looks_like_a_name(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "34", "07700900123", "P07700900123", "anna@mail.org", "x" * 41, "She never once looked at me.",
     "he said no more to", "a\nb", "a\x1bb", "<script>", "=1+1", "\u202eage", "\udcff"],
)  # fmt: skip
def test_what_may_be_an_answer_a_number_or_a_trick_is_not_shown(text: str) -> None:
    assert not looks_like_a_name(text)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("helpfull", ' Did you mean "helpful"?'),
        ("HELPFUL", ' Did you mean "helpful"?'),
        ("unhelpfl", ' Did you mean "unhelpful"?'),
        ("therapist", ""),
        ("", ""),
        ("helpful" * 50, ""),
    ],
)
def test_the_closest_known_word_is_suggested_and_nothing_far(word: str, hint: str) -> None:
    assert did_you_mean(word, ["helpful", "unhelpful", "mixed"]) == hint


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[A-Za-z0-9_.:-]{1,64}", "1 to 64 of the characters A-Z a-z 0-9 _ . : -"),
        ("[0-9a-f]{64}", "64 of the characters 0-9 a-f"),
        (r"[^\s,;|]{1,80}", "1 to 80 characters, none of: space , ; |"),
        (r"[^\s].{0,63}", "1 character, none of: space and then 0 to 63 characters"),
        (r"[^/\\]{1,3}", "1 to 3 characters, none of: / \\"),
        (r"(a|b)+", "text that fits (a|b)+"),
    ],
)
def test_a_pattern_is_said_in_words(pattern: str, words: str) -> None:
    assert characters_allowed(pattern) == words
