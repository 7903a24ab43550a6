"""Labels exchanged inside sites or therapists only: who is compared, what changes, and what does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from handmade import a_matrix, a_wave, counted, themes
from tiny_study import STUDY, table, write_study

import analysis_lib as al
from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.errors import StudyError
from analysis_lib.payload import Payload
from analysis_lib.quantitize import ThemeMatrix
from analysis_lib.release import Rules, release
from analysis_lib.runner import notebooks
from analysis_lib.sentences import sentences
from analysis_lib.stats import min_p, min_p_contrasts
from analysis_lib.strata import strata_of
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

ROUNDED = Rules("coauthor", "midpoint6", 6, frozenset({"reviewed"}), b"key")
# Two sites with the same share of the theme in both groups, 16/20 and 4/5 in the north, 1/5 and 4/20 in the south;
# whole groups have 17/25 and 8/25.
NORTH = [("helpful", 20, 16), ("unhelpful", 5, 4)]
SOUTH = [("helpful", 5, 1), ("unhelpful", 20, 4)]


def two_sites(
    *, strata: tuple[str, ...] = ("site_id",), extra: tuple[Any, ...] = (), **settings: Any
) -> ThemeMatrix:
    """The two sites and, in ``extra``, further (group, site, people) without the theme."""
    blocks = [(g, "N", n, k) for g, n, k in NORTH] + [(g, "S", n, k) for g, n, k in SOUTH]
    blocks += [(group, site, n, 0) for group, site, n in extra]
    rows = [(group, site, float(i < held)) for group, site, n, held in blocks for i in range(n)]
    frame = pd.DataFrame(rows, columns=["outcome_group", "site_id", "cold"])
    frame.index = pd.Index([f"p{i:03d}" for i in range(len(frame))], name="participant_id")
    return a_matrix(frame[["outcome_group", "site_id"]], frame[["cold"]], strata=strata, **settings)


def only(frame: pd.DataFrame) -> pd.Series:
    (found,) = [row for _, row in frame.iterrows()]
    return found


# study.yaml


def with_strata(line: str) -> dict[str, str | bytes | None]:
    return {"study.yaml": f"{STUDY}{line}\n"}


def test_a_study_has_no_strata_unless_it_says_so(tmp_path: Path) -> None:
    assert al.load_study(write_study(tmp_path)).strata == ()


def test_strata_are_read_in_order(tmp_path: Path) -> None:
    study = al.load_study(write_study(tmp_path, with_strata("strata: [therapist_id, site_id]")))
    assert study.strata == ("therapist_id", "site_id")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("sight_id", 'participants has no such column. Name a participants column. Did you mean "site_id"?'),
        ("age", "a number or a date makes no strata"),
        ("ended_on", "a number or a date makes no strata"),
        ("participant_id", "this column is an id, derived, or decides about the outcome group"),
        ("outcome_group", "this column is an id, derived, or decides about the outcome group"),
        ("dropout_declared", "this column is an id, derived, or decides about the outcome group"),
        ("perceived_helpfulness", "this column is an id, derived, or decides about the outcome group"),
    ],
)
def test_columns_that_make_no_strata_stop_the_study(tmp_path: Path, column: str, words: str) -> None:
    with pytest.raises(StudyError) as stopped:
        al.load_study(write_study(tmp_path, with_strata(f"strata: [{column}]")))
    (finding,) = stopped.value.findings
    assert (finding.level, finding.code, finding.file, finding.line) == ("stop", "S13", "study.yaml", 24)
    assert words in f"{finding.what} {finding.fix}"


def test_a_wave_without_the_column_is_told_so(tmp_path: Path) -> None:
    wave = al.load_wave(write_study(tmp_path, with_strata("strata: [site_id]")), "w1")
    assert [(f.code, f.column) for f in wave.findings if f.column == "site_id"] == [("X18", "site_id")]
    found = strata_of(wave, wave.analysed["outcome_group"].astype("string"))
    assert found is not None
    assert found.reason == "nobody's stratum is known (site_id), so nobody can be compared inside one"


# Who is compared


def test_people_of_unknown_stratum_and_in_strata_of_one_group_are_counted_apart() -> None:
    matrix = two_sites(extra=(("helpful", None, 3), ("unhelpful", "W", 6)))
    found = al.crosstab_themes(matrix).strata
    assert found is not None
    assert (found.n_strata, found.n_unknown, found.n_alone) == (2, 3, 6)


def test_two_columns_make_strata_together() -> None:
    people = pd.DataFrame(
        {
            "outcome_group": ["helpful", "unhelpful"] * 3,
            "site_id": list("NNNNSS"),
            "therapist_id": list("aabbaa"),
        }
    )
    wave = a_wave(people, strata=("site_id", "therapist_id"))
    found = strata_of(wave, wave.participants["outcome_group"].astype("string"))
    assert found is not None
    assert found.number.nunique() == found.n_strata == 3


def test_who_is_in_no_comparison_stays_in_every_share_and_leaves_the_tests_counted() -> None:
    matrix = two_sites(extra=(("helpful", None, 3), ("unhelpful", "W", 6)))
    crosstab = al.crosstab_themes(matrix)
    assert crosstab.n_groups == (28, 31)
    found = al.omnibus_test(crosstab)
    assert found.people[["n_used", "n_missing"]].to_numpy().tolist() == [[25, 3], [25, 6]]
    notes = format_table(payload_of(found)).as_text()
    assert "Not compared inside strata: 3 people whose stratum is unknown, 6 in strata that hold one" in notes


def test_without_any_stratum_of_two_groups_every_test_is_refused() -> None:
    people = pd.DataFrame(
        {"outcome_group": ["helpful"] * 10 + ["unhelpful"] * 10, "site_id": ["N"] * 10 + ["S"] * 10}
    )
    values = pd.DataFrame({"cold": [0.0] * 10 + [1.0] * 10})
    crosstab = al.crosstab_themes(a_matrix(people, values, strata=("site_id",)))
    assert (
        crosstab.reason
        == "no stratum (site_id) holds two outcome groups, so nobody can be compared inside one"
    )
    assert al.omnibus_test(crosstab).reason == al.branches(crosstab).reason == crosstab.reason
    assert crosstab.contrasts[["p_value", "p_stratified", "p_adjusted"]].isna().all().all()
    assert only(crosstab.contrasts)["risk_difference"] == 1.0


def test_a_reference_group_of_unknown_stratum_has_differences_and_no_adjusted_p() -> None:
    people = pd.DataFrame(
        {"outcome_group": ["helpful"] * 6 + ["unhelpful", "mixed"] * 6, "site_id": [None] * 6 + ["N"] * 12}
    )
    outcome = replace(
        counted({"a": 1}, {}).wave.study.outcome,
        groups=("helpful", "unhelpful", "mixed"),
        reference="helpful",
    )
    values = pd.DataFrame({"cold": [0.0] * 6 + [1.0, 0.0] * 6})
    contrasts = al.crosstab_themes(a_matrix(people, values, strata=("site_id",), outcome=outcome)).contrasts
    assert contrasts["risk_difference"].tolist() == [1.0, 0.0]
    assert contrasts["p_adjusted"].isna().all()


# What changes


def test_a_difference_between_sites_does_not_pass_for_one_between_groups() -> None:
    apart, together = (al.crosstab_themes(two_sites(strata=s)) for s in (("site_id",), ()))
    assert only(together.contrasts)["p_adjusted"] < 0.05
    assert only(apart.contrasts)["p_adjusted"] == 1.0
    assert only(apart.tests)["p_minp"] == 1.0


def test_all_themes_together_are_compared_inside_strata_and_their_effect_is_of_whole_groups() -> None:
    apart, together = (al.omnibus_test(al.crosstab_themes(two_sites(strata=s))) for s in (("site_id",), ()))
    # Whole groups: share 1/2, 2 * 4.5 ** 2 / (25 / 4) = 6.48 over 50 people; inside each site nothing is off.
    assert together.table["statistic"][0] == pytest.approx(6.48)
    assert together.table["p_value"][0] < 0.05
    assert apart.table["statistic"][0] == pytest.approx(0.0, abs=1e-9)
    assert apart.table["p_value"][0] == 1.0
    assert apart.table["mean_v_squared"][0] == together.table["mean_v_squared"][0] == pytest.approx(6.48 / 50)


def test_the_exact_p_stays_that_of_whole_groups() -> None:
    apart, together = (al.crosstab_themes(two_sites(strata=s)) for s in (("site_id",), ()))
    for frame in ("tests", "contrasts"):
        assert only(getattr(apart, frame))["p_value"] == only(getattr(together, frame))["p_value"]
    assert only(apart.tests)["p_mid"] == only(together.tests)["p_mid"]
    assert "p_stratified" not in together.tests
    assert "p_stratified" not in together.contrasts


def several_themes(seed: int = 5, **settings: Any) -> ThemeMatrix:
    rng = np.random.default_rng(seed)
    n = 90
    people = pd.DataFrame(
        {"outcome_group": rng.choice(["helpful", "unhelpful"], n), "site_id": rng.choice(list("NSW"), n)}
    )
    values = pd.DataFrame({name: (rng.random(n) < 0.4).astype(float) for name in ("cold", "late", "warm")})
    return a_matrix(people, values, strata=("site_id",), **settings)


def test_adjusted_p_are_those_of_the_array_functions_inside_strata() -> None:
    matrix = several_themes()
    people = matrix.wave.participants
    given = (matrix.values.to_numpy(), people["outcome_group"].to_numpy())
    settings: dict[str, Any] = {"strata": people["site_id"].to_numpy(), "n_permutations": 199, "seed": 1}
    crosstab = al.crosstab_themes(matrix)
    by_theme = min_p(*given, **settings)
    np.testing.assert_allclose(crosstab.tests["p_minp"], by_theme.p_adjusted)
    np.testing.assert_allclose(crosstab.tests["p_stratified"], by_theme.p_raw)
    pairs = min_p_contrasts(*given, reference="helpful", alpha=0.05, **settings)
    np.testing.assert_allclose(crosstab.contrasts["p_adjusted"], pairs.p_adjusted[:, 0])
    np.testing.assert_allclose(crosstab.contrasts["p_stratified"], pairs.p_value[:, 0])


def test_holm_and_the_tests_from_the_top_adjust_the_p_inside_strata() -> None:
    crosstab = al.crosstab_themes(several_themes(multiplicity="holm"))
    inside = crosstab.tests["p_stratified"].to_numpy()
    holm = np.empty(3)
    holm[np.argsort(inside)] = np.maximum.accumulate(np.minimum(1, np.sort(inside) * [3, 2, 1]))
    np.testing.assert_allclose(crosstab.tests["p_holm"], holm)
    np.testing.assert_allclose(al.branches(crosstab).table["p_adjusted"], holm)
    assert (crosstab.contrasts["p_adjusted"] >= crosstab.contrasts["p_stratified"]).all()


def test_one_stratum_of_everybody_gives_the_numbers_of_no_strata() -> None:
    matrix = several_themes()
    wave = replace(matrix.wave, participants=matrix.wave.participants.assign(site_id="N"))
    one = al.crosstab_themes(replace(matrix, wave=wave))
    none = al.crosstab_themes(replace(matrix, wave=replace(wave, study=replace(wave.study, strata=()))))
    np.testing.assert_allclose(one.tests["p_minp"], none.tests["p_minp"])
    np.testing.assert_allclose(one.contrasts["p_adjusted"], none.contrasts["p_adjusted"])
    assert al.omnibus_test(one).table.equals(al.omnibus_test(none).table)


def test_the_order_of_people_changes_nothing() -> None:
    matrix = several_themes()
    order = np.random.default_rng(2).permutation(len(matrix.values))
    people = matrix.wave.participants[["outcome_group", "site_id"]].iloc[order]
    other = a_matrix(people, matrix.values.iloc[order], strata=("site_id",))
    first, second = al.crosstab_themes(matrix), al.crosstab_themes(other)
    pd.testing.assert_frame_equal(first.tests, second.tests)
    pd.testing.assert_frame_equal(first.contrasts, second.contrasts)


def test_a_theme_that_cannot_differ_inside_any_stratum_keeps_its_exact_p_and_says_so() -> None:
    # Everybody in the north has it and nobody in the south.
    matrix = two_sites(extra=())
    north = (matrix.wave.participants["site_id"] == "N").astype(float)
    values = matrix.values.assign(near=north)
    people = matrix.wave.participants[["outcome_group", "site_id"]]
    crosstab = al.crosstab_themes(a_matrix(people, values, strata=("site_id",)))
    near = crosstab.tests.set_index("theme_id").loc["near"]
    assert near["p_value"] < 0.001
    assert near[["p_stratified", "p_minp", "p_holm"]].isna().all()
    assert near["reason"] == "inside strata no split could give p below 0.05"
    found = al.omnibus_test(crosstab).themes.set_index("theme_id")
    assert found.at["near", "reason"] == "inside no stratum could it differ"


# What is said


def a_stratified_crosstab() -> ThemeCrosstab:
    return al.crosstab_themes(several_themes(codebook=themes("cold", "late", "warm")))


def test_tables_show_both_p_and_say_which_is_which() -> None:
    crosstab = a_stratified_crosstab()
    tests, contrasts = (format_table(payload_of(crosstab, view)) for view in ("tests", "contrasts"))
    assert "In strata" in [head.text for head in tests.heads[-1]]
    assert "p in strata" in [head.text for head in contrasts.heads[-1]]
    for shown in (tests, contrasts):
        assert any(
            note.startswith("Strata: site. Labels are exchanged inside strata only") for note in shown.notes
        )
        assert all(len(row.cells) == len(shown.heads[-1]) for row in shown.rows if not row.heading)


def test_without_strata_tables_and_payloads_know_nothing_of_them(example: Any) -> None:
    for result, view in (
        (example.crosstab, "tests"),
        (example.crosstab, "contrasts"),
        (example.omnibus, None),
    ):
        payload = payload_of(result, view)
        assert "strata" not in payload.tables
        assert "strata" not in payload.facts
        assert "trata" not in format_table(payload).as_text()


def test_sentences_say_whom_people_are_compared_with() -> None:
    crosstab = a_stratified_crosstab()
    said = [s.text for s in sentences(payload_of(crosstab, "sentences"))]
    assert said[-1].startswith("Adjusted p-values compare people of the same site only")
    assert any(
        "of the same site only" in str(line) for line in str(al.say(al.omnibus_test(crosstab))).splitlines()
    )


# From study.yaml to what is sent


@pytest.mark.runs
def test_a_study_with_strata_runs_in_a_notebook_and_leaves_rounded(tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(al.EXAMPLE_STUDY, study)
    text = (study / "study.yaml").read_text(encoding="utf-8")
    few = text.replace(
        "n_permutations: {omnibus: 9999, minp: 99999}", "n_permutations: {omnibus: 199, minp: 199}"
    )
    (study / "study.yaml").write_text(f"{few}strata: [therapist_id]\n", encoding="utf-8")
    notebook = nbformat.v4.new_notebook()
    cells = [
        "study = ''",
        "import analysis_lib as al\nby_outcome = al.crosstab_themes(al.quantitize(al.load_wave(study, '2025a')))",
        "together = al.omnibus_test(by_outcome)\nal.show(together)",
        "al.say(together)",
        "hierarchy = al.branches(by_outcome)\nal.show(hierarchy)",
        "al.say(hierarchy)",
        "al.show(by_outcome, 'contrasts')",
    ]
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "03_made.ipynb")
    with notebooks.quiet_environment():
        done = notebooks.execute("03_made", {"study": str(study)}, tmp_path / "done.ipynb", folder=tmp_path)
    assert done.error is None
    _, _, parts = notebooks.contents(done.path)
    exact = [Payload.from_json(part) for part in parts if not isinstance(part, str)]
    assert [payload.template for payload in exact] == [
        "omnibus", "omnibus", "theme_hierarchy", "theme_hierarchy", "theme_contrasts",
    ]  # fmt: skip
    for payload in release(exact, ROUNDED).payloads:
        if payload.shape == "sentences":
            assert sentences(payload)
            continue
        shown = format_table(payload)
        assert any(note.startswith("Strata: therapist.") for note in shown.notes)
        assert "statistic" not in payload.tables or payload.tables["tests"].frame["statistic"].isna().all()


def test_the_smallest_study_is_refused_in_words_with_strata_too(tmp_path: Path) -> None:
    changed = with_strata("strata: [therapist_id]") | {table("consent"): None}
    crosstab = al.crosstab_themes(al.quantitize(al.load_wave(write_study(tmp_path, changed), "w1")))
    assert str(crosstab.reason).startswith("a group is smaller than 5")
    assert al.omnibus_test(crosstab).reason == crosstab.reason
    assert "smaller than 5" in str(al.say(crosstab))
