"""How is a YAML file read strictly and held against its schema?

Every scalar is text until the schema gives it a type, so that ``no`` is not False in a list of groups,
``007`` stays ``007`` and ``1:30`` is no number. Duplicate keys, anchors, tags and deep nesting are refused;
all problems of a file are reported at once, each with its line, and what remains usable is handed on, so
that the files which depend on this one can be checked in the same go.

References: YAML 1.2.2, section 10; JSON Schema 2020-12 for the vocabulary of the schema files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from analysis_lib.errors import (
    Finding,
    StudyError,
    characters_allowed,
    did_you_mean,
    looks_like_a_name,
    value_class,
)
from analysis_lib.readers.table import canonical_text

MAX_BYTES = 500_000
MAX_DEPTH = 20
MAX_FINDINGS = 50
_YES, _NO = {"yes", "true", "on"}, {"no", "false", "off"}
_NULL = {"", "~", "null", "Null", "NULL"}
# The parser in C is some thirty times faster and is missing from few installations.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlText:
    """What a YAML file says and what is wrong with it.

    Parameters
    ----------
    values
        Typed values with defaults filled in, without those that are wrong; dates are
        :class:`datetime.date`. None where the file cannot be read or something required is missing or wrong.
    findings
        Every problem of the file, all of them stops.
    lines
        Line of each key and list item, counted from 1.
    """

    values: dict[str, Any] | None
    findings: tuple[Finding, ...]
    lines: dict[Place, int]

    def line(self, *place: str | int) -> int | None:
        """Line of a place, or of the nearest place above it; None where the file could not be read."""
        return _nearest(self.lines, place)


def _nearest(lines: dict[Place, int], place: Place) -> int | None:
    return next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), None)


@dataclass
class _Reading:
    """One file while it is read: what was found, on which line each place stands, and whether it will do."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)
    usable: bool = True

    def stop(self, code: str, place: Place, what: str, fix: str, allowed: str | None = None) -> None:
        """Add a stop at a place in the file; the line is that of the nearest known parent."""
        if len(self.findings) < MAX_FINDINGS:
            line, column = _nearest(self.lines, place), shown_place(place)
            self.findings.append(Finding("stop", code, self.file, what, fix, line, column, None, allowed))
        elif len(self.findings) == MAX_FINDINGS:
            what = f"the file has more than {MAX_FINDINGS} problems, and the others are not listed."
            self.findings.append(Finding("stop", "Y10", self.file, what, "Mend those that are listed first."))


def shown_place(place: Place) -> str | None:
    """The keys of a place as a message may show them; None for the whole file.

    >>> shown_place(("outcome", "from", 2, "group"))
    'outcome.from.group'
    """
    keys = (part for part in place if isinstance(part, str))
    return ".".join(key if looks_like_a_name(key) else "(unusual name)" for key in keys) or None


def read_yaml(path: Path, schema_path: Path, *, shown_as: str) -> dict[str, Any]:
    """Read a YAML file and hold it against its schema.

    Parameters
    ----------
    path, schema_path
        The file, and the schema file that names every key.
    shown_as
        Name of the file in messages.

    Returns
    -------
    dict
        Typed values with defaults filled in; dates are :class:`datetime.date`.

    Raises
    ------
    StudyError
        With every problem of the file.
    """
    text = examine_yaml(path, schema_path, shown_as=shown_as)
    if text.findings or text.values is None:
        raise StudyError(text.findings)
    return text.values


def examine_yaml(path: Path, schema_path: Path, *, shown_as: str) -> YamlText:
    """Read a YAML file as far as it can be read; parameters as for :func:`read_yaml`."""
    schema = _schema(schema_path)
    reading = _Reading(shown_as)
    raw = _parse(path, reading)
    readable = reading.usable
    values = _typed(raw, schema, (), reading) if readable else None
    return YamlText(values if reading.usable else None, tuple(reading.findings), reading.lines)


def read_pairs(path: Path, *, shown_as: str) -> dict[str, str]:
    """Read a YAML file of keys with one text each, as strictly as any other.

    Raises
    ------
    StudyError
        With every problem of the file.
    """
    reading = _Reading(shown_as)
    schema = {"type": "object", "additionalProperties": {"type": "string"}}
    pairs = _parse(path, reading)
    if reading.usable:
        pairs = _typed(pairs, schema, (), reading)
    if reading.findings:
        raise StudyError(reading.findings)
    return dict(pairs)


