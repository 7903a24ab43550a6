"""How do the names of a coding program become the ids of a study?

One file per wave, ``import_map.yaml``: written by the import with everything it settled on, edited by the team, and
read by the next import, so that no decision is made twice or in silence. It holds names of people and stays in
the study.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis_lib.schema import DATA_SCHEMA
from analysis_lib.yamlfile import as_yaml, read_pairs, read_yaml

FILE = "import_map.yaml"
GUIDS = Path(".themewave") / "code_guids.yaml"  # below the study folder
_SCHEMA = DATA_SCHEMA / "import_map.schema.yaml"
_HEAD = """\
# How names in the coding program became ids here. Written by `themewave import`, which reads it again:
# edit a line and import once more. It can hold names of people; it stays in the study.
"""
PERSON = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class ImportMap:
    """Names of a program -> ids of a study; what is not in it, the import decides.

    Parameters
    ----------
    people, codes, coders
        Case, path of a code (names joined by `` > ``) and coder -> id.
    columns
        Variable -> column of participants; an empty text leaves it out.
    values
        Column -> value in the program -> level of the contract.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    coders: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of_wave(cls, folder: Path) -> ImportMap:
        """The map of a wave folder; empty where there is none.

        Raises
        ------
        StudyError
            If the file is not what its schema says; every problem with its line.
        """
        path = folder / FILE
        if not path.exists():
            return cls()
        return cls(**read_yaml(path, _SCHEMA, shown_as=f"waves/{folder.name}/{FILE}"))

    def as_text(self) -> str:
        """The file, the same for the same map."""
        plain = {
            "people": dict(sorted(self.people.items())),
            "codes": dict(sorted(self.codes.items())),
            "coders": dict(sorted(self.coders.items())),
            "columns": dict(sorted(self.columns.items())),
            "values": {
                column: dict(sorted(levels.items())) for column, levels in sorted(self.values.items())
            },
        }
        return _HEAD + as_yaml(plain)


def known_guids(study: Path) -> dict[str, str]:
    """GUID of a code -> code id, as earlier imports of a study settled it; empty where there was none.

    Raises
    ------
    StudyError
        If the file is no list of such pairs.
    """
    path = study / GUIDS
    if not path.exists():
        return {}
    return read_pairs(path, shown_as=GUIDS.as_posix())


def new_ids(
    names: Iterable[str], known: Mapping[str, str], *, pattern: re.Pattern[str], prefix: str
) -> dict[str, str]:
    """An id for each name that has none yet: the name itself where it fits, else a number of its own.

    Parameters
    ----------
    names
        In an order that is the same for the same file.
    known
        Names that have an id; their ids are not given again.
    pattern
        What an id may look like.
    prefix
        Of numbered ids: ``P`` gives P001, P002, ...

    Examples
    --------
    >>> new_ids(["P01", "Anna B."], {}, pattern=PERSON, prefix="P")
    {'P01': 'P01', 'Anna B.': 'P001'}
    """
    found: dict[str, str] = {}
    names = [name for name in dict.fromkeys(names) if name not in known]
    taken = {*known.values(), *(name for name in names if pattern.fullmatch(name))}
    number = 0
    for name in names:
        if pattern.fullmatch(name) and name not in known.values():
            found[name] = name
            continue
        while True:
            number += 1
            candidate = f"{prefix}{number:03d}"
            if candidate not in taken:
                break
        taken.add(candidate)
        found[name] = candidate
    return found
