"""The codebook: its order, what stands above what, and everything that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis_lib.codebook import (
    MAX_THEMES,
    Change,
    Codebook,
    Theme,
    examine_codebook,
    load_codebook,
    version_order,
)
from analysis_lib.errors import StudyError

SECRET = "zebrafinch"


def written(tmp_path: Path, text: str, name: str = "codebook.yaml") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def themes(*entries: str) -> str:
    return "themes:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def problems(folder: Path) -> list[tuple[str, int | None, str | None]]:
    findings = examine_codebook(folder)[1]
    assert not any(SECRET in str(finding) for finding in findings)
    return [(finding.code, finding.line, finding.column) for finding in findings]


NESTED = themes("id: B.x, label: Bx, parent: B", "id: A.x.y, label: Axy, parent: A.x", "id: B, label: B",
                "id: A, label: A", "id: A.x, label: Ax, parent: A")  # fmt: skip


def test_parents_come_before_their_children_and_siblings_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert load_codebook(written(tmp_path, NESTED)).ids == ("B", "B.x", "A", "A.x", "A.x.y")


def test_ancestors_are_listed_nearest_first_and_give_the_depth(tmp_path: Path) -> None:
    codebook = load_codebook(written(tmp_path, NESTED))
    assert codebook.ancestors("A.x.y") == ("A.x", "A")
    assert [codebook.depth(theme) for theme in codebook.ids] == [0, 1, 0, 1, 2]
    assert [codebook.has_children(theme) for theme in codebook.ids] == [True, False, True, True, False]


def test_a_theme_is_found_by_its_id() -> None:
    codebook = Codebook("1", (Theme("A", "First"), Theme("B", "Second")))
    assert codebook["B"].label == "Second"
    assert "B" in codebook
    assert "b" not in codebook
    assert [theme.id for theme in codebook] == ["A", "B"]
    with pytest.raises(KeyError):
        codebook["C"]


def test_every_field_of_a_theme_is_read(tmp_path: Path) -> None:
    text = """\
codebook: {id: c, version: "2.1"}
themes:
  - {id: A, label: Alpha, parent: null}
  - id: A.x
    label: Ex
    parent: A
    definition: When it is given.
    include: Doubtful cases.
    exclude: Other cases.
    polarity: hindering
    status: retired
    severity: serious
    replaced_by: [A]
    since: "1.1"
    history: [{version: "2.0", change: redefined, note: narrower}]
