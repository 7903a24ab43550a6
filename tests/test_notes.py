import pandas as pd
import pytest
from handmade import a_wave

from analysis_lib.notes import section

PEOPLE = pd.DataFrame({"outcome_group": ["helpful"]}, index=["P1"])
NOTES = """<!-- A comment
## 03 Themes by outcome
that is no heading. -->
Before any heading.

## 03 Themes by outcome

First paragraph.

Second paragraph.

## 04 Joint display

About all themes.

### cold

About the cold theme.

### Warm

## 05 Termination models
"""


@pytest.fixture
def noted(tmp_path):
    """A wave with notes of its own; the function returns it for a text."""

    def write(text, encoding="utf-8"):
        folder = tmp_path / "waves" / "w1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "author_notes.md").write_bytes(text.encode(encoding))
        return a_wave(PEOPLE, folder=tmp_path)

    return write


def test_the_text_under_a_heading_is_returned_without_its_heading(noted):
    assert section(noted(NOTES), "03 Themes by outcome") == "First paragraph.\n\nSecond paragraph."


def test_letter_case_of_a_heading_does_not_matter(noted):
    assert section(noted(NOTES), "03 themes BY outcome").startswith("First")


def test_a_section_ends_before_its_first_theme(noted):
    assert section(noted(NOTES), "04 Joint display") == "About all themes."


def test_the_text_under_a_theme_is_found_below_its_section(noted):
    assert section(noted(NOTES), "04 Joint display", "cold") == "About the cold theme."


@pytest.mark.parametrize(
    ("heading", "subheading"),
    [
        ("05 Termination models", None),
        ("04 Joint display", "warm"),
        ("02 Nothing", None),
        ("03 Themes by outcome", "cold"),
    ],
)
def test_what_is_not_written_is_empty(noted, heading, subheading):
    assert section(noted(NOTES), heading, subheading) == ""


def test_comments_are_never_part_of_the_text(noted):
    text = "## 03 Themes by outcome\n\nSeen <!-- not\nseen --> here.\n"
    assert section(noted(text), "03 Themes by outcome") == "Seen  here."


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(noted):
    text = "## 03 Themes by outcome\r\n\r\nFirst.\r\n\r\nSecond.\r\n"
    assert section(noted(text, "utf-8-sig"), "03 Themes by outcome") == "First.\n\nSecond."


def test_a_wave_without_notes_has_empty_sections(tmp_path):
    wave = a_wave(PEOPLE, folder=tmp_path)
    assert section(wave, "03 Themes by outcome") == ""
