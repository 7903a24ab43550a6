"""LibreOffice opens the Word files and prints them: nothing is lost, headings repeat, wide pages lie across."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from whole_waves import whole
from word_reader import expected

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.report.back_matter import back_matter
from analysis_lib.report.docx import tables_document
from analysis_lib.report.numbered import numbered_tables
from analysis_lib.report.results_draft import results_document
from analysis_lib.report.sections import Section

LONG = 80  # rows, more than a page holds

pytestmark = pytest.mark.skipif(
    shutil.which("soffice") is None or shutil.which("pdftotext") is None,
    reason="needs LibreOffice Writer and poppler-utils, see CONTRIBUTING.md",
)


@pytest.fixture(scope="module")
def printed(example, tmp_path_factory) -> Path:
    """A folder with both Word files of the first wave and a long table, as PDF."""
    folder = tmp_path_factory.mktemp("printed")
    sections, cover, stamp = whole(example)
    long = FormattedTable(
        "A table of many rows",
        "Theme",
        ((Head("Counted"),),),
        tuple(Row(f"Theme{i}", (Cell(f"{i}/{LONG}"),)) for i in range(LONG)),
    )
    files = {
        "tables": tables_document(sections, title="T", lines=[]),
        "draft": results_document(
            sections, cover=cover, back=back_matter(sections, cover=cover, stamp=stamp), lines=[]
        ),
    }
    with pytest.MonkeyPatch.context() as patch:
        found = [(Section("03", "Which?", ()), [("Table 3.1", long)])]
        patch.setattr("analysis_lib.report.docx.numbered_tables", lambda _: found)
        files["long"] = tables_document([], title="T", lines=[])
    for name, content in files.items():
        (folder / f"{name}.docx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
    command += [str(folder / f"{name}.docx") for name in files]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


def pages(pdf: Path) -> list[str]:
    """The text of each page."""
    text = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
    ).stdout
    return text.split("\f")[:-1]


def words(text: str) -> Counter[str]:
    """Words, numbers and signs of a text, wherever its lines end and whether or not a space stands between them."""
    return Counter(re.findall(r"\w+|[^\w\s]", text))


@pytest.mark.parametrize("name", ["tables", "draft"])
def test_both_files_open_and_become_pages(printed, name):
    assert len(pages(printed / f"{name}.pdf")) > 10


def test_no_word_of_any_cell_is_lost(printed, example):
    sections, _, _ = whole(example)
    there = words(" ".join(pages(printed / "tables.pdf")))
    tables = [table for _, here in numbered_tables(sections) for _, table in here]
    wanted = words(" ".join(text for table in tables for row in expected(table) for text in row))
    assert sum(wanted.values()) > 5_000
    assert wanted - there == Counter()


def test_headings_stand_again_on_the_second_page_of_a_long_table(printed):
    with_rows = [page for page in pages(printed / "long.pdf") if re.search(r"Theme\d", page)]
    assert len(with_rows) > 1
    assert all("Counted" in page for page in with_rows)


def test_numbers_that_libreoffice_counts_are_those_of_the_report(printed, example):
    sections, _, _ = whole(example)
    numbers = [number for _, here in numbered_tables(sections) for number, _ in here]
    # Two spaces or more stand in the list of tables, nothing stands after the number of a caption.
    shown = re.findall(
        r"^\s*(Table \d+\.\d+)\s*$", "\n".join(pages(printed / "tables.pdf")), flags=re.MULTILINE
    )
    assert shown == numbers


def test_wide_tables_lie_across_and_the_others_upright(printed):
    listed = ["pdfinfo", "-f", "1", "-l", "999", str(printed / "tables.pdf")]
    text = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    sizes = {
        tuple(round(float(x)) for x in size) for size in re.findall(r"size:\s+([\d.]+) x ([\d.]+)", text)
    }
    assert sizes == {(595, 842), (842, 595)}
    rotations = set(re.findall(r"rot:\s+(\d+)", text))
    assert rotations == {"0"}
