"""What may leave, and in which form?

The door. Payloads go in with exact numbers and study ids, and come out as the profile and the study's rules
allow: counts rounded or withheld before anything is derived from them, p-values as bands, estimates only where every
cell behind them is large enough, quotes only with clearance, ids as keyed pseudonyms. Nothing else masks.

All that leaves of a wave passes together, since an outsider has it together: what its tables give away between them
is asked over the whole bundle. Text, figures, Word files and tidy tables are all made from these payloads afterwards,
so that no other number of people can stand in them.

References: OpenSAFELY output checking guidance (midpoint rounding); UK Data Service, SDC Handbook 2019;
ICO, Anonymisation code of practice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis_lib.payload import Payload
from analysis_lib.release.counts import Audit, with_counts_rule
from analysis_lib.release.door import MOST_QUOTES, Door
from analysis_lib.release.pseudonyms import pseudonym
from analysis_lib.release.rules import Rules, midpoint6, rules_for, suppress7_round5, with_midpoints
from analysis_lib.study import PROFILES

__all__ = [
    "MOST_QUOTES",
    "PROFILES",
    "Audit",
    "Released",
    "Rules",
    "midpoint6",
    "pseudonym",
    "release",
    "rules_for",
    "suppress7_round5",
]
_FELL_BACK = (
    "Counts are midpoints of six and not exact_audited: exact counts did not pass the audit, since numbers of fewer"
    " than {k} people could be worked out however many others were withheld."
)


@dataclass(frozen=True)
class Released:
    """Payloads that have passed the door, and what it changed.

    Parameters
    ----------
    payloads
        In the order in which they came.
    n_rounded, n_estimates_withheld, n_quotes_withheld
        Cells, rows and quotes that the door changed or kept.
    rules
        What was applied; midpoints where ``exact_audited`` did not pass.
    exact
        The same payloads with exact numbers of people, which stay inside.
    audit
        What an outsider could work out.
    """

    payloads: tuple[Payload, ...]
    n_rounded: int
    n_estimates_withheld: int
    n_quotes_withheld: int
    rules: Rules
    exact: tuple[Payload, ...]
    audit: Audit


def release(payloads: Iterable[Payload], rules: Rules) -> Released:
    """Let payloads through the door.

    Parameters
    ----------
    payloads
        Exact payloads of one wave's notebooks.
    rules
        What may leave; see :func:`rules_for`.

    Examples
    --------
    >>> from analysis_lib.payload import Table
    >>> table = Table((("group", "key"), ("n", "people")), (("mixed", 19), ("helpful", 0)))
    >>> rules = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
    >>> release([Payload("table", "t", {"rows": table})], rules).payloads[0].tables["rows"].rows
    (('mixed', 21), ('helpful', 0))
    """
    given = tuple(payloads)
    door = Door(rules)
    exact = tuple(map(door.pass_through, given))
    counted = with_counts_rule(exact, rules)
    if rules.counts == "exact_audited" and counted.audit.given_away:
        return release(given, with_midpoints(rules, _FELL_BACK.format(k=rules.minimum_count)))
    return Released(
        payloads=counted.payloads,
        n_rounded=counted.n_changed,
        n_estimates_withheld=door.n_estimates_withheld + counted.n_estimates_withheld,
        n_quotes_withheld=door.n_quotes_withheld,
        rules=rules,
        exact=exact,
        audit=counted.audit,
    )
