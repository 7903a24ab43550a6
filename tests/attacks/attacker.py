"""What somebody works out who has every table of a bundle, a solver and no scruples.

The attacker shares no code with the door. They know how the suite counts: each person has one outcome group and a set
of themes, a branch is the union of its themes, an answer to a question is one of its levels. Unknown are the numbers
of people of each group and set of themes, and of each group and answer; every released number is a sum of them. They
also know how each rule prints a number. Linear programming then gives the limits of every number.

The one thing taken from the other side: a released number is used only where the exact one is the sum that it is taken
for, so that no misunderstanding makes the attack look weaker or stronger than it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.optimize import linprog

import analysis_lib as al
from analysis_lib.payload import Payload
from analysis_lib.release import Released
from analysis_lib.wave import Wave

Form = dict[int, int]  # unknown -> how often it is in the sum


@dataclass
class Unknowns:
    """Numbers of people of each group and set of themes, and of each group and answer, with their exact values."""

    wave: Wave
    index: dict[tuple[str, ...], int] = field(default_factory=dict)
    truth: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        codebook, people = self.wave.study.codebook, self.wave.analysed
        above = {theme.parent for theme in codebook}
        self.themes = [theme.id for theme in codebook if theme.id not in above]
        self.parent = {theme.id: theme.parent for theme in codebook}
        self.groups = list(self.wave.study.outcome.groups)
        values = al.quantitize(self.wave).values.loc[people.index, self.themes].fillna(0)
        for group in self.groups:
            mine = people["outcome_group"] == group
            sets = [tuple(t for t in self.themes if row[t] == 1) for _, row in values[mine].iterrows()]
            for chosen in product((0, 1), repeat=len(self.themes)):
                has = tuple(t for t, yes in zip(self.themes, chosen, strict=True) if yes)
                self._add(("set", group, *has), sets.count(has))
            for variable in ("gender", "delivery_mode"):
                answers = people[variable].astype("string").fillna("missing")
                for level in sorted(set(answers)):
                    self._add((variable, group, level), int((answers[mine] == level).sum()))

    def _add(self, key: tuple[str, ...], n: int) -> None:
        self.index[key] = len(self.truth)
        self.truth.append(n)

    def sets(
        self, group: str | None = None, *, having: tuple[str, ...] = (), lacking: tuple[str, ...] = ()
    ) -> Form:
        """People of a group (None: all) who have each of some themes and none of others."""
        return {
            i: 1
            for key, i in self.index.items()
            if key[0] == "set"
            and group in (None, "all", key[1])
            and all(self._has(key[2:], theme) for theme in having)
            and not any(self._has(key[2:], theme) for theme in lacking)
        }

    def answers(self, variable: str, group: str | None, level: str) -> Form:
        """People of a group (None: all) with an answer."""
        return {
            i: 1
            for key, i in self.index.items()
            if key[0] == variable and group in (None, "all", key[1]) and key[2] == level
        }

    def _has(self, themes: tuple[str, ...], theme: str) -> bool:
        return any(theme in (each, self.parent[each]) for each in themes)

    def n(self, form: Form) -> int:
        """The exact number of a sum."""
        return sum(self.truth[i] * times for i, times in form.items())


def forms(of: dict[str, object], column: str, unknowns: Unknowns, template: str) -> Form | None:
    """The sum that a number of a row is, as far as the attacker can tell; None where they cannot."""
    group = str(of["group"]) if "group" in of else None
    theme = of.get("theme_id")
    any_theme = of.get("base") == "any_theme"
    everybody = unknowns.sets(group)
    if any_theme:
        everybody = {i: 1 for i in everybody if i not in unknowns.sets(group, lacking=tuple(unknowns.themes))}
    if "variable" in of:
        level = "missing" if column == "n_missing" else str(of.get("level", ""))
        if column in ("n_total", "n_eligible"):
            return everybody
        if of["variable"] in ("gender", "delivery_mode"):
            return unknowns.answers(str(of["variable"]), group, level)
        return None
    match column:
        case "n_with_theme" if theme:
            return unknowns.sets(group, having=(str(theme),))
        case "n_with_reference" if theme:
            return unknowns.sets(str(of["reference"]), having=(str(theme),))
        case "n_reference":
            return unknowns.sets(str(of["reference"]))
        case "n_both" if "other_id" in of:
            return unknowns.sets(having=(str(theme), str(of["other_id"])))
        case "n_with_other" if "other_id" in of:
            return unknowns.sets(having=(str(of["other_id"]),))
        case "n_without_theme":
            return unknowns.sets(group, lacking=tuple(unknowns.themes))
        case "n_with_pattern" if isinstance(of.get("theme_ids"), str):
            has = tuple(str(of["theme_ids"]).split())
            return unknowns.sets(group, having=has, lacking=tuple(set(unknowns.themes) - set(has)))
        case "n_events" if "term" in of and str(of.get("level")) in ("present", "absent"):
            side = {"having" if of["level"] == "present" else "lacking": (str(of["term"]),)}
            return unknowns.sets("dropped_out", **side)
        case "n_total" if "term" in of and str(of.get("level")) in ("present", "absent"):
            return unknowns.sets(**{"having" if of["level"] == "present" else "lacking": (str(of["term"]),)})
        case "n" | "n_total" | "n_used":
            return everybody
    return None


def interval(shown: int | None, rule: str, *, withheld: bool, most: int) -> tuple[int, int]:
    """The numbers that a printed one stands for; ``withheld`` says that empty cells may be empty for others' sake."""
    if rule == "midpoint6" and shown is not None:
        return (0, 0) if shown == 0 else (shown - 2, shown + 3)
    if rule == "suppress7_round5":
        if shown is None:
            return (0, most) if withheld else (1, 7)
        return (0, 0) if shown == 0 else (max(shown - 2, 8), shown + 2)
    return (0, most) if shown is None else (shown, shown)


