"""Every way in which a text table can be broken is named with its line, and never shown."""

import csv
from pathlib import Path

import pytest

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers import RawTable, read_table

SECRET = "therapistlaughed"


def read(tmp_path: Path, content: str | bytes, *, name: str = "p.csv", **choices: str) -> RawTable:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_table(path, shown_as=name, **choices)  # type: ignore[arg-type]


def findings(tmp_path: Path, content: str | bytes, *, name: str = "p.csv", **choices: str) -> list[Finding]:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, content, name=name, **choices)
    assert SECRET not in str(caught.value)
    return caught.value.findings


def places(found: list[Finding] | tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    return [(f.code, f.line, f.column) for f in found]


# text stays text


def test_values_that_programs_like_to_convert_stay_as_they_were_written(tmp_path: Path) -> None:
    table = read(tmp_path, "id,b\n007,NA\n12E5,None\n1234567890123456,TRUE\n1-2,3.10\n")
    assert table.rows == (
        ("007", "NA"),
        ("12E5", "None"),
        ("1234567890123456", "TRUE"),
        ("1-2", "3.10"),
    )


def test_outer_spaces_go_and_line_ends_inside_a_value_become_newlines(tmp_path: Path) -> None:
    table = read(tmp_path, 'id , answer\r\n P1 ,"  one\r\ntwo "\r\nP2,three\r\n')
    assert table.columns == ("id", "answer")
    assert table.rows == (("P1", "one\ntwo"), ("P2", "three"))
    assert table.lines == (2, 4)


def test_rare_line_separators_inside_a_value_do_not_move_line_numbers(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\nP1,a\u2028b\x0bc\x85d\nP2,e\n")
    assert table.lines == (2, 3)


# encodings


def test_a_mark_for_utf8_is_said(tmp_path: Path) -> None:
    table = read(tmp_path, b"\xef\xbb\xbfid,answer\nP1,sch\xc3\xb6n\n")
    assert table.columns == ("id", "answer")
    assert table.rows == (("P1", "sch\u00f6n"),)
    assert places(table.notes) == [("R31", None, None)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_its_mark_is_read_and_said(encoding: str, tmp_path: Path) -> None:
    table = read(tmp_path, "\ufeffid,answer\nP1,sch\u00f6n\n".encode(encoding))
    assert table.rows == (("P1", "sch\u00f6n"),)
    assert places(table.notes) == [("R32", None, None)]


def test_utf16_without_its_mark_is_read_when_it_is_named(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\nP1,no\n".encode("utf-16-le"), encoding="utf-16-le")
    assert table.rows == (("P1", "no"),)


def test_western_text_is_read_with_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\nP1,\u201csch\u00f6n\u201d \u20ac\n".encode("cp1252"))
    assert table.rows == (("P1", "\u201csch\u00f6n\u201d \u20ac"),)
    assert [(f.level, f.code) for f in table.notes] == [("warn", "R30")]


def test_a_named_encoding_is_used_without_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\nP1,\u0142za\n".encode("cp1250"), encoding="cp1250")
    assert table.rows == (("P1", "\u0142za"),)
    assert table.notes == ()


def test_two_encodings_in_one_line_stop(tmp_path: Path) -> None:
    assert places(findings(tmp_path, b"id,answer\nP1,sch\xc3\xb6n und sch\xf6n\n")) == [("R33", 2, None)]


def test_an_encoding_that_is_not_offered_stops_with_a_suggestion(tmp_path: Path) -> None:
    found = findings(tmp_path, "id\nP1\n", encoding="cp1251x")
    assert places(found) == [("R36", None, None)]
    assert 'Did you mean "cp1250"?' in str(found[0]) or 'Did you mean "cp1252"?' in str(found[0])


def test_a_byte_order_mark_inside_the_file_is_removed_with_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,answer\nP1,yes\n\ufeff"P2",no\n')
    assert table.rows == (("P1", "yes"), ("P2", "no"))
    assert places(table.notes) == [("R37", 3, None)]


# characters


def test_invisible_characters_around_values_are_removed_with_a_warning_per_column(tmp_path: Path) -> None:
    table = read(tmp_path, "id\u200b,answer\nP1,yes\nP2\u200b,\u00a0no\n\u2060P3,yes\n")
    assert table.columns == ("id", "answer")
    assert table.rows == (("P1", "yes"), ("P2", "no"), ("P3", "yes"))
    assert places(table.notes) == [("R24", 1, "id"), ("R24", 3, "answer")]
    assert [f.what for f in table.notes] == [
        "Invisible characters or no-break spaces around values were removed: 3.",
        "Invisible characters or no-break spaces around values were removed: 1.",
    ]


def test_invisible_characters_inside_values_are_removed_with_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\nP\u200b1,not\u00a0stated\n")
    assert table.rows == (("P1", "not stated"),)
    assert places(table.notes) == [("R25", 2, "answer"), ("R25", 2, "id")]


def test_every_invisible_character_is_noticed_in_a_row_that_is_plain_otherwise(tmp_path: Path) -> None:
    for sign in "\u200b\u2060\ufeff\u180e\u00a0\u2007\u202f\x01\x1b\x7f":
        name = f"{ord(sign)}.csv"
        table = read(tmp_path, f"id,answer\nP1,a{sign}b\n".encode(), name=name)
        assert {f.code for f in table.notes} <= {"R25", "R37"}
        assert table.notes != ()


def test_joiners_that_hold_an_emoji_together_stay(tmp_path: Path) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    table = read(tmp_path, f"id,answer\nP1,we {family} came\n")
    assert table.rows == (("P1", f"we {family} came"),)
    assert table.notes == ()


def test_letters_and_accents_stored_apart_are_put_together(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\nP1,scho\u0308n\n")
    assert table.rows == (("P1", "sch\u00f6n"),)
    assert [(f.level, f.code, f.column) for f in table.notes] == [("note", "R28", "answer")]


@pytest.mark.parametrize(
    ("value", "code"), [("sch\ufffdn", "R26"), ("sch\u00c3\u00b6n", "R27"), ("it\u00e2\u20ac\u2122s", "R27")]
)
def test_text_that_was_spoilt_earlier_is_said(value: str, code: str, tmp_path: Path) -> None:
    table = read(tmp_path, f"id,answer\nP1,ok\nP2,{value}\n")
    assert [(f.level, f.code, f.line, f.column) for f in table.notes] == [("warn", code, 3, "answer")]


# shape


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " \n,,\n"])
def test_an_empty_file_stops(content: str, tmp_path: Path) -> None:
    assert "R10" in [f.code for f in findings(tmp_path, content) if f.level == "stop"]


def test_a_header_without_rows_is_read_with_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\n")
    assert table.rows == ()
    assert [(f.level, f.code) for f in table.notes] == [("warn", "R11")]


def test_short_and_long_rows_are_all_named(tmp_path: Path) -> None:
    content = f"id,age,answer\nP1,30,a\nP2,31\nP3,32,b,{SECRET}\nP4,33,c\nP5,34\n"
    found = findings(tmp_path, content)
    assert places(found) == [("R44", 3, None), ("R45", 4, None), ("R44", 6, None)]
    assert found[0].allowed == "3 values, one for each column name"


def test_more_than_twenty_places_are_counted(tmp_path: Path) -> None:
    found = findings(tmp_path, "id,age\nP0,1\n" + "".join(f"P{k}\n" for k in range(1, 31)))
    assert len(found) == 21
    assert "The same in 10 further places." in found[-1].what
    assert found[-1].line == 23


def test_rows_that_all_have_one_value_too_many_are_never_shifted(tmp_path: Path) -> None:
    assert places(findings(tmp_path, f"id,age\n1,P1,30\n2,P2,{SECRET}\n")) == [("R46", 2, None)]


def test_two_stray_quotation_marks_that_swallow_rows_stop(tmp_path: Path) -> None:
    content = f'id,answer,age\nP1,a,30\nP2,"{SECRET},31\nP3,c,32\nP4,d",33\nP5,e,34\n'
    assert places(findings(tmp_path, content)) == [("R48", 3, None)]


def test_a_long_answer_with_commas_and_line_breaks_is_no_swallowed_row(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,answer,age\nP1,"well, yes\nand no, really",30\nP2,b,31\n')
    assert table.rows[0][1] == "well, yes\nand no, really"


def test_a_bare_carriage_return_inside_quotation_marks_is_a_line_break(tmp_path: Path) -> None:
    assert read(tmp_path, 'id,answer\nP1,"a\rb"\nP2,c\n').rows == (("P1", "a\nb"), ("P2", "c"))


def test_a_file_of_carriage_returns_alone_is_read(tmp_path: Path) -> None:
    table = read(tmp_path, "id,answer\rP1,a\rP2,b\r")
    assert (table.rows, table.lines) == ((("P1", "a"), ("P2", "b")), (2, 3))
    assert places(table.notes) == [("R51", None, None)]


def test_blank_rows_are_left_out_and_the_lines_of_the_others_stay(tmp_path: Path) -> None:
    table = read(tmp_path, "\nid,answer\nP1,a\n\n,\nP2,b\n\n\n")
    assert (table.rows, table.lines) == ((("P1", "a"), ("P2", "b")), (3, 6))
    assert [f.what for f in table.notes] == ["Blank rows between the other rows were left out: 2."]


def test_a_cell_of_a_million_characters_is_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, "id,answer\nP1," + "x" * 1_000_000 + "\n").rows[0][1]) == 1_000_000


# names


def test_names_that_differ_in_capitals_only_are_said(tmp_path: Path) -> None:
    table = read(tmp_path, "id,Age,age\nP1,30,31\n")
    assert [(f.level, f.code, f.column) for f in table.notes] == [
        ("warn", "R14", "Age"),
        ("warn", "R14", "age"),
    ]


def test_columns_with_neither_name_nor_value_are_left_out(tmp_path: Path) -> None:
    table = read(tmp_path, "id,age,,\nP1,30,,\n")
    assert (table.columns, table.rows) == (("id", "age"), (("P1", "30"),))
    assert [f.code for f in table.notes] == ["R15"]


def test_an_answer_where_a_column_name_should_be_is_not_shown(tmp_path: Path) -> None:
    answer = f"My {SECRET} at me, every time."
    found = findings(tmp_path, f'P1,"{answer}","{answer}"\nP2,x,y\n')
    assert places(found) == [("R13", 1, "number 2")]


def test_a_row_of_labels_under_the_header_stops(tmp_path: Path) -> None:
    content = "id,q1,age\nParticipant,What helped?,Age in years\nP1,a,30\nP2,b,31\nP3,a,32\n"
    assert places(findings(tmp_path, content)) == [("R18", 2, None)]


def test_the_question_and_import_rows_of_a_survey_export_stop(tmp_path: Path) -> None:
    content = 'id,q1\nWhat is your id?,Why?\n"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\nP1,a\n'
    assert places(findings(tmp_path, content)) == [("R18", 2, None), ("R18", 3, None)]


@pytest.mark.parametrize("value", ["NA", "unknown", "prefer not to say"])
def test_a_first_row_with_a_word_for_missing_is_no_second_header(value: str, tmp_path: Path) -> None:
    table = read(tmp_path, f"id,group,age\nP1,helpful,{value}\nP2,mixed,30\nP3,other,31\nP4,none,32\n")
    assert len(table.rows) == 4


# separators


@pytest.mark.parametrize(("separator", "label"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")])
def test_another_separator_is_found_and_said(separator: str, label: str, tmp_path: Path) -> None:
    content = f"id{separator}score{separator}answer\nP1{separator}1,5{separator}yes, well\n"
    table = read(tmp_path, content)
    assert table.rows == (("P1", "1,5", "yes, well"),)
    assert [f.code for f in table.notes] == ["R40"]
    assert label in str(table.notes[0])


def test_a_tsv_with_commas_is_read_and_said(tmp_path: Path) -> None:
    table = read(tmp_path, "id,age\nP1,30\n", name="p.tsv")
    assert table.rows == (("P1", "30"),)
    assert [f.code for f in table.notes] == ["R40"]


def test_a_named_separator_is_used_without_a_note(tmp_path: Path) -> None:
    table = read(tmp_path, "id;score\nP1;1,5\n", separator=";")
    assert (table.rows, table.notes) == ((("P1", "1,5"),), ())


def test_a_separator_that_is_not_offered_stops(tmp_path: Path) -> None:
    assert places(findings(tmp_path, "id:age\nP1:30\n", separator=":")) == [("R50", None, None)]


def test_a_table_of_one_column_is_read_with_a_warning(tmp_path: Path) -> None:
    table = read(tmp_path, "participant_id\nP1\nP2\n")
    assert table.rows == (("P1",), ("P2",))
    assert [(f.level, f.code) for f in table.notes] == [("warn", "R43")]


def test_a_line_that_declares_the_separator_is_obeyed_and_counted(tmp_path: Path) -> None:
    table = read(tmp_path, "sep=;\nid;answer\nP1;a,b\n")
    assert (table.columns, table.rows, table.lines) == (("id", "answer"), (("P1", "a,b"),), (3,))


def test_the_limit_of_the_csv_module_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    read(tmp_path, "id,age\nP1,30\n")
    assert csv.field_size_limit() == before


def test_a_file_beyond_the_limit_stops_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    with path.open("wb") as file:
        file.truncate(50 * 1024**2 + 1)
    with pytest.raises(StudyError) as caught:
        read_table(path, shown_as="p.csv")
    assert places(caught.value.findings) == [("R06", None, None)]
