"""How is it said how far numbers and words agree, and what the authors still have to write?"""

from __future__ import annotations

from analysis_lib.author_notes import FITS
from analysis_lib.joint_display.fit import BOTH, NUMBERS, WORDS, ComputedFit
from analysis_lib.payload import Payload
from analysis_lib.sentences.common import Sentence, listed
from analysis_lib.tables.common import anchor
from analysis_lib.tables.joint import JointRow, fits_of, format_joint_display

NO_RULE = (
    "Reflexive thematic analysis does not read frequency as importance, so no rule says whether the numbers confirm the"
    " words."
)
AN_AID = (
    "The rule is an aid to the authors and no verdict: it knows only clear differences and the direction that the"
    " codebook gives a theme."
)


def joint_display(payload: Payload) -> tuple[Sentence, ...]:
    """The labels of fit, where two labels differ, which boxes are empty, which negative cases are missing."""
    rows = format_joint_display(payload)
    if not rows:
        return (
            Sentence(
                "No theme was coded for anybody in this wave, so there is nothing to join.", kind="refusal"
            ),
        )
    fits = fits_of(payload)
    return (
        _by_the_authors(rows),
        *_by_the_rule(rows, fits),
        *_where_they_differ(rows, fits),
        *_empty_boxes(rows, payload),
        Sentence(AN_AID if fits else NO_RULE, kind="limit"),
        *_without_negative_case(rows),
    )


def _by_the_authors(rows: tuple[JointRow, ...]) -> Sentence:
    given = {label: [row.label for row in rows if row.fit == label] for label in FITS}
    said = [f"{label} for {_named(themes)}" for label, themes in given.items() if themes]
    n = sum(map(len, given.values()))
    if not n:
        return Sentence(f"The authors have labelled the fit of none of the {_themes(len(rows))} yet.")
    return Sentence(f"The authors have labelled the fit of {n} of {_themes(len(rows))}: {listed(said)}.")


def _by_the_rule(rows: tuple[JointRow, ...], fits: dict[str, ComputedFit]) -> list[Sentence]:
    found = []
    for label, ways in (("confirm", "the same way"), ("discord", "opposite ways")):
        named = [row.label for row in rows if row.theme_id in fits and fits[row.theme_id].fit == label]
        if named:
            n = f"{len(named)} of {_themes(len(rows))}"
            found.append(Sentence(f"By the rule, numbers and words point {ways} for {n}: {_named(named)}."))
    for side in (NUMBERS, WORDS, BOTH):
        silent = [fit for fit in fits.values() if fit.silent == side]
        if silent:
            why = {fit.reason for fit in silent}
            reason = f": {why.pop()}" if len(why) == 1 else ""
            n = f"{len(silent)} of {_themes(len(rows))}"
            found.append(Sentence(f"By the rule, the {side} are silent for {n}{reason}."))
    return found


def _where_they_differ(rows: tuple[JointRow, ...], fits: dict[str, ComputedFit]) -> list[Sentence]:
    return [
        Sentence(
            f"“{row.label}”: the authors say {row.fit}, the rule says {fits[row.theme_id].fit}.",
            anchor("fit", row.theme_id),
        )
        for row in rows
        if row.differ
    ]


def _without_negative_case(rows: tuple[JointRow, ...]) -> list[Sentence]:
    """One sentence per reason for which nobody is quoted against the numbers."""
    missing: dict[str, list[str]] = {}
    for row in rows:
        if not row.negative_case.quote:
            missing.setdefault(row.negative_case.reason, []).append(row.label)
    found = []
    for reason, themes in missing.items():
        named = f"any of the {_themes(len(rows))}" if len(themes) == len(rows) > 1 else _named(themes)
        found.append(Sentence(f"No negative case is quoted for {named}: {reason}.", kind="limit"))
    return found


def _empty_boxes(rows: tuple[JointRow, ...], payload: Payload) -> list[Sentence]:
    unread = sum(not row.reading.strip() for row in rows)
    boxes = payload.tables["boxes"].frame
    empty = int((boxes["reading"].str.strip() == "").sum())
    found = []
    if unread:
        found.append(
            f"{unread} of {_themes(len(rows))} {_is(unread, 'has', 'have')} no reading by the authors yet"
        )
    if empty:
        what = "boxes for what numbers and words mean together"
        found.append(f"{empty} of {len(boxes)} {what} {_is(empty, 'is', 'are')} empty")
    return [Sentence(f"{listed(found)}.")] if found else []


def _is(n: int, one: str, several: str) -> str:
    return one if n == 1 else several


def _named(themes: list[str]) -> str:
    return listed([f"“{theme}”" for theme in themes])


def _themes(n: int) -> str:
    return f"{n} theme{'s' if n != 1 else ''}"
