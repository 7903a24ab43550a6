"""Does a number lead to exactly the released quotes behind it, and a quote to its context and back?"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis_lib.payload import Payload
from analysis_lib.tables.themes import quotes_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def matrix(released: tuple[list, Payload, object]) -> Payload:
    """The released quotes of the first wave."""
    (found,) = [
        part
        for section in released[0]
        for part in section.parts
        if isinstance(part, Payload) and part.template == "quote_matrix"
    ]
    return found


def quotes_by_cell(matrix: Payload) -> dict[str, list[str]]:
    found = defaultdict(list)
    once = matrix.tables["quotes"].frame.drop_duplicates(["theme_id", "group", "participant", "quote"])
    for row in once.itertuples():
        found[quotes_of(row.theme_id, row.group)].append(row.quote)
    return found


def words(quotes: Locator) -> list[str]:
    """The quotes of a list, those of their contexts aside."""
    return [text.strip() for text in quotes.locator(":scope > .quote > blockquote").all_inner_texts()]


def open_first(page: Page) -> Locator:
    page.locator("td a[href^='#quotes-']").first.click()
    return page.get_by_role("dialog")


def test_every_cell_holds_exactly_its_released_quotes(
    page: Page, example_report: Path, matrix: Payload
) -> None:
    page.goto(example_report.as_uri())
    shown = page.eval_on_selector_all(
        ".voices .cell",
        "all => all.map(cell => [cell.id, [...cell.querySelectorAll('blockquote')].map(e => e.textContent.trim())])",
    )
    released = quotes_by_cell(matrix)
    assert {cell: quotes for cell, quotes in shown if quotes} == released
    assert len(released) > 20


def test_every_linked_count_opens_its_own_quotes(page: Page, example_report: Path, matrix: Payload) -> None:
    page.goto(example_report.as_uri())
    released = quotes_by_cell(matrix)
    links = page.locator(".base:visible td a[href^='#quotes-']")
    assert links.count() > 20
    for i in range(0, links.count(), 9):
        cell = (links.nth(i).get_attribute("href") or "")[1:]
        links.nth(i).click()
        dialog = page.get_by_role("dialog")
        assert words(dialog.locator(":scope > .quotes")) == released[cell]
        page.keyboard.press("Escape")


def test_no_quote_stands_on_the_page_that_was_not_released(
    page: Page, example_report: Path, released: tuple[list, Payload, object]
) -> None:
    page.goto(example_report.as_uri())
    let_out = {
        str(row[i]).strip()
        for section in released[0]
        for part in section.parts
        if isinstance(part, Payload)
        for table in part.tables.values()
        for i, (_, kind) in enumerate(table.columns)
        if kind == "quote"
        for row in table.rows
    }
    shown = page.eval_on_selector_all("blockquote", "all => all.map(e => e.textContent.trim())")
    assert shown
    assert set(shown) <= let_out


def test_the_context_of_a_quote_is_everything_released_of_the_same_person(
    page: Page, example_report: Path, matrix: Payload
) -> None:
    page.goto(example_report.as_uri())
    dialog = open_first(page)
    toggle = dialog.locator(".whole-person").first
    name = toggle.locator("bdi").inner_text()
    assert toggle.get_attribute("aria-expanded") == "false"
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "true"
    context = dialog.locator(f"#{toggle.get_attribute('aria-controls')}")
    frame = matrix.tables["quotes"].frame
    assert set(words(context.locator("ol"))) == set(frame.loc[frame["participant"] == name, "quote"])
    here = context.locator("[aria-current=true] > blockquote").inner_text()
    assert here == toggle.locator("xpath=ancestor::li[1]").locator(":scope > blockquote").inner_text()
    toggle.click()
    assert not context.is_visible()


def test_a_theme_of_the_context_leads_on_and_another_group_is_one_button_away(
    page: Page, example_report: Path
) -> None:
    page.goto(example_report.as_uri())
    dialog = open_first(page)
    first = dialog.get_by_role("heading").inner_text()
    dialog.locator("[aria-pressed=false]").first.click()
    second = dialog.get_by_role("heading").inner_text()
    assert second != first
    assert second.split(":")[0] == first.split(":")[0]
    dialog.locator(".whole-person").first.click()
    dialog.locator(".context:visible .carries a").last.click()
    assert dialog.get_by_role("heading").inner_text() != second
    assert page.evaluate("document.activeElement.id") == "dialog-title"


def test_keys_open_the_dialog_walk_in_it_and_close_it(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    link = page.locator("td a[href^='#quotes-']").first
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    assert dialog.is_visible()
    reached = set()
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent"))
        inside = (
            "['DIALOG', 'BODY'].includes((e => (e.closest('dialog') ?? e).tagName)(document.activeElement))"
        )
        assert page.evaluate(inside)
    assert "Close" in reached
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert link.evaluate("e => e === document.activeElement")


def test_the_close_button_gives_the_focus_back(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    dialog = open_first(page)
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("#quotes-")


def test_the_joint_display_leads_to_the_same_quotes(
    page: Page, example_report: Path, matrix: Payload
) -> None:
    page.goto(example_report.as_uri())
    link = page.locator(".joint a.behind").first
    cell = (link.get_attribute("href") or "")[1:]
    link.click()
    assert words(page.get_by_role("dialog").locator(":scope > .quotes")) == quotes_by_cell(matrix)[cell]


def test_without_a_script_a_count_leads_to_its_quotes(plain_page: Page, example_report: Path) -> None:
    plain_page.goto(example_report.as_uri())
    link = plain_page.locator("td a[href^='#quotes-']").first
    cell = (link.get_attribute("href") or "")[1:]
    link.click()
    assert plain_page.locator(f"#{cell} blockquote").first.is_visible()
    plain_page.locator(f"#{cell} .who a").first.click()
    assert plain_page.locator(".person:target blockquote").first.is_visible()


def test_the_dialog_fits_a_phone(page: Page, example_report: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(example_report.as_uri())
    box = open_first(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert page.evaluate(
        "document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth"
    )
