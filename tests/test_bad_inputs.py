"""Whatever is wrong with a file is said in its place, with what is allowed and what to do; nothing of it is lost,
repeated or written.

What has to be reported is typed in with each case (:mod:`bad_inputs`); wherever content is spoilt it holds the canary,
which no message may repeat.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from bad_inputs import EVERY, EXAMPLE_OF, KINDS
from bad_inputs.case import CANARY, Case, Export
from bad_inputs.reading import faults, message_of, printed
from errors_page import EXAMPLES
from tiny_study import write_study

from analysis_lib.__main__ import main
from analysis_lib.errors import Finding
from analysis_lib.wave import check_study, load_wave

STUDIES = [case for case in EVERY if isinstance(case, Case)]
EXPORTS = [case for case in EVERY if isinstance(case, Export)]
# Through the real command line: a stop and something that is read, or two stops, of each kind.
ON_THE_COMMAND_LINE = [
    *(case for cases in KINDS.values() for case in cases[1:9:5]),
    KINDS["configuration"][-1],
]  # fmt: skip
# Kinds of remarks on codings that are not in the wave.
GONE = {("codings", "dropped"), ("codings", "merged")}
Tables = dict[str, pd.DataFrame]
SAID = json.loads(EXAMPLES.read_text(encoding="utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    """Every ordinary file of some size below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 50_000_000
    }


