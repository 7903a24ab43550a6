import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from analysis_lib.payload import Kind, Payload
from analysis_lib.views import author_notes, payload_of, views

WAVES = ["2024a", "2024b", "2025a"]
# Numbers in facts that are settings or sums over the whole study, not people in a cell.
SETTINGS = {
    "alpha", "smallest_difference", "look", "planned_looks", "minimum_count", "seed", "n_permutations",
    "n_corrected", "n_unwritten", "n_imputations", "n_null", "weak_below",
}  # fmt: skip
# Columns of kind key or text that are not words: settings, and places in a tree.
SETTING_COLUMNS = {
    "depth", "adjusted", "separated", "n_parameters", "n_imputations", "imputed", "stated", "comparable", "look",
    "before_enrolment",
}  # fmt: skip
NUMBERS = {"people", "segments", "cell", "estimate", "summary", "p", "statistic", "step"}


def every_table(example) -> Iterator[tuple[Payload, str, Any]]:
    for payload in example.payloads:
        for name, table in payload.tables.items():
            yield payload, name, table


@pytest.mark.parametrize("wave", WAVES)
def test_every_view_of_every_result_gives_a_payload_that_json_can_hold(examples, wave):
    for payload in examples[wave].payloads:
        text = json.dumps(payload.as_json(), allow_nan=False)
        assert Payload.from_json(json.loads(text)) == payload


@pytest.mark.parametrize("wave", WAVES)
def test_numbers_of_people_are_whole_and_never_negative(examples, wave):
    seen = 0
    for _, _, table in every_table(examples[wave]):
        at = [i for i, (_, kind) in enumerate(table.columns) if kind in ("people", "cell")]
        values = [row[i] for row in table.rows for i in at]
        assert all(value is None or (type(value) is int and value >= 0) for value in values)
        seen += len(values)
    assert seen > 100


@pytest.mark.parametrize("wave", WAVES)
def test_every_column_has_a_kind_and_numbers_are_never_called_keys(examples, wave):
    for payload, name, table in every_table(examples[wave]):
        for i, (column, kind) in enumerate(table.columns):
            assert kind in get_args(Kind)
            if column.startswith("n_") or column == "n":
                allowed = NUMBERS | ({"key"} if column in SETTING_COLUMNS else set())
                assert kind in allowed, (payload.template, name, column)
            if kind not in NUMBERS and column not in SETTING_COLUMNS:
                assert all(row[i] is None or isinstance(row[i], str) for row in table.rows)


@pytest.mark.parametrize("kind", ["estimate", "summary"])
def test_what_counts_alone_do_not_give_always_carries_the_fewest_people_behind_it(example, kind):
    held = [table for _, _, table in every_table(example) if kind in table.kinds.values()]
    assert held
    assert all("cell" in table.kinds.values() for table in held)


@pytest.mark.parametrize("wave", WAVES)
def test_facts_hold_settings_and_never_a_count_of_people(examples, wave):
    for payload in examples[wave].payloads:
        numbers = {
            name for name, value in payload.facts.items() if type(value) in (int, float)
        }  # fmt: skip
        assert numbers <= SETTINGS, payload.template


def test_every_payload_names_its_study_its_wave_and_whether_it_is_synthetic(example):
    for payload in example.payloads:
        assert payload.facts["wave"] == "2024a"
        assert payload.facts["synthetic"] is True


def test_the_first_view_is_the_default(example):
    assert payload_of(example.crosstab) == payload_of(example.crosstab, "shares")
    assert payload_of(example.wave) == payload_of(example.wave, "cover")


def test_an_unknown_view_names_the_known_ones(example):
    with pytest.raises(ValueError, match="has no view") as caught:
        payload_of(example.crosstab, "contrast")
    message = str(caught.value)
    assert 'Did you mean "contrasts"?' in message
    assert all(name in message for name in views(example.crosstab))


def test_a_result_without_sentences_says_what_it_has(example):
    with pytest.raises(ValueError, match=r'no view "sentences".*cover, run_record'):
        payload_of(example.wave, "sentences")


def test_what_is_no_result_cannot_be_shown():
    with pytest.raises(TypeError, match="dict is not a result that can be shown"):
        payload_of({})


def test_a_payload_is_its_own_only_view(example):
    payload = author_notes(example.wave, "03 Themes by outcome")
    assert payload_of(payload) is payload


def test_author_notes_are_prose_with_an_empty_text_where_nothing_is_written(example):
    written, empty = (
        author_notes(example.wave, h) for h in ("03 Themes by outcome", "05 Termination models")
    )
    assert written.shape == "prose"
    assert written.facts["text"].startswith("Coldness and work that stays on top")
    assert empty.facts["text"] == ""


def test_the_joint_display_carries_only_the_themes_it_shows(example):
    payload = payload_of(example.display)
    for name in ("shares", "contrasts"):
        themes = payload.tables[name].frame["theme_id"]
        assert set(themes) == set(example.display.themes)


def test_the_run_record_names_inputs_by_path_below_the_study_and_by_hash(example):
    record = payload_of(example.wave, "run_record").facts
    names = [name for name, _ in record["inputs"]]
    assert "study.yaml" in names
    assert "waves/2024a/participants.csv" in names
    assert all(len(sha) == 12 for _, sha in record["inputs"])
