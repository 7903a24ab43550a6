"""The strings of the tables of notebook 01, from payloads of a few rows."""

from __future__ import annotations

from payloads_by_hand import body, formatted, heads, table

from analysis_lib.payload import Table


def test_flow():
    rows = table(
        "stage n excluded reason",
        ("enrolled", 135, 0, ""),
        ("agreed to analysis", 131, 4, "no consent to analysis"),
        ("analysed", None, None, ""),
    )
    made_ = formatted("flow", tables={"rows": rows})
    assert heads(made_) == [["People", "Left here", "Reason"]]
    assert body(made_) == [
        ["Enrolled", "135", "0", ""],
        ["Agreed to analysis", "131", "4", "no consent to analysis"],
        ["Analysed", "withheld", "withheld", ""],
    ]


CHARACTERISTIC = "variable label level level_label group n n_total median lower upper"


def characteristic(label, level, by_group, summary=(None, None, None)):
    level_label = {"cbt": "CBT", "emdr": "EMDR", "missing": "Missing", "": ""}[level]
    return [
        (label.lower(), label, level, level_label, group, n, None, *summary)
        for group, n in zip(("helpful", "unhelpful", "all"), by_group, strict=True)
    ]


def test_characteristics():
    rows = [
        *characteristic("Age", "", (90, 37, 127), (31.5, 26.0, 40.25)),
        *characteristic("Age", "missing", (2, 0, 2)),
        *characteristic("Therapy", "cbt", (60, 10, 70)),
        *characteristic("Therapy", "emdr", (30, 27, 57)),
        *characteristic("Therapy", "missing", (0, 0, 0)),
    ]
    made_ = formatted("characteristics", tables={"rows": table(CHARACTERISTIC, *rows)})
    assert heads(made_) == [["Helpful (n = 92)", "Unhelpful (n = 37)", "All (n = 129)"]]
    assert body(made_) == [
        ["Age, median [quartiles]", "31.5 [26, 40.2]", "31.5 [26, 40.2]", "31.5 [26, 40.2]"],
        ["Missing", "2", "0", "2"],
        ["Therapy"],
        ["CBT", "60 (67%)", "10 (27%)", "70 (55%)"],
        ["EMDR", "30 (33%)", "27 (73%)", "57 (45%)"],
    ]


def test_a_characteristic_with_a_withheld_level_gives_no_percentage_of_the_rest():
    rows = [
        *characteristic("Therapy", "cbt", (60, 10, None)),
        *characteristic("Therapy", "emdr", (30, None, None)),
    ]
    assert body(formatted("characteristics", tables={"rows": table(CHARACTERISTIC, *rows)}))[1:] == [
        ["CBT", "60 (67%)", "10", "withheld"],
        ["EMDR", "30 (33%)", "withheld", "withheld"],
    ]


def test_a_median_of_nobody_is_a_dash_and_one_that_may_not_leave_says_so():
    rows = characteristic("Age", "", (0, 3, None))
    assert body(formatted("characteristics", tables={"rows": table(CHARACTERISTIC, *rows)})) == [
        ["Age, median [quartiles]", "–", "withheld", "withheld"]
    ]


def test_two_axes():
    rows = table(
        "perceived_helpfulness termination_type n",
        ("helpful", "completed_agreed", 70), ("helpful", "missing", 2),
        ("not_stated", "completed_agreed", 0), ("not_stated", "missing", None),
    )  # fmt: skip
    made_ = formatted("two_axes", tables={"rows": rows})
    assert heads(made_) == [["Completed agreed", "Missing"]]
    assert body(made_) == [["Helpful", "70", "2"], ["Not stated", "0", "withheld"]]


def test_two_axes_without_two_axes_say_so():
    made_ = formatted("two_axes", tables={"rows": table("perceived_helpfulness termination_type n")})
    assert body(made_) == [["Not recorded", "One of the two is empty for everybody in this wave."]]


MATERIAL = "group n n_without_theme words_median words_lower words_upper"


def test_material():
    rows = table(
        MATERIAL,
        ("helpful", 92, 12, 110.0, 71.5, 180.0),
        ("unhelpful", 37, 0, None, None, None),
        ("all", 129, 12, 108.0, 70.0, 1180.0),
    )
    assert body(formatted("material", tables={"rows": rows})) == [
        ["Helpful", "92", "12/92", "110", "[71.5, 180]"],
        ["Unhelpful", "37", "0/37", "–", "–"],
        ["All", "129", "12/129", "108", "[70, 1,180]"],
    ]


def test_words_that_may_not_leave_are_withheld_and_those_of_nobody_are_not():
    rows = table(MATERIAL, ("helpful", 3, 3, None, None, None), ("unhelpful", 0, 0, None, None, None))
    assert [
        row[3:] for row in body(formatted("material", tables={"rows": rows}, counts_rule="midpoint6"))
    ] == [
        ["withheld", "withheld"],
        ["–", "–"],
    ]


def test_dropout():
    rows = table(
        "definition rule n_dropped n_judged n_unjudged n_late",
        ("under_8", "fewer than 8 sessions attended", 39, 171, 14, 0),
        ("declared", "ended by the patient alone", 0, 0, 185, 0),
    )
    assert body(formatted("dropout", tables={"rows": rows})) == [
        ["Under 8", "fewer than 8 sessions attended", "39/171", "23%", "14"],
        ["Declared", "ended by the patient alone", "0/0", "–", "185"],
    ]


def test_findings():
    rows = Table(
        (("level", "text"), ("what", "text"), ("n", "segments")),
        (("warn", "more sessions than planned.", 2), ("note", "a column is left aside.", None)),
    )
    made_ = formatted("findings", tables={"rows": rows}, n_corrected=4)
    assert body(made_) == [
        ["Warning", "more sessions than planned.", "2"],
        ["Note", "a column is left aside.", "–"],
    ]
    assert "Cells corrected by corrections.csv: 4." in made_.notes
