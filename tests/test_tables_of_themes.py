"""The strings of the tables of notebook 03, from payloads of a few rows."""

from __future__ import annotations

from payloads_by_hand import CONTRASTS, SHARES, body, contrast, formatted, heads, shares, table

TESTS = "theme_id theme_label p_value p_mid smallest_p p_minp p_holm p_bh cramers_v conf_low conf_high method reason"


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


def test_theme_contrasts():
    rows = (
        contrast(14, 37, 12, 92, 0.00297, 0.0412),
        contrast(0, 37, 1, 92, None, None, "rare", "Rare"),
        contrast(0, 37, 0, 92, None, None, "none", "Never said"),
    )
    made_ = formatted("theme_contrasts", tables={"contrasts": table(CONTRASTS, *rows)})
    assert made_.title == "Each Outcome Group Against Helpful, Wave w1"
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
    assert body(made_)[2] == ["Few", "withheld", "9/93", "withheld", "withheld", "≥ .05", "≥ .05", "–"]
    assert any(note.startswith("Rounded counts (midpoint6)") for note in made_.notes)


def test_theme_contrasts_without_tests_say_why():
    made_ = formatted(
        "theme_contrasts",
        tables={"contrasts": table(CONTRASTS, contrast(14, 37, 12, 92, None, None))},
        reason="a group is smaller than 5 (mixed), so intervals only",
    )
    assert "No p-values: a group is smaller than 5 (mixed), so intervals only." in made_.notes


def test_without_a_comparison_group_the_reason_stands_once_in_place_of_dashes():
    reason = "no comparison group in this wave, so no test"
    alone = contrast(14, 37, 0, 0, None, None)
    untested = ("cold", "Cold manner", *[None] * 9, "", reason)
    tests = table(TESTS, untested)
    for template, tables in (
        ("theme_contrasts", {"contrasts": table(CONTRASTS, alone)}),
        ("theme_tests", {"tests": tests}),
    ):
        made_ = formatted(template, tables=tables, reason=reason)
        assert body(made_) == [["None", "No comparison group in this wave, so no test."]]
        assert made_.notes == ()


def test_theme_tests():
    rows = table(
        TESTS,
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
