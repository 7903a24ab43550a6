"""What has to be said about an import: one remark per kind of problem, with everything that it concerns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from analysis_lib.importers.project import Kind, Remark, What

_GUID = re.compile(
    r"\{?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})\}?"
)


@dataclass(frozen=True)
class Entry:
    """One kind of thing that can be said; its sentence holds no free text of a project."""

    what: What
    kind: Kind
    text: str


class Ledger:
    """Remarks in the order in which their kind was first met."""

    def __init__(self) -> None:
        self._ids: dict[Entry, list[str]] = {}
        self._n: dict[Entry, int] = {}
        self._confidence: dict[Entry, float] = {}

    def note(self, entry: Entry, *ids: str, n: int | None = None, confidence: float | None = None) -> None:
        """Say something about some ids.

        Parameters
        ----------
        n
            How many it concerns; None counts the ids.
        confidence
            Of a guess; the lowest of a kind is kept.
        """
        known = self._ids.setdefault(entry, [])
        known += [guid for guid in ids if guid and (not known or known[-1] != guid)]
        self._n[entry] = self._n.get(entry, 0) + (len(ids) if n is None else n)
        if confidence is not None:
            self._confidence[entry] = min(confidence, self._confidence.get(entry, 1.0))

    def remarks(self) -> tuple[Remark, ...]:
        """Return everything that was said."""
        return tuple(
            Remark(
                entry.what, entry.kind, entry.text, self._n[entry], tuple(ids), self._confidence.get(entry)
            )
            for entry, ids in self._ids.items()
            if self._n[entry]
        )


def normalised_guid(text: str | None) -> str:
    """Return a GUID without braces and in lower case; empty for none.

    An id of another shape becomes a GUID made from it, so that links hold and no name is ever shown as an id.

    >>> normalised_guid("{0D62985D-B147-5D01-A9B5-CAE5DCD98342}")
    '0d62985d-b147-5d01-a9b5-cae5dcd98342'
    >>> normalised_guid("Anna")
    '4a4df753-579f-5b27-89c1-5ed6960a5a43'
    """
    stripped = (text or "").strip()
    if not stripped:
        return ""
    shaped = _GUID.fullmatch(stripped)
    return "-".join(shaped.groups()).lower() if shaped else str(uuid5(NAMESPACE_OID, stripped.casefold()))
