"""Is every picture legible whatever its labels: inside its page, nothing over anything, eight points at least?"""

from __future__ import annotations

import pytest
from example_waves import Example
from figure_checks import labels_of, problems, with_labels
from figure_payloads import KNOWN, added, flow, missing, slopes, upset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_figures import differences, dots

from analysis_lib import figures
from analysis_lib.payload import Payload
from analysis_lib.release import Rules, release
from analysis_lib.theme_patterns import theme_patterns
from analysis_lib.views import payload_of

LONG = (
    "The therapist did not seem to understand what it meant to live with this illness, day after day, nor asked",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    "$x$ & <b>bold</b> $5",
    "\N{CJK UNIFIED IDEOGRAPH-6CBB}\N{CJK UNIFIED IDEOGRAPH-7597} and \N{BROKEN HEART}",
    "Ok",
)
DOORS = {
    "exact": None,
    "midpoint6": Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key"),
    "suppress7": Rules("coauthor", "suppress7_round5", 6, frozenset({"reviewed"}), b"key"),
}
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
words = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn")), min_size=1, max_size=70
)  # fmt: skip
counts = st.integers(0, 40)
groups = st.lists(words, min_size=1, max_size=6).map(lambda labels: dict(zip(KNOWN, labels, strict=False)))


def every_figure(example: Example) -> list[Payload]:
    """The figures of a wave, exact, each template once."""
    found = [payload for payload in example.payloads if payload.shape == "figure"]
    found += [payload_of(theme_patterns(example.crosstab), "upset")]
    return list({payload.template: payload for payload in found}.values())


def check(payloads: list[Payload]) -> None:
    """Whatever can be drawn is legible, asks a question and says its reading."""
    for shown in payloads:
        if figures.can_draw(shown) is None:
            assert problems(figures.draw(shown)) == [], shown.template
            assert figures.question(shown).endswith("?")
            assert len(figures.alt_text(shown)) >= 40
            assert "table" in figures.alt_text(shown)


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
@pytest.mark.parametrize("rules", DOORS.values(), ids=list(DOORS))
def test_every_figure_of_the_example_is_legible_exact_and_as_it_leaves(
    examples: dict[str, Example], wave: str, rules: Rules | None
) -> None:
    payloads = every_figure(examples[wave])
    check(payloads if rules is None else list(release(payloads, rules).payloads))


def test_every_figure_of_the_example_is_legible_with_labels_as_long_as_sentences(
    examples: dict[str, Example],
) -> None:
    renamed = []
    for payload in every_figure(examples["2025a"]):
        names = {label: f"{LONG[i % len(LONG)]} {i}" for i, label in enumerate(labels_of(payload))}
        renamed.append(with_labels(payload, names))
    check(renamed)


@FEW
@given(labels=groups, themes=st.lists(words, min_size=1, max_size=12, unique=True), data=st.data())
def test_dots_and_differences_are_legible_with_any_labels_and_up_to_six_groups(
    labels: dict[str, str], themes: list[str], data: st.DataObject
) -> None:
    sizes = {group: data.draw(st.integers(1, 40)) for group in labels}
    by_theme = {
        theme: {group: (data.draw(st.integers(0, n)), n) for group, n in sizes.items()} for theme in themes
    }
    for payload in (dots(by_theme), differences(by_theme)):  # type: ignore[arg-type]
        named = with_labels(
            payload, {group.replace("_", " ").capitalize(): labels[group] for group in labels}
        )
        if figures.can_draw(named) is None:
            assert problems(figures.draw(named)) == []


@FEW
@given(labels=groups, data=st.data())
def test_the_flow_is_legible_with_any_labels_and_up_to_six_groups(
    labels: dict[str, str], data: st.DataObject
) -> None:
    sizes = {group: data.draw(st.integers(0, 9_999)) for group in labels}
    n = sum(sizes.values())
    left = data.draw(st.lists(st.integers(1, 999), max_size=5))
    stages = [("enrolled", n + sum(left), 0, "")]
    for i, out in enumerate(left):
        stages.append((f"stage {i // 2}", stages[-1][1] - out, out, f"a reason of some length, the {i}th"))
    payload = flow([*stages, ("analysed", n, 0, "")], dict(sizes), labels)
    assert figures.can_draw(payload) is None
    assert problems(figures.draw(payload)) == []


@FEW
@given(labels=groups, variables=st.lists(words, min_size=1, max_size=9, unique=True), data=st.data())
def test_missing_values_are_legible_with_any_labels_and_up_to_six_groups(
    labels: dict[str, str], variables: list[str], data: st.DataObject
) -> None:
    sizes: dict[str, int | None] = {group: data.draw(st.integers(1, 2_000)) for group in labels}
    lacking: dict[str, dict[str, int | None]] = {
        variable: {
            group: data.draw(st.one_of(st.none(), st.integers(0, n or 0))) for group, n in sizes.items()
        }
        for variable in variables
    }
    payload = missing(lacking, sizes, labels)
    if figures.can_draw(payload) is None:
        assert problems(figures.draw(payload)) == []


@FEW
@given(labels=groups, themes=st.lists(words, min_size=1, max_size=6), data=st.data())
def test_the_upset_plot_is_legible_with_any_labels_and_up_to_six_groups(
    labels: dict[str, str], themes: list[str], data: st.DataObject
) -> None:
    ids = {f"t{i}": label for i, label in enumerate(themes)}
    chosen = data.draw(st.sets(st.frozensets(st.sampled_from(list(ids)), min_size=1), max_size=15))
    patterns: dict[str, dict[str, int | None]] = {
        " ".join(sorted(pattern)): {group: data.draw(counts) for group in labels}
        for pattern in sorted(chosen, key=sorted)
    }
    for last in ("none of them", "other combinations"):
        patterns[last] = {group: data.draw(st.integers(0, 3_000)) for group in labels}
    sizes = {group: added([by_group[group] for by_group in patterns.values()]) for group in labels}
    payload = upset(patterns, ids, sizes, labels, n_others=12)
    if figures.can_draw(payload) is None:
        assert problems(figures.draw(payload)) == []


@FEW
@given(labels=groups, themes=st.lists(words, min_size=1, max_size=9, unique=True), data=st.data())
def test_slopes_are_legible_with_any_labels_waves_and_up_to_six_groups(
    labels: dict[str, str], themes: list[str], data: st.DataObject
) -> None:
    waves = [f"{2020 + i}-spring" for i in range(data.draw(st.integers(2, 8)))]
    by_theme = {
        theme: {
            wave: {group: (data.draw(st.one_of(st.none(), counts)), 40) for group in labels} for wave in waves
        }
        for theme in themes
    }
    payload = slopes(by_theme, tuple(labels), labels)  # type: ignore[arg-type]
    if figures.can_draw(payload) is None:
        assert problems(figures.draw(payload)) == []
