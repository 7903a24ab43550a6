"""How is text written so that a spreadsheet runs none of it, and read back as it was?

A spreadsheet takes a cell for a formula by its first sign. Text that begins so gets an apostrophe in front, which keeps
it text; reading takes off the one that was put there. Text that has apostrophes before such a sign already gets one
more, so that the two can be told apart.

References: RFC 4180; OWASP, CSV injection; CWE-1236.
"""

from __future__ import annotations

import re

# What a spreadsheet would run, behind any apostrophes; full-width signs are run where they are typed.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\0＝＋－＠]")


def would_run(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula, or takes its first apostrophe for no part of it.

    >>> would_run("=1+1"), would_run("'tis so")
    (True, False)
    """
    return _FORMULA.match(text) is not None


def quoted(text: str) -> str:
    """Text in quotation marks; what a spreadsheet would run gets an apostrophe in front.

    >>> print(quoted("=1+1"), quoted("'=1+1"), quoted("'tis so"))
    "'=1+1" "''=1+1" "'tis so"
    """
    safe = f"'{text}" if would_run(text) else text
    return '"' + safe.replace('"', '""') + '"'


def as_it_was(cell: str) -> str:
    """The text of a cell without the apostrophe that :func:`quoted` has put in front of it.

    >>> [as_it_was(cell) for cell in ("'=1+1", "''=1+1", "'tis so")]
    ['=1+1', "'=1+1", "'tis so"]
    """
    return cell[1:] if cell.startswith("'") and would_run(cell) else cell
