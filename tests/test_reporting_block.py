"""``reporting:`` of study.yaml holds what checklists ask: typed, optional, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_study import STUDY, write_study

from analysis_lib.errors import Finding
from analysis_lib.schema import checklist_items
from analysis_lib.study import examine_study, load_study


def written(folder: Path, *lines: str) -> Path:
    return write_study(
        folder, {"study.yaml": STUDY + "".join(f"{line}\n" for line in ("reporting:", *lines))}
    )


def findings(folder: Path, *lines: str) -> list[Finding]:
    return [finding for finding in examine_study(written(folder, *lines))[1] if finding.file == "study.yaml"]


def test_a_study_that_says_nothing_has_an_empty_block(tmp_path: Path) -> None:
    assert load_study(write_study(tmp_path)).reporting == {
        "aims": {}, "collection_mode": [], "researchers": {"coders": []}, "manuscript": {},
    }  # fmt: skip


def test_texts_lists_and_blocks_are_read_as_they_stand(tmp_path: Path) -> None:
    block = load_study(
        written(
            tmp_path,
            "  funding: None",
            "  aims: {mixed: Both together}",
            "  collection_mode: [interview, open_text]",
            "  researchers:",
            "    coders: [{coder: A, training: two days}]",
            "  manuscript: {STROBE 12a: page 5}",
        )
    ).reporting
    assert (block["funding"], block["aims"]["mixed"]) == ("None", "Both together")
    assert block["collection_mode"] == ["interview", "open_text"]
    assert block["researchers"]["coders"] == [{"coder": "A", "training": "two days"}]
    assert block["manuscript"] == {"STROBE 12a": "page 5"}


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("  fundng: None", "Y07", 'Did you mean "funding"?'),
        ("  researchers: {reflexivty: ours}", "Y07", 'Did you mean "reflexivity"?'),
        ("  collection_mode: [interviews]", "Y09", 'Did you mean "interview"?'),
        ("  researchers: {coders: [{training: two days}]}", "Y08", "How the coder is called here"),
        ("  sampling: [everybody]", "Y06", "Write a text"),
    ],
)
def test_what_does_not_fit_is_said_with_the_way_out(tmp_path: Path, line: str, code: str, fix: str) -> None:
    (finding,) = findings(tmp_path, line)
    assert (finding.level, finding.code) == ("stop", code)
    assert fix in finding.fix


def test_an_item_that_no_checklist_has_is_a_warning_with_the_nearest_one(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, "  manuscript: {STROBE 12f: page 5}")
    assert (finding.level, finding.code) == ("warn", "S14")
    assert 'Did you mean "STROBE 12' in finding.fix


def test_items_are_named_by_standard_and_number() -> None:
    items = checklist_items()
    assert {"COREQ 32", "STROBE 12e", "TRIPOD+AI 27c", "GRAMMS 6"} <= set(items)
    assert len(set(items)) == len(items)
