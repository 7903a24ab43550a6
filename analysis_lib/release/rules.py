"""Which rule holds for the numbers of people of a bundle, and what does a printed number say?

One rule per bundle. A rule turns an exact number into what is printed; read backwards, it says which numbers a
printed one may stand for, which is all that an outsider knows.

References: OpenSAFELY, output checking guidance (midpoint 6); NHS England, disclosure control for HES (1-7 withheld,
the rest to the nearest five); UK Data Service, SDC Handbook 2019 (primary and secondary suppression).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from analysis_lib.study import PROFILES, CountsRule, Privacy, Profile

MANY = 10**7  # no study has so many people: what is withheld stands for anything up to it


@dataclass(frozen=True)
class Rules:
    """What the door does for one profile of one study.

    Parameters
    ----------
    counts
        Rule for numbers of people.
    minimum_count
        Fewest people in a cell before an estimate, a median or a quartile leaves under a rule other than
        ``exact``; fewer people than that are never told apart from one another.
    clearances
        Which quotes leave.
    pseudonym_key
        Key of the pseudonyms; None leaves study ids as they are (profile internal).
    instead
        Why this rule holds and not the one of study.yaml, as a sentence; empty where it is that one.
    """

    profile: Profile
    counts: CountsRule
    minimum_count: int
    clearances: frozenset[str]
    pseudonym_key: bytes | None
    instead: str = ""

    @property
    def exact(self) -> bool:
        """Whether counts leave as they are."""
        return self.counts == "exact"

    @property
    def rounds(self) -> bool:
        """Whether every number is printed as that of a step."""
        return self.counts in _ROUNDING


def rules_for(profile: Profile, privacy: Privacy, pseudonym_key: bytes) -> Rules:
    """The rules of a profile.

    Parameters
    ----------
    profile
        ``internal`` keeps exact counts and study ids; ``coauthor`` follows study.yaml; ``public`` follows it
        but never leaves counts exact and never releases a quote that no one has reviewed.
    privacy
        ``privacy:`` of study.yaml.
    pseudonym_key
        Key for pseudonyms, kept outside the study.

    Raises
    ------
    ValueError
        If there is no such profile.
    """
    if profile not in PROFILES:
        raise ValueError(f'There is no profile "{profile}". Known: {", ".join(PROFILES)}.')
    if profile == "internal":
        return Rules(profile, "exact", privacy.minimum_count, frozenset({"reviewed", "consented"}), None)
    clear = {"reviewed"} if privacy.quotes == "reviewed" or profile == "public" else {"reviewed", "consented"}
    found = Rules(profile, privacy.counts, privacy.minimum_count, frozenset(clear), pseudonym_key)
    if profile == "public" and privacy.counts in ("exact", "exact_audited"):
        return with_midpoints(found, "Counts are midpoints of six: no exact count leaves in profile public.")
    return found


def with_midpoints(rules: Rules, why: str) -> Rules:
    """The same rules with the default rule for counts, and the sentence that says why."""
    return replace(rules, counts="midpoint6", instead=why)


def midpoint6(n: int) -> int:
    """A count in steps of six, at the middle of its step: 0, then 1-6 as 3, 7-12 as 9, ...

    >>> [midpoint6(n) for n in (0, 1, 6, 7, 12, 13)]
    [0, 3, 3, 9, 9, 15]
    """
    return 0 if n == 0 else 6 * ((n + 5) // 6) - 3


def suppress7_round5(n: int) -> int | None:
    """Counts of 1 to 7 are withheld, the others go to the nearest five.

    >>> [suppress7_round5(n) for n in (0, 1, 7, 8, 12, 13)]
    [0, None, None, 10, 10, 15]
    """
    return None if 1 <= n <= 7 else 5 * ((n + 2) // 5)


_ROUNDING: dict[str, Callable[[int], int | None]] = {
    "midpoint6": midpoint6,
    "suppress7_round5": suppress7_round5,
}


def printed(n: int, rules: Rules) -> int | None:
    """What is printed for a number of people; None is withheld.

    Where the study's minimum is above the first step of the rule, the steps up to the minimum are withheld
    together, since 7 to 12 people would be told apart from 1 to 6.

    Examples
    --------
    >>> of = Rules("coauthor", "midpoint6", 10, frozenset(), None)
    >>> [printed(n, of) for n in (0, 1, 9, 12, 13)]
    [0, None, None, None, 15]
    """
    if rules.counts == "exact":
        return n
    if rules.counts == "exact_audited":
        return None if 1 <= n < rules.minimum_count else n
    rounded, below = _ROUNDING[rules.counts], rules.minimum_count
    one_step = rounded(below - 1) == rounded(1)
    if n and not one_step and (n < below or rounded(n) == rounded(below - 1)):
        return None
    return rounded(n)


def read(shown: int | None, rules: Rules) -> tuple[int, int]:
    """Fewest and most people that a printed number may stand for; None is one that its rule withholds.

    Examples
    --------
    >>> of = Rules("coauthor", "midpoint6", 6, frozenset(), None)
    >>> read(9, of), read(0, of), read(None, of)
    ((7, 12), (0, 0), (0, 10000000))
    >>> read(None, Rules("coauthor", "suppress7_round5", 6, frozenset(), None))
    (1, 7)
    """
    if shown is None:
        if not rules.rounds:
            return 0, MANY
        withheld = [n for n in range(1, rules.minimum_count + 12) if printed(n, rules) is None]
        return (withheld[0], withheld[-1]) if withheld else (0, MANY)
    if not rules.rounds or shown == 0:
        return shown, shown
    near = [n for n in range(max(shown - 6, 1), shown + 7) if printed(n, rules) == shown]
    return near[0], near[-1]
