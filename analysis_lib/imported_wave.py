"""How does the project of a coding program become the tables of a wave?

Cases become participants, sources documents, codings coded segments. Who a coding belongs to is decided in one
order: what the format says itself, the case whose span holds it, the case of the whole source, and, as a guess
that is reported, the case whose name begins the name of the source. Codes are matched by GUID, then by the path
of their names, then by the table of aliases. What cannot be decided is left out and counted.

References: REFI-QDA standard 1.5 (2019).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from analysis_lib.canonical import loose_id
from analysis_lib.codebook import Codebook
from analysis_lib.import_codes import CodeMatch, Row, additions, matched_codes
from analysis_lib.import_map import PERSON, ImportMap, new_ids
from analysis_lib.import_owners import Owners
from analysis_lib.importers.nhs_end_codes import endings_of
from analysis_lib.importers.project import Coding, Project, Remark, Source
from analysis_lib.schema import Column, table_schema

_CONSENSUS = "consensus"  # a coder of this name holds what a team settled
_END_CODE, _END_CODES = "nhs_end_code", {"nhs_end_code", "end_code", "endcode"}
_DOCUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class ImportedWave:
    """The tables of a wave as text, and how they came about.

    Parameters
    ----------
    tables
        ``participants``, ``documents``, ``coded_segments`` -> rows, columns in the order of the contract.
    codes
        Every code of the project, in its order.
    added
        Codebook entries for codes that the study does not have: ``id, label, parent, definition``.
    map
        Every name that was given an id, to be written back.
    remarks
        Those of the project and those of this step.
    origins
        Where each row of ``coded_segments`` stands in the file; as :class:`Coding` has it.
    """

    project: Project
    tables: Mapping[str, list[Row]]
    codes: tuple[CodeMatch, ...]
    added: tuple[Row, ...]
    map: ImportMap
    remarks: tuple[Remark, ...]
    origins: tuple[str, ...]


def imported_wave(
    project: Project, *, codebook: Codebook | None, known: ImportMap, guids: Mapping[str, str] | None = None
) -> ImportedWave:
    """The tables of a wave from a project.

    Parameters
    ----------
    project
        What an importer read.
    codebook
        Of the study; None where it has none yet.
    known
        What the team or an earlier import settled.
    guids
        GUID of a code -> code id, from earlier waves.
    """
    remarks: list[Remark] = []
    owner_of = Owners(project, remarks)
    owned = [(coding, owner_of(coding)) for coding in project.codings]
    people = owner_of.names
    person_id = dict(known.people) | new_ids(people, known.people, pattern=PERSON, prefix="P")
    remarks += _near_duplicates(person_id[name] for name in people)
    matches = matched_codes(project, codebook, known, guids or {})
    coder_names = sorted({coding.coder for coding in project.codings if coding.coder})
    coder_id = dict(known.coders) | new_ids(coder_names, known.coders, pattern=PERSON, prefix="coder_")
    document_id = _document_ids(project.sources)
    code_id = {code.key: match.code_id for code, match in zip(project.codes, matches, strict=True)}
    segments, origins, said = _segments(owned, person_id, document_id, code_id, coder_id)
    participants, columns, values, more = _participants(project, owner_of, person_id, known)
    documents = _documents(project, owner_of, person_id, document_id)
    in_wave: dict[str, int] = defaultdict(int)
    for row in segments:
        in_wave[row["code_id"]] += 1
    return ImportedWave(
        project,
        {"participants": participants, "documents": documents, "coded_segments": segments},
        tuple(replace(match, n_codings=in_wave[match.code_id]) for match in matches),
        additions(project, matches, codebook),
        ImportMap(
            {name: person_id[name] for name in people} | dict(known.people),
            {match.path: match.code_id for match in matches} | dict(known.codes),
            {name: coder_id[name] for name in coder_names} | dict(known.coders),
            columns,
            values,
        ),
        (*project.remarks, *remarks, *said, *more),
        origins,
    )


def _near_duplicates(ids: Iterable[str]) -> list[Remark]:
    """Ids that differ by case or leading zeros only may be one person twice."""
    alike: dict[str, set[str]] = defaultdict(set)
    for each in ids:
        alike[loose_id(each)].add(each)
    doubtful = tuple(sorted(each for group in alike.values() if len(group) > 1 for each in group))
    if not doubtful:
        return []
    text = "These participants differ by case or leading zeros only and may be the same people; they are kept apart."
    return [Remark("guessed", "participants", text, len(doubtful), doubtful, 0.5)]


def _document_ids(sources: Iterable[Source]) -> dict[str, str]:
    """Document id of each source: its name where that fits, else a number."""
    sources = list(sources)
    times = Counter(source.name for source in sources)
    unique = {name for name, n in times.items() if n == 1 and _DOCUMENT.fullmatch(name)}
    found, number = {}, 0
    for source in sources:
        if source.name in unique:
            found[source.key] = source.name
            continue
        while True:
            number += 1
            candidate = f"D{number:04d}"
            if candidate not in unique:
                break
        found[source.key] = candidate
    return found


def _segments(
    owned: list[tuple[Coding, str | None]],
    person_id: Mapping[str, str],
    document_id: Mapping[str, str],
    code_id: Mapping[str, str],
    coder_id: Mapping[str, str],
) -> tuple[list[Row], tuple[str, ...], list[Remark]]:
    """One row per segment, code and coder, and where each stands; codings of nobody are left out and named."""
    rows: dict[tuple[str, ...], Row] = {}
    origins: list[str] = []
    places: dict[tuple[object, ...], str] = {}
    nobody, twice = [], []
    counter: dict[str, int] = defaultdict(int)
    for coding, owner in sorted(owned, key=lambda pair: _order(pair[0], document_id)):
        if owner is None:
            nobody.append(coding.origin)
            continue
        document = document_id[coding.source]
        place = (document, coding.start, coding.end) if coding.start is not None else (document, coding.text)
        if place not in places:
            counter[document] += 1
            places[place] = f"{document[:56]}-{counter[document]:05d}"
        key = (places[place], code_id[coding.code], coder_id.get(coding.coder, ""))
        if key in rows:
            twice.append(coding.origin)
            continue
        origins.append(coding.origin)
        rows[key] = {
            "segment_id": key[0],
            "participant_id": person_id[owner],
            "code_id": key[1],
            "coder_id": key[2],
            "document_id": document,
            "start": "" if coding.start is None else str(coding.start),
            "end": "" if coding.end is None else str(coding.end),
            "text": coding.text,
            "n_words": str(_words(coding.text)) if coding.text else "",
            "round": _CONSENSUS if key[2] == _CONSENSUS else "independent",
            "coded_at": coding.coded_at[:10],
            "weight": "" if coding.weight is None else f"{coding.weight:g}",
            "memo": coding.memo,
        }
    remarks = []
    if nobody:
        text = "These codings belong to no case, or cross the border between two; they are not in the wave."
        remarks.append(Remark("dropped", "codings", text, len(nobody), tuple(nobody)))
    if twice:
        text = "These repeat the same code by the same coder on the same words; each is in the wave once."
        remarks.append(Remark("merged", "codings", text, len(twice), tuple(twice)))
    return list(rows.values()), tuple(origins), remarks


def _words(text: str) -> int:
    """Words of a text: what stands between blanks and holds a letter or a digit."""
    return sum(any(sign.isalnum() for sign in part) for part in text.split())


def _order(coding: Coding, document_id: Mapping[str, str]) -> tuple[object, ...]:
    start, end = (-1 if at is None else at for at in (coding.start, coding.end))
    return document_id[coding.source], start, end, coding.text, coding.code, coding.coder, coding.origin


def _participants(
    project: Project, owners: Owners, person_id: Mapping[str, str], known: ImportMap
) -> tuple[list[Row], dict[str, str], dict[str, dict[str, str]], list[Remark]]:
    """One row per owner, its variables under the columns of the contract where names and levels fit."""
    variables: dict[str, dict[str, str]] = {name: {} for name in owners.names}
    conflicts = []
    for source in project.sources:
        owner = owners.of_source(source)
        if owner is not None:
            for name, value in source.variables.items():
                if variables[owner].setdefault(name, value) != value:
                    conflicts.append(source.key)
    for name, case in owners.cases.items():
        for variable, value in case.variables.items():
            if variables[name].get(variable, value) != value:
                conflicts.append(case.key)
            variables[name][variable] = value  # a case knows better than its documents
    schema = table_schema("participants")
    seen = list(dict.fromkeys(variable for held in variables.values() for variable in held))
    columns = {name: known.columns.get(name, _column_for(name, schema.names)) for name in seen}
    values: dict[str, dict[str, str]] = {column: dict(levels) for column, levels in known.values.items()}
    rules = {column.name: column for column in schema.columns}
    rows: list[Row] = []
    for name in owners.names:
        row = {"participant_id": person_id[name]}
        for variable, raw in variables[name].items():
            column = columns[variable]
            if column:
                row[column] = _level(raw, column, rules.get(column), values)
        rows.append(row)
    endings = _with_endings(rows)
    used = [column for column in schema.names if any(column in row for row in rows)]
    named = [column for column in dict.fromkeys(columns.values()) if column and column != _END_CODE]
    used += [column for column in named if column not in schema.names]
    rows.sort(key=lambda row: row["participant_id"])
    remarks = list(endings)
    aside = [name for name, column in columns.items() if not column]
    if aside:
        text = "Variables that import_map.yaml leaves out, or that say which wave it is, are in no table."
        remarks.append(Remark("not carried", "variables", text, len(aside)))
    if conflicts:
        text = (
            "A variable has different values in a case and its documents, or in two documents; the case, then the"
            " first document, decided."
        )
        remarks.append(
            Remark("guessed", "variables", text, len(conflicts), tuple(dict.fromkeys(conflicts)), 0.5)
        )
    unknown = [column for column in named if column not in schema.names]
    if unknown:
        text = (
            "Variables whose names are not in the contract were kept under their own names; import_map.yaml can"
            " name the column each belongs to."
        )
        remarks.append(Remark("read", "variables", text, len(unknown)))
    return [{column: row.get(column, "") for column in used} for row in rows], columns, values, remarks


def _with_endings(rows: list[Row]) -> tuple[Remark, ...]:
    """Ways of ending from NHS end codes, where people have them; what is there already stands."""
    if not any(_END_CODE in row for row in rows):
        return ()
    found = endings_of([row.get(_END_CODE, "") for row in rows], lines=range(1, len(rows) + 1))
    for row, ending, by in zip(rows, found.termination_type, found.initiated_by, strict=True):
        row.pop(_END_CODE, None)
        if ending:
            row.setdefault("termination_type", ending)
            row.setdefault("termination_initiated_by", by)
    return found.remarks


def _column_for(variable: str, names: Iterable[str]) -> str:
    """The column of the contract with this name, but for case and blanks; else the name as a column name."""
    plain = re.sub(r"\W+", "_", variable.strip()).strip("_").casefold()
    if plain in _END_CODES:
        return _END_CODE
    if plain == "wave":
        return ""  # the folder says which wave it is, and a program counts waves in its own way
    return plain if plain in names else plain or "variable"


def _level(raw: str, column: str, rule: Column | None, values: dict[str, dict[str, str]]) -> str:
    """A value as the contract spells it: by the map, or the only level that differs by case and blanks alone."""
    mapped = values.get(column, {}).get(raw)
    if mapped is not None:
        return mapped
    if rule is None or not rule.levels or raw in rule.levels:
        return raw
    plain = re.sub(r"\W+", "_", raw.strip()).strip("_").casefold()
    if plain not in rule.levels:
        return raw
    values.setdefault(column, {})[raw] = plain
    return plain


def _documents(
    project: Project, owners: Owners, person_id: Mapping[str, str], document_id: Mapping[str, str]
) -> list[Row]:
    """One row per source that belongs to one person; its words are counted where the text is there."""
    rows = []
    for source in project.sources:
        owner = owners.of_source(source)
        if owner is not None:
            n_words = "" if source.text is None else str(_words(source.text))
            rows.append(
                {
                    "participant_id": person_id[owner],
                    "document_id": document_id[source.key],
                    "n_words": n_words,
                }
            )
    return sorted(rows, key=lambda row: row["document_id"])
