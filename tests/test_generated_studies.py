"""Whole studies that Hypothesis draws: valid ones are counted and released as they should be, and of one that is spoilt
in one place that place alone is named.

Many more, larger, with every rule for counts and whole bundles: ``tests/attacks/generated_studies_long.py``.
"""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from bad_inputs.reading import faults
from drawn_study import DrawnStudy, write_files
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from spoiled_studies import KINDS, Expected, Spoiled, spoiled
from study_counts import agreeing, analysed, counted, families
from study_strategies import FREE, HELD, studies

import analysis_lib as al
from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.payload import Payload
from analysis_lib.release import Released, release, rules_for
from analysis_lib.views import payload_of, views
from analysis_lib.wave import Wave, check_study

KEY = b"a key of no study"


def few(n: int):
    """So many studies, the same on every machine; one that fails is shown as it was drawn, since to shrink it takes
    minutes."""
    slow = (HealthCheck.too_slow, HealthCheck.data_too_large)
    return settings(
        max_examples=n, derandomize=True, deadline=None, database=None, suppress_health_check=slow,
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip


def loaded(study: DrawnStudy) -> Wave:
    """The last wave of a study, read from its files."""
    with TemporaryDirectory() as folder:
        return al.load_wave(al.load_study(study.write(Path(folder))), study.last)


def crosstab(study: DrawnStudy) -> ThemeCrosstab:
    return al.crosstab_themes(al.quantitize(loaded(study)))


def shown(wave: Wave) -> tuple[Payload, ...]:
    """What the cells of the notebooks would show of whom there is, of themes, of coders and of quotes."""
    matrix = al.quantitize(wave)
    by_outcome = al.crosstab_themes(matrix)
    results = [wave, al.describe_wave(wave), by_outcome, al.co_occurrence(matrix), al.theme_patterns(by_outcome),
               al.coder_agreement(wave, n_bootstrap=0), al.joint_display(by_outcome, None)]  # fmt: skip
    return tuple(payload_of(result, view) for result in results for view in views(result))


def released(study: DrawnStudy) -> Released:
    wave = loaded(study)
    return release(shown(wave), rules_for("coauthor", wave.study.privacy, KEY))


def text_of(found: Released) -> str:
    """Everything that a report is made from."""
    return json.dumps([payload.as_json() for payload in found.payloads], ensure_ascii=False)


def assert_same(one: ThemeCrosstab, other: ThemeCrosstab, *, but: tuple[str, ...] = ()) -> None:
    """Every number of two crosstabs is the same; the columns in ``but`` may differ."""
    for name in ("table", "tests", "contrasts"):
        here, there = (getattr(each, name).drop(columns=list(but), errors="ignore") for each in (one, other))
        pd.testing.assert_frame_equal(here, there, check_exact=True, obj=name)
    assert one.n_groups == other.n_groups


@few(10)
@given(studies())
def test_everybody_is_counted_once_and_as_by_hand(study: DrawnStudy) -> None:
    found = crosstab(study)
    by_hand, people = counted(study, study.last), analysed(study, study.last)
    rows = {(row.theme_id, row.group): row for row in found.table.itertuples()}
    assert {place: row.n_with_theme for place, row in rows.items() if row.n_with_theme} == dict(by_hand)
    assert Counter(people.values()) == {
        group: n for group, n in zip(found.groups, found.n_groups, strict=True) if n
    }
    for (theme, group), row in rows.items():
        base = len(people) if group == "all" else Counter(people.values())[group]
        assert row.n_with_theme <= row.n_total <= base
        above = [rows[other, group] for other, below in families(study).items() if theme in below]
        assert all(row.n_with_theme <= upper.n_with_theme for upper in above)


@few(6)
@given(studies(needs=["consent"]))
def test_what_those_say_who_did_not_agree_changes_nothing(study: DrawnStudy) -> None:
    silenced = deepcopy(study)
    staying = agreeing(study, study.last)
    for name in ("coded_segments", "assignments", "documents", "quote_reviews"):
        if (study.last, name) in silenced.tables:
            table = silenced.table(name)
            table.rows = [row for row in table.rows if row.get("participant_id") in staying]
    wave = loaded(study)
    assert set(wave.segments["participant_id"]) <= staying
    assert_same(al.crosstab_themes(al.quantitize(wave)), crosstab(silenced))


@few(6)
@given(studies(), st.integers(0, 1_000))
def test_the_order_of_rows_and_columns_changes_nothing(study: DrawnStudy, seed: int) -> None:
    assert_same(crosstab(study), crosstab(study.shuffled(seed)))


@few(6)
@given(studies())
def test_other_names_of_groups_and_themes_change_no_number(study: DrawnStudy) -> None:
    names = [*study.settings["outcome"]["groups"], *(theme["id"] for theme in study.themes)]
    new = {name: f"ñ{place}" for place, name in enumerate(names)}
    one, other = crosstab(study), crosstab(study.renamed(new))
    assert [new.get(name, name) for name in one.table["theme_id"]] == list(other.table["theme_id"])
    assert [new.get(name, name) for name in one.table["group"]] == list(other.table["group"])
    assert_same(one, other, but=("theme_id", "theme_label", "group", "reference", "reason"))


@few(7)
@given(studies(needs=["consent", "quote_reviews"], rules=["midpoint6", "exact_audited"]))
def test_no_small_number_and_no_word_that_may_not_leave_is_released(study: DrawnStudy) -> None:
    found = released(study)
    text = text_of(found)
    assert HELD not in text
    assert not found.audit.given_away
    ids = [row["participant_id"] for row in study.table("participants").rows]
    assert [name for name in ids if f'"{name}"' in text] == []


@few(3)
@given(studies(needs=["consent", "quote_reviews"], rules=["exact"]))
def test_words_that_may_leave_do_where_nobody_is_too_few_to_be_quoted(study: DrawnStudy) -> None:
    people = analysed(study, study.last)
    free = [
        each
        for each in study.table("coded_segments").rows
        if FREE in each["text"] and each["participant_id"] in people
    ]
    text = text_of(released(study))
    assert (FREE in text) == bool(free)
    assert HELD not in text


@few(8)
@given(studies(most=60, needs=["consent", "quote_reviews"]))
def test_a_valid_study_has_nothing_to_mend(study: DrawnStudy) -> None:
    with TemporaryDirectory() as folder:
        findings = check_study(study.write(Path(folder)))
    assert [str(finding) for finding in findings if finding.level == "stop"] == []
    assert not any(word in str(finding) for finding in findings for word in (HELD, FREE))


# Spoilt in one place


def said(files: dict[str, bytes]) -> Counter[tuple[Expected, str]]:
    """Every stop and warning on a study, with its message."""
    with TemporaryDirectory() as folder:
        findings = check_study(write_files(Path(folder), files))
    return Counter(
        (Expected(each.code, each.file, each.line, each.column, each.level), str(each))
        for each in findings
        if each.level != "note"
    )


def said_in_its_place(study: Spoiled) -> None:
    """What is wrong is named where it stands, nothing else is, and no message is vague or repeats a cell."""
    before, after = said(study.sound), said(study.files)
    assert {place for place, _ in after - before} == study.expected
    for _, message in after:
        assert faults(message.partition("  ")[2]) == [], message
        assert not any(word in message for word in (HELD, FREE, "nobody-9", "9434765919", "mail.org")), (
            message
        )


@pytest.mark.parametrize("kind", KINDS)
def test_one_wrong_thing_is_said_in_its_place_and_nothing_else_is(kind: str) -> None:
    few(2)(given(spoiled(kind))(said_in_its_place))()
