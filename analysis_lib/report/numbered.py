"""Which tables does a report hold, as rows and columns, under which number?

Every output that is not the page takes its tables from here: Word, the readable CSV files and ``tables.json``.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis_lib.formatted import FormattedTable
from analysis_lib.payload import Payload
from analysis_lib.report.joint_table import joint_table
from analysis_lib.report.sections import Section, numbers
from analysis_lib.tables import format_table

Numbered = tuple[str, FormattedTable]
_IN_ROWS = ("table", "joint_display")


def numbered_tables(sections: Sequence[Section]) -> list[tuple[Section, list[Numbered]]]:
    """Every section with its tables, joint displays among them: number and finished table, in order."""
    number_of = numbers(sections)
    found = []
    for section in sections:
        tables = [
            (number_of[section.number, i], format_table(part) if part.shape == "table" else joint_table(part))
            for i, part in enumerate(section.parts)
            if isinstance(part, Payload) and part.shape in _IN_ROWS and (section.number, i) in number_of
        ]
        found.append((section, tables))
    return found
