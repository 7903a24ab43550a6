"""Multiple imputation: Rubin's rules by hand and from R, and what an imputation must leave alone."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelError
from analysis_lib.stats import impute, pool_rubin

ROOT = Path(__file__).resolve().parents[2]
R = json.loads((ROOT / "tests" / "reference" / "missing.json").read_text())
CASES = [name for name in R if name != "_meta"]
SHARED = ROOT / ".." / "shared" / "reference" / "05_mice.json"


def people(n=40):
    """A little study: age and severity go together, and a category without gaps."""
    rng = np.random.default_rng(7)
    age = np.round(rng.normal(40, 10, n))
    return pd.DataFrame(
        {
            "left": rng.integers(0, 2, n),
            "age": age,
            "severity": np.round(age / 4 + rng.normal(0, 2, n), 1),
            "site": np.array(["north", "south", "west"])[np.arange(n) % 3],
        }
    )


def with_gaps():
    data = people()
    data.loc[[1, 8, 20, 33], "severity"] = np.nan
    data.loc[[5, 8], "age"] = np.nan
    return data


def test_three_data_sets_by_hand():
    # within 1/4, between 1/25: total 1/4 + 4/3 * 1/25 = 91/300; lambda 16/91
    pooled = pool_rubin([1.0, 1.2, 0.8], [0.25, 0.25, 0.25], n=math.inf, k=2)
    assert pooled.estimate == pytest.approx(1.0)
    assert pooled.se == pytest.approx(math.sqrt(91 / 300))
    # without a limit from n the degrees of freedom are Rubin's 2 / lambda^2
    assert pooled.df == pytest.approx(2 * (91 / 16) ** 2)


def test_few_people_limit_the_degrees_of_freedom():
    # nu = 20: (21/23) * 20 * (75/91) against 2 * (91/16)^2
    pooled = pool_rubin([1.0, 1.2, 0.8], [0.25, 0.25, 0.25], n=22, k=2)
    assert 1 / pooled.df == pytest.approx((16 / 91) ** 2 / 2 + 23 * 91 / (21 * 20 * 75))


def test_identical_data_sets_leave_the_single_answer():
    pooled = pool_rubin([0.5] * 4, [0.09] * 4, n=50, k=3)
    assert (pooled.se, pooled.fmi, pooled.between) == (pytest.approx(0.3), 0.0, 0.0)
    assert pooled.df == pytest.approx(48 / 50 * 47)


@pytest.mark.parametrize("name", CASES)
def test_pooling_equals_mice(name):
    case = R[name]
    pooled = pool_rubin(case["q"], case["u"], n=case["n"], k=case["k"])
    values = [pooled.estimate, pooled.se, pooled.df, pooled.fmi, pooled.conf_low, pooled.conf_high]
    assert values == pytest.approx(
        [case[key] for key in ("estimate", "se", "df", "fmi")] + case["ci"], rel=1e-9
    )


@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference figures are not beside the repository")
def test_pooling_equals_the_shared_figures():
    figures = json.loads(SHARED.read_text())
    fits = [figures["per_imputation"][str(number)] for number in range(1, 21)]
    for term, (table, parts) in enumerate(
        zip(figures["mice_pool"], figures["mice_pooled_parts"], strict=True)
    ):
        pooled = pool_rubin([f["coef"][term] for f in fits], [f["var"][term] for f in fits], n=100, k=5)
        assert pooled.se == pytest.approx(table["std.error"], abs=1e-6)
        assert (pooled.conf_low, pooled.conf_high) == pytest.approx(
            (table["2.5 %"], table["97.5 %"]), abs=1e-6
        )
        assert (pooled.df, pooled.p_value) == pytest.approx((table["df"], table["p.value"]), rel=1e-6)
        assert (pooled.fmi, pooled.between) == pytest.approx((parts["fmi"], parts["b"]), rel=1e-6)


@pytest.mark.parametrize(
    ("estimates", "variances", "n", "reason"),
    [
        ([1.0], [0.1], 50, "One completed data set"),
        ([1.0, math.inf], [0.1, 0.1], 50, "1 of 2 completed data sets gave no finite estimate"),
        ([1.0, 1.1], [0.1, 0.1], 3, "3 people are not more than the 3 parameters"),
        ([1.0, 1.0], [0.0, 0.0], 50, "no error to report"),
        ([1.0, 2.0], [0.0, 0.0], 50, "no degrees of freedom"),
    ],
)
def test_what_cannot_be_pooled_has_a_reason(estimates, variances, n, reason):
    pooled = pool_rubin(estimates, variances, n=n, k=3)
    assert math.isnan(pooled.conf_low)
    assert reason in pooled.reason


@pytest.mark.parametrize(
    ("estimates", "variances", "message"),
    [([1, 2], [1], "one value for each"), ([], [], "one value for each"), ([1, 2], [1, -1], "1 of 2 are")],
)
def test_arrays_that_do_not_fit_are_refused(estimates, variances, message):
    with pytest.raises(ModelError, match=message):
        pool_rubin(estimates, variances, n=50, k=2)


def test_imputation_fills_every_gap_and_touches_nothing_else():
    data = with_gaps()
    imputed = impute(data, n_imputations=3, n_iterations=2)
    observed = data.notna()
    assert len(imputed.frames) == 3
    for frame in imputed.frames:
        assert not frame.isna().any(axis=None)
        assert frame.index.equals(data.index)
        pd.testing.assert_frame_equal(frame.where(observed), data.where(observed), check_dtype=False)


def test_only_values_somebody_has_are_filled_in():
    data = with_gaps()
    for frame in impute(data, n_imputations=3, n_iterations=2).frames:
        assert set(frame["severity"]) <= set(data["severity"].dropna())


def test_the_copies_differ_and_the_counts_are_told():
    imputed = impute(with_gaps(), n_imputations=5, n_iterations=2)
    assert (imputed.n, imputed.n_complete, dict(imputed.n_missing)) == (40, 35, {"age": 2, "severity": 4})
    assert len({tuple(frame["severity"]) for frame in imputed.frames}) > 1


def test_the_same_seed_gives_the_same_copies_whatever_the_order_of_rows():
    data = with_gaps()
    first = impute(data, n_imputations=2, n_iterations=2, seed=5)
    again = impute(data.iloc[::-1], n_imputations=2, n_iterations=2, seed=5)
    for one, other in zip(first.frames, again.frames, strict=True):
        pd.testing.assert_frame_equal(one, other.sort_index())


def test_values_follow_what_goes_with_them():
    # severity is about age / 4, so the gaps of the oldest must not look like those of the youngest
    data = people(200).sort_values("age").reset_index(drop=True)
    truth = data["severity"].copy()
    gaps = list(range(5)) + list(range(195, 200))
    data.loc[gaps, "severity"] = np.nan
    frames = impute(data, n_imputations=5, n_iterations=2).frames
    young = np.mean([frame["severity"].iloc[:5].mean() for frame in frames])
    old = np.mean([frame["severity"].iloc[195:].mean() for frame in frames])
    assert old - young > 0.6 * (truth.iloc[195:].mean() - truth.iloc[:5].mean())


def test_a_gap_gets_the_value_of_the_person_with_the_nearest_prediction():
    # severity is exactly twice the age, so predictions are exact: 2.9 lies next to 3, 8 next to 10
    data = pd.DataFrame({"age": [0.0, 1.0, 2.0, 3.0, 10.0, 2.9, 8.0]})
    data["severity"] = 2 * data["age"].where(data.index < 5)
    for frame in impute(data, n_imputations=3, n_iterations=1, n_neighbours=1).frames:
        assert frame["severity"].iloc[5:].tolist() == [6.0, 20.0]


def test_imputed_values_scatter_as_much_as_observed_ones():
    # Nothing goes with severity here, so a gap may get anybody's value; filling in predictions would not scatter.
    data = people(200).drop(columns=["age", "site"])
    data["severity"] = np.arange(200) % 10.0
    data.loc[np.arange(0, 200, 4), "severity"] = np.nan
    frames = impute(data, n_imputations=20, n_iterations=1).frames
    spread = np.mean([frame["severity"].iloc[::4].std() for frame in frames])
    assert spread == pytest.approx(data["severity"].std(), rel=0.1)


def test_imputed_values_are_distributed_as_those_of_mice():
    figures = json.loads((ROOT / "tests" / "reference" / "imputation.json").read_text())
    wave = pd.read_csv(ROOT / "tests" / "reference" / "wave148.csv")
    data = wave[["theme_not_heard", "theme_alliance", "severity", "age", "dropped"]].astype(float)
    person = np.arange(len(data))
    data.loc[(person % 4 == 0) & (data["dropped"] == 1) | (person % 12 == 5), "severity"] = np.nan
    data.loc[person % 17 == 3, "age"] = np.nan
    gaps = data.isna()
    frames = impute(data, n_imputations=300, n_iterations=3, seed=1).frames
    found = {
        "severity_mean": [frame.loc[gaps["severity"], "severity"].mean() for frame in frames],
        "severity_sd": [frame.loc[gaps["severity"], "severity"].std() for frame in frames],
        "age_mean": [frame.loc[gaps["age"], "age"].mean() for frame in frames],
        "correlation": [frame["severity"].corr(frame["dropped"]) for frame in frames],
    }
    for name, values in found.items():
        known = figures[name]
        error = math.hypot(known["se"], np.std(values) / math.sqrt(len(values)))
        assert abs(np.mean(values) - known["mean"]) < 4 * error, name
        assert np.std(values) == pytest.approx(known["sd"], rel=0.2), name


def test_a_two_level_category_stays_a_category():
    data = with_gaps()
    online = pd.Series(["yes", "no"] * 20, index=data.index).astype("category")
    online.iloc[[2, 9]] = None
    frames = impute(data.assign(online=online), n_imputations=2, n_iterations=1).frames
    for frame in frames:
        assert isinstance(frame["online"].dtype, pd.CategoricalDtype)
        assert set(frame["online"]) == {"yes", "no"}


def with_sites(n=60):
    """West is where severity is high, north and south where it is low; two people lack the site."""
    rng = np.random.default_rng(3)
    site = np.array(["north", "south", "west"])[np.arange(n) % 3]
    severity = np.where(site == "west", 20.0, 10.0) + rng.normal(0, 1, n).round(2)
    return pd.DataFrame({"site": site, "severity": severity}).astype({"site": "str"})


def test_a_gap_in_a_category_of_three_levels_gets_a_level_that_fits():
    data = with_sites()
    data.loc[[2, 5], "site"] = None  # both from the west, where alone severity is high
    for frame in impute(data, n_imputations=4, n_iterations=2).frames:
        assert frame.loc[[2, 5], "site"].tolist() == ["west", "west"]
        assert frame["site"].drop([2, 5]).equals(data["site"].drop([2, 5]))


def test_a_gap_among_levels_that_nothing_tells_apart_gets_now_one_now_the_other():
    data = with_sites()
    data.loc[0, "site"] = None  # from the north, which looks like the south
    found = {frame.loc[0, "site"] for frame in impute(data, n_imputations=20, n_iterations=1).frames}
    assert found == {"north", "south"}


def test_levels_stay_apart_where_the_other_columns_are_constant():
    data = with_sites().assign(severity=1.0)
    data.loc[[0, 1], "site"] = None
    for frame in impute(data, n_imputations=2, n_iterations=1).frames:
        assert set(frame["site"]) == {"north", "south", "west"}


def test_the_order_of_rows_does_not_matter_to_a_category_of_three_levels():
    data = with_sites()
    data.loc[[0, 2], "site"] = None
    first = impute(data, n_imputations=3, n_iterations=1, seed=5)
    again = impute(data.iloc[::-1], n_imputations=3, n_iterations=1, seed=5)
    for one, other in zip(first.frames, again.frames, strict=True):
        pd.testing.assert_frame_equal(one, other.sort_index())


def test_nothing_missing_gives_equal_copies():
    imputed = impute(people(), n_imputations=2)
    assert imputed.n_complete == 40
    for frame in imputed.frames:
        pd.testing.assert_frame_equal(frame, people())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(empty=np.nan), '"empty" has fewer than 5 values'),
        (lambda d: d.assign(site=1).mask(np.arange(160).reshape(40, 4) < 4), "1 people have no value"),
        (lambda d: d.iloc[:0], "nothing to impute"),
        (lambda d: d.assign(age=np.inf), "infinite"),
        (lambda d: pd.concat([d, d], axis=1), "must differ"),
    ],
)
def test_data_that_cannot_be_imputed_are_refused(change, message):
    with pytest.raises(ModelError, match=message):
        impute(change(with_gaps()))


def test_a_single_copy_is_refused():
    with pytest.raises(ModelError, match="n_imputations of 2 or more"):
        impute(with_gaps(), n_imputations=1)
