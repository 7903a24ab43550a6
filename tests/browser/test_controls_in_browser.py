"""Does each control of the page do what it says, tell what it did, and give everything back?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

SHARES = "[data-base]"  # the table of themes by outcome, on every base
FIRST_COUNT = 3  # its sortable headings: theme, segments and alpha span both rows and come first


@pytest.fixture
def opened(page: Page, example_report: Path) -> Page:
    page.goto(example_report.as_uri())
    return page


@pytest.fixture
def shares(opened: Page) -> Locator:
    return opened.locator(".table", has=opened.locator(SHARES))


def said(page: Page) -> str:
    return page.locator("[role=status]").inner_text()


def stubs(table: Locator) -> list[str]:
    return table.locator("tbody tr:visible > th").all_inner_texts()


def column(table: Locator, n: int) -> list[str]:
    return table.locator(f"tbody tr:visible > td:nth-of-type({n})").all_inner_texts()


# Base


def test_one_base_is_shown_at_a_time_and_said(opened: Page, shares: Locator) -> None:
    assert shares.locator("table:visible").count() == 1
    assert shares.get_by_role("radio", name="all participants with material").is_checked()
    shares.get_by_role("radio", name="mentions").check()
    assert shares.locator("table:visible").count() == 1
    assert shares.locator("table:visible caption").inner_text().count("Mentions") == 1
    assert shares.locator(".warning:visible").inner_text() == "Shares of mentions: not a share of people."
    assert "not a share of people" in said(opened)


def test_arrow_keys_change_the_base(opened: Page, shares: Locator) -> None:
    shares.get_by_role("radio", name="all participants with material").focus()
    opened.keyboard.press("ArrowRight")
    assert shares.get_by_role("radio", name="participants with any theme").is_checked()
    assert "participants with any theme" in said(opened)


def test_following_a_sentence_shows_its_row_whatever_is_hidden(opened: Page, shares: Locator) -> None:
    row = shares.locator("tr[id]").first
    name = row.get_attribute("id")
    shares.get_by_role("radio", name="mentions").check()
    opened.evaluate("id => { location.hash = id; }", name)
    expect(opened.locator(f"[id='{name}']")).to_be_visible()


# Filter


def filtered(shares: Locator, text: str) -> Locator:
    shares.locator(".filter > summary").click()
    shares.get_by_role("searchbox").fill(text)
    return shares.locator("table:visible")


def test_rows_are_found_by_name_and_keep_the_theme_above_them(opened: Page, shares: Locator) -> None:
    table = filtered(shares, "empath")
    found = stubs(table)
    assert {"Unempathic", "Felt empathy"} <= set(found)
    below = [name for name in found if "empath" not in name.lower()]
    assert below
    assert all(
        table.locator("tr:visible", has_text=name).locator("th:not([class])").count() for name in below
    )
    assert re.fullmatch(r"Hidden: \d+ of \d+ rows\.", shares.locator(".what-is-hidden").inner_text())
    assert "Hidden" in said(opened)


def test_a_group_that_is_left_out_takes_its_columns_along(shares: Locator) -> None:
    table = shares.locator("table:visible")
    width = table.locator("tbody tr").first.locator("td:visible").count()
    heads = table.locator("thead th:visible").count()
    shares.locator(".filter > summary").click()
    shares.locator("label", has_text="Mixed").get_by_role("checkbox").uncheck()
    assert table.locator("tbody tr").first.locator("td:visible").count() == width - 2
    assert table.locator("thead th:visible").count() == heads - 3
    assert "Mixed (n = 19)" in shares.locator(".what-is-hidden").inner_text()
    shares.get_by_role("radio", name="mentions").check()
    assert "Mixed" not in shares.locator("table:visible thead").inner_text()


def test_everything_comes_back_at_once(opened: Page, shares: Locator) -> None:
    before = stubs(shares.locator("table:visible"))
    filtered(shares, "empath, surface")
    shares.get_by_role("button", name="Show everything").click()
    assert stubs(shares.locator("table:visible")) == before
    assert not shares.locator(".hidden-note").is_visible()
    assert said(opened).endswith("nothing is hidden.")
    assert opened.evaluate("document.activeElement.type") == "search"


def test_comparisons_are_filtered_by_their_group(opened: Page) -> None:
    contrasts = opened.locator(".table", has_text="Each Outcome Group Against").first
    contrasts.locator(".filter > summary").click()
    contrasts.get_by_role("checkbox").first.uncheck()
    headings = contrasts.locator("tr.group:visible").all_inner_texts()
    assert headings
    assert not [text for text in headings if text.startswith("Unhelpful")]


def test_the_joint_display_is_filtered_by_theme_and_group(opened: Page) -> None:
    joint = opened.locator(".joint").first
    n = joint.locator("article:visible").count()
    joint.locator(".filter > summary").click()
    joint.get_by_role("searchbox").fill("surface")
    assert 0 < joint.locator("article:visible").count() < n
    joint.get_by_role("checkbox").first.uncheck()
    assert joint.locator("article:visible .sides > div:visible").count() == 3


# Sorting


def sort_by(table: Locator, n: int) -> Locator:
    button = table.locator("thead .sort").nth(n)
    button.click()
    return button.locator("xpath=..")


def first_number(text: str) -> float:
    return float(re.findall(r"[\d.]+", text)[0])


def test_a_column_sorts_both_ways_and_back_to_the_given_order(opened: Page, shares: Locator) -> None:
    table = shares.locator("table:visible")
    given = stubs(table)
    tops = table.locator("tbody tr:has(> th:not([class])) > td:nth-of-type(1)")
    heading = sort_by(table, FIRST_COUNT)
    down = [first_number(text) for text in tops.all_inner_texts()]
    assert heading.get_attribute("aria-sort") == "descending"
    assert down == sorted(down, reverse=True)
    assert "largest first" in said(opened)
    heading = sort_by(table, FIRST_COUNT)
    up = [first_number(text) for text in tops.all_inner_texts()]
    assert heading.get_attribute("aria-sort") == "ascending"
    assert up == sorted(up)
    sort_by(table, FIRST_COUNT)
    assert stubs(table) == given
    assert table.locator("[aria-sort]").count() == 0
    assert "given order" in said(opened)


def test_a_theme_stays_below_the_theme_it_belongs_to(shares: Locator) -> None:
    table = shares.locator("table:visible")
    above: dict[str, str] = {}

    def families() -> dict[str, str]:
        found: dict[str, str] = {}
        path: list[str] = []
        for th in table.locator("tbody th").all():
            depth = int((re.findall(r"in(\d)", th.get_attribute("class") or "") or ["0"])[0])
            path = [*path[:depth], th.inner_text()]
            found[path[-1]] = path[-2] if len(path) > 1 else ""
        return found

    above = families()
    sort_by(table, 2)
    assert families() == above


def test_rows_stay_below_the_heading_of_their_group(opened: Page) -> None:
    contrasts = opened.locator(".table", has_text="Each Outcome Group Against").first.locator("table")
    before = [set(body.locator("tr").all_inner_texts()) for body in contrasts.locator("tbody").all()]
    sort_by(contrasts, 3)
    after = [set(body.locator("tr").all_inner_texts()) for body in contrasts.locator("tbody").all()]
    assert after == before
    assert all(
        body.locator("tr").first.get_attribute("class") == "group"
        for body in contrasts.locator("tbody").all()
    )


def test_p_values_below_the_floor_come_first_and_dashes_last(opened: Page) -> None:
    tests = opened.locator(".table", has_text="Each Theme Over All").first.locator("table")
    sort_by(tests, 1)
    sort_by(tests, 1)
    values = column(tests, 1)
    known = [text for text in values if text != "–"]
    assert known == values[: len(known)]
    assert known[0] == "< .001"
    numbers = [first_number(text) for text in known if text[0] not in "<>"]
    assert numbers == sorted(numbers)


def test_enter_sorts_without_a_mouse(opened: Page, shares: Locator) -> None:
    shares.locator("table:visible .sort").nth(FIRST_COUNT).focus()
    opened.keyboard.press("Enter")
    assert shares.locator("[aria-sort=descending]").count() == 1


# Copying


def clipboard(page: Page) -> dict[str, str]:
    return page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const read = async kind => [kind, await (await item.getType(kind)).text()];
          return Object.fromEntries(await Promise.all(item.types.map(read)));
        }"""
    )


