"""Which themes does a study have, how do they nest, and since when?

A theme's id is for ever: retired themes keep theirs, so that waves coded years apart can still be compared.

References: MacQueen et al. 1998, Cultural Anthropology Methods 10(2), 31-36, on what a codebook entry holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.readers import read_table
from analysis_lib.schema import DATA_SCHEMA
from analysis_lib.yamlfile import read_yaml

_COLUMNS = (
    "id", "label", "parent", "definition", "include", "exclude", "polarity", "status", "replaced_by", "since"
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One entry of a theme's history."""

    version: str
    change: Literal["redefined", "renamed", "merged", "split"]
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
        return any(theme.id == theme_id for theme in self.themes)

    def __getitem__(self, theme_id: str) -> Theme:
        return next(theme for theme in self.themes if theme.id == theme_id)

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
    if (folder / "codebook.yaml").exists() or not (folder / "codebook.csv").exists():
        name = "codebook.yaml"
        raw = read_yaml(folder / name, DATA_SCHEMA / "codebook.schema.yaml", shown_as=name)
        version = str(raw["codebook"].get("version", "1"))
        entries = raw["themes"]
    else:
        name, version = "codebook.csv", "1"
        entries = _entries_from_csv(folder / name)
    themes = tuple(map(_theme, entries))
    findings = _problems(themes, name)
    if findings:
        raise StudyError(findings)
    return Codebook(version, _parents_first(themes))


def _entries_from_csv(path: Path) -> list[dict[str, Any]]:
    table = read_table(path, shown_as=path.name)
    findings = [
        Finding(
            "stop", "C04", path.name, f'the column "{name}" is not known.',
            f"Rename or remove it.{did_you_mean(name, _COLUMNS)}", 1, allowed=", ".join(_COLUMNS),
        )
        for name in table.columns if name not in _COLUMNS
    ]  # fmt: skip
    findings += [
        Finding("stop", "C04", path.name, f'the column "{name}" is missing.', "Add it.", 1)
        for name in ("id", "label")
        if name not in table.columns
    ]
    if findings:
        raise StudyError(findings)
    return [{name: text for name, text in zip(table.columns, row, strict=True) if text} for row in table.rows]


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


def _problems(themes: tuple[Theme, ...], file: str) -> list[Finding]:
    findings = []
    ids = [theme.id for theme in themes]
    for theme_id in sorted({name for name in ids if ids.count(name) > 1}):
        findings.append(
            Finding("stop", "C01", file, f'the theme id "{theme_id}" stands more than once.', "Keep one.")
        )
    parents = {theme.id: theme.parent for theme in themes}
    for theme in themes:
        if theme.parent is not None and theme.parent not in parents:
            fix = f"Add the parent or correct the spelling.{did_you_mean(theme.parent, ids)}"
            what = f'the parent of "{theme.id}" is not in the codebook.'
            findings.append(Finding("stop", "C02", file, what, fix, column="parent"))
    looped = sorted(theme.id for theme in themes if _in_cycle(theme.id, parents))
    if looped:
        what = f"these themes stand above themselves: {', '.join(looped)}."
        findings.append(
            Finding("stop", "C03", file, what, "Give one of them another parent.", column="parent")
        )
    return findings


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
