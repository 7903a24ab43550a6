"""REFI-QDA files: what stands in them, that the standard allows it, and that two exports are one."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from refi_rules import breaches_of_codebook, breaches_of_project
from tiny_study import write_study

import analysis_lib as al
from analysis_lib.codebook import Codebook, Theme
from analysis_lib.errors import StudyError
from analysis_lib.exporters import EXPORTERS, refi_codebook, refi_project
from analysis_lib.exporters.source_texts import source_texts
from analysis_lib.wave import Wave

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
N = {"p": "urn:QDA-XML:project:1.0"}

# Offsets count code points; D01 is "Hm. She left 🙂 early, twice.", of which 0-4 and 22-23 stand in no segment.
SEGMENTS = """\
segment_id,participant_id,code_id,coder_id,document_id,start,end,text,coded_at,round,memo
S2,P01,A.late,c2,D01,9,21,left 🙂 early,,independent,a memo
S1,P01,A,c1,D01,5,21,She left 🙂 early,2024-04-02,independent,
S1,P01,A.late,c1,D01,5,21,She left 🙂 early,2024-04-03,independent,
S3,P01,A.cold,c1,D01,23,28,twice,,independent,
S4,P05,A.cold,c1,D05,3,10,longer than seven,,independent,
S5,P09,A.cold,c1,D09,0,6,secret,,independent,
S6,P06,A.cold,,,,,no place at all,,independent,
"""
D01 = "····\nShe left 🙂 early·\ntwice"


@dataclass
class Parsed:
    """A project read back with nothing but the standard library."""

    root: ET.Element
    texts: dict[str, str]

    def guid(self, path: str) -> str:
        return self.root.find(path, N).get("guid")

    def source(self, name: str) -> tuple[ET.Element, str]:
        found = self.root.find(f"p:Sources/p:TextSource[@name='{name}']", N)
        return found, self.texts[found.get("plainTextPath").removeprefix("internal://")]

    def codings(self) -> set[tuple]:
        """(source, start, end, words, code description's id, coder, date) of every coding."""
        codes = {
            code.get("guid"): re.search(r"^Id: (.*)$", code.find("p:Description", N).text, re.MULTILINE)[1]
            for code in self.root.iter(f"{{{N['p']}}}Code")
        }
        coders = {user.get("guid"): user.get("id") for user in self.root.iterfind("p:Users/p:User", N)}
        found = set()
        for source in self.root.iterfind("p:Sources/p:TextSource", N):
            _, text = self.source(source.get("name"))
            for selection in source.iterfind("p:PlainTextSelection", N):
                start, end = int(selection.get("startPosition")), int(selection.get("endPosition"))
                for coding in selection.iterfind("p:Coding", N):
                    code = codes[coding.find("p:CodeRef", N).get("targetGUID")]
                    who, when = coders.get(coding.get("creatingUser")), coding.get("creationDateTime")
                    found.add((source.get("name"), start, end, text[start:end], code, who, when))
        return found

    def values(self, person: str) -> dict[str, str]:
        """Variable -> value of a case."""
        names = {v.get("guid"): v.get("name") for v in self.root.iterfind("p:Variables/p:Variable", N)}
        case = self.root.find(f"p:Cases/p:Case[@name='{person}']", N)
        pairs = case.iterfind("p:VariableValue", N)
        return {names[reference.get("targetGUID")]: value.text for reference, value in pairs}


def parsed(content: bytes) -> Parsed:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = {
            name.split("/")[1]: archive.read(name).decode("utf-8")
            for name in archive.namelist()
            if "/" in name
        }
        return Parsed(fromstring(archive.read("project.qde")), texts)


def exported(wave: Wave, **options) -> bytes:
    content = refi_project(wave, al.quantitize(wave), **options)
    assert breaches_of_project(zipfile.ZipFile(io.BytesIO(content))) == []
    return content


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Wave:
    """The study of twelve people with segments that stand where they say they do."""
    changed = {"waves/w1/coded_segments.csv": SEGMENTS}
    return al.load_wave(write_study(tmp_path_factory.mktemp("study"), changed), "w1")


@pytest.fixture(scope="module")
def project(tiny) -> Parsed:
    return parsed(exported(tiny))


def with_segments(wave: Wave, *rows: dict) -> Wave:
    """The wave with other segments, one row each, and no other documents."""
    usual = {"participant_id": "P01", "code_id": "A.cold"}
    table = pd.DataFrame(
        {
            name: pd.Series([{**usual, **row}.get(name) for row in rows], dtype=dtype)
            for name, dtype in wave.segments.dtypes.items()
        }
    )
    return replace(wave, segments=table, documents=wave.documents[:0])


# What stands in a project


def test_a_text_is_rebuilt_from_words_at_their_offsets_and_a_placeholder_for_the_rest(project):
    source, text = project.source("D01")
    assert text == D01
    assert source.find("p:Description", N).text.startswith("Rebuilt from coded segments at their offsets")


def test_every_coding_has_its_place_words_code_coder_and_date(project):
    assert {coding for coding in project.codings() if coding[0] == "D01"} == {
        ("D01", 5, 21, "She left 🙂 early", "A", "c1", "2024-04-02T00:00:00Z"),
        ("D01", 5, 21, "She left 🙂 early", "A.late", "c1", "2024-04-03T00:00:00Z"),
        ("D01", 9, 21, "left 🙂 early", "A.late", "c2", None),
        ("D01", 23, 28, "twice", "A.cold", "c1", None),
    }


def test_codes_and_coders_of_one_segment_share_its_selection(project):
    source, _ = project.source("D01")
    assert [len(s.findall("p:Coding", N)) for s in source.iterfind("p:PlainTextSelection", N)] == [2, 1, 1]


def test_words_that_do_not_fit_their_offsets_stand_on_a_line_of_their_own(project):
    source, text = project.source("D05")
    assert text == "longer than seven"
    assert "not the text of the document" in source.find("p:Description", N).text


def test_a_segment_without_a_document_is_in_a_source_of_its_person(project):
    assert ("P06 (no document)", 0, 15, "no place at all", "A.cold", None, None) in project.codings()


def test_a_document_without_codings_is_there_so_that_it_is_known_to_have_been_read(project):
    source, text = project.source("D04")
    assert text == "·"
    assert source.find("p:Description", N).text.startswith("Nothing was coded here.")


def test_whoever_did_not_agree_to_analysis_is_nowhere_in_the_file(tiny):
    content = exported(tiny)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"P08" in everything
    for trace in (b"P09", b"D09", b"secret", b"S5"):
        assert trace not in everything


def test_memos_stay_behind(project):
    assert "a memo" not in ET.tostring(project.root, encoding="unicode")


def test_a_case_has_its_columns_with_their_types_its_group_and_its_themes(project):
    # P01: A.late and A.cold were found, hence A; B and B.skills were not. Z.rare is optional and nobody has it.
    assert project.values("P01") == {
        "perceived_helpfulness": "helpful",
        "termination_type": "completed_agreed",
        "outcome_group": "helpful",
        "sessions_planned": "12",
        "sessions_attended": "12",
        "therapist_id": "T1",
        "age": "34",
        "started_on": "2023-09-04",
        "ended_on": "2023-12-11",
        "theme A": "1",
        "theme A.cold": "1",
        "theme A.late": "1",
        "theme B": "0",
        "theme B.skills": "0",
    }
    types = {
        v.get("name"): v.get("typeOfVariable") for v in project.root.iterfind("p:Variables/p:Variable", N)
    }
    assert types["outcome_group"] == "Text"
    assert types["sessions_planned"] == "Integer"
    assert types["age"] == "Float"
    assert types["started_on"] == "Date"
    assert types["theme A"] == "Integer"


def test_a_missing_value_is_absent(project):
    # P12 is in therapy and in no group; P03 has no material, so no theme can be coded.
    assert not {"outcome_group", "ended_on"} & project.values("P12").keys()
    assert not [name for name in project.values("P03") if name.startswith("theme")]


def test_sets_hold_the_documents_of_each_group_and_the_themes_of_each_polarity(project):
    names = {s.get("guid"): s.get("name") for s in project.root.iterfind("p:Sources/p:TextSource", N)}
    sets = {s.get("name"): s for s in project.root.iterfind("p:Sets/p:Set", N)}
    assert list(sets) == [
        *("Helpful", "Unhelpful", "Mixed", "Dropped out"),
        *("Hindering themes", "Helpful themes", "Neutral themes"),
    ]
    assert [names[m.get("targetGUID")] for m in sets["Helpful"].iterfind("p:MemberSource", N)] == [
        *("D01", "D02", "D03", "D04")
    ]
    assert len(sets["Hindering themes"].findall("p:MemberCode", N)) == 3


def test_the_codebook_keeps_its_tree_and_says_everything_about_a_theme():
    themes = (
        Theme(
            "A", "Cold", definition="No warmth.", include="Looks.", exclude="Words (B).", polarity="hindering"
        ),
        Theme("A.late", "Late", "A", status="retired", replaced_by=("A",)),
    )
    root = fromstring(refi_codebook(Codebook("1", themes), "mine"))
    upper = root[0][0]
    assert (upper.get("name"), upper.get("isCodable")) == ("Cold", "true")
    assert upper[0].text == "No warmth.\nInclude: Looks.\nExclude: Words (B).\nPolarity: hindering\nId: A"
    assert upper[1].get("name") == "Late"
    assert upper[1][0].text == "Polarity: neutral\nStatus: retired\nReplaced by: A\nId: A.late"
    assert upper.get("color") == upper[1].get("color")


# Identity


def test_a_codebook_and_a_project_of_one_study_agree_on_every_code(tiny, project):
    alone = fromstring(EXPORTERS["refi-codebook"].make(tiny.study))
    inside = project.root.find("p:CodeBook", N)
    assert [e.get("guid") for e in alone.iter() if e.get("guid")] == [
        e.get("guid") for e in inside.iter() if e.get("guid")
    ]


def test_exporting_twice_gives_the_same_bytes(tiny):
    assert exported(tiny) == exported(tiny)


def test_the_order_of_rows_in_the_tables_cannot_matter(tiny):
    turned = replace(tiny, segments=tiny.segments[::-1], documents=tiny.documents[::-1])
    assert exported(turned) == exported(tiny)


def test_people_and_codes_keep_their_guid_from_wave_to_wave_and_documents_do_not(tiny, project):
    later = parsed(exported(replace(tiny, id="w2")))
    for path in ("p:Cases/p:Case[@name='P01']", "p:CodeBook/p:Codes/p:Code", "p:Users/p:User"):
        assert later.guid(path) == project.guid(path)
    path = "p:Sources/p:TextSource[@name='D01']"
    assert later.guid(path) != project.guid(path)
    assert later.guid(f"{path}/p:PlainTextSelection") != project.guid(f"{path}/p:PlainTextSelection")


def test_another_study_has_other_guids(tiny, project):
    other = parsed(exported(replace(tiny, study=replace(tiny.study, name="other"))))
    assert other.guid("p:CodeBook/p:Codes/p:Code") != project.guid("p:CodeBook/p:Codes/p:Code")


def test_original_guids_are_kept_where_they_are_given(tiny, project):
    given_guid = "{AAAAAAAA-0000-4000-8000-00000000000A}"
    kept = parsed(
        exported(tiny, guids={("code", "A"): given_guid, ("document", "D01"): "b" * 8 + given_guid[9:-1]})
    )
    assert kept.guid("p:CodeBook/p:Codes/p:Code") == "aaaaaaaa-0000-4000-8000-00000000000a"
    source, text = kept.source("D01")
    assert source.get("guid") == "bbbbbbbb-0000-4000-8000-00000000000a"
    assert text == D01
    assert kept.guid("p:Users/p:User") == project.guid("p:Users/p:User")


@pytest.mark.parametrize(
    ("guids", "code"),
    [
        ({("code", "A"): "not a guid"}, "M85"),
        (dict.fromkeys([("code", "A"), ("code", "B")], "aaaaaaaa-0000-4000-8000-00000000000a"), "M86"),
    ],
)
def test_original_guids_that_are_none_or_stand_twice_are_refused(tiny, guids, code):
    with pytest.raises(StudyError, match=code):
        refi_project(tiny, al.quantitize(tiny), guids=guids)


def test_themes_of_another_wave_are_refused(tiny):
    with pytest.raises(ValueError, match="another wave"):
        refi_project(replace(tiny, id="w2"), al.quantitize(tiny))


# The container


def test_the_archive_has_fixed_times_and_no_compression(tiny):
    with zipfile.ZipFile(io.BytesIO(exported(tiny))) as archive:
        entries = archive.infolist()
    assert entries[0].filename == "project.qde"
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}


