"""QualCoder's own database: what is in it comes back, and what is wrong with it is said."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_files import QUALCODER, qualcoder, sample, taguette

from analysis_lib.errors import StudyError
from analysis_lib.importers.project import Project, Remark, Span
from analysis_lib.importers.qualcoder import read, recognises

TEXT = "I felt heard 🙂.\r\nNobody called."  # heard 7-12, Nobody 17-23, called 24-30


def rows(**changed: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    """One document, one category with one code below it, one coding, one case that has all of it."""
    tables: dict[str, list[dict[str, object]]] = {
        "project": [{"about": "QualCoder 4.0"}],
        "source": [{"id": 1, "name": "one.txt", "fulltext": TEXT}],
        "code_cat": [{"catid": 1, "name": "Bond", "memo": "", "supercatid": None}],
        "code_name": [{"cid": 1, "name": "heard", "memo": "listened to", "catid": 1}],
        "code_text": [coding(1, 7, 12, "heard")],
        "cases": [{"caseid": 1, "name": "P01"}],
        "case_text": [{"caseid": 1, "fid": 1, "pos0": 0, "pos1": len(TEXT)}],
    }
    return tables | changed


def coding(
    ctid: int, start: int, end: int, words: str, owner: str = "ann", cid: int = 1
) -> dict[str, object]:
    return {
        "ctid": ctid,
        "cid": cid,
        "fid": 1,
        "seltext": words,
        "pos0": start,
        "pos1": end,
        "owner": owner,
        "date": "2026-01-02 03:04:05",
        "memo": "",
    }


def said(project: Project, words: str) -> Remark:
    return next(remark for remark in project.remarks if words in remark.text)


def test_a_coding_has_its_words_its_place_its_coder_and_its_date(tmp_path):
    project = read(qualcoder(tmp_path, rows()))
    (only,) = project.codings
    assert (only.source, only.code, only.start, only.end, only.text) == ("1", "Bond/heard", 7, 12, "heard")
    assert (only.coder, only.coded_at, only.case, only.origin) == (
        "ann",
        "2026-01-02T03:04:05",
        None,
        "ctid:1",
    )
    assert project.remarks == ()
    assert project.unreconciled() == {}


def test_text_keeps_its_line_ends(tmp_path):
    assert read(qualcoder(tmp_path, rows())).sources[0].text == TEXT


def test_the_folder_of_a_project_is_the_project(tmp_path):
    qualcoder(tmp_path / "study.qda", rows())
    assert recognises(tmp_path / "study.qda") == 1.0
    assert len(read(tmp_path / "study.qda").codings) == 1


def test_databases_of_others_are_not_recognised(tmp_path):
    assert recognises(taguette(tmp_path, {})) == 0.0
    assert recognises(tmp_path) == 0.0
    assert recognises(tmp_path / "missing.qda") == 0.0


def test_categories_cannot_be_coded_and_codes_can_hold_codes(tmp_path):
    tree = {
        "code_cat": [
            {"catid": 1, "name": "Process", "supercatid": None},
            {"catid": 2, "name": "Hindering", "supercatid": 1},
        ],
        "code_name": [
            {"cid": 1, "name": "homework", "catid": 2, "supercid": None},
            {"cid": 2, "name": "unclear", "catid": None, "supercid": 1},
            {"cid": 3, "name": "alone", "catid": None, "supercid": None},
        ],
    }
    project = read(qualcoder(tmp_path, rows(**tree)))
    assert {code.path: code.codable for code in project.codes} == {
        ("Process",): False,
        ("Process", "Hindering"): False,
        ("Process", "Hindering", "homework"): True,
        ("Process", "Hindering", "homework", "unclear"): True,
        ("alone",): True,
    }


def test_a_code_and_a_category_of_one_name_stay_apart(tmp_path):
    tree = {"code_cat": [{"catid": 1, "name": "Bond"}], "code_name": [{"cid": 1, "name": "Bond"}]}
    project = read(qualcoder(tmp_path, rows(**tree)))
    assert [code.key for code in project.codes] == ["Bond", "Bond#cid:1"]
    assert project.codings[0].code == "Bond#cid:1"
    assert said(project, "same path").ids == ("cid:1",)


def test_a_tree_that_runs_in_a_circle_is_cut_and_said(tmp_path):
    tree = [{"catid": 1, "name": "A", "supercatid": 2}, {"catid": 2, "name": "B", "supercatid": 1}]
    project = read(qualcoder(tmp_path, rows(code_cat=tree)))
    assert [code.path for code in project.codes] == [("B", "A"), ("A", "B"), ("B", "A", "heard")]
    assert said(project, "inside themselves").n == 3


def test_a_code_below_nothing_stands_at_the_root(tmp_path):
    project = read(qualcoder(tmp_path, rows(code_name=[{"cid": 1, "name": "heard", "catid": 99}])))
    assert project.codings[0].code == "heard"
    assert said(project, "does not exist; they stand at the root").ids == ("cid:1",)


def test_projects_from_before_subcodes_and_importance_are_read(tmp_path):
    older = QUALCODER | {
        "code_name": "cid integer primary key, name text, memo text, catid integer",
        "code_text": "ctid integer primary key, cid integer, fid integer, seltext text, pos0 integer, pos1 integer, "
        "owner text, date text, memo text",
    }
    del older["coder_names"]
    project = read(qualcoder(tmp_path, rows(), older))
    assert [coding.text for coding in project.codings] == ["heard"]
    assert project.unreconciled() == {}


def test_attributes_belong_to_their_case_or_document(tmp_path):
    given_values = [
        {"name": "Outcome", "attr_type": "case", "value": "helpful", "id": 1},
        {"name": "Wave", "attr_type": "file", "value": "2", "id": 1},
        {"name": "Outcome", "attr_type": "case", "value": "mixed", "id": 9},
    ]
    project = read(qualcoder(tmp_path, rows(attribute=given_values)))
    assert project.cases[0].variables == {"Outcome": "helpful"}
    assert project.sources[0].variables == {"Wave": "2"}
    assert said(project, "Values of cases or documents").ids == ("row 3",)


def test_a_coding_belongs_to_a_case_only_if_it_lies_inside_of_it(tmp_path):
    halves = [
        {"caseid": 1, "fid": 1, "pos0": 0, "pos1": 12},
        {"caseid": 1, "fid": 1, "pos0": 17, "pos1": 29},
    ]
    codings = [coding(1, 7, 12, "heard"), coding(2, 24, 30, "called"), coding(3, 13, 14, "🙂")]
    project = read(qualcoder(tmp_path, rows(case_text=halves, code_text=codings)))
    assert project.cases[0].spans == (Span("1", 0, 12), Span("1", 17, 29))
    assert said(project, "across the border").ids == ("ctid:2",)
    assert said(project, "belong to no case").ids == ("ctid:3",)


def test_words_that_differ_from_the_text_are_said_and_the_text_is_taken(tmp_path):
    project = read(
        qualcoder(tmp_path, rows(code_text=[coding(1, 7, 12, "heard"), coding(2, 17, 23, "nobody")]))
    )
    assert [each.text for each in project.codings] == ["heard", "Nobody"]
    assert said(project, "differ").ids == ("ctid:2",)
    assert project.offsets[0].score == 0.5


def test_a_place_outside_the_text_keeps_the_coding_and_its_words(tmp_path):
    project = read(qualcoder(tmp_path, rows(code_text=[coding(1, 700, 712, "heard")])))
    (only,) = project.codings
    assert (only.start, only.end, only.text) == (None, None, "heard")
    assert said(project, "outside the text").ids == ("ctid:1",)


def test_places_in_utf16_units_are_found_out_and_cases_are_counted_alike(tmp_path):
    # In code points heard is 10-15 and called 26-32; two smiles before the one, three before the other.
    text = "🙂🙂 I felt heard. 🙂 Nobody called."
    codings = [coding(1, 12, 17, "heard"), coding(2, 29, 35, "called")]
    links = [{"caseid": 1, "fid": 1, "pos0": 0, "pos1": 18}]
    project = read(
        qualcoder(
            tmp_path,
            rows(source=[{"id": 1, "name": "a", "fulltext": text}], code_text=codings, case_text=links),
        )
    )
    assert [(each.start, each.end, each.text) for each in project.codings] == [
        (10, 15, "heard"),
        (26, 32, "called"),
    ]
    assert project.offsets[0].rule.startswith("UTF-16")
    assert project.cases[0].spans == (Span("1", 0, 16),)


def test_codings_without_code_or_document_are_dropped_and_counted(tmp_path):
    codings = [
        coding(1, 7, 12, "heard"),
        coding(2, 7, 12, "heard", cid=9),
        {**coding(3, 7, 12, "heard"), "fid": 9},
    ]
    project = read(qualcoder(tmp_path, rows(code_text=codings)))
    lost = said(project, "code or document does not exist")
    assert (lost.what, lost.n, lost.ids) == ("dropped", 2, ("ctid:2", "ctid:3"))
    assert project.unreconciled() == {}


def test_codings_of_pictures_are_codings_of_all_of_it(tmp_path):
    sources = [
        {"id": 1, "name": "one.txt", "fulltext": TEXT},
        {"id": 2, "name": "drawing.png", "fulltext": None, "mediapath": "/images/drawing.png"},
    ]
    picture = [{"imid": 4, "id": 2, "cid": 1, "owner": "bob", "date": "2026-01-02 03:04:05", "memo": ""}]
    links = [{"caseid": 1, "fid": 2, "pos0": 0, "pos1": 0}]
    project = read(
        qualcoder(tmp_path, rows(source=sources, code_image=picture, case_text=links, code_text=[]))
    )
    (only,) = project.codings
    assert (only.source, only.start, only.end, only.text, only.origin) == ("2", None, None, "", "imid:4")
    assert project.sources[1].text is None
    assert project.cases[0].spans == (Span("2"),)
    assert said(project, "pictures or recordings").ids == ("imid:4",)
    assert project.unreconciled() == {}


def test_cases_without_a_document_and_links_to_none_are_said(tmp_path):
    cases = [{"caseid": 1, "name": "P01"}, {"caseid": 2, "name": "P02"}]
    links = [{"caseid": 1, "fid": 9, "pos0": 0, "pos1": 5}, {"caseid": 7, "fid": 1, "pos0": 0, "pos1": 5}]
    project = read(qualcoder(tmp_path, rows(cases=cases, case_text=links)))
    assert said(project, "Cases without").ids == ("1", "2")
    assert said(project, "documents that do not exist").ids == ("row 1",)
    assert said(project, "cases that do not exist").ids == ("7",)


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ("default", "signed `default`"),
        ("", "nobody signed"),
        ("📌 Speaker coding", "speakers"),
        ("eve", "switched off"),
    ],
)
def test_whose_coding_it_is_is_said_where_it_is_doubtful(tmp_path, owner, words):
    switched_off = [{"name": "eve", "visibility": 0}, {"name": "ann", "visibility": 1}]
    codings = [coding(1, 7, 12, "heard", owner=owner), coding(2, 17, 23, "Nobody")]
    project = read(qualcoder(tmp_path, rows(code_text=codings, coder_names=switched_off)))
    assert said(project, words).ids == ("ctid:1",)
    assert len(project.codings) == 2


def test_what_is_left_behind_is_counted(tmp_path):
    project = read(
        qualcoder(
            tmp_path,
            rows(
                code_text=[coding(1, 7, 12, "heard") | {"important": 1}],
                annotation=[{"fid": 1}, {"fid": 1}],
                journal=[{"name": "day one"}],
            ),
        )
    )
    assert {remark.text: remark.n for remark in project.remarks} == {
        "Marks of importance on codings.": 1,
        "Annotations of documents.": 2,
        "Entries in the journal.": 1,
    }


def test_a_database_without_its_codings_is_refused_by_name(tmp_path):
    lacking = {table: columns for table, columns in QUALCODER.items() if table != "code_text"}
    path = qualcoder(tmp_path, {}, lacking)
    assert recognises(path) == 0.0
    with pytest.raises(StudyError, match=r"code_text\.ctid"):
        read(path)


def test_remarks_hold_no_words_and_no_names_of_the_project(tmp_path):
    codings = [
        coding(1, 700, 712, "heard"),
        coding(2, 17, 23, "nobody"),
        coding(3, 1, 2, "x", owner="default", cid=9),
    ]
    project = read(qualcoder(tmp_path, rows(code_text=codings, case_text=[])))
    text = " ".join(remark.text + " ".join(remark.ids) for remark in project.remarks)
    for secret in ("P01", "one.txt", "nobody", "Nobody", "Bond", "ann "):
        assert secret not in text


SIGNS = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab \r\n🙂é\u0301\u05d0\u202e\u200d"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    min_size=1,
    max_size=40,
)


@st.composite
def texts_and_selections(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    text = draw(SIGNS)
    ends = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(
        lambda pair: pair[0] < pair[1]
    )
    return text, draw(st.lists(ends, min_size=1, max_size=6))


@settings(deadline=None, max_examples=60)
@given(texts_and_selections())
def test_any_words_come_back_exactly(drawn):
    text, selections = drawn
    codings = [coding(n, a, b, text[a:b], owner=f"coder {n}") for n, (a, b) in enumerate(selections, start=1)]
    with TemporaryDirectory() as folder:
        path = qualcoder(
            Path(folder), rows(source=[{"id": 1, "name": "a", "fulltext": text}], code_text=codings)
        )
        project = read(path)
        assert project == read(path)
    assert [each.text for each in project.codings] == [text[a:b] for a, b in selections]
    assert [(each.start, each.end) for each in project.codings] == selections
    assert project.sources[0].text == text
    assert project.unreconciled() == {}


def test_the_sample_gives_nine_codings_of_alice_and_four_of_bob():
    project = read(sample("qualcoder/data.qda"))
    assert Counter(each.coder for each in project.codings) == {"alice": 9, "bob": 4}
    assert {case.name: case.variables["Outcome"] for case in project.cases} == {
        "P01": "helpful",
        "P02": "mixed",
        "P03": "dropped out",
    }
    assert {source.name: source.variables["Wave"] for source in project.sources} == {
        "P01_wave1.txt": "1",
        "P02_wave1.txt": "1",
        "P03_survey_wave2.txt": "2",
    }
    assert [(rule.score, rule.n) for rule in project.offsets] == [(1.0, 5), (1.0, 4), (1.0, 4)]
    assert project.unreconciled() == {}


def test_the_sample_has_its_texts_and_its_first_quote_where_the_source_has_them():
    project = read(sample("qualcoder/data.qda"))
    for source in project.sources:
        assert source.text == sample(f"source_texts/{source.name}").read_bytes().decode("utf-8")
    first = project.codings[0]
    assert (first.start, first.end, first.text) == (91, 133, "I felt heard from the very first session 🙂")


def test_many_codings_are_read_in_seconds(tmp_path):
    text = "I felt heard 🙂. " * 4_000
    sources = [{"id": n, "name": f"{n}.txt", "fulltext": text} for n in range(1, 51)]
    codings = [
        coding(n, 16 * (n % 4_000) + 7, 16 * (n % 4_000) + 12, "heard") | {"fid": n % 50 + 1}
        for n in range(1, 20_001)
    ]
    path = qualcoder(tmp_path, rows(source=sources, code_text=codings, case_text=[]))
    started = time.monotonic()
    project = read(path)
    assert time.monotonic() - started < 10  # 100,000 over 500 documents took 2.7 s
    assert {each.text for each in project.codings} == {"heard"}
