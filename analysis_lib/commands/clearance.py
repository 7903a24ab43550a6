"""May this bundle leave? What is asked before any of its files is written.

The door has withheld what it could; here a bundle whose audit still fails is stopped, it is held against earlier
releases of the study, and the check sheet is written for those who send it.
"""

from __future__ import annotations

from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.release import Released
from analysis_lib.release.check_sheet import NAME, check_sheet, whole_groups
from analysis_lib.release.ledger import Record, compare, finding, read_ledger, record_of
from analysis_lib.wave import Wave

_SHOWN = 3


def may_leave(
    released: Released, wave: Wave, internal: Path, *, released_on: str, anyway: str = ""
) -> Record | None:
    """Write the check sheet and judge the bundle; the record for the release ledger.

    Parameters
    ----------
    released
        What has passed the door, with its audit.
    wave
        The wave, for its study.
    internal
        Folder of what stays inside.
    released_on
        ISO date, UTC.
    anyway
        Why it is released although an earlier release differs by a few people; empty where nobody has said so.

    Returns
    -------
    Record or None
        None where nothing is kept: profile internal, and a synthetic study, which has nobody to protect.

    Raises
    ------
    StudyError
        If a small number of people can be worked out from the bundle, or from it and an earlier release.
    """
    study, rules = wave.study, released.rules
    write_sheet(released, wave, internal)
    if released.audit.given_away:
        raise StudyError(_given_away(released, wave.id))
    if rules.profile == "internal" or study.synthetic:
        return None
    record, names = record_of(released, wave.id, released_on=released_on, anyway=anyway)
    below = study.privacy.minimum_count
    differing = compare(record, read_ledger(study.folder), names, below=below)
    if differing and not anyway:
        raise StudyError(finding(differing, wave.id, below=below))
    return record


def write_sheet(released: Released, wave: Wave, internal: Path) -> None:
    """The check sheet of a bundle, beside what stays inside."""
    study = wave.study
    reason = study.privacy.reason if released.rules.counts == study.privacy.counts else ""
    internal.mkdir(exist_ok=True)
    sheet = check_sheet(released, study=study.name, wave=wave.id, reason=reason)
    (internal / NAME).write_text(sheet, encoding="utf-8", newline="\n")


def _given_away(released: Released, wave: str) -> Finding:
    audit, below = released.audit, released.rules.minimum_count
    tables = ", ".join(sorted(set(audit.tables)))
    what = (
        f"{len(audit.given_away)} number(s) of fewer than {below} people can be worked out from the tables of this"
        f" report ({tables}), such as: {audit.given_away[0]}."
    )
    fix = (
        "Join themes, groups or levels until more people are in each, or set `counts: midpoint6` in study.yaml where"
        f" another rule stands there. The whole list is in {wave}.failed/internal/{NAME}."
    )
    return Finding("stop", "D01", f"wave {wave}", what, fix)


def notes_of(released: Released, wave: str) -> list[Finding]:
    """What is allowed and ought to be known before a report is sent; the check sheet has it in full."""
    notes = []
    if instead := released.rules.instead:
        fix = "Nothing to do; the report says so."
        notes.append(Finding("note", "D05", f"wave {wave}", instead[:1].lower() + instead[1:], fix))
    if whole := whole_groups(released.payloads):
        others = f"; and {len(whole) - _SHOWN:,} others" if len(whole) > _SHOWN else ""
        what = f"of some groups everybody or nobody has a theme: {'; '.join(whole[:_SHOWN])}{others}."
        fix = f"Ask whether that may be said of each of their members; all are listed in internal/{NAME}."
        notes.append(Finding("note", "D04", f"wave {wave}", what, fix))
    return notes
