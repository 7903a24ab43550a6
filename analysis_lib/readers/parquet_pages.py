"""What would the pages of a Parquet file grow to, before anything of it is unpacked?

The footer of a file can claim anything, so the header of every page is read, which says how large the page gets and
how it is packed. Headers are in Thrift's compact protocol, of which only whole numbers and lengths are needed here;
no package reads the header of a page without its content.

References: Apache Parquet format specification, parquet.thrift (PageHeader); Apache Thrift, compact protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_DATA_HEADERS = (5, 8)  # fields of PageHeader: data page, data page of version 2
_ENCODING = {5: 2, 8: 4}  # the field of each that says how values are packed
_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 6, 7, 8, 12
_DEEPEST = 8  # a header is three deep


@dataclass(frozen=True)
class Page:
    """What the header of one page claims: its size when unpacked, and how its values are packed (None: no values)."""

    unpacked: int
    encoding: int | None


def pages(data: bytes, start: int, stop: int) -> Iterator[Page]:
    """The pages between two places of a file.

    Parameters
    ----------
    data
        The whole file.
    start, stop
        Where the pages of a column begin, and where they end.

    Raises
    ------
    ValueError
        If there is no header of a page where one has to stand.
    """
    place = start
    while place < stop:
        header, place = _block(data, place, 0)
        unpacked, packed = header.get(2), header.get(3)
        if not isinstance(unpacked, int) or not isinstance(packed, int) or unpacked < 0 or packed < 0:
            raise ValueError("a page has no size")
        values = next((header[field] for field in _DATA_HEADERS if isinstance(header.get(field), dict)), {})
        kind = next((field for field in _DATA_HEADERS if field in header), 0)
        encoding = values.get(_ENCODING[kind]) if kind and isinstance(values, dict) else None
        yield Page(unpacked, encoding if isinstance(encoding, int) else None)
        place += packed


Fields = dict[int, "int | Fields"]


def _block(data: bytes, place: int, depth: int) -> tuple[Fields, int]:
    """The whole numbers and blocks of a block by the number of their field, and where it ends."""
    found: Fields = {}
    field = 0
    while True:
        head, place = _byte(data, place)
        if head == 0:
            return found, place
        if head >> 4:
            field += head >> 4
        else:
            field, place = _whole(data, place)
        value, place = _value(data, place, head & 0x0F, depth)
        if value is not None:
            found[field] = value


def _value(data: bytes, place: int, kind: int, depth: int) -> tuple[int | Fields | None, int]:
    """A value, None where it is no whole number and no block, and where it ends."""
    if depth > _DEEPEST:
        raise ValueError("blocks within blocks")
    if kind in (_TRUE, _FALSE):
        return None, place
    if kind == _BYTE:
        return None, place + 1
    if kind <= _I64:
        return _whole(data, place)
    if kind == _DOUBLE:
        return None, place + 8
    if kind == _BINARY:
        length, place = _varint(data, place)
        return None, place + length
    if kind == _STRUCT:
        return _block(data, place, depth + 1)
    raise ValueError("a header holds no lists")  # nor sets nor maps


def _byte(data: bytes, place: int) -> tuple[int, int]:
    if place >= len(data):
        raise ValueError("the file ends within a header")
    return data[place], place + 1


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        part, place = _byte(data, place)
        value |= (part & 0x7F) << shift
        if part < 0x80:
            return value, place
    raise ValueError("a number without end")


def _whole(data: bytes, place: int) -> tuple[int, int]:
    """A whole number whose sign is its lowest bit."""
    value, place = _varint(data, place)
    return (value >> 1) ^ -(value & 1), place