def as_yaml(value: dict[str, Any]) -> str:
    """A plain value as the text of a YAML file, its keys in their order."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text


@cache
def _schema(path: Path) -> dict[str, Any]:
    """A schema file, read once; nobody changes what is in it."""
    schema: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    return schema


def examine_entries(
    entries: Sequence[dict[str, str]], schema: dict[str, Any], *, shown_as: str, lines: Sequence[int]
) -> tuple[list[dict[str, Any]] | None, tuple[Finding, ...]]:
    """Hold the rows of a table against the schema of a list of YAML blocks.

    Parameters
    ----------
    entries
        One dict of text per row, without its empty cells.
    schema
        Schema of one entry.
    shown_as
        Name of the file in messages.
    lines
        Line of each entry.

    Returns
    -------
    list of dict, tuple of Finding
        Typed entries, None where something required is missing or wrong, and every problem.
    """
    reading = _Reading(shown_as, lines={(i,): line for i, line in enumerate(lines)})
    typed = [_typed(entry, schema, (i,), reading) for i, entry in enumerate(entries)]
    return typed if reading.usable else None, tuple(reading.findings)


def _parse(path: Path, reading: _Reading) -> Any:
    """Plain lists, dicts and text, with the line of each place in ``reading``; None if it cannot be read."""
    name = path.name
    reading.usable = False
    try:
        if not path.is_file():
            fix = f"Write {name}; `themewave new` makes one to fill in."
            reading.stop("Y01", (), f"there is no {name}.", fix)
            return None
        if path.stat().st_size > MAX_BYTES:
            what = f"{name} is larger than {MAX_BYTES:,} bytes."
            reading.stop("Y02", (), what, "Keep data out of YAML files.")
            return None
        data = path.read_bytes()
    except OSError:
        reading.stop(
            "Y01", (), f"{name} cannot be opened.", "Check that you may read the file and its folder."
        )
        return None
    try:
        text = data.decode("utf-8-sig")
        if not _plain(text, reading):
            return None
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        reading.lines[()] = data.count(b"\n", 0, error.start) + 1
        reading.stop("Y03", (), f"{name} is not UTF-8 text.", "Save it as UTF-8.")
        return None
    except yaml.MarkedYAMLError as error:
        reading.lines[()] = _line(error.problem_mark)
        if re.search("escape|hexdecimal", str(error.problem)):  # the words of libyaml
            what = "a backslash between double quotation marks stands for a special character."
            fix = "Write / in its place in a path, which Windows reads too, or take the quotation marks away."
        else:
            what = "the line cannot be read as YAML."
            fix = (
                "Check indentation (spaces, no tabs), colons and quotation marks here and in the line above."
            )
        reading.stop("Y03", (), what, fix)
        return None
    except yaml.YAMLError:  # the reader below the parser, which knows characters only
        unusual = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]", text)
        reading.lines[()] = text.count("\n", 0, unusual.start()) + 1 if unusual else 1
        reading.stop(
            "Y03", (), "the line holds a control character.", "Delete the character, or retype the line."
        )
        return None
    if node is None:
        reading.stop("Y01", (), f"{name} is empty.", "Fill it in; `themewave new` makes one with comments.")
        return None
    reading.usable = True
    return _plain_value(node, (), reading)


def _plain(text: str, reading: _Reading) -> bool:
    """Refuse anchors, aliases, tags, several documents and deep nesting before anything is built."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        reading.lines[()] = _line(event.start_mark)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if (
            isinstance(event, yaml.AliasEvent)
            or getattr(event, "anchor", None)
            or getattr(event, "tag", None)
        ):
            what = "anchors (&), aliases (*) and tags (!) are not used here."
            reading.stop("Y04", (), what, "Write the value out, or put it in quotation marks.")
            return False
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            what = f"blocks stand inside one another more than {MAX_DEPTH} deep."
            reading.stop("Y04", (), what, "Check indentation and brackets.")
            return False
        if documents > 1:
            reading.stop("Y04", (), "a second document starts here.", "Delete the line of three hyphens.")
            return False
    reading.lines[()] = 1
    return True


def _line(mark: Any) -> int:
    """Line of a mark of the parser, counted from 1."""
    return 1 if mark is None else mark.line + 1


