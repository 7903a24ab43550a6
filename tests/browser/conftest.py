"""The pages that the browser opens.

``example_report`` and ``example_index`` are paths of pages of the example study. Whoever has a finished
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
from analysis_lib.views import payload_of

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
    "<style>main{display:none}</style>\u202e"
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
    """An empty page as wide as a laptop, in a profile of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def released(example: Example) -> Report:
    """The first wave of the example study as it leaves for co-authors."""
    shown: dict[str, list[tuple[object, str]]] = {
        "01 Who is in this wave?": [
            (example.intake, view) for view in ("sentences", "flow", "characteristics", "findings")
        ],
        "03 Which themes go with which outcome?": [
            (example.crosstab, view)
            for view in ("sentences", "dots", "shares", "differences", "contrasts", "tests")
        ],
        "04 What do numbers and words say together?": [(example.display, "joint_display")],
        "05 What goes with termination?": [
            (example.models, view)
            for view in ("sentences", "events", "forest", "models", "probabilities", "definitions")
        ]
        + [(example.wave, "run_record")],
    }
    study = example.wave.study
    rules = rules_for("coauthor", study.privacy, b"not a secret: nobody stands behind this study")

    def let_out(results: list[tuple[object, str]]) -> tuple[Payload, ...]:
        return release([payload_of(result, view) for result, view in results], rules).payloads

    notes = al.author_notes(example.wave, "04 Joint display")
    sections = [
        Section(title[:2], title[3:], ("How this was done.", *let_out(results), notes))
        for title, results in shown.items()
    ]
    (cover,) = let_out([(example.wave, "cover")])
    changed = ("Quotes without clearance are withheld.",)
    stamp = Stamp(
        study.name, example.wave.id, "coauthor", rules.counts, study.privacy.reason, "a1b2c3", changed
    )
    return sections, cover, stamp


@pytest.fixture(scope="session")
def example_report(released: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """report.html of the example study."""
    sections, cover, stamp = released
    path = tmp_path_factory.mktemp("example") / "report.html"
    path.write_text(render_report(sections, cover=cover, stamp=stamp), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def example_index(example_report: Path) -> Path:
    """index.html beside a folder of reports."""
    rows = [IndexRow("2024a", "1 of 4", "profile coauthor", "179", example_report.name)]
    rows.append(IndexRow("2024b", "2 of 4", "no report yet", "", ""))
    path = example_report.with_name("index.html")
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
    "reading",
    "reason",
    "rule",
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
