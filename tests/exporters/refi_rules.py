"""What the REFI-QDA standard 1.5 asks of a project or a codebook, as a list of breaches.

Written by hand from the standard's table of elements: which children in which order and how often, which attributes
of which type, and that every reference finds what it points to. Elements that no test here meets (pictures, audio,
video, PDF, graphs) are not in it and count as unknown.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from defusedxml.ElementTree import fromstring

GUID = r"([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})|(\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\})"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
WHOLE = r"[+-]?\d+"
TEXT = r"(?s).*"
KIND = "Text|Boolean|Integer|Float|Date|DateTime"
YES_NO = "true|false|1|0"
VALUES = {
    "TextValue": TEXT,
    "BooleanValue": YES_NO,
    "IntegerValue": WHOLE,
    "FloatValue": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    "DateValue": r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?",
    "DateTimeValue": MOMENT,
}
BY_AND_WHEN = {
    "creatingUser": GUID,
    "creationDateTime": MOMENT,
    "modifyingUser": GUID,
    "modifiedDateTime": MOMENT,
}


@dataclass(frozen=True)
class Rule:
    """Children as a pattern over their names, each followed by a blank; attributes with their patterns."""

    children: str = ""
    required: dict[str, str] = field(default_factory=dict)
    optional: dict[str, str] = field(default_factory=dict)


def reference(target: str) -> Rule:
    return Rule(required={target: GUID})


RULES = {
    "Project": Rule(
        "(Users )?(CodeBook )?(Variables )?(Cases )?(Sources )?(Notes )?(Links )?(Sets )?(Graphs )?(Description )?"
        "(NoteRef )*",
        {"name": TEXT},
        {
            "origin": TEXT,
            "creatingUserGUID": GUID,
            "creationDateTime": MOMENT,
            "modifyingUserGUID": GUID,
            "modifiedDateTime": MOMENT,
            "basePath": TEXT,
        },
    ),
    "Users": Rule("(User )+"),
    "User": Rule("", {"guid": GUID}, {"name": TEXT, "id": TEXT}),
    "CodeBook": Rule("Codes (Sets )?", {}, {"origin": TEXT}),
    "Codes": Rule("(Code )+"),
    "Code": Rule(
        "(Description )?(NoteRef )*(Code )*",
        {"guid": GUID, "name": TEXT, "isCodable": YES_NO},
        {"color": "#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"},
    ),
    "Variables": Rule("(Variable )+"),
    "Variable": Rule("(Description )?", {"guid": GUID, "name": TEXT, "typeOfVariable": KIND}),
    "Cases": Rule("(Case )+"),
    "Case": Rule(
        "(Description )?(CodeRef )*(VariableValue )*(SourceRef )*(SelectionRef )*", {"guid": GUID}, {"name": TEXT}
    ),
    "VariableValue": Rule(f"VariableRef (({'|'.join(VALUES)}) )?"),
    "Sources": Rule("(TextSource )+"),
    "TextSource": Rule(
        "(Description )?(PlainTextContent )?(PlainTextSelection )*(Coding )*(NoteRef )*(VariableValue )*",
        {"guid": GUID},
        {"name": TEXT, "richTextPath": TEXT, "plainTextPath": TEXT, **BY_AND_WHEN},
    ),
    "PlainTextSelection": Rule(
        "(Description )?(Coding )*(NoteRef )*",
        {"guid": GUID, "startPosition": WHOLE, "endPosition": WHOLE},
        {"name": TEXT, **BY_AND_WHEN},
    ),
    "Coding": Rule("CodeRef (NoteRef )*", {"guid": GUID}, {"creatingUser": GUID, "creationDateTime": MOMENT}),
    "Notes": Rule("(Note )+"),
    "Note": Rule(
        "(Description )?(PlainTextContent )?(PlainTextSelection )*(Coding )*(NoteRef )*(VariableValue )*",
        {"guid": GUID},
        {"name": TEXT, "richTextPath": TEXT, "plainTextPath": TEXT, **BY_AND_WHEN},
    ),
    "Sets": Rule("(Set )+"),
    "Set": Rule(
        "(Description )?(MemberCode )*(MemberSource )*(MemberNote )*", {"guid": GUID, "name": TEXT}
    ),
    **{name: reference("targetGUID") for name in (
        "VariableRef", "SourceRef", "SelectionRef", "CodeRef", "NoteRef", "MemberCode", "MemberSource", "MemberNote",
    )},
    **{name: Rule() for name in ("Description", "PlainTextContent", *VALUES)},
}  # fmt: skip
POINTS_TO = {
    "VariableRef": {"Variable"},
    "SourceRef": {"TextSource"},
    "SelectionRef": {"PlainTextSelection"},
    "CodeRef": {"Code"},
    "NoteRef": {"Note"},
    "MemberCode": {"Code"},
    "MemberSource": {"TextSource"},
    "MemberNote": {"Note"},
}
USERS = ("creatingUser", "modifyingUser", "creatingUserGUID", "modifyingUserGUID")


def breaches_of_codebook(content: bytes) -> list[str]:
    """Everything in a .qdc that the standard does not allow."""
    root = fromstring(content)
    return list(_root(root, "CodeBook", "codebook")) + list(_elements(root))


def breaches_of_project(file: Path | zipfile.ZipFile) -> list[str]:
    """Everything in a .qdpx that the standard does not allow."""
    archive = file if isinstance(file, zipfile.ZipFile) else zipfile.ZipFile(file)
    with archive:
        projects = [name for name in archive.namelist() if name.endswith(".qde")]
        if len(projects) != 1 or "/" in projects[0]:
            return [f"{len(projects)} .qde files at the root instead of one"]
        root = fromstring(archive.read(projects[0]))
        texts = {
            name.split("/")[1]: archive.read(name).decode("utf-8-sig")
            for name in archive.namelist()
            if name.startswith("sources/") and name != "sources/"
        }
    return [*_root(root, "Project", "project"), *_elements(root), *_references(root), *_texts(root, texts)]


def _root(root: ET.Element, name: str, kind: str) -> list[str]:
    expected = f"{{urn:QDA-XML:{kind}:1.0}}{name}"
    return [] if root.tag == expected else [f"the root is {root.tag}"]


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _elements(root: ET.Element) -> list[str]:
    found = []
    for element in root.iter():
        name = _name(element)
        rule = RULES.get(name)
        if rule is None:
            found.append(f"{name} is unknown")
            continue
        children = "".join(f"{_name(child)} " for child in element)
        if not re.fullmatch(rule.children, children):
            found.append(f"{name} holds {children.strip() or 'nothing'}")
        given = {key: value for key, value in element.attrib.items() if not key.startswith("{")}
        found += [f"{name} lacks {key}" for key in rule.required.keys() - given.keys()]
        allowed = {**rule.required, **rule.optional}
        for key, value in given.items():
            if key not in allowed:
                found.append(f"{name} has {key}")
            elif not re.fullmatch(allowed[key], value):
                found.append(f"{name} has a {key} of another type")
        if name in VALUES and not re.fullmatch(VALUES[name], element.text or ""):
            found.append(f"{name} holds a value of another type")
    return found


def _references(root: ET.Element) -> list[str]:
    """Identities are there once, and whatever points somewhere finds a thing of the right kind."""
    kinds = {element.get("guid"): _name(element) for element in root.iter() if element.get("guid")}
    times = Counter(element.get("guid") for element in root.iter() if element.get("guid"))
    found = [f"{kinds[guid]} shares its guid" for guid, n in times.items() if n > 1]
    types = {
        variable.get("guid"): variable.get("typeOfVariable")
        for variable in root.iter()
        if "Variable" in variable.tag
    }
    for element in root.iter():
        name = _name(element)
        if name in POINTS_TO and kinds.get(element.get("targetGUID")) not in POINTS_TO[name]:
            found.append(f"{name} points to nothing")
        found += [
            f"{name} has an unknown {key}"
            for key in USERS
            if key in element.attrib and kinds.get(element.get(key)) != "User"
        ]
        if name == "VariableValue" and len(element) == 2:
            kind = types.get(element[0].get("targetGUID"))
            if f"{kind}Value" != _name(element[1]):
                found.append(f"a {kind} variable has a {_name(element[1])}")
    return found


def _texts(root: ET.Element, texts: dict[str, str]) -> list[str]:
    """Each text is in the archive, and each selection lies in its text."""
    found = []
    for source in root.iter():
        path = source.get("plainTextPath", "")
        if not path.startswith("internal://"):
            continue
        text = texts.get(path.removeprefix("internal://"))
        if text is None:
            found.append(f"{_name(source)} has no text")
            continue
        for selection in source:
            if _name(selection) == "PlainTextSelection":
                start, end = (int(selection.get(key, "-1")) for key in ("startPosition", "endPosition"))
                if not 0 <= start < end <= len(text):
                    found.append("a selection lies outside its text")
    return found
