"""Is a report printed where a browser is installed, and is it said plainly where none is?"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from analysis_lib.commands import pdf as command
from analysis_lib.report import pdf


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text("<!DOCTYPE html><title>T</title><p>Ten of twelve.</p>", encoding="utf-8")
    return path


def test_without_a_browser_there_is_a_sentence_and_no_file(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    said = pdf.write_pdf(page, page.with_suffix(".pdf"))
    assert said == pdf.NO_BROWSER
    assert "Any browser can print" in said
    assert not page.with_suffix(".pdf").exists()


def test_a_browser_that_fails_leaves_no_file(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "chromium")

    monkeypatch.setattr(pdf.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(pdf.subprocess, "run", fails)
    assert "could not print" in (pdf.write_pdf(page, page.with_suffix(".pdf")) or "")
    assert not page.with_suffix(".pdf").exists()


@pytest.mark.browser
def test_a_printed_page_carries_its_text_and_no_clock(page: Path) -> None:
    if pdf.shutil.which("chromium") is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    assert pdf.write_pdf(page, page.with_suffix(".pdf")) is None
    printed = page.with_suffix(".pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert b"/CreationDate (D:20000101000000" in printed


def test_a_report_is_printed_once_and_again_only_when_it_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed: list[str] = []

    def write(page: Path, target: Path) -> None:
        printed.append(page.parent.name)
        target.write_bytes(b"%PDF-")

    monkeypatch.setattr(command, "write_pdf", write)
    folder = tmp_path / "nhs-helpfulness-example" / "2024b"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<p>", encoding="utf-8")
    for _ in range(2):
        command.print_reports(None, None, out=str(tmp_path))
    assert printed == ["2024b"]
    assert "2024b  report.pdf" in capsys.readouterr().out


def test_a_missing_browser_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "write_pdf", lambda *_: pdf.NO_BROWSER)
    for wave in ("2024a", "2024b"):
        folder = tmp_path / "nhs-helpfulness-example" / wave
        folder.mkdir(parents=True)
        (folder / "report.html").write_text("<p>", encoding="utf-8")
    command.print_reports(None, None, out=str(tmp_path))
    assert capsys.readouterr().err.count("No PDF") == 1
