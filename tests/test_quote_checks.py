"""What the check of a study says of reviews, flags and withdrawals, and that it never repeats a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_study import CANARY, CONSENT, FILES, REVIEWS, STUDY, WORDS, spoilt, table, write_study

from analysis_lib.errors import Finding
from analysis_lib.quote_checks import fingerprint
from analysis_lib.wave import check_study

FLAGGED = f"{WORDS} Dr Patel rang."
OF_FLAGGED = spoilt(table("coded_segments"), (f"{WORDS} Often.", FLAGGED))
HEAD = "segment_id,text_sha256,decision,flags_answered,reviewer,reviewed_on\n"
CONSENTED = STUDY + "privacy: {quotes: consented, reason: agreed with the ethics board}\n"


def said(folder: Path, *codes: str) -> list[Finding]:
    findings = check_study(folder)
    assert not [finding for finding in findings if CANARY in str(finding) or "Patel" in str(finding)]
    return [finding for finding in findings if finding.code in codes]


def review(answered: str, decision: str = "release", text: str = FLAGGED) -> dict[str, str | bytes | None]:
    return {
        **OF_FLAGGED,
        table("quote_reviews"): f"{HEAD}S03,{fingerprint(text)},{decision},{answered},r1,2024-05-02\n",
    }


def test_a_release_that_leaves_a_flag_open_is_named_with_its_line(tmp_path: Path) -> None:
    (found,) = said(write_study(tmp_path, review("")), "X28")
    assert (found.level, found.file, found.line, found.column) == (
        "warn", "waves/w1/quote_reviews.csv", 2, "flags_answered",
    )  # fmt: skip


def test_a_release_that_answers_its_flags_is_in_order(tmp_path: Path) -> None:
    assert said(write_study(tmp_path, review("name")), "X28", "X29") == []


def test_an_answer_to_earlier_words_is_none_to_these(tmp_path: Path) -> None:
    rows = review("")
    rows[table("quote_reviews")] += f"S03,{fingerprint('Dr Patel.')},release,name,r1,2024-05-01\n"
    (found,) = said(write_study(tmp_path, rows), "X28")
    assert found.line == 2


def test_words_that_stay_need_no_answer(tmp_path: Path) -> None:
    assert said(write_study(tmp_path, review("", "withhold")), "X28") == []


@pytest.mark.parametrize("answered", ["name;date", "nmae", "Name"])
def test_an_answer_that_is_no_flag_is_named_and_answers_nothing(tmp_path: Path, answered: str) -> None:
    found = said(write_study(tmp_path, review(answered)), "X28", "X29")
    assert sorted(finding.code for finding in found) == ["X28", "X29"]
    assert "email, url, handle" in str(found[-1].allowed)


def test_where_consent_alone_is_enough_flagged_words_need_a_review(tmp_path: Path) -> None:
    (found,) = said(write_study(tmp_path, {**OF_FLAGGED, "study.yaml": CONSENTED}), "X28")
    assert (found.file, found.line, found.column) == ("waves/w1/coded_segments.csv", 5, "text")


def test_where_a_review_is_needed_anyway_flagged_words_without_one_are_no_remark(tmp_path: Path) -> None:
    assert said(write_study(tmp_path, OF_FLAGGED), "X28") == []


def test_earlier_words_that_were_read_again_are_no_remark(tmp_path: Path) -> None:
    log = f"{REVIEWS}S01,{fingerprint('Earlier words.')},release,r1,2024-05-01\n"
    assert said(write_study(tmp_path / "log", {table("quote_reviews"): log}), "X11") == []
    alone = f"{HEAD}S01,{fingerprint('Earlier words.')},release,,r1,2024-05-01\n"
    (found,) = said(write_study(tmp_path / "alone", {table("quote_reviews"): alone}), "X11")
    assert found.line == 2


# The authors' notes


NOTE = "## 04 Joint display\n\nOne person put it so:\n{}\n"


def notes(folder: Path, said_there: str, **changed: str) -> list[int | None]:
    files = {"waves/w1/author_notes.md": NOTE.format(said_there)}
    return [finding.line for finding in said(write_study(folder, files | changed), "X31")]


def test_notes_that_repeat_words_nobody_has_released_are_named_with_their_line(tmp_path: Path) -> None:
    withheld = f"{WORDS} Daily."  # S07, which the reviewer withheld
    assert notes(tmp_path, withheld) == [4]
    # ten words: eight in a row begin with each of the first three, which stand on lines of their own
    assert notes(tmp_path, withheld.upper().replace(" ", "\n> *", 3)) == [4, 5, 6]


def test_notes_may_repeat_released_words_and_use_their_own(tmp_path: Path) -> None:
    only = FILES[table("coded_segments")].split("S02")[0]  # S01, which is released
    files = {table("coded_segments"): only, table("quote_reviews"): REVIEWS.split("S07")[0]}
    assert notes(tmp_path, WORDS, **files) == []
    assert notes(tmp_path, "A bird stopped singing when somebody left.") == []


# A panel's people withdraw as people


PANEL = STUDY.replace("waves: [w1]", "waves: [w1, w2]\nrepeated: panel")
SECOND = {
    name.replace("waves/w1", "waves/w2"): content
    for name, content in FILES.items()
    if name.startswith("waves/w1")
}


def panel(tmp_path: Path, consent: str, second: str = CONSENT) -> list[Finding]:
    files = {**SECOND, "study.yaml": PANEL, table("consent"): consent, "waves/w2/consent.csv": second}
    return said(write_study(tmp_path, files), "X30")


def test_what_a_person_withdrew_in_a_later_wave_cannot_stand_in_an_earlier_one(tmp_path: Path) -> None:
    (found,) = panel(tmp_path, CONSENT, CONSENT.replace("P01,quote,yes,", "P01,quote,yes,2024-06-01"))
    line = CONSENT.splitlines().index("P01,quote,yes,") + 1
    assert (found.level, found.file, found.line) == ("stop", "waves/w1/consent.csv", line)


def test_a_refusal_of_the_later_wave_alone_leaves_the_earlier_one(tmp_path: Path) -> None:
    assert panel(tmp_path, CONSENT, CONSENT.replace("P01,quote,yes,", "P01,quote,no,")) == []


def test_a_withdrawal_that_stands_in_both_waves_is_in_order(tmp_path: Path) -> None:
    gone = CONSENT.replace("P01,quote,yes,", "P01,quote,yes,2024-06-01")
    assert panel(tmp_path, gone, gone) == []


def test_other_people_of_an_independent_wave_withdraw_for_themselves(tmp_path: Path) -> None:
    gone = CONSENT.replace("P01,quote,yes,", "P01,quote,yes,2024-06-01")
    files = {**SECOND, "study.yaml": PANEL.replace("panel", "independent"), "waves/w2/consent.csv": gone}
    assert said(write_study(tmp_path, files), "X30") == []
