"""Bad inputs: SQLite files of coding programs that are damaged, hostile, or sound but for one thing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from importers.program_files import QUALCODER, TAGUETTE, database

from bad_inputs.case import CANARY, Export

TEXT = f"The {CANARY} felt heard.\r\nNobody called."  # heard 20-25, Nobody 28-34
Rows = Mapping[str, Sequence[Mapping[str, object]]]
Make = Callable[[Path], object]


def coded(number: int, start: object, end: object, words: object, **more: object) -> dict[str, object]:
    """A coding of QualCoder."""
    made: dict[str, object] = {
        "ctid": number,
        "cid": 1,
        "fid": 1,
        "seltext": words,
        "pos0": start,
        "pos1": end,
    }
    return made | {"owner": "ann", "date": "2026-01-02 03:04:05", "memo": ""} | more


HEARD = coded(1, 20, 25, "heard")
PROJECT: Rows = {
    "project": [{"about": "QualCoder 4.0"}],
    "source": [{"id": 1, "name": "one.txt", "fulltext": TEXT}],
    "code_name": [{"cid": 1, "name": "heard", "memo": "", "catid": None}],
    "code_text": [HEARD],
    "cases": [{"caseid": 1, "name": "P01"}],
    "case_text": [{"caseid": 1, "fid": 1, "pos0": 0, "pos1": len(TEXT)}],
}
MARKED: Rows = {
    "projects": [{"id": 1}],
    "documents": [{"id": 1, "name": "one", "description": "", "contents": f"<p>The {CANARY} felt heard</p>"}],
    "tags": [{"id": 1, "path": "alliance", "description": ""}],
    "highlights": [
        {"id": 1, "document_id": 1, "start_offset": 20, "end_offset": 25, "snippet": "<p>heard</p>"}
    ],
    "highlight_tags": [{"highlight_id": 1, "tag_id": 1}],
}
MARK = MARKED["highlights"][0]


def qualcoder(schema: Mapping[str, str] = QUALCODER, **rows: Sequence[Mapping[str, object]]) -> Make:
    """A project of QualCoder with some tables changed."""
    return partial(
        database, schema=schema, rows={k: v for k, v in {**PROJECT, **rows}.items() if k in schema}
    )


def taguette(**rows: Sequence[Mapping[str, object]]) -> Make:
    """A project of Taguette with some tables changed."""
    return partial(database, schema=TAGUETTE, rows={**MARKED, **rows})


def and_then(*statements: str) -> Make:
    """A sound project of QualCoder to which something was done."""

    def make(path: Path) -> None:
        qualcoder()(path)
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return make


def cut(keep: float) -> Make:
    """A sound project of which a part was copied."""

    def make(path: Path) -> None:
        qualcoder()(path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])

    return make


def scribbled(path: Path) -> None:
    """Noise over the pages behind the first."""
    qualcoder()(path)
    data = bytearray(path.read_bytes())
    data[4096:20000] = b"\xa5" * len(data[4096:20000])
    path.write_bytes(data)


def unfinished(path: Path) -> None:
    """A project whose last changes stand in a journal beside it."""
    qualcoder()(path)
    Path(f"{path}-wal").write_bytes(b"x" * 100)


def rolled_back(path: Path) -> None:
    """A project whose program crashed inside a change."""
    qualcoder()(path)
    Path(f"{path}-journal").write_bytes(b"x" * 100)


def enormous(path: Path) -> None:
    """A file of two gigabytes that takes no room on the disk."""
    qualcoder()(path)
    with path.open("r+b") as file:
        file.truncate(2 * 1024**3)


LOOSE = {name: ", ".join(part.split()[0] for part in columns.split(",") if "unique" not in part)
         for name, columns in QUALCODER.items()}  # fmt: skip
WITHOUT_CODINGS = {name: columns for name, columns in QUALCODER.items() if name != "code_text"}
RENAMED = QUALCODER | {"code_text": QUALCODER["code_text"].replace("pos0", "start")}
AS_QUALCODER = ("--format", "qualcoder")
CASES = [
    # the file
    Export("text called .qda", "data.qda", f"the {CANARY}", "M30", ("the coding program writes",)),
    Export("database of nothing", "data.qda", b"", "M30", ("save or export it there again",), words=AS_QUALCODER),
    Export("database of a header alone", "data.qda", b"SQLite format 3\x00" + b"\0" * 4080, "M30", words=AS_QUALCODER),
    Export("database with a password", "data.qda", bytes(range(256)) * 64, "M30", words=AS_QUALCODER),
    Export("database of which a third was copied", "data.qda", cut(0.3), "M30", words=AS_QUALCODER),
    Export("database with noise in it", "data.qda", scribbled, "M30", words=AS_QUALCODER),
    Export("database of two gigabytes", "data.qda", enormous, "M31", ("at most 512 MB",), words=AS_QUALCODER),
    Export("folder in the place of a database", "data.qda", lambda path: path.mkdir(), "M36",
           ("no ordinary file",), words=AS_QUALCODER),
    Export("database that is still open elsewhere", "data.qda", unfinished, "M34", ("Close the project",),
           words=AS_QUALCODER),
    Export("database whose program crashed", "data.qda", rolled_back, "M34", ("Close the project",),
           words=AS_QUALCODER),
    # what is in it is not what it seems
    Export("database of another program", "data.qda", and_then("DROP TABLE code_text"), "M33", ("code_text.",),
           words=AS_QUALCODER),
    Export("database without its codings", "data.qda", qualcoder(WITHOUT_CODINGS), "M33", ("code_text.ctid",),
           words=AS_QUALCODER),
    Export("database with a column called otherwise", "data.qda", qualcoder(RENAMED, code_text=[]), "M33",
           ("code_text.pos0",), words=AS_QUALCODER),
    Export("view in the place of a table", "data.qda",
           and_then("DROP TABLE code_text", "CREATE VIEW code_text AS SELECT 1 ctid, 1 cid, 1 fid, 'x' seltext, "
                    "0 pos0, 1 pos1, 'ann' owner, '' date, '' memo"), "M33", ("code_text.",), words=AS_QUALCODER),
    Export("view that never ends", "data.qda",
           and_then("DROP TABLE cases", "CREATE VIEW cases AS WITH RECURSIVE n(caseid) AS (SELECT 1 UNION ALL SELECT "
                    "caseid + 1 FROM n) SELECT caseid, 'P01' name FROM n"), "M33", ("cases.",), words=AS_QUALCODER),
    Export("table that another program keeps", "data.qda",
           and_then("DROP TABLE code_text", "CREATE VIRTUAL TABLE code_text USING fts5(ctid, cid, fid, seltext, pos0, "
                    "pos1, owner, date, memo)"), "M33", ("code_text.",), words=AS_QUALCODER),
    Export("column that calculates", "data.qda",
           qualcoder(QUALCODER | {"cases": "caseid integer primary key, name text as (hex(zeroblob(9))) stored"},
                     cases=[{"caseid": 1}]), "M33", ("cases.name",), words=AS_QUALCODER),
    Export("trigger", "data.qda", and_then("CREATE TRIGGER t AFTER INSERT ON cases BEGIN DELETE FROM code_text; END"),
           "", codings=1),
    Export("several projects of Taguette", "p.sqlite3", taguette(projects=[{"id": 1}, {"id": 2}]), "M35",
           ("export it there as a SQLite database",)),
    # rows
    Export("coding of a document that does not exist", "data.qda", qualcoder(code_text=[HEARD, coded(
        2, 1, 3, "x", fid=9)]), "dropped codings", ("does not exist",), codings=1),
    Export("stored coding with a code that does not exist", "data.qda", qualcoder(code_text=[HEARD, coded(
        2, 1, 3, "x", cid=9)]), "dropped codings", ("does not exist",), codings=1),
    Export("place past the end of the text", "data.qda", qualcoder(code_text=[HEARD, coded(
        2, 9_000, 9_005, "called")]), "guessed codings", ("outside the text",), codings=2),
    Export("stored place that is no number", "data.qda", qualcoder(LOOSE, code_text=[HEARD, coded(
        2, "x", "y", "called")]), "guessed codings", ("outside the text",), codings=2),
    Export("words other than those of the text", "data.qda", qualcoder(code_text=[HEARD, coded(
        2, 28, 34, "Somebody")]), "guessed codings", ("differ",), codings=2),
    Export("coding twice", "data.qda", qualcoder(code_text=[HEARD, coded(2, 20, 25, "heard")]), "merged codings",
           ("repeat the same code",), codings=1),
    Export("coding that nobody signed", "data.qda", qualcoder(code_text=[coded(1, 20, 25, "heard", owner="")]),
           "read codings", ("nobody signed",), codings=1),
    Export("bytes that are no text", "data.qda", qualcoder(LOOSE, code_name=[
        {"cid": 1, "name": b"hea\xffrd", "memo": b"\xff\xfe", "catid": None}]), "read sources",
           ("no text",), n=2, codings=1),
    Export("code inside itself", "data.qda", qualcoder(code_cat=[
        {"catid": 1, "name": "A", "supercatid": 2}, {"catid": 2, "name": "B", "supercatid": 1}]), "guessed codes",
           ("inside themselves",), n=2, codings=1),
    Export("case of no document", "data.qda", qualcoder(cases=[
        {"caseid": 1, "name": "P01"}, {"caseid": 2, "name": "P02"}]), "orphaned cases", ("Cases without",), codings=1),
    Export("highlight past the end of the text", "p.sqlite3", taguette(
        highlights=[{**MARK, "start_offset": 900, "end_offset": 905}]), "guessed codings", ("outside the text",),
           codings=1),
    Export("highlight without a tag", "p.sqlite3", taguette(highlight_tags=[]), "orphaned codings",
           ("without a tag",), codings=0),
    Export("tag that does not exist", "p.sqlite3", taguette(
        highlight_tags=[{"highlight_id": 1, "tag_id": 1}, {"highlight_id": 1, "tag_id": 9}]), "dropped codings",
           ("tag that does not exist",), codings=1),
    Export("highlight of a document that does not exist", "p.sqlite3", taguette(
        highlights=[MARK, {**MARK, "id": 2, "document_id": 9}],
        highlight_tags=[{"highlight_id": 1, "tag_id": 1}, {"highlight_id": 2, "tag_id": 1}]), "dropped codings",
           ("do not exist",), codings=1),
    Export("script in a document", "p.sqlite3", taguette(documents=[
        {"id": 1, "name": "<script>alert(1)</script>", "description": "",
         "contents": f"<script>alert(1)</script><p>The {CANARY} felt heard</p>"}]), "guessed codings", ("differ",),
           codings=1, never=("<script>alert",)),
]  # fmt: skip
