"""How do pairs of themes become a matrix of overlaps, themes with much overlap next to one another?

Each cell holds the number of people with both themes; its shade is Jaccard's index. A frame marks what stands out
from the null that keeps how much each person mentions. No network is drawn: its layout would invent structure.

References: Jaccard 1912, New Phytol 11, 37-50; Bar-Joseph, Gifford & Jaakkola 2001, Bioinformatics 17, S22-S29
(order of the leaves).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.figures.charts import Chart
from analysis_lib.figures.drawing import write
from analysis_lib.figures.layout import WIDTH
from analysis_lib.figures.panels import new_figure, rectangle
from analysis_lib.figures.style import QUIET, ink_on, shade, text_width, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import WITHHELD, count, decimal, missing
from analysis_lib.payload import Payload
from analysis_lib.tables.common import ADJUSTMENTS
from analysis_lib.tables.cooccurrence import pairs_of
from analysis_lib.theme_cooccurrence import side_by_side

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_THEMES = 24  # so that every number can be read
_LARGEST_CELL, _LABEL, _LINE = 26.0, 190.0, 10.5
_KEY = 15.0  # side of a square of the legend
_UNKNOWN = "–"  # in place of a withheld number
_FRAMES = {"together": "more often than expected", "apart": "less often than expected"}


@dataclass(frozen=True)
class _Cell:
    """One pair in the matrix: row and column, what is written, how dark, how framed."""

    row: int
    column: int
    text: str
    jaccard: float
    reading: str


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """The matrix is no chart of lines with marks."""
    return ()


def _themes(payload: Payload) -> pd.Series:
    """Theme id -> label with its number of people, of themes that are drawn, in the order of the matrix."""
    frame = pairs_of(payload)
    one = frame[["theme_id", "theme_label", "n_with_theme"]]
    other = frame[["other_id", "other_label", "n_with_other"]].set_axis(one.columns, axis=1)
    each = pd.concat([one, other]).drop_duplicates("theme_id").set_index("theme_id")
    each = each[each["n_with_theme"].ne(0)]
    kept = each.sort_values("n_with_theme", ascending=False, kind="stable").index[:MOST_THEMES]
    inside = frame[frame["theme_id"].isin(kept) & frame["other_id"].isin(kept)]
    n = each["n_with_theme"].map(lambda value: count(value, absent=WITHHELD))
    labels = each["theme_label"] + " (n = " + n + ")"
    return labels.loc[side_by_side(inside)] if len(inside) else labels.loc[[]]


def _cells(payload: Payload, order: list[str]) -> list[_Cell]:
    at = {theme: i for i, theme in enumerate(order)}
    found = []
    for row in pairs_of(payload).itertuples():
        if row.theme_id in at and row.other_id in at:
            i, j = sorted((at[row.theme_id], at[row.other_id]))
            text = count(row.n_both, absent=_UNKNOWN)
            jaccard = 0.0 if missing(row.jaccard) else float(row.jaccard)
            found.append(_Cell(j, i, text, jaccard, row.reading))
    return sorted(found, key=lambda cell: (cell.row, cell.column))


def cooccurrence_matrix_refusal(payload: Payload) -> str | None:
    """Why there is no matrix; None where there is one."""
    if len(_themes(payload)) < 2:
        return str(payload.facts["reason"] or "fewer than two themes were coded for anybody")
    if payload.tables["pairs"].frame["n_both"].isna().all():
        return "every number of people with both themes is withheld"
    return None


def cooccurrence_matrix_caption(payload: Payload) -> list[str]:
    """Question, base, what shade and frame mean, and what was left out."""
    frame, order = pairs_of(payload), _themes(payload)
    base = payload.tables["base"].frame.iloc[0]
    n_tested = int(frame["p_value"].notna().sum())
    each = {*frame.loc[frame["n_with_theme"].ne(0), "theme_id"]}
    each |= {*frame.loc[frame["n_with_other"].ne(0), "other_id"]}
    frames = (
        f"Frame: more often together than how common the themes are and how much each person mentions would give;"
        f" dashed: less often ({ADJUSTMENTS[payload.facts['multiplicity']]} over {count(n_tested)} pairs)."
    )
    return [
        "Which themes are mentioned by the same people?",
        f"Wave {payload.facts['wave']}. People with both themes, of {count(base['n_used'], absent=WITHHELD)} coded for"
        " every theme; shade: people with both of people with either (Jaccard).",
        frames
        if n_tested
        else f"Nothing is tested: {payload.facts['reason']}."
        if payload.facts["reason"]
        else "",
        "Themes with no other below them, ordered so that those with much overlap are neighbours.",
        f"{len(order)} of {len(each)} themes, those of most people." if len(order) < len(each) else "",
        f"{_UNKNOWN}: withheld, too few people." if frame["n_both"].isna().any() else "",
    ]


def cooccurrence_matrix_reading(payload: Payload) -> str:
    """The largest overlap, and how many pairs stand out."""
    frame = pairs_of(payload)
    known = frame[frame["jaccard"].notna()]
    size = f"Matrix of {len(_themes(payload))} themes, each cell the people with both of a pair."
    if known.empty:
        return f"{size} Every overlap is withheld."
    top = known.loc[known["jaccard"].round(9).idxmax()]
    out = int(frame["reading"].isin(_FRAMES).sum())
    return (
        f"{size} The largest overlap:"
        f" “{top['theme_label']}” and “{top['other_label']}”, both coded for {count(top['n_both'])} people"
        f" (Jaccard {decimal(top['jaccard'])}). {out} of {len(frame)} pairs stand out from what is expected."
    )


def cooccurrence_matrix_listing(payload: Payload) -> list[str]:
    """Every cell of the matrix, one line per row."""
    order = _themes(payload)
    labels = list(order)
    lines = []
    for i, label in enumerate(labels):
        mine = [cell for cell in _cells(payload, list(order.index)) if cell.row == i]
        cells = "; ".join(
            f"{cell.column + 1}: {cell.text} ({cell.jaccard:.2f}{_mark(cell)})" for cell in mine
        )
        lines.append(f"{i + 1} {label}{f' | {cells}' if cells else ''}")
    return lines


def _mark(cell: _Cell) -> str:
    return f", {cell.reading}" if cell.reading in _FRAMES else ""


def cooccurrence_matrix_picture(payload: Payload) -> Figure:
    """Labels left, the lower half of the matrix right of them, the legend in its empty upper half."""
    order = _themes(payload)
    cells = _cells(payload, list(order.index))
    labels = [f"{i}  {label}" for i, label in enumerate(order, start=1)]
    room = min(_LABEL, max(text_width(label) for label in labels) + 6)
    side = min(_LARGEST_CELL, (WIDTH - room) / max(len(order) - 1, 1))
    lines = [wrap(label, room - 6) for label in labels]
    # A label of two lines needs its height, however narrow the cells are.
    heights = [max(side, _LINE * len(wrapped) + 2) for wrapped in lines]
    top = _LINE + 6
    tops = [top + sum(heights[:i]) for i in range(len(heights) + 1)]
    framed = {cell.reading for cell in cells}
    bottom = max(tops[-1], top + _legend_height(framed))
    figure = new_figure(bottom, _footer(payload))
    darkest = max(0.1, math.ceil(10 * max(cell.jaccard for cell in cells) - 1e-9) / 10)
    for i in range(len(order) - 1):
        write(figure, room + side * (i + 0.5), top - _LINE / 2 - 1, str(i + 1), align="center", colour=QUIET)
    for wrapped, upper, height in zip(lines, tops, heights, strict=False):
        for k, part in enumerate(wrapped):
            write(figure, 0, upper + height / 2 + _LINE * (k - (len(wrapped) - 1) / 2), part)
    for cell in cells:
        box = (room + side * cell.column, tops[cell.row], side, heights[cell.row])
        dark = cell.jaccard / darkest
        _square(figure, *box, dark)
        if _mark(cell):
            _frame(figure, *box, dashed=cell.reading == "apart")
        colour = ink_on(shade(dark))
        write(figure, box[0] + side / 2, box[1] + box[3] / 2, cell.text, align="center", colour=colour)
    _legend(figure, top, darkest, framed)
    return figure


def _footer(payload: Payload) -> list[str]:
    """What must stay with the picture when it is parted from its caption."""
    withheld = payload.tables["pairs"].frame["n_both"].isna().any()
    parts = [
        "Number in a cell: people with both themes.",
        f"{_UNKNOWN}: withheld." if withheld else "",
        *beside_picture(payload),
    ]
    return wrap("  ".join(filter(None, parts)), WIDTH)


def _legend_height(framed: set[str]) -> float:
    return 2 * _LINE + _KEY + 18 + (_KEY + 5) * len(framed & set(_FRAMES))


def _legend(figure: Figure, top: float, darkest: float, framed: set[str]) -> None:
    """Shades and frames, flush right in the empty upper half."""
    steps = [darkest * i / 2 for i in range(3)]
    left = WIDTH - len(steps) * (_KEY + 8)
    write(figure, WIDTH, top + _LINE / 2 + 4, "Jaccard: both of either", align="right", colour=QUIET)
    y = top + _LINE + 8
    for i, step in enumerate(steps):
        x = left + i * (_KEY + 8) + 8
        _square(figure, x, y, _KEY, _KEY, step / darkest)
        write(figure, x + _KEY / 2, y + _KEY + _LINE / 2 + 1, f"{step:.3g}", align="center", colour=QUIET)
    y += _KEY + _LINE + 10
    for reading, label in _FRAMES.items():
        if reading in framed:
            width = text_width(label)
            write(figure, WIDTH, y + _KEY / 2, label, align="right", colour=QUIET)
            x = WIDTH - width - _KEY - 6
            _square(figure, x, y, _KEY, _KEY, 0.0)
            _frame(figure, x, y, _KEY, _KEY, dashed=reading == "apart")
            y += _KEY + 5


def _square(figure: Figure, x: float, y: float, width: float, height: float, dark: float) -> None:
    """A cell, white lines round it."""
    rectangle(figure, x, y, width, height, facecolor=shade(dark), edgecolor="white", linewidth=0.8, zorder=2)


def _frame(figure: Figure, x: float, y: float, width: float, height: float, *, dashed: bool) -> None:
    """A frame inside the edge of a cell, on white so that it also shows on a dark one."""
    inset = 0.9
    box = (x + inset, y + inset, width - 2 * inset, height - 2 * inset)
    style = (0, (2.2, 1.6)) if dashed else "solid"
    rectangle(figure, *box, facecolor="none", edgecolor="white", linewidth=2.8, zorder=3)
    rectangle(figure, *box, facecolor="none", edgecolor="black", linewidth=1.4, linestyle=style, zorder=4)
