"""The words of the example study: in their documents, consented, reviewed, translated."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter, defaultdict

import pytest
from example_files import WAVES, Row, analysed_groups, read


def segment_texts(wave: str) -> dict[str, Row]:
    return {r["segment_id"]: r for r in read(wave, "coded_segments")}


@pytest.mark.parametrize("wave", WAVES)
def test_offsets_and_word_counts_fit_the_text_and_segments_do_not_overlap(wave: str) -> None:
    n_words = {d["document_id"]: int(d["n_words"]) for d in read(wave, "documents")}
    documents: dict[str, list[Row]] = defaultdict(list)
    for row in segment_texts(wave).values():
        assert int(row["end"]) - int(row["start"]) == len(row["text"])
        assert int(row["n_words"]) == len(row["text"].split())
        assert 8 <= int(row["n_words"]) <= 40
        documents[row["document_id"]].append(row)
    for document, rows in documents.items():
        spans = sorted((int(r["start"]), int(r["end"])) for r in rows)
        assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))
        assert sum(int(r["n_words"]) for r in rows) <= n_words[document]


@pytest.mark.parametrize("wave", WAVES)
def test_segment_says_the_same_in_every_row(wave: str) -> None:
    varying = {"code_id", "coder_id", "round", "coded_at", "memo"}
    first: dict[str, dict[str, str]] = {}
    for row in read(wave, "coded_segments"):
        fixed = {k: v for k, v in row.items() if k not in varying}
        assert first.setdefault(row["segment_id"], fixed) == fixed


@pytest.mark.parametrize("wave", WAVES)
def test_no_text_comes_more_than_three_times(wave: str) -> None:
    texts = Counter(row["text"] for row in segment_texts(wave).values())
    assert max(texts.values()) <= 3


def test_texts_hold_the_characters_that_need_escaping() -> None:
    texts = [row["text"] for row in segment_texts("2024a").values()]
    for character in "–“”’&<>🙂":
        assert any(character in text for text in texts), character
    assert any(text.startswith("=") for text in texts)
    assert any(text.startswith("-") for text in texts)


@pytest.mark.parametrize("wave", WAVES)
def test_reviews_fit_the_text_except_two_of_an_earlier_wording(wave: str) -> None:
    segments = segment_texts(wave)
    reviews = read(wave, "quote_reviews")
    stale = [
        r
        for r in reviews
        if r["text_sha256"] != hashlib.sha256(segments[r["segment_id"]]["text"].encode()).hexdigest()
    ]
    assert len(stale) == 2
    assert {r["decision"] for r in reviews} == {"release", "paraphrase", "withhold"}


@pytest.mark.parametrize("wave", WAVES)
def test_about_six_in_ten_passages_with_consent_were_reviewed(wave: str) -> None:
    raw = {r["segment_id"]: r for r in read(wave, "coded_segments", corrected=False)}
    consented = {s for s, row in raw.items() if row["quote_consent"] == "yes"}
    reviewed = {r["segment_id"] for r in read(wave, "quote_reviews")}
    assert reviewed <= consented
    assert 0.5 <= len(reviewed) / len(consented) <= 0.72


def test_flagged_passages_were_answered_by_the_reviewer() -> None:
    text = {s: row["text"] for s, row in segment_texts("2024a").items()}
    flags = {text[r["segment_id"]]: r["flags_answered"] for r in read("2024a", "quote_reviews")}
    dated = {flag for words, flag in flags.items() if re.search(r"\d{1,2} (March|June) 20\d\d", words)}
    assert dated == {"date"}
    assert (
        flags["My nan, who is 93, listened better than he did, and she takes her hearing aid out."] == "age"
    )


def test_most_themes_have_two_quotes_that_may_leave_in_most_groups() -> None:
    group = analysed_groups("2024a")
    refused = {
        r["participant_id"]
        for r in read("2024a", "consent")
        if r["scope"] == "quote" and (r["granted"] != "yes" or r["withdrawn_on"])
    }
    released = {
        (r["segment_id"], r["text_sha256"])
        for r in read("2024a", "quote_reviews")
        if r["decision"] == "release"
    }
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    quotes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in read("2024a", "coded_segments"):
        person, sha = row["participant_id"], hashlib.sha256(row["text"].encode()).hexdigest()
        if person not in group or group[person] == "not_stated":
            continue
        cell = (row["code_id"], group[person])
        people[cell].add(person)
        if row["quote_consent"] == "yes" and person not in refused and (row["segment_id"], sha) in released:
            quotes[cell].add(row["segment_id"])
    enough = [len(quotes[cell]) >= 2 for cell, who in people.items() if len(who) >= 2]
    assert sum(enough) / len(enough) >= 0.8


@pytest.mark.parametrize("wave", WAVES)
def test_consent_holds_withdrawals_and_every_kind_of_answer(wave: str) -> None:
    quote = [r for r in read(wave, "consent") if r["scope"] == "quote"]
    assert {r["granted"] for r in quote} == {"yes", "no", "unknown"}
    assert any(r["granted"] == "yes" and r["withdrawn_on"] for r in quote)


@pytest.mark.parametrize(("wave", "n"), [("2024a", 4), ("2024b", 2), ("2025a", 3)])
def test_every_correction_finds_its_old_value_in_the_raw_file(wave: str, n: int) -> None:
    corrections = read(wave, "corrections")
    assert len(corrections) == n
    for fix in corrections:
        key = "segment_id" if fix["table"] == "coded_segments" else "participant_id"
        rows = [r for r in read(wave, fix["table"], corrected=False) if r[key] == fix["key"]]
        assert {r[fix["column"]] for r in rows} == {fix["old"]}
        assert fix["new"] != fix["old"]
