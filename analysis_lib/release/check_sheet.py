"""What should somebody look at before a bundle is sent?

One page, internal: the rule for numbers of people, what the door changed and why, what whole groups say or do not say,
and what the audit found. It holds exact numbers nowhere, but names groups and themes, and stays inside.

References: OpenSAFELY Airlock, per-file summaries for output checkers (smallest non-zero count, rounding); UK Data
Service, SDC Handbook 2019 (class disclosure).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis_lib.payload import Payload
from analysis_lib.quantitize import ALL
from analysis_lib.release import Released
from analysis_lib.release.numbers import PARTS

NAME = "INTERNAL_check_sheet.md"
_MOST = 40  # lines of one list; how many more there are is said


def whole_groups(payloads: Sequence[Payload]) -> list[str]:
    """Groups of which everybody or nobody is counted, as short sentences, each once.

    Parameters
    ----------
    payloads
        After the door; what is withheld there is not known outside, and not listed.

    Returns
    -------
    list of str
        Those of whom everybody is counted first. To know that somebody belongs to such a group is to know this of
        them.
    """
    found = dict.fromkeys(line for payload in payloads for line in _whole_groups(payload))
    return sorted(found, key=lambda line: (not line.startswith("everybody"), line))


def _whole_groups(payload: Payload) -> Iterator[str]:
    for table in payload.tables.values():
        names = [column for column, _ in table.columns]
        if "group" not in names or "theme_id" not in names:
            continue
        for part, whole in (("n_with_theme", PARTS["n_with_theme"]), ("n_with_reference", "n_reference")):
            if part not in names or whole not in names:
                continue
            for row in table.rows:
                of = dict(zip(names, row, strict=True))
                group = of["reference"] if part == "n_with_reference" else of["group"]
                wave = of.get("wave") or payload.facts.get("wave", "")
                if not of[whole] or of[part] is None or group == ALL:
                    continue
                if of[part] in (0, of[whole]):
                    who = "nobody" if of[part] == 0 else "everybody"
                    yield f"{who} of group {group} in wave {wave} has the theme {of['theme_id']}"


def smallest_count(payloads: Sequence[Payload]) -> int | None:
    """Smallest number of people above zero that stands anywhere in a bundle; None where there is none."""
    return min(
        (
            value
            for payload in payloads
            for table in payload.tables.values()
            for row in table.rows
            for value, (_, kind) in zip(row, table.columns, strict=True)
            if kind == "people" and isinstance(value, int) and value > 0
        ),
        default=None,
    )


def check_sheet(released: Released, *, study: str, wave: str, reason: str) -> str:
    """The page as Markdown.

    Parameters
    ----------
    released
        What has passed the door.
    study, wave
        Whose bundle it is.
    reason
        Why the study chose its rule; may be empty.
    """
    rules, audit = released.rules, released.audit
    smallest = smallest_count(released.payloads)
    lines = [
        f"# INTERNAL: check sheet of {study}, wave {wave}",
        "Not to be sent. Look at it before report.html and what lies beside it leave the team.",
        "## Numbers of people",
        f"- Profile: {rules.profile}. Counts rule: {rules.counts}.{f' Reason: {reason}.' if reason else ''}",
        *([f"- Another rule than that of study.yaml holds: {rules.instead}"] if rules.instead else []),
        f"- Smallest number above zero that is printed: {'none' if smallest is None else smallest}"
        + (" (it stands for 1 to 6)." if rules.counts == "midpoint6" and smallest == 3 else "."),
        f"- Places where another number or none is printed: {released.n_rounded:,}.{_why(released)}",
        f"- Estimates withheld, with fewer than {rules.minimum_count} people in a cell behind them or a cell that could"
        f" be worked out from them: {released.n_estimates_withheld:,}.",
        f"- Quotes withheld: {released.n_quotes_withheld:,}.",
        "## Audit over all tables together",
        *_audited(released),
        *_listed("Numbers withheld so that others cannot be worked out", audit.withheld),
        "## Everybody or nobody of a group",
        "Whoever knows that a person belongs to the group knows this of them.",
        *_listed("", whole_groups(released.payloads)),
    ]
    return "\n\n".join(_joined(lines)) + "\n"


def _why(released: Released) -> str:
    match released.rules.counts:
        case "exact":
            return ""
        case "exact_audited":
            least = released.rules.minimum_count
            return (
                f" Fewer than {least} people, numbers from which those could be worked out, and numbers of models and"
                " coders, whose relations to the others are not audited, are withheld."
            )
    return " Every number is that of its step; totals are added up from what is printed."


def _audited(released: Released) -> list[str]:
    audit = released.audit
    if released.rules.exact:
        return ["- Not made: this profile and rule leave counts exact."]
    least = released.rules.minimum_count
    told = "none can be worked out" if not audit.given_away else f"{len(audit.given_away)} CAN BE WORKED OUT"
    return [
        f"- {audit.n_numbers:,} distinct numbers and {audit.n_relations:,} relations between them were searched by"
        f" linear programming for {audit.n_small:,} numbers of 1 to {least - 1} people, printed or not: {told}"
        " (limits at least 3 apart).",
        *_listed("Could be worked out", audit.given_away),
    ]


def _listed(title: str, names: Sequence[str]) -> list[str]:
    if not names:
        return [] if title else ["- None."]
    more = [f"- and {len(names) - _MOST:,} more"] if len(names) > _MOST else []
    return [*([f"- {title}:"] if title else []), *(f"- {name}" for name in names[:_MOST]), *more]


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Paragraphs, with the lines of one list together."""
    block: list[str] = []
    for line in lines:
        if line.startswith("- "):
            block.append(line)
            continue
        if block:
            yield "\n".join(block)
            block = []
        yield line
    if block:
        yield "\n".join(block)
