"""Cases, variables and groups are found wherever a program puts them, and precedence is said."""

from __future__ import annotations

import pytest
from qdpx_files import CODE, CODES, SOURCE, coding, guid, pack, project, selection, text_source

from analysis_lib.importers import refi
from analysis_lib.importers.project import Project, Span

TEXT = "I felt heard from the first session on. It ended too soon."
OUTCOME, AGE = guid(51), guid(52)
ANNA = guid(60)
SECOND = guid(22)
VARIABLES = (
    f'<Variable guid="{OUTCOME}" name="Outcome" typeOfVariable="Text"/>'
    f'<Variable guid="{AGE}" name="Age" typeOfVariable="Integer"/>'
)


def value(text: object, variable: str = OUTCOME, kind: str = "TextValue") -> str:
    return f'<VariableValue><VariableRef targetGUID="{variable}"/><{kind}>{text}</{kind}></VariableValue>'


def case(inside: str, name: str = "Anna", key: str = ANNA) -> str:
    named = f' name="{name}"' if name else ""
    return f'<Case guid="{key}"{named}>{inside}</Case>'


def ref(key: str = SOURCE, kind: str = "SourceRef") -> str:
    return f'<{kind} targetGUID="{key}"/>'


@pytest.fixture
def read(tmp_path):
    def read(sources: str = "", cases: str = "", **more: str) -> Project:
        xml = project(sources or text_source(selection(7, 12)), cases=cases, variables=VARIABLES, **more)
        found = refi.read(pack(tmp_path / "made.qdpx", xml, {"sources/one.txt": TEXT}))
        assert found.unreconciled() == {}
        return found

    return read


def said(found: Project, what: str, kind: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(remark.n, remark.ids) for remark in found.remarks if (remark.what, remark.kind) == (what, kind)]


def test_a_case_has_its_sources_and_values(read):
    (anna,) = read(cases=case(value("helpful") + value(41, AGE, "IntegerValue") + ref())).cases
    assert anna.variables == {"Outcome": "helpful", "Age": "41"}
    assert anna.spans == (Span(SOURCE),)


def test_a_case_may_be_part_of_a_source(read):
    (anna,) = read(cases=case(ref(guid(100), "SelectionRef"))).cases
    assert anna.spans == (Span(SOURCE, 7, 12),)


def test_a_coding_to_a_case_says_what_belongs_to_it(read):
    codes = CODES + f'<Code guid="{ANNA}" name="Anna" isCodable="true"/>'
    source = text_source(selection(0, 39, coding(5, ANNA)) + selection(7, 12, number=101))
    found = read(source, case(value("helpful")), codes=codes)
    assert found.cases[0].spans == (Span(SOURCE, 0, 39),)
    assert [each.code for each in found.codings] == [CODE]
    assert ANNA not in {code.key for code in found.codes}
    assert said(found, "merged", "codings") == [(1, (guid(5),))]
    assert said(found, "merged", "codes") == [(1, (ANNA,))]


def test_a_nameless_case_with_one_source_gives_its_values_to_the_source(read):
    found = read(cases=case(value("helpful") + ref(), name=""))
    assert found.cases == ()
    assert found.sources[0].variables == {"Outcome": "helpful"}
    assert said(found, "merged", "cases") == [(1, (ANNA,))]


def test_the_value_of_a_source_goes_before_that_of_its_nameless_case(read):
    found = read(text_source(value("mixed")), case(value("helpful") + ref(), name=""))
    assert found.sources[0].variables == {"Outcome": "mixed"}
    assert (1, (SOURCE,)) in said(found, "read", "variables")


def test_a_nameless_case_with_two_sources_stays_a_case(read):
    two = text_source() + text_source(key=SECOND)
    found = read(two, case(ref() + ref(SECOND), name=""))
    assert [span.source for span in found.cases[0].spans] == [SOURCE, SECOND]