"""
    codebook = load_codebook(written(tmp_path, text))
    assert codebook.version == "2.1"
    assert codebook["A"] == Theme("A", "Alpha")
    assert codebook["A.x"] == Theme(
        "A.x", "Ex", "A", "When it is given.", "Doubtful cases.", "Other cases.", "hindering", "retired", "serious",
        ("A",), "1.1", (Change("2.0", "redefined", "narrower"),),
    )  # fmt: skip


def test_a_codebook_may_be_a_table(tmp_path: Path) -> None:
    text = "id,label,parent,polarity,status,replaced_by,since\nA,Alpha,,helpful,,,\nA.x,Ex,A,,retired,A,2\n"
    codebook = load_codebook(written(tmp_path, text, "codebook.csv"))
    assert codebook["A"] == Theme("A", "Alpha", polarity="helpful")
    assert codebook["A.x"] == Theme("A.x", "Ex", "A", status="retired", replaced_by=("A",), since="2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (themes("id: A, label: x", "id: A, label: y"), [("C01", 3, "id")]),
        (themes("id: A, label: x", "id: a, label: y"), [("C07", 3, "id")]),
        (themes("id: A, label: x, parent: B"), [("C02", 2, "parent")]),
        (themes(f"id: A, label: x, parent: the {SECRET}"), [("C02", 2, "parent")]),
        (themes("id: A, label: x, parent: A"), [("C03", 2, "parent")]),
        (themes("id: A, label: x, parent: C", "id: B, label: x, parent: A", "id: C, label: x, parent: B",
                "id: D, label: x, parent: C"), [("C03", 2, "parent")]),
        (themes("id: A, label: x, replaced_by: [A, B]"), [("C05", 2, "replaced_by")]),
        (themes("label: x"), [("Y08", 2, "themes.id")]),
        (themes("id: A"), [("Y08", 2, "themes.label")]),
        (themes("id: A, label: ' '"), [("Y06", 2, "themes.label")]),
        (themes(f"id: A {SECRET}, label: x"), [("Y09", 2, "themes.id")]),
        (themes("id: A, label: x, status: gone"), [("Y09", 2, "themes.status")]),
        (themes("id: A, label: x, colour: red"), [("Y07", 2, "themes.colour")]),
        ("themes: []\n", [("Y09", 1, "themes")]),
        ("", [("Y01", 1, None)]),
    ],
)  # fmt: skip
def test_a_problem_of_the_yaml_is_said_with_its_line(
    text: str, expected: list[tuple[str, int, str]], tmp_path: Path
) -> None:
    assert problems(written(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,label\nA,x\nB,y\nA,z\n", [("C01", 4, "id")]),
        ("id,label,parent\nA,x,\n\nB,y,C\n", [("C02", 4, "parent"), ("R16", None, None)]),
        ("id,label\n,x\n", [("Y08", 2, "id")]),
        ("id,label,status\nA,x,gone\n", [("Y09", 2, "status")]),
        (f"id,label,the {SECRET} in the room\nA,x,y\n", [("C04", 1, "number 3")]),
        ("id,lable\nA,x\n", [("C04", 1, "lable"), ("C04", 1, "label")]),
        ("id,label\n", [("R11", None, None), ("C04", 1, "id")]),
        ("", [("R10", None, None)]),
    ],
)  # fmt: skip
def test_a_problem_of_the_table_is_said_with_its_line(
    text: str, expected: list[tuple[str, int | None, str | None]], tmp_path: Path
) -> None:
    assert sorted(problems(written(tmp_path, text, "codebook.csv")), key=str) == sorted(expected, key=str)


def test_what_the_reader_of_a_table_notes_is_no_reason_to_stop(tmp_path: Path) -> None:
    assert load_codebook(written(tmp_path, "id;label\nA;x\n", "codebook.csv")).ids == ("A",)
    assert problems(tmp_path) == [("R40", None, None)]


def test_two_codebooks_are_one_too_many(tmp_path: Path) -> None:
    written(tmp_path, "id,label\nA,x\n", "codebook.csv")
    assert problems(written(tmp_path, NESTED)) == [("C06", None, None)]


def test_no_codebook_is_said(tmp_path: Path) -> None:
    assert problems(tmp_path) == [("Y01", None, None)]


@pytest.mark.parametrize("name", ["codebook.yaml", "codebook.csv"])
def test_more_themes_than_anybody_codes_with_are_refused(name: str, tmp_path: Path) -> None:
    ids = [f"T{i}" for i in range(MAX_THEMES + 1)]
    text = (
        themes(*(f"id: {i}, label: x" for i in ids))
        if name.endswith("yaml")
        else "id,label\n" + "".join(f"{i},x\n" for i in ids)
    )
    assert problems(written(tmp_path, text, name)) == [("C08", None, None)]


def test_every_problem_is_raised_at_once(tmp_path: Path) -> None:
    text = themes("id: A, label: x, parent: A", "id: B, label: x, parent: C", "id: B, label: y")
    with pytest.raises(StudyError) as caught:
        load_codebook(written(tmp_path, text))
    assert [finding.code for finding in caught.value.findings] == ["C03", "C02", "C01"]


def test_a_codebook_with_problems_still_says_which_codes_there_are(tmp_path: Path) -> None:
    text = themes("id: A, label: x, parent: A", "id: B, label: x, parent: C", "id: B, label: y, parent: A")
    codebook, _ = examine_codebook(written(tmp_path, text))
    assert [(theme.id, theme.parent, theme.label) for theme in codebook] == [
        ("A", None, "x"),
        ("B", None, "x"),
    ]


def test_versions_are_ordered_by_number_and_trailing_zeros_do_not_matter():
    assert version_order("1.9.3") < version_order("1.10") < version_order("2")
    assert version_order("1") == version_order("1.0") == version_order("1.0.0")
