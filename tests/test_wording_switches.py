"""Every combination of tradition, timing, blinding and claim: the whole set of sentences of the example, linted."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest
from example_waves import Example

import analysis_lib as al
from analysis_lib.payload import Payload
from analysis_lib.sentences import limits, sentences
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of, views
from analysis_lib.wording import in_sentences, slips

TRADITIONS = ("codebook", "coding_reliability", "cqr", "reflexive")
TIMINGS = ("before_outcome", "after_outcome")
BLIND = (True, False)
CLAIMS = ("association", "prediction")
# Verbs between a theme and what became of people that no switch allows.
NEVER = re.compile(r"\b(experienced|caused|led to|protects|risk factor|no effect|no difference)\b")


@pytest.fixture(scope="module")
def said_of(examples, example_study) -> dict[bool, tuple[Payload, ...]]:
    """Payloads of all sentences of the third wave, and of the first under the reflexive tradition."""
    reflexive = Example(replace(example_study, tradition="reflexive"), "2024a")
    return {False: spoken(examples["2025a"]), True: spoken(reflexive)}


def spoken(example: Example) -> tuple[Payload, ...]:
    more = (al.coder_agreement(example.wave), al.saturation(example.matrix))
    made = (
        payload_of(r, v) for r in (*example.results, *more) for v in views(r) if v in ("sentences", "cover")
    )
    return tuple(made)


def worded(payloads, tradition, timing, blind, claim) -> list[str]:
    facts = {"tradition": tradition, "theme_timing": timing, "coders_blind_to_outcome": blind, "claim": claim}
    switched = [replace(payload, facts=dict(payload.facts) | facts) for payload in payloads]
    (cover,) = (payload for payload in switched if payload.template == "cover")
    beside = [payload for payload in switched if payload.shape == "sentences"]
    return [s.text for s in (*limits(cover, beside), *(s for payload in beside for s in sentences(payload)))]


@pytest.mark.parametrize(
    ("tradition", "timing", "blind", "claim"), list(product(TRADITIONS, TIMINGS, BLIND, CLAIMS))
)
def test_no_combination_of_settings_says_too_much(said_of, tradition, timing, blind, claim):
    found = worded(said_of[tradition == "reflexive"], tradition, timing, blind, claim)
    foretells = (timing, claim) == ("before_outcome", "prediction")
    assert len(found) > 10
    own = [re.sub("“[^”]*”", "“…”", text) for text in found]
    assert [slip for text in own for s in in_sentences(text) for slip in slips(s, foretells=foretells)] == []
    claimed = [text for text in own if "predicts" in text]
    assert bool(claimed) == (foretells and tradition != "reflexive")
    assert any("Coders were not blind" in text for text in found) != blind
    assert any("Accounts were given after" in text for text in found) == (timing == "after_outcome")
    assert not [text for text in own if NEVER.search(text) and not re.search(r"\b(cannot|not)\b", text)]


def test_themes_are_quoted_in_every_sentence_that_names_one(said_of, example_study):
    labels = [theme.label for theme in example_study.codebook if " " in theme.label]
    found = worded(said_of[False], "codebook", "after_outcome", False, "association")
    for label in labels:
        for text in found:
            assert text.count(label) == text.count(f"“{label}”"), text


def test_every_sentence_leads_to_a_row_that_a_table_has(examples):
    example = examples["2025a"]
    more = (al.coder_agreement(example.wave), al.saturation(example.matrix))
    payloads = [payload_of(r, v) for r in (*example.results, *more) for v in views(r)]
    rows = {
        row.anchor for payload in payloads if payload.shape == "table" for row in format_table(payload).rows
    }
    cover = next(payload for payload in payloads if payload.template == "cover")
    spoken_ = [payload for payload in payloads if payload.shape == "sentences"]
    found = [*limits(cover, spoken_), *(s for payload in spoken_ for s in sentences(payload))]
    linked = {s.anchor for s in found if s.anchor}
    assert len(linked) > 60
    assert linked <= rows


def test_only_known_tiers_and_marks_are_used(examples):
    known = {
        "clear",
        "clear but small",
        "tentative",
        "similar",
        "cannot tell",
        "withheld",
        "fact",
        "refusal",
        "limit",
    }
    kinds = {
        s.kind
        for payload in spoken(examples["2025a"])
        if payload.shape == "sentences"
        for s in sentences(payload)
    }
    assert kinds <= known
