"""A report beside its rerun: the file, row and column of each difference, numbers said and words not."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from analysis_lib.runner.comparison import differences

HEADER = "theme_id,group,share,quote\n"
KEPT = HEADER + "A.cold,helpful,0.31,He listened.\nA.cold,mixed,0.5,\n"


def compared(tmp_path, name, one, other):
    """What is said of one file that is ``one`` in the report and ``other`` in the rerun (None: not there)."""
    for folder, content in (("kept", one), ("again", other)):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True)
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / folder / "manifest.json").write_text(json.dumps({"seed": 1, "started": folder}))
    return list(differences(tmp_path / "kept", tmp_path / "again", [name] if one is not None else []))


def said(findings):
    return [(f.line, f.column, f.what.removeprefix("this is not what a rerun gives: ")) for f in findings]


def test_the_same_bytes_are_no_difference_whatever_time_the_manifests_hold(tmp_path):
    assert compared(tmp_path, "results/flow.csv", KEPT, KEPT) == []


def test_a_number_that_differs_is_said_with_its_line_and_column(tmp_path):
    (finding,) = compared(tmp_path, "results/a.csv", KEPT, KEPT.replace("0.31", "0.37"))
    assert (finding.code, finding.file) == ("V21", "results/a.csv")
    assert said([finding]) == [(2, "share", "0.31 against 0.37.")]


def test_words_that_differ_are_not_said(tmp_path):
    found = compared(tmp_path, "a.csv", KEPT, KEPT.replace("He listened.", "She left at once."))
    assert said(found) == [(2, "quote", "another text against another text.")]


def test_a_number_that_is_gone_is_nothing(tmp_path):
    assert said(compared(tmp_path, "a.csv", KEPT, KEPT.replace("0.5", ""))) == [
        (3, "share", "0.5 against nothing.")
    ]


def test_other_columns_and_other_rows_are_said_as_such(tmp_path):
    assert said(compared(tmp_path / "1", "a.csv", KEPT, KEPT.replace("share", "part"))) == [
        (1, None, "other columns.")
    ]
    shorter = KEPT.rsplit("A.cold", 1)[0]
    assert said(compared(tmp_path / "2", "a.csv", KEPT, shorter)) == [(None, None, "2 rows against 1.")]


def test_the_same_cells_in_other_bytes_are_a_difference(tmp_path):
    found = compared(tmp_path, "a.csv", KEPT, KEPT.replace("\n", "\r\n"))
    assert said(found) == [(None, None, "the same cells in other bytes.")]


def test_a_column_that_is_named_like_a_sentence_is_called_by_its_number(tmp_path):
    one, other = "She never once looked at me.\n1\n", "She never once looked at me.\n2\n"
    assert said(compared(tmp_path, "a.csv", one, other)) == [(2, "1", "1 against 2.")]


def test_a_hundred_differences_are_counted_after_the_first_ten(tmp_path):
    one = HEADER + "A,x,0.1,\n" * 100
    found = compared(tmp_path, "a.csv", one, one.replace("0.1", "0.2"))
    assert len(found) == 11
    assert found[-1].what == "90 more like the one above."


@pytest.mark.parametrize("only_in", ["report", "rerun"])
def test_a_file_that_only_one_side_has_is_named(tmp_path, only_in):
    (finding,) = compared(tmp_path, "a.csv", *((KEPT, None) if only_in == "report" else (None, KEPT)))
    assert (finding.code, finding.file) == ("V20", "a.csv")
    assert ("lacks" in finding.what) == (only_in == "rerun")


def a_notebook(study, results, shown="3"):
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]},
         "source": f'# Parameters\nstudy = "{study}"\nwave = "w1"\nresults_dir = "{results}"\n', "outputs": []},
        {"cell_type": "code", "metadata": {}, "source": "n", "outputs": [{"text": f"{shown} in {study}"}]},
    ]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {"input": results}})


def test_notebooks_that_ran_in_other_folders_are_the_same(tmp_path):
    one, other = a_notebook("/a/study", "/a/out"), a_notebook("/b/copy of it", "/tmp/x/out")
    assert compared(tmp_path, "internal/INTERNAL_01.ipynb", one, other) == []


def test_a_cell_that_shows_something_else_is_named_by_its_number(tmp_path):
    one, other = a_notebook("/a", "/o"), a_notebook("/b", "/p", shown="4")
    assert said(compared(tmp_path, "x.ipynb", one, other)) == [(None, None, "cell 2 differs.")]


def test_a_notebook_that_is_none_any_more_is_said(tmp_path):
    assert said(compared(tmp_path, "x.ipynb", "{", a_notebook("/b", "/p"))) == [
        (None, None, "no notebook any more.")
    ]


def an_archive(**parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return made.getvalue()


def test_parts_of_a_word_file_that_differ_are_named(tmp_path):
    one = an_archive(document="31 of 92", styles="a", mine="x")
    found = compared(tmp_path, "tables.docx", one, an_archive(document="37 of 92", styles="a"))
    assert said(found) == [
        (None, None, "the part document differs."),
        (None, None, "there is a part that nobody made."),
    ]


def test_a_word_file_that_is_none_any_more_is_said(tmp_path):
    found = compared(tmp_path, "tables.docx", "text", an_archive(document="a"))
    assert said(found) == [(None, None, "no Word file any more.")]


def test_of_a_page_the_first_line_that_differs_is_named(tmp_path):
    found = compared(tmp_path, "report.html", "a\nb\nc\nd", "a\nB\nc\nD")
    assert said(found) == [(2, None, "2 line(s) differ, this one first.")]


def test_a_manifest_that_says_another_seed_is_named(tmp_path):
    compared(tmp_path, "a.csv", KEPT, KEPT)
    (tmp_path / "again" / "manifest.json").write_text('{"seed": 2}')
    (finding,) = differences(tmp_path / "kept", tmp_path / "again", ["a.csv"])
    assert (finding.file, finding.column) == ("manifest.json", "seed")
