"""Does every released quote stand behind its number, with its context, and nothing else?"""

from __future__ import annotations

import pytest
from report_by_hand import STAMP, joint, quote_matrix, report, shares

from analysis_lib.payload import Payload
from analysis_lib.report.voices import Voices, voices


def said_by(found: Voices, name: str) -> list[str]:
    (person,) = [person for person in found.people if person.name == name]
    return [passage.words for passage in person.passages]


def test_each_cell_holds_its_quotes_in_order() -> None:
    heard, surface = voices(quote_matrix()).themes
    assert [[passage.words for passage in cell.passages] for cell in heard.cells] == [
        ["He listened.", "He asked.", "She remembered."],
        ["For once she heard me."],
    ]
    assert [len(cell.passages) for cell in surface.cells] == [3, 0]


def test_a_cell_says_how_many_have_the_theme_and_what_is_withheld() -> None:
    heard = voices(quote_matrix()).themes[0]
    assert [(cell.count, cell.withheld) for cell in heard.cells] == [
        ("42/92, 46%", "2 more segments withheld"),
        ("3/37, 8%", ""),
    ]
    assert voices(quote_matrix(n_withheld=None)).themes[0].cells[0].withheld == ""


def test_one_passage_under_two_themes_is_one_passage_with_two_themes() -> None:
    found = voices(quote_matrix())
    assert found.n_passages == 5  # three of K7, one of M2, one of P9
    first = found.people[0].passages[0]
    assert (first.words, [label for label, _ in first.themes]) == ("He listened.", ["Felt heard", "Surface"])


def test_what_a_person_said_keeps_the_order_of_every_theme() -> None:
    # Felt heard: listened, asked. Surface: listened, talked, asked. So talked stands between the two.
    assert said_by(voices(quote_matrix()), "K7") == ["He listened.", "We only talked.", "He asked."]


def test_orders_that_contradict_each_other_fall_back_to_that_of_the_rows() -> None:
    rows = [("A.heard", "helpful", "K7", words) for words in ("a", "b")]
    rows += [("G.surface", "helpful", "K7", words) for words in ("b", "a")]
    assert said_by(voices(quote_matrix(*rows)), "K7") == ["a", "b"]


def test_the_same_words_of_two_people_are_two_passages() -> None:
    found = voices(quote_matrix(("A.heard", "helpful", "K7", "Yes."), ("A.heard", "helpful", "M2", "Yes.")))
    assert found.n_passages == 2
    assert len(found.themes[0].cells[0].passages) == 2


def test_with_rounded_counts_quotes_are_not_joined_by_person() -> None:
    found = voices(quote_matrix(counts_rule="midpoint6"))
    assert found.people == ()
    assert not [p for theme in found.themes for cell in theme.cells for p in cell.passages if p.person]
    assert found.n_passages == 5  # different words
    assert not report(quote_matrix(counts_rule="midpoint6"), stamp=STAMP).by_class("person")


def test_a_theme_without_a_quote_is_named() -> None:
    found = voices(quote_matrix(("A.heard", "helpful", "K7", "Yes.")))
    assert [theme.label for theme in found.unquoted] == ["Surface"]


@pytest.mark.parametrize("first", [shares(), joint()])
def test_a_count_leads_to_the_quotes_behind_it(first: Payload) -> None:
    page = report(first, quote_matrix())
    cell = page.by_id("quotes-A-heard-helpful")
    assert [quote.text.strip() for quote in cell.all("blockquote")] == [
        "He listened.",
        "He asked.",
        "She remembered.",
    ]
    linked = [
        a for a in page.by_id("section-03").all("a") if a.attributes["href"] == "#quotes-A-heard-helpful"
    ]
    assert linked[0].text.strip() in ("42/92", "42/92, 46%")


def test_a_count_without_a_quote_behind_it_is_no_link() -> None:
    page = report(shares(), quote_matrix())
    links = [a.attributes["href"] for a in page.by_id("table-3-1").all("a")]
    assert links == ["#quotes-A-heard-helpful", "#quotes-A-heard-unhelpful", "#quotes-G-surface-helpful"]
    assert not report(shares()).by_id("table-3-1").all("a")


def test_a_quote_leads_to_its_person_and_back() -> None:
    page = report(quote_matrix())
    quote = page.by_id("quotes-A-heard-helpful").by_class("quote")[0]
    (link,) = quote.all("a")
    person = page.by_id((link.attributes["href"] or "")[1:])
    assert [q.text.strip() for q in person.all("blockquote")] == [
        "He listened.",
        "We only talked.",
        "He asked.",
    ]
    assert [a.attributes["href"] for a in person.all("a")[:2]] == [
        "#quotes-A-heard-helpful",
        "#quotes-G-surface-helpful",
    ]


def test_two_matrices_on_one_page_share_no_id() -> None:
    page = report(quote_matrix(), quote_matrix())
    ids = [e.attributes["id"] for e in page.inside if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def test_no_quote_at_all_is_no_error() -> None:
    empty = quote_matrix(("A.none", "helpful", "K7", "Of a theme that is not shown."))
    found = voices(empty)
    assert (found.cells, found.people, found.n_passages) == (frozenset(), (), 0)
    assert "Of a theme that is not shown." not in report(empty).text
