"""How does a payload become a picture?

Four figures, each drawn from its payload alone: how often a theme was coded, how far the groups lie apart,
and what goes with dropping out, in odds and in plain probabilities. Every number in a picture also stands in
a table; ``numbers`` lists them mark by mark, so that a changed picture never passes as an unchanged one.

References: Cleveland & McGill 1984, JASA 79, 531-554 (position on a common scale); Lewis & Clarke 2001, BMJ
322, 1479-1480 (forest plots); WCAG 2.2, success criteria 1.1.1, 1.4.1 and 1.4.11.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis_lib.crosstab import with_shares
from analysis_lib.errors import did_you_mean
from analysis_lib.formatting import (
    MINUS,
    NONE,
    WITHHELD,
    count,
    missing,
    n_of,
    percent,
    percent_interval,
    points,
    points_interval,
    ratio,
    ratio_interval,
)
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.stats.proportions import risk_difference
from analysis_lib.tables.common import BASES, group_heads, group_labels, is_banded, words
from analysis_lib.tables.termination import stated, term_label
from analysis_lib.termination import FIRTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_MM = 175
MOST_THEMES = 16
MOST_MARKS = 64  # per figure, so that it stays on one page however many groups there are
FEW = 5  # people; below this a marker is hollow

# Colour and marker of each outcome group. Every colour keeps 3:1 on white; the first four also differ in
# lightness, so that they stay apart in grey.
GROUPS = {
    "helpful": ("#2F8FCB", "o"),
    "unhelpful": ("#C04A00", "s"),
    "mixed": ("#6B2A7D", "D"),
    "dropped_out": ("#222222", "^"),
}
FURTHER = (("#4317CB", "v"), ("#984C3C", "P"), ("#365960", "X"), ("#A259F7", "p"), ("#F01F8D", "h"))
INK, QUIET, RULE, BAND = "#222222", "#555555", "#D4D4D4", "#EBEBEB"

# All lengths are in points at final size.
_FONT = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same letters
_SIZE, _LINE, _DODGE, _PAD, _GAP, _INDENT = 8.0, 10.5, 6.0, 6.0, 11.0, 8.0
_MARGIN = 3.0  # left and right, so that no letter touches the edge
_WIDTH = WIDTH_MM / 25.4 * 72 - 2 * _MARGIN
_SMALLEST_PLOT, _SMALLEST_LABEL, _LARGEST_LABEL = 150.0, 92.0, 170.0
_BETWEEN = 12.0  # panels
_SPARE = 40.0  # beyond the smallest plot before column heads may spread
_WORD = re.compile(r"\(n = [^)]*\)\S*|\S+")  # what a line break never tears
_LANE = 9.0  # height of a mark below its numbers
_KEY = 10.0  # room for a marker before its name
_EDGE = 9.0  # half a tick label, beyond the axis
_PANELS = 3  # side by side
_FARTHEST = 16.0  # odds ratios whose limits lie beyond are cut there and get an arrow


Align = Literal["left", "right", "center"]
_Record = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """An estimate with its interval, in the units of the axis; NaN where there is none.

    Parameters
    ----------
    text
        Written above the mark; empty where columns hold the numbers.
    hollow
        Too few people to lean on.
    """

    estimate: float
    low: float
    high: float
    text: str = ""
    hollow: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a chart: its label, a mark per series, a text per column; a heading has neither."""

    label: str
    name: str
    marks: tuple[Mark, ...] = ()
    cells: tuple[str, ...] = ()
    indent: bool = False


@dataclass(frozen=True)
class Series:
    """What a marker stands for."""

    label: str
    colour: str
    marker: str
    hollow: bool = False


@dataclass(frozen=True)
class Column:
    """A column of text right of the marks; ``series`` is the one it belongs to, None for all."""

    head: str
    align: Align
    series: int | None = None


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: its ticks run from ``low`` to ``high``.

    Parameters
    ----------
    origin
        Where a line is drawn that means no difference; None draws none.
    margin
        Half the width of the grey band round the origin; 0 draws none.
    decimals
        Digits after the point in a listing of the marks.
    """

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False
    origin: float | None = None
    margin: float = 0.0
    decimals: int = 1

    def at(self, value: float) -> float:
        """Position from 0 (left end) to 1 (right end), not beyond."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def written(self, value: float) -> str:
        """A position as text: fixed decimals, four digits on a log axis."""
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return f"{value:.4g}" if self.log else f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"


@dataclass(frozen=True)
class Chart:
    """Lines with marks on one axis, and the texts beside them.

    Parameters
    ----------
    stub, over
        Headings of the lines' labels and over all columns.
    apart
        Each series gets a panel of its own; otherwise all share one.
    remark
        A sentence in place of the lines; empty where there are lines.
    """

    lines: tuple[Line, ...]
    series: tuple[Series, ...]
    columns: tuple[Column, ...]
    axis: Axis
    stub: str
    over: str = ""
    heading: str = ""
    apart: bool = False
    remark: str = ""


def can_draw(payload: Payload) -> str | None:
    """Why there is no figure, as a phrase; None where there is one.

    Parameters
    ----------
    payload
        Of shape ``figure``.

    Raises
    ------
    ValueError
        If no figure goes by the payload's template.
    """
    return _kind(payload).refusal(payload)


def draw(payload: Payload) -> Figure:
    """The picture of a payload, 175 mm wide, with text of 8 points.

    Parameters
    ----------
    payload
        Of shape ``figure``, exact or as the door released it.

    Raises
    ------
    ValueError
        If no figure goes by the template, or if there is nothing to draw: ask :func:`can_draw` first.
    """
    kind = _drawable(payload)
    charts = kind.charts(payload)
    with _house_style():
        return kind.picture(payload) if kind.picture else _figure(charts, _footer(payload, charts))


def alt_text(payload: Payload) -> str:
    """What the picture is and its one main reading, for those who do not see it."""
    return f"{_drawable(payload).reading(payload)} The numbers stand in the table."


def caption(payload: Payload) -> str:
    """The question that the figure answers, its base, method and interval, and what was left out."""
    return " ".join(part for part in _kind(payload).caption(payload) if part)


