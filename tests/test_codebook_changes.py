"""Codebooks of a few themes, and what each kind of change does to earlier codings."""

from __future__ import annotations

from typing import Any

import pytest

from analysis_lib.codebook import Change, Codebook, Theme
from analysis_lib.codebook_changes import changes_between, compare_codebooks, meaning_before


def book(*themes: Theme, version: str = "3") -> Codebook:
    return Codebook(version, themes)


def theme(name: str, **more: Any) -> Theme:
    return Theme(name, name.capitalize(), **more)


def gone(name: str, *heirs: str, version: str = "2", change: Any = None, **more: Any) -> Theme:
    """A theme that was retired in a version."""
    kind = change or ("split" if len(heirs) > 1 else "merged" if heirs else "retired")
    return theme(name, status="retired", replaced_by=heirs, history=(Change(version, kind, ""),), **more)


def kinds(codebook: Codebook, earlier: str = "1", later: str = "3") -> dict[str, str]:
    found = changes_between(codebook, earlier, later)
    return dict(zip(found["theme_id"], found["change"], strict=True))


# Kinds of change


def test_each_kind_of_change_is_named():
    codebook = book(
        theme("kept"),
        theme("fresh", since="2"),
        theme("called", history=(Change("2", "renamed", "was: named"),)),
        theme("other", history=(Change("3", "redefined", "narrower"),)),
        gone("cold", "distant"),
        gone("rude", "distant"),
        theme("distant"),
        gone("wide", "one", "two"),
        theme("one", since="2"),
        theme("two", since="2"),
        gone("dropped"),
    )
    assert kinds(codebook) == {
        "fresh": "new",
        "called": "renamed",
        "other": "redefined",
        "cold": "merged",
        "rude": "merged",
        "wide": "split",
        "dropped": "retired",
    }


def test_only_changes_after_the_first_and_up_to_the_second_version_count():
    codebook = book(*(theme(f"t{v}", since=v) for v in ("1", "1.5", "2", "2.1")))
    assert kinds(codebook, "1.5", "2") == {"t2": "new"}


def test_one_successor_that_is_new_and_took_over_from_nobody_else_is_another_name():
    codebook = book(
        Theme("old", "Old", status="retired", replaced_by=("fresh",)),
        theme("fresh", since="2"),
    )
    assert kinds(codebook) == {"old": "renamed"}


def test_the_version_of_a_merger_is_that_of_the_successor_where_the_theme_itself_does_not_say():
    codebook = book(
        Theme("cold", "Cold", status="retired", replaced_by=("distant",)),
        theme("distant", history=(Change("2", "merged", ""),)),
    )
    assert changes_between(codebook, "1", "2").set_index("theme_id").at["cold", "version"] == "2"
    assert len(changes_between(codebook, "2", "3")) == 0


def test_without_any_word_on_the_version_a_theme_went_with_the_newest():
    codebook = book(theme("kept"), Theme("old", "Old", status="retired"))
    assert changes_between(codebook, "1", "3").set_index("theme_id").at["old", "version"] == "3"


def test_a_change_says_into_what_and_whether_earlier_codings_count():
    codebook = book(
        gone("cold", "distant"), theme("distant"), gone("wide", "one", "two"), theme("one"), theme("two")
    )
    found = changes_between(codebook, "1", "3").set_index("theme_id")
    assert found.loc["cold", ["with_themes", "comparable"]].tolist() == ["Distant", True]
    assert found.loc["wide", ["with_themes", "comparable", "reason"]].tolist() == [
        "One; Two",
        False,
        "split in 2",
    ]


# What earlier codes count for


def test_merged_codes_count_for_what_took_over():
    codebook = book(gone("cold", "distant"), gone("rude", "distant"), theme("distant"))
    assert meaning_before(codebook, "distant", "1", "2").codes == {"cold", "rude", "distant"}
    assert meaning_before(codebook, "distant", "1", "2").reason is None


def test_a_merger_is_not_applied_between_versions_that_both_know_it():
    codebook = book(gone("cold", "distant"), theme("distant"))
    assert meaning_before(codebook, "distant", "2", "3").codes == {"distant"}


def test_mergers_one_after_another_are_followed_to_the_end():
    codebook = book(gone("a", "b", version="2"), gone("b", "c", version="3"), theme("c"))
    assert meaning_before(codebook, "c", "1", "3").codes == {"a", "b", "c"}
    assert meaning_before(codebook, "b", "1", "2").codes == {"a", "b"}


