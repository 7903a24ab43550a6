"""What a command writes to a terminal that knows ASCII only, and a home folder that is nobody's."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tiny_study import write_study

from analysis_lib.__main__ import main
from analysis_lib.commands.places import reports_folder, study_folder
from analysis_lib.errors import StudyError
from analysis_lib.study import load_study

NOWHERE = "~nobody-of-this-name/study"


def test_a_letter_that_the_terminal_cannot_show_is_written_as_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii", write_through=True))
    assert main(["new", str(tmp_path / "Grüße")]) == 0
    assert b"Gr\\xfc\\xdfe is ready to be filled in" in written.getvalue()


def test_a_stream_that_is_no_text_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = io.StringIO()
    monkeypatch.setattr("sys.stdout", replaced)
    assert main(["new", str(tmp_path / "study")]) == 0
    assert "is ready to be filled in" in replaced.getvalue()


@pytest.mark.parametrize("command", ["check", "status", "run"])
def test_a_study_in_the_home_of_nobody_is_no_folder(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, NOWHERE]) == 1
    printed = capsys.readouterr()
    assert "there is no such folder." in printed.out + printed.err


def test_the_home_of_nobody_stays_as_it_was_written() -> None:
    assert study_folder(NOWHERE) == Path(NOWHERE)


def test_reports_cannot_go_to_the_home_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        reports_folder(load_study(write_study(tmp_path / "study")), NOWHERE)
    finding = caught.value.findings[0]
    assert (finding.code, finding.file, finding.what) == ("O06", "--out", "there is no such home folder.")


def test_a_new_study_cannot_lie_in_the_home_of_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", NOWHERE]) == 1
    assert "there is no such home folder." in capsys.readouterr().err
