"""What does a researcher start a results section from?

The sentences of the report as paragraphs that refer to their tables, the tables and figures that stand open in it,
limits, methods text and references in one Word file. What the authors wrote in author_notes.md stands as their own;
what only they can write is a marked place.

References: APA 2018, JARS-Mixed; APA 2020, Publication Manual, 7th ed., section 3.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis_lib.payload import Payload
from analysis_lib.report.back_matter import BackMatter
from analysis_lib.report.folds import Part, in_folds
from analysis_lib.report.numbered import Numbered, numbered_tables
from analysis_lib.report.pictures import png
from analysis_lib.report.sections import Section, is_limits, lay_out, numbers, payloads_of, row_numbers
from analysis_lib.report.word_file import AUTHORS_PLACE, AUTHORS_TEXT, WordFile
from analysis_lib.report.word_prose import prose_xml
from analysis_lib.report.wordml import field, paragraph, place_of, run
from analysis_lib.sentences import Sentence, limits

_HEADINGS = {
    "01": "Participants and Material",
    "02": "Coding",
    "03": "Themes by Outcome",
    "04": "Themes in Numbers and in Words",
    "05": "Ending Therapy",
    "06": "Over the Waves",
}
_SUBHEADINGS = {
    "intake": "Participants",
    "agreement": "Agreement Between Coders",
    "saturation": "Saturation",
    "theme_contrasts": "Each Theme by Outcome",
    "omnibus": "All Themes Together",
    "theme_hierarchy": "From Upper to Lower Themes",
    "sensitivity": "Under Other Choices",
    "talkativeness": "How Much People Said",
    "cooccurrence": "Themes Mentioned Together",
    "theme_patterns": "Combinations of Themes",
    "pooled_odds_ratios": "Odds Ratios Estimated Together",
    "coder_error": "With Coders’ Mistakes Carried Along",
    "across_waves": "Pooled Over the Waves",
    "wave_comparison": "Since Earlier Waves",
    "wave_attrition": "Who Left and Who Came Again",
    "what_changed": "What Changed",
    "joint_display": "Numbers and Words Side by Side",
    "termination": "What Goes With Dropping Out",
    "blocks": "Block by Block",
    "therapists": "Therapists Allowed for",
    "imputed": "Missing Covariates Imputed",
    "outcome_models": "All Outcome Groups in One Model",
    "dropout_time": "When People Drop Out",
    "prediction": "Prediction",
}
_ASKED = {
    "01": "how people were reached, and what is particular about those who took part",
    "02": "who coded, how they were trained, and what the disagreements were about",
    "03": "which of these differences matter for the question, and which were expected",
    "04": "what numbers and words say together that neither says alone",
    "05": "what the associations with ending early may and may not mean here",
    "06": "what changed between the waves outside the data",
}
_WHAT_THIS_IS = (
    "A draft to write from, not a text to submit. Its sentences and numbers are those of the report and are made"
    " again at every run, so edit a copy. Shaded places wait for the authors. Tables that are mentioned and do not"
    " stand here are in tables.docx under the same number."
)


def results_document(
    sections: Sequence[Section], *, cover: Payload, back: BackMatter, lines: Iterable[str], foot: str = ""
) -> bytes:
    """The draft as one Word file.

    Parameters
    ----------
    sections
        One per notebook, of payloads that have passed the door.
    cover
        The wave's ``cover`` card.
    back
        Methods text and references.
    lines
        What stands below the title: wave, profile, how counts were treated.
    foot
        What stands at the foot of every page.

    Returns
    -------
    bytes
        A .docx; the same for the same input.
    """
    title = f"{cover.facts['title']}: results, draft"
    file = WordFile(title, foot=foot or title)
    for line in (*lines, _WHAT_THIS_IS):
        file.add(paragraph(run(line)))
    _add_place(file, "the question that this wave answers, in one sentence")
    draft = _Draft(sections)
    for section in sections:
        _add_section(file, draft, section)
    _add_limits(file, sections, cover)
    _add_methods(file, back)
    return file.saved()


class _Draft:
    """The parts of the report that stand open, and where each table and figure stands."""

    def __init__(self, sections: Sequence[Section]) -> None:
        laid_out = lay_out(sections)
        number_of = numbers(sections)
        self.row_numbers = row_numbers(laid_out)
        self.opened = {
            section.number: [part for fold in in_folds(parts) if not fold.title for part in fold.parts]
            for section, parts in laid_out
        }
        self.tables: dict[str, Numbered] = {
            number: (number, table) for _, here in numbered_tables(sections) for number, table in here
        }
        self.payloads = {
            number_of[section.number, i]: part
            for section in sections
            for i, part in enumerate(section.parts)
            if isinstance(part, Payload) and (section.number, i) in number_of
        }
        self.here = {
            part.number for parts in self.opened.values() for part in parts if self.stands_here(part)
        }

    def stands_here(self, part: Part) -> bool:
        """Whether this file holds a table or figure; one that only says why it is empty is named and not held."""
        if part.kind == "table":
            return any(len(row.cells) > 1 for row in part.content.rows)
        if part.kind == "figure":
            return bool(part.content.address)
        return part.kind == "joint_display" and part.number in self.tables

    def reference(self, number: str) -> str:
        """Runs that name a table or figure; a field where it stands in this file."""
        if number in self.here:
            return field(f"REF {place_of(number)} \\h \\* MERGEFORMAT", number)
        return run(number)


def _add_section(file: WordFile, draft: _Draft, section: Section) -> None:
    opened = draft.opened[section.number]
    file.heading(_HEADINGS.get(section.number, section.title))
    under, mentioned = "", set[str]()
    for i, part in enumerate(opened):
        if part.source.startswith("##"):
            under = part.source.splitlines()[0].lstrip("# ").strip()
        elif part.kind == "sentences" and part.content:
            file.heading(_SUBHEADINGS.get(part.template, under), 2)
            _add_sentences(file, draft, part, mentioned)
            _point_to(file, draft, _beside(draft, opened, i), mentioned)
        elif part.kind == "authors":
            _add_authors(file, part)
        elif part.kind == "boxes":
            _add_boxes(file, part)
    _add_place(file, _ASKED.get(section.number, "what this means for the question"))
    for part in opened:
        if not draft.stands_here(part):
            continue
        if part.kind == "figure":
            drawn = png(draft.payloads[part.number])
            file.figure(part.number, drawn, alt=part.content.alt, words=part.content.caption)
        else:
            file.table(*draft.tables[part.number])


def _add_sentences(file: WordFile, draft: _Draft, part: Part, mentioned: set[str]) -> None:
    """One paragraph per run of sentences of a tier; a table is named where the sentences come to it."""
    for run_ in part.content:
        runs: list[str] = []
        last = ""
        for sentence in run_.shown:
            number = draft.row_numbers.get(sentence.anchor or "", "")
            runs += _said(sentence, draft.reference(number) if number and number != last else "")
            last = number or last
        if run_.folded:
            where = f" in {last}" if last else " in the report"
            runs.append(run(f"{len(run_.folded)} more of this kind stand{where}."))
        mentioned |= {last} if last else set()
        file.add(paragraph(*runs))


def _said(sentence: Sentence, reference: str) -> list[str]:
    """A sentence with a reference before its full stop."""
    if not reference:
        return [run(f"{sentence.text} ")]
    return [run(f"{sentence.text.removesuffix('.')} ("), reference, run("). ")]


def _beside(draft: _Draft, opened: Sequence[Part], at: int) -> list[str]:
    """Tables and figures since the last sentences, or under the same heading."""
    first = next((i + 1 for i in range(at - 1, -1, -1) if opened[i].kind == "sentences"), 0)
    last = next((i for i in range(at + 1, len(opened)) if opened[i].source.startswith("#")), len(opened))
    return [part.number for part in opened[first:last] if draft.stands_here(part)]


def _point_to(file: WordFile, draft: _Draft, beside: Sequence[str], mentioned: set[str]) -> None:
    """Name what stands under the same heading and no sentence has named."""
    left = [number for number in beside if number not in mentioned]
    if left:
        mentioned.update(left)
        parts: list[str] = [run("See ")]
        for i, number in enumerate(left):
            parts += [run("" if i == 0 else " and " if i == len(left) - 1 else ", "), draft.reference(number)]
        file.add(paragraph(*parts, run(".")))


def _add_authors(file: WordFile, part: Part) -> None:
    """What the authors wrote, as theirs; a marked place where they have not."""
    heading, written, key = part.content
    if not written.strip():
        _add_place(
            file,
            f"{heading or 'your reading'}; written under “{key}” in author_notes.md it comes back at every run",
        )
        return
    file.add(
        paragraph(
            run("Authors’ text, from author_notes.md:", italic=True),
            style=AUTHORS_TEXT,
            properties="<w:keepNext/>",
        )
    )
    file.add(prose_xml(written, style=AUTHORS_TEXT))


def _add_boxes(file: WordFile, part: Part) -> None:
    """Conclusions that join numbers and words: the authors' where they wrote any, else a place that asks."""
    for _, box in part.content:
        if not box.reading.strip():
            _add_place(file, box.question)
            continue
        file.add(paragraph(run(box.question, italic=True), style=AUTHORS_TEXT, properties="<w:keepNext/>"))
        file.add(prose_xml(box.reading, style=AUTHORS_TEXT))