def numbers(payload: Payload) -> str:
    """Every number drawn, one line per mark; equal for equal pictures.

    Parameters
    ----------
    payload
        Of shape ``figure``.

    Returns
    -------
    str
        Per chart its heading, its axis with both ends, and per mark: line, series, estimate with limits in
        the units of the axis, and whatever is written beside it.

    Examples
    --------
    >>> from analysis_lib.payload import Table
    >>> shares = pd.DataFrame(
    ...     [("t", "Felt heard", "helpful", 3, 4), ("t", "Felt heard", "mixed", 0, 2)],
    ...     columns=["theme_id", "theme_label", "group", "n_with_theme", "n_total"],
    ... )
    >>> groups = pd.DataFrame({"group": ["helpful", "mixed"], "label": ["Helpful", "Mixed"], "n": [4, 2]})
    >>> tables = {
    ...     "shares": Table.of(
    ...         shares, theme_id="key", theme_label="key", group="key", n_with_theme="people", n_total="people"
    ...     ),
    ...     "groups": Table.of(groups, group="key", label="key", n="people"),
    ... }
    >>> print(numbers(Payload("figure", "theme_dots", tables, {"leading": ["t"], "reference": "helpful"})))
    People with the theme, % of the group: 0.0 to 100.0
    Felt heard | Helpful (n = 4): 75.0 [30.1, 95.4] | 3/4
    Felt heard | Mixed (n = 2): 0.0 [0.0, 65.8] | 0/2
    """
    kind = _kind(payload)
    lines = kind.listing(payload) if kind.listing else []
    for chart in kind.charts(payload):
        axis = chart.axis
        lines += [chart.heading] if chart.heading else []
        lines += [f"{chart.remark}."] if chart.remark else []
        if not chart.lines:
            continue
        band = f", band {axis.written(-axis.margin)} to {axis.written(axis.margin)}" if axis.margin else ""
        lines.append(f"{axis.label}: {axis.written(axis.low)} to {axis.written(axis.high)}{band}")
        for line in chart.lines:
            lines += [_mark_text(chart, line, i) for i in range(len(line.marks))]
    return "\n".join(lines)


