"""What does a file cost that is just small enough to be read? ``python tests/attacks/file_limits.py [part of a name]``

The files of the corpus are refused early; these are not. Each is as large, as deep or as awkward as the limits allow
and goes through the real command line in a process of its own. The table beside this file is written; promised are 20
seconds and 600 MB for each.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import openpyxl

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from bad_inputs.case import A, B, C, D, P, S, W, Y  # noqa: E402
from bad_inputs.databases import QUALCODER, TEXT, qualcoder  # noqa: E402
from bad_inputs.workbooks import SHEET, XLSX, book, repacked  # noqa: E402
from importers.qdpx_files import CODE, guid, pack, project, selection, text_source  # noqa: E402
from tiny_study import CODEBOOK, PARTICIPANTS, SEGMENTS, STUDY, write_study  # noqa: E402

PAGE = Path(__file__).with_suffix(".md")
MOST_SECONDS, MOST_MEGABYTES = 20.0, 600
NOISE = random.Random(11)
Maker = Callable[[Path], list[str]]


def words(characters: int) -> str:
    """Letters without an order, so that no archive can make them small."""
    return NOISE.randbytes(characters // 2).hex()


def study(folder: Path, **files: str | bytes | None) -> list[str]:
    """The tiny study with some files; the command checks it."""
    names = {"P": P, "S": S, "D": D, "A": A, "C": C, "Y": Y, "B": B, "W": W}
    write_study(folder, {names[name]: content for name, content in files.items()})
    return ["check", str(folder), "--json"]


def long_answers(folder: Path) -> list[str]:
    head = SEGMENTS.splitlines()[0]
    answer = "she said nothing " * 70
    rows = [f"S{n:05},P01,A.cold,c1,D01,{n},{n + 9},{answer}{n},independent,,yes" for n in range(40_000)]
    return study(folder, S="\n".join([head, *rows]))


def many_people(folder: Path) -> list[str]:
    head = PARTICIPANTS.splitlines()[0]
    rows = [f"X{n:06},helpful,completed_agreed,12,12,T1,34,2023-09-04,2023-12-11" for n in range(380_000)]
    return study(folder, P="\n".join([head, *rows]))


def one_line(folder: Path) -> list[str]:
    return study(folder, P="x" * 49_000_000)


def quotation_marks(folder: Path) -> list[str]:
    return study(folder, S=SEGMENTS.splitlines()[0] + "\n" + '"\n' * 20_000_000)


def swallowing(folder: Path) -> list[str]:
    row = 'S1,P01,A.cold,c1,D01,0,50,"' + "a,b\n" * 200_000 + '",independent,,yes\n'
    return study(folder, S=SEGMENTS.splitlines()[0] + "\n" + row * 50)


def wide(folder: Path) -> list[str]:
    names = ",".join(f"therapist_id_of_visit_number_{n}" for n in range(4_990))
    return study(folder, P=f"participant_id,{names}\n" + "".join(f"P{n},{',' * 4_989}\n" for n in range(600)))


def wrong_levels(folder: Path) -> list[str]:
    head = PARTICIPANTS.splitlines()[0]
    rows = [f"X{n:06},helpful{n},completed_agreed,12,12,T1,34,2023-09-04,2023-12-11" for n in range(300_000)]
    return study(folder, P="\n".join([head, *rows]))


def unknown_codes(folder: Path) -> list[str]:
    head = SEGMENTS.splitlines()[0]
    rows = [f"S{n:06},P01,A.cold{n},c1,D01,{n},{n + 9},x,independent,,yes" for n in range(300_000)]
    return study(folder, S="\n".join([head, *rows]))


def unseen_letters(folder: Path) -> list[str]:
    head = SEGMENTS.splitlines()[0]
    rows = [
        f"S{n:06},P01,A.cold,c1,D01,{n},{n + 9},\u200be\u0301'=\u00a0{n}\ufffd,independent,,yes"
        for n in range(300_000)
    ]
    return study(folder, S="\n".join([head, *rows]))


def workbook_of_numbers(folder: Path) -> list[str]:
    command = study(folder, P=None)
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("people")
    sheet.append(["participant_id", *(f"x{n}" for n in range(49))])
    for n in range(9_900):
        sheet.append([f"P{n}", *(n * k for k in range(49))])
    made.save(folder / XLSX)
    return command


def workbook_of_texts(folder: Path) -> list[str]:
    command = study(folder, P=None)
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = f"<sst {space}>" + "".join(f"<si><t>{words(900_000)}</t></si>" for _ in range(130)) + "</sst>"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"

    def named(data: bytes) -> bytes:
        part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
        return data.replace(b"</Types>", part.encode())

    repacked(
        folder / XLSX,
        part="[Content_Types].xml",
        change=named,
        extra={"xl/sharedStrings.xml": strings.encode()},
    )
    return command


def workbook_of_elements(folder: Path) -> list[str]:
    command = study(folder, P=None)
    extra = {f"xl/x{n}.xml": ("<a>" + f"<b c='{n}'/>" * 149_000 + "</a>").encode() for n in range(12)}
    path = folder / XLSX
    book(path)
    with zipfile.ZipFile(path, "a") as archive:  # not packed, so that no ratio is too great
        for name, data in extra.items():
            archive.writestr(name, data)
    return command


def formats_alone(folder: Path) -> list[str]:
    command = study(folder, P=None)
    cells = "".join(f'<c r="A{n}" s="0"/>' for n in range(20, 480_000))
    rows = "".join(f'<row r="{n}">{cell}</row>' for n, cell in enumerate(cells.split("/>")[:-1], start=20))
    rows = rows.replace("</row>", "/></row>")

    def change(data: bytes) -> bytes:
        return data.replace(b"</sheetData>", rows.encode() + b"</sheetData>")

    repacked(folder / XLSX, part=SHEET, change=change)
    return command


def yaml_of_keys(folder: Path) -> list[str]:
    return study(folder, Y=STUDY + "".join(f"multiplicity_number_{n:06}: 1\n" for n in range(15_000)))


def yaml_of_themes(folder: Path) -> list[str]:
    return study(
        folder, B=CODEBOOK + "".join(f"  - {{id: t{n}, label: x, parent: t{n + 1}}}\n" for n in range(10_000))
    )


def yaml_of_brackets(folder: Path) -> list[str]:
    return study(folder, Y=STUDY + "strata: [" + "[a], " * 99_000 + "]\n")


def exported(folder: Path, path: Path) -> list[str]:
    (folder / "study").mkdir()
    write_study(folder / "study")
    return ["import", str(path), "--study", str(folder / "study"), "--wave", "w2"]


def project_of_text(folder: Path) -> list[str]:
    sources = "".join(
        text_source(selection(0, 5, number=n), key=guid(5_000 + n), name=f"D{n}", path=f"internal://{n}.txt")
        for n in range(100)
    )
    texts = {f"sources/{n}.txt": f"first {words(1_200_000)} last" for n in range(60)}
    return exported(folder, pack(folder / "p.qdpx", project(sources), texts))


def project_of_codings(folder: Path) -> list[str]:
    text = "word " * 49_900
    inside = "".join(selection(5 * n, 5 * n + 4, number=n) for n in range(49_900))
    sources = "".join(text_source(inside, key=guid(900_000 + n), name=f"D{n}") for n in range(4))
    path = folder / "p.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", project(sources))
        archive.writestr("sources/one.txt", text)
    return exported(folder, path)


def project_of_attributes(folder: Path) -> list[str]:
    codes = "".join(
        f'<Code guid="{guid(10_000 + n)}" name="{words(6_000)}" isCodable="true"/>' for n in range(19_000)
    )
    sources = text_source(selection(0, 4), key=guid(1))
    first = f'<Code guid="{CODE}" name="a" isCodable="true"/>'
    return exported(
        folder, pack(folder / "p.qdpx", project(sources, codes=first + codes), {"sources/one.txt": "word"})
    )


def database_of_rows(folder: Path) -> list[str]:
    import sqlite3  # noqa: PLC0415

    path = folder / "data.qda"
    qualcoder()(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO code_text (cid, fid, seltext, pos0, pos1, owner, date, memo) "
            "VALUES (1, 1, ?, ?, ?, 'ann', '', '')",
            ((TEXT[n % 20 : n % 20 + 5], n % 20, n % 20 + 5) for n in range(400_000)),
        )
        connection.commit()
    return exported(folder, path)


def database_of_text(folder: Path) -> list[str]:
    rows = [{"id": n, "name": f"{n}.txt", "fulltext": words(10_000_000)} for n in range(2, 14)]
    path = folder / "data.qda"
    qualcoder(QUALCODER, source=[{"id": 1, "name": "one.txt", "fulltext": TEXT}, *rows])(path)
    return exported(folder, path)


MAKERS: dict[str, Maker] = {
    "csv: 40,000 answers, 49 MB": long_answers,
    "csv: 380,000 people, 3.4 million cells": many_people,
    "csv: one line of 49 MB": one_line,
    "csv: 20 million quotation marks": quotation_marks,
    "csv: answers that look like swallowed rows": swallowing,
    "csv: 4,991 columns that resemble known ones": wide,
    "csv: 300,000 wrong levels": wrong_levels,
    "csv: 300,000 unknown codes": unknown_codes,
    "csv: 300,000 answers of unseen letters": unseen_letters,
    "xlsx: 490,000 numbers": workbook_of_numbers,
    "xlsx: 117 MB of texts": workbook_of_texts,
    "xlsx: 1.8 million elements in other parts": workbook_of_elements,
    "xlsx: 480,000 rows of formats": formats_alone,
    "yaml: 15,000 unknown keys": yaml_of_keys,
    "yaml: 10,000 themes below one another": yaml_of_themes,
    "yaml: 99,000 brackets": yaml_of_brackets,
    "qdpx: 72 MB of texts": project_of_text,
    "qdpx: 199,600 codings": project_of_codings,
    "qdpx: 114 MB of names": project_of_attributes,
    "sqlite: 400,000 codings": database_of_rows,
    "sqlite: 120 MB of texts": database_of_text,
}


def measured(make: Maker) -> dict[str, object]:
    """What one file came to."""
    with tempfile.TemporaryDirectory() as folder:
        command = make(Path(folder))
        ran = subprocess.run(
            [sys.executable, "-m", "bad_inputs.warm_command"],
            input=json.dumps([command]),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent)))},
        )
    return dict(json.loads(ran.stdout)[0])


def main(wanted: list[str]) -> int:
    rows, bad = [], 0
    for name, make in MAKERS.items():
        if wanted and not any(part in name for part in wanted):
            continue
        result = measured(make)
        said = f"{result['out']}{result['err']}"
        seconds, memory = float(str(result["seconds"])), int(str(result["megabytes"]))
        fault = "traceback" if "Traceback" in said or result["code"] not in (0, 1) else ""
        fault = fault or (
            "too slow" if seconds > MOST_SECONDS else "too large" if memory > MOST_MEGABYTES else ""
        )
        bad += bool(fault)
        came_to = "refused" if result["code"] == 1 else "read"
        rows.append(f"| {name} | {came_to} | {seconds:.1f} | {memory} | {fault or 'as promised'} |")
        print(rows[-1], flush=True)
        if fault == "traceback":
            print(said[-1500:])
    if not wanted:
        PAGE.write_text(
            f"# Files just within the limits, {datetime.now(UTC).date()}\n\n"
            f"{len(rows)} files, {bad} beyond {MOST_SECONDS:g} s or {MOST_MEGABYTES} MB. Seconds are processor seconds "
            "without the imports, MB the peak of the\nprocess with them. Written by "
            "`python tests/attacks/file_limits.py`.\n\n| file | came to | seconds | MB | |\n|---|---|---|---|---|\n"
            + "\n".join(rows)
            + "\n",
            encoding="utf-8",
        )
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
