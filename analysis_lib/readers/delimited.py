"""How a .csv or .tsv file becomes a table of text.

The encoding and the separator are decided from the bytes and said; a row that does not fit is named by the
line of the file it starts in, never repaired.

References: RFC 4180; Unicode Standard, section 3.10 (byte-order marks); WHATWG Encoding Standard (cp1252).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from analysis_lib.errors import Finding, StudyError, did_you_mean
from analysis_lib.readers.table import (
    CELL_TOO_LONG,
    EMPTY,
    HALF_CHARACTER,
    LISTED,
    MAX_CELL_CHARACTERS,
    MAX_CELLS,
    NUL,
    TOO_MANY_CELLS,
    RawTable,
    Rule,
    UncleanedRows,
    make_table,
)
from analysis_lib.readers.values import shown_name

MAX_BYTES = 50 * 1024**2
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "cp1250",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "mac-roman",
)

TOO_LARGE = Rule(
    "R06", "stop", "The file is too large to be read.", "Keep only the rows and columns of this wave."
)
NOT_TEXT = Rule(
    "R08",
    "stop",
    "The name says text, but this is another kind of file.",
    "Open it in the program it came from and save it as .csv, or give it its proper ending.",
)
WESTERN = Rule(
    "R30",
    "warn",
    "The file is not UTF-8; it was read as Western European text (cp1252).",
    "Look at an accented letter in the report; saving the file as UTF-8 settles it.",
)
MARKED_UTF8 = Rule(
    "R31", "note", "Read as UTF-8, as the mark at the start of the file says.", "Nothing to do."
)
MARKED_UTF16 = Rule(
    "R32", "note", "Read as UTF-16, as the mark at the start of the file says.", "Nothing to do."
)
MIXED = Rule(
    "R33",
    "stop",
    "This line is not UTF-8 although other lines are, so two encodings are mixed.",
    "Export the parts again, all as UTF-8, and join them after that.",
)
UNREADABLE = Rule(
    "R34", "stop", "This line cannot be read in the encoding of the file.", "Export the file again as UTF-8."
)
UNMARKED_UTF16 = Rule(
    "R35",
    "stop",
    "This looks like UTF-16 without the mark that says so.",
    "Export the file again as UTF-8, or name the encoding utf-16-le or utf-16-be.",
)
UNKNOWN_ENCODING = Rule(
    "R36", "stop", "Text is not read in the encoding that was asked for.", "Export the file again as UTF-8."
)
INNER_MARK = Rule(
    "R37",
    "warn",
    "A byte-order mark stands inside the file and was removed; files were probably joined here.",
    "Check that no rows stand twice.",
)
SEPARATOR_FOUND = Rule(
    "R40",
    "note",
    "The values are separated by something else than the name of the file says.",
    "Nothing to do.",
)
SEPARATOR_UNCLEAR = Rule(
    "R41",
    "stop",
    "More than one separator would divide every row alike.",
    "Put the values in quotation marks when exporting, or name the separator.",
)
SEPARATOR_WRONG = Rule(
    "R42",
    "stop",
    "Everything falls into one column although the first row holds separators.",
    "Name the separator of the file, and do not put whole rows in quotation marks.",
)
ONE_COLUMN = Rule(
    "R43",
    "warn",
    "The table has one column only.",
    "If there should be more, save it with commas or semicolons between the values.",
)
SHORT_ROW = Rule(
    "R44",
    "stop",
    "This row has fewer values than there are column names.",
    "Open the file in a text editor and look for a missing separator or a line break inside an answer.",
)
LONG_ROW = Rule(
    "R45",
    "stop",
    "This row has more values than there are column names.",
    "Put answers and decimal numbers that contain the separator in quotation marks.",
)
SHIFTED = Rule(
    "R46",
    "stop",
    "Every row has one value more than there are column names, so no value can be matched to a name.",
    "Add the missing column name, or delete the row numbers or the last separator of each row.",
)
STRAY_QUOTE = Rule(
    "R47",
    "stop",
    "A quotation mark that starts in this row is not closed where a value ends.",
    "Close it, or write a quotation mark inside a quoted answer twice.",
)
SWALLOWED = Rule(
    "R48",
    "stop",
    "A quotation mark in this row seems to have swallowed the rows below it into one value.",
    "Delete the stray quotation marks, or write them twice inside a quoted answer.",
)
BARE_RETURN = Rule(
    "R49",
    "stop",
    "The line is broken by a bare carriage return that stands outside quotation marks.",
    "Put the answer in quotation marks, or replace the line break by a space.",
)
UNKNOWN_SEPARATOR = Rule(
    "R50", "stop", "Values cannot be separated in the way that was asked for.", "Name one of the separators."
)
OLD_LINE_ENDS = Rule(
    "R51", "note", "Lines end with a carriage return alone, as on old computers.", "Nothing to do."
)

TITLE_ABOVE = Rule(
    "R52",
    "stop",
    "This line holds one value and every row below it several, so it is a title and not the column names.",
    "Delete the lines above the column names.",
)

_SHARED = 20_000
_OTHER_KINDS = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"$FL2",
    b"PAR1",
    b"BZh",
    b"\xfd7zXZ",
)
_OTHER_TEXTS = re.compile(rb"(\xef\xbb\xbf)?\s*(<!doctype|<html|<table|<\?xml|\{\\rtf)", re.IGNORECASE)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_LINE_END = re.compile(r"\r\n|\n|\r")
_SURROGATE_BYTES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_UTF8_PAIR = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xe2\x80[\x90-\xaf]")
_SEP_LINE = re.compile(r'"?sep=(.)"?(?:\r\n|\n|\r)', re.IGNORECASE)


@dataclass(frozen=True)
class _Rows:
    """Rows beside the lines they start in; two lists, as a pair per row would cost half the memory again."""

    lines: list[int]
    values: list[tuple[str, ...]]

    def add(self, line: int, values: tuple[str, ...]) -> None:
        self.lines.append(line)
        self.values.append(values)

    def __iter__(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        return zip(self.lines, self.values, strict=True)


def _line_of(text: str) -> int:
    return len(_LINE_END.findall(text)) + 1


def _not_utf8(data: bytes, file: str) -> list[Finding]:
    """Findings about bytes that are not UTF-8; none where the whole file may be cp1252."""
    halves, bad, good = [], [], 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad.append(number)
            good += bool(_UTF8_PAIR.search(line))
            if _SURROGATE_BYTES.search(line):
                halves.append(number)
    if halves:
        return HALF_CHARACTER.at_each(file, halves)
    return MIXED.at_each(file, bad, allowed="UTF-8 in every line") if good else []


def _decode_as(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="replace")
        unit = data[error.start : error.start + 2]
        wide = encoding.startswith("utf-16")
        half = wide and len(unit) == 2 and any(0xD8 <= byte <= 0xDF for byte in unit)
        rule = HALF_CHARACTER if half else UNREADABLE
        raise StudyError(rule.at(file, line=_line_of(before))) from None


def _decode(data: bytes, encoding: str | None, file: str) -> tuple[str, list[Finding]]:
    """Return the text and what was decided about its encoding."""
    if encoding is not None and encoding.casefold() not in ENCODINGS:
        allowed = ", ".join(ENCODINGS) + "." + did_you_mean(encoding, ENCODINGS)
        raise StudyError(UNKNOWN_ENCODING.at(file, allowed=allowed.rstrip(".")))
    if data.startswith(b"\xef\xbb\xbf"):
        text, found = _decode_as(data[3:], "utf-8", file), [MARKED_UTF8.at(file)]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, found = _decode_as(data, "utf-16", file), [MARKED_UTF16.at(file)]
    elif encoding is not None:
        text, found = _decode_as(data, encoding.casefold(), file), []
    else:
        if b"\x00" in data:
            zeros = max(data[::2].count(0), data[1::2].count(0))
            rule = UNMARKED_UTF16 if zeros * 4 >= len(data) else NUL
            raise StudyError(rule.at(file, line=data.count(b"\n", 0, data.index(0)) + 1))
        try:
            text, found = data.decode("utf-8"), []
        except UnicodeDecodeError:
            if mixed := _not_utf8(data, file):
                raise StudyError(mixed) from None
            text, found = _decode_as(data, "cp1252", file), [WESTERN.at(file)]
    if "\x00" in text:
        raise StudyError(NUL.at(file, line=_line_of(text[: text.index("\x00")])))
    if "\ufeff" in text:
        found.append(INNER_MARK.at(file, line=_line_of(text[: text.index("\ufeff")])))
        text = text.replace("\ufeff", "")
    return text, found


def _physical_lines(text: str) -> Iterator[str]:
    """Lines with their ends, one at a time; str.splitlines would also break at rarer characters."""
    start = 0
    for end in _LINE_END.finditer(text):
        yield text[start : end.end()]
        start = end.end()
    if start < len(text):
        yield text[start:]


def _choose_separator(text: str, file: str) -> str | None:
    """Return the separator that divides the first rows most evenly, None where none divides the first."""
    sample = list(islice(_physical_lines(text[:1_000_000]), 200))
    complete = len(sample) < 200 and len(text) <= 1_000_000
    scores = []
    for separator in SEPARATORS:
        widths: list[int] = []
        with suppress(csv.Error):  # an over-long value; the rows read before it decide
            widths.extend(len(row) for row in csv.reader(sample, delimiter=separator) if any(row))
        if not complete and len(widths) > 2:
            widths.pop()  # the sample may end inside a row
        if widths and widths[0] > 1:
            scores.append((widths.count(widths[0]) / len(widths), widths[0], separator))
    scores.sort(reverse=True)
    if len(scores) > 1 and scores[0][:2] == scores[1][:2]:
        names = " or ".join(SEPARATORS[separator] for *_, separator in scores[:2])
        raise StudyError(SEPARATOR_UNCLEAR.at(file, line=1, allowed=f"one of {names}"))
    return scores[0][2] if scores else None


def _rows(text: str, separator: str, file: str, *, skip: int) -> tuple[_Rows, _Rows, list[Finding]]:
    """Return every row, those among them that span lines, and what broke the quoting."""
    found: list[Finding] = []
    rows, spanning = _Rows([], []), _Rows([], [])
    broken: list[int] = []
    returns: list[int] = []
    mixed_ends = "\n" in text and text.count("\r") != text.count("\r\n")
    known: dict[str, str] = {}  # a value that repeats is held once
    last = ""
    cells = 0

    def watched(lines: Iterator[str]) -> Iterator[str]:
        nonlocal last
        for line in lines:
            last = line
            yield line

    offset = skip
    while True:
        lines = islice(_physical_lines(text), offset, None)
        reader = csv.reader(watched(lines) if mixed_ends else lines, delimiter=separator, strict=True)
        line = offset + 1
        try:
            for row in reader:
                following = offset + reader.line_num + 1
                values = tuple([known.get(value, value) for value in row])
                if len(known) < _SHARED:
                    known.update(zip(values, values, strict=True))
                rows.add(line, values)
                cells += len(values) or 1
                if following - line > 1:
                    spanning.add(line, values)
                if mixed_ends and last.endswith("\r"):
                    returns.append(line)
                if cells > MAX_CELLS:
                    found.append(TOO_MANY_CELLS.at(file, line=line, allowed=f"at most {MAX_CELLS} cells"))
                    raise StudyError(found)
                line = following
            break
        except csv.Error as error:
            if "field limit" in str(error):
                allowed = f"at most {MAX_CELL_CHARACTERS} characters"
                found.append(CELL_TOO_LONG.at(file, line=line, allowed=allowed))
            else:
                broken.append(line)
            if len(broken) > LISTED or len(found) > LISTED:
                break
            offset = line  # go on below the broken row, so that the rest is checked too
    found += STRAY_QUOTE.at_each(file, broken)
    found += BARE_RETURN.at_each(file, returns)
    return rows, spanning, found


def _shape(value: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", value.strip()))


def _swallowed(row: Sequence[str], separator: str, width: int, id_shapes: set[str]) -> bool:
    """Whether a value that spans lines is the end of one row, whole rows, and the start of another."""
    for position, value in enumerate(row):
        first, *others = re.split(_LINE_END, value)
        if not others:
            continue
        separators = [part.count(separator) for part in others]
        fits = first.count(separator) == width - 1 - position and separators[-1] == position
        if fits and all(n == width - 1 for n in separators[:-1]):
            starts = {_shape(part.split(separator)[0]) for part in others}
            if width > 1 and starts <= id_shapes:
                return True
    return False


def _check_lengths(rows: _Rows, first: int, file: str) -> tuple[_Rows, list[Finding]]:
    """Return the rows below the header that are as long as it, and findings about the others."""
    width = len(rows.values[first])
    fitting = _Rows([], [])
    others: list[tuple[int, int]] = []
    for line, row in islice(rows, first + 1, None):
        if len(row) == width:
            fitting.add(line, row)
        elif any(map(str.strip, row)):
            others.append((line, len(row)))
        else:
            fitting.add(line, ("",) * width)
    if not others:
        return fitting, []
    allowed = f"{width} values, one for each column name"
    filled = any(any(map(str.strip, row)) for _, row in fitting)
    if not filled and len(others) > 1 and all(length == width + 1 for _, length in others):
        return _Rows([], []), [SHIFTED.at(file, line=others[0][0], allowed=allowed)]
    short = [line for line, length in others if length < width]
    long = [line for line, length in others if length > width]
    found = SHORT_ROW.at_each(file, short, allowed=allowed)
    return fitting, found + LONG_ROW.at_each(file, long, allowed=allowed)


def _check_single_column(name: str, separator: str, file: str, line: int) -> Finding:
    inside = [label for sign, label in SEPARATORS.items() if sign in name]
    if inside:
        allowed = f"a first row divided by {SEPARATORS[separator]}; there is {' and '.join(inside)} in it"
        return SEPARATOR_WRONG.at(file, line=line, allowed=allowed)
    return ONE_COLUMN.at(file, line=line, column=shown_name(name.strip(), 1))


def _read_text(path: Path, encoding: str | None, file: str) -> tuple[str, list[Finding]]:
    if path.stat().st_size > MAX_BYTES:
        raise StudyError(TOO_LARGE.at(file, allowed=f"at most {MAX_BYTES // 1024**2} MB"))
    data = path.read_bytes()
    if data.startswith(_OTHER_KINDS) or _OTHER_TEXTS.match(data) or _PICKLE.match(data):
        raise StudyError(NOT_TEXT.at(file))
    return _decode(data, encoding, file)


def read_delimited(
    path: Path, *, shown_as: str, separator: str | None = None, encoding: str | None = None
) -> RawTable:
    """Read a .csv or .tsv file as text.

    Parameters
    ----------
    path
        The file.
    shown_as
        Its name in findings.
    separator
        One of comma, semicolon, tab, vertical bar; None chooses the one that divides the rows evenly.
    encoding
        One of ``ENCODINGS``; None takes the mark at the start of the file, else UTF-8, else cp1252 with a
        warning. A mark wins over what is given here.

    Returns
    -------
    RawTable
        ``lines`` are lines of the file; a row whose value spans lines counts from its first.

    Raises
    ------
    StudyError
        With every finding of the file.
    """
    taken = delimited_rows(path, shown_as=shown_as, separator=separator, encoding=encoding)
    return make_table(
        shown_as, taken.header, taken.rows, taken.lines, header_line=taken.header_line, found=taken.found
    )


def delimited_rows(
    path: Path, *, shown_as: str, separator: str | None = None, encoding: str | None = None
) -> UncleanedRows:
    """Take a .csv or .tsv file apart and clean nothing; parameters as for :func:`read_delimited`.

    Raises
    ------
    StudyError
        Where nothing could be taken apart; other stops are in ``found``.
    """
    if separator is not None and separator not in SEPARATORS:
        raise StudyError(UNKNOWN_SEPARATOR.at(shown_as, allowed=", ".join(SEPARATORS.values())))
    text, found = _read_text(path, encoding, shown_as)
    if not text.strip():
        raise StudyError([*found, EMPTY.at(shown_as)])
    declared = _SEP_LINE.match(text)
    if declared:  # spreadsheets write the separator into a line of its own
        separator = separator or (declared[1] if declared[1] in SEPARATORS else None)
    body = text[declared.end() :] if declared else text
    if "\r" in body and "\n" not in body:
        found.append(OLD_LINE_ENDS.at(shown_as))

    # The csv module keeps one limit for the whole process: set for this file, put back afterwards.
    limit = csv.field_size_limit(MAX_CELL_CHARACTERS)
    try:
        usual = "\t" if path.suffix.casefold() == ".tsv" else ","
        chosen = separator or _choose_separator(body, shown_as) or usual
        rows, spanning, broken = _rows(text, chosen, shown_as, skip=1 if declared else 0)
    finally:
        csv.field_size_limit(limit)
    if chosen != usual and separator is None:
        found.append(SEPARATOR_FOUND.at(shown_as, allowed=f"{SEPARATORS[chosen]}, which was used"))
    found += broken
    first = next((k for k, row in enumerate(rows.values) if any(map(str.strip, row))), None)
    if first is None:
        raise StudyError([*found, EMPTY.at(shown_as)])
    header, header_line = rows.values[first], rows.lines[first]
    if (
        len(header) == 1
        and len(rows.values) > first + 1
        and all(len(row) != 1 for row in rows.values[first + 1 :])
    ):
        raise StudyError([*found, TITLE_ABOVE.at(shown_as, line=header_line)])
    fitting, uneven = _check_lengths(rows, first, shown_as)
    found += uneven
    if len(header) == 1:
        found.append(_check_single_column(header[0], chosen, shown_as, header_line))
    id_shapes = {_shape(row[0]) for row in fitting.values[:10_000]} if spanning.lines else set()
    swallowed = [line for line, row in spanning if _swallowed(row, chosen, len(header), id_shapes)]
    found += SWALLOWED.at_each(shown_as, swallowed)
    return UncleanedRows(
        shown_as, header, fitting.values, fitting.lines, tuple(found), header_line=header_line
    )
