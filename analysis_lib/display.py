"""How does a result look in a notebook?

:func:`show` and :func:`say` return an object: plain text that never changes between runs, HTML without
random ids, a picture where there is one, and the typed payload that the report is made from. Numbers here are
exact; the door masks what leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, overload

from analysis_lib import figures
from analysis_lib.payload import MIME, Payload
from analysis_lib.sentences import sentences
from analysis_lib.tables import (
    JointRow,
    format_boxes,
    format_card,
    format_joint_display,
    format_quote_matrix,
    format_table,
)
from analysis_lib.views import SENTENCES, payload_of

NOT_WRITTEN = "Not yet written: author_notes.md of this wave has nothing under this heading."
_SCREEN_DPI = 110


@dataclass(frozen=True)
class Shown:
    """A payload with the notebook's own view of it.

    Parameters
    ----------
    payload
        What the report is made from.
    text
        The view in plain text; the same in every run on the same data.
    html
        The view in HTML; empty for a figure.
    png
        The picture of a figure; None for anything else.
    """

    payload: Payload
    text: str
    html: str = ""
    png: bytes | None = None

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.text, MIME: self.payload.as_json()}
        if self.html:
            bundle["text/html"] = self.html
        if self.png is not None:
            bundle["image/png"] = self.png
        return bundle


@dataclass(frozen=True)
class ShownTogether:
    """Several views of one result, one below the other.

    Parameters
    ----------
    parts
        The views in the order in which they were asked for.
    """

    parts: tuple[Shown, ...]

    def __repr__(self) -> str:
        return "\n\n".join(part.text for part in self.parts)

    def _ipython_display_(self) -> None:
        from IPython.display import display  # noqa: PLC0415  (a notebook has it; a script need not)

        for part in self.parts:
            display(part)  # type: ignore[no-untyped-call]


@overload
def show(result: object, view: str | None = None, /) -> Shown: ...
@overload
def show(result: object, view: str, second: str, /, *more: str) -> ShownTogether: ...
def show(result: object, *views: str | None) -> Shown | ShownTogether:
    """Show one view of a result, or several one below the other.

    Parameters
    ----------
    result
        A result of this package, such as what :func:`crosstab_themes` returns.
    views
        Which views; none takes the main one. A wrong name lists those there are.

    Returns
    -------
    Shown or ShownTogether
        The view, or the views in the order asked for; the last line of a cell shows it.

    Raises
    ------
    CallError
        If the result has no such view.
    ShowError
        If it is no result.

    Examples
    --------
    >>> import analysis_lib as al
    >>> print(al.show(al.load_wave(al.EXAMPLE_STUDY, "2024b"), "cover").text.splitlines()[1])
    Data: SYNTHETIC: no person stands behind any number
    """
    shown = []
    for view in views or (None,):
        payload = payload_of(result, view)
        shown.append(_SHAPES[payload.shape](payload))
    return shown[0] if len(shown) == 1 else ShownTogether(tuple(shown))


def say(result: object) -> Shown:
    """Say a result in sentences; each carries its numbers with their base.

    Parameters
    ----------
    result
        A result that has sentences.

    Returns
    -------
    Shown
        One sentence per line; the last line of a cell shows it.

    Examples
    --------
    >>> import analysis_lib as al
    >>> print(al.say(al.describe_wave(al.load_wave(al.EXAMPLE_STUDY, "2024b"))).text.splitlines()[0])
    - 24 of 24 people who took part are analysed: 24 unhelpful.
    """
    return show(result, SENTENCES)


def _table(payload: Payload) -> Shown:
    table = format_table(payload)
    return Shown(payload, table.as_text(), table.as_html())


def _figure(payload: Payload) -> Shown:
    reason = figures.can_draw(payload)
    if reason is not None:
        return Shown(payload, f"No figure: {reason}.", f"<p>No figure: {escape(reason)}.</p>")
    png = figures.as_png(figures.draw(payload), dpi=_SCREEN_DPI)
    return Shown(payload, figures.numbers(payload), png=png)


def _sentences(payload: Payload) -> Shown:
    said = [sentence.text for sentence in sentences(payload)]
    items = "".join(f"<li>{escape(text)}</li>" for text in said)
    return Shown(payload, "\n".join(f"- {text}" for text in said), f"<ul>{items}</ul>")


def _card(payload: Payload) -> Shown:
    lines = format_card(payload)
    text = "\n".join(f"{label}: {value}" for label, value in lines)
    items = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in lines)
    return Shown(payload, text, f"<dl>{items}</dl>")


def _prose(payload: Payload) -> Shown:
    text = payload.facts["text"] or NOT_WRITTEN
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    return Shown(payload, text, f"<blockquote>{paragraphs}</blockquote>")


def _joint_display(payload: Payload) -> Shown:
    return _JOINT_DISPLAYS[payload.template](payload)


def _statistics_by_themes(payload: Payload) -> Shown:
    rows = format_joint_display(payload)
    if not rows:
        text = f"No theme to show: {payload.facts['reason'] or 'nobody has any of them'}."
        return Shown(payload, text, f"<p>{escape(text)}</p>")
    return Shown(payload, "\n\n".join(map(_joint_text, rows)), "".join(map(_joint_html, rows)))


def _joint_text(row: JointRow) -> str:
    lines = [f"{row.label}: {row.definition}"]
    lines += [f"  {group}: {text}" for group, text in row.counts]
    lines += [f"  {group}: {text} ({tier})" for group, text, tier in row.differences]
    lines += [f"  {line}" for line in (row.agreement, row.model) if line]
    for group, quotes, withheld in row.quotes:
        lines += [f"  [{group}] “{words}” ({source})" for words, source in quotes]
        lines += [f"  [{group}] {withheld}"] if withheld else []
    case = row.negative_case
    lines.append(
        f"  Negative case: {f'“{case.quote}” ({case.who})' if case.quote else f'none, {case.reason}'}"
    )
    lines += [f"    against: {case.against}"] if case.against else []
    lines += [f"  {label}: {text}" for label, text in _fit_lines(row)]
    matched = f" ({row.matched})" if row.matched else ""
    return "\n".join([*lines, f"  Reading: {row.reading or 'not yet written'}{matched}"])


def _fit_lines(row: JointRow) -> list[tuple[str, str]]:
    by_authors = f"{row.fit or 'not yet given'}{'; differs from the rule' if row.differ else ''}"
    lines = [("Fit, by the authors", by_authors)]
    return [*lines, ("Fit, by the rule", row.computed)] if row.computed else lines


def _joint_html(row: JointRow) -> str:
    counts = "".join(f"<li>{escape(group)}: {escape(text)}</li>" for group, text in row.counts)
    differences = "".join(
        f"<li>{escape(group)}: {escape(text)} ({escape(tier)})</li>" for group, text, tier in row.differences
    )
    quotes = "".join(_quote_html(words, source) for _, said, _ in row.quotes for words, source in said)
    model = "".join(f"<p>{escape(line)}</p>" for line in (row.agreement, row.model) if line)
    case = row.negative_case
    against = f" Against: {escape(case.against)}." if case.against else ""
    negative = _quote_html(case.quote, case.who) if case.quote else f"<p>None: {escape(case.reason)}.</p>"
    fit = "".join(f"<li>{label}: {escape(text)}</li>" for label, text in _fit_lines(row))
    reading = escape(row.reading) if row.reading else "not yet written"
    matched = f" ({escape(row.matched)})" if row.matched else ""
    return (
        f"<h4>{escape(row.label)}</h4><p>{escape(row.definition)}</p><ul>{counts}</ul><ul>{differences}</ul>"
        f"{model}{quotes}<p><b>Negative case.</b>{against}</p>{negative}<ul>{fit}</ul>"
        f"<p><b>The authors' reading:</b> {reading}{matched}</p>"
    )


def _quote_html(words: str, source: str) -> str:
    return f"<blockquote><p><bdi>{escape(words)}</bdi></p><footer><bdi>{escape(source)}</bdi></footer></blockquote>"


def _quote_matrix(payload: Payload) -> Shown:
    themes = format_quote_matrix(payload)
    if not themes:
        text = f"No quote to show: {payload.facts['reason'] or 'nobody may be quoted'}."
        return Shown(payload, text, f"<p>{escape(text)}</p>")
    lines, html = [], []
    for theme in themes:
        lines.append(theme.label)
        cells = []
        for group, counted, quotes in theme.cells:
            lines += [f"  {group}, {counted}", *(f"    “{words}” ({source})" for words, source in quotes)]
            said = "".join(_quote_html(words, source) for words, source in quotes)
            cells.append(f"<h5>{escape(group)}, {escape(counted)}</h5>{said}")
        html.append(f"<details><summary>{escape(theme.label)}</summary>{''.join(cells)}</details>")
    return Shown(payload, "\n".join(lines), "".join(html))


def _meta_inferences(payload: Payload) -> Shown:
    lines, html = [], []
    for box in format_boxes(payload):
        under = f"### {box.heading}" if box.heading else "## 04 Joint display"
        said = box.reading or f"Not yet written: it goes below “{under}” in author_notes.md."
        about = ", ".join(filter(None, (f"Fit: {box.fit}" if box.fit else "", box.matched)))
        lines.append("\n".join(filter(None, (box.question, said, about))))
        html.append(f"<h4>{escape(box.question)}</h4><p>{escape(said)}</p><p>{escape(about)}</p>")
    return Shown(payload, "\n\n".join(lines), "".join(html))


_JOINT_DISPLAYS = {
    "joint_display": _statistics_by_themes,
    "quote_matrix": _quote_matrix,
    "meta_inferences": _meta_inferences,
}
_SHAPES = {
    "table": _table,
    "figure": _figure,
    "sentences": _sentences,
    "card": _card,
    "prose": _prose,
    "joint_display": _joint_display,
}
