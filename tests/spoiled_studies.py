"""A valid study with exactly one thing wrong, and what has to be said of it: code, file, line and column.

The line is counted in the text of the spoilt file, never taken from what the library says. Whatever is typed into a
cell here holds ``HELD``, which no message may repeat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass

from drawn_study import DrawnStudy
from hypothesis import strategies as st
from study_strategies import HELD, studies

P, S, C, A, D, R = "participants", "coded_segments", "consent", "assignments", "documents", "quote_reviews"
Y, B = "study.yaml", "codebook.yaml"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Expected:
    """The finding that has to come of a change."""

    code: str
    file: str
    line: int | None
    column: str | None = None
    level: str = "stop"


@dataclass(frozen=True)
class Spoiled:
    """Files of a valid study, the same with one change, and everything that is to be said of the change."""

    kind: str
    sound: Files
    files: Files
    expected: frozenset[Expected]


Change = Callable[[DrawnStudy], tuple[Files, Expected | list[Expected]]]


@dataclass(frozen=True)
class Kind:
    """One way to spoil a study; ``needs`` are the tables that have to be there."""

    change: Change
    needs: tuple[str, ...] = ()


def spoiled(kind: str, *, most: int = 16, most_waves: int = 2) -> st.SearchStrategy[Spoiled]:
    """Studies that are spoilt in this way."""

    def made(study: DrawnStudy) -> Spoiled:
        plain = study.written_plainly()
        files, expected = KINDS[kind].change(deepcopy(plain))
        every = expected if isinstance(expected, list) else [expected]
        return Spoiled(kind, plain.files(), files, frozenset(every))

    return studies(most=most, most_waves=most_waves, needs=KINDS[kind].needs).map(made)


# A cell, a row, a header


def cell(name: str, column: str, value: str, code: str, *, row: int = -1, level: str = "stop") -> Change:
    """Another value in one cell."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        table = study.table(name)
        place = row % len(table.rows)
        table.rows[place][column] = value
        return study.files(), Expected(code, study.file(name), study.line(name, place), column, level)

    return change


def row(
    name: str, code: str, column: str, *, like: int | None = None, level: str = "stop", **cells: str
) -> Change:
    """One row more, from nothing or like another row."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        table = study.table(name)
        table.add(**{**(table.rows[like] if like is not None else {}), **cells})
        return study.files(), Expected(
            code, study.file(name), study.line(name, len(table.rows) - 1), column, level
        )

    return change


def header(
    name: str, old: str, new: str, code: str, *, column: str | None = None, level: str = "stop"
) -> Change:
    """Another name of a column."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        files = study.files()
        lines = study.lines(name)
        lines[0] = lines[0].replace(old, new)
        return files | {study.file(name): "".join(lines).encode()}, Expected(
            code, study.file(name), 1, column or new, level
        )

    return change


def foreign_byte(study: DrawnStudy) -> tuple[Files, Expected]:
    """A byte in a row that is neither UTF-8 nor Western European text."""
    lines = [each.encode() for each in study.lines(P)]
    mixed = not all(each.isascii() for each in lines)  # others of the file are UTF-8 beyond doubt
    line = 1 + b"".join(lines[:2]).count(b"\n")
    lines[2] = lines[2][:-1] + b"\x81\n"
    return study.files() | {study.file(P): b"".join(lines)}, Expected(
        "R33" if mixed else "R34", study.file(P), line
    )


