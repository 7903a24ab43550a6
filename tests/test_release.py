"""The door: what the rules say leaves, in the form they say, and nothing else."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from analysis_lib import figures
from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Payload, Table
from analysis_lib.quotes import clear_quotes
from analysis_lib.release import (
    PROFILES,
    Rules,
    midpoint6,
    pseudonym,
    release,
    rules_for,
    suppress7_round5,
)
from analysis_lib.runner.notebooks import NOTEBOOKS, contents
from analysis_lib.sentences import sentences
from analysis_lib.study import Privacy
from analysis_lib.tables import format_boxes, format_joint_display, format_quote_matrix, format_table

KEY = b"a key for tests"
WAVES = ["2024a", "2024b", "2025a"]
ROUNDED = ("midpoint6", "suppress7_round5")


def privacy(counts="midpoint6", quotes="reviewed"):
    return Privacy(counts, "because", 6, quotes)


def rules(counts="midpoint6", profile="coauthor", quotes="reviewed"):
    return rules_for(profile, privacy(counts, quotes), KEY)


def passed(columns, rows, *, by=None, facts=None):
    """The rows of one table after the door."""
    payload = Payload("table", "made", {"rows": Table(columns, rows)}, facts or {})
    return release([payload], by or rules()).payloads[0].tables["rows"]


# Counts


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, 0), (1, 3), (6, 3), (7, 9), (12, 9), (13, 15), (18, 15), (19, 21), (92, 93), (1000, 999)],
)
def test_midpoint6_shows_the_middle_of_each_step_of_six(n, shown):
    assert midpoint6(n) == shown
    assert passed((("n", "people"),), ((n,),)).rows == ((shown,),)


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, 0), (1, None), (7, None), (8, 10), (12, 10), (13, 15), (17, 15), (18, 20), (92, 90)],
)
def test_suppress7_round5_withholds_one_to_seven_and_rounds_the_rest_to_five(n, shown):
    assert suppress7_round5(n) == shown
    assert passed((("n", "people"),), ((n,),), by=rules("suppress7_round5")).rows == ((shown,),)


@pytest.mark.parametrize("counts", ROUNDED)
def test_rounding_never_turns_fewer_people_into_more(counts):
    rounded = [
        {"midpoint6": midpoint6, "suppress7_round5": suppress7_round5}[counts](n) for n in range(8, 500)
    ]
    assert rounded == sorted(rounded)


def test_exact_counts_leave_as_they_are():
    assert passed((("n", "people"),), ((1,), (92,)), by=rules("exact")).rows == ((1,), (92,))


def test_the_audited_rule_holds_for_co_authors_alone():
    assert rules("exact_audited").counts == "exact_audited"
    outside = rules("exact_audited", "public")
    assert outside.counts == "midpoint6"
    assert outside.instead == "Counts are midpoints of six: no exact count leaves in profile public."


def test_a_missing_count_stays_missing():
    assert passed((("n", "people"),), ((None,),)).rows == ((None,),)


def test_the_rule_stands_in_the_facts_of_every_payload():
    payload = Payload("card", "cover", {}, {"wave": "w1"})
    facts = release([payload], rules()).payloads[0].facts
    assert facts == {"wave": "w1", "counts_rule": "midpoint6", "profile": "coauthor"}


def test_the_payload_that_goes_in_stays_as_it_was():
    table = Table((("n", "people"),), ((14,),))
    payload = Payload("table", "made", {"rows": table}, {"wave": "w1"})
    release([payload], rules())
    assert payload.tables["rows"].rows == ((14,),)
    assert payload.facts == {"wave": "w1"}


# Totals


BY_GROUP = (("theme_id", "key"), ("group", "key"), ("n_with_theme", "people"), ("n_total", "people"))


def test_the_whole_is_added_up_from_the_released_groups():
    rows = (("cold", "helpful", 12, 92), ("cold", "unhelpful", 14, 37), ("cold", "all", 26, 129))
    assert passed(BY_GROUP, rows).rows[-1] == ("cold", "all", 9 + 15, 93 + 39)


def test_each_theme_has_its_own_whole():
    rows = tuple(
        (theme, group, n, 92) for theme, n in (("cold", 12), ("warm", 40)) for group in ("helpful", "all")
    )
    assert [row[2] for row in passed(BY_GROUP, rows).rows] == [9, 9, 39, 39]


def test_the_whole_is_withheld_where_a_group_is():
    rows = (("cold", "helpful", 12, 92), ("cold", "unhelpful", 5, 37), ("cold", "all", 17, 129))
    found = passed(BY_GROUP, rows, by=rules("suppress7_round5")).rows
    assert found[-1] == ("cold", "all", None, 125)


def test_the_exact_whole_leaves_where_counts_are_exact():
    rows = (("cold", "helpful", 12, 92), ("cold", "all", 12, 92))
    assert passed(BY_GROUP, rows, by=rules("exact")).rows == rows


FLOW = (("stage", "text"), ("n", "people"), ("excluded", "people"), ("reason", "text"))
STAGES = (("invited", 20, 0, ""), ("enrolled", 17, 3, "declined"), ("analysed", 15, 2, "no consent"))


@pytest.mark.parametrize(
    ("counts", "shown"),
    [("midpoint6", [24, 21, 18]), ("suppress7_round5", [None, None, None]), ("exact", [20, 17, 15])],
)
def test_the_stages_add_up_from_the_released_groups(counts, shown):
    groups = Table((("group", "key"), ("n", "people")), (("helpful", 8), ("unhelpful", 7)))
    payload = Payload("table", "flow", {"rows": Table(FLOW, STAGES), "groups": groups})
    rows = release([payload], rules(counts)).payloads[0].tables["rows"].rows
    # 8 and 7 are both shown as 9, three people who declined and two without consent as 3 each.
    assert [row[1] for row in rows] == shown


@pytest.mark.parametrize(("base", "shown"), [(3, None), (6, None), (7, 3), (20, 3)])
def test_people_with_a_theme_are_shown_only_of_a_large_enough_base(base, shown):
    row = passed(BY_GROUP, (("cold", "mixed", 3, base),)).rows[0]
    assert row == ("cold", "mixed", shown, midpoint6(base))
    assert passed(BY_GROUP, (("cold", "mixed", 3, base),), by=rules("exact")).rows[0][2] == 3


def test_a_whole_never_narrows_down_its_groups():
    def shown(counts):
        rows = tuple(("cold", f"g{i}", n, 20) for i, n in enumerate(counts))
        return passed(BY_GROUP, (*rows, ("cold", "all", sum(counts), 80))).rows

    seen = shown((1, 1, 1, 1))
    fitting = [counts for counts in itertools.product((1, 6), repeat=4) if shown(counts) == seen]
    # Every corner of one to six in all four groups looks the same from outside.
    assert len(fitting) == 2**4


# p-values, statistics, segments


@pytest.mark.parametrize(
    ("p", "band"),
    [(0.0, 0.001), (0.000999, 0.001), (0.001, 0.01), (0.0099, 0.01), (0.01, 0.05), (0.0499, 0.05), (0.05, 1.0),
     (0.7, 1.0), (1.0, 1.0)],
)  # fmt: skip
def test_p_values_leave_as_the_upper_end_of_their_band(p, band):
    assert passed((("p_value", "p"),), ((p,),)).rows == ((band,),)


@pytest.mark.parametrize("counts", ROUNDED)
@pytest.mark.parametrize("kind", ["statistic", "segments"])
def test_what_betrays_counts_does_not_leave(counts, kind):
    assert passed((("value", kind),), ((17,),), by=rules(counts)).rows == ((None,),)


def test_with_exact_counts_p_statistics_and_segments_leave_too():
    columns = (("p_value", "p"), ("cramers_v", "statistic"), ("n_segments", "segments"))
    rows = ((0.00296878, 0.27, 41),)
    assert passed(columns, rows, by=rules("exact")).rows == rows


def test_settings_and_phrases_pass_untouched():
    columns = (("theme_id", "key"), ("reason", "text"), ("adjusted", "key"))
    rows = (("cold", "nobody has it", True),)
    assert passed(columns, rows).rows == rows


# Estimates


MODEL = (
    ("term", "key"), ("odds_ratio", "estimate"), ("p_value", "p"), ("events_per_parameter", "statistic"),
    ("smallest_cell", "cell"), ("reason", "text"),
)  # fmt: skip


@pytest.mark.parametrize(("cell", "leaves"), [(0, False), (5, False), (6, True), (40, True), (None, False)])
def test_an_estimate_leaves_only_with_enough_people_in_every_cell(cell, leaves):
    row = passed(MODEL, (("cold", 4.06, 0.003, 5.2, cell, None),)).rows[0]
    assert row == (("cold", 4.1, 0.01, None, None) if leaves else ("cold", None, None, None, WITHHELD))


def test_with_exact_counts_every_estimate_leaves():
    assert passed(MODEL, (("cold", 4.06, 0.003, 5.2, 1, None),), by=rules("exact")).rows == (
        ("cold", 4.06, 0.003, 5.2, None),
    )


@pytest.mark.parametrize("counts", ["exact", *ROUNDED])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_fewest_people_behind_an_estimate_never_leave(counts, profile):
    made = passed(MODEL, (("cold", 4.06, 0.003, 5.2, 1, None),), by=rules(counts, profile))
    assert "smallest_cell" not in dict(made.columns)
    assert len(made.rows[0]) == len(made.columns) == 5


SUMMARY = (("group", "key"), ("n", "people"), ("median", "summary"), ("smallest_cell", "cell"))


@pytest.mark.parametrize(("n", "median"), [(1, None), (5, None), (6, 32.0), (37, 32.0)])
def test_a_median_leaves_only_of_enough_people_and_with_two_digits(n, median):
    row = passed(SUMMARY, (("mixed", n, 31.57, n),)).rows[0]
    assert row == ("mixed", midpoint6(n), median)


def test_withheld_estimates_are_counted_by_row_and_rows_without_one_are_not():
    rows = (
        ("a", 4.06, 0.003, 5.2, 2, None),
        ("b", 4.06, 0.003, 5.2, 9, None),
        ("c", None, None, 5.2, 2, "none"),
    )
    payload = Payload("table", "made", {"models": Table(MODEL, rows)})
    assert release([payload], rules()).n_estimates_withheld == 1


# Quotes and people


QUOTES = (("group", "key"), ("participant_id", "participant"), ("quote", "quote"), ("clearance", "clearance"))
SAID = (
    ("mixed", "P001", "Read by a reviewer.", "reviewed"),
    ("mixed", "P002", "Agreed to, not read.", "consented"),
    ("mixed", "P003", "Not to leave.", "withheld"),
)


@pytest.mark.parametrize(
    ("profile", "quotes", "n_leaving"),
    [
        ("internal", "reviewed", 2),
        ("internal", "consented", 2),
        ("coauthor", "reviewed", 1),
        ("coauthor", "consented", 2),
        ("public", "reviewed", 1),
        ("public", "consented", 1),
    ],
)
@pytest.mark.parametrize("counts", ["exact", "midpoint6"])
def test_quotes_leave_only_with_the_clearance_that_the_profile_asks_for(profile, quotes, n_leaving, counts):
    payload = Payload("joint_display", "made", {"quotes": Table(QUOTES, SAID)})
    released = release([payload], rules(counts, profile, quotes))
    left = [row[2] for row in released.payloads[0].tables["quotes"].rows]
    assert left == [row[2] for row in SAID[:n_leaving]]
    assert released.n_quotes_withheld == 3 - n_leaving


def test_a_quote_that_is_withheld_twice_counts_once():
    payload = Payload("joint_display", "made", {"quotes": Table(QUOTES, SAID)})
    assert release([payload, payload], rules()).n_quotes_withheld == 2


@pytest.mark.parametrize("clearance", [None, "", "yes", "Reviewed", "paraphrase"])
def test_a_quote_with_any_other_clearance_does_not_leave(clearance):
    for profile in PROFILES:
        assert (
            passed(QUOTES, (("mixed", "P001", "Words.", clearance),), by=rules("exact", profile)).rows == ()
        )


def test_a_quote_without_a_column_for_its_clearance_stops_the_release():
    with pytest.raises(ValueError, match="not in list"):
        passed(QUOTES[:3], (("mixed", "P001", "Words."),))


@pytest.mark.parametrize("profile", ["coauthor", "public"])
def test_study_ids_leave_as_pseudonyms(profile):
    found = passed(QUOTES, SAID[:1], by=rules("exact", profile)).rows[0][1]
    assert found != "P001"
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{6}", found)


def test_profile_internal_keeps_study_ids():
    assert passed(QUOTES, SAID[:1], by=rules("exact", "internal")).rows[0][1] == "P001"


def test_a_pseudonym_depends_on_the_person_and_the_key_alone():
    assert pseudonym("P001", KEY) == pseudonym("P001", KEY)
    assert pseudonym("P001", KEY) != pseudonym("P002", KEY)
    assert pseudonym("P001", KEY) != pseudonym("P001", b"another key")


def test_a_pseudonym_is_hmac_sha256_of_the_id():
    # openssl gives 73059bdeff34117c... for key "key" and text "P001"; the last 30 of these 64 bits, five at a
    # time from the right, are 28, 11, 4, 8, 19 and 31.
    assert pseudonym("P001", b"key") == "WB48KZ"


def test_two_thousand_people_get_two_thousand_pseudonyms():
    assert len({pseudonym(f"P{i:04d}", KEY) for i in range(2000)}) == 2000


# Profiles


def test_profile_internal_is_exact_whatever_the_study_says():
    assert rules("midpoint6", "internal").counts == "exact"


@pytest.mark.parametrize(
    ("given", "left"), [("exact", "midpoint6"), ("suppress7_round5", "suppress7_round5")]
)
def test_profile_public_never_leaves_counts_exact(given, left):
    assert rules(given, "public").counts == left


@pytest.mark.parametrize("profile", ["", "publik", "INTERNAL", "co-author", None])
def test_there_is_no_other_profile(profile):
    with pytest.raises(ValueError, match=r"There is no profile .* Known: coauthor, internal, public\."):
        rules_for(profile, privacy(), KEY)


# The whole example study as an outsider sees it


def committed_payloads(profile_rules: Rules):
    """Every payload that stands in a committed notebook, after the door."""
    for path in sorted(Path(NOTEBOOKS).glob("0[1-9]*.ipynb")):
        _, _, parts = contents(path)
        exact = [Payload.from_json(part) for part in parts if not isinstance(part, str)]
        yield path.stem, release(exact, profile_rules).payloads


def everything(example, profile_rules):
    """Every view of every result of a wave, after the door."""
    return release(example.payloads, profile_rules).payloads


def printed(payload):
    """Every word of a payload that a reader could see."""
    if payload.shape == "table":
        return format_table(payload).as_text()
    if payload.shape == "sentences":
        return "\n".join(sentence.text for sentence in sentences(payload))
    if payload.shape == "joint_display":
        of_template = {"quote_matrix": format_quote_matrix, "meta_inferences": format_boxes}
        return "\n".join(map(str, of_template.get(payload.template, format_joint_display)(payload)))
    if payload.shape == "figure" and figures.can_draw(payload) is None:
        return "\n".join((figures.numbers(payload), figures.alt_text(payload), figures.caption(payload)))
    return ""


@pytest.fixture(scope="module", params=ROUNDED)
def outside(request, examples):
    """Wave -> everything that leaves it under a rounding rule."""
    by = rules(request.param)
    return request.param, {wave: everything(example, by) for wave, example in examples.items()}


def allowed(counts, n):
    return n is None or (n % 3 == 0 if counts == "midpoint6" else n % 5 == 0)


def test_no_exact_count_of_the_example_leaves(outside):
    counts, by_wave = outside
    checked = 0
    for payload in itertools.chain(*by_wave.values()):
        for table in payload.tables.values():
            for i, (column, kind) in enumerate(table.columns):
                values = [row[i] for row in table.rows]
                if kind == "people":
                    assert all(allowed(counts, n) for n in values), (payload.template, column)
                    checked += len(values)
                if kind in ("segments", "statistic"):
                    assert set(values) <= {None}, (payload.template, column)
                if kind == "p":
                    assert set(values) <= {None, 0.001, 0.01, 0.05, 1.0}, (payload.template, column)
                assert kind != "cell"
    assert checked > 1000


def test_no_printed_count_of_the_example_is_exact(outside):
    counts, by_wave = outside
    of_people = (
        r"(?<![Ll]ook )\b\d+ of \d+\b"
        r"(?! themes| boxes| intervals| pooled intervals| comparisons| pairs| when people| when the number)"
    )
    found = []
    for payload in itertools.chain(*by_wave.values()):
        # "5 of 8" specifications; people stand there as 5/8 and as (n = 8)
        specifications = payload.template in ("sensitivity", "specification_curve")
        pattern = r"\b\d+/\d+\b|\(n = \d+\)" + ("" if specifications else f"|{of_people}")
        found += re.findall(pattern, printed(payload).replace(",", ""))
    assert len(found) > 500
    assert [one for one in found if not all(allowed(counts, int(n)) for n in re.findall(r"\d+", one))] == []


def test_no_study_id_of_the_example_leaves(outside, examples):
    _, by_wave = outside
    for wave, payloads in by_wave.items():
        text = json.dumps([payload.as_json() for payload in payloads])
        people = examples[wave].wave.participants
        ids = {*people.index, *people["therapist_id"].dropna(), *examples[wave].wave.segments["segment_id"]}
        assert len(ids) > 30
        assert not ids & set(re.findall(r"[\w-]+", text))


def test_no_quote_without_review_leaves(outside, examples):
    _, by_wave = outside
    shown = 0
    for wave, payloads in by_wave.items():
        text = json.dumps([payload.as_json() for payload in payloads], ensure_ascii=False)
        quotes = clear_quotes(examples[wave].wave)
        cleared = set(quotes.loc[quotes["clearance"] == "reviewed", "text"])
        kept = {words for words in quotes["text"].dropna() if words not in cleared}
        as_json = {json.dumps(words, ensure_ascii=False)[1:-1] for words in kept}
        assert not [words for words in as_json if words in text]
        shown += sum(json.dumps(words, ensure_ascii=False)[1:-1] in text for words in cleared)
    assert shown > 20


def test_nothing_exact_leaves_from_the_committed_notebooks(example):
    ids = set(example.wave.participants.index)
    quotes = clear_quotes(example.wave)
    cleared = set(quotes.loc[quotes["clearance"] == "reviewed", "text"])
    kept = {json.dumps(words)[1:-1] for words in quotes["text"].dropna() if words not in cleared}
    seen = 0
    for name, payloads in committed_payloads(rules()):
        text = json.dumps([payload.as_json() for payload in payloads])
        assert not ids & set(re.findall(r"[\w-]+", text)), name
        assert not [words for words in kept if words in text], name
        for payload in payloads:
            for table in payload.tables.values():
                at = [i for i, (_, kind) in enumerate(table.columns) if kind == "people"]
                assert all(allowed("midpoint6", row[i]) for row in table.rows for i in at), name
                seen += len(table.rows)
    assert seen > 1000
