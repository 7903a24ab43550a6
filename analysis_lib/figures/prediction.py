"""How does calibration become a picture: predicted against observed risk, and how risks are spread?

Points are groups of people of similar risk with their intervals, the line is the smoothed share, the dashed line
what is left of it in other people; below, those who dropped out stand above the axis and the others below it.

References: Austin & Steyerberg 2014, Stat Med 33, 517-535 (graphical calibration); Van Calster et al. 2019, BMC Med
17, 230.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.figures.charts import Chart
from analysis_lib.figures.drawing import place, write
from analysis_lib.figures.layout import LINE_HEIGHT, WIDTH, WIDTH_MM
from analysis_lib.figures.style import BAND, FONT_SIZE, INK, QUIET, RULE, wrap
from analysis_lib.figures.wording import beside_picture
from analysis_lib.formatting import NONE, WITHHELD, decimal, missing, n_of
from analysis_lib.model_prediction import AUC, SLOPE
from analysis_lib.payload import Payload
from analysis_lib.tables.common import is_banded
from analysis_lib.tables.prediction import OTHERS, model_heading, observed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 4  # so that the figure stays on one page
_ACROSS, _SIDE, _BARS, _BETWEEN, _BELOW = 2, 170.0, 44.0, 24.0, 20.0  # lengths in points
_LEFT = 34.0  # room for the ticks of the vertical axis
_DASHES = (0, (4, 1.6))


def no_charts(payload: Payload) -> tuple[Chart, ...]:
    """A calibration plot is no chart of lines with marks."""
    return ()


def _models(payload: Payload) -> list[str]:
    """Models with a group whose risk and share may be shown."""
    frame = observed(payload)
    return list(dict.fromkeys(frame.loc[frame["share"].notna() & frame["risk"].notna(), "model"]))[
        :MOST_PANELS
    ]


def calibration_refusal(payload: Payload) -> str | None:
    """Why there is no picture; None where there is one."""
    if payload.facts["reason"]:
        return str(payload.facts["reason"])
    if _models(payload):
        return None
    if is_banded(payload) and len(payload.tables["bins"].rows):
        return "every group by risk is withheld"
    reasons = payload.tables["measures"].frame.drop_duplicates("model")
    return (
        "; ".join(f"model {row.model}: {str(row.reason).rstrip('.')}" for row in reasons.itertuples())
        or "no model"
    )


def calibration_caption(payload: Payload) -> list[str]:
    """Question, what points and lines are, and what they do not show."""
    facts = payload.facts
    curves = payload.tables["curve"].frame
    return [
        "Do predicted risks of dropping out come true?",
        f"Wave {facts['wave']}. Points: groups of people of similar predicted risk with the share that dropped out and"
        " its 95% Wilson interval, in the people the model was fitted to, which flatters.",
        "Line: the same share smoothed (lowess)." if curves["smooth"].notna().any() else "",
        f"Dashed: what is expected in other people, by the calibration slope corrected for optimism"
        f" ({facts['resamples']} resamples)." if curves["corrected"].notna().any() else "",
        "Thin diagonal: risks that come true. Below: people by predicted risk, those who dropped out above the axis and"
        " those who did not below it.",
        OTHERS,
    ]  # fmt: skip


def calibration_reading(payload: Payload) -> str:
    """Predicted and observed in the lowest and the highest group of each model."""
    frame, said = observed(payload), []
    for model in _models(payload):
        mine = frame[(frame["model"] == model) & frame["share"].notna() & frame["risk"].notna()]
        ends = [
            f"predicted {round(100 * row['risk'])} in 100, observed {n_of(row['n_events'], row['n_total'])}"
            for _, row in mine.iloc[[0, -1]].iterrows()
        ]
        said.append(f"model {model}: lowest risks {ends[0]}; highest {ends[1]}")
    return f"Calibration plot of predicted against observed dropping out, {'; '.join(said)}."


def calibration_listing(payload: Payload) -> list[str]:
    """Every point and bar that is drawn."""
    frame, bars, curves = observed(payload), payload.tables["histogram"].frame, payload.tables["curve"].frame
    found = []
    for model in _models(payload):
        points = "; ".join(
            f"{100 * row.risk:.1f}: {100 * row.share:.1f} [{100 * row.conf_low:.1f}, {100 * row.conf_high:.1f}],"
            f" {n_of(row.n_events, row.n_total)}"
            for row in frame[
                (frame["model"] == model) & frame["share"].notna() & frame["risk"].notna()
            ].itertuples()
        )
        found.append(f"Model {model}, predicted %: observed % [95% CI], dropped out | {points}")
        spread = "; ".join(
            f"{100 * float(row.low):g}: {_people(row.n_left)}, {_people(row.n_stayed)}"
            for row in bars[bars["model"] == model].itertuples()
            if row.n_left != 0 or row.n_stayed != 0
        )
        found.append(f"Model {model}, people with a risk from %: dropped out, did not | {spread}")
        lines = "; ".join(
            f"{100 * row.risk:.1f}: {_share(row.smooth)}, {_share(row.corrected)}"
            for row in curves[(curves["model"] == model) & curves["risk"].notna()].iloc[::10].itertuples()
        )
        found += (
            [f"Model {model}, predicted %: smoothed %, expected in other people % | {lines}"] if lines else []
        )
    return found


def _people(n: float) -> str:
    return WITHHELD if missing(n) else f"{n:g}"


def _share(share: float) -> str:
    return NONE if missing(share) else f"{100 * share:.1f}"


def calibration_picture(payload: Payload) -> Figure:
    """One square per model, with the spread of risks below and a key beside the last."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who draws waits for it

    models = _models(payload)
    measures = payload.tables["measures"].frame
    width = (WIDTH - _BETWEEN) / _ACROSS
    room = WIDTH if len(models) == 1 else width
    heads = {
        model: wrap(model_heading(payload, measures[measures["model"] == model].iloc[0]), room, bold=True)
        for model in models
    }
    top_lines = max(map(len, heads.values())) + 2
    each = LINE_HEIGHT * top_lines + 3 + _SIDE + 8 + _BARS + 2.6 * LINE_HEIGHT + _BELOW
    beside = len(models) % _ACROSS == 1
    notes = wrap(
        "  ".join(filter(None, (*([] if beside else _key(payload)), *beside_picture(payload)))), WIDTH
    )
    height = math.ceil(len(models) / _ACROSS) * each - _BELOW + 10 + LINE_HEIGHT * len(notes)
    figure = Figure(figsize=(WIDTH_MM / 25.4, height / 72), facecolor="white")
    high, size = _high(payload), min(_SIDE, width - _LEFT)
    start = 0.0
    for i, model in enumerate(models):
        left, top = (i % _ACROSS) * (width + _BETWEEN), 2 + (i // _ACROSS) * each
        for j, line in enumerate(heads[model]):
            write(figure, left, top + LINE_HEIGHT * (j + 0.5), line, bold=True)
        said = _in_numbers(measures[measures["model"] == model])
        write(figure, left, top + LINE_HEIGHT * (len(heads[model]) + 0.5), said, colour=QUIET)
        start = top + LINE_HEIGHT * top_lines + 3
        write(figure, left, start - LINE_HEIGHT / 2 - 3, "Dropped out, %", colour=QUIET)
        axes = _square(figure, left + _LEFT, start, size, high)
        _draw(axes, payload, model, high)
        bars = _strip(figure, left + _LEFT, start + _SIDE + 8, size, high)
        _draw_bars(bars, payload, model)
        label = start + _SIDE + 8 + _BARS + 1.9 * LINE_HEIGHT
        write(figure, left + _LEFT + size / 2, label, "Predicted risk, %", align="center", colour=QUIET)
    if beside:
        left = ((len(models) - 1) % _ACROSS) * (width + _BETWEEN) + _LEFT + size + 16
        for j, line in enumerate(_key(payload)):
            write(figure, left, start + LINE_HEIGHT * (2 * j + 0.5), line, colour=QUIET)
    for j, note in enumerate(notes):
        write(figure, 0, height - LINE_HEIGHT * (len(notes) - j - 0.5) - 2, note, colour=QUIET)
    return figure


def _key(payload: Payload) -> list[str]:
    """What each kind of mark is, for a picture that is parted from its caption."""
    curves = payload.tables["curve"].frame
    parts = ["Points: groups by risk, with 95% interval."]
    parts += ["Line: the same, smoothed."] if curves["smooth"].notna().any() else []
    parts += ["Dashed: expected in other people."] if curves["corrected"].notna().any() else []
    return [
        *parts,
        "Thin diagonal: risks that come true.",
        "Bars: people who dropped out (up) and others (down).",
    ]


def _in_numbers(rows: pd.DataFrame) -> str:
    """Area and slope as a line below the heading."""
    by = rows.set_index("measure")
    parts = [f"AUC {decimal(by.at[AUC, 'estimate'])}"] if not missing(by.at[AUC, "estimate"]) else []
    if not missing(by.at[AUC, "corrected"]):
        parts.append(f"corrected {decimal(by.at[AUC, 'corrected'])}")
    if not missing(by.at[SLOPE, "corrected"]):
        parts.append(f"slope, corrected {decimal(by.at[SLOPE, 'corrected'])}")
    return "; ".join(parts)


def _high(payload: Payload) -> float:
    """The end of both axes in percent: a round number above every risk and limit that is drawn."""
    frame, curves = observed(payload), payload.tables["curve"].frame
    bars = payload.tables["histogram"].frame
    used = bars[(bars["n_left"] != 0) | (bars["n_stayed"] != 0)]
    values = [frame["conf_high"].max(), curves["risk"].max(), curves["smooth"].max()]
    values += [used["high"].astype(float).max()] if len(used) else []
    highest = max(float(value) for value in values if not missing(value))
    return min(10.0 * math.ceil(round(10 * highest, 6)), 100.0)


def _square(figure: Figure, left: float, top: float, size: float, high: float) -> Axes:
    axes = _empty(figure, left, top, size, _SIDE, high)
    axes.set_ylim(0, high)
    axes.set_yticks(_ticks(high))
    axes.set_xticklabels([])
    axes.grid(color=RULE, linewidth=0.5)
    axes.plot([0, high], [0, high], color=QUIET, linewidth=0.6, zorder=1)
    return axes


def _strip(figure: Figure, left: float, top: float, size: float, high: float) -> Axes:
    axes = _empty(figure, left, top, size, _BARS, high)
    axes.spines["left"].set_visible(False)
    return axes


def _ticks(high: float) -> list[float]:
    step = 10 if high <= 50 else 20
    return [float(tick) for tick in range(0, int(high) + 1, step)]


def _empty(figure: Figure, left: float, top: float, width: float, height: float, high: float) -> Axes:
    x, y = place(figure, left, top + height)
    right, upper = place(figure, left + width, top)
    axes = figure.add_axes((x, y, right - x, upper - y), facecolor="none")
    axes.set_xlim(0, high)
    axes.set_xticks(_ticks(high))
    axes.tick_params(length=3, width=0.6, pad=2, color=INK, labelcolor=INK, labelsize=FONT_SIZE)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("bottom", "left"), linewidth=0.6, color=INK)
    return axes