def text(name: str, edit: Callable[[str], str], code: str, *, at: int = 2) -> Change:
    """One row as it stands in the file, edited; ``at`` counts rows from the header."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        lines = study.lines(name)
        line = 1 + "".join(lines[:at]).count("\n")
        lines[at] = edit(lines[at])
        return study.files() | {study.file(name): "".join(lines).encode()}, Expected(
            code, study.file(name), line
        )

    return change


def ended_first(study: DrawnStudy) -> tuple[Files, Expected]:
    """The two dates of a therapy exchanged."""
    people = study.table(P).rows
    place = next(i for i, each in enumerate(people) if each["ended_on"])
    people[place] |= {"started_on": people[place]["ended_on"], "ended_on": people[place]["started_on"]}
    return study.files(), Expected("X07", study.file(P), study.line(P, place), "ended_on")


def shifted(study: DrawnStudy) -> tuple[Files, Expected]:
    """A separator at the end of every row."""
    first, *others = study.lines(P)
    content = "".join([first, *(line.replace("\n", ",\n") for line in others)])
    return study.files() | {study.file(P): content.encode()}, Expected("R46", study.file(P), 2)


def without_column(name: str, column: str, code: str) -> Change:
    """A column less."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        study.table(name).columns.remove(column)
        return study.files(), Expected(code, study.file(name), 1, column)

    return change


def theme_as_column(study: DrawnStudy) -> tuple[Files, Expected]:
    """A theme beside age and gender."""
    theme = study.themes[0]["id"]
    for each in study.table(P).rows:
        each[theme] = "1"
    study.table(P).columns.append(theme)
    return study.files(), Expected("T03", study.file(P), 1, theme)


def another_persons(study: DrawnStudy) -> tuple[Files, Expected]:
    """Words of one person in the document of another."""
    table, people = study.table(S), [each["participant_id"] for each in study.table(P).rows]
    who = table.rows[0]["participant_id"] if table.rows else people[0]
    other = next(name for name in people if name != who)
    table.add(segment_id="spoilt", participant_id=who, code_id=study.themes[0]["id"], document_id=f"D{other}",
              round="independent")  # fmt: skip
    return study.files(), Expected("X15", study.file(S), study.line(S, len(table.rows) - 1), "document_id")


def two_people(study: DrawnStudy) -> tuple[Files, Expected]:
    """A segment of two people."""
    table = study.table(S)
    rows = table.rows
    first, second = (each["participant_id"] for each in study.table(P).rows[:2])
    for who in (first, second):
        table.add(segment_id="spoilt", participant_id=who, code_id=study.themes[0]["id"], round="independent")
    rows[-1]["coder_id"] = "c1"  # two rows of a segment and a code are of two coders
    return study.files(), Expected("X14", study.file(S), study.line(S, len(rows) - 1), "participant_id")


def retired(study: DrawnStudy) -> tuple[Files, list[Expected]]:
    """A theme that is retired and coded."""
    theme = study.themes[0]
    coded(participant_id=study.table(P).rows[0]["participant_id"])(study)
    study.themes[0] = theme | {"status": "retired"}
    found = []
    for wave in study.settings["waves"]:
        codes = [each["code_id"] for each in study.tables[wave, S].rows]
        if theme["id"] in codes:
            line = study.line(S, codes.index(theme["id"]), wave)
            found.append(Expected("X04", study.file(S, wave), line, "code_id", "warn"))
    return study.files(), found


def coded(code: str = "", column: str = "", **cells: str) -> Change:
    """One coding more, of somebody who is there."""

    def change(study: DrawnStudy) -> tuple[Files, list[Expected]]:
        table = study.table(S)
        first = {"participant_id": study.table(P).rows[0]["participant_id"], "code_id": study.themes[0]["id"]}
        table.add(**{"segment_id": "spoilt", "round": "independent", **first, **cells})
        here = study.file(S), study.line(S, len(table.rows) - 1)
        found = [Expected(code, *here, column)]
        if (
            "nobody-9" in cells.values() and (study.last, D) in study.tables
        ):  # who is not there said nothing either
            found.append(Expected("X16", *here, column, "warn"))
        return study.files(), found

    return change


def withdrawn_once(study: DrawnStudy) -> tuple[Files, list[Expected]]:
    """A withdrawal that stands in the first wave alone."""
    first, *later = study.settings["waves"]
    rows = study.tables[first, C].rows
    place = next(i for i, each in enumerate(rows) if each["granted"] == "yes" and not each["withdrawn_on"])
    rows[place]["withdrawn_on"] = "2021-05-01"
    found = [
        Expected("X30", study.file(C, wave), study.line(C, place, wave), "withdrawn_on") for wave in later
    ]
    return study.files(), found


