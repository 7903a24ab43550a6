"""Can a file have this name on Windows, macOS and Linux alike, and which file is meant by one?

A study is copied between machines. Windows keeps some names for devices and drops a dot or a space at the end; Windows
and macOS take two names that differ in capitals for one; macOS may write an accented letter as two characters.

References: Microsoft Learn, "Naming Files, Paths, and Namespaces"; Unicode Standard Annex 15, Normalization Forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)


def why_not_everywhere(name: str) -> str:
    """Why Windows cannot have a folder of this name, as the end of a sentence; empty where it can.

    Examples
    --------
    >>> why_not_everywhere("2024a"), why_not_everywhere("Größe Ö")
    ('', '')
    >>> why_not_everywhere("con"), why_not_everywhere("Aux.csv"), why_not_everywhere("Lpt1 ")
    ('Windows keeps it for a device', 'Windows keeps it for a device', 'Windows keeps it for a device')
    >>> why_not_everywhere("study."), why_not_everywhere("console")
    ('Windows drops the dot or space at its end', '')
    """
    if _DEVICE.fullmatch(name):
        return "Windows keeps it for a device"
    if name.endswith((".", " ")):
        return "Windows drops the dot or space at its end"
    return ""


def same_everywhere(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of names that are one name on Windows or macOS, in order.

    Examples
    --------
    >>> same_everywhere(["w1", "w2", "W1"])
    [('w1', 'W1')]
    """
    seen: dict[str, str] = {}
    found = []
    for name in names:
        key = composed(name).casefold()
        if key in seen:
            found.append((seen[key], name))
        seen.setdefault(key, name)
    return found


def composed(name: str) -> str:
    """A name with each accented letter as one character, however it was written.

    Examples
    --------
    >>> len("Jo\\u0308rg"), len(composed("Jo\\u0308rg"))
    (5, 4)
    """
    return unicodedata.normalize("NFC", name)


def as_on_disk(path: Path) -> Path:
    """The file that is meant: of this very name, else of one that differs in how accented letters are written.

    A path of which there is no such file stays as it is.
    """
    if path.exists() or path.name.isascii():
        return path
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:
        return path
    return next((each for each in beside if composed(each.name) == composed(path.name)), path)
