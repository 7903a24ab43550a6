"""Colour, the line of progress, help and completion: for somebody at a terminal, and for a file or a script."""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_study import spoilt, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands import findings
from analysis_lib.commands.command_line import SHELLS, parser
from analysis_lib.commands.progress import Progress
from analysis_lib.errors import Finding
from analysis_lib.exporters import EXPORTERS
from analysis_lib.importers import IMPORTERS
from analysis_lib.schema import EXAMPLE_STUDY

FOUND = Finding("stop", "T06", "a.csv", "it is wrong.", "Mend it.")
IN_COLOUR = "\033[1;31mstop T06\033[0m  a.csv: it is wrong. Mend it.\n"
PLAIN = "stop T06  a.csv: it is wrong. Mend it.\n"


class Terminal(io.StringIO):
    """Somebody looks on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def said(stream: io.StringIO) -> str:
    findings.say([FOUND], stream)
    return stream.getvalue()


# Colour


def test_the_level_stands_out_on_a_terminal() -> None:
    assert said(Terminal()) == IN_COLOUR


def test_there_is_no_colour_in_a_file_or_a_pipe() -> None:
    assert said(io.StringIO()) == PLAIN


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("NO_COLOR", "false"), ("TERM", "dumb")])
def test_there_is_no_colour_where_somebody_wants_none(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert said(Terminal()) == PLAIN


def test_an_empty_no_color_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert said(Terminal()) == IN_COLOUR


def test_the_old_console_of_windows_is_spared_codes_that_it_would_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analysis_lib.commands.findings.sys.platform", "win32")
    monkeypatch.delenv("TERM")
    monkeypatch.delenv("WT_SESSION", raising=False)
    assert said(Terminal()) == PLAIN


def test_a_check_that_is_piped_holds_no_code_of_a_terminal(tmp_path: Path) -> None:
    changed = spoilt("waves/w1/participants.csv", ("P02,helpful,", "P02,helpfull,"))
    words = [sys.executable, "-m", "analysis_lib", "check", str(write_study(tmp_path / "study", changed))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "stop T06" in done.stdout
    assert "\033" not in done.stdout + done.stderr


# Progress


def test_the_line_says_what_is_running_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "40")
    with Progress(7) as progress:
        progress.running(
            [("2024b", "01_wave_intake"), ("2024b", "02_coding_reliability"), ("2025a", "report")]
        )
        progress.done("2024b", "01_wave_intake", 1.0)
    lines = terminal.getvalue().split("\r")
    assert any("2024b: 01_wave_intake, 02_coding_reliability; 2025a: report |" in line for line in lines)
    assert any("1 of 7 steps" in line for line in lines)
    assert lines[-1].strip() == ""


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_elsewhere_each_finished_piece_is_a_line(
    stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stderr", stream())
    with Progress(2) as progress:
        progress.running([("w1", "01_wave_intake")])
        progress.done("w1", "01_wave_intake", 1.26)
        progress.done("w1", "report", 0.5)
    assert capsys.readouterr().out.splitlines() == [
        "  w1  01_wave_intake  1.3 s  (1 of 2)",
        "  w1  report  0.5 s  (2 of 2)",
    ]


# Help


def every_command() -> dict[str, argparse.ArgumentParser]:
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(commands.choices)


@pytest.mark.parametrize("name", every_command())
def test_every_command_has_worked_examples_that_it_understands(name: str) -> None:
    help_of = every_command()[name].format_help()
    examples = re.findall(rf"^  (themewave {name}\b.*?)(?:   .*)?$", help_of, re.MULTILINE)
    examples += re.findall(r"\$\((themewave .*?)\)", help_of)
    assert len(examples) >= 2, help_of
    for typed in examples:
        words = typed.partition(" > ")[0].removeprefix("themewave ").split()
        assert parser().parse_args(words).command is not None


def test_help_fits_a_terminal_and_names_every_command() -> None:
    overview = parser().format_help()
    for name, command in every_command().items():
        assert re.search(rf"^    {name}\b", overview, re.MULTILINE)
        assert max(map(len, command.format_help().splitlines())) <= 120


def test_every_option_says_what_it_is_for() -> None:
    for name, command in every_command().items():
        for action in command._actions:
            assert len((action.help or "").split()) >= 2, (name, action.dest)


# Completion


def offered(line: str, answered: Path) -> list[str]:
    """What the command answers a shell at the end of a line."""
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answered)}
    place = {"COMP_LINE": line, "COMP_POINT": str(len(line.encode()))}
    subprocess.run([sys.executable, "-m", "analysis_lib"], env=os.environ | asked | place, check=True)
    return [word.strip() for word in answered.read_text(encoding="utf-8").split("\n") if word.strip()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("themewave ch", ["check"]),
        ("themewave run --for", ["--force"]),
        ("themewave run --profile ", ["coauthor", "internal", "public"]),
        ("themewave run --wave ", ["2024a", "2024b", "2025a"]),
        (f"themewave check {EXAMPLE_STUDY} --wave 2024", ["2024a", "2024b"]),
        ("themewave check /there/is/none --wave ", []),
        ("themewave lab --notebook 03", ["03_themes_by_outcome"]),
        ("themewave import a.db --format tag", [name for name in IMPORTERS if name.startswith("tag")]),
        (
            f"themewave export {EXAMPLE_STUDY} --format refi",
            [name for name in EXPORTERS if name.startswith("refi")],
        ),
        ("themewave completion ", list(SHELLS)),
    ],
)
def test_the_tab_key_offers_what_can_follow(line: str, expected: list[str], tmp_path: Path) -> None:
    assert offered(line, tmp_path / "answer") == expected
    assert expected or "none" in line


def test_waves_are_those_of_the_study_that_is_named(tmp_path: Path) -> None:
    study = write_study(tmp_path / "Studie_Ö")
    assert offered(f"themewave run {study} --wave ", tmp_path / "answer") == ["w1"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_of_its_own_kind(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert {"bash": "complete ", "zsh": "compdef ", "fish": "commandline -cp"}[shell] in script
    assert "themewave" in script
    program = shutil.which(shell)
    if program is not None:
        assert subprocess.run([program, "-n"], input=script, text=True, check=False).returncode == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_what_is_typed() -> None:
    script = """
        eval "$(themewave completion bash)"
        COMP_LINE="themewave run --profile in" COMP_POINT=26 COMP_TYPE=9
        _python_argcomplete themewave
        printf "%s" "${COMPREPLY[*]}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=os.environ | {"PATH": path}
    )
    assert done.stdout.strip() == "internal"
