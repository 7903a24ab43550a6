"""Who or what are the cases of a REFI-QDA project, which parts of which sources are theirs, and what is known of them?

Programs put what they know of a document in three places: in the source, in a case of its own without a name, and
in a set. What a source says itself goes before what a nameless case says about it.

References: REFI-QDA standard 1.5 (2019).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from analysis_lib.importers.ledger import Entry, Ledger, normalised_guid
from analysis_lib.importers.project import Case, Source, Span

VALUES = ("TextValue", "BooleanValue", "IntegerValue", "FloatValue", "DateValue", "DateTimeValue")
LONGEST_NAME = 200
MAX_SETS = 100

NO_SUCH_VARIABLE = Entry("dropped", "variables", "Values of variables that the file does not define.")
SECOND_VALUE = Entry(
    "dropped", "variables", "Second values of one variable for one case or document; the first was kept."
)
TWIN_NAMES = Entry("read", "variables", "Variables of the same name; the later ones have a number behind it.")
OTHER_TYPE = Entry(
    "read",
    "variables",
    "Values of another type than their variable is defined with; they were read as they stand.",
)
TYPES = Entry("read", "variables", "Types of the variables as the file defines them, beside their GUIDs.")
NAMELESS = Entry(
    "merged",
    "cases",
    "Cases without a name and with one document are how some programs write variables of documents; their "
    "values were given to the document.",
)
SOURCE_FIRST = Entry(
    "read",
    "variables",
    "A document and the nameless case that stands for it differ in a value; that of the document was taken.",
)
TWIN_CASES = Entry(
    "merged", "cases", "Cases with the GUID of an earlier case; what they hold was added to it."
)
NO_SUCH_PLACE = Entry(
    "orphaned",
    "cases",
    "Links of cases to documents or selections that the file does not hold, or not soundly.",
)
CODES_OF_CASES = Entry("not carried", "cases", "Codes that are linked to a case as a whole, not to any text.")
MATCHED = Entry(
    "guessed",
    "cases",
    "These cases point at no document. Documents whose name is the name of the case, or begins with it, were taken "
    "to be theirs; check them, or import the program's own file.",
)
WITHOUT_SOURCE = Entry(
    "orphaned",
    "cases",
    "These cases point at no document, so what was said cannot be told apart by them. Import the program's own "
    "file, or say which document is whose.",
)
SETS_OF_SOURCES = Entry(
    "read",
    "sets",
    "Sets of documents were read as variables of the documents, yes or no; each may be a grouping.",
)
SETS_OF_CODES = Entry("not carried", "sets", "Sets of codes; they may be themes.")
SETS_OF_NOTES = Entry("not carried", "sets", "Sets of memos, and sets without members.")
FURTHER_SETS = Entry("not carried", "sets", f"Sets of documents after the first {MAX_SETS} sets.")
NO_MEMBER = Entry("orphaned", "sets", "Members of sets that the file does not hold.")


@dataclass(frozen=True)
class Variables:
    """The variables that a file defines.

    Parameters
    ----------
    names, types
        By GUID; names are unique.
    """

    names: Mapping[str, str]
    types: Mapping[str, str]

    def of(self, values: Iterable[Element], owner: str, ledger: Ledger) -> dict[str, str]:
        """Return the values of one case or document by name; one that is absent is missing."""
        found: dict[str, str] = {}
        for value in values:
            ref = value.find("VariableRef")
            guid = normalised_guid(ref.get("targetGUID") if ref is not None else None)
            given = next((child for child in value if child.tag in VALUES), None)
            if guid not in self.names:
                ledger.note(NO_SUCH_VARIABLE, guid or owner)
            elif given is not None:
                if given.tag != f"{self.types[guid]}Value":
                    ledger.note(OTHER_TYPE, owner)
                name = self.names[guid]
                if name in found:
                    ledger.note(SECOND_VALUE, owner)
                found.setdefault(name, given.text or "")
        return found


def read_variables(elements: Sequence[Element], ledger: Ledger) -> Variables:
    """Return the variables of a file, named apart."""
    names: dict[str, str] = {}
    types: dict[str, str] = {}
    used: Counter[str] = Counter()
    for position, element in enumerate(elements, start=1):
        guid = normalised_guid(element.get("guid")) or f"variable {position}"
        if guid in names:
            ledger.note(TWIN_NAMES, guid)
            continue
        name = element.get("name") or f"variable {position}"
        used[name] += 1
        if used[name] > 1:
            ledger.note(TWIN_NAMES, guid)
            name = f"{name} ({used[name]})"
        names[guid] = name
        declared = element.get("typeOfVariable", "")
        types[guid] = declared if f"{declared}Value" in VALUES else "Text"
    ledger.note(TYPES, *(f"{guid} {kind}" for guid, kind in types.items()))
    return Variables(names, types)


@dataclass(frozen=True)
class RawCase:
    """A case as it stands in the file."""

    key: str
    name: str
    element: Element


def read_cases(elements: Sequence[Element]) -> list[RawCase]:
    """Return the cases of a file in its order, with a key each."""
    return [
        RawCase(
            normalised_guid(element.get("guid")) or f"case {position}",
            element.get("name", "").strip(),
            element,
        )
        for position, element in enumerate(elements, start=1)
    ]


def settle_cases(
    raw: Sequence[RawCase],
    sources: dict[str, Source],
    *,
    variables: Variables,
    places: Mapping[str, Sequence[Span]],
    coded: Mapping[str, Sequence[Span]],
    ledger: Ledger,
) -> tuple[Case, ...]:
    """Give every case its places and values; those of nameless ones go to their document, in place.

    Parameters
    ----------
    sources
        By key; variables of documents are added to.
    places
        GUID of a source, text or selection -> what a link to it means.
    coded
        GUID of a case -> what was coded to it.
    """
    cases: dict[str, Case] = {}
    for each in raw:
        spans = [*_linked(each, places, ledger), *coded.get(each.key, ())]
        values = variables.of(each.element.findall("VariableValue"), each.key, ledger)
        if n := len(each.element.findall("CodeRef")):
            ledger.note(CODES_OF_CASES, each.key, n=n)
        links = each.element.findall("SourceRef")
        alone = len(links) == 1 and not each.element.findall("SelectionRef") and each.key not in coded
        if not each.name and alone and spans:
            ledger.note(NAMELESS, each.key)
            for key in dict.fromkeys(span.source for span in spans):
                _lend(values, sources[key], sources, ledger)
        elif each.key in cases:
            first = cases[each.key]
            ledger.note(TWIN_CASES, each.key)
            cases[each.key] = replace(
                first,
                variables={**values, **first.variables},
                spans=tuple(dict.fromkeys((*first.spans, *spans))),
            )
        else:
            guid = None if each.key.startswith("case ") else each.key
            cases[each.key] = Case(each.key, each.name, guid, values, tuple(dict.fromkeys(spans)))
    return _with_guessed_sources(cases, sources.values(), ledger)


def _linked(each: RawCase, places: Mapping[str, Sequence[Span]], ledger: Ledger) -> Iterable[Span]:
    for kind in ("SourceRef", "SelectionRef"):
        for ref in each.element.findall(kind):
            found = places.get(normalised_guid(ref.get("targetGUID")))
            if found is None:
                ledger.note(NO_SUCH_PLACE, each.key)
            else:
                yield from found


def _lend(values: Mapping[str, str], source: Source, sources: dict[str, Source], ledger: Ledger) -> None:
    if any(source.variables.get(name, value) != value for name, value in values.items()):
        ledger.note(SOURCE_FIRST, source.key)
    sources[source.key] = replace(source, variables={**values, **source.variables})


def _with_guessed_sources(
    cases: Mapping[str, Case], sources: Iterable[Source], ledger: Ledger
) -> tuple[Case, ...]:
    """Match cases that point at nothing to documents by name, where exactly one case fits a document.

    Notes
    -----
    Some programs write no links at all. A name that is a number alone only matches a whole name, as dates and
    session numbers look the same.
    """
    alone = [case for case in cases.values() if not case.spans]
    if len(alone) < len(cases) or not alone:  # the file has links, so one that is missing may mean something
        for case in alone:
            ledger.note(WITHOUT_SOURCE, case.key)
        return tuple(cases.values())
    by_name: dict[str, str | None] = {}
    for case in alone:
        folded = case.name.casefold()
        by_name[folded] = None if folded in by_name or not folded else case.key
    matched: dict[str, list[Span]] = {}
    confidence = 0.95
    for source in sources:
        stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", source.name[:LONGEST_NAME]).casefold().strip()
        begins = [stem[: cut.start()].rstrip() for cut in re.finditer(r"[^\w]|_", stem)]
        begins = [name for name in dict.fromkeys(begins) if not name.isdecimal()]
        fits = {by_name[name] for name in (stem, *begins) if name in by_name}
        if len(fits) == 1 and (key := fits.pop()) is not None:
            matched.setdefault(key, []).append(Span(source.key))
            confidence = min(confidence, 0.95 if stem in by_name else 0.8)
    for case in alone:
        if case.key in matched:
            ledger.note(MATCHED, case.key, confidence=confidence)
        else:
            ledger.note(WITHOUT_SOURCE, case.key)
    return tuple(replace(case, spans=tuple(matched.get(case.key, case.spans))) for case in cases.values())


def settle_sets(
    elements: Sequence[Element],
    sources: dict[str, Source],
    aliases: Mapping[str, Sequence[str]],
    ledger: Ledger,
) -> None:
    """Make a variable of every set of documents, in place; say which other sets there are.

    Parameters
    ----------
    aliases
        GUID of a source or text -> keys of sources.
    """
    used = {name for source in sources.values() for name in source.variables}
    groupings: dict[str, set[str]] = {}
    for position, element in enumerate(elements, start=1):
        guid = normalised_guid(element.get("guid")) or f"set {position}"
        if element.find("MemberCode") is not None:
            ledger.note(SETS_OF_CODES, guid)
        links = element.findall("MemberSource")
        if not links:
            if element.find("MemberCode") is None:
                ledger.note(SETS_OF_NOTES, guid)
            continue
        members: set[str] = set()
        for link in links:
            found = aliases.get(normalised_guid(link.get("targetGUID") or link.get("guid")), ())
            if not found:
                ledger.note(NO_MEMBER, guid)
            members.update(found)
        if not members:
            continue
        if position > MAX_SETS:
            ledger.note(FURTHER_SETS, guid)
            continue
        name = f"set: {element.get('name', '')}".strip()
        name = f"{name} ({position})" if name in used else name
        used.add(name)
        ledger.note(SETS_OF_SOURCES, guid)
        groupings[name] = members
    for key, source in sources.items() if groupings else ():
        of_sets = {name: "yes" if key in members else "no" for name, members in groupings.items()}
        sources[key] = replace(source, variables={**source.variables, **of_sets})
