"""How does each theme's share move over the waves: one small panel per theme, a line per outcome group?

The payload is of shape ``figure`` and template ``theme_slopes``. Its tables:

- ``shares``: ``theme_id, theme_label, wave, group`` (key), ``n_with_theme, n_total`` (people), ``comparable`` (key,
  True where the theme meant the same in that wave as in the last one), ``reason`` (text, why it is not comparable or
  why the counts are missing; None where all is well). One row per theme, wave and group; a row may be left out where
  nobody was coded. Group ``all`` is not drawn.
- ``groups``: ``group, label`` (key), ``n`` (people), as ``views.common.groups_table`` makes it.

Its facts: those of ``views.common.facts_of`` and ``waves`` (names, the oldest first), ``leading`` (theme ids in the
order of the panels), ``codebook_versions`` (wave -> version) and ``reason`` (why there is nothing to show, or None).
Shares and Wilson intervals are derived here, from exact and from released counts alike.

References: Wilson 1927, JASA 22, 209-212; Tufte 1983, The Visual Display of Quantitative Information (small multiples).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from analysis_lib.crosstab import with_shares
from analysis_lib.figures.charts import Chart, Series, in_percent
from analysis_lib.figures.drawing import marker_at, marker_style, place_legend, write
from analysis_lib.figures.layout import DODGE, LINE_HEIGHT, PAGE, WIDTH, legend_height, legend_of
from analysis_lib.figures.panels import new_figure, panel
from analysis_lib.figures.style import QUIET, group_styles, text_width, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import NONE, count, missing, n_of, percent
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import BASES, group_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS, MOST_WAVES = 9, 12  # so that the figure stays on one page, and each number under its tick
_PLOT, _LEFT, _BETWEEN, _BELOW = 86.0, 26.0, 12.0, 12.0  # lengths in points
_DASHES = (0, (3, 2))


@dataclass(frozen=True)
class _Point:
    """One wave of a line, in percent; NaN where the counts are not known."""

    wave: str
    estimate: float
    low: float
    high: float
    n_with_theme: Any
    n_total: Any
    comparable: bool


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """Slopes are no chart of lines with marks."""
    return ()


def theme_slopes_refusal(payload: Payload) -> str | None:
    """Why there are no slopes; None where there are."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if len(payload.facts["waves"]) < 2:
        return "there is one wave only"
    if not _known_themes(payload):
        return "no theme was coded for anybody"
    return None if _themes(payload) else "every count is withheld"


def theme_slopes_caption(payload: Payload) -> list[str]:
    """Question, base, interval, numbers below the ticks, and what is not comparable."""
    known, waves, shown = _known_themes(payload), payload.facts["waves"], _waves(payload)
    points = _points(payload)
    held = any(missing(point.n_with_theme) for point in points)
    return [
        "How does each theme's share move over the waves?",
        f"Waves {waves[0]} to {waves[-1]}. Share of {BASES[payload.facts['base']]}, in each wave, with 95% Wilson"
        " intervals. Below each tick: people who could have the theme.",
        "Waves hold different people unless the study says otherwise; a line joins shares, not persons.",
        "Open marker, not joined: the theme meant something else in that wave." if _open(points) else "",
        f"Dashed: the codebook changed ({_changes(payload)})." if _changes(payload) else "",
        "A mark that is missing rests on a withheld count." if held else "",
        f"The {len(_themes(payload))} of {len(known)} themes that moved farthest since the wave before, the farthest"
        " first; the others are in the table."
        if len(_themes(payload)) < len(known)
        else "",
        f"The last {len(shown)} of {len(waves)} waves." if len(shown) < len(waves) else "",
    ]


