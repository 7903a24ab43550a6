"""The pages that the browser opens.

``reports``, ``example_report`` and ``example_index`` are paths of pages of the example study. Whoever has a finished
folder of a run gives its ``report.html`` instead; no test needs to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import analysis_lib as al
from analysis_lib.payload import Payload, Table
from analysis_lib.release import release, rules_for
from analysis_lib.report.html import IndexRow, Section, Stamp, render_index, render_report
from analysis_lib.views import payload_of, views

if TYPE_CHECKING:
    from example_waves import Example
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
Report = tuple[list[Section], Payload, Stamp]

# Each would change the page if it ran: it sets window.ran, or it ends the element around it.
HOSTILE = (
    "<script>window.ran=1</script>"
    "<img src=x onerror='window.ran=2'>"
    "</title></style></table></blockquote></p><svg onload='window.ran=3'>"
    '" autofocus onfocus="window.ran=4" tabindex="1'
    "<iframe srcdoc='<script>parent.ran=5</script>'></iframe>"
    "<a href='javascript:window.ran=6'>x</a>[y](javascript:window.ran=7)"
    "<style>main{display:none}</style>\u202e=cmd|'/c calc'!A0 **bold** \U0001f642"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page as wide as a laptop, in a profile of its own, that may neither ask for anything nor complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    wrong: list[str] = []
    opened.on(
        "request",
        lambda sent: wrong.append(sent.url) if not sent.url.startswith(("file:", "data:")) else None,
    )
    opened.on(
        "console",
        lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None,
    )
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A page on which no script runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def _shown(example: Example) -> dict[str, tuple[object, ...]]:
    """What each section of a wave's report is made of: prose, and results with a view."""
    crosstab, display, models = example.crosstab, example.display, example.models
    over_waves = al.compare_waves(example.wave)
    return {
        "01 Who is in this wave?": tuple(
            (example.intake, view) for view in ("sentences", "flow", "characteristics", "findings")
        ),
        "03 Which themes go with which outcome?": (
            *(
                (crosstab, view)
                for view in ("dots", "shares", "differences", "contrasts", "sentences", "tests")
            ),
            "### Where in the codebook",
            *((example.branches, view) for view in views(example.branches)),
        ),
        "04 What do numbers and words say together?": tuple((display, view) for view in views(display)),
        "05 What goes with termination?": (
            *((models, view) for view in ("events", "forest", "models", "probabilities", "sentences")),
            "### Under other definitions",
            (models, "definitions"),
            (example.wave, "run_record"),
        ),
        "06 What changed over the waves?": (
            (al.what_changed(over_waves), "sentences"),
            *((over_waves, view) for view in views(over_waves)),
        ),
    }


def _released(example: Example) -> Report:
    """A wave of the example study as it leaves for co-authors."""
    study = example.wave.study
    rules = rules_for("coauthor", study.privacy, b"not a secret: nobody stands behind this study")

    def let_out(part: object) -> str | Payload:
        if isinstance(part, str):
            return part
        result, view = part  # type: ignore[misc]
        return release([payload_of(result, view)], rules).payloads[0]

    notes = al.author_notes(example.wave, "04 Joint display")
    sections = [
        Section(title[:2], title[3:], ("How this was done.", *map(let_out, parts), notes))
        for title, parts in _shown(example).items()
    ]
    cover = let_out((example.wave, "cover"))
    assert isinstance(cover, Payload)
    changed = ("Quotes without clearance are withheld.",)
    stamp = Stamp(
        study.name, example.wave.id, "coauthor", rules.counts, study.privacy.reason, "a1b2c3", changed
    )
    return sections, cover, stamp


@pytest.fixture(scope="session")
def released(examples: dict[str, Example]) -> Report:
    """The first wave of the example study as it leaves for co-authors."""
    return _released(examples["2024a"])


@pytest.fixture(scope="session")
def reports(
    examples: dict[str, Example], released: Report, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """report.html of every wave of the example study, as ``themewave run`` lays them out."""
    folder = tmp_path_factory.mktemp("example")
    pages = {}
    for wave, example in examples.items():
        sections, cover, stamp = released if wave == "2024a" else _released(example)
        pages[wave] = folder / wave / "report.html"
        pages[wave].parent.mkdir()
        pages[wave].write_text(render_report(sections, cover=cover, stamp=stamp), encoding="utf-8")
    return pages


@pytest.fixture(scope="session")
def example_report(reports: dict[str, Path]) -> Path:
    """report.html of the first wave."""
    return reports["2024a"]


@pytest.fixture(scope="session")
def example_index(example_report: Path) -> Path:
    """index.html beside a folder of reports."""
    rows = [IndexRow("2024a", "1 of 4", "profile coauthor", "179", "2024a/report.html")]
    rows.append(IndexRow("2024b", "2 of 4", "no report yet", "", ""))
    path = example_report.parents[1] / "index.html"
    path.write_text(render_index("What helped and what did not", True, rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def hostile_reports(released: Report, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The example with markup in every text that people give, with the page's own policy and without it."""
    sections, cover, stamp = released
    poisoned = [
        Section(s.number, HOSTILE, tuple(HOSTILE if isinstance(p, str) else _poisoned(p) for p in s.parts))
        for s in sections
    ]
    own = replace(stamp, study=HOSTILE, wave=HOSTILE, counts_reason=HOSTILE, changed=(HOSTILE,))
    html = render_report(poisoned, cover=_poisoned(cover), stamp=own)
    policy = '<meta http-equiv="Content-Security-Policy"'
    assert policy in html
    pages = {"with.html": html, "without.html": html.replace(policy, '<meta name="none"')}
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


_GIVEN_COLUMNS = {
    "theme_label",
    "label",
    "definition",
    "quote",
    "participant_id",
    "participant",
    "reading",
    "reason",
    "rule",
    "matched_by",
    "question",
}
_GIVEN_FACTS = {"title", "setting", "study", "wave", "codebook_version", "text", "heading"}


def _poisoned(payload: Payload) -> Payload:
    """The payload with markup behind every label, quote, note and free setting."""
    tables = {name: _poisoned_table(table) for name, table in payload.tables.items()}
    facts = {k: f"{v}{HOSTILE}" if k in _GIVEN_FACTS else v for k, v in payload.facts.items()}
    return replace(payload, tables=tables, facts=facts)


def _poisoned_table(table: Table) -> Table:
    given = [name in _GIVEN_COLUMNS for name, _ in table.columns]
    rows = tuple(
        tuple(
            f"{value}{HOSTILE}" if mine and value else value for value, mine in zip(row, given, strict=True)
        )
        for row in table.rows
    )
    return replace(table, rows=rows)