def as_svg(figure: Figure) -> str:
    """A figure as SVG without a prologue: letters as paths, no date, the same text for the same payload."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with _house_style():
        figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def as_png(figure: Figure, *, dpi: int = 300) -> bytes:
    """A figure as PNG, the same bytes for the same payload.

    Parameters
    ----------
    figure
        From :func:`draw`.
    dpi
        Dots per inch; 300 for print.
    """
    buffer = io.BytesIO()
    with _house_style():
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _mark_text(chart: Chart, line: Line, i: int) -> str:
    mark, series, written = line.marks[i], chart.series[i], chart.axis.written
    cells = [
        cell
        for cell, column in zip(line.cells, chart.columns, strict=True)
        if column.series in (None, i) and cell
    ]
    position = f"{written(mark.estimate)} [{written(mark.low)}, {written(mark.high)}]"
    parts = [position] if math.isfinite(mark.estimate) else []
    parts += [mark.text] if mark.text else []
    return f"{line.name} | {series.label}: {' | '.join([*parts, *cells])}"


def _theme_dots(payload: Payload) -> tuple[Chart, ...]:
    found = _shares(payload)
    groups, heads = _present(payload), group_heads(payload)
    lines = []
    for theme in _themes(payload):
        rows = [found[theme, group] for group in groups]
        marks = tuple(
            Mark(*_in_percent(row, "share", "conf_low", "conf_high"), hollow=row["n_with_theme"] < FEW)
            for row in rows
        )
        cells = tuple(n_of(row["n_with_theme"], row["n_total"]) for row in rows)
        lines.append(Line(rows[0]["theme_label"], rows[0]["theme_label"], marks, cells))
    series = _group_series(payload, groups)
    columns = tuple(Column(_split(heads[group]), "right", i) for i, group in enumerate(groups))
    axis = _percent_axis(lines, "People with the theme, % of the group")
    over = f"People with the theme, n/N{' (rounded counts)' if is_banded(payload) else ''}"
    return (Chart(tuple(lines), series, columns, axis, "Theme", over),)


def _cannot_show_dots(payload: Payload) -> str | None:
    if not _themes(payload):
        return "no theme was coded for anybody in this wave"
    return _nothing_left(_theme_dots(payload), "every count is withheld")


def _dots_caption(payload: Payload) -> list[str]:
    reference = group_labels(payload)[_reference(payload)]
    order = f"by the largest difference from {reference}" if _compared(payload) else "by overall share"
    return [
        "How often was each theme coded in each outcome group?",
        f"Wave {payload.facts['wave']}. Share of {BASES[payload.facts['base']]}, with 95% Wilson intervals.",
        _open_markers(_theme_dots(payload)),
        *_withheld_note(_theme_dots(payload)),
        f"n/N: people with the theme of people who could have it. Themes are sorted {order}.",
        _cut(payload),
        *_who_is_absent(payload),
        *_standing(payload),
    ]


def _dots_reading(payload: Payload) -> str:
    labels, reference = group_labels(payload), _reference(payload)
    found = {key: row for key, row in _shares(payload).items() if not missing(row["share"])}
    opening = (
        f"Dot plot: share of people with {_themes_in_words(payload)} by outcome group, with 95% intervals."
    )
    gaps = {
        (theme, group): round(abs(row["share"] - found[theme, reference]["share"]), 9)
        for (theme, group), row in found.items()
        if group != reference and (theme, reference) in found
    }
    if gaps:
        theme, group = max(gaps, key=lambda key: gaps[key])
        here, there = found[theme, group], found[theme, reference]
        reading = (
            f"The widest gap to {labels[reference]}: “{here['theme_label']}”, {_n_in_words(here)} in the group"
            f" {labels[group]} and {_n_in_words(there)} in the group {labels[reference]}."
        )
    else:
        theme, group = max(found, key=lambda key: round(found[key]["share"], 9))
        here = found[theme, group]
        reading = (
            f"The largest share: “{here['theme_label']}”, {_n_in_words(here)} in the group {labels[group]}."
        )
    return f"{opening} {reading}{_rounded(payload)}"


def _theme_differences(payload: Payload) -> tuple[Chart, ...]:
    found, reference = _contrasts(payload), _reference(payload)
    margin = 100 * payload.facts["smallest_difference"]
    others = [group for group in _present(payload) if group != reference]
    lines = []
    for theme in _themes(payload):
        label = found[theme, others[0]]["theme_label"]
        lines.append(Line(label, label, tuple(_difference(found[theme, group]) for group in others)))
    axis = _points_axis(
        lines, f"Difference from {group_heads(payload)[reference]}, percentage points", margin
    )
    series = _group_series(payload, others)
    n_rows = math.ceil(len(others) / _PANELS)
    wide = math.ceil(len(others) / max(n_rows, 1))
    return tuple(
        Chart(
            tuple(replace(line, marks=line.marks[i : i + wide]) for line in lines),
            series[i : i + wide],
            (),
            axis,
            "Theme",
            apart=True,
        )
        for i in range(0, len(others), wide)
    )


def _difference(row: _Record) -> Mark:
    values = _in_percent(row, "risk_difference", "rd_low", "rd_high")
    if missing(row["n_with_theme"]) or missing(row["n_with_reference"]):
        return Mark(*values, text=WITHHELD)
    return Mark(*values, text=_points(row["risk_difference"], row["rd_low"], row["rd_high"]))


def _shares(payload: Payload) -> dict[tuple[str, str], _Record]:
    """The shares that are drawn, by theme and group."""
    return _drawn(payload, _derived(payload.tables["shares"].frame, with_shares))


def _contrasts(payload: Payload) -> dict[tuple[str, str], _Record]:
    """The differences that are drawn, by theme and group."""
    return _drawn(payload, _derived(payload.tables["contrasts"].frame, _with_risk_differences))


def _with_risk_differences(counts: pd.DataFrame) -> pd.DataFrame:
    """As in the table of contrasts, without its exact odds ratios: they are not drawn and take the time."""
    four = ("n_with_theme", "n_total", "n_with_reference", "n_reference")
    difference = risk_difference(*(counts[name].to_numpy(float) for name in four))
    low, high = difference.conf_low, difference.conf_high
    return counts.assign(risk_difference=difference.estimate, rd_low=low, rd_high=high)


def _drawn(payload: Payload, frame: pd.DataFrame) -> dict[tuple[str, str], _Record]:
    themes, groups = _themes(payload), _present(payload)
    rows: list[_Record] = [
        {str(name): value for name, value in row.items()} for row in frame.to_dict("records")
    ]
    found = {(row["theme_id"], row["group"]): row for row in rows}
    return {
        (theme, group): found[theme, group] for theme in themes for group in groups if (theme, group) in found
    }


def _cannot_show_differences(payload: Payload) -> str | None:
    reason = payload.facts["reason"]
    if payload.facts["tradition"] == "reflexive":
        return reason or "reflexive thematic analysis does not read frequency as importance"
    if not _compared(payload):
        return reason or "no comparison group in this wave"
    if not _themes(payload):
        return "no theme was coded for anybody in this wave"
    return _nothing_left(_theme_differences(payload), "every difference rests on a withheld count")


def _differences_caption(payload: Payload) -> list[str]:
    margin = round(100 * payload.facts["smallest_difference"])
    reference = group_heads(payload)[_reference(payload)]
    return [
        f"How far does each outcome group lie from {reference}?",
        f"Wave {payload.facts['wave']}. Difference in the share of people with the theme, in percentage points,"
        " with 95% Newcombe intervals that take no account of the number of comparisons.",
        f"Share of {BASES[payload.facts['base']]}.",
        f"Grey band: differences under {margin} points, smaller than what the team set as important."
        if margin
        else "",
        *_withheld_note(_theme_differences(payload)),
        _cut(payload),
        *_who_is_absent(payload),
        *_standing(payload),
    ]


def _differences_reading(payload: Payload) -> str:
    labels = group_labels(payload)
    found = [row for row in _contrasts(payload).values() if not missing(row["risk_difference"])]
    top = max(found, key=lambda row: round(abs(row["risk_difference"]), 9))
    return (
        f"Difference plot: {_themes_in_words(payload)}, each outcome group against {labels[top['reference']]}, with"
        f" 95% intervals. The widest difference: “{top['theme_label']}” in the group {labels[top['group']]},"
        f" {_points(top['risk_difference'], top['rd_low'], top['rd_high'])}.{_rounded(payload)}"
    )


def _themes(payload: Payload) -> list[str]:
    """The themes that are drawn, in order."""
    return _known_themes(payload)[: min(MOST_THEMES, MOST_MARKS // max(len(_present(payload)), 1))]


def _known_themes(payload: Payload) -> list[str]:
    table = payload.tables.get("shares") or payload.tables["contrasts"]
    known = set(table.frame["theme_id"])
    return [theme for theme in payload.facts["leading"] if theme in known]


def _present(payload: Payload) -> list[str]:
    """Groups that have anybody in them, as far as one may know."""
    groups = payload.tables["groups"].frame
    return [str(group) for group in groups.loc[groups["n"].ne(0), "group"]]


def _reference(payload: Payload) -> str:
    return str(payload.facts["reference"])


def _compared(payload: Payload) -> bool:
    """Whether there is a reference and anybody to compare with it."""
    present = _present(payload)
    return _reference(payload) in present and len(present) > 1


def _group_series(payload: Payload, shown: list[str]) -> tuple[Series, ...]:
    styles = group_styles(list(payload.tables["groups"].frame["group"]))
    heads = group_heads(payload)
    return tuple(Series(heads[group], *styles[group]) for group in shown)


def group_styles(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each group: the house's own for its four names, the next free ones for others.

    >>> group_styles(["helpful", "relapsed"])
    {'helpful': ('#2F8FCB', 'o'), 'relapsed': ('#C04A00', 's')}
    """
    free = [style for name, style in GROUPS.items() if name not in groups] + list(FURTHER)
    others = [group for group in groups if group not in GROUPS]
    given = {group: free[i % len(free)] for i, group in enumerate(others)}
    return {group: GROUPS.get(group) or given[group] for group in groups}


def _who_is_absent(payload: Payload) -> list[str]:
    labels, present = group_labels(payload), set(_present(payload))
    absent = [label for group, label in labels.items() if group not in present and group != ALL]
    return [f"Nobody in this wave: {', '.join(absent)}."] if absent else []


def _cut(payload: Payload) -> str:
    shown, known = len(_themes(payload)), len(_known_themes(payload))
    return f"{shown} of {known} themes, the others are in the table." if shown < known else ""


def _themes_in_words(payload: Payload) -> str:
    n = len(_themes(payload))
    return "1 theme" if n == 1 else f"{n} themes"


def _n_in_words(row: _Record) -> str:
    n = n_of(row["n_with_theme"], row["n_total"]).replace("/", " of ")
    return f"{n} people ({percent(row['share'], row['n_total'])})"


