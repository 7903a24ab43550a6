"""Does the report do in a real browser what it promises: offline, narrow, by keyboard, on paper, unharmed?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FOCUSABLE = "a[href]:not([tabindex='-1']), [tabindex='0']:not(a), summary, button, input"

# WCAG 2.2, relative luminance and contrast, of every visible text against what is painted behind it.
LOW_CONTRAST = """() => {
  const channel = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.querySelector('body'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < (e.classList.contains('mark') ? 3 : 4.5)) found.push([e.className, ratio]);
  }
  return found;
}"""


def wider_than_the_window(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_every_report_opens_quietly_and_is_small_enough_to_mail(
    page: Page, reports: dict[str, Path], wave: str
) -> None:
    page.goto(reports[wave].as_uri())  # the page fixture complains of requests and messages
    assert page.locator("main.with-script").count() == 1
    assert reports[wave].stat().st_size < 4_000_000


@pytest.mark.parametrize("which", ["example_report", "example_index"])
def test_a_page_opens_without_a_request_or_an_error(
    page: Page, which: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(which)
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda sent: requested.append(sent.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    assert page.locator("h1").is_visible()
    assert [url for url in requested if not url.startswith("data:")] == [path.as_uri()]
    assert complaints == []


def test_pictures_are_drawn(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    widths = page.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth)")
    assert len(widths) >= 3
    assert min(widths) > 0


@pytest.mark.parametrize("which", ["example_report", "example_index"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_page_never_scrolls_sideways(
    page: Page, which: str, width: int, request: pytest.FixtureRequest
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(request.getfixturevalue(which).as_uri())
    assert wider_than_the_window(page) <= 0


def test_wider_letter_and_line_spacing_loses_nothing(page: Page, example_report: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(example_report.as_uri())
    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important;"
        " word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"
    )
    assert wider_than_the_window(page) <= 0


def test_tab_reaches_skip_link_contents_and_every_scroll_region(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    n_focusable = page.locator(FOCUSABLE).count()
    reached = []
    for _ in range(n_focusable):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("focusable => [...document.querySelectorAll(focusable)].indexOf("
                                     "document.activeElement)", FOCUSABLE))  # fmt: skip
    # Of radio buttons that belong together, Tab reaches the chosen one; arrow keys reach the others.
    hidden = page.eval_on_selector_all(
        FOCUSABLE, "all => all.filter(e => !e.checkVisibility() || (e.type === 'radio' && !e.checked)).length"
    )
    assert reached[0] == 0
    assert page.locator(FOCUSABLE).first.get_attribute("class") == "skip"
    assert len(set(reached) - {-1}) == n_focusable - hidden
    assert page.locator("[role=region]").count() == page.locator("table, figure img").count()


def test_numbers_with_quotes_are_one_stop_per_table_and_arrow_keys_go_between_them(
    page: Page, example_report: Path
) -> None:
    page.goto(example_report.as_uri())
    numbers = page.locator("table:has(td > a)").first.locator("td > a")
    focused = "all => all.indexOf(document.activeElement)"
    stops = "all => all.flatMap((link, i) => (link.tabIndex === 0 ? [i] : []))"
    assert numbers.evaluate_all(stops) == [0]
    numbers.first.focus()
    page.keyboard.press("ArrowRight")
    assert numbers.evaluate_all(focused) == 1
    page.keyboard.press("ArrowLeft")
    column = "() => document.activeElement.parentElement.cellIndex"
    before = page.evaluate(column)
    page.keyboard.press("ArrowDown")
    assert numbers.evaluate_all(focused) > 1
    assert page.evaluate(column) == before
    page.keyboard.press("End")
    assert numbers.evaluate_all(focused) == numbers.count() - 1
    assert numbers.evaluate_all(stops) == [numbers.count() - 1]


def test_the_skip_link_shows_itself_and_leads_past_the_banner(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_focus_is_seen(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    page.keyboard.press("Tab")
    outlines = []
    for selector in ("nav a", "[role=region]", "summary"):
        page.locator(selector).first.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert outlines == ["solid"] * 3


def test_a_wide_table_scrolls_by_arrow_key_and_its_row_names_stay(page: Page, example_report: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(example_report.as_uri())
    region = page.locator(".widest [role=region]").first
    name = region.locator("tbody th").first
    before = name.bounding_box()
    region.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.evaluate(
        "async () => { while (document.activeElement.scrollLeft <= 50) await new Promise(requestAnimationFrame); }"
    )
    after = name.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == pytest.approx(before["x"], abs=1)


def test_following_a_sentence_shows_its_row(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    link = page.locator("#summary a.source").first
    link.click()
    row = page.locator("tr:target")
    assert row.count() == 1
    box = row.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 900
    assert row.locator("th").inner_text() in page.locator("#summary").inner_text()


def test_text_contrasts_with_its_background(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert page.evaluate(LOW_CONTRAST) == []


def test_targets_that_stand_alone_are_large_enough(page: Page, example_report: Path) -> None:
    page.goto(example_report.as_uri())
    heights = page.eval_on_selector_all(
        "nav a, summary, .back a", "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
def test_the_summary_is_read_in_five_minutes(page: Page, reports: dict[str, Path], wave: str) -> None:
    page.goto(reports[wave].as_uri())
    read = [page.locator(part).inner_text() for part in (".cover", "#summary")]
    assert len(" ".join(read).split()) < 5 * 230  # words a minute


def test_markup_in_texts_is_shown_and_never_runs(page: Page, hostile_reports: list[Path]) -> None:
    for path in hostile_reports:
        page.goto(path.as_uri())  # the page fixture complains of requests
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        page.mouse.move(200, 400)
        assert page.evaluate("window.ran") is None
        assert page.locator("script").count() == 1
        assert page.locator("iframe, svg, [onerror], [onload], [onfocus], [autofocus]").count() == 0
        assert page.locator("a:not([href^='#'])").count() == 0
        assert page.locator("img:not([src^='data:image/svg+xml,'])").count() == 0
        shown = page.locator("body").inner_text()
        assert shown.count("window.ran=1") > 100
        assert wider_than_the_window(page) <= 0


def test_markup_stays_text_in_the_dialog_and_in_what_is_copied(
    page: Page, hostile_reports: list[Path]
) -> None:
    for path in hostile_reports:
        page.goto(path.as_uri())
        page.get_by_role("button", name="Copy for Word: Table 3.1").click()
        expect(page.locator("[role=status]")).to_have_text(re.compile("^Copied"))
        copied = page.evaluate(
            """async () => {
              const [item] = await navigator.clipboard.read();
              const html = await (await item.getType('text/html')).text();
              const parsed = new DOMParser().parseFromString(html, 'text/html');
              return [await (await item.getType('text/plain')).text(), parsed.body.textContent,
                      parsed.querySelectorAll('script, img, svg, iframe, a, [onerror]').length];
            }"""
        )
        assert copied[0].count("window.ran=1") > 10
        assert copied[1].count("window.ran=1") > 10
        assert copied[2] == 0
        page.locator("td a[href^='#quotes-']").first.click()
        dialog = page.get_by_role("dialog")
        dialog.locator(".whole-person").first.click()
        assert dialog.inner_text().count("window.ran=1") > 3
        assert dialog.locator("script, img, svg, iframe, [onerror], [onload]").count() == 0
        assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("begins", ["=1+1", "+1", "-1", "@SUM(1)"])
def test_a_copied_cell_that_begins_like_a_formula_is_text(
    page: Page, example_report: Path, begins: str
) -> None:
    page.goto(example_report.as_uri())
    page.evaluate("text => { document.querySelector('#table-1-1 tbody th').textContent = text; }", begins)
    page.get_by_role("button", name="Copy for Word: Table 1.1").click()
    expect(page.locator("[role=status]")).to_have_text(re.compile("^Copied"))
    plain = page.evaluate("navigator.clipboard.readText()")
    assert f"\n'{begins}\t" in plain
