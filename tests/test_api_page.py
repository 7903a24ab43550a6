"""The page of every function is what the docstrings say, complete, and opens without a network."""

from __future__ import annotations

import re

import api_page
import pytest

import analysis_lib as al

PAGE = api_page.PAGE


@pytest.fixture(scope="module")
def html() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_docstrings_say(html):
    assert html == api_page.page(), "run `make docs`"


def test_every_public_name_stands_on_it_once(html):
    places = re.findall(r'<section id="([^"]+)">', html)
    assert len(places) == len(set(places))
    named = {f"al.{name}" for name in al.__all__ if name != "stats"}
    functions = {
        f"al.stats.{name}" for name in al.stats.__all__ if not isinstance(getattr(al.stats, name), type)
    }
    assert named | functions <= set(places)
    assert {"ThemeCrosstab", "ExactTableTest", "Wave"} <= set(places)


def test_it_asks_for_nothing_and_runs_nothing(html):
    assert "default-src 'none'" in html
    assert not re.search(
        r"<(script|link|img|iframe|object)\b|\b(?:src|href)=\"(?!#)|url\(|@import| on\w+=", html
    )


def test_sections_of_a_docstring_are_tables_and_not_raw(html):
    assert not re.search(r"<p>[^<]*-{4,}", html)
    assert "``" not in html
    assert ":func:" not in html
    crosstab = html.partition('<section id="al.crosstab_themes">')[2].partition("</section>")[0]
    assert re.findall(r"<h4>(\w+)</h4>", crosstab) == ["Parameters", "Returns", "Raises", "Notes", "Examples"]
    assert re.search(r"<tr><td>reference<br>.*?</td><td><p>Group that the others are compared with", crosstab)


def test_text_of_a_docstring_is_never_markup():
    assert api_page._prose("a <b> & ``<i>``") == "<p>a &lt;b&gt; &amp; <code>&lt;i&gt;</code></p>"


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_cut_off_at_any_width(width):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        except playwright.Error:
            pytest.skip("Chromium is not installed here")
        page = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(PAGE.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert asked == [PAGE.as_uri()]
        browser.close()
