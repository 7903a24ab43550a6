"""How do a wave and its themes go back to a program that codes text, as a REFI-QDA project?

Codes, coders, participants with their variables and themes, rebuilt texts with every coding, and the outcome groups as
sets. Identities are made of names, so that a second export updates the first in place and gives the same bytes.

References: REFI-QDA standard 1.5 (2019), Project and Codebook; Evers et al. 2020, FQS 21(2) Art. 22.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from xml.etree import ElementTree as ET

import pandas as pd

from analysis_lib.codebook import Codebook, Theme
from analysis_lib.errors import Finding, StudyError
from analysis_lib.exporters.refi_xml import (
    Guids,
    Identities,
    append_list,
    describe,
    moment,
    origin,
    plain,
    written,
    zipped,
)
from analysis_lib.exporters.source_texts import SourceText, source_texts
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.schema import Column
from analysis_lib.wave import Wave

MAX_DEPTH = 400
_PROJECT, _CODEBOOK = "urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0"
_FOLDER = "sources"
_TYPES = {"string": "Text", "boolean": "Boolean", "integer": "Integer", "number": "Float", "date": "Date"}
# One colour for each branch of the codebook, dark enough to be seen on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#6B6B6B")
_NOT_CARRIED = (
    "Not carried: memos, weights, rounds of coding, questions, consent to be quoted, and one of the two texts of a "
    "segment that was translated."
)


def refi_project(wave: Wave, themes: ThemeMatrix, *, guids: Guids | None = None) -> bytes:
    """A wave as a .qdpx file.

    It holds the words of participants and exact data: it stays with the team, as the tables themselves do.

    Parameters
    ----------
    wave
        A loaded wave. People who did not agree to analysis are not in the file.
    themes
        The same wave as :func:`~analysis_lib.quantitize.quantitize` gives it; one variable per theme, 1 present,
        0 absent, without a value where it could not be coded.
    guids
        GUIDs to keep, by (kind, id) with kind ``code``, ``coder``, ``participant``, ``document``, ``segment`` or
        ``variable``; None, and whatever is not in it, for GUIDs made of the study's name, the kind and the id.

    Returns
    -------
    bytes
        A zip file that is not compressed: rebuilt texts can be so uniform that a reader would take them for a bomb.
        The same study gives the same bytes.

    Raises
    ------
    StudyError
        If ``guids`` holds something that is no GUID or one GUID twice, or codes nest too deeply to be written.
    ValueError
        If ``themes`` comes from another wave.
    """
    if (themes.wave.study.name, themes.wave.id) != (wave.study.name, wave.id):
        raise ValueError("the themes are those of another wave")
    made = Identities(wave.study.name, wave.id, guids or {})
    texts = source_texts(wave)
    root = ET.Element(
        "Project",
        xmlns=_PROJECT,
        name=plain(f"{wave.study.name} {wave.id}"),
        origin=origin(),
        creationDateTime=moment(wave.facts.data_cut),
    )
    append_list(root, "Users", (_user(coder, made) for coder in _coders(wave)))
    root.append(_codebook(wave.study.codebook, made))
    columns = _columns(wave)
    append_list(root, "Variables", _variables(columns, themes, made))
    append_list(root, "Cases", _cases(wave, themes, columns, texts, made))
    append_list(root, "Sources", _sources(wave, texts, made))
    append_list(root, "Sets", _sets(wave, texts, made))
    describe(root, _about(wave))
    entries = {"project.qde": written(root)}
    for text in texts:
        entries[f"{_FOLDER}/{_source_guid(text, made)}.txt"] = text.text.encode("utf-8", errors="replace")
    return zipped(entries)


def refi_codebook(codebook: Codebook, study: str, *, guids: Guids | None = None) -> bytes:
    """A codebook as a .qdc file, with the GUIDs that its codes have in a project of the same study.

    Parameters
    ----------
    codebook
        All of it, retired themes included.
    study
        Name of the study, of which GUIDs are made.
    guids
        As for :func:`refi_project`.

    Returns
    -------
    bytes
        XML in UTF-8 without a byte order mark.

    Raises
    ------
    StudyError
        As for :func:`refi_project`.

    Examples
    --------
    >>> from analysis_lib.codebook import Theme
    >>> refi_codebook(Codebook("1", (Theme("A", "Cold"), Theme("A.late", "Late", "A"))), "mine").count(b"<Code ")
    2
    """
    root = _codebook(codebook, Identities(study, "", guids or {}))
    root.attrib = {"xmlns": _CODEBOOK, "origin": origin()}
    return written(root)


def _user(coder: str, made: Identities) -> ET.Element:
    return ET.Element("User", guid=made("coder", coder), name=plain(coder), id=plain(coder))


def _coders(wave: Wave) -> list[str]:
    """Everybody who coded or was asked to, in order of id."""
    tables = (wave.segments, wave.assignments)
    return sorted({str(coder) for table in tables for coder in table["coder_id"].dropna()})


def _codebook(codebook: Codebook, made: Identities) -> ET.Element:
    """The tree of codes; the order of themes is kept."""
    if any(codebook.depth(theme.id) >= MAX_DEPTH for theme in codebook):
        what, allowed = "codes nest too deeply to be written.", f"at most {MAX_DEPTH} levels"
        fix = "Give some of them a parent further up."
        raise StudyError(Finding("stop", "M87", "codebook", what, fix, allowed=allowed))
    root = ET.Element("CodeBook")
    codes = ET.SubElement(root, "Codes")
    below: dict[str | None, ET.Element] = {None: codes}
    branch = -1
    for theme in codebook:  # parents come before children
        branch += theme.parent is None
        below[theme.id] = ET.SubElement(
            below[theme.parent],
            "Code",
            guid=made("code", theme.id),
            name=plain(theme.label),
            isCodable="true",  # an upper theme may be given to a segment too
            color=_COLOURS[branch % len(_COLOURS)],
        )
        describe(below[theme.id], _entry(theme))
    return root


def _entry(theme: Theme) -> str:
    """Everything that a codebook says about a theme and a code of another program has no field for."""
    said = {"Include": theme.include, "Exclude": theme.exclude, "Polarity": theme.polarity}
    if theme.status != "active":
        said["Status"] = theme.status
    if theme.replaced_by:
        said["Replaced by"] = ", ".join(theme.replaced_by)
    lines = [
        theme.definition,
        *(f"{key}: {value}" for key, value in said.items() if value),
        f"Id: {theme.id}",
    ]
    return "\n".join(line for line in lines if line)


def _columns(wave: Wave) -> tuple[Column, ...]:
    """Columns of the participants that anybody has a value in."""
    people = wave.participants[wave.participants["agreed"]]
    schema = wave.study.table("participants")
    return tuple(column for column in schema if column.name in people and people[column.name].notna().any())


def _variables(columns: Iterable[Column], themes: ThemeMatrix, made: Identities) -> Iterable[ET.Element]:
    for column in columns:
        levels = f"Levels: {', '.join(column.levels)}." if column.levels else ""
        unit = f"Unit: {column.unit}." if column.unit else ""
        said = " ".join(part for part in (f"{column.title}.", column.description, unit, levels) if part)
        yield _variable(column.name, _TYPES[column.type], said, made)
    codebook = themes.wave.study.codebook
    for theme in themes.themes:
        said = f"Theme: {codebook[theme].label}, or any theme below it. 1 present, 0 absent, no value: not codable."
        yield _variable(_theme_variable(theme), "Integer", said, made)


def _variable(name: str, kind: str, said: str, made: Identities) -> ET.Element:
    variable = ET.Element("Variable", guid=made("variable", name), name=plain(name), typeOfVariable=kind)
    describe(variable, said)
    return variable


def _theme_variable(theme: str) -> str:
    return f"theme {theme}"


def _cases(
    wave: Wave,
    themes: ThemeMatrix,
    columns: tuple[Column, ...],
    texts: Iterable[SourceText],
    made: Identities,
) -> Iterable[ET.Element]:
    """One case per person who agreed, with what is known and what of which source is theirs."""
    own: dict[str, list[str]] = {}
    shared: dict[str, list[str]] = {}
    for text in texts:
        if len(text.people) == 1:
            own.setdefault(text.people[0], []).append(_source_guid(text, made))
            continue
        for segment in text.places:
            shared.setdefault(text.whose[segment], []).append(made("segment", segment, of_wave=True))
    people = wave.participants[wave.participants["agreed"]]
    matrix = themes.values.reindex(people.index)
    values = {column.name: (_TYPES[column.type], people[column.name]) for column in columns}
    values |= {_theme_variable(theme): ("Integer", matrix[theme]) for theme in matrix}
    known = [(made("variable", name), kind, each.tolist()) for name, (kind, each) in values.items()]
    for row, person in enumerate(map(str, people.index)):
        case = ET.Element("Case", guid=made("participant", person), name=plain(person))
        for guid, kind, each in known:
            if not pd.isna(each[row]):  # an empty value would be illegal, so a missing one is not there
                value = ET.SubElement(case, "VariableValue")
                ET.SubElement(value, "VariableRef", targetGUID=guid)
                ET.SubElement(value, f"{kind}Value").text = _value(each[row], kind)
        for reference, targets in (("SourceRef", own), ("SelectionRef", shared)):
            for guid in targets.get(person, ()):
                ET.SubElement(case, reference, targetGUID=guid)
        yield case


def _value(value: object, kind: str) -> str:
    """A value as XML Schema writes its type.

    >>> _value(34.0, "Float"), _value(1e-7, "Float"), _value(True, "Boolean"), _value(1.0, "Integer")
    ('34', '0.0000001', 'true', '1')
    """
    if kind == "Float":
        return format(Decimal(repr(float(str(value)))).normalize(), "f")
    if kind == "Integer":
        return str(int(float(str(value))))
    if kind == "Boolean":
        return str(value).lower()
    return pd.Timestamp(str(value)).date().isoformat() if kind == "Date" else plain(str(value))


def _sources(wave: Wave, texts: Iterable[SourceText], made: Identities) -> Iterable[ET.Element]:
    order = {theme: place for place, theme in enumerate(wave.study.codebook.ids)}
    rows: dict[str, list[tuple[int, str, str, str]]] = {}
    columns = ["segment_id", "code_id", "coder_id", "coded_at"]
    for segment, code, coder, coded_at in wave.segments[columns].itertuples(index=False):
        when = "" if pd.isna(coded_at) else moment(coded_at)
        coding = (order[code], "" if pd.isna(coder) else str(coder), str(code), when)
        rows.setdefault(str(segment), []).append(coding)
    for text in texts:
        guid = _source_guid(text, made)
        path = f"internal://{guid}.txt"
        source = ET.Element("TextSource", guid=guid, name=plain(text.name), plainTextPath=path)
        describe(source, text.description)
        for segment, (start, end) in text.places.items():
            # The name is the words, by which a reader can tell how positions were counted.
            selection = ET.SubElement(
                source,
                "PlainTextSelection",
                guid=made("segment", segment, of_wave=True),
                name=plain(text.text[start:end]),
                startPosition=str(start),
                endPosition=str(end),
            )
            selection.extend(_coding(segment, coding, made) for coding in sorted(rows[segment]))
        yield source


def _source_guid(text: SourceText, made: Identities) -> str:
    if text.document is None:
        return made("no document", text.people[0], of_wave=True)
    return made("document", text.document, of_wave=True)


def _coding(segment: str, coding: tuple[int, str, str, str], made: Identities) -> ET.Element:
    _, coder, code, when = coding
    element = ET.Element("Coding", guid=made("coding", f"{segment}\n{code}\n{coder}", of_wave=True))
    if coder:
        element.set("creatingUser", made("coder", coder))
    if when:
        element.set("creationDateTime", when)
    ET.SubElement(element, "CodeRef", targetGUID=made("code", code))
    return element


def _sets(wave: Wave, texts: Iterable[SourceText], made: Identities) -> Iterable[ET.Element]:
    """Documents by outcome group and codes by polarity, as far as there are any."""
    groups = wave.participants["outcome_group"]
    for group in wave.study.outcome.groups:
        people = set(groups.index[groups == group])
        members = [_source_guid(text, made) for text in texts if people.issuperset(text.people)]
        yield from _set(
            "outcome group", group, wave.study.outcome.label(group), "MemberSource", members, made
        )
    for polarity in ("hindering", "helpful", "mixed", "neutral"):
        members = [made("code", theme.id) for theme in wave.study.codebook if theme.polarity == polarity]
        yield from _set("polarity", polarity, f"{polarity} themes".capitalize(), "MemberCode", members, made)


def _set(
    kind: str, name: str, label: str, member: str, guids: list[str], made: Identities
) -> Iterable[ET.Element]:
    if guids:
        element = ET.Element("Set", guid=made(kind, name), name=plain(label))
        describe(element, f"{kind.capitalize()}: {name}")
        for guid in guids:
            ET.SubElement(element, member, targetGUID=guid)
        yield element


def _about(wave: Wave) -> str:
    start = "SYNTHETIC: no person stands behind it. " if wave.study.synthetic else ""
    return (
        f"{start}Wave {wave.id} of {wave.study.name}. It holds participants' words and exact data: for the team only. "
        "Texts are rebuilt from coded segments and are no transcripts; each source says how. Offsets are code points, "
        f"line ends are LF. {_NOT_CARRIED}"
    )
