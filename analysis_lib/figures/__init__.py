"""How does a payload become a picture?

Each figure is drawn from its payload alone: how often a theme was coded, how far the groups lie apart, what
goes with dropping out, how far coders agree, and whether further people brought new codes. Every number in a
picture also stands in a table; ``numbers`` lists them mark by mark, so that a changed picture never passes as
an unchanged one.

References: WCAG 2.2, success criterion 1.1.1 (text alternatives).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from analysis_lib.errors import did_you_mean
from analysis_lib.figures import (
    across_waves,
    cooccurrence,
    dropout_time,
    flow,
    missing,
    pooled,
    prediction,
    reliability,
    saturation,
    sensitivity,
    slopes,
    termination,
    themes,
    upset,
)
from analysis_lib.figures.charts import Chart, listing
from analysis_lib.figures.drawing import draw_charts
from analysis_lib.figures.files import as_png, as_svg
from analysis_lib.figures.style import BAND, FURTHER, GROUPS, INK, QUIET, group_styles, house_style
from analysis_lib.figures.wording import footer, standing, unlettered
from analysis_lib.payload import Payload
from analysis_lib.tables.common import is_banded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BAND",
    "FURTHER",
    "GROUPS",
    "INK",
    "QUIET",
    "alt_text",
    "as_png",
    "as_svg",
    "can_draw",
    "caption",
    "draw",
    "group_styles",
    "numbers",
    "question",
]


@dataclass(frozen=True)
class _Template:
    """The parts of a figure that follow from its template; one that is no chart of lines has its own picture."""

    charts: Callable[[Payload], tuple[Chart, ...]]
    refusal: Callable[[Payload], str | None]
    caption: Callable[[Payload], list[str]]
    reading: Callable[[Payload], str]
    picture: Callable[[Payload], Figure] | None = None
    listing: Callable[[Payload], list[str]] | None = None


_TEMPLATES = {
    "flow_diagram": _Template(
        flow.no_charts,
        flow.flow_diagram_refusal,
        flow.flow_diagram_caption,
        flow.flow_diagram_reading,
        flow.flow_diagram_picture,
        flow.flow_diagram_listing,
    ),
    "missing_values": _Template(
        missing.no_charts,
        missing.missing_values_refusal,
        missing.missing_values_caption,
        missing.missing_values_reading,
        missing.missing_values_picture,
        missing.missing_values_listing,
    ),
    "theme_dots": _Template(
        themes.theme_dots,
        themes.theme_dots_refusal,
        themes.theme_dots_caption,
        themes.theme_dots_reading,
    ),
    "theme_differences": _Template(
        themes.theme_differences,
        themes.theme_differences_refusal,
        themes.theme_differences_caption,
        themes.theme_differences_reading,
    ),
    "explored_dots": _Template(
        themes.theme_dots,
        themes.theme_dots_refusal,
        themes.theme_dots_caption,
        themes.theme_dots_reading,
    ),
    "explored_differences": _Template(
        themes.theme_differences,
        themes.theme_differences_refusal,
        themes.theme_differences_caption,
        themes.theme_differences_reading,
    ),
    "termination_forest": _Template(
        termination.termination_forest,
        termination.termination_forest_refusal,
        termination.termination_forest_caption,
        termination.termination_forest_reading,
    ),
    "termination_probabilities": _Template(
        termination.termination_probabilities,
        termination.termination_probabilities_refusal,
        termination.termination_probabilities_caption,
        termination.termination_probabilities_reading,
    ),
    "dropout_survival": _Template(
        dropout_time.no_charts,
        dropout_time.dropout_survival_refusal,
        dropout_time.dropout_survival_caption,
        dropout_time.dropout_survival_reading,
        dropout_time.dropout_survival_picture,
        dropout_time.dropout_survival_listing,
    ),
    "calibration": _Template(
        prediction.no_charts,
        prediction.calibration_refusal,
        prediction.calibration_caption,
        prediction.calibration_reading,
        prediction.calibration_picture,
        prediction.calibration_listing,
    ),
    "agreement_forest": _Template(
        reliability.agreement_forest,
        reliability.agreement_forest_refusal,
        reliability.agreement_forest_caption,
        reliability.agreement_forest_reading,
    ),
    "across_waves_by_wave": _Template(
        across_waves.forest,
        across_waves.forest_refusal,
        across_waves.forest_caption,
        across_waves.forest_reading,
    ),
    "cooccurrence_matrix": _Template(
        cooccurrence.no_charts,
        cooccurrence.cooccurrence_matrix_refusal,
        cooccurrence.cooccurrence_matrix_caption,
        cooccurrence.cooccurrence_matrix_reading,
        cooccurrence.cooccurrence_matrix_picture,
        cooccurrence.cooccurrence_matrix_listing,
    ),
    "pooled_odds_ratios": _Template(
        pooled.pooled_odds_ratios,
        pooled.pooled_odds_ratios_refusal,
        pooled.pooled_odds_ratios_caption,
        pooled.pooled_odds_ratios_reading,
    ),
    "saturation_curve": _Template(
        saturation.no_charts,
        saturation.saturation_curve_refusal,
        saturation.saturation_curve_caption,
        saturation.saturation_curve_reading,
        saturation.saturation_curve_picture,
        saturation.saturation_curve_listing,
    ),
    "theme_slopes": _Template(
        slopes.no_charts,
        slopes.theme_slopes_refusal,
        slopes.theme_slopes_caption,
        slopes.theme_slopes_reading,
        slopes.theme_slopes_picture,
        slopes.theme_slopes_listing,
    ),
    "theme_upset": _Template(
        upset.no_charts,
        upset.theme_upset_refusal,
        upset.theme_upset_caption,
        upset.theme_upset_reading,
        upset.theme_upset_picture,
        upset.theme_upset_listing,
    ),
    "specification_curve": _Template(
        saturation.no_charts,
        sensitivity.specification_curve_refusal,
        sensitivity.specification_curve_caption,
        sensitivity.specification_curve_reading,
        sensitivity.specification_curve_picture,
        sensitivity.specification_curve_listing,
    ),
}


@lru_cache(maxsize=128)  # asked before everything that is made from a payload
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
    return _template(payload).refusal(payload)


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
    template = _drawable(payload)
    if template.picture is not None:
        with house_style():
            figure = template.picture(payload)
    else:
        charts = template.charts(payload)
        figure = draw_charts(charts, footer(payload, charts))
    figure.set_label(f"{question(payload)}\n{alt_text(payload)}")  # for whoever gets the file alone
    return figure


def question(payload: Payload) -> str:
    """The question that the figure answers: its title, which holds no finding."""
    return _own_caption(payload)[0]


@lru_cache(maxsize=64)  # stands in the file and on the page
def alt_text(payload: Payload) -> str:
    """What the picture is and its one main reading, for those who do not see it."""
    rounded = " From rounded counts." if is_banded(payload) else ""
    return f"{_drawable(payload).reading(payload)}{rounded} The numbers stand in the table."


def caption(payload: Payload) -> str:
    """The question that the figure answers, its base, method and interval, and what was left out."""
    parts = [*_own_caption(payload), unlettered(payload), *standing(payload)]
    return " ".join(filter(None, parts))


@lru_cache(maxsize=64)  # its first sentence is the title
def _own_caption(payload: Payload) -> tuple[str, ...]:
    return tuple(_template(payload).caption(payload))


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
    >>> import pandas as pd
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
    template = _template(payload)
    lines = template.listing(payload) if template.listing else []
    return "\n".join([*lines, *(line for chart in template.charts(payload) for line in listing(chart))])


def _template(payload: Payload) -> _Template:
    if payload.template not in _TEMPLATES:
        hint = did_you_mean(payload.template, _TEMPLATES)
        raise ValueError(
            f'No figure is called "{payload.template}".{hint} There are: {", ".join(_TEMPLATES)}.'
        )
    return _TEMPLATES[payload.template]


def _drawable(payload: Payload) -> _Template:
    reason = can_draw(payload)
    if reason is not None:
        raise ValueError(f"There is no figure: {reason}. Ask can_draw() first.")
    return _template(payload)
