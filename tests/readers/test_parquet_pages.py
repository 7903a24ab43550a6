"""The pages of a Parquet file are found and added up as the program that wrote them did, however it packed them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis_lib.errors import StudyError
from analysis_lib.readers.parquet import read_parquet
from analysis_lib.readers.parquet_pages import pages

TABLE = pa.table({
    "participant_id": [f"P{i:04}" for i in range(3_000)],
    "age": pa.array([None if i % 7 == 0 else 20 + i % 60 for i in range(3_000)], pa.int32()),
    "said": ["nothing " * (i % 40) for i in range(3_000)],
})  # fmt: skip
LARGEST_HEADER = 1_000  # the smallest and the largest value included


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_the_sizes_of_all_pages_and_their_headers_are_what_the_writer_added_up(
    tmp_path: Path, compression: str, version: str, dictionary: bool
) -> None:
    path = tmp_path / "p.parquet"
    ways: dict[str, Any] = {
        "compression": compression,
        "data_page_version": version,
        "use_dictionary": dictionary,
    }
    pq.write_table(TABLE, path, row_group_size=1_000, data_page_size=4_000, **ways)
    data, found = path.read_bytes(), pq.read_metadata(path)
    for group in range(found.num_row_groups):
        for k in range(found.num_columns):
            chunk = found.row_group(group).column(k)
            start = chunk.dictionary_page_offset if dictionary else chunk.data_page_offset
            sizes = [page.unpacked for page in pages(data, start, start + chunk.total_compressed_size)]
            headers = chunk.total_uncompressed_size - sum(sizes)
            assert 10 * len(sizes) <= headers <= LARGEST_HEADER * len(sizes)
    assert len(read_parquet(path, shown_as="p.parquet").rows) == 3_000


def test_values_that_grow_out_of_one_another_are_refused_in_a_sound_file_too(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(TABLE, path, use_dictionary=False, column_encoding={"said": "DELTA_BYTE_ARRAY"})
    with pytest.raises(StudyError) as caught:
        read_parquet(path, shown_as="p.parquet")
    (finding,) = caught.value.findings
    assert (finding.code, finding.allowed) == ("R75", "any encoding of values but DELTA_BYTE_ARRAY")


@pytest.mark.parametrize("content", [b"", b"\x15", b"\x19\x00", b"\xff" * 30, b"\x00" * 4, b"\x1c" * 30])
def test_what_is_no_header_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        list(pages(content, 0, 40))
