"""What does a co-author know after five minutes?

A few numbers, the clearest findings, one thing that the data cannot say, one limit, a line for each section, and what
the authors have still to write. Every sentence is one of the sections'; no statement is made here.

References: APA 2018, JARS-Mixed, on what an abstract holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis_lib.formatting import missing, n_of, p_value
from analysis_lib.payload import Payload
from analysis_lib.report.folds import Part, said_in, with_place
from analysis_lib.report.pictures import Picture, picture
from analysis_lib.report.sections import LaidOut, Section, payloads_of
from analysis_lib.report.voices import voices
from analysis_lib.sentences import Sentence, limits
from analysis_lib.tables.common import contrasts_of

N_FINDINGS = 3
N_THEMES = 6  # in the picture
_FINDINGS = ("theme_contrasts", "termination")  # where findings come from, the first first


@dataclass(frozen=True)
class KeyNumber:
    """A number with what it counts, and the id of the part that it comes from; empty for none."""

    value: str
    what: str
    link: str


@dataclass(frozen=True)
class Line:
    """What a section found, and how often it refuses to say something.

    Parameters
    ----------
    sentence
        None where it finds nothing, or where what it finds first stands above already.
    above
        In the latter case the number of its sentences that do not stand above; else None.
    """

    section: Section
    sentence: Sentence | None
    refused: tuple[Sentence, ...]
    above: int | None = None


@dataclass(frozen=True)
class Unwritten:
    """A box that waits for its authors: where it stands, and its id."""

    place: str
    id: str
    n: int


@dataclass(frozen=True)
class Summary:
    """Everything up to the end of the first five minutes.

    Parameters
    ----------
    findings
        At most three, the clearest first.
    cannot
        What the data do not settle or the report refuses; None where neither occurs.
    limit
        The limit to read all of it with; None where there is none.
    lines
        One per section.
    unwritten
        What the authors have still to write.
    dots
        The leading themes as a picture; None where it cannot be drawn.
    dots_link, dots_number
        Id and number of the full figure.
    """

    numbers: tuple[KeyNumber, ...]
    findings: tuple[Sentence, ...]
    cannot: Sentence | None
    limit: Sentence | None
    lines: tuple[Line, ...]
    unwritten: tuple[Unwritten, ...]
    dots: Picture | None
    dots_link: str
    dots_number: str

    @property
    def n_unwritten(self) -> int:
        """Empty boxes in all."""
        return sum(place.n for place in self.unwritten)


def summarise(laid_out: LaidOut, cover: Payload) -> Summary:
    """The summary of a report."""
    payloads = list(payloads_of([section for section, _ in laid_out]))
    said: dict[str, list[Sentence]] = {}
    for _, parts in laid_out:
        for part, closer in with_place(parts):
            if not closer:  # what a closer look cannot say stands there
                said.setdefault(part.template, []).extend(said_in(part))
    findings = _findings(said)
    cannot = _cannot(said, findings)
    used = {*findings, cannot}
    dots = _part(laid_out, "theme_dots", ("figure",))
    return Summary(
        tuple(_numbers(laid_out)),
        findings,
        cannot,
        next(iter(limits(cover, payloads)), None),
        tuple(_line(section, parts, findings, used) for section, parts in laid_out),
        tuple(_unwritten(laid_out)),
        _leading(laid_out),
        dots.id if dots else "",
        dots.number if dots else "",
    )


def _findings(said: dict[str, list[Sentence]]) -> tuple[Sentence, ...]:
    """The clearest of what is found; a sentence that settles nothing only where there is nothing else."""
    stated = [
        sentence
        for template in _FINDINGS
        for sentence in said.get(template, [])
        if sentence.kind not in ("refusal", "limit", "cannot tell", "withheld")
    ]
    ranked = sorted(dict.fromkeys(stated), key=lambda sentence: sentence.kind != "clear")
    return tuple(ranked[:N_FINDINGS])


def _cannot(said: dict[str, list[Sentence]], findings: Sequence[Sentence]) -> Sentence | None:
    """The first refusal about themes or ending; else the first question there that stays open; else any refusal."""
    central = [sentence for template in _FINDINGS for sentence in said.get(template, [])]
    open_ = [s for template in reversed(_FINDINGS) for s in said.get(template, []) if s not in findings]
    everything = [sentence for found in said.values() for sentence in found]
    return _first(central, "refusal") or _first(open_, "cannot tell") or _first(everything, "refusal")


def _first(found: Sequence[Sentence], kind: str) -> Sentence | None:
    return next((sentence for sentence in found if sentence.kind == kind), None)


def _line(
    section: Section, parts: list[Part], findings: Sequence[Sentence], used: set[Sentence | None]
) -> Line:
    """The first thing that a section says and the summary has not said, and every refusal outside closer looks."""
    said = [sentence for part in parts for sentence in said_in(part)]
    refused = [
        s for part, closer in with_place(parts) if not closer for s in said_in(part) if s.kind == "refusal"
    ]
    stated = [s for s in said if s.kind not in ("refusal", "limit")]
    if stated and stated[0] in findings:  # whichever came next would look like the section's first
        return Line(section, None, tuple(dict.fromkeys(refused)), above=len(set(stated) - set(findings)))
    fresh = [s for s in stated if s not in used]
    return Line(section, next(iter(fresh), None), tuple(dict.fromkeys(refused)))


def _unwritten(laid_out: LaidOut) -> Iterator[Unwritten]:
    for section, parts in laid_out:
        for part in parts:
            if part.kind == "authors" and not part.content[1].strip():
                yield Unwritten(f"section {section.number.lstrip('0')}", part.id, 1)
            elif part.kind == "joint_display":
                empty = [id_ for row, id_, _ in part.content if not row.reading.strip()]
                if empty:
                    yield Unwritten(part.number, empty[0], len(empty))
            elif part.kind == "boxes":
                unwritten = [id_ for id_, box in part.content if not box.reading.strip()]
                if unwritten:
                    yield Unwritten(
                        f"conclusions of section {section.number.lstrip('0')}", unwritten[0], len(unwritten)
                    )


def _part(laid_out: LaidOut, template: str, kinds: Sequence[str]) -> Part | None:
    """The first part of a template that is of one of the kinds."""
    everything = (part for _, parts in laid_out for part in parts)
    return next((part for part in everything if part.template == template and part.kind in kinds), None)


def _payload(laid_out: LaidOut, template: str) -> Payload | None:
    """The first payload of a template."""
    everything = payloads_of([section for section, _ in laid_out])
    return next((payload for payload in everything if payload.template == template), None)


def _leading(laid_out: LaidOut) -> Picture | None:
    """The figure of all themes with the leading ones alone."""
    whole = _payload(laid_out, "theme_dots")
    if whole is None or whole.facts["tradition"] == "reflexive":  # there counts are folded away
        return None
    chosen = list(whole.facts["leading"][:N_THEMES])
    shares = whole.tables["shares"]
    at = [name for name, _ in shares.columns].index("theme_id")
    kept = replace(shares, rows=tuple(row for row in shares.rows if row[at] in chosen))
    facts = dict(whole.facts) | {"leading": chosen}
    drawn = picture(replace(whole, tables=dict(whole.tables) | {"shares": kept}, facts=facts))
    return drawn if drawn.address else None


def _numbers(laid_out: LaidOut) -> Iterator[KeyNumber]:
    """At most eight numbers, each with its base; what a wave does not have is left out."""
    for template, make in _NUMBERS.items():
        payload, part = _payload(laid_out, template), _part(laid_out, template, ("table", "voices"))
        if payload is not None:
            yield from (KeyNumber(*found, part.id if part else "") for found in make(payload))


def _from_flow(payload: Payload) -> Iterator[tuple[str, str]]:
    rows = payload.tables["rows"].frame
    enrolled = rows.loc[rows["stage"] == "enrolled", "n"]
    if len(enrolled):
        yield n_of(rows["n"].iloc[-1], enrolled.iloc[0]), "people who took part are analysed"


def _from_coding(payload: Payload) -> Iterator[tuple[str, str]]:
    rows = payload.tables["coding"].frame.set_index("what")
    if "by two" in rows.index:
        both = rows.loc["by two"]
        yield n_of(both["n"], both["n_total"]), "people with material coded by two coders or more"


def _from_omnibus(payload: Payload) -> Iterator[tuple[str, str]]:
    tests = payload.tables["tests"].frame
    p = tests.loc[tests["test"] == "mmi_permutation", "p_value"]
    if len(p) and not missing(p.iloc[0]):
        shown = p_value(p.iloc[0], band=payload.facts.get("counts_rule", "exact") != "exact")
        yield (
            f"p {shown}" if shown[0] in "<>≥" else f"p = {shown}",
            "test of whether any theme goes with the outcome group",
        )


def _from_contrasts(payload: Payload) -> Iterator[tuple[str, str]]:
    rows = contrasts_of(payload)
    tested = rows[rows["p_adjusted"].notna()]
    if len(tested):
        clear = tested[tested["tier"].isin(["clear", "clear but small"])]
        n_upper = int((~clear["theme_id"].isin(payload.facts["leading"])).sum())
        upper = f", {n_upper} in an upper theme" if n_upper else ""
        yield f"{len(clear)} of {len(tested)}", f"comparisons of two groups are clear{upper}"


def _from_dropout(payload: Payload) -> Iterator[tuple[str, str]]:
    rows = payload.tables["rows"].frame
    declared = rows[rows["definition"] == "declared"]
    if len(declared):
        row = declared.iloc[0]
        yield (
            n_of(row["n_dropped"], row["n_judged"]),
            f"dropped out ({row['rule']}), of those with a known ending",
        )


def _from_quotes(payload: Payload) -> Iterator[tuple[str, str]]:
    n = voices(payload).n_passages
    if n:
        yield f"{n:,}", "quotes released with this report"


_NUMBERS = {
    "flow": _from_flow,
    "coding": _from_coding,
    "omnibus": _from_omnibus,
    "theme_contrasts": _from_contrasts,
    "dropout": _from_dropout,
    "quote_matrix": _from_quotes,
}