def theme_slopes_reading(payload: Payload) -> str:
    """The largest change between the first and the last wave that can be compared."""
    labels = group_labels(payload)
    themes, names = _themes(payload), _theme_labels(payload)
    shown = "1 theme" if len(themes) == 1 else f"{len(themes)} themes"
    opening = f"Line plots of {shown} over {len(_waves(payload))} waves, a line per outcome group, with 95% intervals."
    moves = []
    for theme, lines in _panels(payload).items():
        for group, line in lines.items():
            points = [point for point in line if point.comparable and math.isfinite(point.estimate)]
            if len(points) > 1:
                size = round(abs(points[-1].estimate - points[0].estimate), 9)
                moves.append((size, theme, group, points[0], points[-1]))
    if not moves:
        return f"{opening} No theme can be compared between waves."
    _, theme, group, first, last = max(moves, key=lambda move: move[0])
    return (
        f"{opening} The largest change: “{names[theme]}” in the group {labels[group]}, {_in_words(first)} in wave"
        f" {first.wave} and {_in_words(last)} in wave {last.wave}."
    )


def _in_words(point: _Point) -> str:
    n = n_of(point.n_with_theme, point.n_total).replace("/", " of ")
    return f"{n} people ({percent(point.estimate / 100, point.n_total)})"


def theme_slopes_listing(payload: Payload) -> list[str]:
    """Every point of every line."""
    labels, names = group_labels(payload), _theme_labels(payload)
    return [
        f"{names[theme]} | {labels[group]}: {'; '.join(map(_listed, line))}"
        for theme, lines in _panels(payload).items()
        for group, line in lines.items()
    ]


def _listed(point: _Point) -> str:
    if not math.isfinite(point.estimate):
        return f"{point.wave} {NONE}"
    other = "" if point.comparable else ", not comparable"
    limits = f"[{point.low:.1f}, {point.high:.1f}]"
    return f"{point.wave} {point.estimate:.1f} {limits} {n_of(point.n_with_theme, point.n_total)}{other}"


@dataclass(frozen=True)
class _Grid:
    """Where the panels go: how many side by side, the widths of a panel and of a wave, all texts in lines."""

    across: int
    width: float
    slot: float
    waves: list[list[str]]
    heads: list[list[str]]
    n_groups: int

    @property
    def n_wave_lines(self) -> int:
        return max(map(len, self.waves))

    @property
    def head_lines(self) -> list[int]:
        """Lines of the highest name in each row of panels."""
        return [
            max(map(len, self.heads[i : i + self.across])) for i in range(0, len(self.heads), self.across)
        ]

    @property
    def heights(self) -> list[float]:
        """Height of each row of panels."""
        below = LINE_HEIGHT * (self.n_wave_lines + self.n_groups) + 6
        return [LINE_HEIGHT * n + 4 + _PLOT + below + _BELOW for n in self.head_lines]


def _grid(payload: Payload, panels: dict[str, dict[str, list[_Point]]]) -> _Grid:
    waves, names, n_groups = _waves(payload), _theme_labels(payload), len(_series(payload))
    numbers = [count(point.n_total) for lines in panels.values() for line in lines.values() for point in line]
    across = _across(max(map(text_width, numbers)), n_groups, len(waves), len(panels))
    width = (WIDTH - _BETWEEN * (across - 1)) / across - _LEFT
    slot = width / len(waves)
    heads = [wrap(names[theme], _LEFT + width, bold=True) for theme in panels]
    return _Grid(across, width, slot, [wrap(wave, slot - 3) for wave in waves], heads, n_groups)


