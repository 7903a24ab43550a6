"""Which reports are out that hold somebody or something since withdrawn? Asked by ``themewave status``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis_lib.commands.keys import pseudonym_key
from analysis_lib.errors import StudyError
from analysis_lib.study import Study

_MOST_NAMED = 20
CANNOT_TELL = "whether released reports hold anybody who has withdrawn since cannot be told"


@dataclass(frozen=True)
class OutOfDate:
    """Released reports of one wave that hold what they should not hold any more.

    Parameters
    ----------
    reports
        ``report, report_id, profile, released_on, n_people, n_quotes, segments`` of each.
    unknown
        Why it cannot be told; empty where it can.
    """

    reports: tuple[dict[str, Any], ...] = ()
    unknown: str = ""

    def lines(self, wave: str) -> list[str]:
        """What ``status`` says of it, and what is to be done."""
        if self.unknown:
            return [f"    {CANNOT_TELL}: {self.unknown}."]
        said = []
        for report in self.reports:
            about = f"{report['report']}, released {report['released_on']} ({report['profile']}, {report['report_id']})"
            held = _of(report["n_people"], "person", "people") + _of(report["n_quotes"], "quote", "quotes")
            named = report["segments"][:_MOST_NAMED]
            more = (
                f" and {len(report['segments']) - len(named)} more"
                if len(report["segments"]) > len(named)
                else ""
            )
            segments = f"; segments {', '.join(named)}{more}" if named else ""
            said.append(f"    {about} holds {' and '.join(held)} since withdrawn{segments}.")
        if said:
            said.append(
                f"    Run wave {wave} again, or export it again, send what is new to everybody who has what is old,"
                " and ask them to delete that."
            )
        return said


def withdrawn_reports(study: Study) -> dict[str, OutOfDate]:
    """Wave -> released reports that hold a person or a quote since withdrawn; waves without any are left out."""
    if not (study.folder / ".themewave").is_dir():
        return {}
    from analysis_lib.release_records import mark, read_records, withdrawn_since  # noqa: PLC0415  (brings pandas)
    from analysis_lib.wave import load_wave  # noqa: PLC0415

    records, unreadable = read_records(study.folder)
    found: dict[str, OutOfDate] = {}
    key = b""
    for wave in dict.fromkeys(record.wave for record in records):
        mine = [record for record in records if record.wave == wave]
        try:
            key = key or pseudonym_key(study, make=False)
            if not key:
                found[wave] = OutOfDate(unknown="the key of the pseudonyms is not there")
                continue
            known = [record for record in mine if record.key == mark(key, "key", "")]
            since = withdrawn_since(load_wave(study, wave), known, key)
        except StudyError as error:
            found[wave] = OutOfDate(unknown=f"the wave cannot be read ({error.findings[0].code})")
            continue
        if len(known) < len(mine):
            found[wave] = OutOfDate(unknown="another key of pseudonyms was in use when they were released")
        if since:
            found[wave] = OutOfDate(tuple(map(_shown, since)))
    if unreadable:
        found.setdefault(study.waves[-1], OutOfDate(unknown=f"{unreadable} records cannot be read"))
    return found


def _shown(withdrawn: Any) -> dict[str, Any]:
    record = withdrawn.record
    return {
        "report": record.report,
        "report_id": record.report_id,
        "profile": record.profile,
        "released_on": record.released_on,
        "n_people": withdrawn.n_people,
        "n_quotes": withdrawn.n_quotes,
        "segments": list(withdrawn.segments),
    }


def _of(n: int, one: str, several: str) -> list[str]:
    return [f"{n} {one if n == 1 else several}"] if n else []