def _add_place(file: WordFile, what: str) -> None:
    file.add(paragraph(run(f"[authors: {what}]"), style=AUTHORS_PLACE))


def _add_limits(file: WordFile, sections: Sequence[Section], cover: Payload) -> None:
    file.heading("Limits")
    file.add(
        paragraph(run(" ".join(sentence.text for sentence in limits(cover, list(payloads_of(sections))))))
    )
    for payload in payloads_of(sections):
        if is_limits(payload) and payload.facts["text"].strip():
            file.add(prose_xml(payload.facts["text"], style=AUTHORS_TEXT))
    _add_place(file, "limits of sampling, setting and measurement that no program can know")


def _add_methods(file: WordFile, back: BackMatter) -> None:
    """The methods text and the works that it cites."""
    file.heading("Method")
    for part in back.methods:
        file.heading(part.heading, 2)
        runs = []
        for said in part.sentences:
            text = f"“{said.text}”" if said.given else said.text
            where = f" ({said.place.label})" if said.place else ""
            runs.append(run(f"{text.removesuffix('.')}{where}. " if where else f"{text} "))
        file.add(paragraph(*runs))
    _add_place(file, "what was done that the data do not show: recruitment, consent, ethics approval")
    if back.references:
        file.heading("References")
    hanging = '<w:ind w:left="360" w:hanging="360"/>'
    for entry in back.references:
        file.add(paragraph(*(run(text, italic=italic) for text, italic in entry.parts), properties=hanging))