def theme_slopes_picture(payload: Payload) -> Figure:
    """Panels in rows, a legend above, the number of people below every tick."""
    panels, series = _panels(payload), _series(payload)
    grid = _grid(payload, panels)
    over = _over(payload)
    figure = new_figure(over + sum(grid.heights) - _BELOW, wrap(_footer(payload), WIDTH))
    write(figure, 0, 2 + LINE_HEIGHT / 2, "People with the theme, % of the group", colour=QUIET)
    place_legend(figure, legend_of(tuple(series.values())), tuple(series.values()), 2 + LINE_HEIGHT)
    top_share = _top(panels)
    for i, lines in enumerate(panels.values()):
        left = (i % grid.across) * (_LEFT + grid.width + _BETWEEN)
        row = i // grid.across
        start = over + sum(grid.heights[:row]) + LINE_HEIGHT * grid.head_lines[row] + 4
        for j, text in enumerate(reversed(grid.heads[i])):
            write(figure, left, start - 4 - LINE_HEIGHT * (j + 0.5), text, bold=True)
        axes = panel(figure, left + _LEFT, start, grid.width, _PLOT)
        ticks = [grid.slot * (k + 0.5) for k in range(len(grid.waves))]
        axes.set(xlim=(0, grid.width), ylim=(0, top_share), xticks=ticks, xticklabels=[])
        axes.set_yticks([float(t) for t in range(0, int(top_share) + 1, 10 if top_share <= 50 else 20)])
        axes.grid(axis="x", visible=False)
        for k in _changed_at(payload):
            axes.axvline(grid.slot * k, color=QUIET, linewidth=0.8, linestyle=_DASHES, zorder=1)
        for j, (group, line) in enumerate(lines.items()):
            shift = DODGE * (j - (len(lines) - 1) / 2)
            _draw_line(axes, [tick + shift for tick in ticks], line, series[group])
        _write_below(figure, grid, lines, series, (left, start + _PLOT))
    return figure


def _write_below(
    figure: Figure,
    grid: _Grid,
    lines: dict[str, list[_Point]],
    series: dict[str, Series],
    corner: tuple[float, float],
) -> None:
    """The names of the waves, and a row of numbers of people per group."""
    left, top = corner
    middles = [left + _LEFT + grid.slot * (k + 0.5) for k in range(len(grid.waves))]
    for x, parts in zip(middles, grid.waves, strict=True):
        for j, part in enumerate(parts):
            write(figure, x, top + 4 + LINE_HEIGHT * (j + 0.5), part, align="center")
    y = top + 6 + LINE_HEIGHT * (grid.n_wave_lines + 0.5)
    write(figure, left, y, "n", colour=QUIET)
    for group, line in lines.items():
        marker_at(figure, left + _LEFT - 8, y, series[group])
        for x, point in zip(middles, line, strict=True):
            write(figure, x, y, count(point.n_total), align="center", colour=QUIET)
        y += LINE_HEIGHT


def _over(payload: Payload) -> float:
    """Height of what stands above the panels."""
    return LINE_HEIGHT + legend_height(legend_of(tuple(_series(payload).values()))) + 12


def _draw_line(axes: Axes, xs: list[float], line: list[_Point], series: Series) -> None:
    """Whiskers and markers, joined where they can be compared; a wave without the group is no break."""
    colour = series.colour
    there = [(x, point) for x, point in zip(xs, line, strict=True) if point.n_total != 0]
    ends = [
        (one, other)
        for one, other in pairwise(there)
        if all(point.comparable and math.isfinite(point.estimate) for _, point in (one, other))
    ]
    for (x0, first), (x1, second) in ends:
        axes.plot([x0, x1], [first.estimate, second.estimate], color=colour, linewidth=1.0, zorder=3)
    known = [(x, point) for x, point in there if math.isfinite(point.estimate)]
    lows, highs = [point.low for _, point in known], [point.high for _, point in known]
    axes.vlines([x for x, _ in known], lows, highs, color=colour, linewidth=0.8, zorder=3)
    for comparable in (True, False):
        alike = [(x, point.estimate) for x, point in known if point.comparable == comparable]
        if alike:
            style = marker_style(series, hollow=not comparable)
            axes.plot(*zip(*alike, strict=True), **style, clip_on=False, zorder=4)


def _across(widest: float, n_groups: int, n_waves: int, n_panels: int) -> int:
    """Panels side by side: as many as leave each tick its marks and its number."""
    slot = max(widest + 4, DODGE * n_groups + 4, 24.0)
    fitting = (n for n in (3, 2) if (WIDTH - _BETWEEN * (n - 1)) / n - _LEFT >= slot * n_waves)
    return min(next(fitting, 1), max(n_panels, 1))


def _top(panels: dict[str, dict[str, list[_Point]]]) -> float:
    highs = [point.high for lines in panels.values() for line in lines.values() for point in line]
    highest = max(high for high in highs if math.isfinite(high))
    return min(10.0 * math.ceil(round(highest, 6) / 10), 100.0)


