"""How is a YAML file read strictly and held against its schema?

Every scalar is text until the schema gives it a type, so that ``no`` is not False in a list of groups,
``007`` stays ``007`` and ``1:30`` is no number. Duplicate keys, anchors, tags and deep nesting are refused;
all problems of a file are reported at once, each with its line.

References: YAML 1.2.2, section 10; JSON Schema 2020-12 for the vocabulary of the schema files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from analysis_lib.errors import Finding, StudyError, did_you_mean, value_class

MAX_BYTES = 2_000_000
MAX_DEPTH = 20
_YES, _NO = {"yes", "true", "on"}, {"no", "false", "off"}
_NULL = {"", "~", "null", "Null", "NULL"}

Place = tuple[str | int, ...]


@dataclass
class _Reading:
    """One file while it is read: what was found, and on which line each place stands."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)

    def stop(self, code: str, place: Place, what: str, fix: str, allowed: str | None = None) -> None:
        """Add a stop at a place in the file; the line is that of the nearest known parent."""
        known = next((place[:n] for n in range(len(place), -1, -1) if place[:n] in self.lines), ())
        column = ".".join(str(part) for part in place if isinstance(part, str)) or None
        self.findings.append(
            Finding("stop", code, self.file, what, fix, self.lines.get(known), column, None, allowed)
        )


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
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    reading = _Reading(shown_as)
    raw = _parse(path, reading)
    value = None if reading.findings else _typed(raw, schema, (), reading)
    if reading.findings:
        raise StudyError(reading.findings)
    return value  # type: ignore[no-any-return]  # the top of every schema is an object


def _parse(path: Path, reading: _Reading) -> Any:
    """Plain lists, dicts and text, with the line of each place in ``reading``."""
    name = path.name
    if not path.is_file():
        reading.stop(
            "Y01", (), f"there is no {name}.", f"Write {name}; `themewave new` makes one to fill in."
        )
        return None
    if path.stat().st_size > MAX_BYTES:
        reading.stop("Y02", (), f"{name} is larger than {MAX_BYTES:,} bytes.", "Keep data out of YAML files.")
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if not _plain(text, reading):
            return None
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        reading.stop("Y03", (), f"{name} is not UTF-8 text.", "Save it as UTF-8.")
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reading.lines[()] = mark.line + 1 if mark else 1
        what = "the line cannot be read as YAML."
        fix = "Check indentation, colons and quotation marks on this line and the one above."
        reading.stop("Y03", (), what, fix)
        return None
    if node is None:
        reading.stop("Y01", (), f"{name} is empty.", "Fill it in; `themewave new` makes one with comments.")
        return None
    return _plain_value(node, (), reading)


def _plain(text: str, reading: _Reading) -> bool:
    """Refuse anchors, aliases, tags, several documents and deep nesting before anything is built."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        reading.lines[()] = event.start_mark.line + 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if (
            isinstance(event, yaml.AliasEvent)
            or getattr(event, "anchor", None)
            or getattr(event, "tag", None)
        ):
            reading.stop("Y04", (), "anchors, aliases and tags are not used here.", "Write the value out.")
            return False
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or documents > 1:
            reading.stop("Y04", (), "the file nests too deeply or holds several documents.", "Keep to one.")
            return False
    reading.lines[()] = 1
    return True


def _plain_value(node: yaml.Node, place: Place, reading: _Reading) -> Any:
    reading.lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            reading.lines[(*place, key)] = key_node.start_mark.line + 1
            if key in result:
                reading.stop("Y05", (*place, key), f'the key "{key}" stands twice.', "Keep one of them.")
            result[key] = _plain_value(value_node, (*place, key), reading)
            reading.lines[(*place, key)] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain_value(item, (*place, i), reading) for i, item in enumerate(node.value)]
    if node.style is None and node.value in _NULL:
        return None
    return node.value


def _typed(value: Any, schema: dict[str, Any], place: Place, reading: _Reading) -> Any:
    """The value with its schema's type; problems go into ``reading``."""
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
    found = {dict: "a block of keys", list: "a list"}.get(type(value), "a single value")
    found = "nothing" if value is None else found
    wanted = " or ".join(_KIND_NAMES[kind] for kind in types)
    reading.stop("Y06", place, f"{found} stands where {wanted} belongs.", f"Write {wanted}.")
    return None


def _typed_object(value: dict[str, Any], schema: dict[str, Any], place: Place, reading: _Reading) -> Any:
    known: dict[str, Any] = schema.get("properties", {})
    other = schema.get("additionalProperties", False)
    result: dict[str, Any] = {}
    for key, item in value.items():
        rule = known.get(key, other)
        if rule is False:
            hint = did_you_mean(key, known)
            fix = f"Correct or remove it.{hint}"
            reading.stop("Y07", (*place, key), "this key is not known.", fix, ", ".join(known))
        elif item is None and key not in schema.get("required", []):
            continue  # a key with nothing behind it is a key that was not given
        else:
            result[key] = _typed(item, rule, (*place, key), reading)
    for key in schema.get("required", []):
        if key not in value:
            meaning = known[key].get("description", "")
            reading.stop("Y08", place, f'the key "{key}" is missing.', f"Add it. {meaning}".strip())
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


def _typed_list(value: list[Any], schema: dict[str, Any], place: Place, reading: _Reading) -> list[Any]:
    if len(value) < schema.get("minItems", 0):
        reading.stop("Y09", place, "the list is empty.", "Give at least one.")
    items = [_typed(item, schema["items"], (*place, i), reading) for i, item in enumerate(value)]
    if schema["items"].get("type") == "string" and len(set(items)) < len(items):
        reading.stop("Y09", place, "a value stands twice in the list.", "Keep one of them.")
    return items


def _typed_scalar(text: str, kind: str, schema: dict[str, Any], place: Place, reading: _Reading) -> Any:
    result = _SCALARS[kind](text)
    if result is None:
        what = f"{value_class(text)} stands where {_KIND_NAMES[kind]} belongs."
        reading.stop("Y06", place, what, f"Write {_KIND_NAMES[kind]}.")
        return None
    allowed, fix = _limits(result, schema)
    if allowed:
        reading.stop("Y09", place, f"{value_class(text)} is not allowed here.", fix, allowed)
    return result


def _limits(value: Any, schema: dict[str, Any]) -> tuple[str | None, str]:
    """What is allowed, if the value is not, and what to do."""
    if "enum" in schema and value not in schema["enum"]:
        names = [str(name) for name in schema["enum"]]
        return ", ".join(names), f"Use one of them.{did_you_mean(str(value), names)}"
    if "pattern" in schema and not re.fullmatch(schema["pattern"], str(value)):
        return f"text that fits {schema['pattern']}", "Shorten it or leave out the odd characters."
    if "minimum" in schema and value < schema["minimum"]:
        return f"{schema['minimum']} or more", "Correct the number."
    if "maximum" in schema and value > schema["maximum"]:
        return f"{schema['maximum']} or less", "Correct the number."
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        return f"more than {schema['exclusiveMinimum']}", "Correct the number."
    return None, ""


def _as_boolean(text: str) -> bool | None:
    folded = text.casefold()
    return True if folded in _YES else False if folded in _NO else None


def _as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_SCALARS: dict[str, Any] = {
    "string": lambda text: text,
    "integer": lambda text: int(text) if re.fullmatch(r"[+-]?\d{1,15}", text) else None,
    "number": lambda text: float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else None,
    "boolean": _as_boolean,
    "date": _as_date,
}
_KIND_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
    "date": "a date such as 2024-03-28",
    "array": "a list",
    "object": "a block of keys",
}
