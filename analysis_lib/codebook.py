"""Which themes does a study have, how do they nest, and since when?

A theme's id is for ever: retired themes keep theirs, so that waves coded years apart can still be compared.

References: MacQueen et al. 1998, Cultural Anthropology Methods 10(2), 31-36, on what a codebook entry holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import yaml

from analysis_lib.errors import Finding, StudyError, did_you_mean, looks_like_a_name
from analysis_lib.readers import read_table
from analysis_lib.readers.values import shown_name
from analysis_lib.schema import DATA_SCHEMA
from analysis_lib.yamlfile import examine_entries, examine_yaml

MAX_THEMES = 2_000
_SCHEMA = DATA_SCHEMA / "codebook.schema.yaml"
_COLUMNS = (
    "id", "label", "parent", "definition", "include", "exclude", "polarity", "status", "replaced_by", "since"
)  # fmt: skip

Line = Callable[[int, str], int | None]  # line of a field of the n-th theme of the file


@dataclass(frozen=True)
class Change:
    """One entry of a theme's history."""

    version: str
    change: Literal["redefined", "renamed", "merged", "split", "retired"]
    note: str


@dataclass(frozen=True)
class Theme:
    """One entry of the codebook; ``data_schema/codebook.schema.yaml`` says what each field means."""

    id: str
    label: str
    parent: str | None = None
    definition: str = ""
    include: str = ""
    exclude: str = ""
    polarity: Literal["hindering", "helpful", "mixed", "neutral"] = "neutral"
    status: Literal["active", "optional", "retired"] = "active"
    severity: Literal["serious"] | None = None
    replaced_by: tuple[str, ...] = ()
    since: str = "1"
    history: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Codebook:
    """The themes in their order, parents before children.

    Parameters
    ----------
    version
        Newest version of the codebook.
    themes
        All themes, retired ones included, in the order of tables and figures.
    """

    version: str
    themes: tuple[Theme, ...]

    def __iter__(self) -> Iterator[Theme]:
        return iter(self.themes)

    def __contains__(self, theme_id: object) -> bool:
        return theme_id in self._by_id

    def __getitem__(self, theme_id: str) -> Theme:
        return self._by_id[theme_id]

    @cached_property
    def _by_id(self) -> dict[str, Theme]:
        return {theme.id: theme for theme in self.themes}

    @property
    def ids(self) -> tuple[str, ...]:
        """Theme ids in order."""
        return tuple(theme.id for theme in self.themes)

    def ancestors(self, theme_id: str) -> tuple[str, ...]:
        """Ids above a theme, nearest first; ``("A",)`` for ``A.unempathic``."""
        found: list[str] = []
        parent = self[theme_id].parent
        while parent is not None:
            found.append(parent)
            parent = self[parent].parent
        return tuple(found)

    def depth(self, theme_id: str) -> int:
        """0 for a top-level theme, 1 for its children, and so on."""
        return len(self.ancestors(theme_id))

    def has_children(self, theme_id: str) -> bool:
        """Whether any theme stands below this one."""
        return any(theme.parent == theme_id for theme in self.themes)


def load_codebook(folder: Path) -> Codebook:
    """Read codebook.yaml, or codebook.csv where there is none.

    Parameters
    ----------
    folder
        The study folder.

    Raises
    ------
    StudyError
        Duplicate ids, unknown parents, cycles, and every problem of the file itself.
    """
    codebook, findings = examine_codebook(folder)
    if any(finding.level == "stop" for finding in findings):
        raise StudyError(findings)
    return codebook


def examine_codebook(folder: Path) -> tuple[Codebook, list[Finding]]:
    """Read the codebook as far as it can be read, and list every problem.

    A codebook without themes could not be read. In one with problems the first of two themes with one id
    stands, and a parent that is unknown or runs in a circle is left out, so that the tables can be checked.
    """
    in_csv = (folder / "codebook.csv").exists()
    if in_csv and not (folder / "codebook.yaml").exists():
        name, version = "codebook.csv", "1"
        entries, findings, line = _entries_from_csv(folder, name)
    else:
        name = "codebook.yaml"
        text = examine_yaml(folder / name, _SCHEMA, shown_as=name)
        values = text.values or {"codebook": {}, "themes": []}
        entries, findings, line = values["themes"], list(text.findings), partial(text.line, "themes")
        version = values["codebook"].get("version", "1")
        if in_csv:
            what, fix = "there is a codebook.csv beside codebook.yaml.", "Keep one of them."
            findings.append(Finding("stop", "C06", "codebook.csv", what, fix))
    if len(entries) > MAX_THEMES:
        what, allowed = "there are more themes than can be analysed.", f"at most {MAX_THEMES}"
        findings.append(
            Finding("stop", "C08", name, what, "Check that this is the codebook.", allowed=allowed)
        )
        return Codebook("", ()), findings
    themes = tuple(map(_theme, entries))
    wrong = _problems(themes, name, line)
    return Codebook(version, _parents_first(_sound(themes) if wrong else themes)), findings + wrong


