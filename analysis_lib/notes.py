"""What have the authors themselves written about this wave?

``author_notes.md`` holds a ``## heading`` per notebook and, below it, a ``### theme id`` where a paragraph is
about one theme. It survives every rerun and is never generated.
"""

from __future__ import annotations

import re

from analysis_lib.wave import Wave


def section(wave: Wave, heading: str, subheading: str | None = None) -> str:
    """The text under a heading of author_notes.md, as Markdown; empty where nothing is written.

    Parameters
    ----------
    wave
        A loaded wave.
    heading
        Text of a ``##`` heading, such as ``03 Themes by outcome``; letter case does not matter.
    subheading
        Text of a ``###`` heading below it; None takes what stands before the first of these.
    """
    path = wave.study.folder / "waves" / wave.id / "author_notes.md"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    block = _under(text, "##", heading)
    if subheading is None:
        return re.split(r"^### ", block, maxsplit=1, flags=re.MULTILINE)[0].strip()
    return _under(block, "###", subheading).strip()


def _under(text: str, mark: str, heading: str) -> str:
    parts = re.split(rf"^{mark} +(.+?) *$", text, flags=re.MULTILINE)
    found = {title.casefold(): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}
    return found.get(heading.casefold(), "")
