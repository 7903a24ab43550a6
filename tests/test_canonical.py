"""Text becomes the names and types of the contract; what does not fit is a finding and a missing value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

from analysis_lib.canonical import CanonicalTable, Correction, canonical_table, loose_id
from analysis_lib.errors import Finding
from analysis_lib.readers import RawTable
from analysis_lib.schema import Column, table_schema
from analysis_lib.study import RawColumns

AS_IS = RawColumns({}, {}, {}, (), ".", None, None)
PARTICIPANTS = table_schema("participants")
SECRET = "zebrafinch"


def raw(header: str, *rows: str, sheet: str | None = None, header_line: int = 1) -> RawTable:
    cells = tuple(tuple(row.split("|")) for row in rows)
    lines = tuple(range(header_line + 1, header_line + 1 + len(rows)))
    return RawTable("p.csv", tuple(header.split("|")), cells, lines, sheet, (), header_line)


def canonical(
    table: RawTable,
    name: str = "participants",
    rules: RawColumns = AS_IS,
    corrections: Sequence[Correction] = (),
    **choices: object,
) -> tuple[CanonicalTable, list[Finding]]:
    result, findings = canonical_table(table, table_schema(name), rules, corrections, **choices)  # type: ignore[arg-type]
    assert not any(SECRET in str(finding) for finding in findings)
    return result, findings


def places(findings: list[Finding]) -> list[tuple[str, int | None, str | None]]:
    return [(finding.code, finding.line, finding.column) for finding in findings]


def cell(
    column: str, text: str, *, table: str = "participants", rules: RawColumns = AS_IS
) -> tuple[object, list[str]]:
    """The value that one cell becomes, and the codes of what is wrong with it."""
    keys = [key for key in table_schema(table).primary_key if key != column]
    required = [c.name for c in table_schema(table) if c.required and c.name not in (*keys, column)]
    filled = {"scope": "quote", "granted": "yes", "decision": "release", "text_sha256": "a" * 64}
    names = [*keys, *required, column]
    row = [filled.get(name, "x") for name in names[:-1]] + [text]
    result, findings = canonical(RawTable("t", tuple(names), (tuple(row),), (2,), None, ()), table, rules)
    return result.frame[column].iloc[0], [f.code for f in findings if f.column == column]


# types


def test_columns_have_the_types_of_the_contract() -> None:
    table, findings = canonical(
        raw(
            "participant_id|perceived_helpfulness|sessions_attended|age|lasting_bad_effects|started_on|gender",
            "007|mixed|5|41.5|Yes|2024-03-28|woman",
            "008||||||",
        )
    )
    assert findings == []
    frame = table.frame
    assert frame["participant_id"].tolist() == ["007", "008"]
    assert frame["perceived_helpfulness"].cat.categories.tolist() == [
        "helpful",
        "unhelpful",
        "mixed",
        "not_stated",
    ]
    assert frame["perceived_helpfulness"].cat.ordered
    assert frame["sessions_attended"].dtype == "Int64"
    assert frame["age"].dtype == "Float64"
    assert frame["lasting_bad_effects"].dtype == "boolean"
    assert frame.loc[0, ["sessions_attended", "age", "lasting_bad_effects"]].tolist() == [5, 41.5, True]
    assert frame.loc[0, "started_on"] == pd.Timestamp("2024-03-28")
    assert frame.loc[1].drop("participant_id").isna().all()


def test_every_column_of_the_contract_is_there_and_empty_where_the_file_has_none() -> None:
    table, _ = canonical(raw("participant_id|age", "P1|"))
    assert tuple(table.frame.columns) == PARTICIPANTS.names
    assert table.frame.drop(columns="participant_id").isna().all(axis=None)
    assert (table.given, table.filled) == ({"participant_id", "age"}, {"participant_id"})


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("age", "34", 34.0),
        ("age", ".5", 0.5),
        ("age", "34.", 34.0),
        ("age", "+34.25", 34.25),
        ("sessions_attended", "12.0", 12),
        ("sessions_attended", "0", 0),
        ("started_on", "2024-02-29", pd.Timestamp("2024-02-29")),
        ("started_on", "2024-02-29T00:00:00", pd.Timestamp("2024-02-29")),
        ("started_on", "2024-02-29 00:00", pd.Timestamp("2024-02-29")),
        ("lasting_bad_effects", "0", False),
        ("lasting_bad_effects", "TRUE", True),
        ("gender", "NA", "NA"),
        ("gender", "None", "None"),
        ("therapist_id", "0012", "0012"),
        ("participant_id", "1234567890123456", "1234567890123456"),
        ("participant_id", "12E", "12E"),
    ],
)
def test_a_cell_that_fits_keeps_its_meaning(column: str, text: str, value: object) -> None:
    assert cell(column, text) == (value, [])


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("age", "forty", "T08"),
        ("age", "1,5", "T08"),
        ("age", "nan", "T08"),
        ("age", "inf", "T08"),
        ("age", "1e2", "T08"),
        ("age", "٣٤", "T08"),
        ("age", "9" * 4000, "T08"),
        ("age", "-1", "T09"),
        ("age", "120.5", "T09"),
        ("sessions_attended", "3.5", "T08"),
        ("sessions_attended", "1001", "T09"),
        ("started_on", "28.03.2024", "T07"),
        ("started_on", "2024-02-30", "T07"),
        ("started_on", "20240328", "T07"),
        ("started_on", "2024-W13", "T07"),
        ("started_on", "2024-03-28T10:15", "T07"),
        ("started_on", "0024-03-28", "T07"),
        ("started_on", "2204-03-28", "T07"),
        ("started_on", SECRET, "T07"),
        ("lasting_bad_effects", "a bit", "T06"),
        ("perceived_helpfulness", "Helpful", "T06"),
        ("perceived_helpfulness", SECRET, "T06"),
        ("participant_id", "", "T05"),
        ("participant_id", "1.2E+15", "T10"),
        ("participant_id", "9434765919", "T11"),
        ("participant_id", "943 476 5919", "T11"),
        ("participant_id", "anna@mail.org", "T12"),
        ("participant_id", "P 1", "T12"),
        ("participant_id", "P" * 33, "T12"),
        ("participant_id", "Pä1", "T12"),
        ("therapist_id", f"Dr {SECRET}", "T12"),
    ],
)
def test_a_cell_that_does_not_fit_is_missing_and_said(column: str, text: str, code: str) -> None:
    value, codes = cell(column, text)
    assert value is pd.NaT if column == "started_on" else pd.isna(value)
    assert codes == [code]


@pytest.mark.parametrize(
    "text",
    ["2024-03-28", "28-03-2024", "1/2/2024", "1.2.24", "2024_03_28", "05-Mar", "5-Mär", "Mar-05", "28 March 2024",
     "1-Okt-24", "Sept-24", "2024-03-28T10:15:00", "2024-03-28 00:00:00"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("table", "column"),
    [("participants", "participant_id"), ("participants", "therapist_id"), ("participants", "site_id"),
     ("coded_segments", "segment_id"), ("coded_segments", "code_id"), ("coded_segments", "coder_id"),
     ("coded_segments", "document_id"), ("coded_segments", "question_id"), ("assignments", "coder_id"),
     ("documents", "document_id"), ("consent", "participant_id"), ("quote_reviews", "segment_id")],
)  # fmt: skip
def test_an_id_that_looks_like_a_date_is_refused_in_every_table(table: str, column: str, text: str) -> None:
    assert cell(column, text, table=table)[1] == ["T10"]


@pytest.mark.parametrize("text", ["P-1-2", "2024", "12-3", "D01_2024-03-28", "mar", "May-be-1", "S1.2"])
def test_an_id_that_only_resembles_a_date_is_kept(text: str) -> None:
    assert cell("document_id", text, table="coded_segments") == (text, [])


def test_a_number_whose_check_digit_is_wrong_is_no_health_service_number() -> None:
    assert cell("participant_id", "9434765918") == ("9434765918", [])


def test_the_range_of_a_number_is_said_with_its_unit() -> None:
    _, findings = canonical(raw("participant_id|age|sessions_attended", "P1|130|-2"))
    assert [finding.allowed for finding in findings] == ["0 to 1000 sessions", "0 to 120 years"]


# names


def test_raw_names_and_values_are_mapped_and_missing_codes_are_empty() -> None:
    rules = replace(
        AS_IS,
        names={"Nr": "participant_id"},
        names_in={"participants": {"Alter": "age"}},
        values={"perceived_helpfulness": {"ja": "helpful", "1": "mixed"}},
        missing=("99", "k. A."),
    )
    table, findings = canonical(
        raw("Nr|Alter|perceived_helpfulness", "P1|99|ja", "P2|41|1", "P3|k. A.|"), rules=rules
    )
    assert findings == []
    assert table.frame["age"].tolist()[1] == 41
    assert table.frame["age"].isna().tolist() == [True, False, True]
    assert table.frame["perceived_helpfulness"].astype("string").fillna("").tolist() == [
        "helpful",
        "mixed",
        "",
    ]


def test_a_name_mapped_for_another_table_is_not_mapped_here() -> None:
    rules = replace(AS_IS, names_in={"consent": {"Nr": "participant_id"}})
    assert [code for code, *_ in places(canonical(raw("Nr|age", "P1|4"), rules=rules)[1])] == ["T04", "T01"]


def test_a_decimal_comma_is_read_where_it_is_declared() -> None:
    assert cell("age", "34,5", rules=replace(AS_IS, decimal_mark=",")) == (34.5, [])


def test_two_columns_of_one_name_after_mapping_are_a_stop() -> None:
    rules = replace(AS_IS, names={"Alter": "age"})
    assert places(canonical(raw("participant_id|age|Alter", "P1|3|4"), rules=rules)[1]) == [
        ("T02", 1, "Alter")
    ]


@pytest.mark.parametrize(
    ("column", "level", "code", "shown"),
    [
        ("therapst_id", "warn", "T04", "therapst_id"),
        ("shoe_size", "note", "T04", "shoe_size"),
        (f"She asked the {SECRET} to leave", "note", "T04", "number 2"),
        ("A.cold", "stop", "T03", "A.cold"),
        ("COLD", "stop", "T03", "COLD"),
    ],
)
def test_a_column_that_is_not_in_the_contract_is_said(column: str, level: str, code: str, shown: str) -> None:
    _, findings = canonical(raw(f"participant_id|{column}", "P1|1"), themes={"A.cold": "Cold"})
    assert [(f.level, f.code, f.column) for f in findings] == [(level, code, shown)]


def test_many_columns_that_are_left_aside_are_counted_and_a_misspelt_one_is_still_said() -> None:
    names = "|".join(f"extra{i}" for i in range(15))
    _, findings = canonical(raw(f"participant_id|{names}|therapst_id", "P1" + "|" * 16))
    assert [f.level for f in findings] == ["warn"] + ["note"] * 11
    assert findings[-1].what == "5 more like the one above."


def test_a_theme_may_be_the_name_of_a_declared_covariate() -> None:
    schema = PARTICIPANTS.with_columns(Column("cold", "number", "Cold", ""))
    _, findings = canonical_table(
        raw("participant_id|cold", "P1|1"), schema, AS_IS, themes={"A.cold": "Cold"}
    )
    assert findings == []


@pytest.mark.parametrize(
    ("table", "header", "row"),
    [
        ("consent", "participant_id|scope|granted|withdrawn", "P1|quote|yes|2024-05-01"),
        ("coded_segments", "segment_id|participant_id|code_id|quote_consnt", "S1|P1|A|no"),
    ],
)
def test_a_misspelt_column_of_refusals_is_a_stop(table: str, header: str, row: str) -> None:
    _, findings = canonical(raw(header, row), table)
    assert [(f.level, f.code, f.line) for f in findings] == [("stop", "T16", 1)]


def test_a_missing_required_column_is_said_where_the_names_stand() -> None:
    table, findings = canonical(raw("segment_id|participant_id", "S1|P1", header_line=3), "coded_segments")
    assert places(findings) == [("T01", 3, "code_id")]
    assert not table.whole


def test_without_a_single_known_name_nothing_of_the_first_row_is_shown() -> None:
    table, findings = canonical(raw(f"P001|{SECRET}|34", "P002|x|35"))
    assert places(findings) == [("T15", 1, None)]
    assert not table.whole


def test_a_sheet_is_shown_if_it_looks_like_a_name() -> None:
    for sheet, shown in (("people", "people"), (f"what the {SECRET} said to me", "number 1")):
        _, findings = canonical(raw("participant_id|age", "P1|x", sheet=sheet))
        assert [finding.sheet for finding in findings] == [shown]


# headings, keys and many rows


def test_a_first_row_that_fits_nowhere_is_a_second_header() -> None:
    table = raw(
        "participant_id|perceived_helpfulness|age", f"Who is the {SECRET}?|How was it?|Years", "P1|mixed|3"
    )
    assert places(canonical(table)[1]) == [("R18", 2, None)]


def test_a_first_row_in_which_a_value_fits_is_data() -> None:
    table = raw("participant_id|perceived_helpfulness|age|sessions_attended", "P1|Mixed|x|4", "P2|mixed|3|4")
    assert places(canonical(table)[1]) == [("T06", 2, "perceived_helpfulness"), ("T08", 2, "age")]


def test_numbers_that_are_out_of_range_are_no_headings() -> None:
    table = raw("participant_id|age|sessions_attended", "P1|-3|-4", "P2|3|4")
    assert places(canonical(table)[1]) == [("T09", 2, "sessions_attended"), ("T09", 2, "age")]


def test_a_column_that_is_wrong_in_every_row_is_no_second_header() -> None:
    table = raw("participant_id|perceived_helpfulness|termination_type", "P1|a|b", "P2|c|d")
    assert [code for code, *_ in places(canonical(table)[1])] == ["T06"] * 4


def test_a_key_stands_once() -> None:
    table = raw("participant_id|scope|granted", "P1|quote|yes", "P1|analyse|yes", "P1|quote|no")
    assert places(canonical(table, "consent")[1]) == [("T13", 4, "participant_id")]


def test_an_empty_part_of_a_key_is_a_value_of_the_key() -> None:
    table = raw("segment_id|participant_id|code_id|coder_id", "S1|P1|A|", "S1|P1|A|", "S1|P1|A|c1")
    assert places(canonical(table, "coded_segments")[1]) == [("T13", 3, "segment_id")]


def test_ids_that_differ_in_case_or_leading_zeros_are_twins() -> None:
    table = raw("participant_id", "P01", "p01", "P1", "P2", "P001x")
    assert places(canonical(table)[1]) == [("T14", 3, "participant_id"), ("T14", 4, "participant_id")]


@pytest.mark.parametrize(("one", "other"), [("007", "7"), ("P-01-003", "p-1-3"), ("0", "00")])
def test_loose_ids_are_equal_without_case_and_leading_zeros(one: str, other: str) -> None:
    assert loose_id(one) == loose_id(other)


@pytest.mark.parametrize(("one", "other"), [("10", "1"), ("P1a", "P1b"), ("100", "1")])
def test_loose_ids_keep_what_matters(one: str, other: str) -> None:
    assert loose_id(one) != loose_id(other)


def test_beyond_ten_rows_the_rest_is_counted() -> None:
    table = raw("participant_id|age", *(f"P{i}|x" for i in range(14)))
    findings = canonical(table)[1]
    assert [finding.line for finding in findings] == list(range(2, 13))
    assert findings[-1].what == "4 more rows of this column do not fit either."


def test_an_empty_table_has_no_findings_of_its_own() -> None:
    table, findings = canonical(raw("participant_id|age"))
    assert (len(table.frame), findings) == (0, [])


# corrections


def correction(column: str, old: str, new: str, *, key: str = "P1", line: int = 2) -> Correction:
    return Correction("participants", key, column, old, new, "corrections.csv", line)


def corrected(
    *corrections: Correction, rules: RawColumns = AS_IS
) -> tuple[CanonicalTable, list[tuple[str, int | None, str | None]]]:
    table, findings = canonical(
        raw("participant_id|age|perceived_helpfulness", "P1|61|nein", "P2|61|nein"),
        rules=replace(rules, values={"perceived_helpfulness": {"nein": "unhelpful"}}, missing=("99",)),
        corrections=corrections,
    )
    return table, places(findings)


def test_a_correction_changes_the_row_of_its_key_and_is_counted() -> None:
    table, found = corrected(correction("age", "61", "16"))
    assert table.frame["age"].tolist() == [16, 61]
    assert (table.n_corrected, found) == (1, [])


def test_the_old_value_is_the_one_of_the_raw_file_and_the_new_one_is_canonical() -> None:
    table, found = corrected(correction("perceived_helpfulness", "nein", "mixed"))
    assert table.frame["perceived_helpfulness"].astype(str).tolist() == ["mixed", "unhelpful"]
    assert found == []


def test_a_correction_may_fill_a_column_that_the_file_lacks() -> None:
    table, found = corrected(correction("gender", "", "woman"))
    assert table.frame["gender"].fillna("-").tolist() == ["woman", "-"]
    assert (table.n_corrected, found) == (1, [])


def test_a_correction_may_empty_a_cell() -> None:
    table, _ = corrected(correction("age", "61", ""))
    assert table.frame["age"].isna().tolist() == [True, False]


def test_a_correction_of_a_segment_applies_to_every_row_of_it() -> None:
    table, _ = canonical(
        raw("segment_id|participant_id|code_id|quote_consent", "S1|P1|A|yes", "S1|P1|B|yes", "S2|P1|A|yes"),
        "coded_segments",
        corrections=[replace(correction("quote_consent", "yes", "no", key="S1"), table="coded_segments")],
    )
    assert table.frame["quote_consent"].astype(str).tolist() == ["no", "no", "yes"]
    assert table.n_corrected == 2


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (correction("agee", "61", "16"), ("K01", 2, "column")),
        (correction("age", "60", "16"), ("K02", 2, "old")),
        (correction("age", "61", "16", key="P9"), ("K02", 2, "key")),
        (correction("perceived_helpfulness", "unhelpful", "mixed"), ("K02", 2, "old")),
        (correction("age", "61", SECRET), ("T08", 2, "age")),
    ],
)
def test_a_correction_that_cannot_be_applied_is_said(
    wrong: Correction, expected: tuple[str, int, str]
) -> None:
    table, found = corrected(wrong)
    assert found == [expected]
    assert table.n_corrected == (1 if expected[0] == "T08" else 0)