# Rebuilt texts


def test_line_ends_become_lf_without_moving_an_offset(tiny):
    wave = with_segments(
        tiny,
        {"segment_id": "S1", "document_id": "D", "start": 0, "end": 6, "text": "a\r\nb\rc"},
        {"segment_id": "S2", "document_id": "D", "start": 3, "end": 6, "text": "b\rc"},
    )
    (source,) = source_texts(wave)
    assert source.text == "a \nb\nc"
    assert source.places == {"S1": (0, 6), "S2": (3, 6)}


def test_words_that_contradict_earlier_ones_follow_below(tiny):
    wave = with_segments(
        tiny,
        {"segment_id": "S1", "document_id": "D", "start": 0, "end": 4, "text": "abcd"},
        {"segment_id": "S2", "document_id": "D", "start": 2, "end": 6, "text": "XXef"},
    )
    (source,) = source_texts(wave)
    assert source.text == "abcd\nXXef"
    assert source.places == {"S1": (0, 4), "S2": (5, 9)}
    assert source.description.endswith("stand one to a line at the end.")


def test_a_translated_segment_stands_in_the_language_its_offsets_count_in(tiny):
    row = {
        "segment_id": "S1",
        "document_id": "D",
        "start": 0,
        "end": 5,
        "text": "She left",
        "text_original": "Elle!",
    }
    assert source_texts(with_segments(tiny, row))[0].text == "Elle!"
    assert source_texts(with_segments(tiny, {**row, "end": 8}))[0].text == "She left"


