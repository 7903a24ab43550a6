"""The linter over rendered pages: no hit on any page of the example study, and a bad phrase of each class caught."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_waves import FEW
from notebook_pages import Notebook, executed, page_of

import analysis_lib as al
from analysis_lib import figures
from analysis_lib.codebook import Theme
from analysis_lib.payload import Payload
from analysis_lib.release import rules_for
from analysis_lib.report import pictures
from analysis_lib.report.language import lint_report, words_of
from analysis_lib.study import Study

PROFILES = [("coauthor", "exact"), ("public", "midpoint6"), ("internal", "exact")]
# A plain sentence of each class.
SEEDED = {
    "no difference": "There was no difference between the groups.",
    "no effect": "The theme had no effect.",
    "significant": "The difference is significant.",
    "trend towards": "There was a trend towards leaving.",
    "marginally": "The groups differ marginally.",
    "proves": "This proves that coldness matters.",
    "led to": "Coldness led to dropping out.",
    "predicts": "Coldness predicts dropping out.",
    "most": "It was said by most people in that group.",
    "38%": "The theme was coded for 38% in that group.",
    "odds ratio is 2.31": "The odds ratio is 2.31 for that theme.",
}


@pytest.fixture(scope="module")
def unpainted():
    """Pages without their pictures' paths, which hold no words and take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw", lambda payload: None)
        patch.setattr(figures, "as_png", lambda figure, **settings: b"")
        patch.setattr(pictures, "svg", lambda payload: "<svg xmlns='http://www.w3.org/2000/svg'/>")
        yield


@pytest.fixture(scope="module")
def study() -> Study:
    return replace(al.load_study(al.EXAMPLE_STUDY), n_permutations=FEW)


@pytest.fixture(scope="module")
def counted(unpainted: None, study: Study) -> list[Notebook]:
    """The third wave, which has every kind of result, in a tradition that counts."""
    return executed(study, "2025a")


@pytest.fixture(scope="module")
def reflexive(unpainted: None, study: Study) -> list[Notebook]:
    return executed(replace(study, tradition="reflexive"), "2025a")


def of_tradition(notebooks: list[Notebook], tradition: str, **facts: object) -> list[Notebook]:
    """The payloads of another tradition that counts: the same numbers, worded by other settings."""
    settings = {"tradition": tradition} | facts
    return [
        (
            number,
            title,
            tuple(
                replace(part, facts=dict(part.facts) | settings) if isinstance(part, Payload) else part
                for part in parts
            ),
        )
        for number, title, parts in notebooks
    ]


def page(notebooks: list[Notebook], study: Study, profile: str, counts: str) -> str:
    rules = rules_for(profile, replace(study.privacy, counts=counts), b"key")
    return page_of(notebooks, study, "2025a", rules)


@pytest.mark.parametrize(
    ("tradition", "profile", "counts"),
    [(tradition, *release) for tradition in ("codebook", "cqr", "reflexive") for release in PROFILES]
    + [("coding_reliability", "coauthor", "exact")],  # the words of codebook but for its name
)
def test_no_page_of_the_example_says_too_much(request, study, tradition, profile, counts):
    notebooks = request.getfixturevalue("reflexive" if tradition == "reflexive" else "counted")
    if tradition == "cqr":
        notebooks = of_tradition(notebooks, tradition, smallest_difference=0.3)
    elif tradition != "reflexive":
        notebooks = of_tradition(notebooks, tradition)
    html = page(notebooks, study, profile, counts)
    assert html.count("<li") > 30
    assert lint_report(html, theirs=words_of(study)) == ()


@pytest.fixture(scope="module")
def shared_page(unpainted, study: Study, counted: list[Notebook]) -> str:
    return page(counted, study, "coauthor", "exact")


@pytest.mark.parametrize("phrase", SEEDED)
def test_a_seeded_phrase_of_each_class_is_caught_on_a_real_page(study, shared_page, phrase):
    html = shared_page
    at = html.index("<p", html.index('id="section-03"'))
    spoilt = f"{html[:at]}<p>{SEEDED[phrase]}</p>{html[at:]}"
    found = lint_report(spoilt, theirs=words_of(study))
    (problem,) = set(found) - set(lint_report(html, theirs=words_of(study)))
    assert problem.phrase == phrase
    assert problem.where.startswith("main section-03")
    assert problem.sentence == SEEDED[phrase]
    assert problem.why
    assert problem.instead


