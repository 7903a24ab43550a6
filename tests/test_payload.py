import json

import numpy as np
import pandas as pd
import pytest

from analysis_lib.payload import Payload, Table, digest, plain
from analysis_lib.views import payload_of

FRAME = pd.DataFrame(
    {
        "theme_id": ["cold", "warm"],
        "n_with_theme": pd.array([14, None], dtype="Int64"),
        "odds_ratio": [4.005720954, np.inf],
        "p_value": [0.002968780319, np.nan],
        "tested": [True, False],
        "reason": [None, "nobody has it"],
    }
)
KINDS = {
    "theme_id": "key",
    "n_with_theme": "people",
    "odds_ratio": "estimate",
    "p_value": "p",
    "tested": "key",
    "reason": "text",
}


def a_payload():
    return Payload("table", "theme_tests", {"tests": Table.of(FRAME, **KINDS)}, {"wave": "w1", "alpha": 0.05})


def raw(**changes):
    return a_payload().as_json() | changes


def table(**changes):
    return {"tests": raw()["tables"]["tests"] | changes}


# Into JSON and back


def test_a_payload_is_the_same_after_json():
    assert Payload.from_json(json.loads(json.dumps(a_payload().as_json()))) == a_payload()


def test_json_holds_no_nan_and_no_infinity():
    text = json.dumps(a_payload().as_json(), allow_nan=False)
    assert "NaN" not in text


def test_an_unbounded_limit_comes_back_as_infinity():
    frame = Payload.from_json(a_payload().as_json()).tables["tests"].frame
    assert np.isposinf(frame["odds_ratio"].iloc[1])


def test_missing_values_come_back_missing():
    frame = Payload.from_json(a_payload().as_json()).tables["tests"].frame
    assert frame["n_with_theme"].isna().tolist() == [False, True]
    assert frame["p_value"].isna().tolist() == [False, True]
    assert frame["reason"].tolist() == [None, "nobody has it"]


def test_only_the_named_columns_go_in_in_the_named_order():
    made = Table.of(FRAME, p_value="p", theme_id="key")
    assert made.columns == (("p_value", "p"), ("theme_id", "key"))
    assert made.kinds == {"p_value": "p", "theme_id": "key"}


def test_a_table_without_rows_keeps_its_columns():
    made = Table.of(FRAME.head(0), theme_id="key", n_with_theme="people")
    assert list(made.frame) == ["theme_id", "n_with_theme"]
    assert not len(made.frame)


@pytest.mark.parametrize("view", ["shares", "contrasts", "tests"])
def test_a_real_payload_is_the_same_after_json(example, view):
    payload = payload_of(example.crosstab, view)
    assert Payload.from_json(json.loads(json.dumps(payload.as_json()))) == payload


# Values


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.123456789, 0.123457),
        (123456789.0, 123457000.0),
        (1.0000001, 1.0),
        (-0.0000123456789, -1.23457e-05),
        (0.1 + 0.2, 0.3),
        (np.float64(2.5), 2.5),
        (np.int64(3), 3),
        (1234567, 1234567),
        (np.bool_(True), True),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (None, None),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        ("cold", "cold"),
    ],
)
def test_numbers_keep_six_digits_and_nothing_keeps_a_foreign_type(value, kept):
    found = plain(value)
    assert found == kept
    assert type(found) in (type(None), bool, int, float, str)


def test_counts_keep_all_their_digits():
    assert isinstance(plain(np.int64(1234567)), int)


# Not a payload


@pytest.mark.parametrize(
    "broken",
    [
        raw(shape="html"),
        raw(tables=table(columns=[["theme_id", "secret"]])),
        raw(tables=table(columns=[["theme_id", "key"]])),
        raw(tables=table(columns=["theme_id"])),
        raw(tables=table(rows=[[1, 2, 3]])),
        raw(tables=table(rows=[[["nested"], 1, 1.0, 0.1, True, None]])),
        raw(tables=table(rows=[[{"a": 1}, 1, 1.0, 0.1, True, None]])),
        raw(tables=table(rows=None)),
        raw(tables={"tests": {"columns": []}}),
        raw(html="<b>"),
        {key: value for key, value in raw().items() if key != "facts"},
        {key: value for key, value in raw().items() if key != "tables"},
        {},
        [],
    ],
    ids=range(14),
)
def test_what_is_not_a_payload_is_refused(broken):
    with pytest.raises(ValueError, match="payload"):
        Payload.from_json(broken)


def test_the_refusal_repeats_no_cell():
    with pytest.raises(ValueError, match="payload") as caught:
        Payload.from_json(raw(tables=table(rows=[["a person's words"]])))
    assert "words" not in str(caught.value)


# Digest


def test_equal_payloads_have_one_digest_whatever_the_order_of_their_facts():
    one = Payload("card", "cover", {}, {"a": 1, "b": 2})
    other = Payload("card", "cover", {}, {"b": 2, "a": 1})
    assert digest(one) == digest(other)
    assert digest(one) != digest(Payload("card", "cover", {}, {"a": 1, "b": 3}))
