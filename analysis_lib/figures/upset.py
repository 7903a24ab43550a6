"""Which of the leading themes come together, and in which outcome groups: how does that become an UpSet plot?

A column per combination: the bar says how many people have exactly these themes, its parts in which outcome group they
are, the rows below the bar the same in numbers; filled dots say which themes. Each theme's own size stands at the left.

References: Lex et al. 2014, IEEE Trans Vis Comput Graph 20(12), 1983-1992.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis_lib.figures.charts import Chart
from analysis_lib.figures.drawing import write
from analysis_lib.figures.layout import LINE_HEIGHT, WIDTH
from analysis_lib.figures.panels import disc, line, new_figure, rectangle
from analysis_lib.figures.style import BAND, INK, QUIET, RULE, group_areas, text_width, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import NONE, WITHHELD, count, missing
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.tables.common import group_heads, group_labels
from analysis_lib.tables.patterns import pattern_label
from analysis_lib.theme_patterns import NONE_OF_THEM, OTHERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_THEMES = 12
_BARS, _ROW, _SIZES = 92.0, 14.0, 52.0  # height of the bars and of a row, width of the bars of sizes
_LARGEST_LABEL, _WIDEST, _LEAST, _BAR = 136.0, 22.0, 13.0, 0.72  # of a column, and the share that a bar takes
_BARS_AT, _SAMPLE = LINE_HEIGHT + 3, 12.0  # top of the bars, and width of the sample of a group's part
_APART = 9.0  # before none of them and the other combinations
_LAST = {NONE_OF_THEM: "none", OTHERS: "others"}


@dataclass(frozen=True)
class _Column:
    """One combination: which themes, how many people in each group and in all, None where withheld."""

    pattern: str
    label: str
    themes: tuple[str, ...]
    people: dict[str, int | None]
    total: int | None

    @property
    def known(self) -> int:
        """People in the groups whose number is known."""
        return sum(n for n in self.people.values() if n is not None)


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """An UpSet plot is no chart of lines with marks."""
    return ()


def theme_upset_refusal(payload: Payload) -> str | None:
    """Why there is no plot; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if len(payload.facts["themes"]) > MOST_THEMES:
        return f"more than {MOST_THEMES} themes are combined, so the dots could not be read"
    columns = _columns(payload)
    if not any(column.total for column in columns if column.pattern not in _LAST):
        withheld = any(column.total is None for column in columns)
        return "the size of every combination is withheld" if withheld else "nobody has any of these themes"
    return None


def theme_upset_caption(payload: Payload) -> list[str]:
    """Question, base, what bars and dots are, and what is counted together."""
    base, columns = payload.tables["base"].frame.iloc[0], _columns(payload)
    n_themes = len(payload.facts["themes"])
    left_out = base["n_missing"]
    return [
        "Which of the leading themes come together in the same people?",
        f"Wave {payload.facts['wave']}. Bars: people with exactly the themes marked by filled dots and no other of"
        f" these {n_themes}, of {count(base['n_used'], absent=WITHHELD)} coded for all of them"
        + ("." if left_out == 0 else f" ({count(left_out, absent=WITHHELD)} left out, not coded for all)."),
        "Each person is in one bar. Left: people with the theme, in whatever combination.",
        _others(payload, columns),
        f"{NONE}: withheld, too few people; its bar holds the other groups only." if _held(columns) else "",
        _cut(payload),
        "Counts only: nothing is tested, and a combination that one or two people have says little.",
    ]


def _others(payload: Payload, columns: list[_Column]) -> str:
    """How many combinations are not shown one by one, and how many people have one of them."""
    last = [column for column in columns if column.pattern == OTHERS]
    if not last:
        return ""
    k = payload.tables["base"].frame["n_others"].iloc[0]
    return f"Others: {'further' if missing(k) else f'{count(k)} more'} combinations, {_in_words(last[0])}."


def _cut(payload: Payload) -> str:
    """How many combinations of the table found no room."""
    known = sum(column.pattern not in _LAST for column in _columns(payload))
    shown = sum(column.pattern not in _LAST for column in _laid_out(payload)[0])
    return f"{shown} of {known} combinations, the others are in the table." if shown < known else ""


def _in_words(column: _Column) -> str:
    if column.total is None:
        return "a withheld number of people"
    return f"{count(column.total)} {'person' if column.total == 1 else 'people'}"


def theme_upset_reading(payload: Payload) -> str:
    """The combination of most people, and how many have none of the themes."""
    columns, base = _columns(payload), payload.tables["base"].frame.iloc[0]
    n_themes, n = len(payload.facts["themes"]), count(base["n_used"], absent="a withheld number of")
    opening = (
        f"UpSet plot of {n_themes} theme{'s' * (n_themes != 1)} in {n}"
        " people, combinations of most people first, divided by outcome group."
    )
    known = [column for column in columns if column.total is not None]
    single = [column for column in known if column.pattern not in _LAST]
    said = []
    if single:
        top = max(single, key=lambda column: column.total or 0)
        said.append(f" The largest: “{top.label}”, {_in_words(top)}.")
    none = [column for column in known if column.pattern == NONE_OF_THEM]
    said += [f" None of them: {_in_words(none[0])}."] if none else []
    return opening + "".join(said)