def test_a_table_is_copied_as_a_word_table_and_as_text(opened: Page, shares: Locator) -> None:
    table = shares.locator("table:visible")
    shown = table.locator("tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(c => c.textContent))"
    )
    shares.get_by_role("button", name="Copy for Word").click()
    expect(opened.locator("[role=status]")).to_have_text(re.compile("^Copied"))
    found = clipboard(opened)
    lines = found["text/plain"].splitlines()
    assert lines[0] == "Table 3.1"
    assert lines[1].startswith("People With Each Theme")
    body = [line.split("\t") for line in lines if line.split("\t")[0] in {row[0] for row in shown}]
    assert body == shown
    assert "<table" in found["text/html"]
    assert found["text/html"].count("<tr") == len(shown) + 2
    assert "<button" not in found["text/html"]
    assert "<a " not in found["text/html"]
    assert "border-top:1pt" in found["text/html"].replace(": ", ":")


def test_only_what_is_shown_is_copied_and_what_is_hidden_is_named(opened: Page, shares: Locator) -> None:
    filtered(shares, "surface")
    shares.get_by_role("radio", name="mentions").check()
    shares.get_by_role("button", name="Copy for Word").click()
    expect(opened.locator("[role=status]")).to_have_text(re.compile("^Copied"))
    text = clipboard(opened)["text/plain"]
    assert "Scratched the surface" in text
    assert "Felt empathy" not in text
    assert "Shares of mentions: not a share of people." in text
    assert re.search(r"Hidden: \d+ of \d+ rows\.", text)


