"""What does every picture look like: which colours, markers and letters?

The house's palette, the colour and marker of each outcome group wherever it appears, and how wide a text is
and where it breaks. The look depends on nothing that a machine has set, so that the bytes are the same
everywhere.

References: WCAG 2.2, success criteria 1.4.1, 1.4.3 and 1.4.11.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# Colour and marker of each outcome group. Every colour keeps 3:1 on white; the four and the first two further ones
# also differ in lightness, by eight steps of a hundred at least, so that they stay apart in grey.
GROUPS = {
    "helpful": ("#2F8FCB", "o"),
    "unhelpful": ("#C04A00", "s"),
    "mixed": ("#6B2A7D", "D"),
    "dropped_out": ("#222222", "^"),
}
FURTHER = (("#6C18F0", "v"), ("#601E00", "P"), ("#365960", "X"), ("#A259F7", "p"), ("#F01F8D", "h"))
# Of areas, where a marker cannot be the second cue; white on the colour. Lines only: dots make a file ten times larger.
HATCHES = ("", "//////", "-----", "", r"\\\\\\", "++++", "xxxxx", "|||||", "//////-----")
_LIGHT, _DARK = (247, 247, 247), (11, 60, 93)  # of shades: next to nothing, and the most
_HALFWAY = 0.18  # luminance at which black and white letters are equally clear
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


def shade(share: float) -> tuple[float, float, float]:
    """From light (0) to dark (1) of one hue, as red, green and blue from 0 to 1."""
    red, green, blue = ((low + (high - low) * share) / 255 for low, high in zip(_LIGHT, _DARK, strict=True))
    return red, green, blue


def ink_on(ground: tuple[float, float, float]) -> str:
    """Black or white, whichever is clearer on the ground; never less than 4.5 to 1 (WCAG 2.2).

    >>> ink_on(shade(0.0)), ink_on(shade(1.0))
    ('black', 'white')
    """
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ground]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return "white" if luminance < _HALFWAY else "black"


def group_areas(groups: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and hatching of each group where it fills an area; the colour is that of its marker.

    >>> group_areas(["helpful", "unhelpful"])
    {'helpful': ('#2F8FCB', ''), 'unhelpful': ('#C04A00', '//////')}
    """
    hatched = dict(zip((marker for _, marker in (*GROUPS.values(), *FURTHER)), HATCHES, strict=True))
    return {group: (colour, hatched[marker]) for group, (colour, marker) in group_styles(groups).items()}


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
        "hatch.linewidth": 0.7,
        "svg.fonttype": "path",
        "svg.hashsalt": "themewave",
    }
    with style.context(["default", own]):
        yield


def drawable(text: str) -> str:
    """The text in letters that the typeface has; what it lacks stands in square brackets, by name or by number.

    Marks that only steer how other characters look or run, such as variation selectors and overrides of the
    direction of writing, are left out.

    >>> drawable("Felt heard \N{BROKEN HEART}\N{VARIATION SELECTOR-16}"), drawable("\N{CJK UNIFIED IDEOGRAPH-6CBB}")
    ('Felt heard [broken heart]', '[U+6CBB]')
    """
    if text.isascii() and text.isprintable():
        return text
    letters = _letters()
    parts: list[str] = []
    lacking: list[str] = []
    for character in text.replace("\t", " "):
        category = unicodedata.category(character)
        if character != "\n" and (category in ("Cf", "Cc") or "\ufe00" <= character <= "\ufe0f"):
            continue
        if character in letters or character == "\n":
            parts += [*_bracketed(lacking), character]
            lacking = []
        elif category not in ("Mn", "Me"):
            lacking.append(character)
    return "".join([*parts, *_bracketed(lacking)])


def _bracketed(characters: list[str]) -> list[str]:
    """Symbols by their names, letters of other scripts by their numbers."""
    named = [
        unicodedata.name(one, "").lower() if unicodedata.category(one).startswith("S") else ""
        for one in characters
    ]
    said = [name or f"U+{ord(one):04X}" for name, one in zip(named, characters, strict=True)]
    return [f"[{' '.join(said)}]"] if said else []


@cache
def _letters() -> frozenset[str]:
    """Characters that both weights of the typeface can draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: PLC0415 - see above

    fonts = [get_font(findfont(FontProperties(family=_FONT, weight=weight))) for weight in ("normal", "bold")]
    codes = set.intersection(*(set(font.get_charmap()) for font in fonts))
    return frozenset(map(chr, codes))


def wrap(text: str, width: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than ``width`` points; a word that is wider by itself is cut."""
    lines: list[str] = []
    for part in drawable(text).split("\n"):
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
    return float(TextToPath().get_text_width_height_descent(drawable(text), font, ismath=False)[0])
