"""YAML is read as text first, held against its schema, and every problem is said with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis_lib.errors import Finding, StudyError
from analysis_lib.yamlfile import (
    MAX_BYTES,
    MAX_FINDINGS,
    YamlText,
    examine_entries,
    examine_yaml,
    read_yaml,
    shown_place,
)

SCHEMA = """\
type: object
required: [name, kind]
properties:
  name: {type: string, pattern: "[a-z]{1,8}", description: What it is called.}
  kind: {type: string, enum: [whole, half]}
  note: {type: string, default: ""}
  groups: {type: array, minItems: 1, items: {type: string}}
  n: {type: integer, minimum: 1, maximum: 9}
  share: {type: number, exclusiveMinimum: 0, maximum: 1, default: 0.5}
  blind: {type: boolean, default: false}
  opened: {type: date}
  either: {type: [string, array], items: {type: string}}
  inner:
    type: object
    default: {}
    properties:
      depth: {type: integer, default: 3}
      why: {type: string, default: none given}
  open_map: {type: object, default: {}, additionalProperties: {type: string}}
  parts:
    type: array
    default: []
    items: {type: object, required: [id], properties: {id: {type: string}, n: {type: integer, default: 1}}}
"""
GOOD = "name: abc\nkind: whole\n"
SECRET = "zebrafinch"


def examine(tmp_path: Path, text: str | bytes) -> YamlText:
    (tmp_path / "schema.yaml").write_text(SCHEMA, encoding="utf-8")
    path = tmp_path / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    result = examine_yaml(path, tmp_path / "schema.yaml", shown_as="file.yaml")
    assert not any(SECRET in str(finding) for finding in result.findings)
    return result


def values(tmp_path: Path, text: str) -> dict[str, Any]:
    result = examine(tmp_path, text)
    assert result.findings == ()
    assert result.values is not None
    return result.values


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    return [(finding.code, finding.line, finding.column) for finding in findings]


# what is right


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("groups: [no, yes, on, null_, '~']", ("groups", ["no", "yes", "on", "null_", "~"])),
        ("note: 1:30", ("note", "1:30")),
        ("note: 007", ("note", "007")),
        ("note: 2024-03-28", ("note", "2024-03-28")),
        ("note: 'null'", ("note", "null")),
        ("n: 7", ("n", 7)),
        ("share: .25", ("share", 0.25)),
        ("share: 1", ("share", 1.0)),
        ("blind: no", ("blind", False)),
        ("blind: On", ("blind", True)),
        ("opened: 2024-03-28", ("opened", date(2024, 3, 28))),
        ("either: one", ("either", "one")),
        ("either: [one, two]", ("either", ["one", "two"])),
        ("open_map: {Wie alt?: age}", ("open_map", {"Wie alt?": "age"})),
    ],
)
def test_a_value_has_the_type_of_its_schema_and_no_other(
    written: str, read: tuple[str, object], tmp_path: Path
) -> None:
    assert values(tmp_path, f"{GOOD}{written}\n")[read[0]] == read[1]


def test_what_is_left_out_has_its_default_at_every_depth(tmp_path: Path) -> None:
    assert values(tmp_path, GOOD + "inner:\n  depth: 5\nparts: [{id: x}]\n") == {
        "name": "abc",
        "kind": "whole",
        "note": "",
        "share": 0.5,
        "blind": False,
        "inner": {"depth": 5, "why": "none given"},
        "open_map": {},
        "parts": [{"id": "x", "n": 1}],
    }


@pytest.mark.parametrize("nothing", ["", " ~", " null"])
def test_an_optional_key_with_nothing_behind_it_is_a_key_that_was_not_given(
    nothing: str, tmp_path: Path
) -> None:
    assert values(tmp_path, f"{GOOD}share:{nothing}\ninner:{nothing}\n") == values(tmp_path, GOOD)


def test_a_byte_order_mark_and_other_line_ends_make_no_difference(tmp_path: Path) -> None:
    assert examine(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).values == values(
        tmp_path, GOOD
    )


def test_letters_and_accents_stored_apart_are_put_together_as_in_the_tables(tmp_path: Path) -> None:
    assert values(tmp_path, f"{GOOD}note: fa\u0308hig\u200b\n")["note"] == "f\u00e4hig"


def test_a_separator_of_one_tab_stays_a_tab(tmp_path: Path) -> None:
    assert values(tmp_path, GOOD + 'note: "\\t"\n')["note"] == "\t"


def test_the_line_of_a_place_or_of_the_nearest_above_it_is_known(tmp_path: Path) -> None:
    text = examine(tmp_path, GOOD + "parts:\n  - id: x\n  - id: y\n    n: 2\n")
    assert text.line("kind") == 2
    assert text.line("parts", 1, "n") == 6
    assert text.line("parts", 1, "nothing") == 5
    assert text.line("nothing") == 1


def test_a_place_is_shown_by_its_keys_and_free_text_not_at_all() -> None:
    assert shown_place(()) is None
    assert shown_place(("columns", f"the {SECRET} said no more to her", 3)) == "columns.(unusual name)"


# what is wrong


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("Y01", 1, None)),
        ("# only a comment\n", ("Y01", 1, None)),
        ("~\n", ("Y06", 1, None)),
        (SECRET, ("Y06", 1, None)),
        ("- a\n- b\n", ("Y06", 1, None)),
        (GOOD + "x: 'open\n", ("Y03", 4, None)),
        (GOOD + "\tn: 1\n", ("Y03", 3, None)),
        (GOOD + "note: a\x07b\n", ("Y03", 3, None)),
        (GOOD + "note: a\x00b\n", ("Y03", 3, None)),
        ((GOOD + "note: schön\n").encode("cp1252"), ("Y03", 3, None)),
        (GOOD.encode("utf-16"), ("Y03", 1, None)),
        (GOOD + "groups: &g [a]\n", ("Y04", 3, None)),
        (GOOD + "groups: *g\n", ("Y04", 3, None)),
        (GOOD + f"note: !!python/name:os.{SECRET} ''\n", ("Y04", 3, None)),
        (GOOD + "note: !!str x\n", ("Y04", 3, None)),
        (GOOD + "---\nname: x\n", ("Y04", 3, None)),
        (GOOD + "note: " + "[" * 3000, ("Y04", 3, None)),
        ("".join(" " * i + "a:\n" for i in range(40)), ("Y04", 21, None)),
        (GOOD + "name: again\n", ("Y05", 3, "name")),
        (GOOD + f"? [a, {SECRET}]\n: b\n", ("Y05", 3, "(unusual name)")),
        (GOOD + f"inner: {SECRET}\n", ("Y06", 3, "inner")),
        (GOOD + "inner: [a]\n", ("Y06", 3, "inner")),
        (GOOD + "groups: a\n", ("Y06", 3, "groups")),
        (GOOD + "groups: [a, ~]\n", ("Y06", 3, "groups")),
        (GOOD + f"n: {SECRET}\n", ("Y06", 3, "n")),
        (GOOD + "n: 1.5\n", ("Y06", 3, "n")),
        (GOOD + "n: 99999999999999999999\n", ("Y06", 3, "n")),
        (GOOD + "n: ٣\n", ("Y06", 3, "n")),
        (GOOD + "share: 1e-2\n", ("Y06", 3, "share")),
        (GOOD + "share: .nan\n", ("Y06", 3, "share")),
        (GOOD + "blind: perhaps\n", ("Y06", 3, "blind")),
        (GOOD + "opened: 28.03.2024\n", ("Y06", 3, "opened")),
        (GOOD + "opened: 2023-02-29\n", ("Y06", 3, "opened")),
        (GOOD + "opened: 20240328\n", ("Y06", 3, "opened")),
        (GOOD + "open_map: {a: }\n", ("Y06", 3, "open_map.a")),
        (GOOD + "knid: whole\n", ("Y07", 3, "knid")),
        (GOOD + f"the {SECRET} of Leeds sang today: 1\n", ("Y07", 3, "(unusual name)")),
        (GOOD + "<<: {a: b}\n", ("Y07", 3, "(unusual name)")),
        (GOOD + "~: b\n", ("Y07", 3, "(unusual name)")),
        ("name: abc\n", ("Y08", 1, "kind")),
        (GOOD + "parts:\n  - id: x\n  - n: 2\n", ("Y08", 5, "parts.id")),
        ("name: ' '\nkind: whole\n", ("Y06", 1, "name")),
        (f"name: {SECRET}\nkind: whole\n", ("Y09", 1, "name")),
        (f"name: abc\nkind: {SECRET}\n", ("Y09", 2, "kind")),
        (GOOD + "n: 0\n", ("Y09", 3, "n")),
        (GOOD + "n: 10\n", ("Y09", 3, "n")),
        (GOOD + "share: 0\n", ("Y09", 3, "share")),
        (GOOD + "groups: []\n", ("Y09", 3, "groups")),
        (GOOD + "groups: [a, b, a]\n", ("Y09", 3, "groups")),
    ],
)
def test_a_problem_is_said_with_its_line_and_key(
    text: str | bytes, expected: tuple[str, int, str | None], tmp_path: Path
) -> None:
    assert places(examine(tmp_path, text).findings) == [expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("knid: whole\n", 'this key is not known. Allowed: name, kind, note, groups, n, share, blind, opened, either, '
         'inner, open_map, parts. Correct or remove it. Did you mean "kind"?'),
        ("kind: hole\n", 'a word of 4 characters is not allowed here. Allowed: whole, half. Correct it. '
         'Did you mean "whole"?'),
        ("name: ''\n", "nothing stands where a text belongs. Write a text. What it is called."),
        ("n: 12\n", "a number is not allowed here. Allowed: 9 or less. Correct it."),
        ("name: Abc\n", "a word of 3 characters is not allowed here. Allowed: 1 to 8 of the characters a-z. "
         "Correct it."),
    ],
)  # fmt: skip
def test_a_message_says_what_stands_there_what_is_allowed_and_what_to_do(
    text: str, message: str, tmp_path: Path
) -> None:
    assert any(message in str(finding) for finding in examine(tmp_path, text).findings)


def test_all_problems_are_said_and_what_is_right_is_kept(tmp_path: Path) -> None:
    result = examine(tmp_path, GOOD + "n: x\nshare: 7\nwrong: 1\ngroups: [a, a, b]\n")
    assert places(result.findings) == [
        ("Y06", 3, "n"),
        ("Y09", 4, "share"),
        ("Y07", 5, "wrong"),
        ("Y09", 6, "groups"),
    ]
    assert result.values is not None
    assert (result.values["groups"], result.values["share"], "n" in result.values) == (["a", "b"], 0.5, False)


@pytest.mark.parametrize("text", ["name: abc\n", "name: ABC\nkind: whole\n", GOOD + "parts: [{n: 1}]\n"])
def test_a_file_without_something_required_holds_no_values(text: str, tmp_path: Path) -> None:
    assert examine(tmp_path, text).values is None


def test_a_flood_of_problems_is_cut_short_and_said(tmp_path: Path) -> None:
    findings = examine(tmp_path, GOOD + "".join(f"k{i}: x\n" for i in range(2000))).findings
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1].code == "Y10"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    assert places(examine(tmp_path, GOOD + "#" * MAX_BYTES).findings) == [("Y02", None, None)]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_not_there(make: Any, tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(SCHEMA, encoding="utf-8")
    make(tmp_path / "file.yaml")
    result = examine_yaml(tmp_path / "file.yaml", tmp_path / "schema.yaml", shown_as="file.yaml")
    assert places(result.findings) == [("Y01", None, None)]


def test_reading_raises_every_problem_at_once(tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "file.yaml").write_text("name: abc\nn: x\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_yaml(tmp_path / "file.yaml", tmp_path / "schema.yaml", shown_as="file.yaml")
    assert [finding.code for finding in caught.value.findings] == ["Y08", "Y06"]


def test_rows_of_a_table_are_held_against_the_schema_of_an_entry() -> None:
    schema = yaml.safe_load(SCHEMA)["properties"]["parts"]["items"]
    entries, findings = examine_entries(
        [{"id": "a", "n": "2"}, {"n": "x"}], schema, shown_as="t.csv", lines=(2, 5)
    )
    assert entries is None
    assert places(findings) == [("Y06", 5, "n"), ("Y08", 5, "id")]
    entries, findings = examine_entries([{"id": "a", "n": "2"}], schema, shown_as="t.csv", lines=(2,))
    assert (entries, findings) == ([{"id": "a", "n": 2}], ())
