"""How does a wave become one page that can be mailed?

Payloads that have passed the door and the notebooks' own prose become a single HTML file without outside address or
clock. One script of our own, allowed by its hash, adds controls to a page that is complete without it; nothing else
can run. Everything that is not this package's own markup is escaped text.

References: WCAG 2.2 AA; APA 2020, Publication Manual, 7th ed., chapter 7; Content Security Policy level 3.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis_lib.formatted import printable
from analysis_lib.formatting import WITHHELD, count
from analysis_lib.payload import Payload
from analysis_lib.report import prose
from analysis_lib.report.back_matter import BackMatter, back_matter
from analysis_lib.report.checklists import NOT_QUALITY, STATUSES
from analysis_lib.report.folds import in_folds
from analysis_lib.report.pictures import NUMBERS_OF, group_marks
from analysis_lib.report.sections import (
    LaidOut,
    Section,
    is_change,
    is_limits,
    lay_out,
    numbers,
    payloads_of,
    row_numbers,
)
from analysis_lib.report.summary import summarise
from analysis_lib.report.typesetting import print_marks, unbroken
from analysis_lib.report.voices import Voices
from analysis_lib.sentences import limits, sentences
from analysis_lib.tables import format_card

__all__ = ["IndexRow", "Section", "Stamp", "numbers", "render_index", "render_report"]

_HERE = Path(__file__).parent
_PROFILES = {
    "coauthor": "for co-authors; not to be passed on",
    "public": "public",
    "internal": "INTERNAL: exact counts and study ids; not to leave the team",
}
_COUNTS = {
    "exact": "exact",
    "midpoint6": "rounded: every number of people stands at the middle of its step of six (1–6 is shown as 3)",
    "suppress7_round5": "rounded: numbers of people from 1 to 7 are withheld, the others go to the nearest 5",
    "exact_audited": "exact; small numbers, and others from which they could be worked out, are withheld",
}
_SAID_IN_HEADER = ("Study", "Outcome groups")  # as heading and as marked groups


@dataclass(frozen=True)
class Stamp:
    """What the runner knows about this report.

    Parameters
    ----------
    counts_rule, counts_reason
        Rule for numbers of people, and why the team chose it; the reason may be empty.
    report_id
        Short hash that names this report.
    changed
        What the door changed, as sentences.
    """

    study: str
    wave: str
    profile: str
    counts_rule: str
    counts_reason: str
    report_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class IndexRow:
    """One wave in the index of a study.

    Parameters
    ----------
    link
        Path of its report below the index; empty where there is none.
    """

    wave: str
    look: str
    status: str
    n_analysed: str
    link: str


def render_report(
    sections: Sequence[Section], *, cover: Payload, stamp: Stamp, back: BackMatter | None = None
) -> str:
    """The report of one wave as a complete HTML file.

    Parameters
    ----------
    sections
        One per notebook, in order.
    cover
        The wave's ``cover`` card.
    stamp
        What the runner knows about this report.
    back
        Checklists, methods text and references, where they have been made already; None makes them.

    Notes
    -----
    The same input gives the same text. The summary repeats sentences of the sections and adds none. What changed since
    the last wave stands behind the summary; a ``run_record`` card moves to the provenance, authors' prose headed
    *Limits* to the limits, and the cover is not repeated inside a section.
    """
    laid_out = lay_out(sections)
    payloads = list(payloads_of(sections))
    run_records = [format_card(payload) for payload in payloads if payload.template == "run_record"]
    words = ["INTERNAL"] if stamp.profile == "internal" else []
    words += ["SYNTHETIC"] if cover.facts["synthetic"] else []
    own = f"{stamp.study}, wave {stamp.wave}, report {stamp.report_id}"
    return _page(
        "template.html.j2",
        print_marks=print_marks(*words, own),
        facts=cover.facts,
        stamp=stamp,
        cited_as=f"{cover.facts['title']}, wave {stamp.wave}, report {stamp.report_id}",
        groups=_groups(cover),
        cover=[line for line in format_card(cover) if line[0] not in _SAID_IN_HEADER],
        profile=_PROFILES.get(stamp.profile, stamp.profile),
        counts=_COUNTS.get(stamp.counts_rule, stamp.counts_rule),
        summary=summarise(laid_out, cover),
        changes=[sentence for payload in payloads if is_change(payload) for sentence in sentences(payload)],
        sections=[(section, in_folds(parts)) for section, parts in laid_out],
        rows=row_numbers(laid_out),
        tables={part.template: part for _, parts in laid_out for part in parts if part.kind == "table"},
        numbers_of=NUMBERS_OF,
        linked=_with_quotes(laid_out),
        limits=limits(cover, payloads),
        limits_prose=[payload.facts["text"] for payload in payloads if is_limits(payload)],
        run_record=run_records[0] if run_records else (),  # every notebook shows the same
        back=back or back_matter(sections, cover=cover, stamp=stamp),
        statuses=STATUSES,
        not_quality=NOT_QUALITY,
    )


def render_index(study_title: str, synthetic: bool, waves: Sequence[IndexRow]) -> str:
    """The index of a study's reports as a complete HTML file."""
    rows = [(row, quote(row.link)) for row in waves]
    return _page("index.html.j2", title=study_title, synthetic=synthetic, rows=rows)


def _with_quotes(laid_out: LaidOut) -> frozenset[str]:
    """Ids of everything that a count can link to because quotes stand behind it."""
    found = [
        part.content.cells for _, parts in laid_out for part in parts if isinstance(part.content, Voices)
    ]
    return frozenset().union(*found)


def _groups(cover: Payload) -> dict[str, tuple[str, str, str]]:
    """Label of each outcome group -> its number of people, colour and marker."""
    frame = cover.tables["groups"].frame
    marks = group_marks(list(frame["group"]))
    return {row.label: (count(row.n, absent=WITHHELD), *marks[row.group]) for row in frame.itertuples()}


_PAGES = Environment(
    loader=FileSystemLoader(_HERE, encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["markdown"] = prose.render
_PAGES.filters["fragment"] = lambda name: "#" + quote(name)
_PAGES.filters["unbroken"] = unbroken


def _page(template: str, **content: Any) -> str:
    style = Markup((_HERE / "style.css").read_text(encoding="utf-8"))
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    page = _PAGES.get_template(template).render(
        style=style, script=Markup(script), script_hash=f"sha256-{digest}", **content
    )
    return printable(page)
