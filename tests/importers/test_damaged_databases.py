"""Databases of coding programs with damaged bytes or odd values: a project whose counts add up, or one clear stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_files import QUALCODER, TAGUETTE, database

from analysis_lib.errors import StudyError
from analysis_lib.importers import qualcoder, taguette
from analysis_lib.importers.project import Project

FORMATS = [(QUALCODER, qualcoder.read), (TAGUETTE, taguette.read)]
ODD = st.one_of(
    st.none(),
    st.integers(-2, 3),
    st.sampled_from(
        [2**62, -(2**63), 1.5, float("inf"), "", "1", "x", "{", "\x00", "<p>x", b"\xff", b"\x00\x01"]
    ),
)


def columns(schema: str) -> list[str]:
    parts = [part.strip() for part in schema.split(",")]
    return [part.split()[0] for part in parts if not part.startswith("unique")]


@st.composite
def odd_rows(draw: st.DrawFn, schema: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    return {
        table: draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns(listed), ODD)), max_size=3))
        for table, listed in schema.items()
    }


@pytest.mark.parametrize(("schema", "read"), FORMATS, ids=["qualcoder", "taguette"])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_odd_values_in_any_column_are_read_or_counted(schema, read: Callable[[Path], Project], data):
    loose = {table: ", ".join(columns(listed)) for table, listed in schema.items()}  # no types, no keys
    rows = data.draw(odd_rows(schema))
    if "projects" in rows:
        rows["projects"] = [{"id": 1}]
    with TemporaryDirectory() as folder:
        project = read(database(Path(folder) / "odd.db", loose, rows))
    assert project.unreconciled() == {}
    texts = {source.key: source.text for source in project.sources}
    for coding in project.codings:
        text = texts[coding.source]
        if coding.start is not None:
            assert text is not None
            assert coding.text == text[coding.start : coding.end]


@pytest.mark.parametrize(("schema", "read"), FORMATS, ids=["qualcoder", "taguette"])
@settings(deadline=None, max_examples=60)
@given(damage=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=20))
def test_damaged_bytes_never_raise_anything_but_a_finding(schema, read: Callable[[Path], Project], damage):
    rows = {table: [dict.fromkeys(columns(listed), 1)] for table, listed in schema.items()}
    with TemporaryDirectory() as folder:
        path = database(Path(folder) / "damaged.db", schema, rows)
        data = bytearray(path.read_bytes())
        for place, value in damage:
            data[place % len(data)] = value
        path.write_bytes(data)
        stopped: set[str] = set()
        try:
            read(path)
        except StudyError as error:
            stopped = {finding.code for finding in error.findings}
    assert stopped <= {"M30", "M31", "M33", "M35"}