def _plain_value(node: yaml.Node, place: Place, reading: _Reading) -> Any:
    reading.lines.setdefault(place, _line(node.start_mark))
    if isinstance(node, yaml.MappingNode):
        return _plain_object(node, place, reading)
    if isinstance(node, yaml.SequenceNode):
        return [_plain_value(item, (*place, i), reading) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULL:
        return None
    return _plain_text(str(node.value))


def _plain_object(node: yaml.MappingNode, place: Place, reading: _Reading) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            reading.lines[*place, ""] = _line(key_node.start_mark)
            reading.stop(
                "Y05", (*place, ""), "a key is a list or a block.", "Write a single word before the colon."
            )
            continue
        key = _plain_text(key_node.value)
        twice = key in result
        reading.lines[*place, key] = _line(key_node.start_mark)
        if twice:
            reading.stop("Y05", (*place, key), "this key stands twice.", "Keep one of them.")
        result[key] = _plain_value(value_node, (*place, key), reading)
    return result


def _plain_text(text: str) -> str:
    """Text as the tables have it, so that an id written here and there is the same id."""
    return canonical_text(text)[0] if text.strip() else text


def _typed(value: Any, schema: dict[str, Any], place: Place, reading: _Reading) -> Any:
    """The value with its schema's type, None where it is wrong; problems go into ``reading``."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if isinstance(value, dict):
        if "object" in types:
            return _typed_object(value, schema, place, reading)
    elif isinstance(value, list):
        if "array" in types:
            return _typed_list(value, schema, place, reading)
    elif value is not None:
        scalar = next((kind for kind in types if kind in _SCALARS), None)
        if scalar is not None:
            return _typed_scalar(value, scalar, schema, place, reading)
    found = {dict: "a block of keys", list: "a list", type(None): "nothing"}.get(
        type(value), "a single value"
    )
    wanted = " or ".join(_KIND_NAMES[kind] for kind in types)
    fix = f"Write {wanted}. {schema.get('description', '')}".strip()
    reading.stop("Y06", place, f"{found} stands where {wanted} belongs.", fix)
    return None


def _typed_object(
    value: dict[str, Any], schema: dict[str, Any], place: Place, reading: _Reading
) -> dict[str, Any]:
    known: dict[str, Any] = schema.get("properties", {})
    other = schema.get("additionalProperties", False)
    required = schema.get("required", [])
    result: dict[str, Any] = {}
    for key, item in value.items():
        rule = known.get(key, other)
        if rule is False:
            hint = did_you_mean(key, known) if len(reading.findings) < MAX_FINDINGS else ""
            fix = f"Correct or remove it.{hint}"
            reading.stop("Y07", (*place, key), "this key is not known.", fix, ", ".join(known))
        elif item is None and key in known and key not in required:
            continue  # a key with nothing behind it is a key that was not given
        else:
            blank = key in required and isinstance(item, str) and not item.strip()
            typed = _typed(None if blank else item, rule, (*place, key), reading)
            if typed is not None:
                result[key] = typed
    for key in required:
        if key not in value:
            meaning = known[key].get("description", "")
            reading.stop("Y08", (*place, key), f'the key "{key}" is missing.', f"Add it. {meaning}".strip())
        reading.usable = reading.usable and key in result
    for key, rule in known.items():
        if key not in result and "default" in rule:
            result[key] = _default(rule)
    return result


def _default(rule: dict[str, Any]) -> Any:
    """A rule's default, with the defaults of the keys below it."""
    if rule["type"] != "object":
        return rule["default"]
    below = rule.get("properties", {})
    return rule["default"] | {key: _default(sub) for key, sub in below.items() if "default" in sub}


def _typed_list(
    value: list[Any], schema: dict[str, Any], place: Place, reading: _Reading
) -> list[Any] | None:
    if len(value) < schema.get("minItems", 0):
        reading.stop("Y09", place, "the list is empty.", "Give at least one.")
    typed = (_typed(item, schema["items"], (*place, i), reading) for i, item in enumerate(value))
    items = [item for item in typed if item is not None]
    if schema["items"].get("type") == "string" and len(set(items)) < len(items):
        reading.stop("Y09", place, "a value stands twice in the list.", "Keep one of them.")
        items = list(dict.fromkeys(items))
    return items if len(items) >= schema.get("minItems", 0) else None


def _typed_scalar(text: str, kind: str, schema: dict[str, Any], place: Place, reading: _Reading) -> Any:
    result = _SCALARS[kind](text)
    if result is None:
        what = f"{value_class(text)} stands where {_KIND_NAMES[kind]} belongs."
        fix = f"Write {_KIND_NAMES[kind]}. {schema.get('description', '')}".strip()
        reading.stop("Y06", place, what, fix)
        return None
    allowed = _allowed(result, schema)
    if allowed is not None:
        fix = f"Correct it.{did_you_mean(text, schema.get('enum', ()))}"
        reading.stop("Y09", place, f"{value_class(text)} is not allowed here.", fix, allowed)
        return None
    return result


def _allowed(value: Any, schema: dict[str, Any]) -> str | None:
    """What is allowed, where the value is not."""
    if "enum" in schema and value not in schema["enum"]:
        return ", ".join(map(str, schema["enum"]))
    if "pattern" in schema and not re.fullmatch(schema["pattern"], str(value)):
        return characters_allowed(schema["pattern"])
    if "minimum" in schema and value < schema["minimum"]:
        return f"{schema['minimum']} or more"
    if "maximum" in schema and value > schema["maximum"]:
        return f"{schema['maximum']} or less"
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        return f"more than {schema['exclusiveMinimum']}"
    return None


def _as_integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,15}", text) else None


def _as_number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?([0-9]{1,15}(\.[0-9]{0,20})?|\.[0-9]{1,20})", text) else None


def _as_boolean(text: str) -> bool | None:
    folded = text.casefold()
    return True if folded in _YES else False if folded in _NO else None


def as_date(text: str) -> date | None:
    """A date written as year, month and day; None for anything else.

    >>> as_date("2024-03-28"), as_date("28.03.2024"), as_date("2023-02-29")
    (datetime.date(2024, 3, 28), None, None)
    """
    if not re.fullmatch(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_SCALARS: dict[str, Any] = {
    "string": lambda text: text,
    "integer": _as_integer,
    "number": _as_number,
    "boolean": _as_boolean,
    "date": as_date,
}
_KIND_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number such as 0.15",
    "boolean": "yes or no",
    "date": "a date such as 2024-03-28",
    "array": "a list",
    "object": "a block of keys",
}