@dataclass(frozen=True)
class Found:
    """What an attack on one bundle came to.

    Parameters
    ----------
    n_numbers, n_small
        Released numbers that were used; distinct numbers of 1 to ``below`` - 1 people that were looked for, printed or
        only implied.
    recovered, narrow
        Those whose limits are less than 1, and less than 3, apart; ``narrow`` is looked for only where it is asked.
    """

    n_numbers: int
    n_small: int
    recovered: tuple[str, ...]
    narrow: tuple[str, ...]


def attack(released: Released, wave: Wave, *, below: int, narrow: bool = False) -> Found:
    """Work out what can be worked out from a bundle."""
    unknowns = Unknowns(wave)
    rule, most = released.rules.counts, sum(unknowns.truth)
    facts: dict[tuple[tuple[int, int], ...], tuple[int, int]] = {}
    targets: dict[tuple[tuple[int, int], ...], str] = {}
    seen: set[tuple[object, ...]] = set()
    for exact, after in zip(released.exact, released.payloads, strict=True):
        for name, shown, n, form, whole in _numbers(exact, after, unknowns, rule, seen):
            key = tuple(sorted(form.items()))
            if n is None or unknowns.n(form) != n:
                continue
            if shown != "sum":
                low, high = interval(shown, rule, withheld=bool(released.audit.withheld), most=most)
                if shown is None and not low <= n <= high:
                    low, high = 0, most  # withheld for its small base, which can be seen
                if not low <= n <= high:
                    raise AssertionError(f"{name}: {n} is printed as {shown}")
                old = facts.get(key, (0, most))
                facts[key] = max(low, old[0]), min(high, old[1])
            targets.setdefault(key, name)
            if whole is not None and form.keys() <= whole.keys():
                rest = {i: 1 for i in whole if i not in form}
                targets.setdefault(tuple(sorted(rest.items())), f"the others of {name}")
    small = {key: name for key, name in targets.items() if 1 <= unknowns.n(dict(key)) < below}
    widths = _widths(facts, list(small), unknowns, most, enough=3 if narrow else 1)
    named = list(zip(small.values(), widths, strict=True))
    return Found(
        len(facts),
        len(small),
        tuple(name for name, width in named if width < 1 - 1e-6),
        tuple(name for name, width in named if narrow and width < 3 - 1e-6),
    )


