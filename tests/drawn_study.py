"""A study in memory that can be changed in one place, and its files as other programs would write them.

:mod:`study_strategies` draws such studies, :mod:`spoiled_studies` spoils them, :mod:`study_counts` counts them by hand.
"""

from __future__ import annotations

import csv
import io
import random
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

DATES = ("started_on", "ended_on", "last_session", "withdrawn_on", "reviewed_on")
Row = dict[str, str]


@dataclass(frozen=True)
class Writing:
    """How the csv files of a study are written."""

    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    midnight: bool = False  # dates with an hour of nought behind them


@dataclass
class Table:
    """One table of one wave: its columns by their canonical names, and its rows."""

    columns: list[str]
    rows: list[Row] = field(default_factory=list)

    def add(self, **cells: str) -> None:
        """One more row; columns that are not named stay empty."""
        self.rows.append({name: cells.get(name, "") for name in self.columns})


@dataclass
class DrawnStudy:
    """A study that can still be changed in one place before it is written."""

    settings: dict[str, Any]
    themes: list[dict[str, str]]
    facts: dict[str, dict[str, Any]]
    tables: dict[tuple[str, str], Table]
    writing: Writing

    @property
    def last(self) -> str:
        """The wave that is analysed."""
        return str(self.settings["waves"][-1])

    def table(self, name: str) -> Table:
        """A table of the last wave."""
        return self.tables[self.last, name]

    def file(self, name: str, wave: str | None = None) -> str:
        """Path of a table below the study; of the last wave where none is named."""
        return f"waves/{wave or self.last}/{name}.csv"

    def line(self, name: str, row: int, wave: str | None = None) -> int:
        """Line of its file in which a row begins; the header is line 1."""
        text = self.lines(name, wave)
        return 1 + sum(line.count("\n") for line in text[: row + 1])

    def lines(self, name: str, wave: str | None = None) -> list[str]:
        """Header and rows of a table as they are written; a row may run over two lines of the file."""
        table = self.tables[wave or self.last, name]
        raw = {
            canonical: given
            for given, canonical in self.settings["columns"].items()
            if isinstance(canonical, str)
        }
        shown = [raw.get(column, column) for column in table.columns]
        cells = [[self._cell(column, row[column]) for column in table.columns] for row in table.rows]
        return [self._written(values) for values in (shown, *cells)]

    def _written(self, values: list[str]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.writing.separator, lineterminator=self.writing.line_end).writerow(
            values
        )
        return text.getvalue()

    def _cell(self, column: str, value: str) -> str:
        columns = self.settings["columns"]
        value = next(
            (raw for raw, known in columns.get("values", {}).get(column, {}).items() if known == value), value
        )
        if not value and column == "age" and columns.get("missing"):
            return str(columns["missing"][0])
        if column == "satisfaction" and columns.get("decimal_mark") == ",":
            return value.replace(".", ",")
        return f"{value}T00:00:00" if value and column in DATES and self.writing.midnight else value

    def files(self) -> dict[str, bytes]:
        """Every file below the study folder."""
        found = {
            "study.yaml": dumped(self.settings),
            "codebook.yaml": dumped({"themes": self.themes}, flow=None),
        }
        found |= {f"waves/{wave}/wave.yaml": dumped(facts) for wave, facts in self.facts.items()}
        files = {name: text.encode() for name, text in found.items()}
        for wave, name in self.tables:
            files[self.file(name, wave)] = "".join(self.lines(name, wave)).encode(self.writing.encoding)
        return files

    def write(self, folder: Path) -> Path:
        """Write it; returns the folder."""
        return write_files(folder, self.files())

    def shuffled(self, seed: int) -> DrawnStudy:
        """The same study with rows and columns of every table in another order."""
        other, order = deepcopy(self), random.Random(seed)
        for table in other.tables.values():
            order.shuffle(table.rows)
            order.shuffle(table.columns)
        return other

    def renamed(self, new: dict[str, str]) -> DrawnStudy:
        """The same study with other ids and labels of groups and themes."""
        other = deepcopy(self)
        outcome = other.settings["outcome"]
        outcome["groups"] = [new[group] for group in outcome["groups"]]
        outcome["reference"] = new[outcome["reference"]]
        outcome["labels"] = {new[group]: f"also {label}" for group, label in outcome["labels"].items()}
        outcome["favourable"] = [new[group] for group in outcome["favourable"]]
        for rule in outcome.get("from", ()):
            rule["group"] = new[rule["group"]]
        for plan in other.settings["termination_models"]:
            plan["themes"] = [new[theme] for theme in plan["themes"]]
        for theme in other.themes:
            theme.update({name: new[theme[name]] for name in ("id", "parent") if name in theme})
            theme["label"] = f"also {theme['label']}"
        for table in other.tables.values():
            for row in table.rows:
                row.update({name: new[row[name]] for name in ("code_id", "outcome_group") if row.get(name)})
        return other

    def written_plainly(self) -> DrawnStudy:
        """The same study in files of UTF-8 with commas."""
        kept = {
            name: rule
            for name, rule in self.settings["columns"].items()
            if name not in ("separator", "encoding")
        }
        return replace(
            deepcopy(self), settings=deepcopy(self.settings) | {"columns": kept}, writing=Writing()
        )


def dumped(content: Any, *, flow: bool | None = False) -> str:
    """YAML with keys in their order; ``flow`` None puts the innermost blocks on one line each."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=flow)


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder; returns the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