def tables(study: Path) -> Tables:
    """Everything that a wave holds of its tables."""
    wave = load_wave(study, "w1")
    return {
        "participants": wave.participants,
        "segments": wave.segments,
        "assignments": wave.assignments,
        "documents": wave.documents,
        "consent": wave.consent,
        "quote_reviews": wave.quote_reviews,
    }


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of the study that is spoilt."""
    return tables(write_study(tmp_path_factory.mktemp("sound")))


def assert_said(case: Case, found: list[Finding]) -> None:
    """The finding of a case stands in its place, and every finding is a message somebody can act on."""
    for finding in found:
        assert faults(str(finding).partition("  ")[2]) == [], str(finding)
    expected = (case.level, case.code, case.file, case.line, case.column, case.sheet)
    places = [(f.level, f.code, f.file, f.line, f.column, f.sheet) for f in found]
    if not case.code:
        assert [place for place in places if place[0] != "note"] == []
        return
    assert expected in places, [str(f) for f in found]
    here = found[places.index(expected)]
    assert all(part in str(here) for part in case.says), str(here)


def assert_is_the_example(case: Case | Export, found: list[Finding]) -> None:
    """data_schema/ERRORS.md shows the message of the first case of each code as it is."""
    if EXAMPLE_OF.get(case.code) is case:
        assert message_of(case.code, found) == SAID[case.code], "run python tests/bad_input.py --examples"


def assert_nothing_repeated(case: Case | Export, *texts: str) -> None:
    for secret in (CANARY, *case.never):
        assert not any(secret in text for text in texts), secret


def assert_nothing_lost(case: Case, study: Path, sound: Tables) -> None:
    """What is read is what the sound study holds, to the last value, or as many rows as the case says."""
    read = tables(study)
    meant = sound if case.like is None else tables(write_study(study.parent / "like", case.like))  # type: ignore[arg-type]
    for name, frame in meant.items():
        if name in case.rows:
            assert len(read[name]) == case.rows[name], name
        elif case.rows and name == "participants":  # what is derived from a table that differs may differ
            assert list(read[name].index) == list(frame.index)
        else:
            pd.testing.assert_frame_equal(read[name], frame)


@pytest.mark.parametrize("case", STUDIES, ids=lambda case: case.name)
def test_a_bad_study_is_said_and_nothing_is_lost_or_repeated(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str], sound: Tables
) -> None:
    study = case.write(tmp_path)
    before = contents(tmp_path)
    code = main(case.command(tmp_path))
    out, err = capsys.readouterr()
    assert code == (1 if case.level == "stop" and case.code else 0)
    assert_said(case, printed(out, err))
    assert_is_the_example(case, printed(out, err))
    assert_nothing_repeated(case, out, err)
    assert contents(tmp_path) == before
    if code == 0:
        assert_nothing_lost(case, study, sound)


@pytest.mark.parametrize("case", EXPORTS, ids=lambda case: case.name)
def test_a_bad_export_is_refused_or_every_coding_of_it_is_accounted_for(
    case: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = case.write(tmp_path)
    before = contents(tmp_path)
    code = main(case.command(tmp_path))
    out, err = capsys.readouterr()
    assert_nothing_repeated(case, out, err)
    if case.codings is None:
        assert code == 1
        (finding,) = printed(out, err)
        assert (finding.code, finding.level) == (case.code, "stop")
        assert finding.file == case.source
        assert all(part in str(finding) for part in case.says), str(finding)
        assert faults(finding.what) == [], str(finding)
        assert_is_the_example(case, [finding])
        assert contents(tmp_path) == before
        return
    assert (code, err) == (0, "")
    written = set(contents(tmp_path)) - set(before)
    assert {name.split("/")[0] for name in written} == {"study"}
    report = study / "waves" / "w2" / "import_report.json"
    facts = json.loads(report.read_text(encoding="utf-8"))
    remarks = facts["remarks"]
    gone = sum(each["n"] for each in remarks if (each["kind"], each["what"]) in GONE)
    assert facts["unaccounted"] == {}
    assert facts["rows"].get("coded_segments", 0) == case.codings == facts["found"]["codings"] - gone
    if case.code:
        fitting = [each for each in remarks if f"{each['what']} {each['kind']}" == case.code]
        assert case.n in [each["n"] for each in fitting if all(part in each["text"] for part in case.says)]
    assert_nothing_repeated(case, report.read_text(encoding="utf-8"))


def test_the_corpus_holds_every_kind_and_no_case_twice() -> None:
    names = Counter(case.name for case in EVERY)
    assert [name for name, n in names.items() if n > 1] == []
    assert len(EVERY) >= 250
    assert min(map(len, KINDS.values())) >= 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process cannot be copied here")
def test_the_real_command_line_says_the_same(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(ON_THE_COMMAND_LINE))]
    for case, folder in zip(ON_THE_COMMAND_LINE, folders, strict=True):
        folder.mkdir()
        case.write(folder)
    words = [case.command(folder) for case, folder in zip(ON_THE_COMMAND_LINE, folders, strict=True)]
    ran = subprocess.run(
        [sys.executable, "-m", "bad_inputs.warm_command"],
        input=json.dumps(words),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])]),
        },
    )
    results = json.loads(ran.stdout)
    assert len(results) >= 25
    for case, result in zip(ON_THE_COMMAND_LINE, results, strict=True):
        said = result["out"] + result["err"]
        assert "Traceback" not in said, case.name
        assert_nothing_repeated(case, said)
        stops = case.level == "stop" and case.code and getattr(case, "codings", None) is None
        assert result["code"] == (1 if stops else 0), (case.name, said)
        if isinstance(case, Case):
            assert_said(case, printed(result["out"], result["err"]))
        elif stops:
            assert [finding.code for finding in printed(result["out"], result["err"])] == [case.code]


@pytest.mark.parametrize(
    "case",
    [next(case for case in cases if isinstance(case, Case) and case.code and case.level == "stop")
     for kind, cases in KINDS.items() if not isinstance(cases[0], Export)],
    ids=lambda case: case.name,
)  # fmt: skip
def test_a_run_stops_at_the_same_findings_and_writes_nothing(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = case.write(tmp_path)
    before = contents(tmp_path)
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert [str(finding) for finding in check_study(study)] == err.splitlines()
    assert CANARY not in out + err
    assert contents(tmp_path) == before


def test_the_study_that_is_spoilt_has_nothing_wrong_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(write_study(tmp_path))]) == 0
    assert capsys.readouterr().out == "0 to mend, 0 to look at, 0 to know.\n"
