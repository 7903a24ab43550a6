"""Bad inputs: Parquet files whose footers and pages claim more than a machine has."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from bad_inputs.case import CANARY, Case, P
from bad_inputs.parquet_bytes import (
    DELTA_BYTE_ARRAY,
    DICTIONARY_PAGE,
    GZIP,
    PLAIN_DICTIONARY,
    column,
    file,
    levels,
    page,
    varint,
    written,
)

PARQUET = P.replace(".csv", ".parquet")
TWO = [page(levels(2, 1) + written(b"P01") + written(CANARY.encode()), 2)]
LONG = 1_000_000


def zipped(content: bytes) -> bytes:
    """Content as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def repeated(n: int) -> bytes:
    """One long answer that stands in the dictionary once and in n rows."""
    first = page(written(b"x" * LONG), 1, kind=DICTIONARY_PAGE)
    rows = page(levels(n, 1) + b"\x01" + varint(n << 1) + b"\0", n, encoding=PLAIN_DICTIONARY)
    return file([first, rows], n, encoding=PLAIN_DICTIONARY)


def nested(depth: int) -> bytes:
    """A column within blocks within blocks."""
    blocks = [column("answers", children=1)] * depth
    return file(TWO, 2, schema=[column("schema", children=1), *blocks, column("participant_id")])


def case(
    name: str,
    make: Callable[[], bytes],
    code: str,
    *says: str,
    named: str | None = None,
    never: tuple[str, ...] = (),
) -> Case:
    """Participants as this file, which is made when it is needed."""

    def write(path: Path) -> None:
        path.write_bytes(make())

    return Case(name, {P: None, PARQUET: write}, code, PARQUET, None, named, says, never=never)


CASES = [
    case("parquet footer longer than the file", lambda: file(TWO, 2, claimed_footer=2**32 - 16), "R75",
         "a footer of at most 4 MB"),
    case("parquet footer that ends within a word", lambda: file(TWO, 2, claimed_footer=9), "R07", "save it again"),
    case("parquet footer of a million columns", lambda: file(TWO, 2, claimed_elements=2**31 - 1), "R07",
         "save it again"),
    case("parquet footer of 200,000 parts", lambda: file(TWO, 2, groups=200_000, claimed_rows=2), "R75",
         "a footer of at most 4 MB"),
    case("parquet of a billion billion rows", lambda: file(TWO, 2, claimed_rows=2**60), "R21",
         "at most 3500000 cells"),
    case("parquet of a billion rows that its sum leaves out",
         lambda: file([page(levels(10**9, 0), 10**9)], 10**9, claimed_rows=2), "R21", "at most 3500000 cells"),
    case("parquet of columns within columns", lambda: nested(40), "R82", "instead of one value in each row",
         named="answers"),
    case("parquet of 100,000 columns within one another", lambda: nested(100_000), "R07", "save it again"),
    case("parquet page of two gigabytes that the footer leaves out",
         lambda: file([page(zipped(b"x" * 99), 2, unpacked=2**31 - 1)], 2, codec=GZIP, claimed_size=100), "R75",
         "at most 256 MB unpacked"),
    case("parquet page of less than nothing",
         lambda: file([page(zipped(b"x" * 99), 2, unpacked=-1)], 2, codec=GZIP), "R07", "save it again"),
    case("parquet with one long answer in a million rows", lambda: repeated(1_000_000), "R21",
         "at most 100000000 characters in all"),
    case("parquet whose values grow out of one another",
         lambda: file([page(b"\0" * 50, 2, encoding=DELTA_BYTE_ARRAY)], 2, encoding=DELTA_BYTE_ARRAY), "R75",
         "any encoding of values but DELTA_BYTE_ARRAY"),
    case("parquet pages outside the file", lambda: file(TWO, 2, at=10**9), "R07", "save it again"),
]  # fmt: skip
