"""Two releases side by side: which differences stop the second, and what the researcher is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis_lib.commands.clearance import may_leave, notes_of
from analysis_lib.commands.run import run as run_command
from analysis_lib.errors import StudyError
from analysis_lib.payload import Payload, Table
from analysis_lib.release import Rules, release
from analysis_lib.release.check_sheet import NAME, smallest_count, whole_groups
from analysis_lib.release.ledger import FOLDER, read_ledger, record_of, write_record

SHARES = (("theme_id", "key"), ("group", "key"), ("n_with_theme", "people"), ("n_total", "people"))
BASE = {("cold", "mixed"): (14, 37), ("cold", "helpful"): (12, 92)}


def payload(template="theme_by_outcome", wave="w1", **changed):
    rows = [(theme, group, *(changed.get(group) or n)) for (theme, group), n in BASE.items()]
    return Payload("table", template, {"shares": Table(SHARES, tuple(rows))}, {"wave": wave})


TODAY = "2024-10-01"


def rules(counts="exact", profile="coauthor", below=6):
    return Rules(profile, counts, below, frozenset({"reviewed"}), b"key")


@pytest.fixture
def wave(tmp_path, example):
    """A wave of a study that is not synthetic and has a folder to itself."""
    study = replace(example.study, folder=tmp_path / "study", synthetic=False)
    study.folder.mkdir()
    return replace(example.wave, study=study, id="w1")


def run(wave, *payloads, anyway="", **kwargs):
    """Release, as publishing does it: judge, then keep the record."""
    released = release(payloads or [payload()], rules(**kwargs))
    record = may_leave(released, wave, wave.study.folder / "internal", released_on=TODAY, anyway=anyway)
    if record is not None:
        write_record(wave.study.folder, record)
    return record


def told(wave, *payloads, **kwargs):
    with pytest.raises(StudyError) as caught:
        run(wave, *payloads, **kwargs)
    (finding,) = caught.value.findings
    return finding


def test_the_same_numbers_again_never_stop(wave):
    run(wave)
    run(wave)
    assert len(list((wave.study.folder / FOLDER).glob("*.json"))) == 1


@pytest.mark.parametrize("moved", [1, 5, -1, -5])
def test_a_number_that_moves_by_a_few_people_stops_the_release(wave, moved):
    run(wave)
    finding = told(wave, payload(mixed=(14 + moved, 37)))
    assert (finding.level, finding.code) == ("stop", "D02")
    assert "theme_id cold" in finding.what
    assert "group mixed" in finding.what
    assert "--release-anyway" in finding.fix
    assert "midpoint6" in finding.fix


def test_a_number_that_moves_by_the_minimum_does_not_stop(wave):
    run(wave)
    run(wave, payload(mixed=(20, 37)))


def test_what_was_stopped_is_not_in_the_ledger(wave):
    run(wave)
    told(wave, payload(mixed=(15, 37)))
    assert len(read_ledger(wave.study.folder)) == 1


def test_with_a_reason_it_leaves_and_the_reason_is_kept(wave):
    run(wave)
    run(wave, payload(mixed=(15, 37)), anyway="nobody has the first report")
    kept = {record.anyway for record in read_ledger(wave.study.folder)}
    assert kept == {"", "nobody has the first report"}


@pytest.mark.parametrize(("now", "stops"), [(15, False), (18, False), (12, True), (19, True)])
def test_rounded_numbers_stop_only_where_a_step_is_crossed(wave, now, stops):
    run(wave, counts="midpoint6")  # 14 is shown as 15, which stands for 13 to 18
    if stops:
        told(wave, payload(mixed=(now, 37)), counts="midpoint6")
    else:
        run(wave, payload(mixed=(now, 37)), counts="midpoint6")


def test_a_later_wave_that_shows_this_wave_again_is_held_against_it(wave):
    run(wave)
    columns = (*SHARES, ("wave", "key"))
    row = ("cold", "mixed", 15, 37, "w1")
    later = Payload("table", "wave_comparison", {"shares": Table(columns, (row,))}, {"wave": "w2"})
    finding = told(replace(wave, id="w2"), later)
    assert finding.file == "wave w2"
    assert "wave w1" in finding.what


def test_another_wave_of_its_own_is_not_compared(wave):
    run(wave)
    run(replace(wave, id="w2"), payload(wave="w2", mixed=(15, 37)))


def test_profile_internal_leaves_no_record(wave):
    assert run(wave, profile="internal") is None
    assert not (wave.study.folder / FOLDER).exists()


def test_a_synthetic_study_has_nobody_to_protect(wave):
    synthetic = replace(wave, study=replace(wave.study, synthetic=True))
    assert run(synthetic) is None
    assert run(synthetic, payload(mixed=(15, 37))) is None
    assert not (wave.study.folder / FOLDER).exists()


def test_the_ledger_names_no_theme_and_no_group(wave):
    run(wave)
    (path,) = (wave.study.folder / FOLDER).glob("*.json")
    assert "cold" not in path.read_text()
    assert "mixed" not in path.read_text()


def test_a_file_of_the_ledger_that_cannot_be_read_is_passed_over(wave):
    run(wave)
    (wave.study.folder / FOLDER / "w1-broken.json").write_text('{"wave": "w1"')
    assert len(read_ledger(wave.study.folder)) == 1


def test_a_total_that_is_added_up_from_printed_numbers_says_nothing_new():
    rows = (("cold", "mixed", 14, 37), ("cold", "helpful", 12, 92), ("cold", "all", 26, 129))
    made = Payload("table", "made", {"shares": Table(SHARES, rows)}, {"wave": "w1"})
    _, names = record_of(release([made], rules("midpoint6")), "w1", released_on=TODAY)
    assert all("group" in name for name in names.values())


# The audit's stop and the check sheet


def test_a_bundle_that_fails_the_audit_does_not_leave(wave, monkeypatch):
    monkeypatch.setattr("analysis_lib.release.counts.ENOUGH", 10**6)
    finding = told(wave, payload(mixed=(3, 37)), counts="midpoint6")
    assert (finding.level, finding.code) == ("stop", "D01")
    assert "theme_by_outcome" in finding.what
    assert NAME in finding.fix


def test_a_rule_that_was_not_kept_is_said_on_the_check_sheet(wave, monkeypatch):
    monkeypatch.setattr("analysis_lib.release.counts.ENOUGH", 10**6)
    with pytest.raises(StudyError):
        run(wave, payload(mixed=(3, 37)), counts="exact_audited")
    sheet = (wave.study.folder / "internal" / NAME).read_text()
    assert "did not pass the audit" in sheet


def test_groups_of_which_everybody_or_nobody_has_a_theme_are_named(wave):
    made = payload(mixed=(37, 37), helpful=(0, 92))
    run(wave, made)
    sheet = (wave.study.folder / "internal" / NAME).read_text()
    assert "- everybody of group mixed in wave w1 has the theme cold\n- nobody of group helpful" in sheet
    (note,) = notes_of(release([made], rules()), "w1")
    assert note.code == "D04"
    assert "everybody of group mixed in wave w1 has the theme cold" in note.what


def test_a_group_of_nobody_and_a_withheld_number_disclose_nothing():
    assert whole_groups([payload(mixed=(0, 0))]) == []
    assert whole_groups([payload(mixed=(None, 37))]) == []


def test_the_check_sheet_says_rule_reason_smallest_number_and_audit(wave):
    study = replace(wave.study, privacy=replace(wave.study.privacy, counts="midpoint6", reason="none needed"))
    run(replace(wave, study=study), payload(mixed=(3, 37)), counts="midpoint6")
    sheet = (study.folder / "internal" / NAME).read_text()
    assert "Counts rule: midpoint6. Reason: none needed." in sheet
    assert "above zero that is printed: 3 (it stands for 1 to 6)" in sheet
    assert "Quotes withheld: 0" in sheet
    assert "linear programming" in sheet
    assert "none can be worked out" in sheet
    assert len(sheet.splitlines()) < 60


def test_the_smallest_count_is_the_smallest_above_zero():
    assert smallest_count([payload(mixed=(0, 37))]) == 12
    assert smallest_count([]) is None


def test_a_rule_other_than_the_studys_is_noted():
    released = release(
        [payload()], replace(rules("midpoint6"), instead="Counts are midpoints of six: so it is.")
    )
    (note,) = notes_of(released, "w1")
    assert str(note).startswith("note D05  wave w1: counts are midpoints of six: so it is.")


def test_releasing_anyway_needs_a_reason():
    with pytest.raises(StudyError, match="D06"):
        run_command(None, None, profile="coauthor", out=None, jobs=None, release_anyway=" ")
