"""How many have no value is counted per variable and group, and shown in numbers beside the shade."""

from __future__ import annotations

from example_waves import Example
from figure_payloads import missing

from analysis_lib import figures
from analysis_lib.intake import MISSING
from analysis_lib.release import Rules, release
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

SUPPRESSED = Rules("coauthor", "suppress7_round5", 6, frozenset({"reviewed"}), b"key")
SIZES: dict[str, int | None] = {"helpful": 40, "unhelpful": 10}
TWO = missing({"Age": {"helpful": 4, "unhelpful": 0}, "Severity": {"helpful": 10, "unhelpful": 5}}, SIZES)


def test_the_variable_that_most_people_lack_stands_first_with_number_and_share() -> None:
    assert figures.numbers(TWO).splitlines() == [
        "Severity | Helpful 10 (25%); Unhelpful 5 (50%); All 15 (30%)",
        "Age | Helpful 4 (10%); Unhelpful 0 (0%); All 4 (8%)",
    ]


def test_variables_that_everybody_has_are_named_in_the_caption_and_not_drawn() -> None:
    payload = missing(
        {"Age": {"helpful": 4, "unhelpful": 0}, "Gender": {"helpful": 0, "unhelpful": 0}}, SIZES
    )
    assert "Gender" not in figures.numbers(payload)
    assert "Nothing is missing in: Gender." in figures.caption(payload)


def test_where_nothing_is_missing_there_is_a_sentence_and_no_picture() -> None:
    payload = missing({"Age": {"helpful": 0, "unhelpful": 0}}, SIZES)
    assert figures.can_draw(payload) == "nothing is missing: every characteristic is known of everybody"


def test_a_withheld_number_is_a_dash_and_the_caption_says_what_it_means() -> None:
    payload = missing(
        {"Age": {"helpful": None, "unhelpful": 0}, "Severity": {"helpful": 10, "unhelpful": None}}, SIZES
    )
    drawn = figures.as_svg(figures.draw(payload))
    assert drawn.count(">–</text>") == 4  # two groups and, each time, all
    assert "–: withheld" in figures.caption(payload)


def test_every_number_withheld_leaves_no_picture() -> None:
    payload = missing({"Age": {"helpful": None, "unhelpful": None}}, SIZES)
    assert figures.can_draw(payload) == "every number of people without a value is withheld"


def test_the_table_has_the_same_numbers_in_the_same_order() -> None:
    table = format_table(TWO)
    assert [row.stub for row in table.rows] == ["Severity", "Age"]
    assert [cell.text for cell in table.rows[0].cells] == ["10 (25%)", "5 (50%)", "15 (30%)"]


def test_the_rows_of_a_wave_are_those_of_its_characteristics_and_the_words(example: Example) -> None:
    intake = example.intake
    rows = intake.missing.set_index(["variable", "group"])
    lacking = intake.characteristics[intake.characteristics["level"] == MISSING]
    for row in lacking.itertuples():
        assert rows.at[(row.variable, row.group), "n_missing"] == row.n
    words = intake.material.set_index("group")
    assert rows.at[("n_words", "all"), "n_missing"] == words.at["all", "n"] - words.at["all", "n_with_words"]


def test_what_leaves_under_suppression_is_drawn_or_refused_with_a_reason(
    examples: dict[str, Example],
) -> None:
    for example in examples.values():
        released = release([payload_of(example.intake, "missing")], SUPPRESSED).payloads[0]
        reason = figures.can_draw(released)
        assert (reason is None) == (
            "(" in figures.numbers(released).split("|")[-1] if reason is None else False
        )
