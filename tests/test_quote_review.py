"""A reviewer's decisions: what is asked, what is written, and that no notebook keeps a word of it."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tiny_study import CANARY, REVIEWS, SEGMENTS, WORDS, spoilt, table, write_study

from analysis_lib.errors import StudyError
from analysis_lib.quote_checks import fingerprint
from analysis_lib.quote_review import QuotesToReview, quotes_to_review, write_reviews
from analysis_lib.quotes import clear_quotes
from analysis_lib.review_form import as_html, marked, review_quotes, review_state
from analysis_lib.schema import EXAMPLE_STUDY
from analysis_lib.wave import load_wave

DAY = date(2024, 6, 1)
OFTEN = f"{WORDS} Often."  # S03, the one that consent allows and nobody has decided on
FLAGGED = spoilt(table("coded_segments"), (f"{WORDS} Often.", f"{WORDS} Dr Patel rang on 14 March 2023."))


def waiting(study: Path) -> QuotesToReview:
    return quotes_to_review(load_wave(study, "w1"))


def clearance(study: Path, segment: str = "S03") -> str:
    found = clear_quotes(load_wave(study, "w1")).set_index("segment_id")
    return str(found.at[segment, "clearance"])


def reviews(study: Path) -> list[str]:
    return (study / table("quote_reviews")).read_text(encoding="utf-8").splitlines()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


@pytest.fixture
def flagged(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", FLAGGED)


# What is asked


def test_only_what_consent_allows_and_nobody_has_settled_is_asked(study: Path) -> None:
    assert list(waiting(study).table["segment_id"]) == ["S03"]


def test_every_segment_is_in_one_state(study: Path) -> None:
    counts = waiting(study).counts
    assert int(counts["n"].sum()) == 8
    assert dict(zip(counts["state"], counts["n"], strict=True))["reviewed, may leave"] == 1


def test_what_is_asked_stands_with_its_person_group_and_theme(study: Path) -> None:
    row = waiting(study).table.iloc[0]
    assert (row["participant_id"], row["group"], row["text"], row["why"]) == (
        "P02",
        "Helpful",
        OFTEN,
        "not reviewed",
    )


def test_passages_beside_it_in_the_same_document_are_its_context(tmp_path: Path) -> None:
    more = SEGMENTS + f"S10,P02,B.skills,c1,D02,50,60,{WORDS} Next.,independent,,no\n"
    row = waiting(write_study(tmp_path, {table("coded_segments"): more})).table.iloc[0]
    assert pd.isna(row["before"])
    assert row["after"] == f"{WORDS} Next."


def test_a_released_quote_with_an_unanswered_flag_is_asked_again(tmp_path: Path) -> None:
    text = f"{WORDS} Dr Patel rang on 14 March 2023."
    released = REVIEWS + f"S03,{fingerprint(text)},release,r1,2024-05-02\n"
    asked = waiting(write_study(tmp_path, {**FLAGGED, table("quote_reviews"): released})).table.iloc[0]
    assert (asked["segment_id"], asked["to_answer"]) == ("S03", "date name")


# What is written


def test_a_decision_is_a_row_behind_the_others_and_counts(study: Path) -> None:
    before = reviews(study)
    assert write_reviews(waiting(study), {"S03": "release"}, reviewer="AB", reviewed_on=DAY) == 1
    head, *rows = reviews(study)
    assert head == "segment_id,text_sha256,decision,reviewer,reviewed_on"
    assert rows[: len(before) - 1] == before[1:]
    assert rows[-1] == f"S03,{fingerprint(OFTEN)},release,AB,2024-06-01"
    assert clearance(study) == "reviewed"
    assert not len(waiting(study).table)


def test_no_decision_writes_nothing(study: Path) -> None:
    before = (study / table("quote_reviews")).read_bytes()
    assert write_reviews(waiting(study), {}, reviewer="AB") == 0
    assert (study / table("quote_reviews")).read_bytes() == before


@pytest.mark.parametrize("decision", ["withhold", "paraphrase"])
def test_a_decision_against_the_words_keeps_them(study: Path, decision: str) -> None:
    write_reviews(waiting(study), {"S03": decision}, reviewer="AB", reviewed_on=DAY)
    assert clearance(study) == "withheld"


def test_the_first_decision_makes_the_file_for_its_owner_alone(tmp_path: Path) -> None:
    study = write_study(tmp_path, {table("quote_reviews"): None})
    path = study / table("quote_reviews")
    path.unlink(missing_ok=True)
    decided = dict.fromkeys(waiting(study).table["segment_id"], "withhold")
    assert write_reviews(waiting(study), decided, reviewer="AB", reviewed_on=DAY) == len(decided) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(reviews(study)) == 4


@pytest.mark.parametrize(
    "before",
    [
        REVIEWS.replace("\n", "\r\n"),
        "\ufeff" + REVIEWS,
        REVIEWS.replace(",", ";"),
        REVIEWS.rstrip("\n"),
        REVIEWS.replace("segment_id,", "note,segment_id,").replace("\nS", '\n"a, b\nc",S'),
    ],
)
def test_what_stood_there_stands_there_still_to_the_byte(tmp_path: Path, before: str) -> None:
    study = write_study(tmp_path, {table("quote_reviews"): before.encode("utf-8")})
    write_reviews(waiting(study), {"S03": "release"}, reviewer="AB", reviewed_on=DAY)
    assert (study / table("quote_reviews")).read_bytes().startswith(before.encode("utf-8"))
    assert clearance(study) == "reviewed"
    assert clearance(study, "S01") == "reviewed"


def test_an_answer_brings_its_column_and_keeps_every_row(flagged: Path) -> None:
    write_reviews(
        waiting(flagged),
        {"S03": "release"},
        reviewer="AB",
        answered={"S03": ["name", "date"]},
        reviewed_on=DAY,
    )
    assert reviews(flagged)[0].endswith(",reviewed_on,flags_answered")
    assert reviews(flagged)[-1].endswith(",release,AB,2024-06-01,date name")
    assert clearance(flagged) == "reviewed"
    assert clearance(flagged, "S01") == "reviewed"


def test_words_that_were_edited_after_they_were_shown_are_not_released(study: Path) -> None:
    shown = waiting(study)
    write_study(study, spoilt(table("coded_segments"), (f"{WORDS} Often.", f"{WORDS} Rarely.")))
    write_reviews(shown, {"S03": "release"}, reviewer="AB", reviewed_on=DAY)
    assert clearance(study) == "consented"


def test_two_reviewers_lose_no_row_of_each_other(study: Path) -> None:
    one, other = waiting(study), waiting(study)
    write_reviews(one, {"S03": "release"}, reviewer="AB", reviewed_on=DAY)
    write_reviews(other, {"S03": "withhold"}, reviewer="CD", reviewed_on=DAY)
    assert [row.split(",")[3] for row in reviews(study)[-2:]] == ["AB", "CD"]
    assert clearance(study) == "withheld"


def test_the_same_decision_twice_is_one_row(study: Path) -> None:
    shown = waiting(study)
    for _ in range(2):
        write_reviews(shown, {"S03": "release"}, reviewer="AB", reviewed_on=DAY)
    assert sum(row.startswith("S03,") for row in reviews(study)) == 1
    assert clearance(study) == "reviewed"


# What is refused


def refused(found: QuotesToReview, *decided: object, **more: object) -> str:
    study = found.wave.study.folder
    before = (study / table("quote_reviews")).read_bytes()
    with pytest.raises(StudyError) as caught:
        write_reviews(found, *decided, **{"reviewer": "AB", **more})  # type: ignore[arg-type]
    assert (study / table("quote_reviews")).read_bytes() == before
    assert CANARY not in str(caught.value)
    return caught.value.findings[0].code


def test_a_segment_that_was_not_shown_is_not_decided_on(study: Path) -> None:
    assert refused(waiting(study), {"S02": "release"}) == "Q01"  # S02 refuses to be quoted


def test_a_decision_is_one_of_three(study: Path) -> None:
    assert refused(waiting(study), {"S03": "=cmd()"}) == "Q02"


def test_only_flags_are_answered(study: Path) -> None:
    assert refused(waiting(study), {"S03": "release"}, answered={"S03": ["=1+1"]}) == "Q03"


@pytest.mark.parametrize("answered", [{}, {"S03": ["date"]}])
def test_a_release_answers_every_flag(flagged: Path, answered: dict[str, list[str]]) -> None:
    assert refused(waiting(flagged), {"S03": "release"}, answered=answered) == "Q04"


@pytest.mark.parametrize("reviewer", ["", " ", "=cmd()", "-1", "+1", "@x", "A B", "x" * 33])
def test_a_decision_is_signed_with_something_that_no_spreadsheet_computes(study: Path, reviewer: str) -> None:
    assert refused(waiting(study), {"S03": "release"}, reviewer=reviewer) == "Q05"


def test_reviews_in_another_format_are_left_alone(study: Path) -> None:
    found = waiting(study)
    path = study / table("quote_reviews")
    path.rename(path.with_suffix(".parquet"))
    with pytest.raises(StudyError) as caught:
        write_reviews(found, {"S03": "release"}, reviewer="AB")
    assert caught.value.findings[0].code == "Q06"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a,b\n1,2\n", b"segment_id\x00,text_sha256,decision\n"]
)
def test_a_file_that_cannot_be_added_to_is_left_alone(study: Path, content: bytes) -> None:
    found = waiting(study)
    (study / table("quote_reviews")).write_bytes(content)
    assert refused(found, {"S03": "release"}) == "Q07"


# The form


def test_the_output_of_the_form_holds_a_number_and_no_word(study: Path) -> None:
    bundle = review_quotes(load_wave(study, "w1"), "AB")._repr_mimebundle_()
    assert CANARY not in json.dumps(bundle)
    assert (
        bundle["text/plain"]
        == "1 quote waits for a decision in wave w1. No quote is saved with this notebook."
    )


def test_the_state_of_a_wave_holds_no_word(study: Path) -> None:
    state = review_state(load_wave(study, "w1"))
    assert CANARY not in state.to_html()
    assert state["state"].iloc[0] == "reviewed, may leave"


def test_the_committed_notebook_holds_no_widget_and_no_quote() -> None:
    path = Path(__file__).resolve().parents[1] / "notebooks" / "00_review_quotes.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in book["metadata"]
    outputs = json.dumps([cell["outputs"] for cell in book["cells"] if cell["cell_type"] == "code"])
    assert "widget-view" not in outputs
    assert "“" not in outputs
    texts = load_wave(EXAMPLE_STUDY, "2024a").segments["text"].dropna().unique()
    assert not [text for text in texts if json.dumps(text)[1:-1] in outputs]


def test_a_click_writes_what_was_decided_and_shows_the_next(flagged: Path) -> None:
    form = review_quotes(load_wave(flagged, "w1"), "AB")
    (row,) = form._page
    row._decision.value = "release"
    form.write()
    assert "was not answered" in form._said.value
    for box in row._flags.values():
        box.value = True
    form.write()
    assert "1 written." in form._said.value
    assert form._page == []
    assert clearance(flagged) == "reviewed"


def test_words_are_shown_as_text_with_what_is_marked() -> None:
    text = "<img src=x onerror=1> Dr Patel & 14 March 2023"
    assert marked(text) == (
        '&lt;img src=x onerror=1&gt; <mark title="a name with its title">Dr Patel</mark> &amp; '
        '<mark title="a date">14 March 2023</mark>'
    )


def test_nothing_that_a_row_holds_becomes_markup() -> None:
    evil = "<b>x</b>"
    row = dict.fromkeys(
        (
            "segment_id",
            "participant_id",
            "group",
            "themes",
            "before",
            "text",
            "after",
            "text_original",
            "why",
        ),
        evil,
    )
    assert "<b>x" not in as_html(row)
