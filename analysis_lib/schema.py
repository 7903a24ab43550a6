"""What columns does each table of a study have, and what may stand in them?

The answer is in ``data_schema/tables/*.yaml``, in the vocabulary of Table Schema, so that any data-package
tool reads the same contract. This module gives it types and nothing else.

References: Frictionless Data, Table Schema, version 2.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import yaml

from analysis_lib.file_names import composed

DATA_SCHEMA = Path(__file__).resolve().parents[1] / "data_schema"
EXAMPLE_STUDY = DATA_SCHEMA / "example_study"
TUTORIAL_FILES = DATA_SCHEMA.parent / "notebooks" / "tutorial" / "files"  # invented, with mistakes to mend
TABLES = (
    "participants",
    "coded_segments",
    "assignments",
    "documents",
    "consent",
    "quote_reviews",
    "claimed_agreement",
    "corrections",
)

# Files that the contract names, without their ending.
_CONTRACT_NAMES = frozenset(
    {*TABLES, "study", "codebook", "wave", "author_notes", "import_map", "code_guids"}
)

# Environment variable by which a run names the folder that spares its notebooks reading earlier waves again.
EARLIER_WAVES = "THEMEWAVE_EARLIER_WAVES"

ColumnType = Literal["string", "integer", "number", "boolean", "date"]
Block = Literal["demographic", "clinical", "service", "other"]


@dataclass(frozen=True)
class Column:
    """One column of the contract.

    Parameters
    ----------
    levels
        Allowed values in order; empty where any value of the type is allowed.
    level_labels
        (level, label) where the name with spaces is not how it is printed.
    unit
        Unit of a number; empty for text.
    true_values, false_values
        Spellings of a yes and a no, for ``boolean``.
    block
        Block of covariates it belongs to unless study.yaml says otherwise; ``other`` where the contract does not say.
    """

    name: str
    type: ColumnType
    title: str
    description: str
    unit: str = ""
    example: str = ""
    required: bool = False
    pattern: str | None = None
    levels: tuple[str, ...] = ()
    level_labels: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    true_values: tuple[str, ...] = ()
    false_values: tuple[str, ...] = ()
    block: Block = "other"

    def level_label(self, level: str) -> str:
        """How a level is printed: its label, else its name with spaces."""
        return dict(self.level_labels).get(level, level.replace("_", " ").capitalize())


@dataclass(frozen=True)
class TableSchema:
    """The columns of one table, its key and the tables it points to."""

    name: str
    title: str
    description: str
    primary_key: tuple[str, ...]
    foreign_keys: tuple[tuple[str, str, str], ...]
    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the contract."""
        return tuple(column.name for column in self.columns)

    def with_columns(self, *columns: Column) -> TableSchema:
        """The schema with columns replaced or added at the end."""
        given = {column.name: column for column in columns}
        kept = tuple(given.pop(column.name, column) for column in self.columns)
        return replace(self, columns=kept + tuple(given.values()))


@cache
def table_schema(name: str) -> TableSchema:
    """The contract of one table.

    Parameters
    ----------
    name
        One of :data:`TABLES`.

    Examples
    --------
    >>> table_schema("consent").primary_key
    ('participant_id', 'scope')
    >>> table_schema("participants")["perceived_helpfulness"].levels
    ('helpful', 'unhelpful', 'mixed', 'not_stated')
    """
    raw = yaml.safe_load((DATA_SCHEMA / "tables" / f"{name}.yaml").read_text(encoding="utf-8"))
    key = raw["primaryKey"]
    return TableSchema(
        name=raw["name"],
        title=raw["title"],
        description=raw["description"],
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        foreign_keys=tuple(
            (fk["fields"], fk["reference"]["resource"], fk["reference"]["fields"])
            for fk in raw.get("foreignKeys", [])
        ),
        columns=tuple(map(_column, raw["fields"])),
    )


def _column(raw: dict[str, Any]) -> Column:
    limits = raw.get("constraints", {})
    return Column(
        name=raw["name"],
        type=raw["type"],
        title=raw["title"],
        description=raw["description"],
        unit=raw.get("unit", ""),
        example=str(raw.get("example", "")),
        required=limits.get("required", False),
        pattern=limits.get("pattern"),
        levels=tuple(limits.get("enum", ())),
        level_labels=tuple(raw.get("levelLabels", {}).items()),
        minimum=limits.get("minimum"),
        maximum=limits.get("maximum"),
        true_values=tuple(raw.get("trueValues", ())),
        false_values=tuple(raw.get("falseValues", ())),
        block=raw.get("block", "other"),
    )


def public_name(file: str) -> str:
    """A file of a study as a report may name it: as it is where its name is the contract's, else by a digest.

    People name files after people, and what a report follows from is listed in it.

    Parameters
    ----------
    file
        Path below the study folder, with ``/``.

    Examples
    --------
    >>> public_name("waves/2024a/consent.xlsx"), public_name("study.yaml")
    ('waves/2024a/consent.xlsx', 'study.yaml')
    >>> name = public_name("waves/2024a/interview Ann Other.csv")
    >>> name.startswith("waves/2024a/file-"), name.endswith(".csv"), "Ann" in name
    (True, True, False)
    """
    *above, name = PurePosixPath(file).parts
    depth = 2 if above[:1] == ["waves"] else len(above)
    if len(above) == depth and PurePosixPath(name).stem in _CONTRACT_NAMES:
        return file
    digest = hashlib.sha256(
        composed("/".join([*above[depth:], name])).encode("utf-8", errors="surrogateescape")
    ).hexdigest()
    suffix = PurePosixPath(name).suffix
    shown = f"file-{digest[:8]}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"
    return "/".join([*above[:depth], shown])


@cache
def checklist_items() -> tuple[str, ...]:
    """Every item of every reporting checklist as it is named in study.yaml, such as ``COREQ 31``."""
    lists = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in _checklists()]
    return tuple(f"{one['standard']} {item['id']}" for one in lists for item in one["items"])


def _checklists() -> list[Path]:
    return sorted((DATA_SCHEMA / "checklists").glob("*.yaml"))
