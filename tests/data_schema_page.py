"""Write the column and key tables of data_schema/README.md from the schema files.

Run as a script by ``make docs``; a test holds the page against what this module would write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from analysis_lib.schema import DATA_SCHEMA, TABLES, Column, table_schema

PAGE = DATA_SCHEMA / "README.md"
START, END = "<!-- generated: start -->", "<!-- generated: end -->"


def page() -> str:
    """The page with its generated part made anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    return f"{before}{START}\n\n{_generated()}\n{END}{after}"


def _generated() -> str:
    tables = "\n".join(map(_table, TABLES))
    keys = "\n".join(
        _keys(title, DATA_SCHEMA / name)
        for title, name in (
            ("study.yaml", "study.schema.yaml"),
            ("waves/&lt;wave&gt;/wave.yaml", "wave.schema.yaml"),
            ("codebook.yaml", "codebook.schema.yaml"),
        )
    )
    return f"## Tables\n\n{tables}\n## Settings\n\n{keys}"


def _table(name: str) -> str:
    schema = table_schema(name)
    key = ", ".join(f"`{column}`" for column in schema.primary_key)
    rows = "\n".join(f"| `{c.name}` | {_type(c)} | {c.description} |" for c in schema)
    return (
        f"### {schema.title}: `{name}`\n\n{schema.description} Key: {key}.\n\n"
        f"| column | what it may hold | meaning |\n|---|---|---|\n{rows}\n"
    )


def _type(column: Column) -> str:
    said = ", ".join(column.levels) if column.levels else column.type
    if column.minimum is not None or column.maximum is not None:
        high = "" if column.maximum is None else f" to {column.maximum:g}"
        said += f" from {column.minimum:g}{high}"
    if column.unit:
        said += f" ({column.unit})"
    return f"**required**; {said}" if column.required else said


def _keys(title: str, path: Path) -> str:
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = "\n".join(_key_rows(schema, ""))
    head = "| key | what it may be | if left out | meaning |\n|---|---|---|---|"
    return f"### `{title}`\n\n{schema['description']}\n\n{head}\n{rows}\n"


def _key_rows(schema: dict[str, Any], prefix: str) -> list[str]:
    rows = []
    required = schema.get("required", [])
    for name, rule in schema.get("properties", {}).items():
        full = f"{prefix}{name}"
        rows.append(
            f"| `{full}` | {_allowed(rule)} | {_default(rule, name in required)} | {_meaning(rule)} |"
        )
        items = rule.get("items", {})
        rows += _key_rows(rule, f"{full}.")
        if items.get("type") == "object":
            rows += _key_rows(items, f"{full}[].")
        other = rule.get("additionalProperties")
        if isinstance(other, dict) and other.get("type") == "object":
            rows += _key_rows(other, f"{full}.<name>.")
    return rows


def _allowed(rule: dict[str, Any]) -> str:
    if "enum" in rule:
        return ", ".join(map(str, rule["enum"]))
    items = rule.get("items", {})
    if "enum" in items:
        return f"list of {', '.join(items['enum'])}"
    kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    names = {"array": "list", "object": "block", "boolean": "yes or no", "integer": "whole number"}
    return " or ".join(names.get(kind, kind) for kind in kinds)


def _default(rule: dict[str, Any], required: bool) -> str:
    if required:
        return "**required**"
    default = rule.get("default")
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"{default}" if default not in (None, "", [], {}) else "–"


def _meaning(rule: dict[str, Any]) -> str:
    return " ".join(filter(None, [rule.get("description", ""), rule.get("advice", "")]))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