def test_a_segment_without_words_keeps_its_place(tiny):
    wave = with_segments(
        tiny,
        {"segment_id": "S1", "document_id": "D", "start": 6, "end": 9},
        {"segment_id": "S2", "document_id": "D", "start": 0, "end": 2, "text": "ab"},
    )
    (source,) = source_texts(wave)
    assert source.text == "ab······\n"
    assert source.places == {"S2": (0, 2), "S1": (6, 9)}


def test_an_offset_beyond_any_interview_fills_no_memory(tiny):
    row = {"segment_id": "S1", "document_id": "D", "start": 10**14, "end": 10**14 + 2, "text": "ab"}
    (source,) = source_texts(with_segments(tiny, row))
    assert (source.text, source.places) == ("ab", {"S1": (0, 2)})


def test_two_people_in_one_document_have_their_own_selections(tiny):
    wave = with_segments(
        tiny,
        {"segment_id": "S1", "document_id": "D", "start": 0, "end": 2, "text": "ab", "coder_id": "c1"},
        {"segment_id": "S2", "participant_id": "P02", "document_id": "D", "start": 2, "end": 4, "text": "cd"},
    )
    project = parsed(exported(wave))
    for person, selection in (("P01", "0"), ("P02", "2")):
        case = project.root.find(f"p:Cases/p:Case[@name='{person}']", N)
        assert case.find("p:SourceRef", N) is None
        guid = case.find("p:SelectionRef", N).get("targetGUID")
        path = f"p:Sources/p:TextSource/p:PlainTextSelection[@startPosition='{selection}']"
        assert guid == project.guid(path)