def _numbers(
    exact: Payload, after: Payload, unknowns: Unknowns, rule: str, seen: set[tuple[object, ...]]
) -> Iterator[tuple[str, object, int | None, Form, Form | None]]:
    """Name, printed and exact number, its sum and that of everybody in its scope, of each number of a payload."""
    for name, table in exact.tables.items():
        columns = [column for column, _ in table.columns]
        once = (name, table.columns, table.rows, after.tables[name].rows)
        if "people" not in table.kinds.values() or once in seen:
            continue
        seen.add(once)
        for row, printed in zip(table.rows, after.tables[name].rows, strict=True):
            of = dict(zip(columns, row, strict=True))
            for i, (column, kind) in enumerate(table.columns):
                if kind != "people" or row[i] is None:
                    continue
                form = forms(of, column, unknowns, exact.template)
                if form is None:
                    continue
                total = of.get("group") == "all" or ("stage" in of and column == "n")
                added_up = rule in ("midpoint6", "suppress7_round5") and total
                whole = unknowns.sets(str(of["group"]) if "group" in of else None)
                scope = " ".join(str(of.get(x, "")) for x in ("theme_id", "group", "level"))
                yield (
                    f"{exact.template}.{name}.{column} {scope}",
                    "sum" if added_up else printed[i],
                    row[i],
                    form,
                    whole if column != "n_reference" and "variable" not in of else None,
                )


def _widths(
    facts: dict[tuple[tuple[int, int], ...], tuple[int, int]],
    wanted: list[tuple[tuple[int, int], ...]],
    unknowns: Unknowns,
    most: int,
    *,
    enough: int,
) -> list[float]:
    """How far the limits of each wanted sum are apart."""
    if not wanted:
        return []
    a, low, high = _constraints(facts, unknowns)
    matrix, bounds = np.vstack([a, -a]), np.concatenate([high, -low])
    goals = np.zeros((len(wanted), len(unknowns.truth)))
    for row, key in enumerate(wanted):
        for i, times in key:
            goals[row, i] = times
    truth = np.array(unknowns.truth, dtype=float)
    least = most_ = goals @ truth
    rng = np.random.default_rng(len(wanted))

    def try_for(aim: np.ndarray) -> None:
        nonlocal least, most_
        for sign in (1.0, -1.0):
            solved = linprog(sign * aim, A_ub=matrix, b_ub=bounds, bounds=(0, most), method="highs")
            x = solved.x
            if x is None:
                raise AssertionError(f"what is released contradicts itself: {solved.message}")
            least, most_ = np.minimum(least, goals @ x), np.maximum(most_, goals @ x)

    for _ in range(5):
        still = most_ - least < enough
        if not still.any():
            break
        try_for((goals[still] * rng.choice([-1.0, 1.0], int(still.sum()))[:, None]).sum(axis=0))
    for row in np.flatnonzero(most_ - least < enough):
        if most_[row] - least[row] < enough:
            try_for(goals[row])
    return list(most_ - least)


def _constraints(
    facts: dict[tuple[tuple[int, int], ...], tuple[int, int]], unknowns: Unknowns
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every fact, and that the answers of a group are those of its people."""
    rows, low, high = [], [], []
    for key, (least, most) in facts.items():
        row = np.zeros(len(unknowns.truth))
        for i, times in key:
            row[i] = times
        rows.append(row)
        low.append(least)
        high.append(most)
    for group in unknowns.groups:
        for variable in ("gender", "delivery_mode"):
            row = np.zeros(len(unknowns.truth))
            for key, i in unknowns.index.items():
                row[i] += (key[0] == variable and key[1] == group) - (key[0] == "set" and key[1] == group)
            rows.append(row)
            low.append(0)
            high.append(0)
    return np.array(rows), np.array(low, dtype=float), np.array(high, dtype=float)