def _termination_forest(payload: Payload) -> tuple[Chart, ...]:
    models, guards = stated(payload, "models"), stated(payload, "guards")
    models = models[models["method"] == FIRTH]
    events = stated(payload, "events") if "events" in payload.tables else None
    axis = _ratio_axis(models)
    series = (Series("alone", INK, "o", hollow=True), Series("together", INK, "s"))
    columns = [Column("Alone", "left", 0), Column("Together", "left", 1)]
    if events is not None:
        columns.insert(0, Column("Events/n", "right"))
    charts = []
    for _, guard in guards.iterrows():
        mine = models[models["model"] == guard["model"]]
        seen = None if events is None else events[events["model"] == guard["model"]]
        charts.append(
            Chart(
                tuple(_forest_lines(mine, seen, guard)),
                series,
                tuple(columns),
                axis,
                "Term",
                "Odds ratio [95% CI]",
                heading=_model_heading(payload, guard["model"], guard["n_used"], guard["n_events"]),
                remark="" if len(mine) else f"No model: {guard['reason']}",
            )
        )
    return tuple(charts)


def _forest_lines(models: pd.DataFrame, events: pd.DataFrame | None, guard: pd.Series) -> Iterator[Line]:
    for term, rows in models.groupby("term", sort=False):
        levels = list(dict.fromkeys(rows["level"]))
        first = rows.iloc[0]
        reference = words(first["reference"]) if first["reference"] else ""
        under_heading = len(levels) > 1
        if under_heading:
            label = f"{first['term_label']} (v {reference})" if reference else first["term_label"]
            yield Line(label, label)
        for level in levels:
            here = rows[rows["level"] == level]
            fits = [_fit(here, adjusted=adjusted) for adjusted in (False, True)]
            name = term_label(here.iloc[0])
            cells = [cell for _, cell in fits]
            if events is not None:
                at = events[(events["term"] == term) & (events["level"] == level)]
                # A number such as age has no levels: everybody stands behind its estimate.
                n = (guard["n_events"], guard["n_used"]) if at.empty else at[["n_events", "n_total"]].iloc[0]
                cells.insert(0, n_of(*n))
            marks = tuple(mark for mark, _ in fits)
            yield Line(words(level) if under_heading else name, name, marks, tuple(cells), under_heading)


def _fit(rows: pd.DataFrame, *, adjusted: bool) -> tuple[Mark, str]:
    """The mark of one fit of a level, and its numbers as text."""
    here = rows[rows["adjusted"].eq(adjusted)]
    if here.empty:
        return Mark(math.nan, math.nan, math.nan), NONE
    row = here.iloc[0]
    mark = Mark(float(row["odds_ratio"]), float(row["conf_low"]), float(row["conf_high"]))
    if missing(row["odds_ratio"]):
        return mark, _why_missing(row)
    return mark, f"{ratio(row['odds_ratio'])} {ratio_interval(row['conf_low'], row['conf_high'])}"


def _termination_probabilities(payload: Payload) -> tuple[Chart, ...]:
    frame = stated(payload, "probabilities")
    series = (Series("adjusted probability", INK, "o"),)
    columns = (Column("Probability [95% CI]", "left"), Column("Difference [95% CI]", "left"))
    lines = {
        str(model): tuple(_probability_lines(mine)) for model, mine in frame.groupby("model", sort=False)
    }
    axis = _percent_axis(
        [line for those in lines.values() for line in those],
        "Adjusted probability of dropping out, %",
    )
    return tuple(
        Chart(
            those,
            series,
            columns,
            axis,
            "Level",
            heading=_model_heading(payload, model, frame.loc[frame["model"] == model, "n_used"].iloc[0]),
        )
        for model, those in lines.items()
    )


def _probability_lines(frame: pd.DataFrame) -> Iterator[Line]:
    for _, rows in frame.groupby("term", sort=False):
        label = rows["term_label"].iloc[0]
        yield Line(label, label)
        for i, (_, row) in enumerate(rows.iterrows()):
            mark = Mark(*_in_percent(row, "probability", "conf_low", "conf_high"))
            if missing(row["probability"]):
                cells = (_why_missing(row), "")
            else:
                interval = percent_interval(row["conf_low"], row["conf_high"])
                difference = _points(row["average_risk_difference"], row["ard_low"], row["ard_high"])
                cells = (f"{percent(row['probability'])} {interval}", difference if i else "reference")
            level = words(row["level"])
            yield Line(level, f"{label}, {level}", (mark,), cells, indent=True)


def _why_missing(row: pd.Series) -> str:
    """What stands in place of an estimate: ``withheld`` by the door, or a dash for one that does not exist."""
    return WITHHELD if missing(row["reason"]) or row["reason"] == WITHHELD else NONE


def _model_heading(payload: Payload, model: str, n_used: Any, n_events: Any = None) -> str:
    rule = payload.facts["rules"][payload.facts["stated_event"][model]]
    n = f"{count(n_used, absent=WITHHELD)} people with complete data"
    if n_events is not None:
        n = f"{count(n_events, absent=WITHHELD)} of {n}"
    return f"Model {words(model)}: {rule} ({n})"


def _cannot_show_forest(payload: Payload) -> str | None:
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    charts = _termination_forest(payload)
    if not any(chart.lines for chart in charts):
        guards = stated(payload, "guards")
        return "; ".join(f"model {g['model']}: {g['reason']}" for _, g in guards.iterrows()) or "no model"
    return _nothing_left(charts, "every estimate is withheld")


def _cannot_show_probabilities(payload: Payload) -> str | None:
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    charts = _termination_probabilities(payload)
    return (
        _nothing_left(charts, "every estimate is withheld") if charts else "no stated model could be fitted"
    )


def _forest_caption(payload: Payload) -> list[str]:
    guards = stated(payload, "guards")
    left = [
        f"{count(g['n_dropped'], absent=WITHHELD)} of {count(g['n_eligible'], absent=WITHHELD)}"
        + (f" (model {words(g['model'])})" if len(guards) > 1 else "")
        for _, g in guards.iterrows()
    ]
    charts = _termination_forest(payload)
    cut = any(_is_cut(mark, chart.axis) for chart in charts for line in chart.lines for mark in line.marks)
    return [
        "What goes with dropping out, term by term and all terms together?",
        f"Wave {payload.facts['wave']}. Odds ratios of dropping out by Firth's penalised likelihood with 95% profile"
        " intervals, on a log scale; right of 1, the odds of dropping out are higher.",
        "Open circle: the term alone; filled square: all terms of the model together; the same people in both.",
        f"People left out for missing values: {'; '.join(left)}.",
        "Arrow: the interval goes on beyond the axis." if cut else "",
        *_association(payload),
        *_withheld_note(charts),
        *_standing(payload),
    ]


