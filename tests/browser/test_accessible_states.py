"""Does axe-core find nothing to complain of, on every page and in every state?

Reference: Deque, axe-core 4; WCAG 2.2.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FIND = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] });
  return found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.html.slice(0, 160)).join(' | ')}`);
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, as axe-playwright-python carries it."""
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def complaints(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    return page.evaluate(FIND)


def open_all(page: Page) -> None:
    page.get_by_role("button", name="Open every fold").click()


def filter_and_sort(page: Page) -> None:
    shares = page.locator(".table", has=page.locator("[data-base]"))
    shares.locator(".filter > summary").click()
    shares.get_by_role("searchbox").fill("empath")
    shares.get_by_role("checkbox").nth(1).uncheck()
    shares.locator("table:visible .sort").nth(2).click()


def show_mentions(page: Page) -> None:
    page.get_by_role("radio", name="mentions").check()


def open_dialog(page: Page) -> None:
    page.locator("td a[href^='#quotes-']").first.click()
    page.locator("dialog .whole-person").first.click()


STATES: dict[str, Callable[[Page], None]] = {
    "as it opens": lambda page: None,
    "filtered and sorted": filter_and_sort,
    "mentions": show_mentions,
    "dialog": open_dialog,
}


@pytest.mark.parametrize("state", STATES)
def test_no_state_of_a_report_breaks_a_rule(page: Page, example_report: Path, axe: str, state: str) -> None:
    page.goto(example_report.as_uri())
    STATES[state](page)
    assert complaints(page, axe) == []


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_no_rule_is_broken_with_everything_open(
    page: Page, reports: dict[str, Path], axe: str, wave: str
) -> None:
    page.goto(reports[wave].as_uri())
    open_all(page)
    assert complaints(page, axe) == []


def test_no_rule_is_broken_on_a_phone(page: Page, example_report: Path, axe: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(example_report.as_uri())
    assert complaints(page, axe) == []


def test_no_rule_is_broken_without_our_script(
    page: Page, example_report: Path, axe: str, tmp_path: Path
) -> None:
    html = example_report.read_text(encoding="utf-8")
    start, end = html.index("<script>"), html.index("</script>") + len("</script>")
    plain = tmp_path / "plain.html"
    plain.write_text(html[:start] + html[end:], encoding="utf-8")
    page.goto(plain.as_uri())
    assert page.locator("button").count() == 0
    assert complaints(page, axe) == []


def test_no_rule_is_broken_on_the_index(page: Page, example_index: Path, axe: str) -> None:
    page.goto(example_index.as_uri())
    assert complaints(page, axe) == []