def reviewed(code: str, fingerprint: str, level: str = "stop") -> Change:
    """A review of a segment that is there under this fingerprint."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        coded(text=f"{HELD} new")(study)
        table = study.table(R)
        table.add(segment_id="spoilt", text_sha256=fingerprint, decision="release", reviewed_on="2024-05-03")
        return study.files(), Expected(
            code, study.file(R), study.line(R, len(table.rows) - 1), "text_sha256", level
        )

    return change


# Rules and the codebook


def rules(code: str, column: str, old: str, new: str, *, file: str = Y, line_of: str | None = None) -> Change:
    """Other words in study.yaml, wave.yaml or the codebook; ``line_of`` begins the line that is named."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        name = file.replace("wave.yaml", f"waves/{study.last}/wave.yaml")
        files = study.files()
        content = files[name].decode().replace(old, new, 1)
        lines = content.split("\n")
        here = next(
            i
            for i, each in enumerate(lines, start=1)
            if (line_of or new.rsplit("\n", maxsplit=1)[-1]) in each
        )
        return files | {name: content.encode()}, Expected(code, name, here, column or None)

    return change


def themes(code: str, column: str, *added: dict[str, str], parent_of_first: str | None = None) -> Change:
    """Themes more at the end of the codebook, or another parent of the first."""

    def change(study: DrawnStudy) -> tuple[Files, Expected]:
        if parent_of_first is not None:
            study.themes[0]["parent"] = parent_of_first
        study.themes += added
        line = 2 if parent_of_first is not None else 1 + len(study.themes)
        return study.files(), Expected(code, B, line, column)

    return change


def correction(study: DrawnStudy) -> tuple[Files, Expected]:
    """A correction of somebody who is not there."""
    name = f"waves/{study.last}/corrections.csv"
    head = "table,key,column,old,new,reason,corrected_by,corrected_on\n"
    line = f"participants,nobody-9,age,1,2,{HELD},dm,2024-05-01\n"
    return study.files() | {name: f"{head}{line}".encode()}, Expected("K02", name, 2, "key")


def no_folder(study: DrawnStudy) -> tuple[Files, Expected]:
    """A wave that is listed and not there."""
    study.settings["waves"].append("w9")
    return study.files(), Expected("W05", "waves/w9", None)


def broken_quote(line: str) -> str:
    """A quotation mark that opens a value and is never closed."""
    first, rest = line.split(",", 1)
    return f'{first},"{rest}'


def _people(*kinds: tuple[str, Change]) -> Iterable[tuple[str, Kind]]:
    return ((name, Kind(change)) for name, change in kinds)


