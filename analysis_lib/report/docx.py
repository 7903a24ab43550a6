"""Which tables does a co-author put into a manuscript?

The tables of the report as real Word tables, each with a caption that Word can list and renumber. Their cells are
the cells of the page, from the same objects.

References: APA 2020, Publication Manual, 7th ed., chapter 7; ECMA-376 part 1, WordprocessingML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis_lib.report.numbered import numbered_tables
from analysis_lib.report.sections import Section
from analysis_lib.report.word_file import WordFile
from analysis_lib.report.wordml import list_of, paragraph, run


def tables_document(
    sections: Sequence[Section], *, title: str, lines: Iterable[str], foot: str = ""
) -> bytes:
    """Every table of a report as one Word file.

    Parameters
    ----------
    sections
        One per notebook, of payloads that have passed the door.
    title
        Of the study.
    lines
        What stands below the title: wave, profile, how counts were treated.
    foot
        What stands at the foot of every page.

    Returns
    -------
    bytes
        A .docx; the same for the same input.
    """
    file = WordFile(title, foot=foot or title)
    for line in lines:
        file.add(paragraph(run(line)))
    found = numbered_tables(sections)
    file.add(paragraph(run("Tables", bold=True), properties="<w:keepNext/>"))
    file.add(list_of("Table", [(number, table.title) for _, tables in found for number, table in tables]))
    for section, tables in found:
        if tables:
            file.heading(f"{section.number.lstrip('0')} {section.title}")
        for number, table in tables:
            file.table(number, table)
    return file.saved()