@pytest.mark.parametrize(
    ("case_name", "source_name", "linked"),
    [
        ("P01", "P01.txt", True),
        ("p01", "P01 second interview.docx", True),
        ("P01", "P011.txt", False),
        ("P0", "P01.txt", False),
        ("12", "12 May.txt", False),
        ("12", "12.txt", True),
        ("Anna B", "Anna B_wave1", True),
        ("May", "12 May.txt", False),
    ],
)
def test_cases_of_a_file_without_links_are_matched_by_whole_words_of_names(
    read, case_name, source_name, linked
):
    found = read(text_source(name=source_name), case("", name=case_name))
    assert bool(found.cases[0].spans) is linked
    assert said(found, "guessed" if linked else "orphaned", "cases") == [(1, (ANNA,))]


def test_a_document_that_fits_two_cases_is_given_to_none(read):
    both = case("", name="P01") + case("", name="P01 b", key=guid(61))
    found = read(text_source(name="P01 b c.txt"), both)
    assert said(found, "orphaned", "cases") == [(2, (ANNA, guid(61)))]


def test_nothing_is_matched_by_name_where_the_file_has_links(read):
    two = text_source() + text_source(key=SECOND, name="P02.txt")
    found = read(two, case(ref()) + case("", name="P02", key=guid(61)))
    assert found.cases[1].spans == ()
    assert said(found, "orphaned", "cases") == [(1, (guid(61),))]


def test_links_that_point_nowhere_are_said(read):
    found = read(cases=case(ref(guid(99)) + ref()))
    assert found.cases[0].spans == (Span(SOURCE),)
    assert said(found, "orphaned", "cases") == [(1, (ANNA,))]


def test_two_cases_with_one_guid_are_one(read):
    found = read(cases=case(value("helpful") + ref()) + case(value(41, AGE, "IntegerValue")))
    assert found.cases[0].variables == {"Outcome": "helpful", "Age": "41"}
    assert said(found, "merged", "cases") == [(1, (ANNA,))]


def test_types_are_said_and_a_value_of_another_type_is_read_as_it_stands(read):
    found = read(cases=case(value("41.0", AGE, "FloatValue") + ref()))
    assert found.cases[0].variables == {"Age": "41.0"}
    types, other = said(found, "read", "variables")
    assert types == (2, (f"{OUTCOME} Text", f"{AGE} Integer"))
    assert other == (1, (ANNA,))


def test_a_value_of_no_variable_and_a_second_value_are_said(read):
    found = read(cases=case(value("x", guid(99)) + value("helpful") + value("mixed") + ref()))
    assert found.cases[0].variables == {"Outcome": "helpful"}
    assert said(found, "dropped", "variables") == [(1, (guid(99),)), (1, (ANNA,))]


def test_a_set_of_documents_is_a_variable_of_all_documents(read):
    two = text_source() + text_source(key=SECOND)
    sets = (
        f'<Sets><Set guid="{guid(80)}" name="wave 2"><MemberSource targetGUID="{SECOND}"/>'
        f'<MemberSource targetGUID="{guid(99)}"/></Set>'
        f'<Set guid="{guid(81)}" name="themes"><MemberCode targetGUID="{CODE}"/></Set></Sets>'
    )
    found = read(two, rest=sets)
    assert [source.variables for source in found.sources] == [{"set: wave 2": "no"}, {"set: wave 2": "yes"}]
    assert said(found, "read", "sets") == [(1, (guid(80),))]
    assert said(found, "not carried", "sets") == [(1, (guid(81),))]
    assert said(found, "orphaned", "sets") == [(1, (guid(80),))]


def test_no_remark_repeats_a_name_or_a_text(read):
    secret = "Xanthippe"
    found = read(
        text_source(selection(7, 12, name=secret), name=secret),
        case(value(secret) + ref(guid(99)), name=secret),
        rest=f'<Sets><Set guid="{secret}" name="{secret}"><MemberSource targetGUID="{secret}"/></Set></Sets>',
    )
    assert secret not in str(found.remarks)