def _probabilities_caption(payload: Payload) -> list[str]:
    charts = _termination_probabilities(payload)
    return [
        "How much does each term matter for dropping out, in plain probabilities?",
        f"Wave {payload.facts['wave']}. Probability of dropping out if everybody had this level, all else as"
        " observed, from the model with all terms (Firth, FLIC intercept), with 95% delta-method intervals.",
        "Difference: percentage points from the first level of the term.",
        *_association(payload),
        *_withheld_note(charts),
        *_standing(payload),
    ]


def _forest_reading(payload: Payload) -> str:
    models = stated(payload, "models")
    rows = models[(models["method"] == FIRTH) & models["adjusted"].eq(True)].dropna(subset=["odds_ratio"])
    opening = "Forest plot of odds ratios of dropping out, each term alone and all together."
    if rows.empty:
        return f"{opening} The estimates of all terms together are withheld.{_rounded(payload)}"
    away = rows[(rows["conf_low"] > 1) | (rows["conf_high"] < 1)]
    listed = [
        f"“{term_label(row)}” {ratio(row['odds_ratio'])} {ratio_interval(row['conf_low'], row['conf_high'])}"
        for _, row in away.iterrows()
    ]
    which = f": {'; '.join(listed)}" if listed else ""
    return (
        f"{opening} All together, {len(away)} of {len(rows)} intervals exclude 1{which}.{_rounded(payload)}"
    )


def _probabilities_reading(payload: Payload) -> str:
    frame = stated(payload, "probabilities")
    rows = frame.dropna(subset=["average_risk_difference"])
    opening = "Dot plot with 95% intervals of the adjusted probability of dropping out at each level."
    if rows.empty:
        return f"{opening}{_rounded(payload)}"
    _, top = max(rows.iterrows(), key=lambda item: round(abs(item[1]["average_risk_difference"]), 9))
    same = frame[(frame["model"] == top["model"]) & (frame["term"] == top["term"])]
    first = same.iloc[0]
    return (
        f"{opening} The widest difference: “{top['term_label']}”, {percent(top['probability'])} at"
        f" “{words(top['level'])}” against {percent(first['probability'])} at “{words(first['level'])}”,"
        f" {_points(top['average_risk_difference'], top['ard_low'], top['ard_high'])}.{_rounded(payload)}"
    )


def _association(payload: Payload) -> list[str]:
    if payload.facts["theme_timing"] != "after_outcome":
        return []
    return ["Accounts were given after the outcome, so these are associations."]


def _withheld_note(charts: Iterable[Chart]) -> list[str]:
    texts = {
        text for c in charts for line in c.lines for text in (*line.cells, *(m.text for m in line.marks))
    }
    return ["Withheld: a number of people behind it is too small to leave."] if WITHHELD in texts else []


@dataclass(frozen=True)
class _Kind:
    """The parts of a figure that follow from its template; ``picture`` and ``listing`` where it has no charts."""

    charts: Callable[[Payload], tuple[Chart, ...]]
    refusal: Callable[[Payload], str | None]
    caption: Callable[[Payload], list[str]]
    reading: Callable[[Payload], str]
    picture: Callable[[Payload], Figure] | None = None
    listing: Callable[[Payload], list[str]] | None = None


_KINDS = {
    "theme_dots": _Kind(_theme_dots, _cannot_show_dots, _dots_caption, _dots_reading),
    "theme_differences": _Kind(
        _theme_differences, _cannot_show_differences, _differences_caption, _differences_reading
    ),
    "termination_forest": _Kind(_termination_forest, _cannot_show_forest, _forest_caption, _forest_reading),
    "termination_probabilities": _Kind(
        _termination_probabilities, _cannot_show_probabilities, _probabilities_caption, _probabilities_reading
    ),
}


def _kind(payload: Payload) -> _Kind:
    from analysis_lib.figures_reliability import KINDS  # noqa: PLC0415 - it draws with what stands above

    kinds = _KINDS | KINDS
    if payload.template not in kinds:
        hint = did_you_mean(payload.template, kinds)
        raise ValueError(f'No figure is called "{payload.template}".{hint} There are: {", ".join(kinds)}.')
    return kinds[payload.template]


def _drawable(payload: Payload) -> _Kind:
    reason = can_draw(payload)
    if reason is not None:
        raise ValueError(f"There is no figure: {reason}. Ask can_draw() first.")
    return _kind(payload)


