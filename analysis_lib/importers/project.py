"""What does a project of any coding program hold, before it is fitted to a study?

Every importer reads its format into the same :class:`Project`: codes, sources, cases and codings, each with the
program's own identity, and a remark about everything that was guessed, dropped or left without an owner. Nothing
is renamed, merged or interpreted here; that is done once, for all formats, when a project becomes a wave.

References: REFI-QDA standard 1.5 (2019), whose words for the parts of a project are used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["codes", "sources", "cases", "codings", "variables", "sets", "participants"]
What = Literal["read", "guessed", "merged", "dropped", "orphaned", "not carried"]


@dataclass(frozen=True)
class Code:
    """One code or category.

    Parameters
    ----------
    key
        Identity within the project: the GUID where the format has one, else the path joined by ``/``.
    path
        Names from the root of the code tree to the code itself.
    guid
        Normalised (no braces, lower case); None where the format has none.
    codable
        False for a pure category, which can hold codes and no codings.
    """

    key: str
    path: tuple[str, ...]
    guid: str | None = None
    description: str = ""
    codable: bool = True

    @property
    def name(self) -> str:
        """The last name of the path; not unique in a tree."""
        return self.path[-1]


@dataclass(frozen=True)
class Source:
    """One document, answer sheet or recording.

    Parameters
    ----------
    key
        Identity within the project.
    text
        Plain text with its line ends as they are in the file, without a byte order mark; None where the format
        does not carry it. Offsets of codings count its code points.
    variables
        Variables of the document, as text.
    """

    key: str
    name: str
    text: str | None = None
    guid: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """Part of a source; None for both ends means all of it."""

    source: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Case:
    """One person or unit that the program knows.

    Parameters
    ----------
    name
        As in the program; empty for a nameless case.
    spans
        What of which sources belongs to it.
    """

    key: str
    name: str
    guid: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Coding:
    """One code on one stretch of one source by one coder.

    Parameters
    ----------
    source, code
        Keys of the project.
    start, end
        Code points of the source's text, end exclusive; None where the format has no offsets, or where the
        whole source is coded.
    text
        The words; empty where neither the format nor the source has them.
    case
        Key of the case where the format says it itself (a report by case); None where spans decide.
    coder, coded_at
        Who and when (ISO 8601); empty where unknown.
    origin
        Where it stands in the file: a row number or the program's own id, never text.
    """

    source: str
    code: str
    start: int | None
    end: int | None
    text: str = ""
    case: str | None = None
    coder: str = ""
    coded_at: str = ""
    memo: str = ""
    weight: float | None = None
    origin: str = ""


@dataclass(frozen=True)
class Remark:
    """Something a researcher has to know about an import.

    Parameters
    ----------
    what
        ``read`` (how it was read), ``guessed``, ``merged`` (two of the file are one here), ``dropped``,
        ``orphaned`` (kept, but belongs to nothing), ``not carried`` (the format cannot hold it).
    kind
        What kind of thing it is about.
    text
        A sentence without free text of the project.
    n
        How many; merged and dropped ones are part of what was found in the file.
    ids
        Which, as ids, row numbers or positions.
    confidence
        Of a guess, 0 to 1; None for anything else.
    """

    what: What
    kind: Kind
    text: str
    n: int = 0
    ids: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True)
class OffsetRule:
    """How the offsets of one source were counted.

    Parameters
    ----------
    rule
        In words, such as ``UTF-16 units, CRLF as two, BOM not counted``.
    score
        Share of the selections whose both ends fall on word boundaries and that do not begin with a blank, or that
        equal the words the file quotes.
    runner_up
        Score of the next best rule.
    n
        Selections that were looked at.
    """

    source: str
    rule: str
    score: float
    runner_up: float
    n: int


@dataclass(frozen=True)
class Project:
    """Everything a file of a coding program holds.

    Parameters
    ----------
    format
        Key of ``IMPORTERS``.
    origin
        Program and version as the file states them; empty where it does not.
    found
        Kind -> how many the file holds. What was read plus what was merged or dropped adds up to it.
    untagged
        Stretches that somebody marked without giving a code.
    """

    format: str
    origin: str
    codes: tuple[Code, ...]
    sources: tuple[Source, ...]
    cases: tuple[Case, ...]
    codings: tuple[Coding, ...]
    found: Mapping[str, int]
    untagged: tuple[Span, ...] = ()
    offsets: tuple[OffsetRule, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def unreconciled(self) -> dict[str, int]:
        """Kind -> how many of the file are neither here nor in a remark; empty where the counts add up.

        Examples
        --------
        >>> lost = Remark("dropped", "codings", "Offsets lie past the end of the text.", 1, ("7",))
        >>> Project("refi", "", (), (), (), (), {"codings": 3}, remarks=(lost,)).unreconciled()
        {'codings': 2}
        """
        here = {
            "codes": len(self.codes),
            "sources": len(self.sources),
            "cases": len(self.cases),
            "codings": len(self.codings),
        }
        said: Counter[str] = Counter()
        for remark in self.remarks:
            if remark.what in ("merged", "dropped"):
                said[remark.kind] += remark.n
        gaps = {kind: n - here[kind] - said[kind] for kind, n in self.found.items() if kind in here}
        return {kind: gap for kind, gap in gaps.items() if gap}
