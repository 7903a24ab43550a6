from pathlib import Path

from imports_page import PAGE, page

from analysis_lib.importers import IMPORTERS

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_page_of_imports_says_what_every_importer_says():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_readme_lists_every_format():
    text = README.read_text(encoding="utf-8")
    assert [name for name in IMPORTERS if f"`{name}`" not in text] == []
