"""A study is run, somebody joins it, and it is run again: the second report would tell the two apart, so it stays.

Through the command line, kernels and the door; the intake alone, on the study of twelve people. Twelve are printed as
nine (seven to twelve) and thirteen as fifteen, so the rounded reports would say that somebody has joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from mini_suite import files_of
from tiny_study import ASSIGNMENTS, CONSENT, DOCUMENTS, PARTICIPANTS, table, write_study

from analysis_lib.__main__ import main
from analysis_lib.release.ledger import read_ledger
from analysis_lib.runner import notebooks as suite

pytestmark = pytest.mark.runs
REASON = "nobody has the first report"
WITH_ONE_MORE = {
    table("participants"): f"{PARTICIPANTS}P13,helpful,completed_agreed,12,12,T1,30,2023-09-04,2023-12-11\n",
    table("assignments"): f"{ASSIGNMENTS}P13,c1,independent\n",
    table("documents"): f"{DOCUMENTS}P13,D13,90\n",
    table("consent"): f"{CONSENT}P13,analyse,yes,\n",
}


@dataclass(frozen=True)
class Ran:
    """A run: its exit code, what it said, what then lay in the folder of the report, and in that of a failed one."""

    code: int
    said: str
    report: dict[str, bytes]
    failed: dict[str, bytes]


@dataclass(frozen=True)
class Released:
    """The three runs: the first, the one that is stopped, the one with a reason."""

    study: Path
    first: Ran
    stopped: Ran
    anyway: Ran


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    base = tmp_path_factory.mktemp("twice")
    study = write_study(base / "study")
    with pytest.MonkeyPatch.context() as patch, (base / "said.txt").open("w+") as said:
        patch.setenv("XDG_CONFIG_HOME", str(base / "configuration"))
        patch.setattr(suite, "IN_RUN", ("01_wave_intake",))
        patch.setattr("sys.stdout", said)
        patch.setattr("sys.stderr", said)

        def run(*words: str) -> Ran:
            begin = said.tell()
            code = main(["run", str(study), "--jobs", "1", *words])
            said.flush()
            said.seek(begin)
            reports = study / "reports" / "tiny"
            return Ran(code, said.read(), files_of(reports / "w1"), files_of(reports / "w1.failed"))

        first = run()
        write_study(study, WITH_ONE_MORE)
        return Released(study, first, run(), run("--release-anyway", REASON))


def test_the_second_release_is_stopped_and_says_which_number_moved(released: Released) -> None:
    assert (released.first.code, released.stopped.code) == (0, 1)
    (stop,) = [line for line in released.stopped.said.splitlines() if line.startswith("stop")]
    assert stop.startswith("stop D02  wave w1: ")
    assert "--release-anyway" in stop
    assert "P13" not in released.stopped.said


def test_the_first_report_stays_to_the_byte(released: Released) -> None:
    assert "report.html" in released.first.report
    assert released.stopped.report == released.first.report


def test_what_was_stopped_is_kept_for_the_team_without_a_report_until_a_run_succeeds(
    released: Released,
) -> None:
    assert "internal/INTERNAL_check_sheet.md" in released.stopped.failed
    assert "report.html" not in released.stopped.failed
    assert released.anyway.failed == {}


def test_with_a_reason_it_leaves_and_the_reason_is_kept(released: Released) -> None:
    assert released.anyway.code == 0
    assert released.anyway.report["report.html"] != released.first.report["report.html"]
    assert {record.anyway for record in read_ledger(released.study)} == {"", REASON}
