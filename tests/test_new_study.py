"""The folder that ``themewave new`` makes teaches what it asks for, and what it suggests in remarks is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import analysis_lib as al
from analysis_lib.errors import StudyError
from analysis_lib.schema import DATA_SCHEMA
from analysis_lib.study_checks import TEMPLATE
from analysis_lib.yamlfile import examine_yaml

SETTINGS = DATA_SCHEMA / "new_study" / "study.yaml"
# A line of settings that waits behind a remark sign: a key at the margin, or what belongs to one.
WAITING = re.compile(
    r"^# (?=(?:strata|termination_models|follow_up|columns|reporting): ?|   *(?:- )?\w[\w ]*:)"
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    al.new_study(tmp_path / "mine")
    return tmp_path / "mine"


def test_only_what_has_to_be_filled_in_is_found_and_each_finding_says_what_to_do(study):
    found = al.check_study(study)
    assert {(f.code, f.file.rpartition("/")[2]) for f in found} == {
        ("R11", "participants.csv"),
        ("R11", "coded_segments.csv"),
        ("X25", "coded_segments.csv"),
        ("S15", "study.yaml"),
    }
    assert [f.level for f in found].count("stop") == 1
    assert all(re.match(r"(Fill|Add|Write) ", f.fix) for f in found)


def test_every_suggestion_behind_a_remark_sign_is_one_that_can_be_used(study):
    settings = study / "study.yaml"
    lines = settings.read_text(encoding="utf-8").splitlines()
    used = [WAITING.sub("", line) for line in lines]
    assert sum(one != other for one, other in zip(lines, used, strict=True)) >= 25
    settings.write_text("\n".join(used) + "\n", encoding="utf-8")
    examined = examine_yaml(settings, DATA_SCHEMA / "study.schema.yaml", shown_as="study.yaml")
    assert list(examined.findings) == []
    for key in ("strata", "termination_models", "follow_up", "columns", "reporting"):
        assert key in examined.values
    assert [f for f in al.load_study(study).findings if f.code != "S15"] == []


def test_every_line_of_the_settings_is_followed_or_preceded_by_a_remark():
    said = SETTINGS.read_text(encoding="utf-8")
    for part in re.split(r"\n\s*\n", said):
        assert "#" in part, part
    for when in ("BEFORE YOU LOOK", "any time", "Left out", "data_schema/README.md", "GLOSSARY", "METHODS"):
        assert when.casefold() in said.casefold()


def test_the_words_that_check_asks_to_replace_are_those_of_the_template():
    said = SETTINGS.read_text(encoding="utf-8")
    assert all(f"{key}: {words}" in said for key, words in TEMPLATE.items())


def test_optional_tables_wait_beside_the_wave_since_an_empty_consent_reads_like_a_refusal(study):
    assert {path.stem for path in (study / "waves" / "wave_1").glob("*.csv")} == {
        "participants",
        "coded_segments",
    }
    assert (study / "optional_tables" / "consent.csv").is_file()


def test_a_folder_that_holds_something_is_left_alone(study):
    with pytest.raises(StudyError, match="O05"):
        al.new_study(study)
