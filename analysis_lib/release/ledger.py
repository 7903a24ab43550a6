"""Would two releases of one study, laid side by side, say something about the few people in whom they differ?

Each release of profile coauthor or public leaves its numbers of people in STUDY/.themewave/releases, exact and as
printed. A new one is held against them: where a printed number has moved by fewer people than the minimum, whoever has
both reports knows that many people's answers. Rounded numbers move only where a step is crossed, and are only then
listed. The names of numbers are kept as digests; the numbers are exact, and the folder never leaves the team.

References: OpenSAFELY output checking guidance, "repeated analyses"; UK Data Service, SDC Handbook 2019 (differencing).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis_lib.errors import Finding
from analysis_lib.release import Released
from analysis_lib.release.counts import added_up
from analysis_lib.release.numbers import named_numbers
from analysis_lib.release.rules import read
from analysis_lib.whole_files import write_whole

FOLDER = Path(".themewave") / "releases"  # below the study folder
_SHOWN = 3
_README = """\
# Releases of this study: INTERNAL

Exact numbers of people of each report that was written for co-authors or the public, so that a later report can be
held against them. Nothing here may leave the team. A file may be deleted if nobody has its report; later reports are
then not compared with it.
"""


@dataclass(frozen=True)
class Number:
    """An exact number of people and between which limits its printed form lets it lie."""

    n: int
    low: int
    high: int


@dataclass(frozen=True)
class Record:
    """The numbers of one release.

    Parameters
    ----------
    wave, profile, counts, report
        What it was; ``report`` is a digest of its numbers.
    released_on
        UTC date.
    numbers
        By digest of the name.
    anyway
        Why it was released although numbers had moved by a few people; empty where none had.
    """

    wave: str
    profile: str
    counts: str
    report: str
    released_on: str
    numbers: Mapping[str, Number]
    anyway: str = ""


def record_of(
    released: Released, wave: str, *, released_on: str, anyway: str = ""
) -> tuple[Record, dict[str, str]]:
    """The record of a release, and the name behind each digest in it.

    Numbers that are withheld, and totals that are added up from what is printed, say nothing new and are left out.
    """
    silent = set(added_up(released.exact)) if released.rules.rounds else set()
    numbers: dict[str, Number] = {}
    names: dict[str, str] = {}
    for name, place, n in named_numbers(released.exact):
        shown = _shown(released, place)
        if place in silent or shown is None:
            continue
        key = hashlib.sha256(name.encode("utf-8")).hexdigest()[:16]
        numbers[key], names[key] = Number(n, *read(shown, released.rules)), name
    text = json.dumps(sorted((key, x.n, x.low, x.high) for key, x in numbers.items()))
    report = hashlib.sha256(text.encode()).hexdigest()[:10]
    rules = released.rules
    return Record(wave, rules.profile, rules.counts, report, released_on, numbers, anyway), names


def _shown(released: Released, place: tuple[int, str, int, int]) -> int | None:
    payload, table, row, column = place
    value = released.payloads[payload].tables[table].rows[row][column]
    return value if isinstance(value, int) else None


def moved(new: Record, old: Record, *, below: int) -> list[str]:
    """Digests of the numbers by which two releases tell 1 to ``below`` - 1 people apart.

    Parameters
    ----------
    new, old
        Records of two releases; equal ones give nothing.
    below
        The study's minimum.
    """
    return [
        key
        for key, now in new.numbers.items()
        if (before := old.numbers.get(key)) is not None
        and 1 <= abs(now.n - before.n) < below
        and (now.low > before.high or before.low > now.high)
    ]


def compare(
    new: Record, earlier: Sequence[Record], names: Mapping[str, str], *, below: int
) -> list[tuple[Record, list[str]]]:
    """Earlier releases from which the new one differs by a few people, with the names of those numbers."""
    found = [(old, moved(new, old, below=below)) for old in earlier]
    return [(old, sorted(names[key] for key in keys)) for old, keys in found if keys]


def finding(differing: Sequence[tuple[Record, list[str]]], wave: str, *, below: int) -> Finding:
    """What a researcher is told about releases that differ by a few people.

    Parameters
    ----------
    differing
        From :func:`compare`; not empty.
    """
    old, names = differing[-1]
    n = f"{len(names):,} number{'s' * (len(names) > 1)} of people"
    shown = "; ".join(names[:_SHOWN]) + (f"; and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
    what = (
        f"{n} differ by 1 to {below - 1} from the report of wave {old.wave} written on {old.released_on} (release"
        f" {old.report}), so that who has both could tell what was added, left out or corrected: {shown}."
    )
    fix = (
        "If nobody has the earlier report, or everybody who has it will delete it for this one, run again with"
        ' --release-anyway "the reason"; the reason is kept in the release ledger. Otherwise wait until at least'
        f" {below} people have changed, or set `counts: midpoint6` in study.yaml, which hides most small changes."
    )
    return Finding("stop", "D02", f"wave {wave}", what, fix)


def read_ledger(study: Path) -> list[Record]:
    """Every release of a study, oldest first; a file that is no record is passed over."""
    return sorted(
        _records(study / FOLDER), key=lambda record: (record.released_on, record.wave, record.report)
    )


def _records(folder: Path) -> Iterator[Record]:
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            numbers = {key: Number(*values) for key, values in raw.pop("numbers").items()}
            yield Record(**raw, numbers=numbers)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue


def write_record(study: Path, record: Record) -> None:
    """Add a release to the ledger; one with the same numbers of the same wave keeps its first date."""
    folder = study / FOLDER
    path = folder / f"{record.wave}-{record.profile}-{record.report}.json"
    if path.exists() and not record.anyway:
        return
    raw: dict[str, Any] = {name: value for name, value in vars(record).items() if name != "numbers"}
    raw["numbers"] = {key: [x.n, x.low, x.high] for key, x in sorted(record.numbers.items())}
    write_whole(folder / "README.md", _README)
    write_whole(path, json.dumps(raw, ensure_ascii=False) + "\n")