def test_control_characters_leave_the_file_readable(tiny):
    row = {"segment_id": "S1", "document_id": "D", "start": 0, "end": 3, "text": "a\x0bb", "coder_id": "c1"}
    source, text = parsed(exported(with_segments(tiny, row))).source("D")
    assert text == "a\x0bb"
    assert source.find("p:PlainTextSelection", N).get("name") == "a\N{REPLACEMENT CHARACTER}b"


def test_a_wave_without_codings_is_exported(tiny):
    empty = replace(
        tiny, segments=tiny.segments[:0], documents=tiny.documents[:0], assignments=tiny.assignments[:0]
    )
    project = parsed(exported(empty))
    assert project.codings() == set()
    assert project.root.find("p:Sources", N) is None
    assert project.root.find("p:Users", N) is None


LETTERS = st.sampled_from(["a", "b", " ", "🙂", "e\u0301", "\u0627", "\r\n", "\r", "\n", "·", "<", "\u2028"])


@given(st.lists(LETTERS, min_size=1, max_size=60).map("".join), st.data())
@settings(deadline=None, max_examples=60)
def test_words_of_one_text_come_back_at_their_offsets(tiny, text, data):
    n = len(text)
    spans = st.tuples(st.integers(0, n - 1), st.integers(1, n)).filter(lambda span: span[0] < span[1])
    rows = [
        {"segment_id": f"S{i}", "document_id": "D", "start": start, "end": end, "text": text[start:end]}
        for i, (start, end) in enumerate(data.draw(st.lists(spans, min_size=1, max_size=8)))
    ]
    (source,) = source_texts(with_segments(tiny, *rows))
    lf = text.replace("\r\n", " \n").replace("\r", "\n")
    assert source.places == {row["segment_id"]: (row["start"], row["end"]) for row in rows}
    assert "\r" not in source.text
    for row in rows:
        # A segment that ends between CR and LF has no LF to pair with where nobody coded the next letter.
        words, at = lf[row["start"] : row["end"]], slice(row["start"], row["end"])
        whole = text[row["end"] - 1 : row["end"] + 1] != "\r\n"
        assert source.text[at] == words if whole else source.text[at][:-1] == words[:-1]