def _entries_from_csv(folder: Path, name: str) -> tuple[list[dict[str, Any]], list[Finding], Line]:
    try:
        table = read_table(folder / name, shown_as=name, root=folder)
    except StudyError as error:
        return [], error.findings, lambda i, key: None

    def line(i: int, key: str) -> int:
        return table.lines[i]

    findings: list[Finding] = []
    for position, column in enumerate(table.columns, start=1):
        if column not in _COLUMNS:
            what, fix = "this column is not known.", f"Rename or remove it.{did_you_mean(column, _COLUMNS)}"
            where = (table.header_line, shown_name(column, position))
            findings.append(Finding("stop", "C04", name, what, fix, *where, allowed=", ".join(_COLUMNS)))
    for column in ("id", "label"):
        if column not in table.columns:
            what = f'the column "{column}" is missing.'
            findings.append(Finding("stop", "C04", name, what, "Add it.", table.header_line, column))
    if not table.rows:
        what, fix = "the codebook holds no theme.", "Add a row per theme."
        findings.append(Finding("stop", "C04", name, what, fix, table.header_line, "id"))
    if findings:
        return [], [*table.notes, *findings], line
    if len(table.rows) > MAX_THEMES:  # which the caller says; too many to look at one by one
        return [{} for _ in table.rows], [], line
    rows = [{key: text for key, text in zip(table.columns, row, strict=True) if text} for row in table.rows]
    schema = yaml.safe_load(_SCHEMA.read_text(encoding="utf-8"))["properties"]["themes"]["items"]
    entries, wrong = examine_entries(rows, schema, shown_as=name, lines=table.lines)
    return entries or [], [*table.notes, *wrong], line


def _theme(raw: dict[str, Any]) -> Theme:
    replaced = raw.get("replaced_by", ())
    return Theme(
        id=raw.get("id", ""),
        label=raw.get("label", ""),
        parent=raw.get("parent"),
        definition=raw.get("definition", ""),
        include=raw.get("include", ""),
        exclude=raw.get("exclude", ""),
        polarity=raw.get("polarity", "neutral"),
        status=raw.get("status", "active"),
        severity=raw.get("severity"),
        replaced_by=tuple(replaced.split() if isinstance(replaced, str) else replaced),
        since=raw.get("since", "1"),
        history=tuple(
            Change(str(c["version"]), c["change"], c.get("note", "")) for c in raw.get("history", ())
        ),
    )


def _problems(themes: tuple[Theme, ...], file: str, line: Line) -> list[Finding]:
    findings = []
    parents = {theme.id: theme.parent for theme in themes}
    before: set[str] = set()
    for i, theme in enumerate(themes):
        if theme.id in before:
            what, fix = f"{_called(theme, i)} stands more than once.", "Keep one entry."
            findings.append(Finding("stop", "C01", file, what, fix, line(i, "id"), "id"))
        elif theme.id.casefold() in map(str.casefold, before):
            what = f"{_called(theme, i)} differs from an earlier theme in nothing but case."
            fix = "Give two themes two ids, one theme one spelling."
            findings.append(Finding("stop", "C07", file, what, fix, line(i, "id"), "id"))
        before.add(theme.id)
        if theme.parent is not None and theme.parent not in parents:
            fix = f"Add the parent or correct the spelling.{did_you_mean(theme.parent, parents)}"
            what = f"the parent of {_called(theme, i)} is not in the codebook."
            findings.append(Finding("stop", "C02", file, what, fix, line(i, "parent"), "parent"))
        for successor in theme.replaced_by:
            if successor not in parents:
                what = f"a theme that replaced {_called(theme, i)} is not in the codebook."
                fix = f"Add it or correct the spelling.{did_you_mean(successor, parents)}"
                findings.append(
                    Finding("stop", "C05", file, what, fix, line(i, "replaced_by"), "replaced_by")
                )
    looped = [i for i, theme in enumerate(themes) if _in_cycle(theme.id, parents)]
    if looped:
        what = f"these themes stand above themselves: {', '.join(_called(themes[i], i) for i in looped)}."
        fix = "Give one of them another parent."
        findings.append(Finding("stop", "C03", file, what, fix, line(looped[0], "parent"), "parent"))
    return findings


def _called(theme: Theme, position: int) -> str:
    """A theme in a message."""
    return f'"{theme.id}"' if looks_like_a_name(theme.id) else f"theme number {position + 1}"


def _sound(themes: tuple[Theme, ...]) -> tuple[Theme, ...]:
    """Each id once, and no parent that is unknown or leads back to the theme."""
    parents = {theme.id: theme.parent for theme in reversed(themes)}
    once: dict[str, Theme] = {}
    for theme in themes:
        lost = theme.parent not in parents or _in_cycle(theme.id, parents)
        once.setdefault(theme.id, replace(theme, parent=None) if lost else theme)
    return tuple(once.values())


def _in_cycle(start: str, parents: dict[str, str | None]) -> bool:
    here, seen = parents.get(start), set()
    while here is not None and here not in seen:
        if here == start:
            return True
        seen.add(here)
        here = parents.get(here)
    return False


def _parents_first(themes: tuple[Theme, ...]) -> tuple[Theme, ...]:
    """Depth-first order: each theme is followed by its children, in the order of the file."""
    below: dict[str | None, list[Theme]] = {}
    for theme in themes:
        below.setdefault(theme.parent, []).append(theme)
    ordered: list[Theme] = []
    stack = below.get(None, [])[::-1]
    while stack:
        theme = stack.pop()
        ordered.append(theme)
        stack.extend(below.get(theme.id, [])[::-1])
    return tuple(ordered)


def version_order(text: str) -> tuple[tuple[int, str], ...]:
    """What versions of a codebook are sorted and compared by: 1.10.0 comes after 1.9.0, and 1 is the same as 1.0.0.

    >>> version_order("1.10") > version_order("1.9.3"), version_order("1") == version_order("1.0.0")
    (True, True)
    """
    parts = [(int(part), "") if part.isdecimal() else (0, part) for part in text.split(".")]
    while parts and parts[-1] == (0, ""):
        parts.pop()
    return tuple(parts)
