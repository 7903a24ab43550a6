"""How does a result read where nobody asked for a view: at the end of a cell, at Python's prompt, in a debugger?

In a few lines, and never as the rows it holds, which may be the words of people. The lines are made by
:mod:`analysis_lib.in_brief`, which stands above every result; the package says so when it is imported
(:func:`read_by`), so that no result imports anything that words or draws.

References: Python data model, ``object.__repr__``; IPython, "Rich display", ``_repr_mimebundle_``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Reader(Protocol):
    """What makes the lines."""

    def as_text(self, result: object) -> str:
        """For a terminal."""

    def as_html(self, result: object) -> str:
        """For a notebook."""


_ask: list[Callable[[], Reader]] = []


def read_by(reader: Callable[[], Reader]) -> None:
    """Say who makes the lines; the function is called when somebody first looks at a result."""
    _ask[:] = [reader]


class Readable:
    """A result that says in a few lines what it is, wherever Python or Jupyter shows it unasked."""

    def __repr__(self) -> str:
        return _ask[0]().as_text(self) if _ask else f"<{type(self).__name__}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # No payload: a result that was left at the end of a cell by chance gets into no report.
        if not _ask:
            return {"text/plain": repr(self)}
        return {"text/plain": repr(self), "text/html": _ask[0]().as_html(self)}
