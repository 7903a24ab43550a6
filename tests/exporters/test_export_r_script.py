"""The R script makes the main table by itself and says what differs from Themewave's."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from data_sets import exported, hard_matrix, many_themes, not_coded, some_of
from handmade import counted
from r_language import has_package, needs_r, run_r

from analysis_lib import large_sample
from analysis_lib.crosstab import in_base
from analysis_lib.exporters.matrix import participant_matrix
from analysis_lib.exporters.r_script import r_files
from analysis_lib.exporters.sav_file import sav_file
from analysis_lib.main_table import main_table

pytestmark = needs_r


def written(folder, themes, name="mine", expected=None):
    """The script and its files in a folder; returns the script."""
    data = exported(themes)
    made = r_files(data, name, expected=main_table(themes) if expected is None else expected)
    for end, content in made.items():
        (folder / f"{name}{end}").write_bytes(content)
    return folder / f"{name}.R"


def n_numbers(themes):
    """Numbers of the main table that are there, p-values included."""
    numbers = main_table(themes).select_dtypes("number")
    return int(numbers.notna().to_numpy().sum())


def test_counts_intervals_differences_and_p_values_of_the_example_are_those_of_themewave(example, tmp_path):
    data = participant_matrix(example.matrix, in_base(example.matrix))
    made = r_files(data, "mine", expected=main_table(example.matrix))
    for end, content in made.items():
        (tmp_path / f"mine{end}").write_bytes(content)
    code, said = run_r(tmp_path / "mine.R")
    assert code == 0, said
    assert f"all equal: {n_numbers(example.matrix)} numbers compared" in said


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_names_in_other_scripts_are_no_trouble_in_any_locale(tmp_path, locale):
    folder = tmp_path / "Größe und mehr"
    folder.mkdir()
    script = written(folder, hard_matrix())
    code, said = run_r(script, locale=locale)
    assert code == 0, said
    assert f"all equal: {n_numbers(hard_matrix())} numbers compared" in said


def test_one_group_has_shares_and_neither_differences_nor_p_values(tmp_path):
    themes = some_of(hard_matrix(), 5)
    code, said = run_r(written(tmp_path, themes))
    assert code == 0, said
    assert main_table(themes)["p_value"].isna().all()
    assert f"all equal: {n_numbers(themes)} numbers compared" in said


@pytest.mark.parametrize(
    "themes",
    [some_of(hard_matrix(), 0), not_coded(hard_matrix()), many_themes()],
    ids=["nobody", "not coded", "60"],
)
def test_nobody_nothing_coded_and_sixty_themes_are_no_trouble(tmp_path, themes):
    code, said = run_r(written(tmp_path, themes))
    assert code == 0, said
    assert f"all equal: {n_numbers(themes)} numbers compared" in said


def test_a_base_of_people_with_any_theme_is_counted_as_themewave_counts_it(tmp_path):
    themes = hard_matrix()
    study = replace(themes.wave.study, base="any_theme")
    narrower = replace(themes, wave=replace(themes.wave, study=study))
    silent = replace(narrower, values=narrower.values.copy())
    silent.values.iloc[:3] = 0.0
    assert in_base(silent).sum() < in_base(themes).sum()
    code, said = run_r(written(tmp_path, silent))
    assert code == 0, said
    assert "all equal" in said


def test_too_many_people_to_list_are_tested_as_themewave_tests_them(tmp_path, monkeypatch):
    monkeypatch.setattr(large_sample, "LARGE_SAMPLE", 100)
    themes = counted({"helpful": 60, "unhelpful": 50}, {"cold": {"helpful": 12, "unhelpful": 18}})
    themes.wave.participants["dropout_declared"] = pd.array([None] * 110, dtype="boolean")
    assert "chi-square" in main_table(themes)["method"].dropna().item()
    code, said = run_r(written(tmp_path, themes))
    assert code == 0, said
    assert "all equal" in said


def test_a_number_that_differs_is_named_and_the_script_fails(tmp_path):
    themes = hard_matrix()
    expected = main_table(themes)
    expected.loc[1, "n_with_theme"] += 1
    expected.loc[2, "p_value"] *= 1.001
    code, said = run_r(written(tmp_path, themes, expected=expected))
    assert code == 1
    assert "2 of " in said
    assert "A.cold, weder, n_with_theme: Themewave" in said
    assert "A.cold, schlechter, p_value: Themewave" in said


@pytest.mark.parametrize("package", ["foreign", "haven"])
def test_the_script_reads_the_spss_file_too(package, tmp_path):
    if not has_package(package):
        pytest.skip(f"R or its package {package} is not installed (r-base-core, r-cran-{package})")
    themes = hard_matrix()
    script = written(tmp_path, themes)
    if package == "foreign":  # which the script takes where haven is not there
        script.write_text(script.read_text().replace('"haven"', '"no such package"'))
    (tmp_path / "mine.csv").unlink()
    (tmp_path / "spss file.sav").write_bytes(sav_file(exported(themes))[".sav"])
    code, said = run_r(script, tmp_path / "spss file.sav")
    assert code == 0, said
    assert f"all equal: {n_numbers(themes)} numbers compared" in said
