"""One QualCoder project through every file it can be exported to: the same codings, up to what each file loses."""

from __future__ import annotations

from collections import Counter

import pytest
from program_files import sample

from analysis_lib.importers import qualcoder, qualcoder_matrix, qualcoder_reports
from analysis_lib.importers.project import Coding, Project


def names(project: Project) -> dict[str, str]:
    return {source.key: source.name for source in project.sources}


def owner(project: Project, coding: Coding) -> str:
    """Case of a coding as the file says it, else the case with a span around it."""
    called = {case.key: case.name for case in project.cases}
    if coding.case is not None:
        return called[coding.case]
    (name,) = {
        case.name
        for case in project.cases
        for span in case.spans
        if span.source == coding.source and span.start <= coding.start and coding.end <= span.end
    }
    return name


@pytest.fixture(scope="module")
def project() -> Project:
    return qualcoder.read(sample("qualcoder/data.qda"))


REPORTS = [
    "report_codes_by_file.xlsx",
    "report_codes_by_file.csv",
    "report_codes_by_case.xlsx",
    "report_codes_by_case.csv",
]


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_has_the_codings_of_the_project_with_path_coder_document_and_memo(project, report):
    def what(each: Project) -> Counter[tuple[str, ...]]:
        return Counter(
            (c.origin, c.text, c.code, c.coder, names(each)[c.source], c.memo) for c in each.codings
        )

    reported = qualcoder_reports.read(sample(f"qualcoder/{report}"))
    assert what(reported) == what(project)
    assert sum(what(project).values()) == 13


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_has_the_variables_of_the_project(project, report):
    reported = qualcoder_reports.read(sample(f"qualcoder/{report}"))
    assert {s.name: s.variables for s in reported.sources} == {s.name: s.variables for s in project.sources}
    if "by_case" in report:
        assert {c.name: c.variables for c in reported.cases} == {c.name: c.variables for c in project.cases}


@pytest.mark.parametrize("report", REPORTS[2:])
def test_a_report_by_case_gives_each_coding_to_the_case_that_its_place_gives_it_to(project, report):
    reported = qualcoder_reports.read(sample(f"qualcoder/{report}"))
    assert {c.origin: owner(reported, c) for c in reported.codings} == {
        c.origin: owner(project, c) for c in project.codings
    }


def test_the_table_of_segments_has_the_codings_without_coder_and_without_path(project):
    table = qualcoder_matrix.read(sample("qualcoder/codes_by_segments_cases.xlsx"))
    leaf = {code.key: code.name for code in project.codes}

    def what(each: Project, code: dict[str, str]) -> set[tuple[object, ...]]:
        return {
            (owner(each, c), names(each)[c.source], c.start, c.end, c.text, code.get(c.code, c.code))
            for c in each.codings
        }

    assert what(table, {}) == what(project, leaf)
    assert {c.coder for c in table.codings} == {""}
