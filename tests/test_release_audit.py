"""What could be worked out from a bundle: limits of numbers, what is withheld, and when nothing helps."""

from __future__ import annotations

import numpy as np
import pytest

from analysis_lib.payload import Payload, Table
from analysis_lib.release import Rules, counts, release
from analysis_lib.release.bounds import Relations, fixed_within, narrowed
from analysis_lib.release.people import people_of
from analysis_lib.release.rules import midpoint6, printed, read, suppress7_round5
from analysis_lib.release.two_by_two import giving_away

SHARES = (("theme_id", "key"), ("group", "key"), ("n_with_theme", "people"), ("n_total", "people"))
GROUPS = (("group", "key"), ("n", "people"))
CLEAR = frozenset({"reviewed"})


def rules(counts_rule, below=6):
    return Rules("coauthor", counts_rule, below, CLEAR, b"key")


def bundle(*tables, columns=SHARES):
    return [
        Payload("table", f"made{i}", {"rows": Table(columns, rows)}, {"wave": "w1"})
        for i, rows in enumerate(tables)
    ]


def left(payloads, counts_rule):
    """Rows of the first table after the door."""
    return release(payloads, rules(counts_rule)).payloads[0].tables["rows"].rows


# What a printed number says


@pytest.mark.parametrize("rule", ["midpoint6", "suppress7_round5", "exact_audited", "exact"])
@pytest.mark.parametrize("below", [3, 6, 7, 8, 10, 15])
def test_reading_a_printed_number_gives_every_number_that_is_printed_so(rule, below):
    by = rules(rule, below)
    for n in range(120):
        low, high = read(printed(n, by), by)
        assert low <= n <= high
        if printed(n, by) is not None:
            assert {printed(m, by) for m in range(low, high + 1)} == {printed(n, by)}


@pytest.mark.parametrize("below", [6, 7])
def test_a_minimum_within_the_first_step_leaves_the_rules_as_they_are(below):
    assert [printed(n, rules("midpoint6", below)) for n in range(99)] == [midpoint6(n) for n in range(99)]
    assert [printed(n, rules("suppress7_round5", below)) for n in range(99)] == [
        suppress7_round5(n) for n in range(99)
    ]


@pytest.mark.parametrize(("rule", "first"), [("midpoint6", 15), ("suppress7_round5", 15)])
def test_numbers_under_a_higher_minimum_are_withheld_with_the_whole_of_its_step(rule, first):
    shown = [printed(n, rules(rule, 10)) for n in range(14)]
    assert shown == [0, *[None] * 12, first]


# What follows from printed numbers. ACRO's case (07 B.2.1): 58 people, 54 of them counted, leaves 4.


def test_a_hidden_number_is_the_whole_less_the_others():
    relations = Relations.of([(0, (1, 2))], 3)
    low, high = narrowed(np.array([58, 54, 0]), np.array([58, 54, 99]), relations)
    assert (low.tolist(), high.tolist()) == ([58, 54, 4], [58, 54, 4])


def test_what_only_a_program_finds_is_found():
    # a + b = 10, b + c = 10, a + c = 10 leave a = b = c = 5, though each relation by itself allows 0 to 10.
    relations = Relations.of([(3, (0, 1)), (3, (1, 2)), (3, (0, 2))], 4)
    low, high = np.array([0, 0, 0, 10]), np.array([99, 99, 99, 10])
    assert (narrowed(low, high, relations)[1][:3] == 10).all()
    truth = np.array([5.0, 5.0, 5.0, 10.0])
    asked = np.array([True, True, True, False])
    assert fixed_within(low, high, relations, asked, enough=3, reached=(truth, truth))[0][:3].all()


def test_the_same_people_in_two_tables_are_one_number():
    people = people_of(bundle((("cold", "mixed", 14, 37),), (("cold", "mixed", 14, 37),)))
    assert sorted(people.n) == [14, 23, 37]
    assert sorted(map(len, people.places)) == [0, 2, 2]


