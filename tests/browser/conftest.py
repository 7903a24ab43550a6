"""The pages that the browser opens.

``example_report`` and ``example_index`` are paths of pages of the example study. Whoever has a finished
folder of a run gives its ``report.html`` instead; no test needs to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import analysis_lib as al
from analysis_lib.payload import Payload, Table
from analysis_lib.release import release, rules_for
from analysis_lib.report.html import IndexRow, Section, Stamp, render_index, render_report
from analysis_lib.views import payload_of

if TYPE_CHECKING:
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
def released() -> Report:
    """A wave of the example as it leaves for co-authors, with few permutations, since no p is looked at."""
    wave = al.load_wave(al.EXAMPLE_STUDY, "2024a")
    wave = replace(wave, study=replace(wave.study, n_permutations={"omnibus": 99, "minp": 99}))
    crosstab = al.crosstab_themes(al.quantitize(wave))
    intake, models = al.describe_wave(wave), al.fit_termination(crosstab.matrix)
    joint = al.joint_display(crosstab, models)
    shown: dict[str, list[tuple[Any, str]]] = {
        "01 Who is in this wave?": [(intake, v) for v in ("sentences", "flow", "characteristics", "findings")]
        + [(wave, "run_record")],
        "03 Which themes go with which outcome?": [
            (crosstab, v) for v in ("sentences", "dots", "shares", "differences", "contrasts", "tests")
        ],
        "04 What do numbers and words say together?": [(joint, "joint_display")],
        "05 What goes with termination?": [
            (models, v) for v in ("sentences", "events", "forest", "models", "probabilities", "definitions")
        ],
    }
    rules = rules_for("coauthor", wave.study.privacy, b"not a secret: nobody stands behind this study")
    sections = [
        Section(
            title[:2],
            title[3:],
            (
                "How this was done.",
                *release([payload_of(result, view) for result, view in views], rules).payloads,
                al.author_notes(wave, "04 Joint display"),
            ),
        )
        for title, views in shown.items()
    ]
    (cover,) = release([payload_of(wave, "cover")], rules).payloads
    changed = ("Quotes without clearance are withheld.",)
    reason = wave.study.privacy.reason
    return (
        sections,
        cover,
        Stamp(wave.study.name, wave.id, "coauthor", rules.counts, reason, "a1b2c3", changed),
    )


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