def theme_upset_listing(payload: Payload) -> list[str]:
    """Sizes of the themes, then every column with its groups."""
    labels, sets = group_labels(payload), _sizes(payload)
    found = [f"{label}: {count(n, absent=WITHHELD)}" for label, n in sets.values()]
    for column in _columns(payload):
        each = ", ".join(f"{labels[group]} {count(n, absent=WITHHELD)}" for group, n in column.people.items())
        found.append(f"{column.label} | {count(column.total, absent=WITHHELD)} | {each}")
    return found


@dataclass(frozen=True)
class _Layout:
    """Where the parts go, in points: the lines of the labels, the first column, each column's middle, the rows."""

    names: dict[str, list[str]]  # of groups
    labels: dict[str, list[str]]  # of themes
    sizes_at: float
    start: float
    width: float
    places: tuple[float, ...]

    @property
    def group_rows(self) -> list[float]:
        return [max(_ROW - 2, LINE_HEIGHT * len(lines) + 2) for lines in self.names.values()]

    @property
    def theme_rows(self) -> list[float]:
        return [max(_ROW, LINE_HEIGHT * len(lines) + 3) for lines in self.labels.values()]


def _laid_out(payload: Payload) -> tuple[list[_Column], _Layout]:
    """The columns that find room for their numbers, and where everything goes."""
    columns, sets, heads = _columns(payload), _sizes(payload), group_heads(payload)
    names = {group: wrap(heads[group], _LARGEST_LABEL + _SIZES + 14) for group in _groups(payload)}
    labels = {theme: wrap(label, _LARGEST_LABEL) for theme, (label, _) in sets.items()}
    sizes_at = max(text_width(part) for parts in labels.values() for part in parts) + 6
    numbers = max(text_width(_written(n)) for _, n in sets.values()) + 4
    widest_name = max(text_width(part) for parts in names.values() for part in parts)
    start = max(sizes_at + _SIZES + numbers + 10, _SAMPLE + 5 + widest_name + 7)
    last = [column for column in columns if column.pattern in _LAST]
    apart = [max(text_width(_LAST[column.pattern]), _widest(column)) + 4 for column in last]
    room = WIDTH - start - sum(apart) - _APART * len(apart)
    each = [column for column in columns if column.pattern not in _LAST]
    needed = max([_LEAST, *(_widest(column) + 3 for column in each)])
    n = max(1, min(len(each), int(room // needed)))
    width = min(max(_WIDEST, needed), room / n)
    places, x = [start + width * (i + 0.5) for i in range(n)], start + width * n
    for own in apart:
        places.append(x + _APART + own / 2)
        x += _APART + own
    return each[:n] + last, _Layout(names, labels, sizes_at, start, width, tuple(places))


def theme_upset_picture(payload: Payload) -> Figure:
    """Bars above, numbers by group below them, the dots below those; sizes and labels at the left."""
    columns, layout = _laid_out(payload)
    rows_at = _BARS_AT + _BARS + 6
    dots_at = rows_at + sum(layout.group_rows) + 10
    height = dots_at + sum(layout.theme_rows) + 2 + LINE_HEIGHT
    figure = new_figure(height, wrap(_footer(payload), WIDTH))
    for i, text in enumerate(wrap("People with exactly these themes", layout.start - 8)):
        write(figure, 0, 2 + LINE_HEIGHT * (i + 0.5), text, colour=QUIET)
    _draw_bars(figure, payload, columns, layout)
    _draw_groups(figure, payload, columns, layout, rows_at)
    _draw_themes(figure, payload, columns, layout, dots_at)
    for column, x in zip(columns, layout.places, strict=True):
        if column.pattern in _LAST:
            y = height - LINE_HEIGHT / 2
            write(figure, x, y, _LAST[column.pattern], align="center", colour=QUIET)
    return figure


def _draw_bars(figure: Figure, payload: Payload, columns: list[_Column], layout: _Layout) -> None:
    """A bar per combination, its parts the groups from the bottom, its number on top."""
    areas = group_areas(list(payload.tables["groups"].frame["group"]))
    tallest, bar = max(column.known for column in columns), layout.width * _BAR
    for column, x in zip(columns, layout.places, strict=True):
        up = _BARS_AT + _BARS
        for group in layout.names:
            height = _BARS * (column.people[group] or 0) / tallest
            up -= height
            if height:
                _area(figure, (x - bar / 2, up, bar, height), areas[group])
        write(figure, x, up - LINE_HEIGHT / 2 - 1, _written(column.total), align="center")
    base = _BARS_AT + _BARS
    line(figure, [layout.start, WIDTH], [base, base], color=INK, linewidth=0.6, zorder=4)


def _draw_groups(figure: Figure, payload: Payload, columns: list[_Column], layout: _Layout, y: float) -> None:
    """A row per group: what its part of a bar looks like, its name, and its number of people in each column."""
    areas = group_areas(list(payload.tables["groups"].frame["group"]))
    for (group, lines), height in zip(layout.names.items(), layout.group_rows, strict=True):
        middle = y + height / 2
        _area(figure, (0, middle - 4, _SAMPLE, 8), areas[group])
        for i, part in enumerate(lines):
            write(figure, _SAMPLE + 5, middle + LINE_HEIGHT * (i - (len(lines) - 1) / 2), part)
        for column, x in zip(columns, layout.places, strict=True):
            n = column.people[group]
            write(figure, x, middle, _written(n), align="center", colour=INK if n else QUIET)
        y += height


def _draw_themes(figure: Figure, payload: Payload, columns: list[_Column], layout: _Layout, y: float) -> None:
    """A row per theme: its label, how many people have it, and a dot in each combination that it is part of."""
    sets = _sizes(payload)
    largest = max([n for _, n in sets.values() if n is not None], default=1) or 1
    middles = {}
    for k, ((theme, (_, n)), height) in enumerate(zip(sets.items(), layout.theme_rows, strict=True)):
        middle = middles[theme] = y + height / 2
        if k % 2 == 0:
            rectangle(figure, 0, y, WIDTH, height, facecolor=BAND, linewidth=0, zorder=0)
        lines = layout.labels[theme]
        for i, part in enumerate(lines):
            write(figure, 2, middle + LINE_HEIGHT * (i - (len(lines) - 1) / 2), part)
        long = _SIZES * (n or 0) / largest
        rectangle(figure, layout.sizes_at, middle - 3.5, long, 7, facecolor=QUIET, linewidth=0, zorder=3)
        write(figure, layout.sizes_at + long + 3, middle, _written(n))
        for column, x in zip(columns, layout.places, strict=True):
            if column.pattern != OTHERS:
                there = theme in column.themes
                disc(figure, x, middle, 3.1, INK if there else RULE, zorder=4 if there else 2)
        y += height
    for column, x in zip(columns, layout.places, strict=True):
        if len(column.themes) > 1:
            ends = [middles[column.themes[0]], middles[column.themes[-1]]]
            line(figure, [x, x], ends, color=INK, linewidth=1.2, zorder=3)


def _area(figure: Figure, box: tuple[float, float, float, float], look: tuple[str, str]) -> None:
    """A part of a bar in colour and hatching of its group."""
    colour, hatch = look
    style: dict[str, Any] = {
        "facecolor": colour,
        "edgecolor": "white",
        "hatch": hatch,
        "linewidth": 0.6,
        "zorder": 3,
    }
    rectangle(figure, *box, **style)


def _widest(column: _Column) -> float:
    return max(text_width(_written(n)) for n in (column.total, *column.people.values()))


def _written(n: int | None) -> str:
    return count(n, absent=NONE)


def _columns(payload: Payload) -> list[_Column]:
    """Combinations of most people first, as released; none of them and the others last."""
    frame, groups = payload.tables["patterns"].frame, _groups(payload)
    found = []
    for pattern, mine in frame.groupby("pattern", sort=False):
        n = {
            row.group: None if missing(row.n_with_pattern) else int(row.n_with_pattern)
            for row in mine.itertuples()
        }
        ids = tuple(str(mine["theme_ids"].iloc[0]).split())
        in_order = tuple(theme for theme in payload.facts["themes"] if theme in ids)
        label = pattern_label(payload, mine.iloc[0])
        found.append(_Column(str(pattern), label, in_order, {group: n[group] for group in groups}, n[ALL]))
    one_by_one = [column for column in found if column.pattern not in _LAST]
    one_by_one.sort(key=lambda column: -column.known)
    return one_by_one + [column for column in found if column.pattern in _LAST]


def _held(columns: list[_Column]) -> bool:
    return any(column.total is None for column in columns)


def _sizes(payload: Payload) -> dict[str, tuple[str, int | None]]:
    """Theme -> its label and how many people have it, in the order of all figures."""
    frame = payload.tables["sets"].frame
    rows = frame[frame["group"] == ALL].set_index("theme_id")
    return {
        theme: (
            str(rows.at[theme, "theme_label"]),
            None if missing(rows.at[theme, "n_with_theme"]) else int(rows.at[theme, "n_with_theme"]),
        )
        for theme in payload.facts["themes"]
    }


def _groups(payload: Payload) -> list[str]:
    """Groups that have anybody in them, as far as one may know."""
    groups = payload.tables["groups"].frame
    return [str(group) for group in groups.loc[groups["n"].ne(0), "group"]]


def _footer(payload: Payload) -> str:
    """What must stay with the picture when it is parted from its caption."""
    columns = _columns(payload)
    parts = [
        _others(payload, columns),
        f"{NONE}: withheld." if _held(columns) else "",
        *beside_picture(payload),
    ]
    return "  ".join(filter(None, parts))
