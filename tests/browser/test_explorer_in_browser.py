"""Looking around in Chromium: choose themes, click a number, read its words, take the code, run it; nothing is saved.

The notebook is opened as ``themewave lab`` opens it, on the synthetic example. What the browser shows is compared with
what the library says of the same choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.lab_session import PATIENCE, LabSession, OpenNotebook, until

import analysis_lib as al
from analysis_lib.display import Shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.runs]
WAVE, THEMES = "2024a", ("A", "A.unengaged", "A.unempathic")


@pytest.fixture(scope="module")
def book(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenNotebook]:
    out = tmp_path_factory.mktemp("lab")
    session = LabSession("--out", out, "--wave", WAVE, "--notebook", "00_explore")
    context = browser.new_context(
        viewport={"width": 1400, "height": 1000}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(PATIENCE * 1000)
    opened = OpenNotebook(context.new_page(), session, None, out / al.load_study(al.EXAMPLE_STUDY).name)
    opened.run_all()
    opened.page.wait_for_selector(".tw-explorer table")
    yield opened
    context.close()
    session.close()


def numbers(page: Page) -> dict[str, dict[str, str]]:
    """Theme -> group -> n/N, as the table in the browser shows them."""
    cells = page.locator(".tw-explorer td.tw-number").evaluate_all(
        "cells => cells.map(each => [each.dataset.theme, each.dataset.group, each.querySelector('button').textContent])"
    )
    found: dict[str, dict[str, str]] = {}
    for theme, group, text in cells:
        found.setdefault(theme, {})[group] = text
    return found


def of(seen: al.explore.Exploration) -> dict[str, dict[str, str]]:
    """The same from the library."""
    found: dict[str, dict[str, str]] = {}
    for row in seen.table.itertuples():
        found.setdefault(row.theme_id, {})[row.group] = f"{row.n_with_theme}/{row.n_total}"
    return found


def shows(page: Page, expected: dict[str, dict[str, str]]) -> None:
    until("the table shows what was chosen", lambda: numbers(page) == expected)


def test_choosing_reading_and_taking_the_code_along(book: OpenNotebook) -> None:
    page, wave = book.page, al.load_wave(al.EXAMPLE_STUDY, WAVE)
    shows(page, of(al.explore_themes(wave)))

    page.locator(".tw-explorer").get_by_label("Search themes").fill("negative")
    page.locator(".tw-explorer").get_by_role("button", name="None").click()
    shows(page, {})
    page.locator(".tw-themes label", has_text="Negative traits").locator("input").check()
    shows(page, of(al.explore_themes(wave, themes=THEMES)))

    page.locator(".tw-explorer").get_by_label("Groups").select_option("delivery_mode")
    seen = al.explore_themes(wave, by="delivery_mode", themes=THEMES)
    shows(page, of(seen))

    page.locator('td[data-theme="A.unempathic"][data-group="video"] button').click()
    expected = al.quotes_behind(seen, "A.unempathic", "video")
    cards = page.locator(".tw-quotes article")
    until("the words are there", lambda: cards.count() == min(len(expected), 25))
    assert page.locator(".tw-quotes blockquote").all_text_contents() == list(expected["text"][:25])
    assert [card.get_attribute("data-segment") for card in cards.all()] == list(expected["segment_id"][:25])

    page.get_by_role("button", name="Copy as code").click()
    code = page.evaluate("navigator.clipboard.readText()")
    assert code.splitlines()[1] == 'al.show(explored, "shares", "dots", "differences")'
    run_in_last_cell(book, code)
    saved = book.code_cells()[-1]
    assert "".join(saved["source"]) == code
    text = "".join(saved["outputs"][0]["data"]["text/plain"])
    shown = al.show(seen)
    assert isinstance(shown, Shown)
    assert text == shown.text
    assert numbers(page) == of(seen)


def run_in_last_cell(book: OpenNotebook, code: str) -> None:
    """Put code into the place of the last code cell's, run it, and have it saved."""
    editor = book.page.locator(".jp-CodeCell .cm-content").last
    editor.scroll_into_view_if_needed()
    editor.click()
    book.page.keyboard.press("Control+a")
    book.page.keyboard.insert_text(code)
    book.page.keyboard.press("Shift+Enter")
    before = book.code_cells()[-1]["execution_count"]

    def done() -> bool:
        book.save()
        return book.code_cells()[-1]["execution_count"] not in (None, before)

    until("the cell has run", done)


def test_two_groups_are_compared_alone(book: OpenNotebook) -> None:
    page, wave = book.page, al.load_wave(al.EXAMPLE_STUDY, WAVE)
    explorer = page.locator(".tw-explorer")
    explorer.get_by_label("Groups").select_option("outcome_group")
    until(
        "groups are those of the outcome",
        lambda: "Dropped out" in (explorer.locator("thead").text_content() or ""),
    )
    explorer.get_by_role("button", name="All", exact=True).click()
    shows(page, of(al.explore_themes(wave)))
    explorer.get_by_label("Compare").select_option("dropped_out")
    shows(page, of(al.explore_themes(wave, groups=["helpful", "dropped_out"])))
    assert "Points from Helpful" in (explorer.locator("thead").text_content() or "")


def test_people_can_be_narrowed_down(book: OpenNotebook) -> None:
    page, wave = book.page, al.load_wave(al.EXAMPLE_STUDY, WAVE)
    explorer = page.locator(".tw-explorer")
    explorer.get_by_label("Compare").select_option("")
    explorer.locator("summary", has_text=re.compile("^Delivery$")).click()
    explorer.get_by_label("Telephone").uncheck()
    shows(page, of(al.explore_themes(wave, where={"delivery_mode": ["in_person", "video"]})))
    assert "Only Delivery: In person, Video." in (explorer.text_content() or "")


def test_saving_saves_no_word_of_a_participant_even_where_the_state_of_widgets_is_to_be_saved(
    book: OpenNotebook,
) -> None:
    page = book.page
    page.locator('td[data-theme="A"][data-group="all"] button').click()
    page.locator(".tw-quotes article").first.wait_for()
    book.choose("Settings", "Save Widget State Automatically")
    until("the setting is kept", lambda: saves_state(book.lab))
    book.save()
    assert "widgets" not in book.saved()["metadata"]  # `themewave lab` takes it out, whatever the setting
    wave = al.load_wave(al.EXAMPLE_STUDY, WAVE)
    words = [text for text in wave.segments["text"].dropna() if len(text) > 20]
    kept = [path for path in Path(book.path.parents[1]).rglob("*") if path.is_file()]
    assert book.path in kept
    for path in kept:
        held = path.read_text(encoding="utf-8", errors="replace")
        assert not [text for text in words if text in held or text.replace("'", "\\u2019") in held], path.name


def saves_state(lab: LabSession) -> bool:
    return bool(
        lab.ask("lab/api/settings/@jupyter-widgets/jupyterlab-manager:plugin")["settings"].get("saveState")
    )


def test_no_request_leaves_the_machine_and_no_script_fails(book: OpenNotebook) -> None:
    assert (book.strangers, book.errors) == ([], [])
