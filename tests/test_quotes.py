"""Which quotes may leave: every path ends in a no unless everything that has a say says yes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from handmade import a_wave, themes
from tiny_study import CONSENT, REVIEWS, SEGMENTS, spoilt, table, write_study

from analysis_lib.quotes import clear_quotes
from analysis_lib.wave import load_wave

TEXT = "It helped to be asked."
HASH = "0fb3f39e1d6ed4d7ab46a58bcb4db4bb0ff2f8f4f1a7ea2ef7e2a2d4a9c1f0aa"  # of other words
RIGHT = hashlib.sha256(TEXT.encode("utf-8")).hexdigest()
PEOPLE = pd.DataFrame({"outcome_group": ["helpful", "unhelpful"]}, index=["P1", "P2"])

YES_TO_QUOTE = {"participant_id": "P1", "scope": "quote", "granted": "yes"}
YES_TO_ANALYSE = {"participant_id": "P1", "scope": "analyse", "granted": "yes"}
RELEASED = {"segment_id": "S1", "text_sha256": RIGHT, "decision": "release"}
ONE = {"segment_id": "S1", "participant_id": "P1", "code_id": "a", "text": TEXT, "quote_consent": "yes"}


def cleared(
    segments: list[dict[str, Any]],
    consent: list[dict[str, Any]] | None = None,
    reviews: list[dict[str, Any]] | None = None,
) -> dict[str, tuple[str, str | None]]:
    """Segment -> clearance and why."""
    given = {"coded_segments": segments, "consent": consent or [], "quote_reviews": reviews or []}
    wave = a_wave(
        PEOPLE,
        codebook=themes("a"),
        tables={name: pd.DataFrame(rows) for name, rows in given.items() if rows},
    )
    found = clear_quotes(wave)
    assert set(found["clearance"]) <= {"reviewed", "consented", "withheld"}
    assert (found["why"].isna() == (found["clearance"] == "reviewed")).all()
    return {
        row.segment_id: (row.clearance, None if pd.isna(row.why) else row.why)
        for row in found.itertuples(index=False)
    }


REVIEWED = ("reviewed", None)
NO_WORDS = ("withheld", "no text in the table")
NO_PERSON = ("withheld", "no consent to quote, or withdrawn")
NO_SEGMENT = ("withheld", "no consent to quote these words")
BARRED = ("withheld", "reviewer decided against the words")


def test_a_quote_leaves_if_the_words_the_person_and_a_reviewer_say_yes() -> None:
    assert cleared([ONE], [YES_TO_QUOTE], [RELEASED]) == {"S1": REVIEWED}


def test_without_a_review_it_is_consented_and_nothing_more() -> None:
    assert cleared([ONE], [YES_TO_QUOTE]) == {"S1": ("consented", "not reviewed")}


def test_a_review_of_other_words_is_none() -> None:
    stale = {**RELEASED, "text_sha256": HASH}
    assert cleared([ONE], [YES_TO_QUOTE], [stale]) == {"S1": ("consented", "changed since its review")}


def test_a_review_without_a_fingerprint_is_none() -> None:
    blank = {**RELEASED, "text_sha256": None}
    assert cleared([ONE], [YES_TO_QUOTE], [blank]) == {"S1": ("consented", "changed since its review")}


def test_a_review_of_another_segment_is_none() -> None:
    other = {**RELEASED, "segment_id": "S2"}
    assert cleared([ONE], [YES_TO_QUOTE], [other]) == {"S1": ("consented", "not reviewed")}


def test_a_fingerprint_may_be_written_in_capitals() -> None:
    loud = {**RELEASED, "text_sha256": RIGHT.upper()}
    assert cleared([ONE], [YES_TO_QUOTE], [loud]) == {"S1": REVIEWED}


@pytest.mark.parametrize("decision", ["withhold", "paraphrase"])
@pytest.mark.parametrize("fingerprint", [RIGHT, HASH])
def test_a_reviewer_who_decides_against_the_words_is_obeyed_even_after_they_changed(
    decision: str, fingerprint: str
) -> None:
    review = {"segment_id": "S1", "text_sha256": fingerprint, "decision": decision}
    assert cleared([ONE], [YES_TO_QUOTE], [review]) == {"S1": BARRED}


def test_a_review_without_a_decision_is_none() -> None:
    undecided = {**RELEASED, "decision": None}
    assert cleared([ONE], [YES_TO_QUOTE], [undecided]) == {"S1": ("consented", "not reviewed")}


@pytest.mark.parametrize("consent", ["no", "unknown", None])
def test_words_that_may_not_be_quoted_are_withheld_whatever_the_person_said(consent: str | None) -> None:
    other = {**ONE, "segment_id": "S2"}  # so that the column is kept
    found = cleared([{**ONE, "quote_consent": consent}, other], [YES_TO_QUOTE], [RELEASED])
    assert found["S1"] == NO_SEGMENT


def test_one_row_of_a_segment_that_refuses_is_a_refusal() -> None:
    rows = [ONE, {**ONE, "code_id": "b", "quote_consent": "no"}]
    assert cleared(rows, [YES_TO_QUOTE], [RELEASED]) == {"S1": NO_SEGMENT}


@pytest.mark.parametrize(
    "row",
    [
        {**YES_TO_QUOTE, "granted": "no"},
        {**YES_TO_QUOTE, "granted": "unknown"},
        {**YES_TO_QUOTE, "granted": None},
        {**YES_TO_QUOTE, "withdrawn_on": pd.Timestamp("2024-04-01")},
        {**YES_TO_QUOTE, "withdrawn_on": pd.Timestamp("2999-01-01")},
        {**YES_TO_QUOTE, "scope": "share"},
        {**YES_TO_QUOTE, "scope": "paraphrase"},
        {**YES_TO_QUOTE, "participant_id": "P2"},
        YES_TO_ANALYSE,
    ],
)
def test_a_person_who_did_not_agree_to_be_quoted_is_not(row: dict[str, Any]) -> None:
    assert cleared([ONE], [row], [RELEASED]) == {"S1": NO_PERSON}


def test_consent_of_the_person_is_enough_where_no_segment_asks() -> None:
    assert cleared([{**ONE, "quote_consent": None}], [YES_TO_QUOTE], [RELEASED]) == {"S1": REVIEWED}


def test_consent_of_the_words_is_enough_where_no_consent_table_is_kept() -> None:
    assert cleared([ONE], None, [RELEASED]) == {"S1": REVIEWED}


def test_without_any_record_of_consent_nothing_leaves() -> None:
    assert cleared([{**ONE, "quote_consent": None}], None, [RELEASED]) == {"S1": NO_SEGMENT}


@pytest.mark.parametrize("decision", ["release", "withhold"])
def test_without_words_there_is_nothing_to_quote(decision: str) -> None:
    silent = {**ONE, "text": None}
    assert cleared([silent], [YES_TO_QUOTE], [{**RELEASED, "decision": decision}]) == {"S1": NO_WORDS}


def test_words_that_only_one_row_gives_are_the_words_of_the_segment() -> None:
    rows = [{**ONE, "text": None}, ONE]
    assert cleared(rows, [YES_TO_QUOTE], [RELEASED]) == {"S1": REVIEWED}
    assert cleared(rows[::-1], [YES_TO_QUOTE], [RELEASED]) == {"S1": REVIEWED}


def test_a_segment_stands_once_however_many_codes_it_has() -> None:
    rows = [ONE, {**ONE, "code_id": "b"}, {**ONE, "coder_id": "c2"}]
    assert cleared(rows, [YES_TO_QUOTE], [RELEASED]) == {"S1": REVIEWED}


def test_a_wave_without_segments_has_no_quotes() -> None:
    assert cleared([]) == {}


# Reviews are a log


DAY = pd.Timestamp("2024-05-02")
LATER = pd.Timestamp("2024-05-03")
BEFORE = {**RELEASED, "reviewed_on": DAY, "reviewer": "r1"}
AGAINST = {**BEFORE, "decision": "withhold"}


@pytest.mark.parametrize("decision", ["withhold", "paraphrase"])
@pytest.mark.parametrize(
    ("against", "released", "leaves"),
    [
        (DAY, LATER, True),  # somebody thought again
        (DAY, DAY, False),
        (LATER, DAY, False),
        (None, LATER, False),  # nobody knows which came last
        (DAY, None, False),
    ],
)
def test_a_decision_against_these_words_stands_until_a_release_on_a_later_day(
    decision: str, against: pd.Timestamp | None, released: pd.Timestamp | None, leaves: bool
) -> None:
    rows = [
        {**BEFORE, "decision": decision, "reviewed_on": against},
        {**BEFORE, "reviewed_on": released},
    ]
    expected = {"S1": REVIEWED if leaves else BARRED}
    assert cleared([ONE], [YES_TO_QUOTE], rows) == expected
    assert cleared([ONE], [YES_TO_QUOTE], rows[::-1]) == expected


@pytest.mark.parametrize(
    ("released", "leaves"), [(LATER, True), (DAY, True), (pd.Timestamp("2024-05-01"), False)]
)
def test_after_words_were_changed_they_can_be_released_on_the_day_the_old_ones_were_withheld(
    released: pd.Timestamp, leaves: bool
) -> None:
    rows = [{**AGAINST, "text_sha256": HASH}, {**BEFORE, "reviewed_on": released}]
    assert cleared([ONE], [YES_TO_QUOTE], rows) == {"S1": REVIEWED if leaves else BARRED}


def test_a_release_of_earlier_words_beside_one_of_these_does_no_harm() -> None:
    rows = [{**BEFORE, "text_sha256": HASH}, BEFORE]
    assert cleared([ONE], [YES_TO_QUOTE], rows) == {"S1": REVIEWED}


# Withdrawals


@pytest.mark.parametrize("scope", ["analyse", "quote", "paraphrase", "share"])
def test_whoever_has_withdrawn_anything_is_not_quoted(scope: str) -> None:
    gone = {**YES_TO_QUOTE, "scope": scope, "withdrawn_on": DAY}
    assert cleared([ONE], [YES_TO_QUOTE, gone], [RELEASED]) == {"S1": NO_PERSON}


def test_two_answers_of_one_person_that_contradict_are_a_no() -> None:
    rows = [YES_TO_QUOTE, {**YES_TO_QUOTE, "granted": "no"}]
    assert cleared([ONE], rows, [RELEASED]) == {"S1": NO_PERSON}


# Flags


FLAGGED = "It helped to be asked by Dr Patel on 14 March 2023."
FLAGGED_ONE = {**ONE, "text": FLAGGED}
READ = {**RELEASED, "text_sha256": hashlib.sha256(FLAGGED.encode("utf-8")).hexdigest()}
OPEN = ("withheld", "holds what may identify somebody, not answered")


@pytest.mark.parametrize("answered", [None, "", "date", "name", "date;name", "Date Name", "email"])
def test_a_release_that_leaves_a_flag_unanswered_releases_nothing(answered: str | None) -> None:
    assert cleared([FLAGGED_ONE], [YES_TO_QUOTE], [{**READ, "flags_answered": answered}]) == {"S1": OPEN}


@pytest.mark.parametrize("answered", ["date name", "name date", "  name   date ", "date name age"])
def test_a_release_that_answers_every_flag_counts(answered: str) -> None:
    assert cleared([FLAGGED_ONE], [YES_TO_QUOTE], [{**READ, "flags_answered": answered}]) == {"S1": REVIEWED}


def test_two_releases_of_the_same_words_answer_together() -> None:
    rows = [{**READ, "flags_answered": "date"}, {**READ, "flags_answered": "name"}]
    assert cleared([FLAGGED_ONE], [YES_TO_QUOTE], rows) == {"S1": REVIEWED}


def test_an_answer_to_other_words_answers_nothing() -> None:
    rows = [{**READ, "flags_answered": "date"}, {**READ, "text_sha256": HASH, "flags_answered": "name"}]
    assert cleared([FLAGGED_ONE], [YES_TO_QUOTE], rows) == {"S1": OPEN}


def test_flagged_words_that_nobody_has_reviewed_are_not_even_consented() -> None:
    assert cleared([FLAGGED_ONE], [YES_TO_QUOTE]) == {"S1": OPEN}


# Translations


ORIGINAL = "Es half, gefragt zu werden."
TRANSLATED = {**ONE, "text_original": ORIGINAL, "translator": "T1"}
ORIGINAL_READ = {**RELEASED, "original_sha256": hashlib.sha256(ORIGINAL.encode("utf-8")).hexdigest()}


def beside(segment: dict[str, Any], review: dict[str, Any] | None) -> tuple[str | None, str | None]:
    """The original and the translator that may stand beside a quote."""
    given = {
        "coded_segments": [segment],
        "consent": [YES_TO_QUOTE],
        "quote_reviews": [review] if review else [],
    }
    wave = a_wave(
        PEOPLE,
        codebook=themes("a"),
        tables={name: pd.DataFrame(rows) for name, rows in given.items() if rows},
    )
    row = clear_quotes(wave).iloc[0]
    return tuple(None if pd.isna(value) else value for value in (row["original"], row["translator"]))


def test_original_words_stand_beside_a_translation_where_they_were_reviewed_too() -> None:
    assert beside(TRANSLATED, ORIGINAL_READ) == (ORIGINAL, "T1")


@pytest.mark.parametrize("original", [None, HASH])
def test_a_review_of_the_translation_is_none_of_the_original(original: str | None) -> None:
    assert beside(TRANSLATED, {**RELEASED, "original_sha256": original}) == (None, "T1")


def test_an_original_goes_with_its_translation() -> None:
    assert beside(TRANSLATED, {**ORIGINAL_READ, "decision": "withhold"})[0] is None
    assert beside({**TRANSLATED, "quote_consent": "no"}, ORIGINAL_READ)[0] is None


def test_a_translation_whose_translator_nobody_names_says_so() -> None:
    assert beside({**TRANSLATED, "translator": None}, ORIGINAL_READ) == (ORIGINAL, "not named")


def test_words_that_were_not_translated_have_no_translator() -> None:
    assert beside(ONE, RELEASED) == (None, None)


def test_a_flag_in_the_original_alone_holds_the_quote_back() -> None:
    flagged = {**TRANSLATED, "text_original": "Es half, am 14.3.2023 gefragt zu werden."}
    assert cleared([flagged], [YES_TO_QUOTE], [RELEASED]) == {"S1": OPEN}
    assert cleared([flagged], [YES_TO_QUOTE], [{**RELEASED, "flags_answered": "date"}]) == {"S1": REVIEWED}


# from files


def clearances(tmp_path: Path, changed: dict[str, str | bytes | None] | None = None) -> dict[str, str]:
    found = clear_quotes(load_wave(write_study(tmp_path, changed), "w1"))
    return dict(zip(found["segment_id"], found["clearance"], strict=True))


def test_in_the_tiny_study_one_quote_is_reviewed_and_one_consented(tmp_path: Path) -> None:
    # S02 refuses, P05 withdrew, S05 is unknown, P07 said no, S07 was withheld, P11 was not asked, P09 is out
    assert clearances(tmp_path) == {
        "S01": "reviewed", "S02": "withheld", "S03": "consented", "S04": "withheld", "S05": "withheld",
        "S06": "withheld", "S07": "withheld", "S08": "withheld",
    }  # fmt: skip


def test_a_column_of_consent_that_is_blank_throughout_says_no(tmp_path: Path) -> None:
    blank = SEGMENTS.replace(",yes\n", ",\n").replace(",no\n", ",\n").replace(",unknown\n", ",\n")
    assert set(clearances(tmp_path, {table("coded_segments"): blank}).values()) == {"withheld"}


def test_a_changed_letter_voids_the_review(tmp_path: Path) -> None:
    changed = SEGMENTS.replace("she left the room.,independent", "he left the room.,independent")
    assert clearances(tmp_path, {table("coded_segments"): changed})["S01"] == "consented"


def test_a_withdrawal_from_the_analysis_takes_the_quotes_along(tmp_path: Path) -> None:
    withdrawn = spoilt(table("consent"), ("P01,analyse,yes,", "P01,analyse,yes,2024-04-02"))
    assert not {"S01", "S02"} & set(clearances(tmp_path, withdrawn))


def test_a_correction_can_take_a_quote_back(tmp_path: Path) -> None:
    header = "table,key,column,old,new,reason,corrected_by,corrected_on\n"
    refused = header + "coded_segments,S01,quote_consent,yes,no,x,dm,2024-05-01\n"
    assert clearances(tmp_path, {table("corrections"): refused})["S01"] == "withheld"


def test_without_reviews_nothing_is_reviewed(tmp_path: Path) -> None:
    for changed in ({table("quote_reviews"): None}, {table("quote_reviews"): REVIEWS.split("\n")[0] + "\n"}):
        assert "reviewed" not in clearances(tmp_path, changed).values()


def test_without_a_consent_table_the_words_decide(tmp_path: Path) -> None:
    found = clearances(tmp_path, {table("consent"): None})
    assert {name for name, clearance in found.items() if clearance == "withheld"} == {"S02", "S05", "S07"}


def test_consent_to_quote_without_consent_to_analyse_is_no_consent(tmp_path: Path) -> None:
    only = CONSENT.replace("P01,analyse,yes,\n", "")
    assert not {"S01", "S02"} & set(clearances(tmp_path, {table("consent"): only}))
