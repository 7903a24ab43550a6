"""What one spoilt file alone does not show: several problems at once, how they are printed, and which files are read.

Bad inputs of every kind stand in :mod:`bad_inputs` and are checked in ``test_bad_inputs``; new ones belong there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from tiny_study import (
    CANARY,
    FILES,
    PARTICIPANTS,
    STUDY,
    WAVE,
    spoilt,
    table,
    write_study,
)

from analysis_lib.__main__ import main
from analysis_lib.errors import Finding
from analysis_lib.wave import check_study

Files = dict[str, str | bytes | None]
P, S, A, D, C, R, K = map(
    table,
    ("participants", "coded_segments", "assignments", "documents", "consent", "quote_reviews", "corrections"),
)
Y, B, W = "study.yaml", "codebook.yaml", "waves/w1/wave.yaml"


def place(finding: Finding) -> tuple[str, str, str, int | None, str | None]:
    return finding.level, finding.code, finding.file, finding.line, finding.column


def test_all_problems_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    files: Files = {
        **spoilt(Y, ("reference: helpful", "reference: helpfull")),
        **spoilt(B, ("{id: B, label", "{id: B, parent: B.skills, label")),
        **spoilt(W, ("opened: 2024-01-01", "opened: 01.01.2024")),
        **spoilt(P, ("P05,unhelpful", "P04,unhelpfull"), ("T1,22", "T1,-22")),
        **spoilt(S, ("P06,A.cold", "P06,A.clod"), ("S08,P11", "S08,P70")),
        **spoilt(C, ("P12,analyse,yes", "P12,analyze,yes")),
        **spoilt(K, (",33,", ",34,")),
    }
    found = {place(finding)[1:] for finding in check_study(write_study(tmp_path, files))}
    assert {
        ("S02", Y, 9, "outcome.reference"),
        ("C03", B, 5, "parent"),
        ("Y06", W, 1, "opened"),
        ("T06", P, 6, "perceived_helpfulness"),
        ("T13", P, 6, "participant_id"),
        ("T09", P, 11, "age"),
        ("X03", S, 8, "code_id"),
        ("X02", S, 11, "participant_id"),
        ("T06", C, 13, "scope"),
        ("K02", K, 2, "old"),
    } <= found


def test_a_study_yaml_that_cannot_be_used_says_that_no_wave_was_looked_at(tmp_path: Path) -> None:
    study = write_study(tmp_path, {**spoilt(Y, ("tradition: codebook\n", "")), B: None})
    found = check_study(study)
    assert [(f.level, f.code, f.file) for f in found] == [
        ("stop", "Y01", "codebook.yaml"),
        ("stop", "Y08", "study.yaml"),
        ("note", "W09", "waves"),
    ]


def test_json_holds_every_finding_with_its_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write_study(tmp_path, spoilt(P, ("T1,38", f"T1,{CANARY}")))
    assert main(["check", str(study), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "level": "stop",
            "code": "T08",
            "file": P,
            "what": "a word of 10 characters stands where a number belongs.",
            "fix": "Correct it, or leave it empty if unknown.",
            "line": 6,
            "column": "age",
            "sheet": None,
            "allowed": "a number of years",
        }
    ]


def test_a_wave_that_is_asked_for_twice_is_checked_once(tmp_path: Path) -> None:
    study = write_study(tmp_path, spoilt(P, ("T1,38", "T1,x")))
    assert len(check_study(study, ["w1", "w1"])) == 1


def test_two_waves_that_are_one_look_are_said(tmp_path: Path) -> None:
    second: Files = {name.replace("w1", "w2"): text for name, text in FILES.items() if "waves/" in name}
    study = STUDY.replace("waves: [w1]", "waves: [w1, w2]") + "repeated: panel\nplanned_looks: 2\n"
    found = check_study(write_study(tmp_path, {**second, Y: study}))
    assert [place(f) for f in found] == [("warn", "W10", Y, None, "waves")]


def test_a_study_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    assert check_study(write_study(tmp_path / "Größe – “ä b” 日本 's")) == []


def spoilt_folder(tmp_path: Path, spoil: Callable[[Path], object]) -> list[tuple[str, str]]:
    study = write_study(tmp_path / "study")
    spoil(study)
    return [(finding.code, finding.file) for finding in check_study(study)]


def test_a_table_may_be_a_link_inside_the_study(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).rename(study / "raw.csv")
        (study / P).symlink_to(study / "raw.csv")

    assert spoilt_folder(tmp_path, spoil) == []


def test_files_of_programs_and_systems_beside_the_tables_are_no_tables(tmp_path: Path) -> None:
    files: Files = {
        f"waves/w1/{name}": "x" for name in (".~lock.consent.csv#", "~$consent.xlsx", ".DS_Store")
    }
    assert check_study(write_study(tmp_path, files)) == []


def test_names_and_endings_may_be_in_capitals(tmp_path: Path) -> None:
    assert check_study(write_study(tmp_path, {P: None, "waves/w1/Participants.CSV": PARTICIPANTS})) == []


def test_of_two_filled_sheets_the_one_that_is_named_is_read(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).unlink()
        book = openpyxl.Workbook()
        for sheet in (book.active, book.create_sheet("people")):
            for line in PARTICIPANTS.splitlines():
                sheet.append(line.split(","))
        book.save(study / "waves/w1/participants.xlsx")
        named = WAVE + "sources: [{file: participants.xlsx, table: participants, sheet: people}]\n"
        (study / W).write_text(named, encoding="utf-8")

    assert spoilt_folder(tmp_path, spoil) == []


def test_a_separator_for_csv_files_does_not_concern_workbooks(tmp_path: Path) -> None:
    def spoil(study: Path) -> None:
        (study / P).unlink()
        (study / Y).write_text(STUDY + "columns: {separator: ',', encoding: utf-8}\n", encoding="utf-8")
        book = openpyxl.Workbook()
        for line in PARTICIPANTS.splitlines():
            book.active.append(line.split(","))
        book.save(study / "waves/w1/participants.xlsx")

    assert spoilt_folder(tmp_path, spoil) == []


def test_a_source_may_have_any_ending_if_its_format_is_said(tmp_path: Path) -> None:
    named = WAVE + "sources: [{file: raw/people.txt, table: participants, format: csv}]\n"
    assert (
        check_study(write_study(tmp_path, {P: None, "waves/w1/raw/people.txt": PARTICIPANTS, W: named})) == []
    )


def test_many_wrong_rows_are_counted_after_the_first_ten(tmp_path: Path) -> None:
    bad = PARTICIPANTS.replace(",helpful,", ",x,").replace(",unhelpful,", ",x,").replace(",mixed,", ",x,")
    found = check_study(write_study(tmp_path, {P: bad.replace(",not_stated,", ",x,")}))
    rows = [f for f in found if (f.code, f.column) == ("T06", "perceived_helpfulness")]
    assert [f.line for f in rows] == list(range(2, 13))
    assert rows[-1].what == "2 more rows of this column do not fit either."


def test_the_message_of_a_stop_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write_study(tmp_path, spoilt(S, ("S05,P06", "S05,P66")))
    main(["check", str(study)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("2 to mend, ")
    assert (
        "stop X02  waves/w1/coded_segments.csv, line 8, column participant_id: this participant is not in "
        "participants. Add the person to participants, or correct the id here in all rows."
    ) in lines
