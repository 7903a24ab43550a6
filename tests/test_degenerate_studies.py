"""Whatever a study lacks, every result of notebooks 03 and 05 gives numbers or says in words why there are none.

Each case takes something away from a study in which everything can be computed. Every view of every result is then
shown, and passes the door under every counts rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields

import pandas as pd
import pytest
from small_study import LOWEST, SIZES, SmallStudy, small_study

import analysis_lib as al
from analysis_lib import figures
from analysis_lib.payload import Payload, digest
from analysis_lib.release import Rules, release
from analysis_lib.views import payload_of, views

RULES = {
    counts: Rules("coauthor", counts, 6, frozenset({"reviewed"}), b"key")
    for counts in ("exact", "midpoint6", "suppress7_round5")
}
UNREADABLE = re.compile(r"\bnan\b|<NA>|\bNaT\b|\bNone\b|\binf\b|\bnp\.|\[\]")
IN_PLACE_OF_ROWS = re.compile(r"^None(?= {2,})", re.MULTILINE)  # of a table without rows, beside its reason
# An estimate without which a row says nothing, in tables where nothing else would stand in its place.
ESTIMATES = ("odds_ratio", "mh_odds_ratio", "pooled_odds_ratio", "p_value", "icc", "estimate")
SHOWN: dict[str, list[str]] = {}
CASES: dict[str, Callable[[SmallStudy], None]] = {}


def case(spoil: Callable[[SmallStudy], None]) -> Callable[[SmallStudy], None]:
    CASES[spoil.__name__.replace("_", " ")] = spoil
    return spoil


@case
def nothing_is_missing(study):
    pass


@case
def a_theme_of_the_model_is_never_coded(study):
    study.coded(lambda codes: [code for code in codes if code != "A.cold"])


@case
def a_theme_of_the_model_is_always_coded(study):
    study.coded(lambda codes: sorted({*codes, "A.cold"}))


@case
def every_theme_is_always_coded(study):
    study.coded(lambda _: list(LOWEST))


@case
def one_theme_alone_is_ever_coded(study):
    study.coded(lambda codes: ["C"] if "C" in codes else [])


@case
def only_upper_themes_are_coded(study):
    study.coded(lambda codes: ["A"] if "A.cold" in codes else ["B"])


@case
def nothing_is_coded(study):
    study.coded(lambda _: [])


@case
def nothing_is_coded_in_this_wave(study):
    study.themes["w1"] = {}


@case
def the_last_outcome_group_is_empty(study):
    study.without("mixed")


@case
def the_reference_group_is_empty(study):
    study.without("helpful")


@case
def there_is_one_outcome_group(study):
    study.ends(lambda _: False)
    study.everybody("perceived_helpfulness", "helpful")


@case
def this_wave_has_one_outcome_group(study):
    study.this["termination_type"] = "completed_agreed"
    study.this["perceived_helpfulness"] = "unhelpful"


@case
def groups_hold_four_people(study):
    study.first(16)
    study.this["perceived_helpfulness"] = ["helpful", "unhelpful", "mixed", "mixed"] * 4
    study.ends(lambda i: i % 4 == 3)


@case
def there_are_three_people(study):
    study.first(3)


@case
def there_are_two_people(study):
    study.first(2)


@case
def there_is_one_person(study):
    study.first(1)


@case
def there_is_one_coder(study):
    study.coders = ("c1",)


@case
def nothing_was_settled(study):
    study.settled = False


@case
def there_is_one_therapist(study):
    study.everybody("therapist_id", "T1")


@case
def no_therapist_is_known(study):
    study.everybody("therapist_id", None)


@case
def two_people_share_each_therapist(study):
    study.this["therapist_id"] = [f"T{i // 2}" for i in range(SIZES["w1"])]


@case
def nobody_shares_a_therapist(study):
    study.this["therapist_id"] = [f"T{i}" for i in range(SIZES["w1"])]


@case
def everybody_dropped_out(study):
    study.ends(lambda _: True)


@case
def nobody_dropped_out(study):
    study.ends(lambda _: False)


@case
def one_person_dropped_out(study):
    study.ends(lambda i: i == 7)


@case
def no_ending_is_known(study):
    study.everybody("termination_type", "unknown")


@case
def nobody_has_documents(study):
    study.documents = False


@case
def the_tradition_is_reflexive(study):
    study.instead("tradition: codebook", "tradition: reflexive")


@case
def the_tradition_is_consensual(study):
    study.instead("tradition: codebook", "tradition: cqr")


@case
def the_same_people_take_part_in_every_wave(study):
    study.setting("repeated: panel")


@case
def everybody_took_part_before(study):
    study.first(SIZES["w0"])
    names = study.people["w0"]["participant_id"].tolist()
    study.themes["w1"] = dict(zip(names, study.themes["w1"].values(), strict=False))
    study.this["participant_id"] = names


@case
def a_number_is_missing_for_everybody(study):
    study.everybody("age", None)


@case
def a_number_is_known_of_two(study):
    study.this["age"] = pd.array([30, 40, *[None] * (SIZES["w1"] - 2)], dtype="Int64")


@case
def a_category_is_missing_for_everybody(study):
    study.everybody("delivery_mode", None)


@case
def a_number_is_the_same_for_everybody(study):
    study.everybody("age", 40)


@case
def a_category_is_the_same_for_everybody(study):
    study.everybody("delivery_mode", "video")


@case
def a_covariate_separates(study):
    study.this["age"] = [60 if end == "patient_unilateral" else 20 for end in study.this["termination_type"]]


@case
def satisfaction_is_the_same_for_everybody(study):
    study.everybody("satisfaction", 4)


@case
def satisfaction_is_missing_for_everybody(study):
    study.everybody("satisfaction", None)


@case
def satisfaction_takes_two_values(study):
    study.this["satisfaction"] = [1, 5] * (SIZES["w1"] // 2)


@case
def no_sessions_are_known(study):
    study.everybody("sessions_attended", None)
    study.everybody("sessions_planned", None)


@case
def everybody_attended_once(study):
    study.everybody("sessions_attended", 1)


@case
def nobody_attended(study):
    study.everybody("sessions_attended", 0)


@case
def prediction_is_claimed(study):
    study.setting("claim: prediction")


@case
def prediction_is_claimed_with_three_dropouts(study):
    study.setting("claim: prediction")
    study.ends(lambda i: i in (3, 20, 41))


@case
def shares_are_of_people_with_any_theme(study):
    study.setting("base: any_theme")


@case
def every_stratum_holds_one_group(study):
    study.setting("strata: [site_id]")
    study.ends(lambda _: False)
    for people in study.people.values():
        people["site_id"] = people["perceived_helpfulness"]


@case
def no_definition_and_no_model_is_stated(study):
    study.settings = re.sub(r"dropout_definitions:.*?(?=n_permutations)", "", study.settings, flags=re.DOTALL)
    study.instead("    - {group: dropped_out, when: {dropout: declared}}\n", "")
    study.instead(", dropped_out]", "]")


@case
def the_model_has_no_theme(study):
    study.instead("[A.cold, B.skills]", "[]")


@case
def the_model_has_no_covariate(study):
    study.settings = re.sub(r"    covariates:.*?(?=    cluster)", "", study.settings, flags=re.DOTALL)


@pytest.mark.parametrize("name", CASES)
def test_every_result_gives_numbers_or_a_reason(name, tmp_path):
    study = small_study()
    CASES[name](study)
    results = analysed(study, tmp_path)
    wrong = [problem for result in results for problem in problems(result)]
    assert not wrong


def analysed(study: SmallStudy, folder) -> list[object]:
    """Every result of the notebooks on themes and on termination."""
    wave = al.load_wave(study.write(folder / "study"), "w1")
    themes = al.quantitize(wave)
    by_outcome = al.crosstab_themes(themes)
    models = al.fit_termination(themes)
    of_themes = (
        al.omnibus_test,
        al.branches,
        al.sensitivity,
        al.talkativeness,
        al.pooled_bank,
        al.with_coder_error,
        al.across_waves,
    )
    of_models = (al.nested_blocks, al.clustered_models, al.fit_imputed, al.prediction_measures)
    of_people = (al.co_occurrence, al.fit_outcome_groups, al.time_to_dropout)
    return [
        by_outcome,
        models,
        *(analysis(by_outcome) for analysis in of_themes),
        *(analysis(models) for analysis in of_models),
        *(analysis(themes) for analysis in of_people),
    ]


def problems(result: object) -> list[str]:
    """What a reader could not read, and numbers that are missing without a reason."""
    kind = type(result).__name__
    found = [f"{kind}.{name} misses a number without a reason" for name in without_reason(result)]
    for view in views(result):
        payload = payload_of(result, view)
        known = digest(payload)  # most of a study is as in other cases, and shown once
        if known not in SHOWN:
            SHOWN[known] = hard_to_read(payload)
        found += [f"{kind} {view} {problem}" for problem in SHOWN[known]]
    return found


def hard_to_read(payload: Payload) -> list[str]:
    """Per counts rule the first line that holds no words or numbers, and whether there is nothing at all."""
    found = []
    for counts, rules in RULES.items():
        text = IN_PLACE_OF_ROWS.sub("", shown(release([payload], rules).payloads[0]))
        found += [f"{counts}: {unreadable(text)}"] if UNREADABLE.search(text) else []
        found += [f"{counts}: empty"] if not text.strip() else []
    return found


def shown(payload: Payload) -> str:
    """The payload in plain text; a picture is laid out once, of exact numbers, and never painted, to save time."""
    if payload.shape != "figure":
        return al.show(payload).text
    reason = figures.can_draw(payload)
    if reason is None and payload.facts["counts_rule"] == "exact":
        figures.draw(payload)
    return reason or figures.numbers(payload)


def unreadable(text: str) -> str:
    """The line at fault."""
    return next(line.strip() for line in text.splitlines() if UNREADABLE.search(line))


def without_reason(result: object) -> list[str]:
    """Tables with a row that has neither an estimate nor a reason; a reason of the whole result stands for all."""
    reason = getattr(result, "reason", None)
    if reason is not None:
        return (
            [] if isinstance(reason, str) and reason.strip() and not UNREADABLE.search(reason) else ["reason"]
        )
    tables = {field.name: getattr(result, field.name) for field in fields(result)}
    return [
        name
        for name, table in tables.items()
        if isinstance(table, pd.DataFrame) and "reason" in table and bool(_silent(table).any())
    ]


def _silent(table: pd.DataFrame) -> pd.Series:
    """Rows that hold an estimate of some kind in other rows or by contract, but have neither it nor a reason."""
    estimates = [name for name in ESTIMATES if name in table]
    said = table["reason"].notna()
    return ~said & table[estimates].isna().any(axis=1) if estimates else pd.Series(False, index=table.index)


def test_a_study_coded_by_upper_themes_alone_is_told_so_and_not_that_counts_were_withheld(tmp_path):
    study = small_study()
    only_upper_themes_are_coded(study)
    found = al.sensitivity(
        al.crosstab_themes(al.quantitize(al.load_wave(study.write(tmp_path / "study"), "w1")))
    )
    assert "Nobody was coded for a theme that has none below it" in al.say(found).text
    assert al.show(found, "curve").text == "No figure: nobody was coded for a theme that has none below it."
