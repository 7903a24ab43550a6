"""Which ids and which words may stand in no repository? Those of the studies that a repository is told of.

Only studies with real participants are known here. Ids that are too short or too plain to be told from other words
cannot be looked for; how many these are is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis_lib.errors import Finding, StudyError
from analysis_lib.readers import RawTable
from analysis_lib.study import Study, examine_wave_facts, load_study
from analysis_lib.wave_files import read_wave_files

SHINGLE = 8  # words in a row that two texts do not share by chance
_WORD = re.compile(r"[^\W_]+")
_TEXTS = ("text", "text_original")


@dataclass(frozen=True)
class Known:
    """What must not be found.

    Parameters
    ----------
    ids
        Ids of participants, in lower case.
    shingles
        Eight words in a row of something that a participant said, hashed.
    n_plain
        Ids that cannot be looked for.
    """

    ids: frozenset[str] = frozenset()
    shingles: frozenset[int] = frozenset()
    n_plain: int = 0


def known_of(folders: Iterable[Path], *, public: frozenset[str] = frozenset()) -> Known:
    """What the studies in some folders hold of their participants; synthetic ones hold nothing that matters.

    Parameters
    ----------
    public
        Ids that prove nothing, since a public example uses them too.

    Raises
    ------
    StudyError
        If a study or one of its tables cannot be read: what it holds could not be looked for.
    """
    ids: set[str] = set()
    shingles: set[int] = set()
    for folder in folders:
        study = _readable(folder)
        if study.synthetic:
            continue
        for name, table in _tables(study):
            columns = _canonical(name, table, study)
            if "participant_id" in columns:
                ids.update(row[columns["participant_id"]].casefold() for row in table.rows)
            for text in (column for column in _TEXTS if column in columns):
                for row in table.rows:
                    shingles.update(number for number, _ in shingles_of(row[columns[text]]))
    ids -= {"", *public}
    telling = frozenset(each for each in ids if _tells(each))
    return Known(telling, frozenset(shingles), len(ids - telling))


def ids_of(folder: Path) -> frozenset[str]:
    """Ids of the participants of any study, in lower case."""
    study = _readable(folder)
    found = (
        (table, columns["participant_id"])
        for name, table in _tables(study)
        if "participant_id" in (columns := _canonical(name, table, study))
    )
    return frozenset(row[place].casefold() for table, place in found for row in table.rows)


def shingles_of(text: str) -> Iterator[tuple[int, int]]:
    """Every eight words in a row, hashed, with the place of the first in the text.

    >>> len(list(shingles_of("one two three four five six seven eight nine")))
    2
    >>> said, typed = "One, two three: four five six seven eight.", "one two three four five six seven eight"
    >>> list(shingles_of(said)) == list(shingles_of(typed))
    True
    """
    found = [(match[0].casefold(), match.start()) for match in _WORD.finditer(text)]
    words = [word for word, _ in found]
    for place in range(len(words) - SHINGLE + 1):
        yield hash(" ".join(words[place : place + SHINGLE])), found[place][1]


def _tells(participant_id: str) -> bool:
    """Whether an id is unlikely to stand in a text by chance.

    >>> [_tells(each) for each in ("p001", "7", "1204", "120433", "anna", "nhs-17")]
    [True, False, False, True, False, True]
    """
    has_digit = any(sign.isdigit() for sign in participant_id)
    return has_digit and len(participant_id) >= (6 if participant_id.isdigit() else 4)


def _readable(folder: Path) -> Study:
    try:
        return load_study(folder)
    except StudyError:
        what = (
            "a study that this repository is told of cannot be read, so what it holds cannot be looked for."
        )
        fix = "Run `themewave check` on it, or take it out: git config --unset-all themewave.study."
        raise StudyError(Finding("stop", "G20", "--study", what, fix)) from None


def _tables(study: Study) -> Iterator[tuple[str, RawTable]]:
    """Every table of every wave that can be read."""
    for wave in study.waves:
        if (study.folder / "waves" / wave).is_dir():
            facts, _ = examine_wave_facts(study.folder, wave)
            tables, findings = read_wave_files(study, wave, facts)
            if any(finding.level == "stop" for finding in findings):
                what = "a table of a study that this repository is told of cannot be read."
                fix = "Run `themewave check` on the study and mend what it says."
                raise StudyError(Finding("stop", "G21", f"waves/{wave}", what, fix))
            yield from ((name, table) for name, table in tables.items() if table is not None)


def _canonical(name: str, table: RawTable, study: Study) -> dict[str, int]:
    """Place of each column under the name that the contract has for it."""
    names = study.columns.names | study.columns.names_in.get(name, {})
    return {names.get(column, column): place for place, column in enumerate(table.columns)}