def test_a_merger_without_a_map_is_not_applied():
    codebook = book(theme("distant", history=(Change("2", "merged", "cold and rude"),)))
    assert meaning_before(codebook, "distant", "1", "2").reason == "merged in 2"


def test_the_parts_of_a_split_theme_cannot_be_told_apart_before():
    codebook = book(gone("wide", "one", "two"), theme("one", since="2"), theme("two", since="2"))
    assert meaning_before(codebook, "one", "1", "2").reason == "it took over a part of “Wide” in 2"
    assert meaning_before(codebook, "wide", "1", "2").reason == "split into “One” and “Two” in 2"


def test_a_theme_that_holds_all_parts_of_a_split_one_stays_comparable():
    codebook = book(
        theme("top"),
        gone("wide", "one", "two", parent="top"),
        theme("one", parent="top", since="2"),
        theme("two", parent="top", since="2"),
    )
    assert meaning_before(codebook, "top", "1", "2").codes == {"top", "wide", "one", "two"}


def test_a_code_that_moved_below_another_theme_counts_there():
    codebook = book(
        theme("a"), gone("a.cold", "b.cold", parent="a"), theme("b"), theme("b.cold", parent="b", since="2")
    )
    assert meaning_before(codebook, "a", "1", "2").codes == {"a"}
    assert meaning_before(codebook, "b", "1", "2").codes == {"b", "b.cold", "a.cold"}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"since": "2"}, "not in its codebook"),
        ({"history": (Change("2", "redefined", ""),)}, "redefined in 2"),
        ({"history": (Change("2", "split", ""),)}, "split in 2"),
        ({"history": (Change("2", "renamed", ""),)}, None),
    ],
)
def test_what_a_change_of_a_theme_does_to_earlier_codings(more: dict[str, Any], reason: str | None):
    assert meaning_before(book(theme("cold", **more)), "cold", "1", "2").reason == reason


@pytest.mark.parametrize(
    "below",
    [
        theme("a.new", parent="a", since="2"),
        theme("a.cold", parent="a", history=(Change("2", "redefined", ""),)),
        gone("a.cold", parent="a"),
    ],
)
def test_a_theme_changes_with_those_below_it(below: Theme):
    assert meaning_before(book(theme("a"), below), "a", "1", "2").reason == "a theme below it changed in 2"


def test_the_order_of_versions_does_not_matter():
    codebook = book(gone("cold", "distant"), theme("distant"), theme("fresh", since="2"))
    for name in ("distant", "fresh"):
        assert meaning_before(codebook, name, "1", "2") == meaning_before(codebook, name, "2", "1")


def test_themes_that_name_each_other_as_successors_come_to_an_end():
    codebook = book(gone("a", "b"), gone("b", "a"))
    assert meaning_before(codebook, "a", "1", "2").codes == frozenset()


# Two files


def test_two_files_are_compared_by_id():
    earlier = book(
        theme("kept"), theme("old", definition="Cold."), theme("said", definition="A."), Theme("x", "X")
    )
    later = book(
        theme("kept"), theme("fresh", definition="Cold."), theme("said", definition="B."), Theme("x", "Y")
    )
    found = compare_codebooks(earlier, later).set_index("theme_id")
    assert found["change"].to_dict() == {
        "old": "retired",
        "fresh": "new",
        "said": "redefined",
        "x": "renamed",
    }
    assert found["comparable"].to_dict() == {"old": False, "fresh": False, "said": False, "x": True}


def test_the_same_words_of_definition_are_a_hint_and_nothing_is_made_of_it():
    found = compare_codebooks(
        book(theme("old", definition="Cold.")), book(theme("fresh", definition="Cold."))
    )
    row = found.set_index("theme_id").loc["old"]
    assert row["note"] == "Defined in the same words: Fresh."
    assert (row["change"], row["comparable"]) == ("retired", False)


def test_a_file_that_declares_successors_has_them_applied():
    earlier = book(Theme("cold", "Cold", replaced_by=("distant",)), theme("distant"))
    found = compare_codebooks(earlier, book(theme("distant"))).set_index("theme_id")
    assert found.loc["cold", ["change", "with_themes", "comparable"]].tolist() == ["merged", "Distant", True]


def test_the_same_file_twice_shows_nothing():
    codebook = book(theme("kept", definition="A."), theme("also"))
    assert len(compare_codebooks(codebook, codebook)) == 0
