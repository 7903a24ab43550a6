"""How a .parquet file becomes a table of text.

Typed values become the one text that stands for them in every format: 12.0 is "12", a date is ISO, null and
not-a-number are empty; columns that hold lists or bytes are refused. What the footer says of the size is not
believed: before anything is unpacked, the pages themselves are asked.

References: Apache Parquet format specification; pyarrow documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers.delimited import MAX_BYTES, TOO_LARGE
from analysis_lib.readers.parquet_pages import Page, pages
from analysis_lib.readers.table import (
    EMPTY,
    MAX_CELLS,
    MAX_COLUMNS,
    TOO_MANY_CELLS,
    TOO_MANY_COLUMNS,
    RawTable,
    Rule,
    make_table,
)
from analysis_lib.readers.values import moment_text, number_text, shown_name
from analysis_lib.readers.workbook import BOMB, DAMAGED

MAX_FOOTER_BYTES = 4 * 1024**2  # a thousand times that of a wave's table
MAX_PAGES = 100_000
MAX_UNPACKED_BYTES = 256 * 1024**2
_BY_BEGINNINGS = (
    7  # DELTA_BYTE_ARRAY: a value says how much of the one before it repeats, and so may grow at will
)

NO_SINGLE_VALUES = Rule(
    "R82",
    "stop",
    "The column holds lists, groups of values or bytes instead of one value in each row.",
    "Spread it over several columns or rows, or leave it out, when writing the file.",
)


def _single(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _single(kind.value_type)
    tests = (
        _is_text,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_date,
        pa.types.is_time,
        pa.types.is_timestamp,
        pa.types.is_decimal,
        pa.types.is_null,
    )
    return any(test(kind) for test in tests)


def _is_text(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _value_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return moment_text(value)
    if isinstance(value, int | float):
        return number_text(value)
    return format(value.normalize(), "f")  # a decimal number


def _column_text(column: pa.ChunkedArray) -> list[str]:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    if pa.types.is_time64(kind) and kind.unit == "ns":
        column = column.cast(pa.time64("us"), safe=False)
    texts: list[str] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            # one text per level, shared by its rows: a long answer repeated is held once
            levels = [_value_text(value) for value in chunk.dictionary.to_pylist()]
            texts += ["" if k is None else levels[k] for k in chunk.indices.to_pylist()]
        else:
            texts += [_value_text(value) for value in chunk.to_pylist()]
    return texts


def _check_footer(data: bytes, file: str) -> None:
    """The footer is small enough to be taken apart."""
    if data.endswith(b"PAR1") and int.from_bytes(data[-8:-4], "little") > MAX_FOOTER_BYTES:
        allowed = f"a footer of at most {MAX_FOOTER_BYTES // 1024**2} MB"
        raise StudyError(BOMB.at(file, allowed=allowed))


def _check_size(stored: pq.FileMetaData, data: bytes, file: str) -> None:
    """Rows, columns and pages are no more than can be read, whatever the footer adds them up to."""
    found: list[Finding] = []
    if stored.num_columns > MAX_COLUMNS:
        found.append(TOO_MANY_COLUMNS.at(file, allowed=f"at most {MAX_COLUMNS} columns"))
    groups = [stored.row_group(k) for k in range(stored.num_row_groups)]
    rows = max(stored.num_rows, sum(max(group.num_rows, 0) for group in groups))
    if rows * max(stored.num_columns, 1) > MAX_CELLS:
        found.append(TOO_MANY_CELLS.at(file, allowed=f"at most {MAX_CELLS} cells"))
    if found:
        raise StudyError(found)
    n_pages = unpacked = 0
    for group in groups:
        for k in range(group.num_columns):
            for page in _pages_of(group.column(k), data):
                n_pages += 1
                unpacked += page.unpacked
                if n_pages > MAX_PAGES:
                    raise StudyError(BOMB.at(file, allowed=f"at most {MAX_PAGES} pages"))
                if unpacked > MAX_UNPACKED_BYTES:
                    allowed = f"at most {MAX_UNPACKED_BYTES // 1024**2} MB unpacked"
                    raise StudyError(BOMB.at(file, allowed=allowed))
                if page.encoding == _BY_BEGINNINGS:
                    allowed = "any encoding of values but DELTA_BYTE_ARRAY"
                    raise StudyError(BOMB.at(file, allowed=allowed))


def _pages_of(chunk: pq.ColumnChunkMetaData, data: bytes) -> Iterator[Page]:
    """The pages of one column, from where the reader begins."""
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and 0 < chunk.dictionary_page_offset < start:
        start = chunk.dictionary_page_offset
    if start < 0 or not 0 <= chunk.total_compressed_size <= len(data) - start:
        raise ValueError("the pages of a column lie outside the file")
    return pages(data, start, start + chunk.total_compressed_size)


def read_parquet(path: Path, *, shown_as: str) -> RawTable:
    """Read a .parquet file as text.

    Parameters
    ----------
    path
        The file.
    shown_as
        Its name in findings.

    Returns
    -------
    RawTable
        ``lines`` are row numbers plus one, as if the column names stood in line 1.

    Raises
    ------
    StudyError
        With every finding of the file.
    """
    if path.stat().st_size > MAX_BYTES:
        raise StudyError(TOO_LARGE.at(shown_as, allowed=f"at most {MAX_BYTES // 1024**2} MB"))
    data = path.read_bytes()
    _check_footer(data, shown_as)
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as stored:
            schema = stored.schema_arrow
            _check_size(stored.metadata, data, shown_as)
            found = [
                NO_SINGLE_VALUES.at(shown_as, column=shown_name(each.name, position))
                for position, each in enumerate(schema, start=1)
                if not _single(each.type)
            ]
            if found:
                raise StudyError(found)
            words = [each.name for each in schema if _is_text(each.type)]
        with pq.ParquetFile(pa.BufferReader(data), read_dictionary=words) as stored:
            table = stored.read(use_threads=False)
        columns = [_column_text(column) for column in table.columns]
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, ValueError):
        raise StudyError(DAMAGED.at(shown_as)) from None
    if not schema.names:
        raise StudyError(EMPTY.at(shown_as))
    rows = list(zip(*columns, strict=True))
    return make_table(shown_as, schema.names, rows, range(2, len(rows) + 2))