def test_groups_that_add_up_to_the_whole_are_related_to_it():
    people = people_of(
        bundle((("cold", "mixed", 14, 37), ("cold", "helpful", 12, 92), ("cold", "all", 26, 129)))
    )
    sums = [(people.n[whole], sorted(people.n[i] for i in parts)) for whole, parts in people.relations]
    assert (26, [12, 14]) in sums
    assert (129, [37, 92]) in sums
    assert (37, [14, 23]) in sums  # who has the theme, and who has not


def test_every_relation_holds_in_the_exact_numbers(example):
    people = people_of(example.payloads)
    assert len(people.relations) > 1000
    assert all(people.n[whole] == sum(people.n[i] for i in parts) for whole, parts in people.relations)
    assert min(people.n) >= 0


# Exact counts with small ones withheld


def test_a_small_number_and_another_of_its_sum_are_withheld():
    rows = (
        ("cold", "mixed", 4, 37),
        ("cold", "helpful", 30, 92),
        ("cold", "dropped_out", 20, 60),
        ("cold", "all", 54, 189),
    )
    shown = [row[2] for row in left(bundle(rows), "exact_audited")]
    assert shown[0] is None
    assert sum(n is None for n in shown) > 1
    assert {30, 20, 54} & set(shown)


def test_the_others_of_a_group_are_not_given_away_either():
    # 35 of 37 have the theme: two have not, and nobody may work that out.
    rows = (("cold", "mixed", 35, 37), ("cold", "helpful", 30, 92))
    shown = left(bundle(rows), "exact_audited")
    assert None in shown[0][2:]
    assert shown[1] == ("cold", "helpful", 30, 92)


def test_a_total_of_another_table_is_part_of_the_attack():
    rows = (("mixed", 4), ("helpful", 54))
    together = [
        Payload("table", "one", {"groups": Table(GROUPS, rows)}, {"wave": "w1"}),
        Payload("table", "two", {"rows": Table((("n_total", "people"),), ((58,),))}, {"wave": "w1"}),
    ]
    first, second = release(together, rules("exact_audited")).payloads
    printed_ones = [row[1] for row in first.tables["groups"].rows] + [second.tables["rows"].rows[0][0]]
    assert printed_ones[0] is None
    assert printed_ones[1:].count(None) >= 1


def test_large_numbers_leave_exact():
    rows = (("cold", "mixed", 14, 37), ("cold", "helpful", 12, 92), ("cold", "all", 26, 129))
    assert left(bundle(rows), "exact_audited") == rows


def test_numbers_whose_relations_are_not_known_are_withheld():
    columns = (("model", "key"), ("event", "key"), ("n_events", "people"), ("n_used", "people"))
    assert left(bundle((("main", "declared", 24, 152),), columns=columns), "exact_audited")[0][2:] == (
        None,
        None,
    )


def test_where_nothing_passes_the_audit_the_bundle_is_rounded_and_says_so(monkeypatch):
    monkeypatch.setattr(counts, "ENOUGH", 10**6)
    rows = (("cold", "mixed", 4, 37), ("cold", "helpful", 30, 92))
    found = release(bundle(rows), rules("exact_audited"))
    assert found.rules.counts == "midpoint6"
    assert "did not pass the audit" in found.rules.instead
    assert found.rules.instead.count(". ") == 0
    assert found.payloads[0].facts["counts_rule"] == "midpoint6"


def test_the_whole_example_passes_the_audit(example):
    found = release(example.payloads, rules("exact_audited"))
    assert found.rules.counts == "exact_audited"
    assert found.audit.given_away == ()
    numbers = [
        row[i]
        for payload in found.payloads
        for table in payload.tables.values()
        for i, (_, kind) in enumerate(table.columns)
        if kind == "people"
        for row in table.rows
    ]
    assert not {1, 2, 3, 4, 5} & set(numbers)
    assert sum(n is not None and n > 0 for n in numbers) > 500


# Rounded counts


