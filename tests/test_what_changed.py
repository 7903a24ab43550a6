"""The box at the top of a report: what it says, with which numbers, and what it does not say."""

from __future__ import annotations

import pytest
from waves_by_hand import counted_wave, shuffled

import analysis_lib as al
from analysis_lib.codebook import Change, Codebook, Theme
from analysis_lib.payload import Payload
from analysis_lib.release import Rules, release
from analysis_lib.sentences import sentences
from analysis_lib.stats import risk_difference
from analysis_lib.views import payload_of
from analysis_lib.wave_comparison import compare_waves
from analysis_lib.what_changed import (
    NO_GROUPS_BEFORE,
    NO_GROUPS_NOW,
    REFLEXIVE,
    WhatChanged,
    what_changed,
    with_moves,
)
from analysis_lib.wording import slips

BEFORE = {
    "cold": {"helpful": (4, 40), "unhelpful": (24, 40)},
    "late": {"helpful": (0, 40), "unhelpful": (0, 40)},
}
NOW = {
    "cold": {"helpful": (12, 40), "unhelpful": (14, 40)},
    "late": {"helpful": (4, 40), "unhelpful": (5, 40)},
}
FEW = {"omnibus": 199, "minp": 199}


def box(now=NOW, before=BEFORE, **settings) -> WhatChanged:
    waves = [
        counted_wave("w1", before, n_permutations=FEW, **settings),
        counted_wave("w2", now, look=2, n_permutations=FEW, **settings),
    ]
    return what_changed(compare_waves(waves[1], earlier=waves[:1]))


def payload(found: WhatChanged) -> Payload:
    return payload_of(found, "sentences")


def said(found: WhatChanged) -> str:
    return "\n".join(sentence.text for sentence in sentences(payload(found)))


def test_it_opens_with_the_people_of_both_waves():
    assert said(box()).startswith(
        "Analysed: 80 people in this wave (40 helpful and 40 unhelpful); 80 people in wave w1"
    )


def test_a_theme_that_nobody_had_before_is_said_to_be_coded_now_with_both_counts():
    assert "Coded now and for nobody before: “Late” (9 of 80 (11%) now, 0 of 80 (0%) in wave w1)." in said(
        box()
    )


def test_a_theme_that_nobody_has_any_more_is_said_to_be_gone():
    assert "Coded before and for nobody now: “Late”" in said(box(now=BEFORE, before=NOW))


def test_a_share_that_moved_is_said_with_its_interval():
    before = {"cold": {"helpful": (4, 40), "unhelpful": (4, 40)}}
    now = {"cold": {"helpful": (20, 40), "unhelpful": (20, 40)}}
    line = next(text for text in said(box(now, before)).splitlines() if text.startswith("“Cold” was coded"))
    limits = risk_difference(40, 80, 8, 80)
    assert f"95% CI {round(100 * limits.conf_low)} to {round(100 * limits.conf_high)} more" in line
    assert "40 of 80 (50%) in this wave and 8 of 80 (10%) in wave w1" in line


def test_where_nothing_moved_one_sentence_says_so_with_the_largest_change():
    assert (
        "1 theme of everybody against wave w1, none moved beyond noise; the largest change is that of “Cold”"
        in said(box({"cold": NOW["cold"]}, {"cold": BEFORE["cold"]}))
    )


def test_a_difference_that_is_read_otherwise_is_said_with_both_numbers_and_how_far_they_lie_apart():
    line = next(
        text for text in said(box()).splitlines() if text.startswith("“Cold”, unhelpful against helpful")
    )
    # 14/40 - 12/40 = 5 points now, 24/40 - 4/40 = 50 points before, so 45 apart
    assert "5 points more (14/40 v 12/40" in line
    assert "50 points more (24/40 v 4/40" in line
    assert "The two lie 45 points apart (95% CI" in line
    assert "cannot tell) in this wave" in line
    assert "clear) in wave w1" in line


def test_differences_that_moved_by_no_more_than_noise_are_told_by_their_counts_in_one_sentence():
    # 20/40 v 8/40 is clear alone and 18/40 v 9/40 is not; 30 and 22.5 points lie well inside noise of each other
    now = {"cold": {"helpful": (9, 40), "unhelpful": (18, 40)}, "late": NOW["late"]}
    before = {"cold": {"helpful": (4, 40), "unhelpful": (20, 40)}, "late": BEFORE["late"]}
    (line,) = [
        text for text in said(box(now, before)).splitlines() if "do not differ by more than noise" in text
    ]
    assert "“Cold”, unhelpful (now 18/40 v 9/40, " in line
    assert "then 20/40 v 4/40, clear)" in line


def test_the_limits_of_a_move_are_those_of_a_difference_of_differences():
    found = box()
    frame = with_moves(found.contrasts, now="w2", smallest_difference=0.15, alpha=0.05, independent=True)
    row = frame.set_index("theme_id").loc["cold"]
    one, other = risk_difference(14, 40, 12, 40), risk_difference(24, 40, 4, 40)
    below = ((one.estimate - one.conf_low) ** 2 + (other.conf_high - other.estimate) ** 2) ** 0.5
    assert row["moved_low"] == pytest.approx(-0.45 - below)


