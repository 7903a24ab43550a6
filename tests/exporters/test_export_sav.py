"""The SPSS file as pyreadstat and as R read it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pyreadstat
import pytest
from data_sets import GROUPS, LABELS, exported, hard_matrix, many_themes, some_of
from r_language import has_package, run_r

from analysis_lib.exporters.sav_file import NOT_THERE, sav_file


@pytest.fixture
def data():
    return exported(hard_matrix())


@pytest.fixture
def path(data, tmp_path):
    (tmp_path / "x.sav").write_bytes(sav_file(data)[".sav"])
    return tmp_path / "x.sav"


def test_values_read_back_as_they_were(data, path):
    frame, _ = pyreadstat.read_sav(path)
    assert frame.columns.tolist() == data.frame.columns.tolist()
    for name, values in data.frame.items():
        if name == "participant_id":
            assert frame[name].tolist() == values.tolist()
        elif isinstance(values.dtype, pd.CategoricalDtype):
            codes = values.cat.codes.where(values.notna())
            assert (frame[name] - 1).astype("Float64").tolist() == (codes - 0.0).astype("Float64").tolist()
        else:
            assert frame[name].astype("Float64").tolist() == values.astype("Float64").tolist()


def test_variables_values_and_missing_values_carry_their_labels(data, path):
    _, meta = pyreadstat.read_sav(path, user_missing=True)
    assert meta.column_names_to_labels == {variable.name: variable.label for variable in data.variables}
    group = meta.variable_value_labels["outcome_group"]
    assert group == {
        1.0: "=geholfen",
        2.0: "Weder noch",
        3.0: "שלילי",
        NOT_THERE: "no rule of the study gives a group",
    }
    never = data.frame.columns[-1]
    assert meta.variable_value_labels[never][0.0] == "not mentioned"
    assert meta.variable_value_labels[never][1.0] == "mentioned"
    assert meta.variable_value_labels[never][NOT_THERE].startswith("not codable")
    assert meta.missing_ranges[never] == [{"lo": NOT_THERE, "hi": NOT_THERE}]
    assert meta.variable_measure["outcome_group"] == "ordinal"
    assert (meta.variable_measure["age"], meta.variable_measure[never]) == ("scale", "nominal")
    assert "INTERNAL." in " ".join(meta.notes)


@pytest.mark.parametrize("themes", [many_themes(), some_of(hard_matrix(), 5), some_of(hard_matrix(), 0)])
def test_sixty_themes_one_group_and_nobody_are_written_too(themes, tmp_path):
    data = exported(themes)
    (tmp_path / "x.sav").write_bytes(sav_file(data)[".sav"])
    frame, _ = pyreadstat.read_sav(tmp_path / "x.sav")
    assert frame.shape == data.frame.shape


def test_labels_that_are_too_long_for_spss_are_cut_between_letters(data, tmp_path):
    first, *others = data.variables
    levels = tuple((level, "ü" * 100) for level, _ in others[0].levels)
    others[0] = replace(others[0], label="字" * 200, levels=levels)
    long = replace(data, variables=(first, *others), title="Ω" * 90, notes=("дальше " * 50,))
    (tmp_path / "x.sav").write_bytes(sav_file(long)[".sav"])
    _, meta = pyreadstat.read_sav(tmp_path / "x.sav")
    assert meta.column_names_to_labels["outcome_group"] == "字" * 85
    assert set(meta.variable_value_labels["outcome_group"].values()) >= {"ü" * 60}
    assert meta.file_label == "Ω" * 30
    assert " ".join(meta.notes).count("дальше") == 50


READERS = {
    "foreign": "suppressWarnings(foreign::read.spss(file, to.data.frame = TRUE))",
    "haven": "as.data.frame(haven::as_factor(haven::read_sav(file)))",
}
SCRIPT = """\
file <- commandArgs(trailingOnly = TRUE)
data <- {read}
columns <- c("outcome_group", "{theme}", "age")
data[columns[1:2]] <- lapply(data[columns[1:2]], as.character)
write.csv(data[columns], stdout(), row.names = FALSE, na = "", fileEncoding = "UTF-8")
"""


@pytest.mark.parametrize("package", READERS)
def test_r_reads_groups_and_themes_by_their_labels(package, data, path, tmp_path):
    if not has_package(package):
        pytest.skip(f"R or its package {package} is not installed (r-base-core, r-cran-{package})")
    never = data.frame.columns[-1]
    script = tmp_path / "read.R"
    script.write_text(SCRIPT.format(read=READERS[package], theme=never))
    code, said = run_r(script, path)
    assert code == 0, said
    (tmp_path / "back.csv").write_text(said, encoding="utf-8")
    back = pd.read_csv(tmp_path / "back.csv", keep_default_na=False, na_values=[""])
    groups = data.frame["outcome_group"].map(GROUPS).astype("string")
    assert back["outcome_group"].astype("string").tolist() == groups.tolist()
    mentioned = data.frame[never].map({0: "not mentioned", 1: "mentioned"}).astype("string")
    assert back[never].astype("string").tolist() == mentioned.tolist()
    assert back["age"].round(6).astype("Float64").tolist() == data.frame["age"].astype("Float64").tolist()
    assert len(LABELS) == len(data.frame.columns) - data.frame.columns.get_loc("delivery_mode") - 1
