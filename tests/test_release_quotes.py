"""What the door does with quotes where counts are rounded: how many leave, under whose name, and of whom."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from analysis_lib.payload import Payload, Table
from analysis_lib.release import MOST_QUOTES, pseudonym, release, rules_for
from analysis_lib.study import Privacy
from analysis_lib.views import payload_of, views

KEY = b"a key for tests"
ROUNDED = ("midpoint6", "suppress7_round5")
COLUMNS = (
    ("theme_id", "key"), ("group", "key"), ("participant", "speaker"), ("quote", "quote"), ("clearance", "clearance"),
)  # fmt: skip
CELL = (*COLUMNS, ("n_alike", "cell"))


def rules(counts, profile="coauthor"):
    return rules_for(profile, Privacy(counts, "because", 6, "reviewed"), KEY)


def said(*people, theme="cold", group="mixed"):
    return tuple((theme, group, name, f"Words of {name}.", "reviewed") for name in people)


def released(counts, *tables, columns=COLUMNS, profile="coauthor"):
    """The rows of each table after the door, all in one bundle."""
    payloads = [Payload("joint_display", "made", {"quotes": Table(columns, rows)}) for rows in tables]
    return [one.tables["quotes"].rows for one in release(payloads, rules(counts, profile)).payloads]


def test_with_exact_counts_every_cleared_quote_leaves():
    (rows,) = released("exact", said("P1", "P2", "P3", "P4"))
    assert len(rows) == 4


@pytest.mark.parametrize("counts", ROUNDED)
def test_with_rounded_counts_two_quotes_of_a_theme_and_group_leave(counts):
    (rows,) = released(counts, said("P1", "P2", "P3") + said("P1", "P2", "P3", group="helpful"))
    assert [(row[1], row[3]) for row in rows] == [
        ("mixed", "Words of P1."),
        ("mixed", "Words of P2."),
        ("helpful", "Words of P1."),
        ("helpful", "Words of P2."),
    ]
    assert MOST_QUOTES == 2


@pytest.mark.parametrize("counts", ROUNDED)
def test_the_two_are_the_same_in_every_display_of_a_bundle(counts):
    first, second = released(counts, said("P3", "P2"), said("P1", "P2", "P3", "P4"))
    assert {row[3] for row in first} == {row[3] for row in second} == {"Words of P2.", "Words of P3."}


def test_a_quote_that_is_not_cleared_takes_no_place():
    held = (("cold", "mixed", "P1", "Words of P1.", "consented"),)
    (rows,) = released("midpoint6", held + said("P2", "P3"))
    assert [row[3] for row in rows] == ["Words of P2.", "Words of P3."]


def test_one_person_has_one_name_with_exact_counts():
    (rows,) = released("exact", said("P1") + said("P1", theme="warm"))
    assert {row[2] for row in rows} == {pseudonym("P1", KEY)}


@pytest.mark.parametrize(("counts", "profile"), [*((c, "coauthor") for c in ROUNDED), ("exact", "public")])
def test_with_rounded_counts_no_name_links_two_cells(counts, profile):
    cells = list(itertools.product(("cold", "warm"), ("mixed", "helpful")))
    table = tuple(row for theme, group in cells for row in said("P1", theme=theme, group=group))
    (rows,) = released(counts, table, profile=profile)
    assert len({row[2] for row in rows}) == len(cells)
    assert pseudonym("P1", KEY) not in {row[2] for row in rows}


@pytest.mark.parametrize("counts", ROUNDED)
def test_in_one_cell_a_person_keeps_one_name(counts):
    twice = (*said("P1"), ("cold", "mixed", "P1", "More words.", "reviewed"))
    (rows,) = released(counts, twice)
    assert len({row[2] for row in rows}) == 1


def test_inside_the_team_ids_stay_as_they_are():
    (rows,) = released("midpoint6", said("P1", "P2", "P3"), profile="internal")
    assert [row[2] for row in rows] == ["P1", "P2", "P3"]


# A quote that says more of a person than its theme and group leaves only where enough people are like them: more than
# the minimum, and more than a released count can tell from one person (1-6 become 3, 1-7 are withheld).
@pytest.mark.parametrize(
    ("counts", "n", "leaves"),
    [
        ("exact", 1, True),
        ("midpoint6", 6, False),
        ("midpoint6", 7, True),
        ("suppress7_round5", 7, False),
        ("suppress7_round5", 8, True),
    ],
)
def test_a_quote_of_a_kind_of_person_leaves_where_enough_are_of_that_kind(counts, n, leaves):
    rows = tuple((*row, n) for row in said("P1"))
    (left,) = released(counts, rows, columns=CELL)
    assert bool(left) is leaves
    assert not any(n in row for row in left)


@pytest.mark.parametrize("counts", ROUNDED)
def test_a_row_about_a_speaker_without_a_quote_stays(counts):
    columns = (("group", "key"), ("participant", "speaker"))
    assert released(counts, (("mixed", "P1"),), columns=columns) == [()]


@pytest.mark.parametrize("counts", ROUNDED)
def test_no_display_of_the_example_quotes_more_than_two_people_of_a_theme_and_group(examples, counts):
    for example in examples.values():
        cells: dict[tuple[str, str], set[str]] = {}
        shown = [payload_of(example.display, view) for view in views(example.display)]
        for payload in release([p for p in shown if "quotes" in p.tables], rules(counts)).payloads:
            frame = payload.tables["quotes"].frame
            for theme, group, quote in zip(frame["theme_id"], frame["group"], frame["quote"], strict=True):
                cells.setdefault((theme, group), set()).add(quote)
        assert cells
        assert max(map(len, cells.values())) <= 2


# Attribution: beside a quote stand a pseudonym and what the cell is about, and nothing else of the person


NEVER_BESIDE = {"age", "gender", "ethnicity", "therapist_id", "site_id", "education", "employment", "session"}
BESIDE = {
    *("theme_id", "group", "participant", "participant_id", "quote", "clearance", "text_original", "translator"),
    *("n_alike", "pattern", "model", "event", "term", "third", "ended"),
}  # fmt: skip


def quoting(display):
    """Every table with quotes of every view of a display: (view, table)."""
    return [
        (view, table)
        for view in views(display)
        for table in payload_of(display, view).tables.values()
        if "quote" in table.kinds.values()
    ]


def test_only_views_of_the_joint_display_hold_quotes():
    folder = Path(__file__).resolve().parents[1] / "analysis_lib" / "views"
    assert [path.name for path in sorted(folder.glob("*.py")) if '"quote"' in path.read_text()] == [
        "joint.py"
    ]


def test_no_view_names_anything_else_of_a_person_beside_their_words(example):
    found = quoting(example.display)
    assert len(found) >= 6
    for view, table in found:
        assert set(table.kinds) <= BESIDE, view
        assert not NEVER_BESIDE & set(table.kinds), view
        assert [kind for kind in table.kinds.values() if kind in ("participant", "speaker")] != [], view


def test_every_quote_carries_how_many_people_share_what_is_said_of_its_speaker(example):
    sizes = example.wave.analysed["outcome_group"].value_counts()
    for view, table in quoting(example.display):
        assert "cell" in table.kinds.values(), view
        for row in table.frame.to_dict("records"):
            assert row["n_alike"] <= sizes[row["group"]], view
            if not {"pattern", "third"} & set(row):
                assert row["n_alike"] == sizes[row["group"]], view


@pytest.mark.parametrize("counts", ROUNDED)
def test_nobody_is_quoted_as_one_of_a_few(example, counts):
    """A group of six, and one of seven of which no count would leave, have no voice of their own."""
    small = {"midpoint6": 6, "suppress7_round5": 7}[counts]
    for view, table in quoting(example.display):
        at = list(table.kinds).index("n_alike")
        for n, some in ((small, False), (small + 1, True)):
            rows = tuple((*row[:at], n, *row[at + 1 :]) for row in table.rows if row[-1] is not None)
            (left,) = released(counts, rows, columns=table.columns)
            assert bool(left) is some, (view, n)