def test_a_sentence_is_copied_with_study_wave_report_and_table(opened: Page) -> None:
    line = opened.locator("#summary .lines > li", has=opened.locator(".source")).first
    sentence = line.locator(".said").inner_text()
    table = line.locator(".source").inner_text()
    line.hover()
    line.get_by_role("button", name="Copy with citation").click()
    expect(opened.locator("[role=status]")).to_have_text(re.compile("^Copied"))
    cited = clipboard(opened)["text/plain"]
    assert cited == f"{sentence} ({opened.locator('h1').inner_text()}, wave 2024a, report a1b2c3, {table})"


def test_without_a_clipboard_interface_the_older_way_copies(page: Page, example_report: Path) -> None:
    page.add_init_script(
        """Object.defineProperty(navigator, 'clipboard', { value: undefined });
        addEventListener('copy', event => { window.copied = event.clipboardData.getData('text/html'); });"""
    )
    page.goto(example_report.as_uri())
    page.get_by_role("button", name=re.compile("Copy for Word: Table 1.1")).click()
    assert "Copied" in said(page)
    assert page.evaluate("window.copied").count("<table") == 1


def test_where_nothing_can_be_copied_it_is_said(page: Page, example_report: Path) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => false;"
    )
    page.goto(example_report.as_uri())
    page.get_by_role("button", name=re.compile("Copy for Word: Table 1.1")).click()
    assert "copy it by hand" in said(page)


# Folds


def test_all_folds_open_and_close(opened: Page) -> None:
    n = opened.locator("main details").count()
    opened.get_by_role("button", name="Open every fold").click()
    assert opened.locator("main details[open]").count() == n
    assert said(opened) == "Every fold is open."
    opened.get_by_role("button", name="Close every fold").click()
    assert opened.locator("main details[open]").count() == 0


def test_a_link_into_a_fold_opens_it(opened: Page) -> None:
    row = opened.locator("details.closer tr[id]").first
    name = row.get_attribute("id")
    assert not row.is_visible()
    opened.evaluate("id => { location.hash = id; }", name)
    expect(opened.locator(f"[id='{name}']")).to_be_visible()


# Without a script


def test_without_a_script_nothing_is_missing_and_no_control_is_there(
    plain_page: Page, example_report: Path
) -> None:
    plain_page.goto(example_report.as_uri())
    assert plain_page.locator("button, input, dialog").count() == 0
    assert plain_page.locator("#summary").is_visible()
    plain_page.locator(".other-bases > summary").click()
    assert plain_page.locator(".other-bases table:visible").count() == 2


def test_without_a_script_one_link_opens_everything(plain_page: Page, example_report: Path) -> None:
    plain_page.goto(example_report.as_uri())
    table = plain_page.locator("details.closer table").first
    assert not table.is_visible()
    plain_page.get_by_role("link", name="Open every fold").click()
    assert table.is_visible()
