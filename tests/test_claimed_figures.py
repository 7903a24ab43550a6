"""Figures of agreement that a coding program printed, held against what the same codings give."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from coded_twice import FIRST, SECOND, TEN, asked, claimed, given, made, placed, two_coders
from handmade import themes

from analysis_lib.reliability import coder_agreement
from analysis_lib.sentences import sentences
from analysis_lib.views import payload_of


def claim(value: float, statistic: str = "kappa", **more: str) -> pd.DataFrame:
    return pd.DataFrame([{"tool": "Program", "code_id": "cold", "statistic": statistic, "value": value,
                          "coders": None} | more])  # fmt: skip


def test_a_printed_figure_that_holds_is_the_same() -> None:
    kappa, percent = claimed(two_coders(), claim(0.58), claim(0.8, "percent_agreement"))
    assert kappa["recomputed"] == pytest.approx(0.28 / 0.48)
    assert kappa["reading"] == percent["reading"] == "the same"


def test_a_kappa_that_reads_blanks_as_absent_is_recognised() -> None:
    # Ten more people were coded by a alone, who gave five of them the code. Among all twenty: both 3, a 6, b 1,
    # neither 10, so agreement is .65, chance (9 * 4 + 11 * 16) / 400 = .53.
    more = [f"q{i}" for i in range(10)]
    wave = made(
        [asked(TEN, "a", "b"), asked(more, "a")],
        [given([*FIRST, *more[:5]], "a"), given(SECOND, "b")],
        people=[*TEN, *more],
    )
    (found,) = claimed(wave, claim(0.26))
    assert found["recomputed"] == pytest.approx(0.28 / 0.48)
    assert found["reading"].startswith("what reading blanks as absent gives")


def test_agreement_on_segments_is_recognised() -> None:
    # p0 has two segments; coders agree on the person, and on one of the two segments
    first = pd.concat([given(["p0"], "a"), given(["p0"], "a", segment_id="s2")])
    second = pd.concat([given(["p0"], "b"), given(["p0"], "b", "late", segment_id="s2")])
    wave = made(
        [asked(["p0", "p1"], "a", "b")], [first, second], people=["p0", "p1"], codebook=themes("cold", "late")
    )
    (found,) = claimed(wave, claim(0.5, "percent_agreement"))
    assert found["recomputed"] == 1
    assert found["reading"] == "what counting segments instead of people gives"


def test_the_kappa_of_qualcoder_is_recognised() -> None:
    # 100 characters each, 50 of them shared
    wave = made(
        [asked(TEN, "a", "b")],
        [placed("a", (0, 100)), placed("b", (50, 150)), given(TEN[1:3], "a", start=0, end=0)],
    )
    (found,) = claimed(wave, claim(0.299))
    assert found["reading"].startswith("the kappa of QualCoder")


def test_a_figure_that_nothing_gives_is_said_to_be_unknown() -> None:
    (found,) = claimed(two_coders(), claim(0.123))
    assert found["reading"].startswith("another unit or formula")


def test_a_figure_for_an_unknown_code_or_coder_has_nothing_to_compare() -> None:
    unknown, alone = claimed(two_coders(), claim(0.5, code_id="no.such"), claim(0.5, coders="a zed"))
    assert unknown["reading"] == alone["reading"] == "nothing to compare it with"


def test_a_figure_that_differs_is_said() -> None:
    wave = replace(two_coders(), claimed_agreement=claim(0.123))
    said = [s.text for s in sentences(payload_of(coder_agreement(wave), "sentences"))]
    assert any("Program prints a kappa of 0.12 for “Cold”" in text and "it is 0.58" in text for text in said)
