"""How does a wave become one page that can be mailed?

Payloads that have passed the door and the notebooks' own prose become a single HTML file without script,
outside address or clock. Everything that is not this package's own markup is escaped text.

References: WCAG 2.2 AA; APA 2020, Publication Manual, 7th ed., chapter 7; Content Security Policy level 3.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis_lib import figures
from analysis_lib.formatted import FormattedTable
from analysis_lib.formatting import WITHHELD, count
from analysis_lib.payload import Payload
from analysis_lib.report import prose
from analysis_lib.report.folds import Kind, Part, in_folds, runs, said_in, with_place
from analysis_lib.sentences import Sentence, limits, sentences
from analysis_lib.tables import JointRow, format_card, format_joint_display, format_table
from analysis_lib.tables.common import group_labels

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
    "exact_audited": "exact where the audit allows",
}
_NUMBERED = {"table": "Table", "joint_display": "Table", "figure": "Figure"}
# Where the numbers of a figure can be read: template of the figure -> template of the table.
_NUMBERS_OF = {
    "across_waves_by_wave": "across_waves_by_wave",
    "agreement_forest": "agreement",
    "calibration": "risk_groups",
    "cooccurrence_matrix": "cooccurrence",
    "dropout_survival": "dropout_sessions",
    "pooled_odds_ratios": "pooled_odds_ratios",
    "saturation_curve": "saturation",
    "theme_dots": "theme_by_outcome",
    "theme_differences": "theme_contrasts",
    "termination_forest": "termination_models",
    "termination_probabilities": "termination_probabilities",
}
_SAID_IN_HEADER = ("Study", "Outcome groups")  # as heading and as marked groups
# The markers of the figures as letters.
_GLYPHS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖", "p": "⬟", "h": "⬢"}
# XML's forbidden characters and lone surrogates: no page can hold them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Section:
    """One notebook.

    Parameters
    ----------
    number
        Its number, such as ``03``.
    title
        Its h1, a question.
    parts
        Markdown prose, or payloads that have passed the door, in order.
    """

    number: str
    title: str
    parts: tuple[str | Payload, ...]


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


@dataclass(frozen=True)
class _Picture:
    """A figure as a data address with its description; both empty where it cannot be drawn."""

    address: str
    alt: str
    caption: str


@dataclass(frozen=True)
class _Side:
    """A theme in one outcome group: how many, how different, in whose words."""

    group: str
    count: str
    difference: str
    tier: str
    quotes: tuple[tuple[str, str], ...]
    withheld: str


def render_report(sections: Sequence[Section], *, cover: Payload, stamp: Stamp) -> str:
    """The report of one wave as a complete HTML file.

    Parameters
    ----------
    sections
        One per notebook, in order.
    cover
        The wave's ``cover`` card.
    stamp
        What the runner knows about this report.

    Notes
    -----
    The same input gives the same text. The summary repeats sentences of the sections and adds no number; a
    ``run_record`` card moves to the provenance, authors' prose headed *Limits* to the limits, and the cover
    is not repeated inside a section.
    """
    laid_out = _lay_out(sections)
    payloads = [part for section in sections for part in section.parts if isinstance(part, Payload)]
    run_records = [format_card(payload) for payload in payloads if payload.template == "run_record"]
    return _page(
        "template.html.j2",
        print_marks=_print_marks(cover, stamp),
        facts=cover.facts,
        stamp=stamp,
        groups=_groups(cover),
        cover=[line for line in format_card(cover) if line[0] not in _SAID_IN_HEADER],
        profile=_PROFILES.get(stamp.profile, stamp.profile),
        counts=_COUNTS.get(stamp.counts_rule, stamp.counts_rule),
        summary=_summary(laid_out, cover),
        sections=[(section, in_folds(parts)) for section, parts in laid_out],
        rows=_rows(laid_out),
        tables={part.template: part for _, parts in laid_out for part in parts if part.kind == "table"},
        numbers_of=_NUMBERS_OF,
        limits=limits(cover),
        limits_prose=[payload.facts["text"] for payload in payloads if _is_limits(payload)],
        run_record=run_records[0] if run_records else (),  # every notebook shows the same
    )


def render_index(study_title: str, synthetic: bool, waves: Sequence[IndexRow]) -> str:
    """The index of a study's reports as a complete HTML file."""
    rows = [(row, quote(row.link)) for row in waves]
    return _page("index.html.j2", title=study_title, synthetic=synthetic, rows=rows)


