"""Twenty hostile texts in every place where a study's texts stand: none runs, none asks for anything, all are text.

Every page is opened as it is and once more without its policy, so that escaping has to hold alone; and the policy is
asked to stop a script, so that it would hold alone too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile_places import IN_MARKDOWN, PAGES, PAYLOADS, RAN, page_with

from analysis_lib.formatted import printable

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
pytestmark = pytest.mark.browser
POLICY = '<meta http-equiv="Content-Security-Policy"'
WATCH = "window.did = []; window.ran = place => { window.did.push(place); };"
# Everything that a payload could have become, and what stands on the page as text, folded parts included.
LOOK = """() => {
  document.querySelectorAll("a[href^='javascript:' i]").forEach(link => link.click());
  document.querySelectorAll('details').forEach(one => one.open = true);
  document.querySelectorAll('[tabindex]').forEach(one => one.focus());
  const active = "iframe, object, embed, form, base, link, svg, math, video, [http-equiv=refresh], style ~ style";
  const handlers = [...document.querySelectorAll('*')].flatMap(e => [...e.attributes])
    .filter(a => a.name.startsWith('on') || /^\\\\s*javascript:/i.test(a.value));
  return {
    did: window.did,
    active: document.querySelectorAll(active).length + handlers.length,
    scripts: document.scripts.length,
    text: document.documentElement.textContent,
    shown: getComputedStyle(document.querySelector('main')).display,
  };
}"""
# A script that gets in although everything was escaped.
TRY = """() => new Promise(answer => {
  document.addEventListener('securitypolicyviolation', event => answer(event.effectiveDirective));
  const script = document.createElement('script');
  script.textContent = 'window.ran("after all")';
  document.body.append(script);
  setTimeout(() => answer('nothing stopped it'), 2000);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


def squeezed(text: str) -> str:
    """The text as a browser hands it back, without white space and the sign that Markdown takes for code."""
    return re.sub(r"\s|\ufeff|`|%60", "", printable(text))


@pytest.mark.parametrize("kind", PAGES)
def test_no_text_runs_asks_or_hides_anywhere_on_the_page(browser: Browser, kind: str, tmp_path: Path) -> None:
    context = browser.new_context(accept_downloads=False)
    asked: list[str] = []
    context.on("request", lambda sent: asked.append(sent.url))
    page = context.new_page()
    page.add_init_script(WATCH)
    for number, (name, payload) in enumerate(PAYLOADS.items()):
        html, texts = page_with(kind, payload)
        assert html.count(POLICY) == 1
        scripts = html.count("</script>")
        for policy in (True, False):
            path = tmp_path / f"{number}-{policy}.html"
            path.write_text(html if policy else html.replace(POLICY, '<meta name="none"'), encoding="utf-8")
            asked.clear()
            page.goto(path.as_uri())
            found = page.evaluate(LOOK)
            assert found["did"] == [], name
            assert found["active"] == 0, name
            assert found["scripts"] == scripts <= 1, name
            assert found["shown"] != "none", name
            assert [url for url in asked if not url.startswith("data:image/")] == [path.as_uri()], name
            shown = squeezed(found["text"])
            for place, text in texts.items():
                wanted = RAN.replace("@", place) if place in IN_MARKDOWN else text
                assert squeezed(wanted) in shown, f"{name} as {place}"
    context.close()


@pytest.mark.parametrize("kind", PAGES)
def test_the_policy_alone_would_stop_a_script_that_got_in(
    browser: Browser, kind: str, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.add_init_script(WATCH)
    (tmp_path / "page.html").write_text(page_with(kind, "words")[0], encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate(TRY) == "script-src-elem"
    assert page.evaluate("window.did") == []
    page.close()


def test_the_matrix_is_as_large_as_it_says() -> None:
    assert len(PAYLOADS) == 20
    assert sum(len(places) for _, places in PAGES.values()) >= 12
    assert all(RAN in payload for payload in PAYLOADS.values())