def test_six_people_in_six_groups_are_not_counted_out_by_their_total():
    # Six groups of one person are each shown as 3 (1 to 6); a total of 3 (1 to 6) elsewhere leaves one person each.
    rows = tuple((f"g{i}", 1) for i in range(6))
    together = [
        Payload("table", "one", {"groups": Table(GROUPS, rows)}, {"wave": "w1"}),
        Payload("table", "two", {"rows": Table((("n_total", "people"),), ((6,),))}, {"wave": "w1"}),
    ]
    found = release(together, rules("midpoint6"))
    total = found.payloads[1].tables["rows"].rows[0][0]
    groups = [row[1] for row in found.payloads[0].tables["groups"].rows]
    assert None in (total, *groups)
    assert found.audit.withheld
    assert found.audit.given_away == ()


def test_rounded_counts_of_many_people_lose_nothing():
    rows = (("cold", "mixed", 14, 37), ("cold", "helpful", 12, 92))
    found = release(bundle(rows), rules("midpoint6"))
    assert found.payloads[0].tables["rows"].rows == (("cold", "mixed", 15, 39), ("cold", "helpful", 9, 93))
    assert found.audit.withheld == ()


# Statistics that give numbers away

EVENTS = (
    *((name, "key") for name in ("model", "event", "term", "level")),
    *((name, "people") for name in ("n_events", "n_total")),
)
MODELS = (
    ("model", "key"), ("event", "key"), ("term", "key"), ("level", "key"), ("reference", "key"), ("adjusted", "key"),
    ("odds_ratio", "estimate"), ("conf_low", "estimate"), ("conf_high", "estimate"), ("method", "text"),
)  # fmt: skip


def unadjusted(adjusted=False, limits=(0.97, 6.3)):
    """9 of 34 with the theme and 15 of 118 without dropped out: OR 9*103/(25*15) = 2.47, Woolf's limits 0.97, 6.30."""
    events = (("main", "left", "cold", "absent", 15, 118), ("main", "left", "cold", "present", 9, 34))
    row = ("main", "left", "cold", "present", "absent", adjusted, 2.5, *limits, "maximum likelihood")
    tables = {"events": Table(EVENTS, events), "models": Table(MODELS, (row,))}
    return [Payload("table", "termination_models", tables, {"wave": "w1"})]


def test_an_odds_ratio_that_one_table_fits_is_withheld():
    payloads = unadjusted()
    people = people_of(payloads)
    low = high = np.array(people.n)
    found = giving_away(payloads, people, low, high, enough=3, below=6)
    assert [tuple(row) for row in found] == [(0, "models", 0)]


def test_an_odds_ratio_that_many_tables_fit_may_leave():
    payloads = unadjusted(limits=(None, None))
    people = people_of(payloads)
    low, high = np.maximum(np.array(people.n) - 6, 1), np.array(people.n) + 6
    assert giving_away(payloads, people, low, high, enough=3, below=6) == set()


def test_an_adjusted_odds_ratio_is_no_function_of_four_numbers():
    payloads = unadjusted(adjusted=True)
    people = people_of(payloads)
    low = high = np.array(people.n)
    assert giving_away(payloads, people, low, high, enough=3, below=6) == set()


def test_beside_audited_exact_counts_no_unadjusted_odds_ratio_leaves():
    shown = release(unadjusted(), rules("exact_audited")).payloads[0].tables["models"].rows[0]
    assert shown[6:9] == (None, None, None)


def test_a_p_value_beside_an_empty_cell_is_withheld_where_totals_are_exact():
    columns = (*SHARES, ("p_value", "p"))
    rows = (("cold", "mixed", 4, 37, 0.003), ("warm", "mixed", 15, 37, 0.2))
    shown = left(bundle(rows, columns=columns), "exact_audited")
    assert [row[4] for row in shown] == [None, 1.0]


# Words


@pytest.mark.parametrize("counts_rule", ["midpoint6", "exact_audited"])
def test_a_reason_says_no_exact_number_of_people(counts_rule):
    columns = (("term", "key"), ("reason", "text"))
    row = ("age", "11 people cannot determine 12 parameters (age).")
    assert left(bundle((row,), columns=columns), counts_rule)[0][1] == (
        "too few people cannot determine 12 parameters (age)."
    )
    assert left(bundle((row,), columns=columns), "exact") == (row,)
