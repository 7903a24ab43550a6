"""Tiny files of coding programs, made here row by row, and where the sample exports lie."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"

QUALCODER = {
    "project": "databaseversion text, date text, memo text, about text",
    "source": "id integer primary key, name text, fulltext text, mediapath text, unique(name)",
    "code_name": "cid integer primary key, name text, memo text, catid integer, supercid integer, unique(name)",
    "code_cat": "catid integer primary key, name text, memo text, supercatid integer, unique(name)",
    "code_text": "ctid integer primary key, cid integer, fid integer, seltext text, pos0 integer, pos1 integer, "
    "owner text, date text, memo text, important integer",
    "code_image": "imid integer primary key, id integer, cid integer, memo text, date text, owner text",
    "code_av": "avid integer primary key, id integer, cid integer, memo text, date text, owner text",
    "cases": "caseid integer primary key, name text",
    "case_text": "id integer primary key, caseid integer, fid integer, pos0 integer, pos1 integer",
    "attribute": "attrid integer primary key, name text, attr_type text, value text, id integer",
    "annotation": "anid integer primary key, fid integer",
    "journal": "jid integer primary key, name text",
    "coder_names": "name text, visibility integer",
}
TAGUETTE = {
    "projects": "id integer primary key, name text",
    "documents": "id integer primary key, name text, description text, contents text",
    "tags": "id integer primary key, path text, description text",
    "highlights": "id integer primary key, document_id integer, start_offset integer, end_offset integer, snippet text",
    "highlight_tags": "highlight_id integer, tag_id integer",
    "commands": "id integer primary key, date text, user_login text, payload text",
}
Rows = Mapping[str, Sequence[Mapping[str, object]]]


def sample(name: str) -> Path:
    """A sample export; the test is skipped where the samples are not at hand."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the sample exports are not beside this repository")
    return path


def database(path: Path, schema: Mapping[str, str], rows: Rows) -> Path:
    """Write an SQLite file of these tables and rows."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for table, columns in schema.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
        for table, listed in rows.items():
            for row in listed:
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
                )
        connection.commit()
        path.write_bytes(connection.serialize())
    return path


def qualcoder(folder: Path, rows: Rows, schema: Mapping[str, str] = QUALCODER) -> Path:
    """Write ``data.qda``."""
    folder.mkdir(exist_ok=True, parents=True)
    return database(folder / "data.qda", schema, rows)


def taguette(folder: Path, rows: Rows) -> Path:
    """Write ``project.sqlite3`` with one project."""
    folder.mkdir(exist_ok=True, parents=True)
    return database(folder / "project.sqlite3", TAGUETTE, {"projects": [{"id": 1}], **rows})


def highlight_added(number: int, user: str, date: str) -> dict[str, object]:
    """An entry of Taguette's log."""
    payload = json.dumps({"type": "highlight_add", "highlight_id": number, "tags": []})
    return {"date": date, "user_login": user, "payload": payload}
