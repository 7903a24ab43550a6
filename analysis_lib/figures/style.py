"""What does every picture look like: which colours, markers and letters?

The house's palette, the colour and marker of each outcome group wherever it appears, and how wide a text is
and where it breaks. The look depends on nothing that a machine has set, so that the bytes are the same
everywhere.

References: WCAG 2.2, success criteria 1.4.1, 1.4.3 and 1.4.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

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

# Sizes in points at final size; of the markers such that all look equally large.
MARKER_SIZES = {"o": 4.6, "s": 4.2, "D": 3.9, "^": 4.9, "v": 4.9, "P": 5.2, "X": 5.2, "p": 5.2, "h": 5.2}
FONT_SIZE = 8.0
_FONT = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same letters
WORD = re.compile(r"\(n = [^)]*\)\S*|\S+")  # what a line break never tears


def group_styles(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each group: the house's own for its four names, the next free ones for others.

    >>> group_styles(["helpful", "relapsed"])
    {'helpful': ('#2F8FCB', 'o'), 'relapsed': ('#C04A00', 's')}
    """
    free = [style for name, style in GROUPS.items() if name not in groups] + list(FURTHER)
    others = [group for group in groups if group not in GROUPS]
    given = {group: free[i % len(free)] for i, group in enumerate(others)}
    return {group: GROUPS.get(group) or given[group] for group in groups}


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's own defaults with ours on top, whatever a machine's matplotlibrc says."""
    from matplotlib import style  # noqa: PLC0415 - only who draws waits for it

    own = {
        "font.family": _FONT,
        "font.size": FONT_SIZE,
        "text.color": INK,
        "text.hinting": "none",  # letters as wide as they were measured
        "text.parse_math": False,  # a dollar sign in a label is a dollar sign
        "axes.unicode_minus": True,
        "svg.fonttype": "path",
        "svg.hashsalt": "themewave",
    }
    with style.context(["default", own]):
        yield


def wrap(text: str, width: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than ``width`` points; a word that is wider by itself is cut."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for whole in WORD.findall(part):
            word = whole
            if line and text_width(f"{line} {word}", bold=bold) <= width:
                line = f"{line} {word}"
                continue
            if line:
                lines.append(line)
            while text_width(word, bold=bold) > width and len(word) > 1:
                fits = max(1, sum(text_width(word[:n], bold=bold) <= width for n in range(1, len(word))))
                lines.append(word[:fits])
                word = word[fits:]
            line = word
        lines += [line] if line else []
    return lines


@cache
def text_width(text: str, *, bold: bool = False) -> float:
    """Width in points; the same wherever the figure goes."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - only who draws waits for it
    from matplotlib.textpath import TextToPath  # noqa: PLC0415 - only who draws waits for it

    font = FontProperties(family=_FONT, size=FONT_SIZE, weight="bold" if bold else "normal")
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0])
