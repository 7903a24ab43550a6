"""Is every work printed as APA asks, in the right order, and can a reference manager read it?"""

from __future__ import annotations

import re

import pytest

from analysis_lib.report.references import as_bibtex, cited, references, works


def apa(key: str) -> str:
    (entry,) = references([key])
    return entry.text


# APA 2020, sections 10.1 (article), 10.2 (book), 10.3 (chapter), 10.6 (thesis).
@pytest.mark.parametrize(
    ("key", "printed"),
    [
        ("fleiss1971", "Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological"
         " Bulletin, 76(5), 378–382. https://doi.org/10.1037/h0031619"),
        ("cochran1977", "Cochran, W. G. (1977). Sampling techniques (3rd ed.). Wiley."),
        ("cornfield1956", "Cornfield, J. (1956). A statistical problem arising from retrospective studies. In J. Neyman"
         " (Ed.), Proceedings of the Third Berkeley Symposium on Mathematical Statistics and Probability (Vol. 4, pp."
         " 135–148). University of California Press."),
        ("konis2007", "Konis, K. (2007). Linear programming algorithms for detecting separated data in binary logistic"
         " regression models [Doctoral dissertation, University of Oxford]."),
    ],
)  # fmt: skip
def test_a_work_is_printed_as_apa_asks(key: str, printed: str) -> None:
    assert apa(key) == printed


def test_a_title_that_asks_keeps_its_question_mark() -> None:
    assert "predictions? Statistics in Medicine" in apa("puhr2017")


def test_journal_and_volume_stand_in_italics_and_the_issue_does_not() -> None:
    (entry,) = references(["firth1993"])
    assert [text for text, italic in entry.parts if italic] == ["Biometrika, 80"]


def test_of_more_than_twenty_authors_nineteen_and_the_last_are_named() -> None:
    authors = apa("collins2024").split(" (2024)")[0]
    assert authors.count(".,") + 1 == 20
    assert authors.endswith("Heinze, G., . . . Logullo, P.")


def test_works_stand_by_surname_then_year_without_regard_to_accents_and_case() -> None:
    keys = [
        "vonelm2007",
        "westfall1993",
        "rover2015",
        "rubin1987",
        "tarone1990",
        "tarone1985",
        "hill2005",
        "hill1997",
    ]
    assert [entry.key for entry in references(keys)] == [
        "hill2005", "hill1997", "rover2015", "rubin1987", "tarone1985", "tarone1990", "vonelm2007", "westfall1993",
    ]  # fmt: skip


def test_a_work_that_is_cited_twice_stands_once() -> None:
    assert len(references(["firth1993", "firth1993"])) == 1


def test_two_authors_are_named_and_more_are_shortened() -> None:
    assert cited(["tong2007", "braun2021"]) == "(Braun & Clarke, 2021; Tong et al., 2007)"


def test_an_unknown_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(KeyError, match='Did you mean "firth1993"'):
        references(["firth1992"])


@pytest.mark.parametrize("key", works())
def test_an_entry_has_the_parts_of_its_kind(key: str) -> None:
    work = works()[key]
    needed = {
        "article": {"journal", "volume", "pages"},
        "book": {"publisher"},
        "chapter": {"book", "editors", "pages", "publisher"},
        "thesis": {"degree", "publisher"},
    }
    assert needed[work["kind"]] <= set(work)
    surname = re.sub("[^a-z]", "", apa(key).split(",")[0].lower().encode("ascii", "ignore").decode())
    assert key[-4:] == str(work["year"])
    assert surname[:3] in key or key.startswith(("rover", "obrien", "oconnor", "ocathain"))
    assert re.fullmatch(r"10\.\d{4,9}/\S+", work.get("doi", "10.1000/none"))


def test_bibtex_escapes_what_would_end_a_field_and_keeps_identifiers() -> None:
    written = as_bibtex(["ocathain2008", "gotelli2000"])
    assert r"Journal of Health Services Research \& Policy" in written
    assert "doi = {10.1890/0012-9658(2000)081[2606:NMAOSC]2.0.CO;2}" in written
    assert written.count("{") == written.count("}")
    assert "pages = {92--98}" in written
