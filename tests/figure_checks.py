"""What every picture has to keep: its width, its letters inside and clear of one another."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from analysis_lib.figures.style import house_style
from analysis_lib.payload import Payload, Table

WIDTHS_MM = (85, 175)
PAGE_MM = 257  # A4 without its margins
TOUCH = 0.6  # points by which two boxes may meet: letters have room inside their boxes


def texts_of(figure: Any) -> list[Text]:
    """Every text that is seen, tick labels included."""
    ticks = [label for axes in figure.axes for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    return [text for text in (*figure.texts, *ticks) if text.get_text() and text.get_visible()]


def problems(figure: Any) -> list[str]:
    """What is wrong with the letters of a picture, in words; empty where nothing is."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    frame, unit = figure.bbox, figure.dpi / 72
    with house_style():  # letters are as wide as in the files only without hinting
        boxes = [(text, text.get_window_extent(renderer)) for text in texts_of(figure)]
    found = [
        f"{text.get_text()!r} is set in {text.get_fontsize()}" for text, _ in boxes if text.get_fontsize() < 8
    ]
    found += [
        f"{text.get_text()!r} leaves the picture"
        for text, box in boxes
        if box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
    ]
    sides = np.array([box.extents for _, box in boxes]).reshape(-1, 4)
    low, high = sides[:, :2], sides[:, 2:]
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    over = np.triu((shared > TOUCH * unit).all(axis=2), 1)
    found += [
        f"{boxes[i][0].get_text()!r} runs into {boxes[j][0].get_text()!r}"
        for i, j in zip(*np.nonzero(over), strict=True)
    ]
    width, height = (25.4 * side for side in figure.get_size_inches())
    if not any(abs(width - allowed) < 1e-6 for allowed in WIDTHS_MM):
        found.append(f"it is {width:.2f} mm wide")
    if height > PAGE_MM:
        found.append(f"it is {height:.0f} mm high")
    return found


def with_labels(payload: Payload, names: dict[str, str]) -> Payload:
    """The payload with other labels of themes, groups, terms and levels."""
    tables = {}
    for name, table in payload.tables.items():
        at = [i for i, (column, kind) in enumerate(table.columns) if kind == "key" and "label" in column]
        rows = tuple(
            tuple(names.get(str(value), value) if i in at else value for i, value in enumerate(row))
            for row in table.rows
        )
        tables[name] = Table(table.columns, rows)
    facts = dict(payload.facts)
    if isinstance(facts.get("labels"), dict):
        facts["labels"] = {key: names.get(label, label) for key, label in facts["labels"].items()}
    return Payload(payload.shape, payload.template, tables, facts)


def labels_of(payload: Payload) -> list[str]:
    """Every label of the payload, once."""
    found = [
        str(row[i])
        for table in payload.tables.values()
        for i, (column, kind) in enumerate(table.columns)
        if kind == "key" and "label" in column
        for row in table.rows
    ]
    found += [str(label) for label in (payload.facts.get("labels") or {}).values()]
    return list(dict.fromkeys(found))
