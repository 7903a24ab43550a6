"""What somebody types who follows a page word by word: its fenced commands, and the files that it says to change.

A page is README.md or a notebook of the tutorial. Five kinds of instruction are understood, and nothing else is done:
a fence of ``bash``; "Add to the end of `FILE` what stands between the quotation marks"; "what stands between the
quotation marks below as `FILE`"; "In `FILE` put `NEW` in the place of `OLD`, and `NEW` in the place of `OLD`"; and a
fence of ``text``, each line of which the last command has to print.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat

_PARTS = re.compile(
    r"```(?P<language>\w*)\n(?P<fence>.*?)```"
    r"|(?P<append>[Aa]dd to the end of `(?P<appended>[^`]+)`\s+what stands between the quotation marks)"
    r"|(?P<save>what stands between the quotation marks below as `(?P<saved>[^`]+)`)"
    r"|[Ii]n `(?P<changed>[^`]+)`\s+put\s+"
    r"(?P<puts>`[^`]+`\s+in the place of\s+`[^`]+`(?:,?\s+and\s+`[^`]+`\s+in the place of\s+`[^`]+`)*)",
    re.DOTALL,
)
_PUT = re.compile(r"`([^`]+)`\s+in the place of\s+`([^`]+)`")


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Parameters
    ----------
    kind
        ``type`` a line in a terminal, ``see`` a line on the screen, ``append`` or ``save`` a text, ``put`` new for old.
    text
        The line, the text, or what is put.
    file
        Which file; empty for a line of a terminal.
    old
        In the place of what something is put.
    """

    kind: Literal["type", "see", "append", "save", "put"]
    text: str
    file: str = ""
    old: str = ""


def section(page: Path, heading: str) -> list[Step]:
    """What one section of a Markdown page says; a fence without a language is typed."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return list(_steps(found[1], ""))


def notebook(path: Path) -> list[Step]:
    """What the prose of a notebook says, with the text that stands in the next code cell."""
    cells = nbformat.read(path, as_version=4).cells
    steps: list[Step] = []
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type == "markdown":
            code = following.source if following and following.cell_type == "code" else ""
            steps += _steps(cell.source, _quoted(code))
    return steps


def _steps(text: str, quoted: str) -> Iterator[Step]:
    for part in _PARTS.finditer(text):
        if part["fence"] is not None and part["language"] in ("bash", ""):
            yield from (Step("type", line) for line in part["fence"].splitlines() if line.strip())
        elif part["language"] == "text":
            yield from (Step("see", line) for line in part["fence"].splitlines())
        elif part["append"]:
            yield Step("append", quoted, part["appended"])
        elif part["save"]:
            yield Step("save", quoted, part["saved"])
        elif part["changed"]:
            yield from (Step("put", new, part["changed"], old) for new, old in _PUT.findall(part["puts"]))


def _quoted(source: str) -> str:
    """The first text of several lines in a code cell."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return next((text for text in texts if isinstance(text, str) and "\n" in text), "")
