"""Who is in the analysis and who left on the way: how does the flow of people become boxes and arrows?

A box per stage, at its right a box for those who left before it, with reasons; below, the outcome groups of those who
are analysed. It is drawn only if its numbers reconcile: every stage is the one before without those who left, and the
groups add up to the analysed. The table of people at each stage is the same in text.

References: von Elm et al. 2007, STROBE item 13 (numbers at each stage, reasons, a flow diagram).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from analysis_lib.figures.charts import Chart, Series
from analysis_lib.figures.drawing import marker_at, write
from analysis_lib.figures.layout import KEY, LINE_HEIGHT, WIDTH
from analysis_lib.figures.panels import arrow, new_figure, rectangle
from analysis_lib.figures.style import INK, QUIET, group_styles, text_width, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import WITHHELD, count, missing
from analysis_lib.payload import Payload
from analysis_lib.tables.common import group_heads

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STAGE, _BESIDE, _PAD, _GAP = (
    214.0,
    36.0,
    5.0,
    15.0,
)  # width of a stage, room for an arrow; padding, least gap
_CELL = 10.0  # between outcome groups


@dataclass(frozen=True)
class _Stage:
    """A box: how many are left, and who left before it, with reasons; None where withheld."""

    label: str
    n: int | None
    left: tuple[tuple[str, int | None], ...]

    @property
    def n_left(self) -> int | None:
        """Everybody who left before this stage."""
        known = [n for _, n in self.left if n is not None]
        return sum(known) if len(known) == len(self.left) else None


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """A flow diagram is no chart of lines with marks."""
    return ()


def _stages(payload: Payload) -> list[_Stage]:
    """Stages in order; the rows of a stage with several reasons to leave become one."""
    found: list[_Stage] = []
    for row in payload.tables["rows"].frame.itertuples():
        n, out = _number(row.n), _number(row.excluded)
        left = () if out == 0 else ((str(row.reason), out),)
        label = str(row.stage).capitalize()
        if found and found[-1].label == label:
            found[-1] = _Stage(label, n, (*found[-1].left, *left))
        else:
            found.append(_Stage(label, n, left))
    return found


def _number(value: float) -> int | None:
    return None if missing(value) else int(value)


def flow_diagram_refusal(payload: Payload) -> str | None:
    """Why there is no diagram; None where there is one."""
    stages = _stages(payload)
    if not stages:
        return "no stage is given"
    if stages[0].left or not all(_reconciles(one, other) for one, other in pairwise(stages)):
        return "the numbers at the stages do not add up"
    groups = payload.tables["groups"].frame["n"]
    last = stages[-1].n
    if last is not None and groups.notna().all() and last != int(groups.sum()):
        return "the outcome groups do not add up to the people analysed"
    return None


def _reconciles(before: _Stage, after: _Stage) -> bool:
    """Whether a stage is the one before without those who left, as far as one may know."""
    if before.n is None or after.n is None:
        return True
    return before.n >= after.n if after.n_left is None else before.n - after.n_left == after.n


def flow_diagram_caption(payload: Payload) -> list[str]:
    """Question, what the boxes are, and what is not given."""
    stages = _stages(payload)
    held = any(n is None for stage in stages for n in (stage.n, *(n for _, n in stage.left)))
    return [
        "Who is in this analysis, and who is not?",
        f"Wave {payload.facts['wave']}. Numbers of people; at the right, those who left, with the reason. Below, the"
        " outcome groups of those who are analysed; they add up to them.",
        "How many were invited is not recorded." if stages[0].label.casefold() != "invited" else "",
        "Withheld: too few people left there, so the numbers above cannot leave either." if held else "",
    ]


def flow_diagram_reading(payload: Payload) -> str:
    """From the first stage to the last, and the most common reason to leave."""
    stages = _stages(payload)
    left = [(reason, n) for stage in stages for reason, n in stage.left]
    known = [(reason, n) for reason, n in left if n is not None]
    first, last = stages[0], stages[-1]
    text = (
        f"Flow diagram of {len(stages)} stages, {first.label.lower()}: {_people(first.n)}, to"
        f" {last.label.lower()}: {_people(last.n)}."
    )
    if known:
        reason, n = max(known, key=lambda one: one[1])
        text += f" Most left for this reason: {reason} ({_people(n)})."
    return text if left else f"{text} Nobody left."


def _people(n: int | None) -> str:
    return "a withheld number" if n is None else f"{count(n)} {'person' if n == 1 else 'people'}"


def flow_diagram_listing(payload: Payload) -> list[str]:
    """Every box, from the top."""
    found = []
    for stage in _stages(payload):
        found += [f"  left: {_with_n(reason, n)}" for reason, n in stage.left]
        found.append(_with_n(stage.label, stage.n))
    heads, groups = group_heads(payload), payload.tables["groups"].frame["group"]
    return [*found, *(f"  group: {heads[group]}" for group in groups)]


def _with_n(label: str, n: int | None) -> str:
    return f"{label} (n = {count(n, absent=WITHHELD)})"


def flow_diagram_picture(payload: Payload) -> Figure:
    """Stages from the top, those who left at the right, the outcome groups below."""
    stages = _stages(payload)
    texts = [wrap(_with_n(stage.label, stage.n), _STAGE - 2 * _PAD, bold=True) for stage in stages]
    aside = WIDTH - _STAGE - _BESIDE
    reasons = [_reasons(stage, aside - 2 * _PAD) for stage in stages]
    cells, across, width = _cells(payload)
    rows = [cells[i : i + across] for i in range(0, len(cells), across)]
    heights = [LINE_HEIGHT * max(len(lines) for _, lines in row) + 2 * _PAD for row in rows]
    tops: list[float] = []
    ends: list[float] = []
    y = 1.0
    for text, reason in zip(texts, reasons, strict=True):
        y += max(_GAP, LINE_HEIGHT * len(reason) + 2 * _PAD + 8) if reason else _GAP * bool(tops)
        tops.append(y)
        y += LINE_HEIGHT * len(text) + 2 * _PAD
    inside = y + _GAP + LINE_HEIGHT + 6
    height = inside + sum(heights) + 4 * (len(rows) - 1) + 6
    figure = new_figure(height, wrap("  ".join(filter(None, beside_picture(payload))), WIDTH))
    middle = _STAGE / 2
    for text, reason, top in zip(texts, reasons, tops, strict=True):
        if ends:
            arrow(figure, (middle, ends[-1]), (middle, top), colour=INK)
        if reason:
            high = LINE_HEIGHT * len(reason) + 2 * _PAD
            centre = (ends[-1] + top) / 2
            arrow(figure, (middle, centre), (_STAGE + _BESIDE, centre), colour=INK)
            _box(figure, (_STAGE + _BESIDE, centre - high / 2, aside, high), reason, edge=QUIET)
        high = LINE_HEIGHT * len(text) + 2 * _PAD
        _box(figure, (0, top, _STAGE, high), text, bold=True, centred=True)
        ends.append(top + high)
    arrow(figure, (middle, ends[-1]), (middle, ends[-1] + _GAP), colour=INK)
    rectangle(
        figure,
        0,
        ends[-1] + _GAP,
        WIDTH,
        height - ends[-1] - _GAP,
        facecolor="none",
        edgecolor=INK,
        linewidth=0.7,
    )
    write(figure, _PAD, ends[-1] + _GAP + 3 + LINE_HEIGHT / 2, "Outcome groups", colour=QUIET)
    y = inside
    for row, high in zip(rows, heights, strict=True):
        for i, (series, lines) in enumerate(row):
            x = _PAD + i * (width + _CELL)
            for j, part in enumerate(lines):
                write(figure, x + KEY, y + _PAD + LINE_HEIGHT * (j + 0.5), part)
            marker_at(figure, x + 3, y + _PAD + LINE_HEIGHT / 2, series)
        y += high + 4
    return figure


def _reasons(stage: _Stage, width: float) -> list[str]:
    """Lines of the box of those who left before a stage; with several reasons, first how many altogether."""
    if not stage.left:
        return []
    lines = wrap(f"{_with_n('Left here', stage.n_left)}:", width) if len(stage.left) > 1 else []
    for reason, n in stage.left:
        said = _with_n(f"{reason[:1].upper()}{reason[1:]}" if reason else "No reason given", n)
        lines += wrap(said, width)
    return lines


def _cells(payload: Payload) -> tuple[list[tuple[Series, list[str]]], int, float]:
    """Outcome groups with the lines of their labels, how many stand side by side, and how wide each is."""
    heads, groups = group_heads(payload), list(payload.tables["groups"].frame["group"])
    styles = group_styles(groups)
    room = WIDTH - 2 * _PAD
    wanted = max((text_width(heads[group]) + KEY for group in groups), default=room)
    across = max(1, min(len(groups), int((room + _CELL) // (min(wanted, room) + _CELL))))
    width = (room - _CELL * (across - 1)) / across
    cells = [(Series(heads[group], *styles[group]), wrap(heads[group], width - KEY)) for group in groups]
    return cells, across, width


def _box(
    figure: Figure,
    place: tuple[float, float, float, float],
    lines: list[str],
    *,
    bold: bool = False,
    centred: bool = False,
    edge: str = INK,
) -> None:
    """A frame with lines of text in it."""
    x, y, width, height = place
    rectangle(figure, x, y, width, height, facecolor="white", edgecolor=edge, linewidth=0.7, zorder=2)
    for i, text in enumerate(lines):
        middle = y + _PAD + LINE_HEIGHT * (i + 0.5)
        if centred:
            write(figure, x + width / 2, middle, text, align="center", bold=bold)
        else:
            write(figure, x + _PAD, middle, text, bold=bold)
