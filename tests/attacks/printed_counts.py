"""Does any released file hold a number of people under the minimum?

Looks into the payloads, into the tidy tables that become CSV files, and into the text of tables, sentences and
pictures' descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from analysis_lib import figures
from analysis_lib.payload import Payload
from analysis_lib.release import Released
from analysis_lib.result_files import result_files
from analysis_lib.sentences import sentences
from analysis_lib.tables import format_table

# "3 of 12" and "3/12" and "(n = 12)" are numbers of people in the suite's wording; looks and sessions are not.
_OF_PEOPLE = re.compile(r"(?<![Ll]ook )\b(\d+)/(\d+)\b|\(n = (\d+)\)")


def allowed(n: int, rule: str, *, below: int) -> bool:
    """Whether a rule may print this number of people; under midpoint6 a 3 stands for 1 to 6."""
    if rule == "midpoint6":
        return n % 3 == 0
    if rule == "suppress7_round5":
        return n % 5 == 0
    return n == 0 or n >= below


def counts_under_the_minimum(released: Released, *, below: int, text: bool) -> list[str]:
    """Places of numbers of people that the rule may not print."""
    rule = released.rules.counts
    return [
        f"{where}: {n}"
        for payload in released.payloads
        for where, n in _numbers(payload, text=text)
        if not allowed(n, rule, below=below)
    ]


def _numbers(payload: Payload, *, text: bool) -> Iterator[tuple[str, int]]:
    people = set()
    for name, table in payload.tables.items():
        for i, (column, kind) in enumerate(table.columns):
            if kind == "people":
                people.add(column)
                yield from (
                    (f"{payload.template} {name} {column}", row[i])
                    for row in table.rows
                    if row[i] is not None
                )
    for file, frame in result_files(payload).items():
        for column in people & set(frame.columns):
            values = pd.to_numeric(frame[column]).dropna()
            yield from ((f"{file} {column}", int(n)) for n in values)
    if text:
        for found in _OF_PEOPLE.findall(printed(payload).replace(",", "")):
            yield from ((f"text of {payload.template}", int(n)) for n in found if n)


def printed(payload: Payload) -> str:
    """Every word of a payload that a reader could see."""
    if payload.shape == "table":
        return format_table(payload).as_text()
    if payload.shape == "sentences":
        return "\n".join(sentence.text for sentence in sentences(payload))
    if payload.shape == "figure" and figures.can_draw(payload) is None:
        return "\n".join((figures.numbers(payload), figures.alt_text(payload), figures.caption(payload)))
    return ""
