"""What a spreadsheet hides, merges, calculates or converts is refused or said, at its place."""

import datetime as dt
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers import RawTable, read_table

SECRET = "therapistlaughed"
Rows = list[list[object]]
TABLE: Rows = [["id", "age", "answer"], ["P1", 30, "a"], ["P2", 31, SECRET], ["P3", 32, "c"]]


def read(path: Path, sheet: str | None = None) -> RawTable:
    return read_table(path, shown_as=path.name, sheet=sheet)


def findings(path: Path, sheet: str | None = None) -> list[Finding]:
    with pytest.raises(StudyError) as caught:
        read(path, sheet)
    assert SECRET not in str(caught.value)
    return caught.value.findings


def places(
    found: list[Finding] | tuple[Finding, ...],
) -> list[tuple[str, str | None, int | None, str | None]]:
    return [(f.code, f.sheet, f.line, f.column) for f in found]


def book(tmp_path: Path, rows: Rows, change: Callable[[Worksheet], object] | None = None) -> Path:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    if change is not None:
        change(workbook.active)
    path = tmp_path / "p.xlsx"
    workbook.save(path)
    return path


def repacked(
    path: Path, change: Callable[[str, bytes], bytes], extra: dict[str, bytes] | None = None
) -> Path:
    """The same archive with its parts changed."""
    with zipfile.ZipFile(path) as source:
        parts = {name: change(name, source.read(name)) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in {**parts, **(extra or {})}.items():
            target.writestr(name, data)
    return path


def in_sheet(path: Path, pattern: str, replacement: str) -> Path:
    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        changed, n = re.subn(pattern, replacement, data.decode())
        assert n == 1
        return changed.encode()

    return repacked(path, change)


# .xlsx


def test_numbers_dates_times_and_truth_values_become_plain_text(tmp_path: Path) -> None:
    row: list[object] = [
        12.0,
        0.1,
        1e-05,
        dt.datetime(2024, 7, 2),
        dt.datetime(2024, 7, 2, 9, 30),
        dt.time(9, 5),
        True,
    ]
    table = read(book(tmp_path, [list("abcdefg"), row]))
    assert table.rows == (("12", "0.1", "0.00001", "2024-07-02", "2024-07-02T09:30:00", "09:05:00", "true"),)
    assert table.sheet == "Sheet"


def test_numbers_shown_with_leading_zeros_are_read_as_shown(tmp_path: Path) -> None:
    def zeros(sheet: Worksheet) -> None:
        sheet["A2"].number_format = "000"

    table = read(book(tmp_path, [["id", "age"], [7, 30]], zeros))
    assert table.rows == (("007", "30"),)
    assert places(table.notes) == [("R73", "Sheet", 2, "id")]


def test_a_stated_size_that_is_too_small_loses_no_rows(tmp_path: Path) -> None:
    path = in_sheet(book(tmp_path, TABLE), r'<dimension ref="[^"]*"', '<dimension ref="A1:B2"')
    assert len(read(path).rows) == 3


def test_lines_are_rows_of_the_sheet(tmp_path: Path) -> None:
    table = read(book(tmp_path, [[], *TABLE[:2], [], TABLE[2], [None, " "]]))
    assert table.lines == (3, 5)
    assert [f.code for f in table.notes] == ["R16"]


def test_hidden_rows_with_values_stop(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.row_dimensions[9].hidden = True

    assert places(findings(book(tmp_path, TABLE, hide))) == [("R63", "Sheet", 3, None)]


def test_hidden_columns_with_values_stop(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.column_dimensions["C"].hidden = True
        sheet.column_dimensions["F"].hidden = True

    assert places(findings(book(tmp_path, TABLE, hide))) == [("R64", "Sheet", 1, "answer")]


def test_the_stored_result_of_a_formula_is_read_and_said(tmp_path: Path) -> None:
    path = book(tmp_path, [*TABLE, ["P4", "=1+32", "d"]])
    table = read(in_sheet(path, r"<f>1\+32</f><v ?/>|<f>1\+32</f><v></v>", "<f>1+32</f><v>33</v>"))
    assert table.rows[3] == ("P4", "33", "d")
    assert places(table.notes) == [("R68", "Sheet", 5, "age")]


def test_all_problems_of_a_sheet_are_named_at_once(tmp_path: Path) -> None:
    def spoil(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:B2")
        sheet.row_dimensions[3].hidden = True
        sheet["C4"] = "#N/A"
        sheet["D2"] = SECRET

    assert {f.code for f in findings(book(tmp_path, TABLE, spoil))} == {"R65", "R63", "R66", "R12"}


def test_several_sheets_with_values_stop_and_are_named(tmp_path: Path) -> None:
    path = book(tmp_path, TABLE, lambda sheet: sheet.parent.create_sheet("Wave 2").append(["id", "age"]))
    found = findings(path)
    assert places(found) == [("R60", None, None, None)]
    assert found[0].allowed == "one of the sheets Sheet, Wave 2"


def test_the_named_sheet_is_read(tmp_path: Path) -> None:
    def second(sheet: Worksheet) -> None:
        other = sheet.parent.create_sheet("Wave 2")
        other.append(["id"])
        other.append(["P9"])

    table = read(book(tmp_path, TABLE, second), sheet="Wave 2")
    assert (table.sheet, table.columns, table.rows) == ("Wave 2", ("id",), (("P9",),))


def test_a_sheet_that_does_not_exist_stops_with_a_suggestion(tmp_path: Path) -> None:
    found = findings(book(tmp_path, TABLE), sheet="Shet")
    assert places(found) == [("R61", None, None, None)]
    assert 'Did you mean "Sheet"?' in str(found[0])


def test_an_empty_second_sheet_does_not_matter(tmp_path: Path) -> None:
    assert len(read(book(tmp_path, TABLE, lambda sheet: sheet.parent.create_sheet("Empty"))).rows) == 3


def test_a_hidden_sheet_with_values_stops_unless_a_sheet_is_named(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        other = sheet.parent.create_sheet("Lists")
        other.append([SECRET])
        other.sheet_state = "veryHidden"

    path = book(tmp_path, TABLE, hide)
    assert places(findings(path)) == [("R62", "Lists", None, None)]
    assert len(read(path, sheet="Sheet").rows) == 3


def test_a_hidden_sheet_that_was_named_is_read_and_said(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.parent.create_sheet("Front")
        sheet.sheet_state = "hidden"

    table = read(book(tmp_path, TABLE, hide), sheet="Sheet")
    assert len(table.rows) == 3
    assert places(table.notes) == [("R74", "Sheet", None, None)]


def test_a_workbook_without_values_stops(tmp_path: Path) -> None:
    assert places(findings(book(tmp_path, []))) == [("R10", None, None, None)]


def test_a_column_in_which_some_entries_became_dates_is_said(tmp_path: Path) -> None:
    table = read(book(tmp_path, [["id"], ["1-13"], [dt.datetime(2024, 2, 1)], ["1-14"]]))
    assert places(table.notes) == [("R70", "Sheet", 3, "id")]


def test_a_column_of_dates_alone_is_not_remarked_upon(tmp_path: Path) -> None:
    rows: Rows = [["id", "day"], ["a", dt.date(2024, 2, 1)], ["b", None], ["c", dt.date(2024, 3, 1)]]
    assert read(book(tmp_path, rows)).notes == ()


def test_numbers_too_long_for_a_spreadsheet_are_said(tmp_path: Path) -> None:
    table = read(book(tmp_path, [["id", "age"], [1234567890123456, 30]]))
    assert places(table.notes) == [("R71", "Sheet", 2, "id")]


def test_numbers_in_scientific_notation_are_said(tmp_path: Path) -> None:
    def scientific(sheet: Worksheet) -> None:
        sheet["A2"].number_format = "0.00E+00"

    table = read(book(tmp_path, [["id", "age"], [1200000, 30]], scientific))
    assert places(table.notes) == [("R72", "Sheet", 2, "id")]


def test_values_from_other_files_are_said_and_nothing_is_opened(tmp_path: Path) -> None:
    path = book(tmp_path, TABLE)
    table = read(
        repacked(path, lambda _, data: data, {"xl/externalLinks/externalLink1.xml": b"<externalLink/>"})
    )
    assert [(f.level, f.code) for f in table.notes] == [("warn", "R69")]


def test_shared_and_formatted_text_is_read_as_one_value(tmp_path: Path) -> None:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = (
        f"<sst {space}><si><t>id</t></si><si><t>answer</t></si>"
        '<si><r><t xml:space="preserve">not </t></r><r><rPr><b/></rPr><t>really</t></r></si></sst>'
    )
    sheet = (
        f'<worksheet {space}><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
        '<row><c t="inlineStr"><is><t>007</t></is></c><c t="s"><v>2</v></c></row></sheetData></worksheet>'
    )
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"

    def change(name: str, data: bytes) -> bytes:
        if name == "xl/worksheets/sheet1.xml":
            return sheet.encode()
        part = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
        return data.replace(b"</Types>", part) if name == "[Content_Types].xml" else data

    path = repacked(book(tmp_path, TABLE), change, {"xl/sharedStrings.xml": strings.encode()})
    table = read(path)
    assert (table.columns, table.rows, table.lines) == (("id", "answer"), (("007", "not really"),), (2,))


# hostile archives


# .ods

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
    '<office:automatic-styles><style:style style:name="ta2" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    "<office:body><office:spreadsheet>"
)
TAIL = "</office:spreadsheet></office:body></office:document-content>"


def text_cells(*values: str) -> str:
    return "".join(
        f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        for value in values
    )


def row(content: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{content}</table:table-row>"


def sheet_xml(*content: str, name: str = "A", attributes: str = "") -> str:
    return f'<table:table table:name="{name}" {attributes}>{"".join(content)}</table:table>'


def ods(tmp_path: Path, *sheets: str) -> Path:
    path = tmp_path / "p.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", HEAD + "".join(sheets) + TAIL)
    return path


NAMES = row(text_cells("id", "age", "answer"))


def test_repeated_rows_and_cells_are_written_out_and_empty_repeats_are_not(tmp_path: Path) -> None:
    same = text_cells("x").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"')
    rest = '<table:table-cell table:number-columns-repeated="16000"/>'
    path = ods(
        tmp_path,
        sheet_xml(
            NAMES,
            row(text_cells("P1") + same + rest, 'table:number-rows-repeated="2"'),
            row(rest, 'table:number-rows-repeated="1000000"'),
        ),
    )
    table = read(path)
    assert (table.rows, table.lines) == ((("P1", "x", "x"), ("P1", "x", "x")), (2, 3))


def test_repeats_beyond_the_limit_stop(tmp_path: Path) -> None:
    path = ods(
        tmp_path, sheet_xml(NAMES, row(text_cells("a", "b", "c"), 'table:number-rows-repeated="400000"'))
    )
    assert [f.code for f in findings(path)] == ["R77"]


def test_spaces_spans_and_line_breaks_of_a_paragraph_are_kept_and_comments_left_out(tmp_path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string">'
        "<office:annotation><text:p>note</text:p></office:annotation>"
        '<text:p>a<text:s text:c="2"/><text:span>b</text:span><text:line-break/>c</text:p><text:p>d</text:p>'
        "</table:table-cell>"
    )
    table = read(ods(tmp_path, sheet_xml(row(text_cells("id", "answer")), row(text_cells("P1") + cell))))
    assert table.rows == (("P1", "a  b\nc\nd"),)


def test_numbers_with_leading_zeros_dates_and_times_of_an_ods_file(tmp_path: Path) -> None:
    cells = (
        '<table:table-cell office:value-type="float" office:value="7"><text:p>007</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="2024-07-02T00:00:00"/>'
        '<table:table-cell office:value-type="time" office:time-value="PT09H05M00S"/>'
    )
    table = read(ods(tmp_path, sheet_xml(row(text_cells("id", "d", "t")), row(cells))))
    assert table.rows == (("007", "2024-07-02", "09:05:00"),)
    assert [f.code for f in table.notes] == ["R73"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (row(text_cells("P1", "30", SECRET), 'table:visibility="collapse"'), [("R63", "A", 2, None)]),
        (row(text_cells("P1", "30", SECRET), 'table:visibility="filter"'), [("R63", "A", 2, None)]),
        (
            row(
                '<table:table-cell table:number-columns-spanned="2"><text:p>x</text:p></table:table-cell>'
                "<table:covered-table-cell/>" + text_cells(SECRET)
            ),
            [("R65", "A", 2, "id")],
        ),
        (
            row(
                text_cells("P1") + '<table:table-cell table:formula="of:=1/0" calcext:value-type="error"'
                ' office:value-type="string"><text:p>#DIV/0!</text:p></table:table-cell>' + text_cells(SECRET)
            ),
            [("R66", "A", 2, "age")],
        ),
        (
            row(text_cells("P1") + '<table:table-cell table:formula="of:=1+1"/>' + text_cells(SECRET)),
            [("R67", "A", 2, "age")],
        ),
    ],
    ids=["hidden", "filtered", "merged", "error", "formula"],
)
def test_what_an_ods_sheet_hides_or_leaves_open_stops(
    content: str, expected: list[tuple[str, str, int, str | None]], tmp_path: Path
) -> None:
    assert places(findings(ods(tmp_path, sheet_xml(NAMES, content)))) == expected


def test_a_hidden_column_of_an_ods_sheet_stops(tmp_path: Path) -> None:
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
    path = ods(tmp_path, sheet_xml(columns, NAMES, row(text_cells("P1", "30", SECRET))))
    assert places(findings(path)) == [("R64", "A", 1, "age")]


def test_a_hidden_ods_sheet_and_several_sheets_stop(tmp_path: Path) -> None:
    body = NAMES + row(text_cells("P1", "30", SECRET))
    path = ods(
        tmp_path,
        sheet_xml(body, name="A"),
        sheet_xml(body, name="B"),
        sheet_xml(body, name="C", attributes='table:style-name="ta2"'),
    )
    assert places(findings(path)) == [("R60", None, None, None), ("R62", "C", None, None)]
    assert read(path, sheet="B").sheet == "B"


def test_a_document_type_in_an_ods_file_stops(tmp_path: Path) -> None:
    path = tmp_path / "p.ods"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("content.xml", '<!DOCTYPE a SYSTEM "x.dtd">' + HEAD.partition("?>")[2] + TAIL)
    assert [f.code for f in findings(path)] == ["R76"]


def test_an_ods_file_without_content_stops(tmp_path: Path) -> None:
    path = tmp_path / "p.ods"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("mimetype", "x")
    assert [f.code for f in findings(path)] == ["R07"]