def numbers(sections: Sequence[Section]) -> dict[tuple[str, int], str]:
    """Number of each table and figure: (section number, place among its parts) -> ``Table 3.1``.

    Tables, joint displays and figures count separately within a section. Every output that numbers them
    takes the numbers from here.

    Examples
    --------
    >>> table = Payload("table", "flow")
    >>> numbers([Section("03", "Which themes?", ("Text.", table, Payload("figure", "theme_dots"), table))])
    {('03', 1): 'Table 3.1', ('03', 2): 'Figure 3.1', ('03', 3): 'Table 3.2'}
    """
    found = {}
    for section in sections:
        so_far: Counter[str] = Counter()
        for i, part in enumerate(section.parts):
            name = "" if isinstance(part, str) else _NUMBERED.get(part.shape, "")
            if name:
                so_far[name] += 1
                found[section.number, i] = f"{name} {section.number.lstrip('0')}.{so_far[name]}"
    return found


def _lay_out(sections: Sequence[Section]) -> list[tuple[Section, list[Part]]]:
    """Every section with its parts formatted, in order."""
    number_of, taken = numbers(sections), set[str]()
    laid_out = []
    for section in sections:
        parts = []
        for i, part in enumerate(section.parts):
            if isinstance(part, str):
                parts.append(Part("prose", prose.render(part), source=part))
            elif not _stands_elsewhere(part):
                number = number_of.get((section.number, i), "")
                parts.append(_formatted(part, number, section.number, taken))
        laid_out.append((section, parts))
    return laid_out


def _formatted(payload: Payload, number: str, section_number: str, taken: set[str]) -> Part:
    place = number.lower().replace(" ", "-").replace(".", "-")
    match payload.shape:
        case "table":
            content: Any = _with_unique_anchors(format_table(payload), taken)
        case "figure":
            content = _figure(payload)
        case "joint_display":
            reference = group_labels(payload)[payload.facts["reference"]]
            content = [
                (row, f"{place}-{i}", _sides(row, reference))
                for i, row in enumerate(format_joint_display(payload), 1)
            ]
        case "sentences":
            content = runs(sentences(payload))
        case "card":
            content = format_card(payload)
        case "prose":
            heading = re.sub(rf"^{re.escape(section_number)}\b\s*", "", payload.facts["heading"])
            own = heading != payload.facts["heading"]
            content = ("" if own else heading, payload.facts["text"], payload.facts["heading"])
    kind: Kind = "authors" if payload.shape == "prose" else payload.shape
    return Part(kind, content, number, place, payload.template)


def _stands_elsewhere(payload: Payload) -> bool:
    """Whether the header, the limits or the provenance show it already."""
    return payload.template in ("cover", "run_record") or _is_limits(payload)


def _is_limits(payload: Payload) -> bool:
    """Whether it is what the authors write about limits."""
    return payload.shape == "prose" and "limits" in payload.facts["heading"].casefold()


def _with_unique_anchors(table: FormattedTable, taken: set[str]) -> FormattedTable:
    """The table without anchors that an earlier table has; an id may stand once on a page."""
    rows = []
    for row in table.rows:
        rows.append(replace(row, anchor=None) if row.anchor in taken else row)
        if row.anchor:
            taken.add(row.anchor)
    return replace(table, rows=tuple(rows))


def _sides(row: JointRow, reference: str) -> tuple[_Side, ...]:
    """Counts, differences and quotes of a theme, group by group."""
    differences = {label: (text, tier) for label, text, tier in row.differences}
    if differences:
        differences[reference] = ("reference", "")
    return tuple(
        _Side(label, count_, *differences.get(label, ("", "")), quotes, withheld)
        for (_, count_), (label, quotes, withheld) in zip(row.counts, row.quotes, strict=True)
    )


