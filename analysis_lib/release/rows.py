"""Who may stand as a row of their own in a file that leaves the team, and under which name?

From rows of people every count can be made again, so no rounding protects them: they leave only where exact counts do,
for the team's written reason. Of these, only the people who agreed to share and are in an outcome group, since the main
table holds no others; and only if those who stay behind are so many in each group that nobody's themes can be told by
taking the rows from the exact counts of the report.

References: UK Data Service, guidance on consent for data sharing; Hundepool et al. 2012, Statistical Disclosure
Control, chapter 3 (microdata).
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis_lib.errors import Finding, StudyError
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.release.pseudonyms import pseudonym
from analysis_lib.release.rules import Rules
from analysis_lib.sharing import people_who_share


@dataclass(frozen=True)
class SharedRows:
    """People who may stand as rows outside.

    Parameters
    ----------
    pseudonyms
        participant_id -> label, in order of the labels, which says nothing of the order of ids.
    n_left_out
        People with codable material who are not among them.
    """

    pseudonyms: dict[str, str]
    n_left_out: int


def shared_rows(themes: ThemeMatrix, rules: Rules) -> SharedRows:
    """The people whose rows may leave under some rules that let counts leave exact.

    Parameters
    ----------
    themes
        Everybody with codable material.
    rules
        Those of a profile that leaves the team, with its key of pseudonyms.

    Raises
    ------
    StudyError
        If nobody's consent to share stands, or so few people of a group stay behind that they could be told.
    ValueError
        If the rules round counts, or name no key.

    Notes
    -----
    The labels are not those that stand beside quotes in a report, so that no quote can be put to a row by its label.
    They are stable over waves.
    """
    if not rules.exact or rules.pseudonym_key is None:
        raise ValueError("rows of people leave only where counts leave exact, under pseudonyms")
    people = themes.values.index
    stay = ~(people.isin(people_who_share(themes.wave)) & themes.groups.notna().to_numpy())
    if stay.all():
        what = "nobody's consent to share stands in consent.csv, and rows of people leave the team on that alone."
        fix = "Use profile public, which gives the tables of the report, or keep to profile internal."
        raise StudyError(Finding("stop", "D07", "--profile", what, fix))
    left = themes.groups[stay].value_counts()
    if ((left > 0) & (left < rules.minimum_count)).any():
        what = (
            "so few people of an outcome group did not agree to share that their themes could be told by taking these"
            " rows from the counts of the report."
        )
        fix = "Use profile public, which gives the tables of the report, or keep to profile internal."
        allowed = f"nobody, or {rules.minimum_count} people or more of each group (privacy.minimum_count)"
        raise StudyError(Finding("stop", "D08", "--profile", what, fix, allowed=allowed))
    key = rules.pseudonym_key
    labels = {_label(str(person), key): str(person) for person in people[~stay]}
    return SharedRows({labels[label]: label for label in sorted(labels)}, int(stay.sum()))


def _label(person: str, key: bytes) -> str:
    """Twelve signs, so that no two people of however large a wave get the same."""
    return pseudonym(f"row\x1f{person}", key) + pseudonym(f"row\x1fmore\x1f{person}", key)
