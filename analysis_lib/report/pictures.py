"""How does a figure stand on the page: drawn into it, described, and with its numbers at hand?

References: WCAG 2.2, 1.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from analysis_lib import figures
from analysis_lib.payload import Payload

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Where the numbers of a figure can be read: template of the figure -> template of the table.
NUMBERS_OF = {
    "across_waves_by_wave": "across_waves_by_wave",
    "agreement_forest": "agreement",
    "calibration": "risk_groups",
    "cooccurrence_matrix": "cooccurrence",
    "dropout_survival": "dropout_sessions",
    "flow_diagram": "flow",
    "missing_values": "missing_values",
    "pooled_odds_ratios": "pooled_odds_ratios",
    "saturation_curve": "saturation",
    "theme_dots": "theme_by_outcome",
    "theme_upset": "theme_patterns",
    "theme_differences": "theme_contrasts",
    "termination_forest": "termination_models",
    "termination_probabilities": "termination_probabilities",
}
_CODED = re.compile(
    r"[^-\w.~ =:/;,()\[\]!*'$@?+|^`{}]+", re.ASCII
)  # what does not stand for itself in an address
# The markers of the figures as letters.
_GLYPHS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖", "p": "⬟", "h": "⬢"}


@dataclass(frozen=True)
class Picture:
    """A figure as a data address with its description; both empty where it cannot be drawn."""

    address: str
    alt: str
    caption: str


@lru_cache(maxsize=64)  # page, files and Word ask for the same ones
def svg(payload: Payload) -> str:
    """The figure of a payload as SVG."""
    return figures.as_svg(_drawn(payload))


@lru_cache(maxsize=64)
def png(payload: Payload) -> bytes:
    """The figure of a payload as PNG, for print."""
    return figures.as_png(_drawn(payload))


@lru_cache(maxsize=32)
def _drawn(payload: Payload) -> Figure:
    return figures.draw(payload)


@lru_cache(maxsize=64)
def picture(payload: Payload) -> Picture:
    """The figure of a payload, or why there is none."""
    reason = figures.can_draw(payload)
    if reason is not None:
        return Picture("", "", f"No figure: {reason}.")
    return Picture(_address(svg(payload)), figures.alt_text(payload), figures.caption(payload))


def _address(drawn: str) -> Markup:
    """An SVG as a data address, a fifth shorter than in base64.

    It holds no sign that could end an attribute in double quotes, so it is not escaped once more.

    >>> print(_address('<svg width="9">\\n<g/>\\n</svg>'))
    data:image/svg+xml,%3Csvg width='9'%3E%3Cg/%3E%3C/svg%3E
    """
    short = re.sub(r"\s+", " ", drawn).replace("> <", "><").strip()
    if "'" not in short:
        short = short.replace('"', "'")
    return Markup("data:image/svg+xml," + _CODED.sub(lambda found: quote(found[0]), short))


def group_marks(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker, as a letter, of each outcome group; the same as in every figure."""
    return {
        group: (colour, _GLYPHS[marker]) for group, (colour, marker) in figures.group_styles(groups).items()
    }
