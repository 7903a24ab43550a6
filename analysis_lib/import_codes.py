"""Which code of the study is a code of an imported project?

Matched by what the team settled, by GUID, by id, by the path of labels, then by a label that stands once in both;
whatever is left becomes a new code, never a similar one. Programs renew GUIDs and names repeat in a tree, so each
match says what decided it.

References: REFI-QDA standard 1.5 (2019), on GUIDs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis_lib.codebook import Codebook
from analysis_lib.import_map import ImportMap
from analysis_lib.importers.project import Code, Project

Row = dict[str, str]
How = Literal["import_map.yaml", "GUID", "id", "path", "label", "new"]
SEPARATOR = " > "


@dataclass(frozen=True)
class CodeMatch:
    """One code of the project and the code id it became.

    Parameters
    ----------
    path
        Names from the root, joined by `` > ``.
    how
        What decided.
    n_codings
        Codings with it that are in the wave.
    """

    path: str
    code_id: str
    how: How
    guid: str | None
    n_codings: int


def matched_codes(
    project: Project, codebook: Codebook | None, known: ImportMap, guids: Mapping[str, str]
) -> list[CodeMatch]:
    """The code id of every code: by the map, by GUID, by id, by path, by label, else a new one."""
    themes = {theme.id: theme for theme in codebook} if codebook is not None else {}
    by_path = {_path_of(codebook, theme): theme for theme in themes} if codebook is not None else {}
    labels: dict[str, list[str]] = defaultdict(list)
    for theme in themes.values():
        labels[theme.label.casefold()].append(theme.id)
    names: dict[str, int] = defaultdict(int)
    for code in project.codes:
        names[code.name.casefold()] += 1
    taken = {*themes, *known.codes.values()}
    matches = []
    for code in project.codes:
        path = SEPARATOR.join(code.path)
        label = labels.get(code.name.casefold(), [])
        how: How
        if path in known.codes:
            code_id, how = known.codes[path], "import_map.yaml"
        elif code.guid is not None and code.guid in guids:
            code_id, how = guids[code.guid], "GUID"
        elif code.name in themes and names[code.name.casefold()] == 1:
            code_id, how = code.name, "id"
        elif path.casefold() in by_path:
            code_id, how = by_path[path.casefold()], "path"
        elif len(label) == 1 and names[code.name.casefold()] == 1:
            code_id, how = label[0], "label"
        else:
            code_id, how = _new_code_id(code, taken), "new"
            taken.add(code_id)
        matches.append(CodeMatch(path, code_id, how, code.guid, 0))
    return matches


def _path_of(codebook: Codebook, theme: str) -> str:
    labels = [codebook[each].label for each in (*reversed(codebook.ancestors(theme)), theme)]
    return SEPARATOR.join(labels).casefold()


def _new_code_id(code: Code, taken: set[str]) -> str:
    """A code id from the path, with a number where it is taken."""
    base = ".".join(
        re.sub(r"[\s,;|.]+", "_", part.strip()).strip("_").casefold() or "code" for part in code.path
    )
    base = base[-76:].lstrip("._")
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}_{number}"
    return candidate


def additions(project: Project, matches: list[CodeMatch], codebook: Codebook | None) -> tuple[Row, ...]:
    """Entries for a codebook that does not have the code yet; parents stand before their children."""
    there = {theme.id for theme in codebook} if codebook is not None else set()
    id_of_path = {match.path: match.code_id for match in matches}
    rows = []
    for code, match in zip(project.codes, matches, strict=True):
        if match.code_id in there:
            continue
        there.add(match.code_id)
        parent = id_of_path.get(SEPARATOR.join(code.path[:-1]), "")
        rows.append(
            {"id": match.code_id, "label": code.name, "parent": parent, "definition": code.description}
        )
    return tuple(rows)