# Who speaks


@pytest.mark.parametrize(
    "html",
    [
        "<blockquote><p>Most said that it led to no difference.</p></blockquote>",
        "<p>A person said “it led to no difference” there.</p>",
        "<p><q>It led to no difference.</q></p>",
        '<div class="authors"><p>This proves it.</p><p>Most agree.</p></div>',
        "<p>See <code>most_few</code> and <code>no difference</code>.</p>",
        "<p>The group <bdi>no difference at all</bdi> is large.</p>",
        "<script>var most = 'no difference'</script><style>/* most */</style>",
        '<section id="references"><ol><li>Most, A. What led to change.</li></ol></section>',
    ],
)
def test_words_of_others_are_passed_over(html):
    assert lint_report(html) == ()


def test_what_follows_a_quote_is_read_again():
    html = "<div><blockquote>Most said so.</blockquote><p>It led to change.</p></div>"
    assert [problem.phrase for problem in lint_report(html)] == ["led to"]


def test_a_list_inside_the_authors_text_ends_with_it():
    html = '<div class="authors"><ul><li>Most agree.</li></ul></div><p>Few agree.</p>'
    assert [problem.phrase for problem in lint_report(html)] == ["Few"]


@pytest.mark.parametrize(
    "label",
    ["Led to a significant change", "No difference made", "Most of what I needed", "Proves & protects <b>"],
)
def test_a_label_that_holds_such_words_is_passed_over_wherever_it_stands(study, label):
    codebook = replace(study.codebook, themes=(*study.codebook.themes, Theme("Z", label)))
    theirs = words_of(replace(study, codebook=codebook))
    shown = label.replace("&", "&amp;").replace("<", "&lt;")
    html = f'<table><tr><th scope="row">{shown}</th><td>x</td></tr></table><p>Of {shown} and others.</p>'
    assert lint_report(html, theirs=theirs) == ()
    assert [p.phrase for p in lint_report(f"{html}<p>It led to change.</p>", theirs=theirs)] == ["led to"]


def test_a_label_of_one_word_does_not_blind_the_page():
    assert [p.phrase for p in lint_report("<p>Most agree.</p>", theirs=["Most"])] == ["Most"]


def test_words_of_a_study_hold_labels_definitions_and_reasons(study):
    theirs = words_of(study)
    theme = study.codebook["A.unempathic"]
    assert {theme.label, theme.definition, study.title, study.setting, study.privacy.reason} <= set(theirs)


# How a page is read


def test_a_sentence_that_runs_over_inline_elements_is_one():
    html = '<p>There was <b>no</b> <span class="x">difference</span>.</p>'
    assert [problem.phrase for problem in lint_report(html)] == ["no difference"]


def test_two_cells_are_not_one_sentence():
    assert lint_report("<table><tr><td>no</td><td>difference</td></tr></table>") == ()


def test_a_base_in_another_sentence_does_not_count():
    (problem,) = lint_report("<p>It was coded for 38% of them. In all 37 people spoke.</p>")
    assert problem.phrase == "38%"


def test_a_cell_has_its_base_in_the_columns_beside():
    assert lint_report("<table><tr><td>14/37</td><td>38% [24, 54]</td></tr></table>") == ()


def test_what_is_read_aloud_is_read_too():
    (problem,) = lint_report('<figure id="f"><img alt="Most people stayed."></figure>')
    assert (problem.where, problem.phrase) == ("f img alt", "Most")


def test_entities_are_read_as_what_they_stand_for():
    assert [problem.phrase for problem in lint_report("<p>It was &#115;ignificant.</p>")] == ["significant"]


def test_where_a_study_foretells_predicts_is_free():
    html = "<p>Coldness predicts dropping out.</p>"
    assert len(lint_report(html)) == 1
    assert lint_report(html, foretells=True) == ()


@pytest.mark.parametrize(
    "html", ["", "plain text", "<p>unclosed", "</p></div>", "<!doctype html><!-- most -->"]
)
def test_a_page_that_is_hardly_one_is_read(html):
    assert lint_report(html) == ()
