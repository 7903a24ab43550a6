"""The draft to write a results section from: sentences with their tables, marked places, the authors' own words."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from docx import Document
from docx.oxml.ns import qn
from hostile import HOSTILE
from whole_waves import whole
from word_reader import words_of

from analysis_lib.formatted import printable
from analysis_lib.payload import Payload
from analysis_lib.report.back_matter import back_matter
from analysis_lib.report.numbered import numbered_tables
from analysis_lib.report.results_draft import results_document
from analysis_lib.report.sections import numbers
from analysis_lib.sentences import sentences


def written(sections, cover, stamp) -> bytes:
    back = back_matter(sections, cover=cover, stamp=stamp)
    return results_document(
        sections, cover=cover, back=back, lines=["SYNTHETIC data."], foot="SYNTHETIC · study"
    )


@pytest.fixture(scope="module")
def report(example):
    """The first wave, without the closer looks that a draft does not hold."""
    return whole(example)


@pytest.fixture(scope="module")
def file(report) -> bytes:
    return written(*report)


@pytest.fixture(scope="module")
def document(file):
    return Document(io.BytesIO(file))


def of_style(document, *names: str) -> list[str]:
    return [words_of(p._p) for p in document.paragraphs if p.style.name in names]


def test_the_first_heading_of_each_section_says_what_a_results_section_says(document):
    assert of_style(document, "Heading 1")[:5] == [
        "Participants and Material",
        "Coding",
        "Themes by Outcome",
        "Themes in Numbers and in Words",
        "Ending Therapy",
    ]
    assert of_style(document, "Heading 1")[-3:] == ["Limits", "Method", "References"]


def test_a_sentence_names_the_table_that_its_numbers_stand_in(report, document):
    sections, _, _ = report
    parts = [part for section in sections for part in section.parts if isinstance(part, Payload)]
    said = next(p for p in parts if (p.shape, p.template) == ("sentences", "theme_contrasts"))
    first = sentences(said)[0]
    number = next(
        n for n, table in numbered_tables(sections)[2][1] for row in table.rows if row.anchor == first.anchor
    )
    text = f"{first.text.removesuffix('.')} ({number})."
    assert any(paragraph.startswith(text) for paragraph in of_style(document, "Normal"))


def test_a_reference_to_a_table_of_the_file_is_a_field_that_leads_there(document):
    body = document.element.body
    places = {mark.get(qn("w:name")): words_of_place(mark) for mark in body.iter(qn("w:bookmarkStart"))}
    fields = [f for f in body.iter(qn("w:fldSimple")) if f.get(qn("w:instr")).startswith(" REF ")]
    assert len(fields) > 10
    for field in fields:
        assert places[field.get(qn("w:instr")).split()[1]] == words_of(field)


def words_of_place(mark) -> str:
    """The text of a bookmark, which ends inside its paragraph."""
    text = ""
    for sibling in mark.itersiblings():
        if sibling.tag == qn("w:bookmarkEnd"):
            break
        text += words_of(sibling)
    return text


def test_every_numbered_thing_that_is_named_is_in_the_report(report, document):
    sections, _, _ = report
    known = set(numbers(sections).values())
    body = document.element.body
    shown = [words_of(f) for f in body.iter(qn("w:fldSimple")) if " REF " in f.get(qn("w:instr"))]
    assert set(shown) <= known


def test_figures_say_what_they_show_to_those_who_do_not_see_them(document):
    pictures = list(document.element.body.iter(qn("wp:docPr")))
    assert len(pictures) >= 5
    assert all(len(picture.get("descr")) > 40 for picture in pictures)
    assert len({picture.get("id") for picture in pictures}) == len(pictures)


def test_what_only_authors_can_write_is_a_marked_place(document):
    places = of_style(document, "Authors Place")
    assert len(places) >= 8
    assert all(place.startswith("[authors: ") and place.endswith("]") for place in places)


def test_what_the_authors_wrote_stands_as_theirs(report):
    sections, cover, stamp = report
    box = Payload(
        "prose",
        "author_notes",
        {},
        {"heading": "01 Wave intake", "text": "We *met* all of them.\n\n- one\n- two"},
    )
    sections = [replace(sections[0], parts=("Text.", box))]
    document = Document(io.BytesIO(written(sections, cover, stamp)))
    assert of_style(document, "Authors Text") == [
        "Authors’ text, from author_notes.md:", "We met all of them.", "• one", "• two",
    ]  # fmt: skip
    assert not any("01 Wave intake" in place for place in of_style(document, "Authors Place"))


@pytest.mark.parametrize("evil", HOSTILE)
def test_whatever_an_author_wrote_appears_as_text_and_the_file_opens(report, evil):
    _, cover, stamp = report
    sections = report[0]
    box = Payload(
        "prose", "author_notes", {}, {"heading": "01 Wave intake", "text": f"Before. {evil} After."}
    )
    document = Document(io.BytesIO(written([replace(sections[0], parts=("Text.", box))], cover, stamp)))
    said = " ".join(of_style(document, "Authors Text"))
    assert "Before." in said
    assert "After." in said
    assert "alert(1)" not in evil or "alert(1)" in said
    codes = [f.get(qn("w:instr")) for f in document.element.body.iter(qn("w:fldSimple"))]
    assert codes == []
    assert printable(said) == said


def test_invented_data_are_said_to_be_invented_at_the_top_and_on_every_page(document):
    assert "SYNTHETIC data." in [p.text for p in document.paragraphs[:4]]
    assert words_of(document.sections[0].footer._element).startswith("SYNTHETIC · study · page ")


def test_the_same_report_gives_the_same_bytes(report, file):
    assert written(*report) == file
