"""Do the methods for very many people say what the exact ones say, and are codings of any number counted alike?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

import analysis_lib as al
from analysis_lib import large_sample
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.omnibus import NOT_PERMUTED, PERMUTATION, RAO_SCOTT, omnibus_test
from analysis_lib.quantitize import families
from analysis_lib.segment_counts import count_segments, count_segments_in_parquet
from analysis_lib.tables import format_table
from analysis_lib.views import payload_of

if TYPE_CHECKING:
    from example_waves import Example


@pytest.fixture(scope="module")
def large(example: Example) -> ThemeCrosstab:
    """The crosstab of wave 2024a as if its 179 people were too many to permute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_sample, "LARGE_SAMPLE", 100)
        return al.crosstab_themes(example.matrix)


def test_each_theme_is_tested_by_pearsons_chi_square(large) -> None:
    # Scratched the surface: 6 of 92, 17 of 37, 8 of 19, 6 of 31; 37 of 179 have it
    row = large.tests.set_index("theme_id").loc["G.surface"]
    held, n = np.array([6, 17, 8, 6]), np.array([92, 37, 19, 31])
    share = held.sum() / n.sum()
    statistic = ((held - n * share) ** 2 / (n * share * (1 - share))).sum()
    assert row["p_value"] == pytest.approx(chi2.sf(statistic, 3), rel=1e-9)
    assert row["method"] == large_sample.METHOD
    assert np.isnan([row["p_mid"], row["p_minp"], row["smallest_p"]]).all()


def test_tables_and_methods_name_what_was_computed(large) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_sample, "LARGE_SAMPLE", 100)
        contrasts, tests = (
            format_table(payload_of(large, view)).as_text() for view in ("contrasts", "tests")
        )
        together = format_table(payload_of(omnibus_test(large))).as_text()
    assert "p: Pearson's chi-square. Adjusted p: Holm's method" in contrasts
    assert "of more than 50,000 people Wald's" in contrasts
    assert "Fisher" not in tests
    assert "there is no minP" in tests
    assert "times (seed" not in together


def test_contrasts_are_adjusted_by_holm_over_the_family(large) -> None:
    family = large.contrasts["p_value"].dropna().sort_values()
    smallest = family.index[0]
    assert large.contrasts.at[smallest, "p_adjusted"] == pytest.approx(min(1, family.iloc[0] * len(family)))


def test_shares_and_differences_are_those_of_any_other_wave(large, example: Example) -> None:
    pd.testing.assert_frame_equal(large.table, example.crosstab.table)
    shared = ["theme_id", "group", "risk_difference", "rd_low", "rd_high"]
    pd.testing.assert_frame_equal(large.contrasts[shared], example.crosstab.contrasts[shared])


def test_where_all_cells_are_well_filled_chi_square_and_exact_p_agree(large, example: Example) -> None:
    both = large.tests.merge(example.crosstab.tests, on="theme_id", suffixes=("_large", "_exact"))
    counts = large.table[large.table["group"] == "all"].set_index("theme_id")["n_with_theme"]
    filled = both[both["theme_id"].map(counts).ge(48) & both["p_value_exact"].notna()]  # 19 / 179 of 48 is 5
    assert len(filled) >= 3
    assert (filled["p_value_large"] - filled["p_value_exact"]).abs().max() < 0.02


def test_all_themes_together_are_tested_by_rao_scott_alone(large) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_sample, "LARGE_SAMPLE", 100)
        found = omnibus_test(large)
    table = found.table.set_index("test")
    assert np.isnan(table.at[PERMUTATION, "p_value"])
    assert table.at[PERMUTATION, "reason"] == NOT_PERMUTED
    assert 0 < table.at[RAO_SCOTT, "p_value"] < 0.001
    first = al.say(found).text.splitlines()[0]
    assert first.startswith("- Taken together, the themes go with the outcome group (Rao-Scott p < .001;")


NESTED = Codebook("1", tuple(
    Theme(id=name, label=name, parent=parent, definition="")
    for name, parent in (("A", None), ("A.x", "A"), ("A.y", "A"), ("A.y.z", "A.y"), ("B", None))
))  # fmt: skip
codings = st.lists(
    st.tuples(
        st.sampled_from(["p1", "p2", "p3", "stranger"]),
        st.sampled_from([f"s{i}" for i in range(6)]),
        st.sampled_from([*NESTED.ids, "not in the codebook"]),
    ),
    max_size=40,
)


@given(codings)
@settings(deadline=None)
def test_a_segment_counts_once_for_a_theme_and_every_theme_above_it(rows: list[tuple[str, str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["participant_id", "segment_id", "code_id"], dtype="string")
    counts = count_segments(frame, pd.Index(["p1", "p2", "p3"]), NESTED)
    for person in counts.index:
        for theme, below in families(NESTED).items():
            assert counts.at[person, theme] == len(
                {s for p, s, code in rows if p == person and code in below}
            )


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Dask's own, with pandas 3.1
def test_files_are_counted_piece_by_piece_as_in_memory(tmp_path: Path) -> None:
    pytest.importorskip("dask.dataframe", reason="dask is not installed")
    rng = np.random.default_rng(3)
    people = pd.Index([f"p{i}" for i in range(40)], name="participant_id")
    codings = pd.DataFrame(
        {
            "participant_id": rng.choice(people, 900),
            "segment_id": rng.integers(0, 200, 900).astype(str),
            "code_id": rng.choice(NESTED.ids, 900),
        }
    )
    for part, rows in enumerate(
        np.array_split(np.arange(900), 3)
    ):  # one person's segments lie in several files
        codings.iloc[rows].to_parquet(tmp_path / f"part-{part}.parquet", index=False)
    found = count_segments_in_parquet(tmp_path, people, NESTED)
    pd.testing.assert_frame_equal(found, count_segments(codings, people, NESTED))