KINDS: dict[str, Kind] = dict([
    *_people(
        ("id missing", row(P, "T05", P[:-1] + "_id", like=0, participant_id="")),
        ("id twice", row(P, "T13", "participant_id", like=0)),
        ("id that is a date", row(P, "T10", "participant_id", participant_id="2024-03-28")),
        ("id that is a health-service number", row(P, "T11", "participant_id", participant_id="9434765919")),
        ("id that is an address", row(P, "T12", "participant_id", participant_id=f"{HELD}@mail.org")),
        ("id over two lines", row(P, "T12", "participant_id", participant_id=f"{HELD}\nP7")),
        ("sum below the table", row(P, "T18", "participant_id", participant_id="Total")),
        ("wrong level", cell(P, "termination_type", f"{HELD} ended it", "T06")),
        ("level of another column", cell(P, "delivery_mode", "helpful", "T06")),
        ("age out of range", cell(P, "age", "340", "T09")),
        ("negative age", cell(P, "age", "-3", "T09", row=1)),
        ("age in words", cell(P, "age", HELD, "T08")),
        ("date of another country", cell(P, "started_on", "05.09.2023", "T07")),
        ("dates exchanged", ended_first),
        ("misspelt column", header(P, "therapist_id", "therapst_id", "T04", level="warn")),
        ("column twice", header(P, "gender", "site_id", "R13")),
        ("no id column", without_column(P, "participant_id", "T01")),
        ("theme among the columns", theme_as_column),
        ("a separator too many in a row", text(P, lambda line: line.replace(",", ",,", 1), "R45")),
        ("a separator too few in a row", text(P, lambda line: line.replace(",", "", 1), "R44")),
        ("a separator behind every row", shifted),
        ("NUL", text(P, lambda line: line.replace(",", "\0,", 1), "R22")),
        ("a byte of another encoding", foreign_byte),
        ("a quotation mark that is not closed", text(P, broken_quote, "R47")),
        ("segment of a person without a row", coded("X02", "participant_id", participant_id="nobody-9")),
        ("unknown code", coded("X03", "code_id", code_id=HELD)),
        ("segment id missing", coded("T05", "segment_id", segment_id="")),
        ("segment without length", coded("X05", "end", start="9", end="9")),
        ("segment of two people", two_people),
        ("coder with a blank", coded("T12", "coder_id", coder_id=f"{HELD} c")),
        ("consent column misspelt", header(S, "quote_consent", "quote_consnt", "T16")),
        ("retired theme coded", retired),
        ("correction of nobody", correction),
        ("misspelt key", rules("Y07", "n_permutation", "n_permutations:", "n_permutation:")),
        ("key twice", rules("Y05", "title", "planned_looks:", "title: x\nplanned_looks:", line_of="title: x")),
        ("value that is not allowed", rules("Y09", "theme_timing", "theme_timing: ", f"theme_timing: {HELD}")),
        ("unknown reference", rules("S02", "outcome.reference", "reference: ", "reference: zz")),
        ("model of an unknown theme", rules("S05", "termination_models.event", "event: ", "event: un")),
        ("anchor", rules("Y04", "", "study: drawn", "study: &a drawn")),
        ("wave that closes first", rules("X21", "closed", "closed: 20", "closed: 19", file="wave.yaml")),
        ("half a look", rules("Y06", "look", "\nlook: ", "\nlook: 0.", file="wave.yaml")),
        ("wave without a folder", no_folder),
        ("theme above itself", themes("C03", "parent", parent_of_first="A")),
        ("theme twice", themes("C01", "id", {"id": "A", "label": "again"})),
        ("theme that differs in case", themes("C07", "id", {"id": "a", "label": "again"})),
        ("unknown parent", themes("C02", "parent", {"id": "Q.x", "label": "again", "parent": "Q"})),
    ),
    ("consent of a person without a row", Kind(
        row(C, "X02", "participant_id", participant_id="nobody-9", scope="quote", granted="yes"), (C,))),
    ("consent withdrawn without a date", Kind(cell(C, "withdrawn_on", "yes", "T07"), (C,))),
    ("consent left blank", Kind(cell(C, "granted", "", "T05"), (C,))),
    ("consent in another language", Kind(cell(C, "granted", "ja", "T06"), (C,))),
    ("consent twice", Kind(row(C, "T13", "participant_id", like=0), (C,))),
    ("withdrawal misspelt", Kind(header(C, "withdrawn_on", "withdrawn", "T16"), (C,))),
    ("withdrawal in one wave of a panel", Kind(withdrawn_once, (C, "panel"))),
    ("bad fingerprint", Kind(reviewed("T12", "abc"), (R,))),
    ("review of other words", Kind(reviewed("X11", hashlib.sha256(b"other words").hexdigest(), "warn"), (R,))),
    ("document twice", Kind(row(D, "T13", "document_id", like=0), (D,))),
    ("words with a comma", Kind(cell(D, "n_words", "1,050", "T08"), (D,))),
    ("segment of another person's document", Kind(another_persons, (D,))),
    ("assignment to nobody", Kind(row(A, "T05", "coder_id", like=0, coder_id=""), (A,))),
])  # fmt: skip
