"""A REFI-QDA project is read as programs really write it; what is unsound is said, and nothing is lost silently."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdpx_files import (
    ALICE,
    BOB,
    CHILD,
    CODE,
    CODES,
    OTHER,
    SOURCE,
    coding,
    guid,
    pack,
    project,
    selection,
    text_source,
)

from analysis_lib.errors import StudyError
from analysis_lib.importers import refi, refi_texts
from analysis_lib.importers.project import Project, Span

SMILE = "\N{SLIGHTLY SMILING FACE}"
TEXT = "I felt heard from the first session on. It ended too soon."  # felt 2-6, heard 7-12, ended 43-48


@pytest.fixture
def read(tmp_path):
    """Read a project whose only text, one.txt, is given; nothing of the file may be missing in the remarks."""

    def read(xml: str | bytes, text: str | bytes = TEXT, *, folder: str = "sources/", **more: str) -> Project:
        found = refi.read(pack(tmp_path / "made.qdpx", xml, {f"{folder}one.txt": text}, **more))
        assert found.unreconciled() == {}
        return found

    return read


def said(found: Project, what: str, kind: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(remark.n, remark.ids) for remark in found.remarks if (remark.what, remark.kind) == (what, kind)]


def quotes(found: Project) -> list[str]:
    return [each.text for each in found.codings]


def code_of(path) -> str:
    with pytest.raises(StudyError) as refused:
        refi.read(path)
    (finding,) = refused.value.findings
    return finding.code


# The container


@pytest.mark.parametrize("qde", ["project.qde", "My Study.QDE", "unpacked and packed/project.qde"])
@pytest.mark.parametrize("folder", ["sources/", "Sources/", "Sources\\"])
def test_any_name_of_the_project_and_any_spelling_of_the_folder_is_read(read, qde, folder):
    base = qde.rpartition("/")[0]
    folder = f"{base}/{folder}" if base else folder
    assert quotes(read(project(text_source(selection(7, 12))), folder=folder, qde=qde)) == ["heard"]


@pytest.mark.parametrize(
    "path",
    ["internal://one.txt", "internal://ONE.TXT", "relative:///sources/one.txt", "absolute://C:/study/one.txt",
     "one.txt", "internal:///one.txt", "internal://one%2Etxt"],
)  # fmt: skip
def test_a_text_is_found_by_any_kind_of_path(read, path):
    assert quotes(read(project(text_source(selection(7, 12), path=path)))) == ["heard"]


def test_a_file_outside_of_the_archive_is_never_opened(read, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(TEXT)
    found = read(project(text_source(selection(7, 12), path=f"absolute://{secret}")))
    assert found.sources[0].text is None
    assert said(found, "not carried", "sources") == [(1, (SOURCE,))]


@pytest.mark.parametrize(
    "namespace", ["urn:QDA-XML:project:1.0", "urn:QDA-XML:project:0:4", "urn:QDA-XML:project:2.0"]
)
def test_any_version_of_the_namespace_is_read(read, namespace):
    xml = project(text_source(selection(7, 12))).replace("urn:QDA-XML:project:1.0", namespace)
    assert quotes(read(xml)) == ["heard"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_and_other_encodings_of_the_xml_are_read(read, encoding):
    xml = project(text_source(selection(7, 12))).replace(
        'encoding="utf-8"', f'encoding="{encoding[:6].rstrip("-")}"'
    )
    assert quotes(read(xml.encode(encoding))) == ["heard"]


def test_xml_alone_is_read_with_the_text_that_stands_in_it(tmp_path):
    path = tmp_path / "project.qde"
    inside = f"<PlainTextContent>{TEXT}</PlainTextContent>" + selection(7, 12)
    path.write_text(project(text_source(inside, path=None)), encoding="utf-8")
    assert quotes(refi.read(path)) == ["heard"]
    assert refi.recognises(path) == 1.0


def test_a_codebook_with_codes_directly_below_its_root_is_read(tmp_path):
    path = tmp_path / "book.qdc"
    path.write_text(f'\ufeff<CodeBook xmlns="urn:QDA-XML:codebook:0:4">{CODES}</CodeBook>', encoding="utf-8")
    assert [code.path for code in refi.read(path).codes] == [
        ("alliance",),
        ("alliance", "rupture"),
        ("rupture",),
    ]


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"id,document\n", b"<html/>", b"SQLite format 3\0", b"\xff\xfe"]
)
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x.qdpx"
    path.write_bytes(content)
    assert refi.recognises(path) == 0.0
    assert code_of(path) in {"M02", "M05", "M08"}


def test_a_file_that_is_not_there_is_not_recognised(tmp_path):
    assert refi.recognises(tmp_path / "none.qdpx") == 0.0
    assert code_of(tmp_path / "none.qdpx") == "M01"


def test_an_archive_without_a_project_or_with_two_is_refused(tmp_path):
    assert code_of(pack(tmp_path / "a.qdpx", "x", qde="notes.txt")) == "M10"
    assert code_of(pack(tmp_path / "b.qdpx", project(), {"other.qde": project()})) == "M10"


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (project()[:-20], "M05"),
        (project().replace("</Users>", "</User>"), "M05"),
        (project().replace("<Users>", "<Users>\x01"), "M05"),
        (project().replace("<Project", '<!DOCTYPE Project [<!ENTITY a "b">]><Project'), "M06"),
        (project().replace("<Project", '<!DOCTYPE Project SYSTEM "file:///etc/passwd"><Project'), "M06"),
        (project(codes='<Code name="a">' * 600 + "</Code>" * 600), "M07"),
        (project().replace("urn:QDA-XML:project:1.0", "urn:other"), "M08"),
        ("<html><body/></html>", "M08"),
        (project().replace('encoding="utf-8"', 'encoding="no-such-code"'), "M05"),
    ],
)
def test_wrong_xml_is_refused_with_a_sentence(tmp_path, xml, code):
    assert code_of(pack(tmp_path / "a.qdpx", xml)) == code


def test_a_truncated_file_is_refused(tmp_path):
    path = pack(tmp_path / "a.qdpx", project())
    path.write_bytes(path.read_bytes()[:-40])
    assert code_of(path) == "M02"


def test_more_text_than_can_be_held_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(refi_texts, "MAX_HELD_BYTES", 60)
    assert code_of(pack(tmp_path / "a.qdpx", project(text_source()), {"sources/one.txt": TEXT})) == "M09"


# Codes


def test_codes_nest_and_names_may_repeat(read):
    found = read(project())
    assert [(code.key, code.path) for code in found.codes] == [
        (CODE, ("alliance",)), (CHILD, ("alliance", "rupture")), (OTHER, ("rupture",)),
    ]  # fmt: skip


def test_four_hundred_codes_inside_each_other_are_read(read):
    found = read(project(codes='<Code name="a">' * 400 + "</Code>" * 400))
    assert len(found.codes[-1].path) == 400


def test_guids_are_the_same_with_braces_and_capitals(read):
    written = f"{{{CODE.upper()}}}"
    found = read(project(text_source(selection(7, 12, coding(code=written)))))
    assert found.codings[0].code == CODE


def test_a_category_is_not_codable_but_keeps_the_codings_it_has(read):
    codes = CODES.replace('isCodable="true"', 'isCodable="false"', 1)
    found = read(project(text_source(selection(7, 12)), codes=codes))
    assert not found.codes[0].codable
    assert quotes(found) == ["heard"]
    assert (1, (guid(1100),)) in said(found, "read", "codings")


def test_two_codes_with_one_guid_are_one(read):
    found = read(project(codes=CODES + f'<Code guid="{CODE}" name="again" isCodable="true"/>'))
    assert len(found.codes) == 3
    assert said(found, "merged", "codes") == [(1, (CODE,))]


def test_an_id_that_is_no_guid_still_links_and_is_never_shown(read):
    codes = '<Code guid="Anna Smith" name="a" isCodable="true"/>'
    found = read(project(text_source(selection(7, 12, coding(code="Anna Smith"))), codes=codes))
    assert quotes(found) == ["heard"]
    assert "Anna" not in str(found.codes[0].key)


# Codings


def test_several_codings_of_one_selection_are_read(read):
    inside = coding(1, CODE) + coding(2, CHILD) + coding(3, CODE, BOB)
    found = read(project(text_source(selection(7, 12, inside))))
    assert [(each.code, each.coder, each.origin) for each in found.codings] == [
        (CODE, "alice", guid(1)), (CHILD, "alice", guid(2)), (CODE, "bob", guid(3)),
    ]  # fmt: skip


def test_one_coding_written_as_two_selections_is_merged(read):
    twice = selection(7, 12, coding(1, time="")) + selection(7, 12, coding(2), number=101)
    found = read(project(text_source(twice)))
    assert said(found, "merged", "codings") == [(1, (guid(2),))]
    (kept,) = found.codings
    assert (kept.origin, kept.coded_at) == (guid(1), "2024-06-10T09:00:00Z")


def test_who_and_when_come_from_the_coding_before_the_selection(read):
    of_selection = f'creatingUser="{BOB}" creationDateTime="2020-01-01T00:00:00Z"'
    found = read(project(text_source(selection(7, 12, more=of_selection))))
    assert (found.codings[0].coder, found.codings[0].coded_at) == ("alice", "2024-06-10T09:00:00Z")


@pytest.mark.parametrize(
    "attributes", ["creatingUser {} creationDateTime", "modifyingUser {} modifiedDateTime"]
)
def test_who_and_when_come_from_the_selection_before_the_source(read, attributes):
    who, _, when = attributes.split()
    of_source = f'creatingUser="{ALICE}" creationDateTime="2019-01-01T00:00:00Z"'
    of_selection = f'{who}="{BOB}" {when}="2020-01-01T00:00:00Z"'
    bare = selection(7, 12, coding(user="", time=""), more=of_selection)
    found = read(project(text_source(bare, more=of_source)))
    assert (found.codings[0].coder, found.codings[0].coded_at) == ("bob", "2020-01-01T00:00:00Z")
    assert said(found, "guessed", "codings") == []


def test_who_and_when_of_the_source_are_a_guess(read):
    of_source = f'creatingUser="{BOB}" creationDateTime="2019-01-01T00:00:00Z"'
    found = read(project(text_source(selection(7, 12, coding(user="", time="")), more=of_source)))
    assert (found.codings[0].coder, found.codings[0].coded_at) == ("bob", "2019-01-01T00:00:00Z")
    assert said(found, "guessed", "codings") == [(1, (guid(500),)), (1, (guid(500),))]


def test_coders_of_one_name_stay_two(read):
    xml = project(text_source(selection(7, 12, coding(1) + coding(2, user=BOB)))).replace('"bob"', '"alice"')
    assert len({each.coder for each in read(xml).codings}) == 2


def test_an_unknown_coder_is_called_by_guid(read):
    found = read(project(text_source(selection(7, 12, coding(user=guid(77))))))
    assert found.codings[0].coder == guid(77)
    assert said(found, "orphaned", "codings") == [(1, (guid(500),))]


def test_a_coding_of_a_whole_source_has_no_ends_and_all_words(read):
    found = read(project(text_source(coding())))
    assert (found.codings[0].start, found.codings[0].end, found.codings[0].text) == (None, None, TEXT)


def pdf_area(number: int) -> str:
    where = f'page="{number}" firstX="1" firstY="2" secondX="3" secondY="4"'
    return f'<PDFSelection guid="{guid(number + 20)}" {where}>{coding(number)}</PDFSelection>'


def test_codings_of_the_text_layer_of_a_pdf_are_read(read):
    layer = f'<Representation guid="{guid(30)}" plainTextPath="internal://one.txt">{selection(7, 12)}</Representation>'
    area = pdf_area(9)
    found = read(project(f'<PDFSource guid="{SOURCE}" name="P01.pdf">{area}{layer}</PDFSource>'))
    assert [(each.source, each.start, each.text, each.origin) for each in found.codings] == [
        (SOURCE, None, "", guid(9)), (SOURCE, 7, "heard", guid(1100)),
    ]  # fmt: skip
    assert said(found, "read", "codings") == [(1, (guid(9),))]


def test_two_areas_with_one_code_stay_two(read):
    areas = "".join(pdf_area(n) for n in (31, 32))
    assert len(read(project(f'<PDFSource guid="{SOURCE}" name="P01.pdf">{areas}</PDFSource>')).codings) == 2


def transcript(number: int, inside: str) -> str:
    points = "".join(
        f'<SyncPoint guid="{guid(key)}" timeStamp="0" position="{at}"/>' for key, at in ((41, 7), (42, 12))
    )
    return (
        f'<Transcript guid="{guid(number)}" plainTextPath="internal://one.txt">{points}{inside}</Transcript>'
    )


def synced(start: int, end: int, number: int = 5) -> str:
    return (
        f'<TranscriptSelection guid="{guid(90)}" fromSyncPoint="{guid(start)}" toSyncPoint="{guid(end)}">'
        f"{coding(number)}</TranscriptSelection>"
    )


def test_codings_of_a_transcript_are_placed_by_its_synchronisation_points(read):
    found = read(
        project(f'<AudioSource guid="{SOURCE}" name="P01">{transcript(40, synced(41, 42))}</AudioSource>')
    )
    assert [(each.source, each.start, each.end, each.text) for each in found.codings] == [
        (SOURCE, 7, 12, "heard")
    ]


def test_a_synchronisation_point_that_is_missing_loses_the_coding_with_a_remark(read):
    found = read(
        project(f'<AudioSource guid="{SOURCE}" name="P01">{transcript(40, synced(41, 49))}</AudioSource>')
    )
    assert said(found, "dropped", "codings") == [(1, (guid(5),))]


def test_a_second_transcript_is_a_source_of_its_own_and_of_the_same_case(read):
    both = transcript(40, synced(41, 42)) + transcript(43, synced(41, 42, 6))
    case = f'<Case guid="{guid(60)}" name="Anna"><SourceRef targetGUID="{SOURCE}"/></Case>'
    found = read(project(f'<VideoSource guid="{SOURCE}" name="P01">{both}</VideoSource>', cases=case))
    assert [source.key for source in found.sources] == [SOURCE, guid(43)]
    assert [span.source for span in found.cases[0].spans] == [SOURCE, guid(43)]


def test_selections_without_a_code_are_kept_as_untagged(read):
    assert read(project(text_source(selection(7, 12, "")))).untagged == (Span(SOURCE, 7, 12),)


def test_the_description_of_a_selection_is_the_memo_of_its_codings(read):
    found = read(project(text_source(selection(7, 12, f"<Description>look again</Description>{coding()}"))))
    assert found.codings[0].memo == "look again"


@pytest.mark.parametrize(
    "lost",
    [
        selection(7, 12, coding(5, guid(99))),  # no such code
        selection(7, 12, f'<Coding guid="{guid(5)}"/>'),  # no code at all
        selection(7, 900, coding(5)),  # past the end
        selection(12, 7, coding(5)),
        selection(7, 7, coding(5)),
        selection("x", 12, coding(5)),
        selection(-1, 12, coding(5)),
        selection("9" * 400, "9" * 401, coding(5)),
    ],
)
def test_an_unsound_coding_is_dropped_with_a_remark_and_the_others_are_read(read, lost):
    found = read(project(text_source(selection(43, 48, number=102) + lost)))
    assert quotes(found) == ["ended"]
    assert said(found, "dropped", "codings") == [(1, (guid(5),))]


def test_half_a_character_is_never_read(read):
    text = f"{SMILE} one two three four five"
    sound = [(3, 6), (7, 10), (11, 16)]  # UTF-16: the smile is 0-2, a blank, "one" at 3
    chosen = "".join(selection(a, b, number=200 + i) for i, (a, b) in enumerate(sound))
    found = read(project(text_source(chosen + selection(1, 6, coding(5)))), text)
    assert quotes(found) == ["one", "two", "three"]
    assert said(found, "dropped", "codings") == [(1, (guid(5),))]


def test_codings_in_memos_are_dropped_with_a_remark(read):
    memo = f'<Notes><Note guid="{guid(70)}"><PlainTextContent>x y</PlainTextContent>{selection(0, 1)}</Note></Notes>'
    found = read(project(rest=memo))
    assert said(found, "dropped", "codings") == [(1, ())]
    assert said(found, "not carried", "sources") == [(1, ())]


def test_a_missing_text_keeps_the_codings_unchecked(read):
    found = read(project(text_source(selection(7, 12), path="internal://gone.txt")))
    assert [(each.start, each.end, each.text) for each in found.codings] == [(7, 12, "")]
    assert said(found, "orphaned", "codings") == [(1, (guid(1100),))]


def test_two_sources_with_one_guid_stay_two(read):
    found = read(
        project(text_source(selection(7, 12)) + text_source(selection(43, 48, number=101), name="P02.txt"))
    )
    assert quotes(found) == ["heard", "ended"]
    assert len({source.key for source in found.sources}) == 2
    assert said(found, "guessed", "sources") == [(1, (SOURCE,))]


def test_a_text_that_is_no_utf8_is_read_as_cp1252_and_said_to_be_guessed(read):
    found = read(project(text_source(selection(0, 5))), "na\u00efve\u2026".encode("cp1252"))
    assert quotes(found) == ["na\u00efve"]
    assert said(found, "guessed", "sources") == [(1, (SOURCE,))]


# Ways of counting


def test_nonsense_is_not_guessed_at(read):
    inside = "".join(selection(3 + n, 9 + n, number=100 + n) for n in (0, 1, 6))  # all cut words in two
    found = read(project(text_source(inside + coding(7))))
    assert quotes(found) == [TEXT]
    assert said(found, "dropped", "codings") == [(3, (SOURCE,))]
    assert found.offsets[0].score < 0.5


def test_a_short_document_is_counted_as_the_others_of_its_project(read):
    # 24 words in UTF-16 units in one document. Of the two selections of the other one is a word in those units and one
    # ends inside of a word; as code points they would be two words, which is chance.
    long = f"{SMILE} one " * 24  # 7 units each, "one" at 3
    many = "".join(selection(3 + 7 * n, 6 + 7 * n, number=100 + n) for n in range(24))
    short = f"{SMILE} ab cde fg"  # units: ab 3-5, cde 6-9; code points: cde 5-8, fg 9-11
    inside = selection(6, 9, number=300) + selection(9, 11, number=301)
    content = f"<PlainTextContent>{short}</PlainTextContent>"
    found = read(project(text_source(many) + text_source(content + inside, key=guid(22), path=None)), long)
    assert quotes(found)[-2:] == ["cde", " f"]
    assert found.offsets[1].rule.startswith("UTF-16 units")


def test_the_words_the_file_quotes_win_over_boundaries(read):
    found = read(project(text_source(selection(0, 3, name="an"))), b"\xef\xbb\xbfan a")
    assert quotes(found) == ["an"]
    assert found.offsets[0].rule.endswith("BOM counted")


def test_words_that_differ_from_the_text_are_said(read):
    inside = selection(7, 12, name="heard") + selection(43, 48, name="begun", number=101)
    assert (1, (guid(101),)) in said(read(project(text_source(inside))), "read", "codings")


def test_names_that_are_no_words_are_not_compared(read):
    found = read(project(text_source(selection(7, 12, name="my best quote"))))
    assert quotes(found) == ["heard"]
    assert said(found, "not carried", "codings") == [(1, (guid(100),))]


def test_line_ends_of_two_characters_in_the_xml_are_found_out(read):
    # The XML reader makes "a b\nc d"; the program counted two characters for the line end: c stands at 5.
    inside = (
        f"<PlainTextContent>aa b\r\ncc dd</PlainTextContent>{selection(6, 8)}{selection(9, 11, number=101)}"
    )
    assert quotes(read(project(text_source(inside, path=None)))) == ["cc", "dd"]


WORDS = st.sampled_from(
    ["one", "zwei", SMILE, "caf\u00e9", "nai\u0308ve", "\u05e9\u05dc\u05d5\u05dd", "85", "\u20ac"]
)
GAPS = st.sampled_from([" ", "\n", "\r\n", "\r", " \r\n", "\u00a0"])


@settings(deadline=None, max_examples=60)
@given(
    words=st.lists(st.tuples(WORDS, GAPS), min_size=4, max_size=30),
    places=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), min_size=1, max_size=12),
    utf16=st.booleans(),
    one=st.booleans(),
    bom=st.booleans(),
)
def test_quotes_come_back_whatever_was_counted(tmp_path_factory, words, places, utf16, one, bom):
    """The file quotes its words, as several programs do; overlapping and nested selections included."""
    text = "".join(word + gap for word, gap in words)
    begins = [sum(len(w + g) for w, g in words[:n]) for n in range(len(words))]

    def position(at: int) -> int:
        before = text[:at].replace("\r\n", "\n") if one else text[:at]
        return len(before.encode("utf-16-le")) // 2 if utf16 else len(before)

    wanted, inside = [], ""
    for number, (a, b) in enumerate(places):
        first, last = sorted((a % len(words), b % len(words)))
        start, end = begins[first], begins[last] + len(words[last][0])
        wanted.append(text[start:end])
        code = guid(800 + number)
        inside += selection(
            position(start), position(end), coding(number, code), number=100 + number, name=text[start:end]
        )
    codes = "".join(
        f'<Code guid="{guid(800 + n)}" name="same" isCodable="true"/>' for n in range(len(places))
    )
    raw = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    path = tmp_path_factory.mktemp("made") / "a.qdpx"
    found = refi.read(pack(path, project(text_source(inside), codes=codes), {"sources/one.txt": raw}))
    assert quotes(found) == wanted
    assert found.sources[0].text == text
    assert all(found.sources[0].text[each.start : each.end] == each.text for each in found.codings)


def test_the_same_file_gives_the_same_project(tmp_path):
    path = pack(tmp_path / "a.qdpx", project(text_source(selection(7, 12))), {"sources/one.txt": TEXT})
    assert refi.read(path) == refi.read(path)