def test_a_panel_says_no_distance_between_the_differences_of_two_waves():
    waves = [
        counted_wave(f"w{i}", cells, people="p", repeated="panel", look=i, n_permutations=FEW)
        for i, cells in enumerate((BEFORE, NOW), 1)
    ]
    found = what_changed(compare_waves(waves[1], earlier=waves[:1]))
    assert "The two lie" not in said(found)
    assert "against helpful group" in said(found)


def test_differences_are_those_of_the_crosstab_of_each_wave():
    found = box()
    now = al.crosstab_themes(al.quantitize(found.wave)).contrasts
    mine = found.contrasts[found.contrasts["wave"] == "w2"]
    assert mine["p_adjusted"].tolist() == pytest.approx(now["p_adjusted"].tolist(), nan_ok=True)
    assert mine["p_value"].tolist() == pytest.approx(now["p_value"].tolist(), nan_ok=True)


def test_the_last_wave_with_groups_is_taken_where_the_one_before_has_none():
    alone = {theme: {"unhelpful": cells["unhelpful"]} for theme, cells in BEFORE.items()}
    waves = [
        counted_wave(f"w{i}", cells, look=i, n_permutations=FEW)
        for i, cells in enumerate((BEFORE, alone, NOW), 1)
    ]
    found = what_changed(compare_waves(waves[-1], earlier=waves[:-1]))
    assert found.contrasts_since == "w1"
    assert "another reading than in wave w1" in said(found)


@pytest.mark.parametrize(
    ("now", "before", "reason"),
    [
        ({"cold": {"unhelpful": (14, 40)}}, BEFORE, NO_GROUPS_NOW),
        (NOW, {"cold": {"unhelpful": (14, 40)}, "late": {"unhelpful": (1, 40)}}, NO_GROUPS_BEFORE),
    ],
)
def test_without_groups_to_compare_it_says_so(now, before, reason):
    found = box(now, before)
    assert found.contrasts_reason == reason
    assert reason[5:] in said(found)


def test_reflexive_work_follows_no_difference():
    found = box(tradition="reflexive")
    assert found.contrasts_reason == REFLEXIVE
    assert "another reading" not in said(found)


def test_a_first_wave_says_that_it_is_the_first():
    found = what_changed(compare_waves(counted_wave("w1", NOW, planned_looks=3), earlier=()))
    assert said(found).splitlines() == [
        "Analysed: 80 people in this wave (40 helpful and 40 unhelpful).",
        "This is the first wave, so there is nothing to compare it with.",
        "Look 1 of 3, an interim look: p-values and readings of this report are not final, and are not adjusted for the"
        " looks before.",
    ]


def test_a_change_of_the_codebook_is_said_and_its_theme_is_not_followed():
    book = Codebook(
        "2", (Theme("cold", "Cold", history=(Change("2", "redefined", ""),)), Theme("late", "Late"))
    )
    waves = [
        counted_wave(f"w{i}", cells, look=i, version=str(i), codebook=book, n_permutations=FEW)
        for i, cells in enumerate((BEFORE, NOW), 1)
    ]
    found = what_changed(compare_waves(waves[1], earlier=waves[:1]))
    text = said(found)
    assert (
        "Codebook: version 2 after 1; redefined: “Cold”. 1 theme of these cannot be compared with wave w1."
        in text
    )
    assert set(found.contrasts["theme_id"]) == {"late"}


def test_the_same_codebook_is_said_to_be_the_same():
    assert "Codebook: the same version (1) as in wave w1." in said(box())


def test_the_order_of_rows_in_the_files_does_not_matter():
    waves = [
        counted_wave(f"w{i}", cells, look=i, n_permutations=FEW) for i, cells in enumerate((BEFORE, NOW), 1)
    ]
    turned = [shuffled(each) for each in waves]
    one, other = (what_changed(compare_waves(each[1], earlier=each[:1])) for each in (waves, turned))
    assert payload(one) == payload(other)


def test_its_facts_hold_no_number_of_people():
    facts = payload(box(planned_looks=3)).facts
    numbers = {
        key: value for key, value in facts.items() if isinstance(value, int) and not isinstance(value, bool)
    }
    assert numbers == {"look": 2, "planned_looks": 3}


@pytest.mark.parametrize("rule", ["midpoint6", "suppress7_round5"])
def test_rounded_counts_can_be_said(rule):
    rules = Rules("coauthor", rule, 6, frozenset({"reviewed"}), b"key")
    released = release([payload(box())], rules).payloads[0]
    assert len(sentences(released)) >= 4


def test_no_sentence_claims_more_than_it_holds(examples):
    for wave in examples.values():
        found = al.what_changed(al.compare_waves(wave.wave))
        texts = [sentence.text for sentence in sentences(payload(found))]
        texts += [s.text for s in sentences(payload_of(found.comparison, "sentences"))]
        assert [slip.phrase for text in texts for slip in slips(text)] == []
        assert not any(word in text for text in texts for word in ("increas", "decreas", "rose", "fell"))
