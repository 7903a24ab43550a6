"""The pages of promises name files that are there, and a test for each promise: one that is gone tests nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("SECURITY.md", "data_schema/PRIVACY.md")


def lines_of(page: str) -> list[str]:
    return (ROOT / page).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_promise_names_is_there(page):
    there = {path.name for folder in ("analysis_lib", "tests") for path in (ROOT / folder).rglob("*.*")}
    promises = [line for line in lines_of(page) if line.startswith("| ")]
    named = [name for line in promises for name in re.findall(r"`([\w./]+\.(?:py|md))`", line)]
    assert len(named) > 20
    assert [name for name in named if Path(name).name not in there] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_test(page):
    inside, without = False, []
    for line in lines_of(page):
        if line.startswith("| promise"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|--") and "test_" not in line and "tests/" not in line:
            without.append(line)
    assert without == []