def _draw(axes: Axes, payload: Payload, model: str, high: float) -> None:
    curve = payload.tables["curve"].frame
    curve = curve[curve["model"] == model]
    if curve["smooth"].notna().any():
        axes.plot(100 * curve["risk"], 100 * curve["smooth"], color=INK, linewidth=1.3, zorder=3)
    if curve["corrected"].notna().any():
        axes.plot(
            100 * curve["risk"],
            100 * curve["corrected"],
            color=INK,
            linewidth=1.1,
            linestyle=_DASHES,
            zorder=3,
        )
    groups = observed(payload)
    for row in groups[
        (groups["model"] == model) & groups["share"].notna() & groups["risk"].notna()
    ].itertuples():
        at = 100 * row.risk
        axes.plot(
            [at, at],
            [100 * row.conf_low, min(100 * row.conf_high, high)],
            color=QUIET,
            linewidth=1.0,
            zorder=4,
        )
        axes.plot(
            [at],
            [100 * row.share],
            "o",
            color=INK,
            markersize=4.6,
            markerfacecolor="white",
            zorder=5,
            clip_on=False,
        )


def _draw_bars(axes: Axes, payload: Payload, model: str) -> None:
    bars = payload.tables["histogram"].frame
    bars = bars[bars["model"] == model].fillna({"n_left": 0, "n_stayed": 0})
    low, width = (
        100 * bars["low"].astype(float),
        100 * (bars["high"].astype(float) - bars["low"].astype(float)),
    )
    axes.bar(low, bars["n_left"], width, align="edge", color=INK, edgecolor="white", linewidth=0.5)
    axes.bar(low, -bars["n_stayed"], width, align="edge", color=BAND, edgecolor=QUIET, linewidth=0.5)
    axes.axhline(0, color=INK, linewidth=0.6)
    most = (int(bars["n_left"].max()), int(bars["n_stayed"].max()))
    axes.set_yticks([most[0], -most[1]], [f"{n:,}" for n in most])
