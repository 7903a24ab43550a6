"""Names and paths from Windows and macOS: what is understood, what is refused, and that nothing is named after data."""

from __future__ import annotations

import ast
import shlex
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from tiny_study import PARTICIPANTS, WAVE, spoilt, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands.working_copies import with_values
from analysis_lib.errors import Finding
from analysis_lib.file_names import as_on_disk, composed, why_not_everywhere
from analysis_lib.schema import public_name
from analysis_lib.study import load_study
from analysis_lib.wave import check_study, load_wave

ON_WINDOWS = PureWindowsPath(r"C:\Users\Jörg Müller\Studie Ö")
DECOMPOSED = unicodedata.normalize("NFD", "Interviews Jörg Müller.csv")  # as macOS writes it
COMPOSED = unicodedata.normalize("NFC", DECOMPOSED)


def stops(folder: Path) -> list[Finding]:
    return [finding for finding in check_study(folder) if finding.level == "stop"]


# Names that one system has and another has not


@pytest.mark.parametrize(
    "name",
    ["CON", "con", "Prn", "aux", "NUL", "com1", "LPT9", "com²", "nul.csv", "con .txt", "CONIN$", "a.", "a "],
)
def test_a_name_that_windows_cannot_have_is_known(name: str) -> None:
    assert why_not_everywhere(name)


@pytest.mark.parametrize(
    "name", ["2024a", "console", "com", "com10", "nulls", "Größe Ö", "aux_1", "x.con", " a"]
)
def test_a_name_that_windows_can_have_is_no_trouble(name: str) -> None:
    assert why_not_everywhere(name) == ""


@pytest.mark.parametrize("name", ["NUL", "con", "Tiny study.", "AUX .1"])
def test_a_study_whose_folder_windows_could_not_make_is_stopped(tmp_path: Path, name: str) -> None:
    study = write_study(tmp_path / "study", spoilt("study.yaml", ("study: tiny", f'study: "{name}"')))
    (found,) = stops(study)
    assert (found.code, found.line) in (("S16", 1), ("Y09", 1))


@pytest.mark.parametrize("wave", ["CON", "nul", "Lpt1"])
def test_a_wave_whose_folder_windows_could_not_make_is_stopped(tmp_path: Path, wave: str) -> None:
    study = write_study(tmp_path / "study", spoilt("study.yaml", ("waves: [w1]", f"waves: [{wave}]")))
    (study / "waves" / "w1").rename(study / "waves" / wave)
    (found,) = stops(study)
    assert (found.code, found.line, found.column) == ("S16", 6, "waves")
    assert str(found).endswith(": Windows keeps it for a device. Give it another name, and its folder too.")


def test_two_waves_that_differ_in_capitals_alone_are_stopped(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", spoilt("study.yaml", ("waves: [w1]", "waves: [w1, W1]")))
    found = next(finding for finding in stops(study) if finding.code == "S17")
    assert found.what == "w1 and W1 are one folder on Windows and macOS."


# Accented letters as macOS writes them


def test_a_source_is_found_however_its_accents_are_written(tmp_path: Path) -> None:
    for in_yaml, on_disk in ((COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)):
        facts = f"{WAVE}sources:\n  - {{file: {in_yaml}, table: participants}}\n"
        changed = {
            "waves/w1/wave.yaml": facts,
            "waves/w1/participants.csv": None,
            f"waves/w1/{on_disk}": PARTICIPANTS,
        }
        study = write_study(tmp_path / str(len(in_yaml)), changed)
        assert stops(study) == []
        assert len(load_wave(study, "w1").participants) == 12


def test_a_file_that_is_there_under_its_very_name_is_taken_first(tmp_path: Path) -> None:
    for name in (COMPOSED, DECOMPOSED):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert as_on_disk(tmp_path / DECOMPOSED).name == DECOMPOSED


@pytest.mark.parametrize("name", ["none.csv", "keins ä.csv"])
def test_a_file_that_is_nowhere_keeps_its_name(tmp_path: Path, name: str) -> None:
    assert as_on_disk(tmp_path / name) == tmp_path / name
    assert as_on_disk(tmp_path / "no folder ö" / name) == tmp_path / "no folder ö" / name


def test_a_study_has_one_name_on_every_machine(tmp_path: Path) -> None:
    names = set()
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "Größe Ö")
        study = write_study(tmp_path / form, spoilt("study.yaml", ("study: tiny", f"study: {name}")))
        names.add(load_study(study).name)
    assert names == {composed("Größe Ö")}


def test_a_file_is_called_by_the_same_digest_however_its_accents_are_written() -> None:
    assert public_name(f"waves/w1/{COMPOSED}") == public_name(f"waves/w1/{DECOMPOSED}")


# What is printed to be typed


def test_a_command_that_is_printed_can_be_typed_as_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "Jörg Müller" / "Studie Ö (neu)"
    assert main(["new", str(study)]) == 0
    typed = capsys.readouterr().out.splitlines()[-1].partition(": ")[2]
    assert shlex.split(typed) == ["themewave", "guard", "--install", "--study", str(study)]


# Backslashes and drives


def test_a_path_below_a_wave_may_be_written_as_on_windows(tmp_path: Path) -> None:
    facts = f"{WAVE}sources:\n  - {{file: raw files\\people.csv, table: participants}}\n"
    changed = {
        "waves/w1/wave.yaml": facts,
        "waves/w1/participants.csv": None,
        "waves/w1/raw files/people.csv": PARTICIPANTS,
    }
    assert stops(write_study(tmp_path / "study", changed)) == []


@pytest.mark.parametrize(
    "file",
    [
        r"..\w2\people.csv",
        r"C:\people.csv",
        r"\\server\share\people.csv",
        r"a\..\..\people.csv",
        r"~\people.csv",
    ],
)
def test_a_path_as_on_windows_leads_out_of_its_wave_as_little_as_any_other(tmp_path: Path, file: str) -> None:
    facts = f"{WAVE}sources:\n  - {{file: '{file}', table: participants}}\n"
    study = write_study(tmp_path / "study", {"waves/w1/wave.yaml": facts, "waves/w1/participants.csv": None})
    assert "W04" in {finding.code for finding in stops(study)}


def test_a_backslash_in_double_quotes_is_explained(tmp_path: Path) -> None:
    line = f'pseudonym_key: "{ON_WINDOWS}\\key"\n'
    study = write_study(tmp_path / "study")
    with (study / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(line)
    (found,) = stops(study)
    assert found.code == "Y03"
    assert "Write / in its place in a path" in found.fix


def test_a_path_of_windows_reaches_a_notebook_as_it_is() -> None:
    for path in (str(ON_WINDOWS), ON_WINDOWS.as_posix()):
        source = with_values('study: str = "x"  # folder\n', {"study": path})
        (assigned,) = ast.parse(source).body
        assert isinstance(assigned, ast.AnnAssign)
        assert PureWindowsPath(ast.literal_eval(assigned.value)) == ON_WINDOWS
