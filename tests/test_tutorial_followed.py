"""The README and the tutorial are followed word by word, from a clone to a first report and to the next wave.

Commands, files and expected answers are read from the pages (:mod:`typed_text`); nothing is known here that does not
stand there. The commands are typed in this clone, in a home of their own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from typed_text import Step, notebook, section

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
TUTORIAL = ROOT / "notebooks" / "tutorial"
UNTIL_STOPPED = "Ctrl-C"
LONGEST = 300  # seconds


@pytest.fixture(scope="module")
def pages() -> list[Step]:
    return [
        *section(README, "Your first report"),
        *notebook(TUTORIAL / "1_bring_your_data.ipynb"),
        *section(README, "Your own study"),
        *section(README, "Every new wave"),
    ]


class Newcomer:
    """Types what the pages say, in a home where nobody has typed anything before."""

    def __init__(self, home: Path):
        self.home = home
        self.screen = ""
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "JUPYTER"))}
        self.environment = keep | {"HOME": str(home), "PYTHONHASHSEED": "0"}

    def follow(self, step: Step) -> None:
        if step.kind == "type":
            self.type(step.text)
            return
        if step.kind == "see":
            assert step.text in self.screen, f"not on the screen: {step.text}\n{self.screen}"
            return
        file = Path(step.file.replace("~", str(self.home), 1))
        before = file.read_text(encoding="utf-8") if step.kind != "save" else ""
        if step.kind == "put":
            assert before.count(step.old) == 1, (
                f"{step.old} stands {before.count(step.old)} times in {step.file}"
            )
            file.write_text(before.replace(step.old, step.text), encoding="utf-8")
        else:
            assert step.text, f"no text for {step.file}"
            file.write_text(before + step.text, encoding="utf-8")

    def type(self, line: str) -> None:
        started = subprocess.Popen(
            ["bash", "-c", line], cwd=ROOT, env=self.environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if UNTIL_STOPPED in line:
            self.screen = _until_it_serves(started)
            os.killpg(started.pid, signal.SIGINT)
            started.communicate(timeout=60)
            return
        self.screen, _ = started.communicate(timeout=LONGEST)
        assert "Traceback" not in self.screen
        # A check that finds something ends with 1; everything else that is typed succeeds.
        assert started.returncode == 0 or (" check " in line and " to mend" in self.screen), (
            f"{line}\n{self.screen}"
        )


def _until_it_serves(started: subprocess.Popen[str]) -> str:
    said, end = "", time.monotonic() + 60
    while "http://" not in said and time.monotonic() < end:
        assert started.stdout
        line = started.stdout.readline()
        assert line, f"it ended by itself:\n{said}"
        said += line
    return said


@pytest.mark.runs
def test_somebody_who_types_what_the_pages_say_gets_a_report_and_then_the_next(
    tmp_path: Path, pages: list[Step]
):
    if not (ROOT / ".venv" / "bin" / "themewave").exists():
        pytest.skip("the environment is not in .venv, where README.md says it is")
    newcomer = Newcomer(tmp_path)
    for step in pages:
        newcomer.follow(step)
    reports = tmp_path / "my_study" / "reports" / "my-study"
    assert (reports / "index.html").is_file()
    assert (reports / "wave_1" / "report.html").is_file()
    assert (reports / "wave_2" / "report.html").is_file()


def test_every_command_of_these_pages_is_typed(pages: list[Step]):
    typed = [step.text for step in pages if step.kind == "type"]
    for word in ("new", "check", "run", "status", "lab"):
        assert [line for line in typed if f"themewave {word}" in line], word
    assert len([step for step in pages if step.kind == "see"]) >= 8
    assert {step.kind for step in pages} == {"type", "see", "append", "save", "put"}


def test_the_tutorial_mends_only_what_check_has_named(pages: list[Step]):
    kinds = [step.kind for step in pages if step.kind in ("append", "save", "put")]
    assert len(kinds) >= 6
