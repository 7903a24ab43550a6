"""The strings of every layout, from payloads of a few rows; every output of a table has the same cells."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from analysis_lib.formatted import Cell, FormattedTable, Head, Row
from analysis_lib.formatting import WITHHELD
from analysis_lib.payload import Payload, Table
from analysis_lib.release import release, rules_for
from analysis_lib.study import Privacy
from analysis_lib.tables import format_card, format_joint_display, format_table

FACTS = {
    "study": "by-hand",
    "wave": "w1",
    "synthetic": False,
    "reference": "helpful",
    "alpha": 0.05,
    "smallest_difference": 0.15,
    "multiplicity": "holm",
    "base": "all_with_material",
    "theme_timing": "after_outcome",
    "claim": "association",
    "tradition": "codebook",
    "reason": None,
    "leading": ["cold"],
    "stated_event": {"main": "declared"},
    "why": {"main": {"age": "younger people leave earlier"}},
    "rules": {"declared": "ended as patient unilateral", "under_8": "fewer than 8 sessions attended"},
}
PEOPLE = ("n", "n_total", "n_with_theme", "n_with_reference", "n_reference", "excluded", "n_without_theme")
KINDS = {
    **dict.fromkeys(PEOPLE, "people"),
    **dict.fromkeys(["n_used", "n_events", "n_eligible", "n_dropped", "n_judged", "n_unjudged"], "people"),
    **dict.fromkeys(["odds_ratio", "conf_low", "conf_high", "probability"], "estimate"),
    **dict.fromkeys(["average_risk_difference", "ard_low", "ard_high"], "estimate"),
    **dict.fromkeys(["p_value", "p_adjusted", "p_mid", "p_minp", "p_holm", "p_bh"], "p"),
    **dict.fromkeys(["smallest_p", "cramers_v", "events_per_parameter", "n_needed"], "statistic"),
    **dict.fromkeys(["parameters_allowed"], "statistic"),
    **dict.fromkeys(["median", "lower", "upper", "words_median", "words_lower", "words_upper"], "summary"),
    **dict.fromkeys(["n_segments", "n_withheld"], "segments"),
    "participant_id": "participant",
    "quote": "quote",
    "clearance": "clearance",
}


def table(columns, *rows):
    """A payload table from names and rows; the kind of a column follows from its name."""
    names = columns.split()
    return Table(tuple((name, KINDS.get(name, "key")) for name in names), tuple(rows))


GROUPS = table("group label n", ("helpful", "Helpful", 92), ("unhelpful", "Unhelpful", 37))


def made(template, *, shape="table", groups=GROUPS, tables=None, **facts):
    return Payload(shape, template, {**(tables or {}), "groups": groups}, FACTS | facts)


def formatted(template, **more):
    return format_table(made(template, **more))


def cells(row):
    return [row.stub, *(cell.text for cell in row.cells)]


def body(formatted_table):
    return [cells(row) for row in formatted_table.rows]


def heads(formatted_table):
    return [[head.text for head in row] for row in formatted_table.heads]


# 01


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
        "definition rule n_dropped n_judged n_unjudged",
        ("under_8", "fewer than 8 sessions attended", 39, 171, 14),
        ("declared", "ended as patient unilateral", 0, 0, 185),
    )
    assert body(formatted("dropout", tables={"rows": rows})) == [
        ["under 8", "fewer than 8 sessions attended", "39/171", "23%", "14"],
        ["declared", "ended as patient unilateral", "0/0", "–", "185"],
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


# 03


SHARES = "theme_id theme_label depth group n_with_theme n_total n_segments"


def shares(theme, label, depth, *by_group):
    return [
        (theme, label, depth, group, x, n, segments)
        for group, (x, n, segments) in zip(("helpful", "unhelpful", "all"), by_group, strict=True)
    ]


def test_theme_by_outcome():
    rows = [
        *shares("T", "Therapist", 0, (12, 92, 15), (14, 37, 20), (26, 129, 35)),
        *shares("T.cold", "Cold manner", 1, (0, 92, 0), (14, 37, 20), (14, 129, 20)),
        *shares("none", "Never said", 0, (0, 92, 0), (0, 37, 0), (0, 129, 0)),
    ]
    made_ = formatted("theme_by_outcome", tables={"shares": table(SHARES, *rows)})
    assert heads(made_)[0] == ["Helpful (n = 92)", "Unhelpful (n = 37)", "All (n = 129)", "Segments"]
    assert body(made_) == [
        ["Therapist", "12/92", "13% [8, 21]", "14/37", "38% [24, 54]", "26/129", "20% [14, 28]", "35"],
        ["Cold manner", "0/92", "0% [0, 4]", "14/37", "38% [24, 54]", "14/129", "11% [7, 17]", "20"],
    ]
    assert [row.indent for row in made_.rows] == [0, 1]
    assert made_.rows[1].anchor == "share-T-cold"
    assert "Coded for nobody: Never said." in made_.notes


CONTRASTS = (
    "theme_id theme_label depth group reference n_with_theme n_total n_with_reference n_reference "
    "p_value p_adjusted"
)


def contrast(x1, n1, x0, n0, p, adjusted, theme="cold", label="Cold manner"):
    return (theme, label, 0, "unhelpful", "helpful", x1, n1, x0, n0, p, adjusted)


def test_theme_contrasts():
    rows = (
        contrast(14, 37, 12, 92, 0.00297, 0.0412),
        contrast(0, 37, 1, 92, None, None, "rare", "Rare"),
        contrast(0, 37, 0, 92, None, None, "none", "Never said"),
    )
    made_ = formatted("theme_contrasts", tables={"contrasts": table(CONTRASTS, *rows)})
    assert made_.title == "Each outcome group against helpful, wave w1"
    assert body(made_) == [
        ["Unhelpful (n = 37) against Helpful (n = 92)"],
        ["Cold manner", "14/37", "12/92", "+25 [9, 42]", "4.01 [1.49, 11.0]", ".003", ".041", "clear"],
        # Odds ratio 0, upper limit by the exact conditional method.
        ["Rare", "0/37", "1/92", "−1 [−6, 8]", "0.00 [0.00, 97.0]", "–", "–", "similar within the margin"],
    ]
    assert made_.rows[1].anchor == "contrast-cold-unhelpful"


def test_theme_contrasts_of_rounded_counts_show_bands_and_say_they_are_rounded():
    rows = (contrast(15, 39, 9, 93, 0.01, 0.05), contrast(None, 39, 9, 93, 1.0, 1.0, "few", "Few"))
    made_ = formatted(
        "theme_contrasts", tables={"contrasts": table(CONTRASTS, *rows)}, counts_rule="midpoint6"
    )  # fmt: skip
    assert body(made_)[1][-3:] == ["< .01", "< .05", "clear"]
    assert body(made_)[2] == ["Few", "withheld", "9/93", "–", "–", "≥ .05", "≥ .05", "–"]
    assert any(note.startswith("Rounded counts (midpoint6)") for note in made_.notes)


def test_theme_contrasts_without_tests_say_why():
    made_ = formatted(
        "theme_contrasts",
        tables={"contrasts": table(CONTRASTS, contrast(14, 37, 12, 92, None, None))},
        reason="a group is smaller than 5 (mixed), so intervals only",
    )
    assert "No p-values: a group is smaller than 5 (mixed), so intervals only." in made_.notes


def test_theme_tests():
    rows = table(
        "theme_id theme_label p_value p_mid smallest_p p_minp p_holm p_bh cramers_v conf_low conf_high method reason",
        (
            "cold",
            "Cold manner",
            0.00297,
            0.0021,
            0.0000001,
            0.04,
            0.05,
            0.045,
            0.27,
            0.1,
            0.44,
            "exact",
            None,
        ),
        ("rare", "Rare", None, None, 0.287, None, None, None, None, None, None, "", "too few people have it"),
    )
    assert body(formatted("theme_tests", tables={"tests": rows})) == [
        ["Cold manner", ".003", ".002", ".040", ".050", ".045", "0.27 [0.10, 0.44]", "< .001", ""],
        ["Rare", "–", "–", "–", "–", "–", "–", ".287", "too few people have it"],
    ]


# 05


MODELS = (
    "model event term term_label level reference adjusted odds_ratio conf_low conf_high p_value method n_used "
    "n_events separated reason"
)
GUARDS = (
    "model event n_eligible n_used n_dropped n_events n_parameters events_per_parameter n_needed parameters_allowed "
    "separated reason"
)


def model(
    term, level, adjusted, method, odds, *, event="declared", reference="absent", separated=False, reason=None
):
    label = {"cold": "Cold manner", "delivery_mode": "Delivery", "age": "Age"}[term]
    *numbers, p = odds or (None, None, None, None)
    return (
        "main",
        event,
        term,
        label,
        level,
        reference,
        adjusted,
        *numbers,
        p,
        method,
        32,
        13,
        separated,
        reason,
    )


GUARD = ("main", "declared", 34, 32, 2, 13, 3, 4.333, 371, 1, "cold", None)
COLD = [
    model("cold", "present", False, "firth", (9.95, 2.17, 57.1, 0.0026), separated=True),
    model("cold", "present", True, "firth", (8.2, 1.9, 45.0, 0.006), separated=True),
    model("cold", "present", True, "maximum likelihood", None, reason="no finite estimate"),
]


def termination(template, models=COLD, guards=(GUARD,), **tables):
    held = {"models": table(MODELS, *models), "guards": table(GUARDS, *guards)} | tables
    return formatted(template, tables=held)


def test_termination_models():
    video = ("video", "in_person")
    rows = [
        *COLD,
        *(
            model("delivery_mode", video[0], adjusted, method, (1.5, 0.6, 3.9, 0.4), reference=video[1])
            for adjusted, method in ((False, "firth"), (True, "firth"), (True, "maximum likelihood"))
        ),
        *(
            model("age", "per 10 years", adjusted, method, (0.91, 0.84, 0.97, 0.0004), reference="")
            for adjusted, method in ((False, "firth"), (True, "firth"), (True, "maximum likelihood"))
        ),
    ]
    made_ = termination("termination_models", rows)
    assert body(made_) == [
        ["Model main: ended as patient unilateral (13 of 32 people with complete data)"],
        ["Cold manner", "9.95 † [2.17, 57.1]", ".003", "8.20 † [1.90, 45.0]", ".006", "does not exist"],
        [
            "Delivery: video v in person",
            "1.50 [0.60, 3.90]",
            ".400",
            "1.50 [0.60, 3.90]",
            ".400",
            "1.50 [0.60, 3.90]",
        ],
        [
            "Age, per 10 years",
            "0.91 [0.84, 0.97]",
            "< .001",
            "0.91 [0.84, 0.97]",
            "< .001",
            "0.91 [0.84, 0.97]",
        ],
    ]
    assert made_.rows[1].anchor == "model-main-cold-present"
    assert "Why each covariate is in model main: age: younger people leave earlier." in made_.notes
    assert any(note.startswith("† ") for note in made_.notes)


def test_a_withheld_model_says_withheld_and_a_model_that_cannot_be_fitted_says_why():
    held = [model("cold", "present", adjusted, "firth", None, reason=WITHHELD) for adjusted in (False, True)]
    assert body(termination("termination_models", held))[1] == [
        "Cold manner",
        "withheld",
        "–",
        "withheld",
        "–",
        "–",
    ]
    broken = (*GUARD[:-1], "The column is the same for everybody; leave it out.")
    made_ = termination("termination_models", [], (broken,))
    assert body(made_)[1] == ["No model", "The column is the same for everybody; leave it out."]


def test_only_the_stated_event_is_in_the_table_of_models():
    other = model("cold", "present", True, "firth", (2.0, 1.0, 4.0, 0.04), event="under_8")
    made_ = termination("termination_models", [*COLD, other], (GUARD, ("main", "under_8", *GUARD[2:])))
    assert len(made_.rows) == 2


def test_termination_definitions():
    rows = [
        *COLD,
        model("cold", "present", True, "firth", (2.0, 1.01, 4.0, 0.04), event="under_8"),
    ]
    guards = (GUARD, ("main", "under_8", 34, 30, 4, 15, 3, 5.0, 371, 1, "", None))
    made_ = termination("termination_definitions", rows, guards)
    assert heads(made_) == [["declared", "under 8"]]
    assert body(made_) == [
        ["Model main"],
        ["Dropped out of all with complete data", "13/32", "15/30"],
        ["Cold manner", "8.20 [1.90, 45.0]", "2.00 [1.01, 4.00]"],
    ]


def test_termination_events():
    events = table(
        "model event term term_label level n_events n_total",
        ("main", "declared", "cold", "Cold manner", "absent", 4, 20),
        ("main", "declared", "cold", "Cold manner", "present", 9, 12),
        ("main", "under_8", "cold", "Cold manner", "present", 2, 12),
        ("main", "declared", "delivery_mode", "Delivery", "in_person", 0, 0),
    )
    assert body(formatted("termination_events", tables={"events": events})) == [
        ["Cold manner"],
        ["Absent", "4/20", "20%"],
        ["Present", "9/12", "75%"],
        ["Delivery"],
        ["In person", "0/0", "–"],
    ]


def test_termination_probabilities():
    probabilities = table(
        "model event term term_label level probability conf_low conf_high average_risk_difference ard_low ard_high "
        "n_used reason",
        ("main", "declared", "cold", "Cold manner", "absent", 0.2127, 0.09, 0.43, None, None, None, 32, None),
        (
            "main",
            "declared",
            "cold",
            "Cold manner",
            "present",
            0.7289,
            0.45,
            0.9,
            0.5162,
            0.21,
            0.82,
            32,
            None,
        ),
        ("main", "declared", "age", "Age", "20 years", None, None, None, None, None, None, 32, WITHHELD),
    )
    assert body(formatted("termination_probabilities", tables={"probabilities": probabilities})) == [
        ["Cold manner"],
        ["Absent", "21% [9, 43]", "reference"],
        ["Present", "73% [45, 90]", "+52 [21, 82]"],
        ["Age"],
        ["20 years", "withheld", "withheld"],
    ]


def test_termination_guards():
    dropped = table(
        "model event group n_eligible n_used n_dropped",
        ("main", "declared", "helpful", 20, 18, 2),
        ("main", "declared", "dropped_out", 14, 14, 0),
        ("main", "declared", "mixed", None, None, None),
    )
    made_ = termination("termination_guards", dropped=dropped)
    left = "helpful 2 of 20; mixed withheld of withheld"
    assert body(made_) == [["main: declared", "32", "2", left, "13", "3", "4.3", "371", "1", "cold"]]


def test_a_table_without_rows_says_why():
    events = table("model event term term_label level n_events n_total")
    made_ = formatted(
        "termination_events", tables={"events": events}, reason="nothing was coded in this wave"
    )
    assert body(made_) == [["None", "Nothing was coded in this wave."]]


def test_an_unknown_template_has_no_layout():
    with pytest.raises(KeyError):
        format_table(Payload("table", "anything", {}, {}))


# Cards


def test_the_run_record_says_what_was_run(example):
    payload = next(p for p in example.payloads if p.template == "run_record")
    lines = dict(format_card(payload))
    assert lines["Study"] == "nhs-helpfulness-example (SYNTHETIC)"
    assert (lines["Wave"], lines["Look"], lines["Permutations"]) == ("2024a", "1", "199")


def test_the_cover_says_what_the_wave_is(example):
    payload = next(p for p in example.payloads if p.template == "cover")
    lines = dict(format_card(payload))
    assert lines["Data"] == "SYNTHETIC: no person stands behind any number"
    assert lines["Look"] == "1 of 4 planned"
    assert (
        lines["Outcome groups"]
        == "Helpful (n = 92); Unhelpful (n = 37); Mixed (n = 19); Dropped out (n = 31)"
    )
    assert lines["How groups are formed"] == (
        "first that applies: Dropped out if dropout is declared; Helpful if perceived helpfulness is helpful; "
        "Unhelpful if perceived helpfulness is unhelpful; Mixed if perceived helpfulness is mixed"
    )


@pytest.mark.parametrize(
    ("tradition", "said"),
    [("codebook", "codebook thematic analysis"), ("cqr", "consensual qualitative research")],
)
def test_the_cover_names_the_tradition(example, tradition, said):
    payload = next(p for p in example.payloads if p.template == "cover")
    changed = Payload("card", "cover", payload.tables, dict(payload.facts) | {"tradition": tradition})
    assert dict(format_card(changed))["Tradition"] == said


# Joint display


def joint(**facts):
    tables = {
        "themes": table("theme_id theme_label definition", ("cold", "Cold manner", "The therapist kept a distance.")),
        "shares": table(SHARES, *shares("cold", "Cold manner", 0, (12, 92, 15), (14, 37, 20), (26, 129, 35))),
        "contrasts": table(CONTRASTS, contrast(14, 37, 12, 92, 0.003, 0.004)),
        "quotes": table("theme_id group participant_id quote clearance",
                        ("cold", "unhelpful", "P01", "He <b>looked</b> at his watch.", "reviewed")),
        "withheld": table("theme_id group n_withheld", ("cold", "helpful", 1), ("cold", "unhelpful", 3)),
        "models": table("theme_id model event odds_ratio conf_low conf_high",
                        ("cold", "main", "under_8", 8.2, 1.9, 45.0)),
        "readings": table("theme_id reading", ("cold", "")),
    }  # fmt: skip
    return format_joint_display(made("joint_display", shape="joint_display", tables=tables, **facts))


def test_joint_display():
    (row,) = joint()
    assert row.counts == (("Helpful (n = 92)", "12/92, 13%"), ("Unhelpful (n = 37)", "14/37, 38%"))
    assert row.differences == (("Unhelpful", "+25 points [9, 42]", "clear"),)
    assert row.model == "adjusted odds ratio of dropping out (under 8) 8.20 [1.90, 45.0]"
    assert row.quotes == (
        ("Helpful", (), "1 more segment withheld"),
        ("Unhelpful", (("He <b>looked</b> at his watch.", "P01, unhelpful"),), "3 more segments withheld"),
    )
    assert row.reading == ""


# One table, every output


class _Grid(HTMLParser):
    """The cells of an HTML table as text, a span as its text and blanks."""

    def __init__(self):
        super().__init__()
        self.rows, self.cell, self.places, self.caption = [], None, {}, ""

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "tr":
            self.rows.append([])
            self.column = 0
        elif tag in ("td", "th"):
            row = len(self.rows) - 1
            while self.places.get((row, self.column)):
                self.rows[row].append("")
                self.column += 1
            self.cell = ""
            self.width, height = int(given.get("colspan", 1)), int(given.get("rowspan", 1))
            for down in range(1, height):
                self.places |= {(row + down, self.column + i): True for i in range(self.width)}
        elif tag == "caption":
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1] += [self.cell, *[""] * (self.width - 1)]
            self.column += self.width
            self.cell = None
        elif tag == "tr":
            self.rows[-1] += [""] * sum(
                row == len(self.rows) - 1 and at >= self.column for row, at in self.places
            )
        elif tag == "caption":
            self.caption, self.cell = self.cell, None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def grid(html):
    parser = _Grid()
    parser.feed(html)
    return parser


def from_text(formatted_table):
    """The cells of the plain text, cut where the widths of its columns say."""
    n_head = len(formatted_table.heads)
    _, rule, *lines = formatted_table.as_text().splitlines()
    assert set(rule) == {"-"}
    content = [line for line in lines[: n_head + 2 + len(formatted_table.rows)] if set(line) != {"-"}]
    return content[:n_head], content[n_head:]


@pytest.mark.parametrize("wave", ["2024a", "2024b", "2025a"])
@pytest.mark.parametrize("counts", ["exact", "midpoint6"])
def test_text_and_html_hold_the_same_cells_in_the_same_order(examples, wave, counts):
    rules = rules_for("coauthor", Privacy(counts, "why", 6, "reviewed"), b"k")
    seen = 0
    for payload in release(examples[wave].payloads, rules).payloads:
        if payload.shape != "table":
            continue
        formatted_table = format_table(payload)
        html = grid(formatted_table.as_html())
        n_head = len(formatted_table.heads)
        assert html.caption == formatted_table.title
        assert all(len(row) == formatted_table.n_columns for row in html.rows[n_head:])
        _, lines = from_text(formatted_table)
        for row, line in zip(html.rows[n_head:], lines, strict=True):
            assert " ".join(" ".join(row).split()) == " ".join(line.split())
            seen += 1
    assert seen > 50


def test_a_small_table_reads_the_same_in_text_and_html():
    small = FormattedTable(
        "Title",
        "Theme",
        ((Head("Group", colspan=2), Head("Sum", rowspan=2)), (Head("n/N"), Head("%"))),
        (
            Row("Upper", heading=True),
            Row("Cold", (Cell("14/37"), Cell("38%"), Cell("14")), 1, "contrast-cold"),
            Row("None", (Cell("nothing to count", "left", 3),)),
        ),
        ("A note.",),
    )
    assert small.as_text().splitlines() == [
        "Title",
        "----------------------------------",
        "        Group                  Sum",
        "Theme   n/N               %",
        "----------------------------------",
        "Upper",
        "  Cold  14/37             38%  14",
        "None    nothing to count",
        "----------------------------------",
        "A note.",
    ]
    assert grid(small.as_html()).rows == [
        ["Theme", "Group", "", "Sum"],
        ["", "n/N", "%", ""],
        ["Upper", "", "", ""],
        ["Cold", "14/37", "38%", "14"],
        ["None", "nothing to count", "", ""],
    ]


def test_headings_have_scopes_and_an_empty_heading_is_none():
    small = FormattedTable("T", "Theme", ((Head(""), Head("n")),), (Row("Cold", (Cell("a"), Cell("1"))),))
    html = small.as_html()
    assert '<th scope="col" class="left">Theme</th><td></td><th scope="col">n</th>' in html
    assert '<th scope="row">Cold</th>' in html


def test_a_row_carries_the_id_that_sentences_lead_to():
    small = FormattedTable(
        "T", "Theme", ((Head("n"),),), (Row("Cold", (Cell("1"),), anchor="contrast-cold"),)
    )
    assert '<tr id="contrast-cold">' in small.as_html()


def test_nothing_that_a_researcher_or_participant_wrote_becomes_markup():
    evil = '<script>alert("x")</script> & <b>'
    small = FormattedTable(
        evil,
        evil,
        ((Head(evil),),),
        (Row(evil, (Cell(evil),), anchor='"><script>'), Row(evil, heading=True)),
        (evil,),
    )
    html = small.as_html(number=evil)
    assert "<script" not in html
    assert "<b>&lt;" in html  # our own markup around escaped text
    # Number, title, note, two headings, two stubs, a cell and an id.
    assert html.count("&lt;script&gt;") == 9
    assert grid(small.as_html()).rows[0] == [evil, evil]


def test_caption_and_notes_can_be_left_to_the_page():
    small = FormattedTable("Title", "Theme", ((Head("n"),),), (Row("Cold", (Cell("1"),)),), ("A note.",))
    assert "Title" not in small.as_html(caption=False)
    assert "A note." not in small.as_html(notes=False)
    assert "<b>Table 1</b> <i>Title</i>" in small.as_html(number="Table 1")
