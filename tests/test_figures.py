"""Do the figures draw what their payloads hold, the same each time, and legibly?"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis_lib import figures
from analysis_lib.payload import Payload, Table

FACTS: dict[str, Any] = {
    "wave": "w1",
    "synthetic": False,
    "reference": "helpful",
    "base": "all_with_material",
    "smallest_difference": 0.15,
    "tradition": "codebook",
    "theme_timing": "after_outcome",
    "reason": None,
    "stated_event": {"main": "declared"},
    "rules": {"declared": "left without agreement", "under_8": "fewer than 8 sessions"},
}
AWKWARD = (
    "The therapist did not seem to understand what it meant to live with this illness, day after day, nor asked",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    "$x$ & <b>bold</b> $5",
    "Ok",
)


def groups_table(**n: int | None) -> Table:
    labels = {name: name.replace("_", " ").capitalize() for name in n}
    frame = pd.DataFrame({"group": list(n), "label": [labels[name] for name in n], "n": list(n.values())})
    return Table.of(frame, group="key", label="key", n="people")


def dots(counts: dict[str, dict[str, tuple[int | None, int | None]]], **facts: Any) -> Payload:
    """Theme -> group -> people with the theme, people who could have it."""
    rows = [
        (theme, theme, group, x, n)
        for theme, by_group in counts.items()
        for group, (x, n) in by_group.items()
    ]
    frame = pd.DataFrame(rows, columns=["theme_id", "theme_label", "group", "n_with_theme", "n_total"])
    shares = Table.of(
        frame.astype({"n_with_theme": "Int64", "n_total": "Int64"}),
        theme_id="key", theme_label="key", group="key", n_with_theme="people", n_total="people",
    )  # fmt: skip
    sizes = {group: n for group, (_, n) in next(iter(counts.values()), {"helpful": (0, 4)}).items()}
    tables = {"shares": shares, "groups": groups_table(**sizes)}
    return Payload("figure", "theme_dots", tables, FACTS | {"leading": list(counts)} | facts)


def differences(counts: dict[str, dict[str, tuple[int | None, int | None]]], **facts: Any) -> Payload:
    """The same counts against the reference."""
    rows = [
        (theme, theme, group, "helpful", x, n, *by_group.get("helpful", (None, None)))
        for theme, by_group in counts.items()
        for group, (x, n) in by_group.items()
        if group != "helpful"
    ]
    four = ["n_with_theme", "n_total", "n_with_reference", "n_reference"]
    frame = pd.DataFrame(rows, columns=["theme_id", "theme_label", "group", "reference", *four])
    contrasts = Table.of(
        frame.astype(dict.fromkeys(four, "Int64")),
        theme_id="key", theme_label="key", group="key", reference="key", n_with_theme="people",
        n_total="people", n_with_reference="people", n_reference="people",
    )  # fmt: skip
    shown = dots(counts, **facts)
    return replace(
        shown, template="theme_differences", tables={"contrasts": contrasts, "groups": shown.tables["groups"]}
    )


def forest(*odds: tuple[Any, ...], guard_reason: str | None = None, **facts: Any) -> Payload:
    """Rows of (term, level, reference, adjusted, odds ratio, low, high, reason)."""
    rows = [("main", "declared", term, term, level, ref, *rest, "firth") for term, level, ref, *rest in odds]
    names = [
        "model", "event", "term", "term_label", "level", "reference", "adjusted", "odds_ratio", "conf_low",
        "conf_high", "reason", "method",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names).astype({"adjusted": object})
    other = frame.assign(event="under_8", odds_ratio=99.0)
    ml = frame.assign(method="maximum likelihood", odds_ratio=88.0)
    models = Table.of(
        pd.concat([frame, other, ml]) if rows else frame,
        model="key", event="key", term="key", term_label="key", level="key", reference="key", adjusted="key",
        odds_ratio="estimate", conf_low="estimate", conf_high="estimate", reason="text", method="text",
    )  # fmt: skip
    guards = pd.DataFrame(
        [("main", "declared", 150, 144, 6, 16, guard_reason)],
        columns=["model", "event", "n_eligible", "n_used", "n_dropped", "n_events", "reason"],
    )
    guard = Table.of(
        guards, model="key", event="key", n_eligible="people", n_used="people", n_dropped="people",
        n_events="people", reason="text",
    )  # fmt: skip
    tables = {"models": models, "guards": guard, "groups": groups_table(helpful=92)}
    return Payload("figure", "termination_forest", tables, FACTS | facts)


def probabilities(*rows: tuple[Any, ...], **facts: Any) -> Payload:
    """Rows of (term, level, probability, low, high, difference, low, high, reason)."""
    estimates = ["probability", "conf_low", "conf_high", "average_risk_difference", "ard_low", "ard_high"]
    frame = pd.DataFrame(
        [("main", "declared", term, *row, 144) for term, *row in [(row[0], *row) for row in rows]],
        columns=["model", "event", "term", "term_label", "level", *estimates, "reason", "n_used"],
    )
    table = Table.of(
        frame, model="key", event="key", term="key", term_label="key", level="key", probability="estimate",
        conf_low="estimate", conf_high="estimate", average_risk_difference="estimate", ard_low="estimate",
        ard_high="estimate", reason="text", n_used="people",
    )  # fmt: skip
    tables = {"probabilities": table, "groups": groups_table(helpful=92)}
    return Payload("figure", "termination_probabilities", tables, FACTS | facts)


HEARD: dict[str, dict[str, tuple[int | None, int | None]]] = {
    "Felt heard": {"helpful": (0, 2), "unhelpful": (3, 4)}
}
ODDS = forest(
    ("Unempathic", "present", "absent", False, 4.0588, 1.4123, 11.736, None),
    ("Unempathic", "present", "absent", True, 0.5, 0.0312, float("inf"), None),
    ("Delivery", "video", "in_person", False, 1.5, 1.25, 2.0, None),
    ("Delivery", "video", "in_person", True, None, None, None, "withheld"),
    ("Delivery", "telephone", "in_person", False, 1.5, 0.75, 3.0, None),
    ("Delivery", "telephone", "in_person", True, 2.0, 1.0, 4.0, None),
)
CHANCES = probabilities(
    ("Unempathic", "absent", 0.128, 0.079, 0.199, None, None, None, None),
    ("Unempathic", "present", 0.263, 0.141, 0.436, 0.135, -0.031, 0.301, None),
    ("One size", "absent", None, None, None, None, None, None, "withheld"),
)
# Far from the reference and with wide intervals, so that the texts beside the marks are as long as they get.
MANY = {
    label: {
        "helpful": (80, 92),
        "unhelpful": (1, 37),
        "mixed": (3, 19),
        "dropped_out": (10, 31),
        "left_before_the_third": (0, 12),
    }
    for label in AWKWARD
}
AWKWARD_ODDS = forest(
    *(
        (label, "present", "absent", adjusted, 3.45, 0.0123, 678.9, None)
        for label in AWKWARD
        for adjusted in (False, True)
    )
)
AWKWARD_CHANCES = probabilities(
    *(
        (label, level, 0.263, 0.141, 0.999, -0.135, -0.431, -0.301, None)
        for label in AWKWARD
        for level in ("absent", "present in every session but the last")
    )
)
ALL_FOUR = pytest.mark.parametrize(
    "payload",
    [dots(MANY), differences(MANY), AWKWARD_ODDS, AWKWARD_CHANCES],
    ids=["dots", "differences", "forest", "probabilities"],
)


def test_theme_dots_lists_each_share_with_its_wilson_interval() -> None:
    # 3/4: (3 + 1.92073 -+ 1.95996 sqrt(0.75 + 0.96036)) / 7.84146; 0/2: 3.84146 / 5.84146
    assert figures.numbers(dots(HEARD)).splitlines() == [
        "People with the theme, % of the group: 0.0 to 100.0",
        "Felt heard | Helpful (n = 2): 0.0 [0.0, 65.8] | 0/2",
        "Felt heard | Unhelpful (n = 4): 75.0 [30.1, 95.4] | 3/4",
    ]


def test_a_theme_that_nobody_has_still_has_an_interval() -> None:
    text = figures.numbers(dots({"Felt heard": {"mixed": (0, 19), "helpful": (9, 92)}}))
    assert "Felt heard | Mixed (n = 19): 0.0 [0.0, 16.8] | 0/19" in text  # 3.84146 / 22.84146


def test_the_axis_ends_at_a_round_number_above_the_highest_limit() -> None:
    text = figures.numbers(dots({"Felt heard": {"mixed": (0, 19), "helpful": (9, 92)}}))
    assert text.startswith("People with the theme, % of the group: 0.0 to 20.0\n")


def test_theme_differences_lists_each_difference_with_its_newcombe_interval() -> None:
    # 0.75 - sqrt(0.449358^2 + 0.657620^2) and 0.75 + sqrt(0.204412^2 + 0^2)
    assert figures.numbers(differences(HEARD)).splitlines() == [
        "Difference from Helpful (n = 2), percentage points: -20.0 to 100.0, band -15.0 to 15.0",
        "Felt heard | Unhelpful (n = 4): 75.0 [-4.6, 95.4] | +75 points [−5, 95]",
    ]


def test_a_forest_lists_penalised_odds_ratios_of_the_stated_event_alone_and_together() -> None:
    assert figures.numbers(ODDS).splitlines() == [
        "Model main: left without agreement (16 of 144 people with complete data)",
        "Odds ratio of dropping out (log scale): 0.0625 to 16",
        "Unempathic | alone: 4.059 [1.412, 11.74] | 4.06 [1.41, 11.7]",
        "Unempathic | together: 0.5 [0.0312, inf] | 0.50 [0.03, ∞]",
        "Delivery: video v in person | alone: 1.5 [1.25, 2] | 1.50 [1.25, 2.00]",
        "Delivery: video v in person | together: withheld",
        "Delivery: telephone v in person | alone: 1.5 [0.75, 3] | 1.50 [0.75, 3.00]",
        "Delivery: telephone v in person | together: 2 [1, 4] | 2.00 [1.00, 4.00]",
    ]


def test_a_forest_prints_dropouts_of_each_level_where_the_payload_carries_them() -> None:
    events = pd.DataFrame(
        [("main", "declared", "Unempathic", "present", 8, 38)],
        columns=["model", "event", "term", "level", "n_events", "n_total"],
    )
    table = Table.of(
        events, model="key", event="key", term="key", level="key", n_events="people", n_total="people"
    )
    text = figures.numbers(replace(ODDS, tables={**ODDS.tables, "events": table}))
    assert "Unempathic | alone: 4.059 [1.412, 11.74] | 8/38 | 4.06 [1.41, 11.7]" in text
    assert "Delivery: telephone v in person | together: 2 [1, 4] | 16/144 | 2.00 [1.00, 4.00]" in text


def test_a_probability_plot_lists_probability_and_difference() -> None:
    assert figures.numbers(CHANCES).splitlines() == [
        "Model main: left without agreement (144 people with complete data)",
        "Adjusted probability of dropping out, %: 0.0 to 50.0",
        "Unempathic, absent | adjusted probability: 12.8 [7.9, 19.9] | 13% [8, 20] | reference",
        "Unempathic, present | adjusted probability: 26.3 [14.1, 43.6] | 26% [14, 44] | +14 points [−3, 30]",
        "One size, absent | adjusted probability: withheld",
    ]


@ALL_FOUR
def test_the_same_payload_gives_the_same_bytes(payload: Payload) -> None:
    first, second = figures.draw(payload), figures.draw(payload)
    assert figures.as_svg(first) == figures.as_svg(second)
    assert figures.as_png(first, dpi=72) == figures.as_png(second, dpi=72)


def test_a_machine_with_settings_of_its_own_draws_the_same_picture() -> None:
    expected = figures.as_svg(figures.draw(ODDS))
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "svg.fonttype": "none", "lines.linewidth": 9}):
        assert figures.as_svg(figures.draw(ODDS)) == expected


def test_an_svg_holds_no_date_no_address_but_its_namespaces_and_no_font() -> None:
    svg = figures.as_svg(figures.draw(dots(HEARD)))
    assert svg.startswith("<svg ")
    assert "<dc:" not in svg
    assert svg.count("http") == 2


def test_drawing_leaves_no_figure_behind_in_pyplot() -> None:
    figures.draw(dots(HEARD))
    assert Gcf.get_all_fig_managers() == []


@ALL_FOUR
def test_every_text_has_eight_points_stays_inside_and_keeps_clear_of_the_others(payload: Payload) -> None:
    figure = figures.draw(payload)
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [*figure.texts, *(label for axes in figure.axes for label in axes.get_xticklabels())]
    boxes = [(text, text.get_window_extent(renderer)) for text in texts if text.get_text()]
    frame = figure.bbox
    for text, box in boxes:
        assert text.get_fontsize() >= 8
        assert box.x0 >= frame.x0, text.get_text()
        assert box.x1 <= frame.x1, text.get_text()
        assert box.y0 >= frame.y0, text.get_text()
        assert box.y1 <= frame.y1, text.get_text()
    overlapping = [(a.get_text(), b.get_text()) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]
    assert overlapping == []


@ALL_FOUR
def test_a_figure_is_175_mm_wide_and_fits_a_page(payload: Payload) -> None:
    width, height = (25.4 * side for side in figures.draw(payload).get_size_inches())
    assert width == pytest.approx(175)
    assert height < 257


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [c for c, _ in (*figures.GROUPS.values(), *figures.FURTHER)])
def test_every_colour_of_a_mark_keeps_three_to_one_on_white(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 3


@pytest.mark.parametrize("colour", [figures.INK, figures.QUIET])
def test_every_colour_of_text_keeps_four_and_a_half_to_one_on_white_and_on_the_band(colour: str) -> None:
    assert (luminance(figures.BAND) + 0.05) / (luminance(colour) + 0.05) >= 4.5


def test_nine_groups_have_nine_colours_and_nine_markers() -> None:
    styles = figures.group_styles([*figures.GROUPS, "a", "b", "c", "d", "e"])
    assert len({colour for colour, _ in styles.values()}) == 9
    assert len({marker for _, marker in styles.values()}) == 9


def test_the_four_known_groups_keep_their_colours_whatever_stands_beside_them() -> None:
    styles = figures.group_styles(["relapsed", "dropped_out", "helpful"])
    assert styles["dropped_out"] == ("#222222", "^")
    assert styles["helpful"] == ("#2F8FCB", "o")
    assert styles["relapsed"] == ("#C04A00", "s")


@pytest.mark.parametrize("make", [dots, differences])
def test_every_group_is_labelled_with_its_number_of_people(make: Any) -> None:
    svg = figures.as_svg(figures.draw(make(MANY)))
    for n in (37, 19, 31, 12):
        assert f"(n = {n})" in svg


def test_a_label_is_drawn_as_text_whatever_it_looks_like() -> None:
    svg = figures.as_svg(figures.draw(dots({"$x$ & <b>": HEARD["Felt heard"]})))
    assert ">$x$ &amp; &lt;b&gt;</text>" in svg


def test_a_marker_is_open_below_five_people_and_the_figure_says_so() -> None:
    four = dots({"Felt heard": {"helpful": (4, 92), "mixed": (5, 19)}})
    five = dots({"Felt heard": {"helpful": (5, 92), "mixed": (5, 19)}})
    assert "Open marker: fewer than 5 people." in figures.caption(four)
    assert "Open marker" not in figures.caption(five)
    assert "Open marker: fewer than 5 people." in figures.as_svg(figures.draw(four))


@pytest.mark.parametrize("make", [dots, differences])
def test_a_withheld_count_is_said_and_not_drawn(make: Any) -> None:
    payload = make(
        {
            "Felt heard": {"helpful": (30, 90), "mixed": (None, 20)},
            "Rushed": {"helpful": (10, 90), "mixed": (10, 20)},
        }
    )
    assert "Felt heard | Mixed (n = 20): withheld" in figures.numbers(payload).splitlines()
    assert ">withheld</text>" in figures.as_svg(figures.draw(payload))
    assert "Withheld:" in figures.caption(payload)


def test_a_group_with_nobody_is_left_out_and_named() -> None:
    payload = dots({"Felt heard": {"helpful": (3, 4), "mixed": (0, 0), "unhelpful": (1, 5)}})
    assert "Mixed" not in figures.numbers(payload)
    assert "Nobody in this wave: Mixed." in figures.caption(payload)


def test_at_most_sixteen_themes_are_drawn_and_the_caption_says_where_the_others_are() -> None:
    payload = dots({f"Theme {i}": {"helpful": (3, 4), "mixed": (1, 5)} for i in range(17)})
    assert len(figures.numbers(payload).splitlines()) == 1 + 16 * 2
    assert "16 of 17 themes, the others are in the table." in figures.caption(payload)


def test_more_than_three_comparisons_stand_in_two_rows_of_panels() -> None:
    assert figures.numbers(differences(MANY)).count("Difference from Helpful (n = 92)") == 2


def test_a_caption_asks_the_question_and_names_base_and_interval() -> None:
    caption = figures.caption(dots(HEARD))
    assert caption.startswith("How often was each theme coded in each outcome group? Wave w1.")
    assert "people without any theme included" in caption
    assert "95% Wilson intervals" in caption


@ALL_FOUR
def test_a_caption_says_synthetic_and_rounded_counts_only_where_they_are(payload: Payload) -> None:
    plain = figures.caption(payload)
    assert "SYNTHETIC" not in plain
    assert "rounded counts" not in plain
    facts = {**payload.facts, "synthetic": True, "counts_rule": "midpoint6"}
    marked = figures.caption(replace(payload, facts=facts))
    assert "SYNTHETIC data" in marked
    assert "rounded counts (midpoint6)" in marked


def test_a_picture_parted_from_its_caption_still_says_synthetic_and_rounded() -> None:
    svg = figures.as_svg(figures.draw(dots(HEARD, synthetic=True, counts_rule="midpoint6")))
    assert "SYNTHETIC data." in svg
    assert "Rounded counts." in svg


def test_a_forest_says_that_an_interval_goes_on_beyond_the_axis() -> None:
    inside = forest(("Unempathic", "present", "absent", True, 2.0, 1.0, 4.0, None))
    assert "Arrow:" in figures.caption(ODDS)
    assert "Arrow:" not in figures.caption(inside)


def test_alt_text_gives_the_widest_gap_and_points_to_the_table() -> None:
    assert figures.alt_text(dots(HEARD)) == (
        "Dot plot: share of people with 1 theme by outcome group, with 95% intervals. The widest gap to Helpful:"
        " “Felt heard”, 3 of 4 people (75%) in the group Unhelpful and 0 of 2 people (0%) in the group Helpful."
        " The numbers stand in the table."
    )


def test_alt_text_of_one_group_gives_the_largest_share() -> None:
    payload = dots({"Rushed": {"unhelpful": (5, 24)}, "Felt heard": {"unhelpful": (12, 24)}})
    assert "The largest share: “Felt heard”, 12 of 24 people (50%)" in figures.alt_text(payload)


def test_alt_text_of_a_forest_counts_intervals_that_exclude_one() -> None:
    payload = forest(
        ("Unempathic", "present", "absent", True, 4.0, 1.5, 11.0, None),
        ("Rushed", "present", "absent", True, 1.0, 0.5, 2.0, None),
    )
    assert "1 of 2 intervals exclude 1: “Unempathic” 4.00 [1.50, 11.0]." in figures.alt_text(payload)


def test_alt_text_of_probabilities_gives_the_widest_difference() -> None:
    assert "“Unempathic”, 26% at “present” against 13% at “absent”, +14 points [−3, 30]." in (
        figures.alt_text(CHANCES)
    )


@pytest.mark.parametrize("payload", [dots(HEARD), differences(HEARD), ODDS, CHANCES])
def test_there_is_no_reason_where_there_is_a_figure(payload: Payload) -> None:
    assert figures.can_draw(payload) is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (dots({}), "no theme was coded for anybody in this wave"),
        (dots({"Felt heard": {"helpful": (None, 20)}}), "every count is withheld"),
        (
            differences(
                {"Felt heard": {"helpful": (0, 0), "unhelpful": (14, 24)}}, reason="no comparison group, so no test"
            ),
            "no comparison group, so no test",
        ),
        (differences(HEARD, tradition="reflexive", reason="reflexive work counts nothing"),
         "reflexive work counts nothing"),
        (differences({"Felt heard": {"helpful": (None, 20), "mixed": (10, 20)}}),
         "every difference rests on a withheld count"),
        (forest(reason="study.yaml states no termination model"), "study.yaml states no termination model"),
        (forest(guard_reason="nobody dropped out"), "model main: nobody dropped out"),
        (forest(("Rushed", "present", "absent", True, None, None, None, "withheld")), "every estimate is withheld"),
        (probabilities(), "no stated model could be fitted"),
    ],
)  # fmt: skip
def test_can_draw_says_why_there_is_no_figure(payload: Payload, reason: str) -> None:
    assert figures.can_draw(payload) == reason


def test_a_small_group_stops_tests_but_not_the_differences() -> None:
    assert figures.can_draw(differences(HEARD, reason="a group is smaller than 5, so intervals only")) is None


def test_a_limit_that_was_not_found_is_named_in_the_numbers_and_still_drawn() -> None:
    payload = forest(("Rushed", "present", "absent", True, 2.0, 1.25, None, "no limit"))
    assert "2 [1.25, no limit]" in figures.numbers(payload)
    assert figures.draw(payload).axes


def test_drawing_what_cannot_be_drawn_names_the_reason() -> None:
    with pytest.raises(ValueError, match="no theme was coded for anybody"):
        figures.draw(dots({}))


def test_an_unknown_template_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r'"theme_dot"\. Did you mean "theme_dots"\?'):
        figures.can_draw(Payload("figure", "theme_dot"))
