"""Expected figures are worked out by hand: two of three codes come up first, the third last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from handmade import Outcome, a_wave, themes

import analysis_lib as al
from analysis_lib.errors import ModelError
from analysis_lib.figures import alt_text, can_draw, caption, numbers
from analysis_lib.quantitize import quantitize
from analysis_lib.release import Rules, release
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table
from analysis_lib.theme_saturation import ThemeSaturation, saturation
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
THREE = {"p1": "a b", "p2": "a", "p3": "a c"}


def people_with(codes: dict[str, str], *, groups: dict[str, str] | None = None, **settings: Any) -> Any:
    """The theme matrix of people with these codes, in one outcome group unless it is said otherwise."""
    rows = [
        {"segment_id": f"{p}-{c}", "participant_id": p, "code_id": c, "coder_id": "x", "round": "independent"}
        for p, listed in codes.items()
        for c in listed.split()
    ]
    frame = pd.DataFrame(
        {"outcome_group": [(groups or {}).get(p, "helpful") for p in codes]}, index=list(codes)
    )
    settings.setdefault("codebook", themes("a", "b", "c"))
    tables = {"coded_segments": pd.DataFrame(rows), **settings.pop("tables", {})}
    return quantitize(a_wave(frame, tables=tables, **settings))


def summary(found: ThemeSaturation, group: str = "helpful") -> pd.Series:
    return found.summary.set_index("group").loc[group]


def test_the_curve_is_the_expectation_over_all_orders_and_the_steps_follow_the_ids() -> None:
    curve = saturation(people_with(THREE)).curve
    assert curve["n_participants"].tolist() == [1, 2, 3]
    assert curve["codes_seen"].tolist() == pytest.approx([5 / 3, 7 / 3, 3])
    assert curve["in_order"].tolist() == [2, 2, 3]
    assert (curve["low"] <= curve["codes_seen"]).all()
    assert (curve["high"] >= curve["codes_seen"]).all()


def test_chao2_adds_the_codes_not_met() -> None:
    # two codes in one person each, none in two: 3 + (2/3) * 2 * 1 / 2
    found = summary(saturation(people_with(THREE)))
    assert (found["codes_seen"], found["seen_once"], found["seen_twice"]) == (3, 2, 0)
    assert found["chao2"] == pytest.approx(3 + 2 / 3)


def test_the_rule_names_base_and_run() -> None:
    six = {f"p{i}": "a b" if i < 4 else "a" for i in range(6)}
    found = saturation(people_with(six))
    assert (found.base, found.run, found.threshold) == (4, 2, 0.05)
    assert summary(found)["rule"] == "4 + 2"


def test_the_rule_is_not_reached_while_new_codes_keep_coming() -> None:
    six = {"p0": "a", "p1": "a", "p2": "a", "p3": "a", "p4": "b", "p5": "c"}
    found = saturation(people_with(six))
    assert summary(found)["rule"] == "not reached"
    assert "new codes kept coming" in sentences(payload_of(found, "sentences"))[0].text
    assert "not reached" in format_table(payload_of(found)).as_text()


def test_where_the_rule_is_met_the_codes_that_came_later_are_counted() -> None:
    six = {f"p{i}": "a b" if i < 4 else "a" for i in range(6)}
    met = sentences(payload_of(saturation(people_with(six)), "sentences"))[0].text
    assert met.endswith("is first met after 4 people, and no code came later.")
    late = sentences(payload_of(saturation(people_with(six | {"p6": "c"})), "sentences"))[0].text
    assert late.endswith("is first met after 4 people, yet 1 code of the 3 came later.")


def test_too_few_people_for_the_rule_are_said_without_a_number() -> None:
    found = saturation(people_with(THREE))
    assert summary(found)["reason"] == "too few people"
    assert "says nothing: too few people." in sentences(payload_of(found, "sentences"))[0].text


def test_each_outcome_group_has_a_curve_and_all_have_one() -> None:
    groups = {"p1": "helpful", "p2": "helpful", "p3": "unhelpful"}
    found = saturation(people_with(THREE, groups=groups))
    assert found.summary["group"].tolist() == ["helpful", "unhelpful", "all"]
    assert found.summary["codes_seen"].tolist() == [2, 2, 3]


def test_one_group_is_not_shown_twice() -> None:
    assert saturation(people_with(THREE)).summary["group"].tolist() == ["helpful"]


def test_everybody_together_without_groups() -> None:
    assert saturation(people_with(THREE), by=None).summary["group"].tolist() == ["all"]


def test_any_participants_column_can_make_the_groups() -> None:
    matrix = people_with(THREE)
    wave = replace(matrix.wave, participants=matrix.wave.participants.assign(site_id=["n", "n", "s"]))
    found = saturation(replace(matrix, wave=wave), by="site_id")
    assert found.summary["group"].tolist() == ["n", "s", "all"]


def test_an_unknown_column_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ModelError, match="outcome_group"):
        saturation(people_with(THREE), by="outcome_grup")


def test_people_who_were_not_coded_for_the_whole_codebook_are_left_out_and_counted() -> None:
    asked = pd.DataFrame({"participant_id": list(THREE), "coder_id": "x", "codes": [None, None, "a c"]})
    found = saturation(people_with(THREE, tables={"assignments": asked}))
    assert (summary(found)["n"], summary(found)["n_left_out"], summary(found)["codes_seen"]) == (2, 1, 2)


def test_an_upper_code_counts_only_where_it_was_given_itself() -> None:
    codebook = themes("a", "b")
    below = replace(codebook, themes=(*codebook.themes, replace(codebook["a"], id="a.x", parent="a")))
    found = saturation(people_with({"p1": "a.x", "p2": "a.x", "p3": "b"}, codebook=below))
    assert summary(found)["codes_seen"] == 2


def test_people_without_any_code_stay_in() -> None:
    found = saturation(people_with({**THREE, "p4": ""}))
    assert summary(found)["n"] == 4


def test_the_reflexive_tradition_gets_no_saturation_and_the_reason() -> None:
    found = saturation(people_with(THREE, tradition="reflexive"))
    assert found.curve.empty
    assert "reflexive" in str(found.reason)
    assert [s.kind for s in sentences(payload_of(found, "sentences"))] == ["refusal"]
    assert "reflexive" in str(can_draw(payload_of(found, "curve")))
    assert "Reflexive" in format_table(payload_of(found)).as_text()


def test_the_sentences_never_say_that_saturation_was_reached() -> None:
    said = [s.text for s in sentences(payload_of(saturation(people_with(THREE)), "sentences"))]
    assert said[0].startswith("Helpful (3 people): 3 different codes were seen, 2 of them in one person only")
    assert (
        said[-1]
        == "This describes these codes in this sample; it does not show that nothing else could be said."
    )


def test_under_rounding_no_point_of_a_curve_leaves_and_the_figure_says_why() -> None:
    found = saturation(people_with(THREE, outcome=Outcome(("helpful", "unhelpful"), "helpful", {}, ())))
    (curve,) = release([payload_of(found, "curve")], ROUNDED).payloads
    assert curve.tables["curve"].rows == ()
    assert can_draw(curve) == "a curve with one point per person would give exact numbers away"
    (table,) = release([payload_of(found)], ROUNDED).payloads
    text = format_table(table).as_text()
    assert "withheld" in text
    assert "3.7" not in text
    (said,) = release([payload_of(found, "sentences")], ROUNDED).payloads
    assert "cannot be said from rounded counts" in sentences(said)[0].text


def test_the_figure_lists_every_point_and_names_the_rule() -> None:
    payload = payload_of(saturation(people_with(THREE)), "curve")
    assert "1: 1.7 [" in numbers(payload)
    assert "base 4, run 2, at most 5% new" in caption(payload)
    assert alt_text(payload).startswith(
        "Saturation curves, one panel per group: Helpful 3 codes after 3 people."
    )


def test_the_picture_is_drawn_for_one_person_too() -> None:
    payload = payload_of(saturation(people_with({"p1": "a"})), "curve")
    assert al.show(payload).png is not None