def test_codes_that_nest_beyond_measure_are_refused():
    themes = [Theme("T0", "top")] + [Theme(f"T{i}", "deep", f"T{i - 1}") for i in range(1, 402)]
    with pytest.raises(StudyError, match="M87"):
        refi_codebook(Codebook("1", tuple(themes)), "deep")
    assert breaches_of_codebook(refi_codebook(Codebook("1", tuple(themes[:400])), "deep")) == []


# The example study


@pytest.mark.parametrize("name", ["2024a", "2024b", "2025a"])
def test_every_coding_of_the_example_is_in_its_project(examples, name):
    wave = examples[name].wave
    rows = wave.segments[["document_id", "start", "end", "text", "code_id", "coder_id", "coded_at"]]
    expected = {(*row[:6], f"{row.coded_at:%Y-%m-%d}T00:00:00Z") for row in rows.itertuples(index=False)}
    assert parsed(exported(wave)).codings() == expected


# The rules themselves


@pytest.mark.parametrize(
    ("old", "new", "breach"),
    [
        (
            'creationDateTime="2024-04-02T00:00:00Z"',
            'creationDateTime="2024-04-02"',
            "Coding has a creationDateTime",
        ),
        ('isCodable="true" ', "", "Code lacks isCodable"),
        ("<FloatValue>34</FloatValue>", "<FloatValue />", "FloatValue holds a value of another type"),
        ("<FloatValue>34</FloatValue>", "<TextValue>34</TextValue>", "a Float variable has a TextValue"),
        ("<CodeRef ", "<NoteRef ", "Coding holds NoteRef"),
        ('endPosition="28"', 'endPosition="29"', "a selection lies outside its text"),
        ('<User guid="', '<User guid="x', "User has a guid of another type"),
        ("<Users>", "<Sets /><Users>", "Sets holds nothing"),
    ],
)
def test_the_rules_find_what_the_standard_does_not_allow(tiny, old, new, breach):
    with zipfile.ZipFile(io.BytesIO(exported(tiny))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    text = entries["project.qde"].decode()
    assert old in text
    entries["project.qde"] = text.replace(old, new, 1).encode()
    spoilt = io.BytesIO()
    with zipfile.ZipFile(spoilt, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    found = breaches_of_project(zipfile.ZipFile(spoilt))
    assert any(line.startswith(breach) for line in found), found


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not beside this checkout")
def test_the_rules_accept_a_project_that_is_valid_by_the_schema_of_the_standard():
    # The schema does not follow references; the one to the project's own maker leads nowhere in this file.
    assert breaches_of_project(SAMPLES / "qualcoder" / "demo.qdpx") == [
        "Project has an unknown creatingUserGUID"
    ]
    assert breaches_of_codebook((SAMPLES / "qualcoder" / "Codebook-demo.qdc").read_bytes()) == []
