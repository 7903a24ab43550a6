"""Does the report print on A4 without cutting anything, and without the closer looks that are folded away?"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

A4 = (594.96, 841.92)  # points
PRINTED_WIDTH = 665  # CSS pixels between the margins of A4
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


@pytest.fixture
def on_paper(page: Page, example_report: Path) -> Page:
    page.set_viewport_size({"width": PRINTED_WIDTH, "height": 900})
    page.emulate_media(media="print")
    page.goto(example_report.as_uri())
    return page


def pages_of(pdf: Path) -> list[list[tuple[str, float, float]]]:
    """Words with top and bottom, page by page, as poppler reads them."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is not installed: apt-get install poppler-utils")
    found = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True)
    text = found.stdout.decode("utf-8").replace("\x00", "")
    root = ElementTree.fromstring(re.sub(r"<title>.*?</title>|<meta[^>]*/>", "", text))
    space = "{http://www.w3.org/1999/xhtml}"
    return [
        [(word.text or "", float(word.get("yMin") or 0), float(word.get("yMax") or 0)) for word in one]
        for one in root.iter(f"{space}page")
    ]


def test_it_prints_on_a4_with_running_page_numbers(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert len(sizes) > 5
    for width, height in sizes:
        assert (float(width), float(height)) == pytest.approx(A4, abs=1)


@pytest.mark.parametrize("opened", [False, True])
def test_on_paper_nothing_is_cut_off(on_paper: Page, opened: bool) -> None:
    if opened:
        on_paper.evaluate(OPEN_ALL)
    widths = on_paper.eval_on_selector_all(
        "table, img, .joint, .quotes", "all => all.map(e => e.getBoundingClientRect().right)"
    )
    assert max(widths) <= PRINTED_WIDTH + 1


def test_folded_findings_are_printed_and_closer_looks_are_named_instead(on_paper: Page) -> None:
    folded = on_paper.locator(".run details li")
    assert folded.count() > 0
    assert folded.evaluate_all("all => all.every(e => e.checkVisibility())")
    closer = on_paper.locator("details.closer:not(.voices)")
    assert closer.count() > 1
    assert not closer.locator("table").first.is_visible()
    named = closer.first.locator("summary").first
    assert named.is_visible()
    before = named.evaluate("e => getComputedStyle(e, '::before').content")
    assert before == '"Not printed: "'


def test_a_closer_look_that_is_open_is_printed(on_paper: Page) -> None:
    closer = on_paper.locator("details.closer:not(.voices)").first
    closer.evaluate("e => { e.open = true; }")
    assert closer.locator("table").first.is_visible()
    assert not closer.locator("summary").first.is_visible()


def test_no_control_is_printed(on_paper: Page) -> None:
    for control in ("button:not(.sort)", "input", ".skip", "nav", "dialog", ".status"):
        assert not on_paper.locator(control).first.is_visible()
    assert on_paper.locator(".paper-only").is_visible()


@pytest.mark.parametrize("opened", [False, True])
def test_no_row_is_split_between_two_pages(
    page: Page, example_report: Path, tmp_path: Path, opened: bool
) -> None:
    page.goto(example_report.as_uri())
    if opened:
        page.evaluate(OPEN_ALL)
    # Each row is marked at its first and its last line; both marks have to be on one page.
    marked = page.evaluate(
        """() => {
          const rows = [...document.querySelectorAll('tbody tr')].filter(row => row.checkVisibility());
          rows.forEach((row, i) => {
            const mark = end => {
              const word = document.createElement('span');
              word.textContent = `${end}${i}`;
              word.style.cssText = 'position:absolute;font-size:1px;line-height:1px;' +
                (end === 'bo' ? 'bottom:0;left:0' : 'top:0;left:0');
              return word;
            };
            const cell = row.cells[0];
            cell.style.position = 'relative';
            cell.append(mark('to'), mark('bo'));
          });
          return rows.length;
        }"""
    )
    path = tmp_path / "report.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    at: dict[str, set[int]] = {}
    for number, words in enumerate(pages_of(path)):
        for word, _, _ in words:
            for end, row in re.findall(r"(to|bo)(\d+)", word):
                at.setdefault(f"{end}{row}", set()).add(number)
    seen = [row for row in range(marked) if f"to{row}" in at and f"bo{row}" in at]
    assert len(seen) > 0.9 * marked
    assert [row for row in seen if at[f"to{row}"] != at[f"bo{row}"]] == []


def test_the_heading_of_a_long_table_is_repeated_and_every_page_names_the_report(
    page: Page, example_report: Path, tmp_path: Path
) -> None:
    page.goto(example_report.as_uri())
    path = tmp_path / "report.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    pages = [[word for word, _, _ in words] for words in pages_of(path)]
    assert all("a1b2c3" in words and str(len(pages)) in words for words in pages)
    rows_of_contrasts = [
        words for words in pages if "Reference" in words and "Odds" in words and "Reading" in words
    ]
    assert len(rows_of_contrasts) >= 2


def test_everything_can_be_printed_and_folds_close_again(page: Page, example_report: Path) -> None:
    page.add_init_script(
        """window.print = () => {
          window.closedAtPrint = document.querySelectorAll('main details:not([open])').length;
          window.dispatchEvent(new Event('afterprint'));
        };"""
    )
    page.goto(example_report.as_uri())
    page.get_by_role("button", name="Print everything").click()
    assert page.evaluate("window.closedAtPrint") == 0
    assert page.locator("main details[open]").count() == 0
