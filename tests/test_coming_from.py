"""Pages for people who come from another program: what they say to type can be typed, and R says the same numbers."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import analysis_lib as al
from analysis_lib.commands.command_line import parser
from analysis_lib.exporters import EXPORTERS
from analysis_lib.exporters.table_formats import TABLE_FORMATS
from analysis_lib.importers import IMPORTERS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "data_schema" / "coming_from").glob("*.md"))
ONE_SCREEN = 65  # lines
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def fenced(page: Path, language: str = "") -> str:
    return "".join(re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))


def test_there_is_a_page_for_each_program_that_the_readme_links():
    linked = re.findall(
        r"\(data_schema/coming_from/(\w+)\.md\)", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    assert sorted(linked) == [page.stem for page in PAGES] == ["MAXQDA", "NVivo", "R", "SPSS"]


@each_page
def test_a_page_fits_on_a_screen_and_says_the_same_five_things(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= ONE_SCREEN
    for said in ("What you can do now", "What stays there", "Take results back"):
        assert text.count(f"**{said}.**") == 1
    assert re.search(r"^\|---\|", text, re.MULTILINE)


@each_page
def test_every_command_of_a_page_is_one_that_themewave_understands(page):
    text = page.read_text(encoding="utf-8")
    commands = re.findall(r"^themewave .+$|`(themewave [^`]+)`", text, re.MULTILINE)
    lines = [line for line in text.splitlines() if line.startswith("themewave ")] + [c for c in commands if c]
    for line in lines:
        options = parser().parse_args(shlex.split(line)[1:])
        assert getattr(options, "format", None) in {None, *EXPORTERS, *TABLE_FORMATS, *IMPORTERS}, line
    for name in re.findall(r"`--format (\w+)`", text):
        assert name in {*EXPORTERS, *TABLE_FORMATS}, name


@each_page
def test_every_function_that_a_page_names_is_there(page):
    for name in re.findall(r"al\.stats\.(\w+)", page.read_text(encoding="utf-8")):
        assert hasattr(al.stats, name), name


@each_page
def test_what_could_not_be_tried_is_said(page):
    text = page.read_text(encoding="utf-8")
    if page.stem != "R":
        assert re.search(r"unverified|No SPSS was run here", text)


def test_r_and_themewave_print_the_same_numbers():
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed here")
    page = ROOT / "data_schema" / "coming_from" / "R.md"

    def printed(*words: str) -> list[list[float]]:
        done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
        return [[float(number) for number in line.split()] for line in done.stdout.splitlines()]

    r = printed("Rscript", "-e", "options(digits = 12, warn = -1)\n" + fenced(page, "r"))
    ours = printed(sys.executable, "-c", fenced(page, "python"))
    assert [len(line) for line in ours] == [1, 3, 1]
    for line_r, line in zip(r, ours, strict=True):
        assert line == pytest.approx(line_r, rel=1e-5)
