"""Taguette's exported project: highlights by their bytes, each tag a coding, the untagged ones kept."""

from __future__ import annotations

import html
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_files import highlight_added, qualcoder, sample, taguette

from analysis_lib.errors import StudyError
from analysis_lib.importers.project import Project, Remark, Span
from analysis_lib.importers.taguette import read, recognises, text_of

# Text nodes: "Thé 🙂 heard" + "\n" + "a <b> & c". Bytes: heard 10-15 (T h é=2 blank 🙂=4 blank), "<b>" 18-21.
CONTENTS = "<p>Thé 🙂 heard</p>\n<p>a &lt;b&gt; &amp; c</p>"


def rows(**changed: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    """One document, two tags, one highlight with both."""
    tables: dict[str, list[dict[str, object]]] = {
        "documents": [{"id": 1, "name": "one", "description": "", "contents": CONTENTS}],
        "tags": [
            {"id": 1, "path": "alliance", "description": "bond"},
            {"id": 2, "path": "alliance.heard", "description": ""},
        ],
        "highlights": [highlight(1, 10, 15, "<p>heard</p>")],
        "highlight_tags": [{"highlight_id": 1, "tag_id": 2}, {"highlight_id": 1, "tag_id": 1}],
    }
    return tables | changed


def highlight(number: int, start: int, end: int, snippet: str, document: int = 1) -> dict[str, object]:
    return {
        "id": number,
        "document_id": document,
        "start_offset": start,
        "end_offset": end,
        "snippet": snippet,
    }


def said(project: Project, words: str) -> Remark:
    return next(remark for remark in project.remarks if words in remark.text)


def test_each_tag_of_a_highlight_is_a_coding_with_the_words_at_its_bytes(tmp_path):
    project = read(taguette(tmp_path, rows()))
    paths = {code.key: code.path for code in project.codes}
    assert [(paths[each.code], each.start, each.end, each.text) for each in project.codings] == [
        (("alliance",), 6, 11, "heard"),
        (("alliance", "heard"), 6, 11, "heard"),
    ]
    assert project.sources[0].text == "Thé 🙂 heard\na <b> & c"
    assert project.offsets[0].rule.startswith("UTF-8 bytes")
    assert (project.offsets[0].score, project.offsets[0].n) == (1.0, 1)
    assert project.unreconciled() == {}


def test_a_highlight_without_a_tag_is_kept_and_said(tmp_path):
    project = read(taguette(tmp_path, rows(highlight_tags=[])))
    assert project.codings == ()
    assert project.untagged == (Span("1", 6, 11),)
    assert (said(project, "without a tag").what, said(project, "without a tag").ids) == ("orphaned", ("1",))


@pytest.mark.parametrize(
    ("contents", "text"),
    [
        ("<p>one</p>\n<p>two</p>", "one\ntwo"),
        ("<p>one</p><p>two</p>", "onetwo"),
        ("<p>a&nbsp;b &amp;lt; &#128578;</p>", "a\u00a0b &lt; 🙂"),
        ('<p><a href="http://x/?a>b" title="c < d">link</a> on</p>', "link on"),
        ("<pre>\n\nas typed</pre>", "\nas typed"),
        ("<ul>\r\n<li>x</li>\r</ul>", "\nx\n"),
        ("line<br>break<br/>again", "linebreakagain"),
        ("no tag at all, 3 < 4", "no tag at all, 3 < 4"),
        ("", ""),
    ],
)
def test_text_is_what_stands_between_the_tags(contents, text):
    assert text_of(contents) == text


@pytest.mark.parametrize("hostile", ["<" * 400_000, '<"' * 200_000, "<a " * 150_000, '<a "' + "<" * 400_000])
def test_tags_that_never_close_cost_no_time(hostile):
    started = time.monotonic()
    text_of(hostile)
    assert time.monotonic() - started < 3


def test_nobody_is_the_coder_in_an_export_and_that_is_said(tmp_path):
    log = [highlight_added(1, "admin", "2026-11-22 00:01:16.074294")]
    project = read(taguette(tmp_path, rows(commands=log)))
    assert {(each.coder, each.coded_at) for each in project.codings} == {("", "2026-11-22T00:01:16.074294")}
    lost = said(project, "reliability")
    assert (lost.what, lost.n) == ("not carried", 2)


def test_a_log_of_several_users_names_the_last_one_and_still_gives_no_reliability(tmp_path):
    log = [highlight_added(1, "ann", "2026-01-01 00:00:00"), highlight_added(1, "bob", "2026-01-02 00:00:00")]
    log += [highlight_added(2, "ann", "2026-01-03 00:00:00")]
    both = [highlight(1, 10, 15, "heard"), highlight(2, 0, 4, "Thé")]
    given_tags = [{"highlight_id": 1, "tag_id": 1}, {"highlight_id": 2, "tag_id": 1}]
    project = read(taguette(tmp_path, rows(commands=log, highlights=both, highlight_tags=given_tags)))
    assert [each.coder for each in project.codings] == ["bob", "ann"]
    assert "reliability" in said(project, "last changed").text


def test_a_log_that_cannot_be_read_costs_dates_only(tmp_path):
    log = [{"payload": "{"}, {"payload": "[1]"}, {"payload": "[" * 50_000}, {"payload": None}]
    project = read(taguette(tmp_path, rows(commands=log)))
    assert said(project, "log").n == 4
    assert len(project.codings) == 2


def test_tags_of_nothing_and_highlights_of_nothing_are_counted(tmp_path):
    marks = [highlight(1, 10, 15, "heard"), highlight(2, 0, 1, "x", document=9)]
    given_tags = [
        {"highlight_id": 1, "tag_id": 1},
        {"highlight_id": 1, "tag_id": 1},
        {"highlight_id": 1, "tag_id": 9},
        {"highlight_id": 2, "tag_id": 1},
        {"highlight_id": 7, "tag_id": 1},
    ]
    project = read(taguette(tmp_path, rows(highlights=marks, highlight_tags=given_tags)))
    assert said(project, "twice").ids == ("1",)
    assert said(project, "tag that does not exist").ids == ("1",)
    assert said(project, "highlights or documents that do not exist").ids == ("2", "7")
    assert said(project, "Highlights of documents").ids == ("2",)
    assert project.unreconciled() == {}


@pytest.mark.parametrize(("start", "end"), [(10, 99), (15, 10), (7, 15)])
def test_a_place_that_cannot_be_keeps_the_stored_words(tmp_path, start, end):
    project = read(taguette(tmp_path, rows(highlights=[highlight(1, start, end, "<p>heard</p>")])))
    assert {(each.start, each.end, each.text) for each in project.codings} == {(None, None, "heard")}
    assert said(project, "outside the text").ids == ("1",)


def test_words_that_differ_from_the_stored_ones_are_said(tmp_path):
    project = read(taguette(tmp_path, rows(highlights=[highlight(1, 10, 15, "<p>seen</p>")])))
    assert {each.text for each in project.codings} == {"heard"}
    assert said(project, "differ").ids == ("1",)


def test_paragraphs_that_touch_are_said(tmp_path):
    touching = [{"id": 1, "name": "one", "description": "", "contents": "<p>Thé 🙂 heard</p><p>b</p>"}]
    assert said(read(taguette(tmp_path, rows(documents=touching))), "touch").ids == ("1",)


def test_the_description_of_a_document_is_a_variable(tmp_path):
    documents = [{"id": 1, "name": "one", "description": "wave=1", "contents": CONTENTS}]
    assert read(taguette(tmp_path, rows(documents=documents))).sources[0].variables == {
        "description": "wave=1"
    }


@pytest.mark.parametrize("n", [0, 2])
def test_a_database_with_several_projects_or_none_is_refused(tmp_path, n):
    path = taguette(tmp_path, rows(projects=[{"id": number} for number in range(1, n + 1)]))
    with pytest.raises(StudyError, match="M35"):
        read(path)


def test_databases_of_others_are_not_recognised(tmp_path):
    assert recognises(qualcoder(tmp_path, {})) == 0.0
    assert recognises(tmp_path / "missing.sqlite3") == 0.0


def test_remarks_hold_no_words_and_no_names_of_the_project(tmp_path):
    project = read(taguette(tmp_path, rows(highlights=[highlight(1, 10, 15, "<p>seen</p>")])))
    text = " ".join(remark.text + " ".join(remark.ids) for remark in project.remarks)
    for secret in ("heard", "seen", "alliance", "Thé"):
        assert secret not in text


PARAGRAPHS = st.lists(
    st.text(
        st.one_of(
            st.sampled_from('ab 🙂é\u0301\u05d0\u202e&<>"'),
            st.characters(codec="utf-8", categories=["L", "S", "P"]),
        ),
        min_size=1,
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(paragraphs=PARAGRAPHS, data=st.data())
def test_any_words_come_back_exactly(paragraphs, data):
    text = "\n".join(paragraphs)
    contents = "\n".join(f"<p>{html.escape(each, quote=False)}</p>" for each in paragraphs)
    marks, expected = [], []
    for number in range(1, data.draw(st.integers(2, 6))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        before, within = (len(part.encode()) for part in (text[:start], text[start:end]))
        marks.append(highlight(number, before, before + within, f"<p>{html.escape(text[start:end])}</p>"))
        expected.append((start, end, text[start:end]))
    with TemporaryDirectory() as folder:
        path = taguette(
            Path(folder),
            rows(
                documents=[{"id": 1, "name": "one", "contents": contents}],
                highlights=marks,
                highlight_tags=[{"highlight_id": each["id"], "tag_id": 1} for each in marks],
            ),
        )
        project = read(path)
        assert project == read(path)
    assert project.sources[0].text == text
    assert [(each.start, each.end, each.text) for each in project.codings] == expected
    assert project.unreconciled() == {}


def test_the_sample_has_twelve_highlights_one_of_them_untagged():
    project = read(sample("taguette/project.sqlite3"))
    assert project.found["highlights"] == 12
    assert len({each.origin for each in project.codings}) + len(project.untagged) == 12
    assert said(project, "without a tag").ids == ("12",)
    assert len(project.codings) == 12  # eleven highlights, the second with two tags
    assert [rule.score for rule in project.offsets] == [1.0, 1.0, 1.0]
    assert project.unreconciled() == {}


def test_the_sample_has_the_same_first_quote_at_the_same_place_as_qualcoders():
    first = read(sample("taguette/project.sqlite3")).codings[0]
    assert (first.start, first.end, first.text) == (91, 133, "I felt heard from the very first session 🙂")
    (span,) = read(sample("taguette/project.sqlite3")).untagged
    assert (span.start, span.end) == (291, 304)