def _rows(laid_out: list[tuple[Section, list[Part]]]) -> dict[str, str]:
    """Anchor of a table row -> number of its table."""
    return {
        row.anchor: part.number
        for _, parts in laid_out
        for part in parts
        if part.kind == "table"
        for row in part.content.rows
        if row.anchor
    }


def _summary(laid_out: list[tuple[Section, list[Part]]], cover: Payload) -> list[tuple[str, list[Sentence]]]:
    """Headings with sentences that stand in the sections too; nothing is worded here."""
    said: dict[str, list[Sentence]] = {}
    for _, parts in laid_out:
        for part, closer in with_place(parts):
            if not closer:  # what a closer look cannot say stands there
                said.setdefault(part.template, []).extend(said_in(part))
    everything = [sentence for found in said.values() for sentence in found]
    chosen = {
        "Who is in": _findings(said.get("intake", []))[:2],
        "Themes and outcome": _findings(said.get("theme_contrasts", []))[:3],
        "Ending therapy": _findings(said.get("termination", []))[:1],
        "What these data cannot say": [s for s in everything if s.kind == "refusal"],
        "Read with this limit": list(limits(cover)[:1]),
    }
    return [(heading, list(dict.fromkeys(found))) for heading, found in chosen.items() if found]


def _findings(found: list[Sentence]) -> list[Sentence]:
    """What is found, the clear first."""
    stated = [sentence for sentence in found if sentence.kind not in ("refusal", "limit")]
    return sorted(stated, key=lambda sentence: sentence.kind != "clear")


def _groups(cover: Payload) -> dict[str, tuple[str, str, str]]:
    """Label of each outcome group -> its number of people, colour and marker."""
    frame = cover.tables["groups"].frame
    styles = figures.group_styles(list(frame["group"]))
    return {
        row.label: (count(row.n, absent=WITHHELD), colour, _GLYPHS[marker])
        for row in frame.itertuples()
        for colour, marker in [styles[row.group]]
    }


def _figure(payload: Payload) -> _Picture:
    reason = figures.can_draw(payload)
    if reason is not None:
        return _Picture("", "", f"No figure: {reason}.")
    picture = figures.as_svg(figures.draw(payload)).encode("utf-8")
    address = "data:image/svg+xml;base64," + b64encode(picture).decode("ascii")
    return _Picture(address, figures.alt_text(payload), figures.caption(payload))


def _print_marks(cover: Payload, stamp: Stamp) -> Markup:
    """What stands at the foot of every printed page, as CSS."""
    words = ["INTERNAL"] if stamp.profile == "internal" else []
    words += ["SYNTHETIC"] if cover.facts["synthetic"] else []
    foot = _css_string(" · ".join([*words, f"{stamp.study}, wave {stamp.wave}, report {stamp.report_id}"]))
    pages = "counter(page) ' / ' counter(pages)"
    return Markup(f"@page {{ @bottom-left {{ content: {foot}; }} @bottom-right {{ content: {pages}; }} }}")


def _css_string(text: str) -> str:
    r"""A CSS string that no character can end.

    >>> print(_css_string("a'</b>"))
    'a\27 \3c \2f b\3e '
    """
    return "'" + re.sub(r"[^A-Za-z0-9]", lambda found: f"\\{ord(found[0]):x} ", text) + "'"


def _unbroken(text: str) -> Markup:
    """Escaped text in which no line ends inside ``p = .036``.

    >>> print(_unbroken("less <b> (p < .001)."))
    less &lt;b&gt; (<span class="whole">p &lt; .001).</span>
    """
    parts = re.split(r"(\bp [=<>≥] [.\d]+\)?\.?)", text)
    whole = Markup('<span class="whole">{}</span>')
    return Markup("").join(whole.format(part) if i % 2 else escape(part) for i, part in enumerate(parts))


_PAGES = Environment(
    loader=FileSystemLoader(_HERE, encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["markdown"] = prose.render
_PAGES.filters["fragment"] = lambda name: "#" + quote(name)
_PAGES.filters["unbroken"] = _unbroken


def _page(template: str, **content: Any) -> str:
    style = Markup((_HERE / "style.css").read_text(encoding="utf-8"))
    page = _PAGES.get_template(template).render(style=style, **content)
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", page)
