"""Headings between the column names and the answers go, the answers stay, and both are said."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_files import csv_file, workbook

from analysis_lib.errors import StudyError
from analysis_lib.importers.survey_tables import SurveyTable, read_survey_table


def said(result: SurveyTable) -> list[tuple[str, tuple[str, ...]]]:
    return [(remark.what, remark.ids) for remark in result.left_aside]


def qualtrics(path: Path, *, status: str = "IP Address") -> Path:
    rows = [
        ["StartDate", "Status", "Q1", "Q2"],
        ["Start Date", "Response Type", "What made therapy helpful?", "Age"],
        [
            '{"ImportId":"startDate","timeZone":"Z"}',
            '{"ImportId":"status"}',
            '{"ImportId":"QID1"}',
            '{"ImportId":"QID2"}',
        ],
        ["2024-07-02 09:30:00", status, "She listened,\nreally", "41"],
        ["2024-07-03 09:30:00", "IP Address", "It was fine", "38"],
    ]
    return csv_file(path, rows)


def test_question_texts_and_import_marks_of_qualtrics_are_left_aside(tmp_path: Path) -> None:
    result = read_survey_table(qualtrics(tmp_path / "q.csv"))
    assert result.program == "Qualtrics"
    assert result.table.columns == ("StartDate", "Status", "Q1", "Q2")
    assert [row[3] for row in result.table.rows] == ["41", "38"]
    assert result.table.lines == (4, 6)  # the first answer spans two lines
    assert said(result) == [("dropped", ("2",)), ("dropped", ("3",))]


def test_previews_of_qualtrics_are_pointed_at_and_kept(tmp_path: Path) -> None:
    result = read_survey_table(qualtrics(tmp_path / "q.csv", status="Survey Preview"))
    assert len(result.table.rows) == 2
    assert said(result)[-1] == ("read", ("4",))


def test_a_qualtrics_file_with_import_marks_alone_is_read(tmp_path: Path) -> None:
    rows = [["Q1", "Q2"], ['{"ImportId":"QID1"}', '{"ImportId":"QID2"}'], ["a", "1"]]
    result = read_survey_table(csv_file(tmp_path / "q.csv", rows))
    assert (result.table.rows, said(result)) == ((("a", "1"),), [("dropped", ("2",))])


REDCAP_NAMES = ["record_id", "redcap_event_name", "age", "intake_complete"]
REDCAP_LABELS = ["Record ID", "Event Name", "How old are you?", "Complete?"]


def test_labels_below_the_names_of_redcap_are_left_aside(tmp_path: Path) -> None:
    rows = [REDCAP_NAMES, REDCAP_LABELS, ["1", "intake", "41", "2"], ["2", "intake", "38", "2"]]
    result = read_survey_table(csv_file(tmp_path / "r.csv", rows))
    assert (result.program, result.table.columns) == ("REDCap", tuple(REDCAP_NAMES))
    assert (len(result.table.rows), said(result)) == (2, [("dropped", ("2",))])


def test_labels_above_the_names_of_redcap_give_way_to_the_names(tmp_path: Path) -> None:
    rows = [REDCAP_LABELS, REDCAP_NAMES, ["1", "intake", "41", "2"]]
    result = read_survey_table(csv_file(tmp_path / "r.csv", rows))
    assert (result.table.columns, result.table.lines) == (tuple(REDCAP_NAMES), (3,))
    assert said(result) == [("dropped", ("2",))]


def test_records_with_several_rows_are_pointed_at_and_kept(tmp_path: Path) -> None:
    rows = [REDCAP_NAMES, ["1", "intake", "41", "2"], ["1", "end", "41", "2"], ["2", "intake", "38", "2"]]
    result = read_survey_table(csv_file(tmp_path / "r.csv", rows))
    assert (len(result.table.rows), said(result)) == (3, [("read", ("3",))])


def test_five_rows_about_the_variables_of_openqda_are_left_aside(tmp_path: Path) -> None:
    rows = [
        ["source", "Outcome"],
        ["datatype", "text"],
        ["description", ""],
        ["created_at", "2024-07-02"],
        ["created_by", "alice"],
        ["updated_at", "2024-07-02"],
        ["P01.txt", "helpful"],
    ]
    result = read_survey_table(csv_file(tmp_path / "v.csv", rows, delimiter=";"))
    assert (result.program, result.table.rows) == ("OpenQDA", (("P01.txt", "helpful"),))
    assert said(result) == [("dropped", ("2", "3", "4", "5", "6"))]


def test_a_plain_table_comes_back_as_it_is(tmp_path: Path) -> None:
    result = read_survey_table(csv_file(tmp_path / "p.csv", [["participant_id", "Age"], ["007", "41"]]))
    assert (result.program, result.table.rows, result.left_aside) == ("unknown", (("007", "41"),), ())


def test_what_remains_goes_through_the_rules_of_the_readers(tmp_path: Path) -> None:
    rows = [["Q1", "Q1"], ['{"ImportId":"QID1"}', '{"ImportId":"QID2"}'], ["a", "1"]]
    with pytest.raises(StudyError) as caught:
        read_survey_table(csv_file(tmp_path / "q.csv", rows))
    assert {finding.code for finding in caught.value.findings} == {"R13"}


def test_a_workbook_with_several_sheets_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "w.xlsx", {"A": [["a"], ["1"]], "B": [["b"], ["2"]]})
    with pytest.raises(StudyError) as caught:
        read_survey_table(path)
    assert [finding.code for finding in caught.value.findings] == ["M63"]


def test_no_remark_repeats_an_answer_or_a_question(tmp_path: Path) -> None:
    result = read_survey_table(qualtrics(tmp_path / "q.csv"))
    assert "helpful" not in str(result.left_aside)
    assert "listened" not in str(result.left_aside)