def _derived(counts: pd.DataFrame, derive: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Counts with what follows from them; nothing follows from a row with a withheld count."""
    columns = [name for name in map(str, counts) if name.startswith("n_") and name != "n_segments"]
    found = derive(counts[counts[columns].notna().all(axis=1)])
    return counts.join(found[found.columns.difference(counts.columns)])


def _in_percent(row: pd.Series | _Record, *names: str) -> tuple[float, float, float]:
    estimate, low, high = (100 * float(row[name]) for name in names)
    return estimate, low, high


def _points(difference: Any, low: Any, high: Any) -> str:
    """A difference as it is written beside its mark, such as ``+25 points [9, 42]``."""
    if missing(difference):
        return NONE
    unit = "point" if abs(round(100 * difference)) == 1 else "points"
    return f"{points(difference)} {unit} {points_interval(low, high)}"


def _nothing_left(charts: tuple[Chart, ...], reason: str) -> str | None:
    drawn = any(math.isfinite(m.estimate) for chart in charts for line in chart.lines for m in line.marks)
    return None if drawn else reason


def _standing(payload: Payload) -> list[str]:
    """What every caption says about its data."""
    return [
        "SYNTHETIC data: no person stands behind any number." if payload.facts.get("synthetic") else "",
        f"All numbers of people are rounded counts ({payload.facts['counts_rule']})."
        if is_banded(payload)
        else "",
    ]


def _rounded(payload: Payload) -> str:
    return " From rounded counts." if is_banded(payload) else ""


def _footer(payload: Payload, charts: tuple[Chart, ...]) -> str:
    """What must stay with the picture when it is parted from its caption."""
    margin = charts[0].axis.margin
    parts = [
        f"Grey band: less than {margin:.0f} points either way." if margin else "",
        _open_markers(charts),
        "Rounded counts." if is_banded(payload) else "",
        "SYNTHETIC data." if payload.facts.get("synthetic") else "",
    ]
    return "  ".join(filter(None, parts))


def _open_markers(charts: tuple[Chart, ...]) -> str:
    hollow = any(m.hollow for chart in charts for line in chart.lines for m in line.marks)
    return f"Open marker: fewer than {FEW} people." if hollow else ""


def _split(head: str) -> str:
    """``Unhelpful (n = 37)`` with its number on a line of its own."""
    return head.replace(" (n = ", "\n(n = ")


def _percent_axis(lines: Iterable[Line], label: str) -> Axis:
    """From 0 to a round number above the highest limit."""
    highest = max((m.high for line in lines for m in line.marks if math.isfinite(m.high)), default=100.0)
    top = min(10 * max(1, math.ceil(round(highest, 6) / 10)), 100)
    step = 10 if top <= 60 else 20
    return Axis(label, 0.0, float(top), tuple(float(t) for t in range(0, top + 1, step)))


def _points_axis(lines: Iterable[Line], label: str, margin: float) -> Axis:
    limits = [x for line in lines for m in line.marks for x in (m.low, m.high) if math.isfinite(x)]
    low = 10 * math.floor(round(min([-margin, *limits]), 6) / 10)
    high = 10 * math.ceil(round(max([margin, *limits]), 6) / 10)
    step = 20 if high - low <= 60 else 25 if high - low <= 150 else 50
    ticks = tuple(float(tick) for tick in range(step * math.ceil(low / step), high + 1, step))
    return Axis(label, float(low), float(high), ticks, origin=0.0, margin=margin)


def _ratio_axis(models: pd.DataFrame) -> Axis:
    """Doublings round 1; limits far out are cut, estimates never are."""
    estimates = [x for x in models["odds_ratio"] if 0 < x < math.inf]
    low = min([0.5, *estimates, *(max(x, 1 / _FARTHEST) for x in models["conf_low"].dropna())])
    high = max([2.0, *estimates, *(min(x, _FARTHEST) for x in models["conf_high"].dropna())])
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    step = 1 if last - first <= 6 else 2
    ticks = tuple(2.0**k for k in range(first, last + 1) if k % step == 0)
    return Axis("Odds ratio of dropping out (log scale)", 2.0**first, 2.0**last, ticks, log=True, origin=1.0)


def _is_cut(mark: Mark, axis: Axis) -> bool:
    return mark.low < axis.low or mark.high > axis.high


@contextmanager
def _house_style() -> Iterator[None]:
    """matplotlib's own defaults with ours on top, whatever a machine's matplotlibrc says."""
    from matplotlib import style  # noqa: PLC0415 - only who draws waits for it

    own = {
        "font.family": _FONT,
        "font.size": _SIZE,
        "text.color": INK,
        "text.hinting": "none",  # letters as wide as they were measured
        "text.parse_math": False,  # a dollar sign in a label is a dollar sign
        "axes.unicode_minus": True,
        "svg.fonttype": "path",
        "svg.hashsalt": "themewave",
    }
    with style.context(["default", own]):
        yield


@dataclass(frozen=True)
class _Layout:
    """Where the parts of a chart go, in points from its upper left corner."""

    panels: tuple[tuple[float, float], ...]  # left, width
    columns: tuple[tuple[float, float], ...]  # left, width
    heads: tuple[tuple[str, ...], ...]  # of the columns, or of the panels of a chart whose series are apart
    legend: tuple[tuple[float, int], ...]  # left and row of each series
    labels: tuple[tuple[str, ...], ...]
    heights: tuple[float, ...]
    heading: tuple[str, ...]
    over: tuple[str, ...]
    axis_label: tuple[str, ...]

    @property
    def n_head_lines(self) -> int:
        """Lines of the highest column head; a marker alone takes one."""
        return max(1, max(map(len, self.heads), default=1))

    @property
    def legend_top(self) -> float:
        """Below the heading."""
        return _LINE * len(self.heading) + (4 if self.heading else 0)

    @property
    def top(self) -> float:
        """Height above the first line."""
        legend = _LINE * (1 + self.legend[-1][1]) + 5 if self.legend else 0.0
        over = _LINE * len(self.over) + (2 if self.over else 0)
        return self.legend_top + legend + over + _LINE * self.n_head_lines + 4

    @property
    def height(self) -> float:
        """Height of the whole chart."""
        return self.top + sum(self.heights) + 14 + _LINE * len(self.axis_label)


def _figure(charts: tuple[Chart, ...], footer: str) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who draws waits for it

    notes = _wrap(footer, _WIDTH)
    layouts = [_laid_out(chart) if chart.lines else None for chart in charts]
    remarks = [
        (_wrap(chart.heading, _WIDTH, bold=True), _wrap(f"{chart.remark}.", _WIDTH)) for chart in charts
    ]
    heights = [
        layout.height if layout else _LINE * (len(heading) + len(remark))
        for layout, (heading, remark) in zip(layouts, remarks, strict=True)
    ]
    between = 16.0
    bottom = sum(heights) + between * (len(charts) - 1) + 4
    total = bottom + (_LINE * len(notes) + 6 if notes else 0)
    figure = Figure(figsize=(WIDTH_MM / 25.4, total / 72), facecolor="white")
    top = 2.0
    for chart, layout, height, (heading, remark) in zip(charts, layouts, heights, remarks, strict=True):
        if layout is None:
            for i, text in enumerate([*heading, *remark]):
                _write(figure, 0, top + _LINE * (i + 0.5), text, bold=i < len(heading))
        else:
            _draw_chart(figure, chart, layout, top)
        top += height + between
    for i, note in enumerate(notes):
        _write(figure, 0, bottom + 6 + _LINE * (i + 0.5), note, colour=QUIET)
    return figure


def _laid_out(chart: Chart) -> _Layout:
    wanted = 1 + max(
        _text_width(line.label, bold=not line.marks) + _INDENT * line.indent for line in chart.lines
    )
    wanted = min(wanted, _LARGEST_LABEL)
    heads, widths, legend = _column_heads(chart, wanted)
    beside = sum(width + _GAP for width in widths) if widths else _EDGE
    n_panels = len(chart.series) if chart.apart else 1
    texts = max((_text_width(mark.text) for line in chart.lines for mark in line.marks), default=0.0)
    smallest = max(_SMALLEST_PLOT, texts * n_panels + _BETWEEN * (n_panels - 1))
    label_width = min(wanted, max(_SMALLEST_LABEL, _WIDTH - beside - smallest - _GAP))
    left = label_width + _GAP
    plot = _WIDTH - left - beside
    panel = (plot - _BETWEEN * (n_panels - 1)) / n_panels
    columns, x = [], left + plot
    for width in widths:
        columns.append((x + _GAP, width))
        x += width + _GAP
    if chart.apart:
        heads = tuple(tuple(_wrap(series.label, panel - _KEY)) for series in chart.series)
    labels = tuple(
        tuple(_wrap(line.label, label_width - _INDENT * line.indent, bold=not line.marks))
        for line in chart.lines
    )
    stack = _LINE + _LANE if chart.apart else _DODGE * len(chart.series)
    return _Layout(
        panels=tuple((left + i * (panel + _BETWEEN), panel) for i in range(n_panels)),
        columns=tuple(columns),
        heads=heads,
        legend=legend,
        labels=labels,
        heights=tuple(
            max(_LINE * len(lines), stack if line.marks else 0.0) + (_PAD if line.marks else 3.0)
            for lines, line in zip(labels, chart.lines, strict=True)
        ),
        heading=tuple(_wrap(chart.heading, _WIDTH, bold=True)),
        over=tuple(_wrap(chart.over, _WIDTH - left)),
        axis_label=tuple(_wrap(chart.axis.label, plot + 2 * _EDGE)),
    )


def _column_heads(
    chart: Chart, label_width: float
) -> tuple[tuple[tuple[str, ...], ...], list[float], tuple[tuple[float, int], ...]]:
    """Heads and widths of the columns, and a legend where the heads would leave too little room for the marks.

    A marker stands before the head of a column aligned left, and below that of one aligned right.
    """
    cells = [
        max((_text_width(line.cells[i]) for line in chart.lines if line.cells), default=0.0)
        for i in range(len(chart.columns))
    ]
    keys = [_KEY * (column.series is not None and column.align == "left") for column in chart.columns]
    widths = [
        max(cell, *(_text_width(word) + key for word in _WORD.findall(column.head)))
        for cell, key, column in zip(cells, keys, chart.columns, strict=True)
    ]
    # A head in one piece looks better than a wrapped one, where it costs nothing.
    room = _WIDTH - label_width - _SMALLEST_PLOT - _GAP * (len(cells) + 1)
    whole = [
        max(cell, *(_text_width(part) + key for part in column.head.split("\n")))
        for cell, key, column in zip(cells, keys, chart.columns, strict=True)
    ]
    if sum(whole) <= room - _SPARE:
        widths = whole
    named = sum(widths) <= room or any(column.align == "left" for column in chart.columns)
    if not named:
        widths = [max(cell, _KEY) for cell in cells]
    heads = []
    for column, width, key in zip(chart.columns, widths, keys, strict=True):
        lines = _wrap(column.head, width - key) if named else []
        heads.append((*lines, "") if column.series is not None and column.align == "right" else tuple(lines))
    return tuple(heads), widths, () if named else _legend(chart.series)


def _legend(series: tuple[Series, ...]) -> tuple[tuple[float, int], ...]:
    """Left and row of each series, on as many rows as they need."""
    placed, x, row = [], 0.0, 0
    for one in series:
        width = _KEY + _text_width(one.label)
        if x > 0 and x + width > _WIDTH:
            x, row = 0.0, row + 1
        placed.append((x, row))
        x += width + 14
    return tuple(placed)


def _draw_chart(figure: Figure, chart: Chart, layout: _Layout, top: float) -> None:
    first = top + layout.top
    bottom = first + sum(layout.heights)
    axes = [_panel(figure, chart.axis, left, first, width, bottom - first) for left, width in layout.panels]
    for i, text in enumerate(layout.heading):
        _write(figure, 0, top + _LINE * (i + 0.5), text, bold=True)
    _draw_heads(figure, chart, layout, top, first)
    y = first
    for line, labels, height in zip(chart.lines, layout.labels, layout.heights, strict=True):
        if y > first and not line.indent:
            _rule(figure, y)
        middle = y + height / 2
        for i, text in enumerate(labels):
            centre = middle + _LINE * (i - (len(labels) - 1) / 2)
            _write(figure, _INDENT * line.indent, centre, text, bold=not line.marks)
        for text, column, (left, width) in zip(line.cells, chart.columns, layout.columns, strict=False):
            _write(figure, left if column.align == "left" else left + width, middle, text, align=column.align)
        if chart.apart:
            _draw_lane(figure, axes, chart, layout, line, y, middle, first)
        else:
            for i, mark in enumerate(line.marks):
                offset = _DODGE * (i - (len(line.marks) - 1) / 2)
                _draw_mark(axes[0], chart.axis, mark, chart.series[i], middle - first + offset)
        y += height
    _rule(figure, first, colour=INK)
    centre = (layout.panels[0][0] + sum(layout.panels[-1])) / 2
    for i, text in enumerate(layout.axis_label):
        _write(figure, centre, bottom + 14 + _LINE * (i + 0.5), text, align="center")


def _panel(figure: Figure, axis: Axis, left: float, top: float, width: float, height: float) -> Axes:
    """Empty axes whose vertical unit is the point, from the top."""
    x, y = _at(figure, left, top + height)
    right, upper = _at(figure, left + width, top)
    box = (x, y, right - x, upper - y)
    axes = figure.add_axes(box, facecolor="none", zorder=2)
    if axis.log:
        axes.set_xscale("log", base=2)
    axes.set_xlim(axis.low, axis.high)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.set_xticks(axis.ticks, [f"{tick:g}".replace("-", MINUS) for tick in axis.ticks])
    axes.minorticks_off()
    axes.tick_params(axis="x", length=3, width=0.6, pad=2, color=INK, labelcolor=INK, labelsize=_SIZE)
    axes.grid(axis="x", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", linewidth=0.6, color=INK)
    if axis.margin:
        axes.axvspan(-axis.margin, axis.margin, color=BAND, linewidth=0, zorder=0)
    if axis.origin is not None:
        axes.axvline(axis.origin, color=QUIET, linewidth=0.8, zorder=1)
    return axes


def _draw_heads(figure: Figure, chart: Chart, layout: _Layout, top: float, first: float) -> None:
    """Legend, column heads and panel titles, each with the marker that it explains."""
    for (x, row), series in zip(layout.legend, chart.series, strict=False):
        y = top + layout.legend_top + _LINE * (row + 0.5)
        _marker(figure, x + 3, y, series)
        _write(figure, x + _KEY, y, series.label)
    last = first - 4 - _LINE / 2
    _write(figure, 0, last, chart.stub, colour=QUIET)
    lefts = [
        left
        for (left, _), column in zip(layout.columns, chart.columns, strict=True)
        if column.align == "left"
    ]
    for i, text in enumerate(layout.over):
        y = last - 2 - _LINE * (layout.n_head_lines + len(layout.over) - 1 - i)
        if lefts:
            _write(figure, lefts[0], y, text, colour=QUIET)
        else:
            _write(figure, _WIDTH, y, text, align="right", colour=QUIET)
    slots = layout.panels if chart.apart else layout.columns
    for column, head, (left, width) in zip(_titles(chart), layout.heads, slots, strict=True):
        start = last - _LINE * (len(head) - 1)
        before = column.series is not None and column.align == "left"
        for i, text in enumerate(head):
            x = left + _KEY * before if column.align == "left" else left + width
            _write(figure, x, start + _LINE * i, text, align=column.align)
        if column.series is not None:
            x, y = (left + 3, start) if before else (left + width - 3, last)
            _marker(figure, x, y, chart.series[column.series])


def _titles(chart: Chart) -> tuple[Column, ...]:
    """What stands over the columns, or over the panels."""
    if not chart.apart:
        return chart.columns
    return tuple(Column(series.label, "left", i) for i, series in enumerate(chart.series))


def _draw_lane(
    figure: Figure,
    axes: list[Axes],
    chart: Chart,
    layout: _Layout,
    line: Line,
    y: float,
    middle: float,
    first: float,
) -> None:
    """Marks of a line whose series lie apart: each in a lane of its own, its numbers above on plain ground."""
    top, floor = middle - (_LINE + _LANE) / 2, middle + (_LINE - _LANE) / 2
    for panel, series, mark, (left, width) in zip(axes, chart.series, line.marks, layout.panels, strict=True):
        panel.axhspan(y - first, floor - first, color="white", linewidth=0, zorder=2)
        _draw_mark(panel, chart.axis, mark, series, floor + _LANE / 2 - first)
        half = _text_width(mark.text) / 2
        value = mark.estimate if math.isfinite(mark.estimate) else chart.axis.origin or 0.0
        x = min(max(left + width * chart.axis.at(value), left + half), left + width - half)
        _write(figure, x, top + _LINE / 2, mark.text, align="center")


def _draw_mark(axes: Axes, axis: Axis, mark: Mark, series: Series, y: float) -> None:
    if math.isnan(mark.estimate):
        return
    low, high = max(mark.low, axis.low), min(mark.high, axis.high)
    axes.plot(
        [low, high],
        [y, y],
        color=series.colour,
        linewidth=1.2,
        solid_capstyle="butt",
        clip_on=False,
        zorder=3,
    )
    for cut, at, arrow in ((mark.low < axis.low, low, "<"), (mark.high > axis.high, high, ">")):
        if cut:
            axes.plot([at], [y], arrow, color=series.colour, markersize=4, clip_on=False, zorder=3)
    if axis.low <= mark.estimate <= axis.high:
        axes.plot([mark.estimate], [y], **_marker_style(series, hollow=mark.hollow), clip_on=False, zorder=4)


def _marker_style(series: Series, *, hollow: bool = False) -> dict[str, Any]:
    sizes = {"o": 4.6, "s": 4.2, "D": 3.9, "^": 4.9, "v": 4.9, "P": 5.2, "X": 5.2, "p": 5.2, "h": 5.2}
    return {
        "marker": series.marker,
        "markersize": sizes[series.marker],
        "markeredgewidth": 1.0,
        "markeredgecolor": series.colour,
        "markerfacecolor": "white" if hollow or series.hollow else series.colour,
        "linestyle": "none",
    }


def _marker(figure: Figure, x: float, y: float, series: Series) -> None:
    """A marker by itself, for heads and legends."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    across, up = _at(figure, x, y)
    style = _marker_style(series)
    figure.add_artist(Line2D([across], [up], transform=figure.transFigure, **style))


def _rule(figure: Figure, y: float, *, colour: str = RULE) -> None:
    """A thin line over the whole width, above whatever the rows hold."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - only who draws waits for it

    (left, up), (right, _) = _at(figure, 0, y), _at(figure, _WIDTH, y)
    line = Line2D([left, right], [up, up], color=colour, linewidth=0.5, zorder=3)
    line.set_transform(figure.transFigure)
    figure.add_artist(line)


def _write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    align: Align = "left",
    bold: bool = False,
    colour: str = INK,
) -> None:
    """Text whose capitals are centred on y, in points from the upper left corner."""
    weight = "bold" if bold else "normal"
    across, up = _at(figure, x, y + 0.36 * _SIZE)
    figure.text(across, up, text, ha=align, va="baseline", color=colour, weight=weight, zorder=5)


def _at(figure: Figure, x: float, y: float) -> tuple[float, float]:
    """A place in points from the upper left corner as fractions of the figure from the lower left one."""
    width, height = figure.get_size_inches()
    return (x + _MARGIN) / (72 * width), 1 - y / (72 * height)


def _wrap(text: str, width: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than ``width``; a word that is wider by itself is cut."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for whole in _WORD.findall(part):
            word = whole
            if line and _text_width(f"{line} {word}", bold=bold) <= width:
                line = f"{line} {word}"
                continue
            if line:
                lines.append(line)
            while _text_width(word, bold=bold) > width and len(word) > 1:
                fits = max(1, sum(_text_width(word[:n], bold=bold) <= width for n in range(1, len(word))))
                lines.append(word[:fits])
                word = word[fits:]
            line = word
        lines += [line] if line else []
    return lines


@cache
def _text_width(text: str, *, bold: bool = False) -> float:
    """Width in points; the same wherever the figure goes."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - only who draws waits for it
    from matplotlib.textpath import TextToPath  # noqa: PLC0415 - only who draws waits for it

    font = FontProperties(family=_FONT, size=_SIZE, weight="bold" if bold else "normal")
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0])
