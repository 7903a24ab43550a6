"""An SQLite file of a stranger: what is read of it, and what is refused."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from analysis_lib.errors import StudyError
from analysis_lib.importers import database as reading
from analysis_lib.importers.database import MAGIC, has_tables, open_database


def made(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def codes(error: pytest.ExceptionInfo[StudyError]) -> list[str]:
    return [finding.code for finding in error.value.findings]


def rows(path: Path, table: str, *columns: str) -> list[tuple[object, ...]]:
    with open_database(path, shown_as=path.name) as database:
        return list(database.rows(table, columns))


def test_rows_come_in_the_order_of_the_file_and_lacking_columns_are_none(tmp_path):
    path = made(
        tmp_path / "a.db",
        "CREATE TABLE t (n integer, words text)",
        "INSERT INTO t VALUES (2, 'zwei'), (1, 'eins')",
    )
    assert rows(path, "t", "words", "never", "n") == [("zwei", None, 2), ("eins", None, 1)]
    assert rows(path, "no_such_table", "words") == []


def test_line_ends_and_signs_come_back_as_they_are(tmp_path):
    path = made(tmp_path / "a.db", "CREATE TABLE t (words text)")
    words = "one\r\ntwo\rthree\n\u2028🙂e\u0301\ufeff "
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (?)", (words,))
        connection.commit()
    assert rows(path, "t", "words") == [(words,)]


def test_views_and_virtual_tables_are_as_if_they_were_not_there(tmp_path):
    path = made(
        tmp_path / "a.db",
        "CREATE TABLE t (words text)",
        "CREATE VIEW code_text AS SELECT words FROM t",
        "CREATE VIRTUAL TABLE f USING fts5(words)",
    )
    assert not has_tables(path, ["code_text"])
    with open_database(path, shown_as="a.db") as database:
        assert "t" in database.columns
        assert not {"code_text", "f"} & set(database.columns)


def test_columns_that_calculate_are_as_if_they_were_not_there(tmp_path):
    path = made(
        tmp_path / "a.db",
        "CREATE TABLE t (n integer, words text AS (hex(zeroblob(30000000))))",
        "INSERT INTO t (n) VALUES (1)",
    )
    assert rows(path, "t", "n", "words") == [(1, None)]


def test_a_table_whose_entry_says_it_is_a_view_is_not_read_as_one(tmp_path):
    path = made(
        tmp_path / "a.db",
        "CREATE TABLE t (words text)",
        "CREATE TABLE secret (words text)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE VIEW t AS SELECT words FROM secret' WHERE name = 't'",
    )
    with pytest.raises(StudyError) as error:
        rows(path, "t", "words")
    assert codes(error) == ["M30"]


def test_bytes_that_are_no_text_are_counted(tmp_path):
    path = made(
        tmp_path / "a.db", "CREATE TABLE t (words text)", "INSERT INTO t VALUES (CAST(x'41FF42' AS TEXT))"
    )
    with open_database(path, shown_as="a.db") as database:
        assert list(database.rows("t", ["words"])) == [("A\ufffdB",)]
        assert database.half_read == 1


def test_missing_tables_and_columns_are_named_all_at_once(tmp_path):
    path = made(tmp_path / "a.db", "CREATE TABLE source (id integer)")
    with pytest.raises(StudyError) as error, open_database(path, shown_as="a.db") as database:
        database.require({"source": ["id", "name"], "cases": ["caseid"]})
    assert codes(error) == ["M33"]
    assert "source.name, cases.caseid" in str(error.value)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", MAGIC, MAGIC + b"\x00" * 5_000, b"no database at all" * 99]
)
def test_what_is_no_database_is_refused(tmp_path, data):
    path = tmp_path / "a.db"
    path.write_bytes(data)
    assert not has_tables(path, ["t"])
    with pytest.raises(StudyError) as error, open_database(path, shown_as="a.db") as database:
        database.require({"t": ["n"]})
    assert codes(error)[0] in ("M30", "M33")


def test_a_cut_off_file_is_refused_in_one_sentence(tmp_path):
    inserts = [f"INSERT INTO t VALUES ('{'word ' * 200}{n}')" for n in range(50)]
    path = made(tmp_path / "a.db", "CREATE TABLE t (words text)", *inserts)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(StudyError) as error:
        rows(path, "t", "words")
    assert codes(error) == ["M30"]
    assert "malformed" not in str(error.value)


@pytest.mark.parametrize("name", ["missing.db", "folder"])
def test_only_ordinary_files_are_opened(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(StudyError) as error, open_database(tmp_path / name, shown_as=name):
        pass
    assert codes(error) == ["M36"]
    assert not (tmp_path / "missing.db").exists()


def test_a_project_that_is_still_open_elsewhere_is_refused(tmp_path):
    path = made(tmp_path / "a.db", "CREATE TABLE t (n integer)")
    (tmp_path / "a.db-journal").write_bytes(b"not empty")
    with pytest.raises(StudyError) as error:
        rows(path, "t", "n")
    assert codes(error) == ["M34"]


def test_nothing_is_written_beside_the_file_or_into_it(tmp_path):
    path = made(tmp_path / "a.db", "CREATE TABLE t (n integer)")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = path.read_bytes()
    path.chmod(0o400)
    assert rows(path, "t", "n") == []
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


def test_a_file_with_a_question_mark_in_its_name_is_the_one_that_is_opened(tmp_path):
    made(tmp_path / "a.db", "CREATE TABLE wrong (n integer)")
    path = made(tmp_path / "a.db?mode=rwc#x", "CREATE TABLE t (n integer)", "INSERT INTO t VALUES (1)")
    assert rows(path, "t", "n") == [(1,)]


def test_reading_ends_when_the_time_is_over(tmp_path, monkeypatch):
    numbers = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000) SELECT n FROM c"
    )
    path = made(tmp_path / "a.db", "CREATE TABLE t (n integer)", f"INSERT INTO t {numbers}")
    monkeypatch.setattr(reading, "MAX_SECONDS", -1.0)
    monkeypatch.setattr(reading, "_STEPS", 10)
    started = time.monotonic()
    with pytest.raises(StudyError) as error:
        rows(path, "t", "n")
    assert codes(error) == ["M32"]
    assert time.monotonic() - started < 5


def test_more_text_than_can_be_held_is_refused(tmp_path, monkeypatch):
    path = made(
        tmp_path / "a.db",
        "CREATE TABLE t (words text)",
        "INSERT INTO t VALUES ('0123456789'), ('0123456789')",
    )
    monkeypatch.setattr(reading, "MAX_TEXT_BYTES", 15)
    with pytest.raises(StudyError) as error:
        rows(path, "t", "words")
    assert codes(error) == ["M31"]


def test_one_value_larger_than_any_transcript_is_refused(tmp_path):
    path = made(tmp_path / "a.db", "CREATE TABLE t (words)", "INSERT INTO t VALUES (zeroblob(40000000))")
    with pytest.raises(StudyError) as error:
        rows(path, "t", "words")
    assert codes(error) == ["M30"]
