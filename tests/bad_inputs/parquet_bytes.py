"""Parquet files written byte by byte, so that their footers and pages can claim what no program would write.

Numbers, lists and blocks are in Thrift's compact protocol. A claim that is left out is the true one.

References: Apache Parquet format, parquet.thrift; Apache Thrift, compact protocol specification.
"""

from __future__ import annotations

from collections.abc import Sequence

MAGIC = b"PAR1"
BYTES, UTF8 = 6, 0
OPTIONAL = 1
PLAIN, PLAIN_DICTIONARY, RLE, DELTA_BYTE_ARRAY = 0, 2, 3, 7
UNCOMPRESSED, GZIP = 0, 2
DATA_PAGE, DICTIONARY_PAGE = 0, 2
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
Field = tuple[int, int, object]


def varint(number: int) -> bytes:
    """A whole number in as many bytes as it takes, seven bits in each."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _number(value: int) -> bytes:
    return varint((value << 1) ^ (value >> 63))


def _value(kind: int, value: object) -> bytes:
    if kind in (_I32, _I64):
        return _number(value)  # type: ignore[arg-type]
    if kind == _BINARY:
        return varint(len(value)) + value  # type: ignore[arg-type, operator]
    if kind == _LIST:
        inner, items, claimed = value  # type: ignore[misc]
        n = len(items) if claimed is None else claimed
        head = bytes([n << 4 | inner]) if n < 15 else bytes([0xF0 | inner]) + varint(n)
        return head + b"".join(_value(inner, item) for item in items)
    return value  # type: ignore[return-value]  # a block is bytes already


def block(*fields: Field) -> bytes:
    """A block of fields: (number, kind, value), in rising order of their numbers."""
    out, last = b"", 0
    for number, kind, value in fields:
        step = number - last
        out += bytes([step << 4 | kind]) if step < 16 else bytes([kind]) + _number(number)
        out += _value(kind, value)
        last = number
    return out + b"\0"


def page(
    content: bytes, n: int, *, kind: int = DATA_PAGE, encoding: int = PLAIN, unpacked: int | None = None
) -> bytes:
    """A page with its header; ``unpacked`` is the size that it claims to grow to."""
    size = len(content) if unpacked is None else unpacked
    start: list[Field] = [(1, _I32, kind), (2, _I32, size), (3, _I32, len(content))]
    if kind == DICTIONARY_PAGE:
        return block(*start, (7, _STRUCT, block((1, _I32, n), (2, _I32, encoding)))) + content
    about = block((1, _I32, n), (2, _I32, encoding), (3, _I32, RLE), (4, _I32, RLE))
    return block(*start, (5, _STRUCT, about)) + content


def levels(n: int, level: int) -> bytes:
    """Definition levels of n rows that are all alike."""
    run = varint(n << 1) + bytes([level])
    return len(run).to_bytes(4, "little") + run


def column(name: str, *, children: int | None = None) -> bytes:
    """One element of the schema: a column of text that may be empty; one with children is a block of columns."""
    if children is not None:
        return block((3, _I32, OPTIONAL), (4, _BINARY, name.encode()), (5, _I32, children))
    return block((1, _I32, BYTES), (3, _I32, OPTIONAL), (4, _BINARY, name.encode()), (6, _I32, UTF8))


def written(value: bytes) -> bytes:
    """A text as it stands in a page."""
    return len(value).to_bytes(4, "little") + value


def chunk(
    pages: Sequence[bytes], n: int, *, encoding: int = PLAIN, codec: int = UNCOMPRESSED, at: int = len(MAGIC),
    claimed_size: int | None = None,
) -> bytes:  # fmt: skip
    """What the footer says of one column whose pages begin at a place of the file."""
    size = sum(map(len, pages))
    dictionary = encoding == PLAIN_DICTIONARY
    about: list[Field] = [
        (1, _I32, BYTES),
        (2, _LIST, (_I32, [encoding, RLE], None)),
        (3, _LIST, (_BINARY, [b"participant_id"], None)),
        (4, _I32, codec),
        (5, _I64, n),
        (6, _I64, size if claimed_size is None else claimed_size),
        (7, _I64, size),
        (9, _I64, at + len(pages[0]) if dictionary else at),
    ]
    about += [(11, _I64, at)] if dictionary else []
    return block((2, _I64, 0), (3, _STRUCT, block(*about)))


def file(
    pages: Sequence[bytes], n: int, *, schema: Sequence[bytes] | None = None, groups: int = 1,
    claimed_rows: int | None = None, claimed_elements: int | None = None, claimed_footer: int | None = None,
    **of_chunk: int,
) -> bytes:  # fmt: skip
    """A whole file of one column, ``participant_id``: pages, footer, length of the footer."""
    elements = [column("schema", children=1), column("participant_id")] if schema is None else schema
    group = block((1, _LIST, (_STRUCT, [chunk(pages, n, **of_chunk)], None)), (2, _I64, 0), (3, _I64, n))
    footer = block(
        (1, _I32, 1),
        (2, _LIST, (_STRUCT, list(elements), claimed_elements)),
        (3, _I64, n if claimed_rows is None else claimed_rows),
        (4, _LIST, (_STRUCT, [group] * groups, None)),
    )
    length = len(footer) if claimed_footer is None else claimed_footer
    return MAGIC + b"".join(pages) + footer + length.to_bytes(4, "little") + MAGIC
