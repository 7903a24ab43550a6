"""What is a sentence of the methods text, and which analyses can it tell of?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis_lib.payload import Payload
from analysis_lib.report.places import Place, Standing
from analysis_lib.report.references import cited
from analysis_lib.tables.common import words


@dataclass(frozen=True)
class Said:
    """One or two sentences that belong together.

    Parameters
    ----------
    text
        The words.
    sources
        Templates that they tell of; they are said as long as one of these is on the page.
    references
        Keys of references.yaml.
    place
        Where the reader finds it; None for nothing.
    given
        Whether they are the authors' own words, from study.yaml.
    """

    text: str
    sources: tuple[str, ...]
    references: tuple[str, ...] = ()
    place: Place | None = None
    given: bool = False

    @property
    def with_references(self) -> str:
        """The words with their references in brackets before the last stop.

        >>> Said("Odds were modelled.", ("models",), ("firth1993",)).with_references
        'Odds were modelled (Firth, 1993).'
        """
        return f"{self.text[:-1]} {cited(self.references)}." if self.references else self.text


@dataclass(frozen=True)
class Run:
    """What was run for a report.

    Parameters
    ----------
    speaking
        Template -> its first payload that says something; the cover among them.
    asked
        Template -> where it stands first, whether it says something there or refuses.
    places
        Template -> the best place to send a reader to.
    reporting
        What the team wrote under ``reporting:`` of study.yaml, by the path of its key.
    """

    speaking: Mapping[str, Payload]
    asked: Mapping[str, Standing]
    places: Mapping[str, Standing]
    reporting: Mapping[str, str]

    def first(self, *templates: str) -> Payload | None:
        """The first of these that says something."""
        return next((self.speaking[name] for name in templates if name in self.speaking), None)

    def tell(
        self, text: str, *sources: str, references: tuple[str, ...] = (), refused: bool = False
    ) -> Iterator[Said]:
        """The sentence, if one of its sources says something, or all of them refuse."""
        there = [name for name in sources if name in (self.asked if refused else self.speaking)]
        if there:
            yield Said(text, sources, references, self.places[there[0]].place)


def given(run: Run, *keys: str) -> Iterator[Said]:
    """What the team wrote under these keys, each with a stop."""
    for key in keys:
        if text := run.reporting.get(key, ""):
            yield Said(text if text.endswith((".", "!", "?")) else f"{text}.", ("cover",), given=True)


def of_each(run: Run, payload: Payload, template: str, name: str) -> Iterator[Said]:
    """Why single models of an analysis were not fitted, each reason once."""
    rows = payload.tables["guards"].frame
    refused = rows[rows["reason"].fillna("").ne("")]
    for why, mine in refused.groupby("reason", sort=False):
        events = ", ".join(dict.fromkeys(words(event) for event in mine["event"]))
        yield from run.tell(
            f"No {name} was fitted for {events} ({str(why).removesuffix('.')}).",
            template,
        )
