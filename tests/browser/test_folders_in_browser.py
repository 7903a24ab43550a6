"""A study whose name, folder and reports hold spaces, umlauts and signs that an address gives a meaning to.

It goes through every command; then Chromium opens the index from its folder and follows the link to the report.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tiny_study import CODEBOOK, SEGMENTS, spoilt, write_study

from analysis_lib.__main__ import main
from analysis_lib.commands import lab
from analysis_lib.file_names import same_everywhere, why_not_everywhere
from analysis_lib.runner import notebooks as suite
from analysis_lib.runner.manifest import read_manifest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.runs]
NAME = "Größe & Öl #1, 100%"
LONGEST = (
    80  # characters of a path below the folder of a wave; Windows has room for 259 in all, with that folder
)


def typed(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The study after a run of one notebook, and the folder of its reports."""
    base = tmp_path_factory.mktemp("data") / "Jörg Müller" / "Studie #2 (50% ?)"
    changed = spoilt("study.yaml", ("study: tiny", f"study: '{NAME}'"), ("[A.cold]", "[CON]"))
    # One theme is called as Windows calls the console: no file may be named after a theme.
    changed["codebook.yaml"] = CODEBOOK.replace("A.cold", "CON")
    changed["waves/w1/coded_segments.csv"] = SEGMENTS.replace("A.cold", "CON")
    study = write_study(base, changed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(base.parent / "Einstellungen für mich"))
        patch.setattr(suite, "IN_RUN", ("01_wave_intake",))
        assert typed("check", study) == 0
        assert typed("run", study, "--jobs", "1") == 0
    return study, study / "reports" / NAME


def test_the_index_leads_to_the_report_by_a_click(finished: tuple[Path, Path], page: Page) -> None:
    page.goto((finished[1] / "index.html").as_uri())
    page.get_by_role("link", name="Report of wave w1").click()
    page.wait_for_url(re.compile(r"/w1/report\.html$"))
    assert page.get_by_role("heading", level=1).inner_text().startswith("A tiny study")


def test_what_is_remembered_of_a_run_has_the_name_as_it_is(finished: tuple[Path, Path]) -> None:
    manifest = read_manifest(finished[1] / "w1")
    assert manifest is not None
    assert manifest["study"] == NAME
    assert "ö" not in json.dumps(sorted(manifest["inputs"]))


def test_the_report_is_current_and_complete(
    finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "IN_RUN", ("01_wave_intake",))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(finished[0].parent / "Einstellungen für mich"))
    assert typed("status", finished[0]) == 0
    assert capsys.readouterr().out == "w1  current\n"
    assert typed("verify", finished[1] / "w1", "--hashes-only") == 0


def test_every_file_of_a_report_can_lie_on_every_machine(finished: tuple[Path, Path]) -> None:
    files = [path.relative_to(finished[1] / "w1") for path in (finished[1] / "w1").rglob("*")]
    assert len(files) > 10
    for path in files:
        assert [why_not_everywhere(part) for part in path.parts] == [""] * len(path.parts)
        assert path.as_posix().isascii()
        assert len(path.as_posix()) <= LONGEST
    assert same_everywhere(path.as_posix() for path in files) == []


def test_an_export_is_named_after_study_and_wave(finished: tuple[Path, Path]) -> None:
    assert typed("export", finished[0], "--wave", "w1", "--format", "csv") == 0
    assert (finished[0] / "exports" / f"INTERNAL_{NAME}_w1.csv").is_file()


def test_the_lab_opens_beside_the_study(finished: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Path] = []
    monkeypatch.setattr(lab, "_serve", lambda notebook, folder, **settings: served.append(folder))
    assert typed("lab", finished[0]) == 0
    assert served == [finished[0] / "notebooks"]
    assert 'study: str = \\"../..\\"' in (served[0] / "w1" / "01_wave_intake.ipynb").read_text(
        encoding="utf-8"
    )
