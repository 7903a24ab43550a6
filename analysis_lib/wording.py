"""Which words claim more than coded accounts can hold?

Rules for one sentence at a time. Whoever reads a page or a file cuts it into sentences first and takes out what others
have written. Nothing here knows a study; a rule that depends on one is switched by an argument.

References: Altman & Bland 1995, BMJ 311, 485, on absence of evidence; Sandelowski 2001, Res Nurs Health 24, 230-240, on
verbal counting; Lang & Altman 2015 (SAMPL), on percentages and intervals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """A phrase that says too much.

    Parameters
    ----------
    phrase
        The words at fault, and nothing around them.
    why
        What is wrong with them, in one clause.
    instead
        What to write.
    """

    phrase: str
    why: str
    instead: str


_NEGATED = re.compile(r"\b(?:not|cannot|no|never|neither|nor|without|nothing)\b", re.IGNORECASE)
_BASE = re.compile(
    r"\d[\d,]*\)? of (?:the )?\d|\d[\d,]*/\d|\bn = (?:\d|withheld)|\b\d[\d,]* (?:people|participants)\b|withheld"
)

# What never stands in a report, whatever the study claims: pattern, why, what to write.
_CLAIMS = (
    (
        r"\bno (?:[a-z]+ )?(?:effects?|differences?|associations?|relationships?)\b",
        "an interval that includes zero does not show that there is none",
        "say what the data fit: “from 8 points fewer to 27 points more”",
    ),
    (
        r"(?<!statistically )(?<!clinically )\b(?:in|non-?)?significan(?:t|tly|ce)\b",
        "it can be read as important",
        "give the difference with its interval, or write “statistically significant”",
    ),
    (
        r"\b(?:marginally|borderline)\b|\btrend(?:s|ed|ing)? towards?\b",
        "it makes a finding of what the data do not settle",
        "write that the data do not settle it, with the interval",
    ),
)
_PROOF = (
    r"\bprov(?:e|es|ed|en|ing)\b",
    "data of one study prove nothing",
    "write “the data fit” or “goes with”",
)
_CAUSES = (
    r"\b(?:caus(?:e|es|ed|ing)\b(?!-specific)|(?:leads?|led|leading) to(?! follow)|result(?:ed|ing) in"
    r"|contribut(?:e|es|ed|ing) to|protects?|protective|risk factors?|influenc(?:e|es|ed)|affect(?:s|ed)?)\b",
    "it says that one thing makes the other happen",
    "write “goes with”",
)
_LIVED = (
    r"\bexperienc(?:e|es|ed) by\b|\b(?:people|participants|patients|clients) experienced\b",
    "being coded for a theme is not the same as having lived it",
    "write “was coded for”",
)
_FORETELLS = (
    r"\bpredict(?:s|ed)?\b",
    "this study claims association",
    "write “goes with”; or set `claim: prediction`, if themes come from before the outcome",
)
_VERBAL_COUNT = (
    r"(?<!\btoo )(?<!\bhow )(?<!\bso )(?<!\bas )(?<!\bat )(?<!\bthe )(?<!\bthis )"
    r"\b(?:(?:a )?few|many|most|the majority)\b"
    r"(?! (?:more|often|frequent|common|likely|widespread|recent|times)\b)"
)
_PERCENTAGE = re.compile(r"\d+(?:\.\d+)?\s?(?:%|percentage points?\b)")
# Per cent that are no result: a level of confidence, or a mark that a rule sets.
_NO_RESULT = re.compile(
    r"\b9[059](?:\.\d)?% (?:[A-Za-z'’-]+ ){0,4}(?:CIs?|intervals?|limits|band|of orders|of the posterior)\b"
    r"|\b9[059]%(?=[:,]? \[)"
    r"|(?:at most|at least|threshold|under|below|above|less than|more than|fewer than|smaller than) (?:the )?"
    r"\d+(?:\.\d+)?\s?(?:%|percentage points?)"
)
_VALUE = r"(?:[<>] )?(?:\d[\d,]*(?:\.\d+)?|∞)"
# As an odds ratio is written: with decimals up to 100, then without.
_ODDS_RATIO = re.compile(
    r"\bodds ratios?(?: [a-z]+){0,8} (?:[<>] )?(?:\d+\.\d+|\d{3,}(?! [a-z])|\d,\d{3}|∞)(?![\d,.]*\d)(?!\s?%)",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    rf"\s?[(\[,;]*\s?(?:95% (?:CI|interval):? )?[(\[]?{_VALUE}(?: to |, ){_VALUE}|.{{0,3}}no (?:95% CI|interval)"
)


def slips(sentence: str, *, foretells: bool = False, numbers: bool = True) -> Iterator[Slip]:
    """What a sentence says too much of.

    Parameters
    ----------
    sentence
        One sentence without anybody else's words.
    foretells
        Whether the study claims prediction and its themes come from before the outcome.
    numbers
        False where bases and intervals stand in the columns beside, as in a cell of a table.

    Notes
    -----
    Verbs of cause, proof and prediction are free after a negation in the same sentence: "cannot be said to have led
    to it" claims nothing. Counts in words are free where the sentence holds a number of people too.

    Examples
    --------
    >>> [slip.phrase for slip in slips("Most people said that it led to progress, a significant gain.")]
    ['significant', 'led to', 'Most']
    >>> list(slips("Coldness was coded for most, 30 of 37 people, and cannot be said to have led to it."))
    []
    """
    for pattern, why, instead in _CLAIMS:
        yield from (Slip(found[0], why, instead) for found in re.finditer(pattern, sentence, re.IGNORECASE))
    for pattern, why, instead in (_PROOF, _CAUSES, _LIVED, *(() if foretells else (_FORETELLS,))):
        for found in re.finditer(pattern, sentence, re.IGNORECASE):
            if not _NEGATED.search(sentence[: found.start()]):
                yield Slip(found[0], why, instead)
    counted = _BASE.search(sentence) is not None
    if not counted:
        why, instead = "it counts without a number", "write n of N"
        yield from (Slip(f[0], why, instead) for f in re.finditer(_VERBAL_COUNT, sentence, re.IGNORECASE))
    if not numbers:
        return
    share = _PERCENTAGE.search(_NO_RESULT.sub("", sentence))
    if share and not counted:
        yield Slip(share[0], "a percentage has to say of how many", "write “14 of 37 (38%)”")
    for found in _ODDS_RATIO.finditer(sentence):
        if not _INTERVAL.match(sentence, found.end()):
            yield Slip(found[0], "an odds ratio alone hides how unsure it is", "add its 95% interval")


def in_sentences(text: str) -> list[str]:
    """A paragraph cut where a full stop is followed by a capital, a quotation mark or a number in words.

    >>> in_sentences("So it was (p < .001). “Cold” was rare. Prof. Lee agrees.")
    ['So it was (p < .001).', '“Cold” was rare.', 'Prof. Lee agrees.']
    """
    plain = " ".join(text.split())
    return [part for part in re.split(r"(?<=[.!?])(?<!Prof\.)(?<!Dr\.) (?=[A-Z“])", plain) if part]