@lru_cache(maxsize=8)  # picture, caption, footer and refusal ask for the same ones
def _panels(payload: Payload) -> dict[str, dict[str, list[_Point]]]:
    """Theme -> group -> a point per wave, of the themes that find room on the page."""
    counts = payload.tables["shares"].frame
    rows = {
        (row["theme_id"], row["group"], row["wave"]): row for row in with_shares(counts).to_dict("records")
    }
    groups = list(_series(payload))
    drawn = {
        theme: {
            group: [_point(wave, rows.get((theme, group, wave))) for wave in _waves(payload)]
            for group in groups
        }
        for theme in _known_themes(payload)
    }
    seen = [
        theme
        for theme, lines in drawn.items()
        if any(math.isfinite(point.estimate) for line in lines.values() for point in line)
    ]
    kept = {theme: drawn[theme] for theme in seen[:MOST_PANELS]}
    if not kept:
        return kept
    grid, n_rows, height = _grid(payload, kept), 0, _over(payload) + 3 * LINE_HEIGHT
    for needed in grid.heights:
        height += needed
        n_rows += height <= PAGE or not n_rows
    return {theme: kept[theme] for theme in list(kept)[: n_rows * grid.across]}


def _points(payload: Payload) -> list[_Point]:
    return [point for lines in _panels(payload).values() for line in lines.values() for point in line]


def _point(wave: str, row: dict[Any, Any] | None) -> _Point:
    if row is None:
        return _Point(wave, math.nan, math.nan, math.nan, 0, 0, comparable=True)
    estimate, low, high = in_percent(row, "share", "conf_low", "conf_high")
    return _Point(wave, estimate, low, high, row["n_with_theme"], row["n_total"], bool(row["comparable"]))


def _waves(payload: Payload) -> list[str]:
    return list(payload.facts["waves"])[-MOST_WAVES:]


def _themes(payload: Payload) -> list[str]:
    return list(_panels(payload))


def _known_themes(payload: Payload) -> list[str]:
    known = set(payload.tables["shares"].frame["theme_id"])
    return [theme for theme in payload.facts["leading"] if theme in known]


def _theme_labels(payload: Payload) -> dict[str, str]:
    frame = payload.tables["shares"].frame
    return dict(zip(frame["theme_id"], frame["theme_label"], strict=True))


def _series(payload: Payload) -> dict[str, Series]:
    """Groups with anybody in any wave, as far as one may know."""
    frame = payload.tables["shares"].frame
    there = set(frame.loc[frame["n_total"].ne(0) & (frame["group"] != ALL), "group"])
    groups = [str(group) for group in payload.tables["groups"].frame["group"]]
    styles, labels = group_styles(groups), group_labels(payload)
    return {group: Series(labels[group], *styles[group]) for group in groups if group in there}


def _changed_at(payload: Payload) -> list[int]:
    """Places between ticks where the codebook changed: 1 is between the first and the second wave."""
    versions = payload.facts.get("codebook_versions") or {}
    waves = _waves(payload)
    return [k for k in range(1, len(waves)) if versions.get(waves[k - 1]) != versions.get(waves[k])]


def _changes(payload: Payload) -> str:
    """Which version came with which wave."""
    versions, waves = payload.facts.get("codebook_versions") or {}, _waves(payload)
    return ", ".join(f"version {versions.get(waves[k])} from wave {waves[k]}" for k in _changed_at(payload))


def _footer(payload: Payload) -> str:
    points = _points(payload)
    parts = [
        "Whiskers: 95% intervals.",
        "n: people who could have the theme.",
        "Dashed: the codebook changed." if _changed_at(payload) else "",
        "Open marker: not comparable." if _open(points) else "",
        "No mark: a withheld count." if any(missing(point.n_with_theme) for point in points) else "",
        *beside_picture(payload),
    ]
    return "  ".join(filter(None, parts))


def _open(points: list[_Point]) -> bool:
    """Whether any marker is open."""
    return any(not point.comparable and math.isfinite(point.estimate) for point in points)
