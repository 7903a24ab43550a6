"""What cover, run record and joint display say, from payloads of a few rows and of the example study."""

from __future__ import annotations

import pytest
from payloads_by_hand import CONTRASTS, SHARES, contrast, made, shares, table

from analysis_lib.payload import Payload
from analysis_lib.tables import format_card, format_joint_display
from analysis_lib.tables.joint import NegativeCase


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
        "first that applies: Dropped out if therapy counts as dropped out under “declared”; Helpful if perceived"
        " helpfulness is helpful; Unhelpful if perceived helpfulness is unhelpful; Mixed if perceived"
        " helpfulness is mixed"
    )


@pytest.mark.parametrize(
    ("tradition", "said"),
    [("codebook", "codebook thematic analysis"), ("cqr", "consensual qualitative research")],
)
def test_the_cover_names_the_tradition(example, tradition, said):
    payload = next(p for p in example.payloads if p.template == "cover")
    changed = Payload("card", "cover", payload.tables, dict(payload.facts) | {"tradition": tradition})
    assert dict(format_card(changed))["Tradition"] == said


def joint(**facts):
    tables = {
        "themes": table("theme_id theme_label definition polarity",
                        ("cold", "Cold manner", "The therapist kept a distance.", "hindering")),
        "shares": table(SHARES, *shares("cold", "Cold manner", 0, (12, 92, 15), (14, 37, 20), (26, 129, 35))),
        "contrasts": table(CONTRASTS, contrast(14, 37, 12, 92, 0.003, 0.004)),
        "quotes": table("theme_id group participant_id quote clearance",
                        ("cold", "unhelpful", "P01", "He <b>looked</b> at his watch.", "reviewed")),
        "withheld": table("theme_id group n_withheld", ("cold", "helpful", 1), ("cold", "unhelpful", 3)),
        "models": table("theme_id model event odds_ratio conf_low conf_high",
                        ("cold", "main", "under_8", 8.2, 1.9, 45.0)),
        "readings": table("theme_id reading fit matched_by checked_by dated",
                          ("cold", "", "expand", "AB", "CD", "2024-09-12")),
    }  # fmt: skip
    facts = {"went_well": ["helpful"]} | facts
    return format_joint_display(made("joint_display", shape="joint_display", tables=tables, **facts))


def test_joint_display():
    (row,) = joint()
    assert row.counts == (("Helpful (n = 92)", "12/92, 13%"), ("Unhelpful (n = 37)", "14/37, 38%"))
    assert row.differences == (("Unhelpful", "+25 points [9, 42]", "clear"),)
    assert row.model == "Adjusted odds ratio of dropping out (under 8) [95% CI]: 8.20 [1.90, 45.0]"
    assert row.quotes == (
        ("Helpful", (), "1 segment withheld"),
        ("Unhelpful", (("He <b>looked</b> at his watch.", "P01, unhelpful"),), "3 more segments withheld"),
    )
    assert row.reading == ""
    assert row.negative_case == NegativeCase(
        "more often in Unhelpful than in Helpful (clear), where 12/92, 13% have it",
        "",
        "",
        "no words from the helpful group may be shown",
    )
    assert (row.fit, row.matched) == ("expand", "Matched by AB, checked by CD, 2024-09-12")
    assert row.computed == "confirm (clearly more in Unhelpful, and the codebook calls the theme hindering)"
    assert not row.differ
