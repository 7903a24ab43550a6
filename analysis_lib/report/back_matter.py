"""What stands at the end of a report: checklists, methods text, references?

They are made once, from payloads that have passed the door, and go to the page and to files beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis_lib.payload import SIGNIFICANT_DIGITS, Payload
from analysis_lib.report.checklists import Checklist, OpenKey, checklist_rows, fill_checklists, open_keys
from analysis_lib.report.methods import Paragraph, methods_text
from analysis_lib.report.places import standings
from analysis_lib.report.references import Entry, as_bibtex, references
from analysis_lib.report.sections import Section, numbers
from analysis_lib.result_files import write_csv

if TYPE_CHECKING:
    from analysis_lib.report.html import Stamp


@dataclass(frozen=True)
class BackMatter:
    """The end of a report.

    Parameters
    ----------
    checklists
        Every standard, filled as far as this report goes.
    open_keys
        Keys of ``reporting:`` in study.yaml that nobody filled, those that complete the most items first.
    methods
        The methods text.
    references
        The works that methods text and checklists cite.
    """

    checklists: tuple[Checklist, ...]
    open_keys: tuple[OpenKey, ...]
    methods: tuple[Paragraph, ...]
    references: tuple[Entry, ...]


def back_matter(sections: Sequence[Section], *, cover: Payload, stamp: Stamp) -> BackMatter:
    """The end of the report of one wave.

    Parameters
    ----------
    sections
        One per notebook, in order, with payloads that have passed the door.
    cover
        The wave's ``cover`` card.
    stamp
        What the runner knows about this report.
    """
    standing = standings(sections, numbers(sections))
    checklists = fill_checklists(standing, cover=cover)
    methods = methods_text(standing, cover=cover, stamp=stamp)
    keys = [key for paragraph in methods for said in paragraph.sentences for key in said.references]
    keys += [checklist.citation for checklist in checklists if not checklist.reason]
    return BackMatter(checklists, open_keys(checklists), methods, references(keys))


def write_back_matter(folder: Path, back: BackMatter) -> None:
    """Write ``checklists.csv`` and ``references.bib`` beside the report."""
    write_csv(
        folder / "checklists.csv", checklist_rows(back.checklists), significant_digits=SIGNIFICANT_DIGITS
    )
    bibtex = as_bibtex(entry.key for entry in back.references)
    (folder / "references.bib").write_text(bibtex, encoding="utf-8", newline="\n")
