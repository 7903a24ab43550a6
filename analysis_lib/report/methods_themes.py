"""How does the methods text tell of themes, outcome groups, waves and joint displays?"""

from __future__ import annotations

from collections.abc import Iterator

from analysis_lib.large_sample import METHOD as LARGE
from analysis_lib.payload import Payload
from analysis_lib.report.said import Run, Said, given
from analysis_lib.sentences.common import listed
from analysis_lib.tables.common import ADJUSTMENTS, BASES, group_labels

_COUNTED = ("theme_by_outcome", "theme_dots", "theme_contrasts", "theme_differences")
_MEASURED = {"minp": ("westfall1993", "phipson2010"), "holm": ("holm1979",), "bh": ("benjamini1995",)}


def counting(run: Run) -> Iterator[Said]:
    """What becomes of codings before anything is compared."""
    payload = run.first(*_COUNTED)
    if payload is None:
        return
    yield from run.tell(
        "Codes were quantitized per person: a theme was present if at least one segment carried it or any theme below"
        " it, and absent only where the person had material and somebody had been asked to code it. A consensus of the"
        " coders stood for its person; without one, a theme that any coder gave was present.",
        *_COUNTED, references=("sandelowski2009",),
    )  # fmt: skip
    yield from run.tell(f"Shares were of {BASES[payload.facts['base']]}.", *_COUNTED)


def comparing(run: Run) -> Iterator[Said]:
    """Shares, differences and what is said of them."""
    yield from run.tell(
        "Each share was given with a Wilson score interval.",
        "theme_by_outcome", "theme_dots", references=("wilson1927",),
    )  # fmt: skip
    payload = run.first("theme_contrasts", "theme_differences")
    if payload is None or not _compares(payload):
        return
    reference = group_labels(payload)[payload.facts["reference"]].lower()
    alpha, smallest = payload.facts["alpha"], payload.facts["smallest_difference"]
    yield from run.tell(
        f"Each outcome group was held against the {reference} group by the difference of shares with Newcombe’s hybrid"
        f" score interval and by the odds ratio with an exact conditional interval{_or_wald(payload)}.",
        "theme_contrasts", "theme_differences", references=("newcombe1998", "cornfield1956"),
    )  # fmt: skip
    yield from run.tell(
        f"A difference was called clear where its interval excluded zero and its adjusted p lay below {alpha:g},"
        " tentative"
        " where only the interval excluded zero, and similar where the interval lay within"
        f" {smallest * 100:.0f} points of zero, the smallest difference that the team had called important.",
        "theme_contrasts",
    )


def _or_wald(payload: Payload) -> str:
    return ", of more than 50,000 people Wald’s" if payload.facts.get("large_sample", False) else ""


def _compares(payload: Payload) -> bool:
    """Whether anybody is on both sides of a contrast; a withheld number is not nobody."""
    frame = payload.tables["contrasts"].frame
    return bool((frame["n_total"].ne(0) & frame["n_reference"].ne(0)).any())


def how_sure(run: Run) -> Iterator[Said]:
    """Tests, and what else could have been chosen."""
    yield from _tests(run)
    if payload := run.speaking.get("omnibus"):
        facts = payload.facts
        permuted = payload.tables["tests"].frame["test"].eq("mmi_permutation").any()
        chance = f" by {facts['n_permutations']:,} permutations of the labels (seed {facts['seed']})"
        drawn = chance if permuted else ""
        yield from run.tell(
            f"That outcome groups do not differ in any theme was tested{drawn}, each person’s themes kept whole,"
            " with the"
            " second-order Rao-Scott test beside it.",
            "omnibus", references=("agresti1999", "bilder2000", "loughin1998", "thomas2004"),
        )  # fmt: skip
    yield from run.tell(
        "The codebook was tested from its upper themes down, those below a theme only where it was rejected.",
        "theme_hierarchy", references=("meinshausen2008", "goeman2012"),
    )  # fmt: skip
    if payload := run.first("sensitivity", "specification_curve"):
        n = len(payload.tables["specifications"].rows)
        tested = not payload.facts.get("test_reason")
        joint = f", with one joint p from {payload.facts['n_permutations']:,} permutations" if tested else ""
        yield from run.tell(
            f"One comparison was repeated under {n} specifications that were stated beforehand{joint}.",
            "sensitivity", "specification_curve", references=("steegen2016", "simonsohn2020", "girardi2024"),
        )  # fmt: skip
    yield from run.tell(
        "How much each group says was compared by the chance that a person of one group said more than one of the"
        " other,"
        " with DeLong’s interval.",
        "talkativeness_words", references=("newcombe2006", "delong1988"),
    )  # fmt: skip
    yield from run.tell(
        "Leading themes were counted as people, among people with any theme, as shares of segments, and with"
        " words held"
        " alike by Firth’s regression.",
        "talkativeness_panel", references=("cochran1977", "puhr2017"),
    )  # fmt: skip
    if payload := run.first("cooccurrence", "cooccurrence_matrix"):
        yield from run.tell(
            "Which themes the same people mentioned was held against"
            f" {payload.facts['n_null']:,} rearranged tables that keep how often each theme was coded and how many"
            " themes"
            " each person has.",
            "cooccurrence", "cooccurrence_matrix", references=("gotelli2000", "strona2014"),
        )  # fmt: skip
    yield from run.tell(
        "Combinations of the leading themes were counted without any test.",
        "theme_upset", "theme_patterns", references=("lex2014",),
    )  # fmt: skip
    yield from run.tell(
        "Odds ratios of all lowest themes were estimated together by the exact conditional likelihood, with log"
        " odds ratios"
        " normal between themes.",
        "pooled_odds_ratios", references=("efron1975", "stijnen2010"),
    )  # fmt: skip
    if payload := run.speaking.get("coder_error"):
        yield from run.tell(
            f"Coders’ errors were carried along by imputing the consensus {payload.facts['n_imputations']} times where"
            " there was none, on the assumption that coders err alike in all groups.",
            "coder_error", references=("cole2006", "rubin1987", "barnard1999"),
        )  # fmt: skip


def _tests(run: Run) -> Iterator[Said]:
    payload = run.speaking.get("theme_tests")
    if payload is None or not was_tested(payload):
        return
    facts, tests = payload.facts, payload.tables["tests"].frame
    large = tests["method"].eq(LARGE).any()
    exact = "the exact Fisher-Freeman-Halton test, with the mid-p beside it"
    test = "Pearson’s chi-square test" if large else exact
    yield from run.tell(
        f"Each theme was tested over all outcome groups by {test}; a theme that could not reach {facts['alpha']:g}"
        " in any"
        " table left the family and was given no p.",
        "theme_tests",
        references=("tarone1990",) if large else ("freeman1951", "lancaster1961", "tarone1990"),
    )
    drawn = "" if large else f", from {facts['n_permutations']:,} permutations of the labels"
    minp = facts["multiplicity"] == "minp"
    yield from run.tell(
        "The reading rested on p adjusted over all themes by"
        f" {ADJUSTMENTS[facts['multiplicity']]}{drawn if minp else ''};"
        f" {_others(facts['multiplicity'])} stood beside it{'' if minp else drawn}.",
        "theme_tests", references=tuple(key for keys in _MEASURED.values() for key in keys),
    )  # fmt: skip
    if strata := facts.get("strata"):
        yield from run.tell(
            f"Labels were exchanged inside strata of {listed(list(strata))} only.",
            "theme_tests", references=("landis1978",),
        )  # fmt: skip
    if tests["cramers_v"].notna().any():
        yield from run.tell(
            "The size over all groups was given as Cramér’s V, corrected for bias.",
            "theme_tests", references=("bergsma2013",),
        )  # fmt: skip


def was_tested(payload: Payload) -> bool:
    """Whether any theme has a p."""
    return bool(payload.tables["tests"].frame["p_value"].notna().any())


def _others(chosen: str) -> str:
    names = {"minp": "minP", "holm": "Holm’s method", "bh": "Benjamini and Hochberg’s"}
    return listed([name for key, name in names.items() if key != chosen])


def over_waves(run: Run) -> Iterator[Said]:
    """What is compared with, and pooled over, earlier waves."""
    yield from run.tell(
        "Waves were pooled within waves and never added up: Mantel-Haenszel odds ratios with Tarone’s test of"
        " whether waves"
        " agree and intervals after Hartung and Knapp. A person counted in the first wave that has groups to"
        " compare, and"
        " a theme only in waves in which it meant what it means now.",
        "across_waves", "across_waves_by_wave", references=("mantel1959", "tarone1985", "rover2015"),
    )  # fmt: skip
    payload = run.first("wave_changes", "wave_comparison", "theme_slopes")
    if payload is None or payload.facts.get("reason"):
        return
    paired = payload.facts.get("repeated") == "panel"
    how = (
        "people by people, with Tango’s interval and McNemar’s test" if paired else "with Newcombe’s interval"
    )
    yield from run.tell(
        f"Shares were held against those of earlier waves as far as the codes mean the same, {how}.",
        "wave_changes", "wave_comparison", "theme_slopes",
        references=("tango1998", "mcnemar1947") if paired else ("newcombe1998",),
    )  # fmt: skip


def joining(run: Run) -> Iterator[Said]:
    """How words and numbers are brought together."""
    displays = ("joint_display", "side_by_side", "quote_matrix")
    yield from run.tell(
        "Numbers and quotes were set side by side, theme by theme, in a joint display.",
        *displays, references=("guetterman2015",),
    )  # fmt: skip
    payload = run.first("joint_display", "side_by_side")
    if payload is not None and payload.facts.get("went_well"):
        yield from run.tell(
            "As an aid to the authors’ own label, words and numbers were called to confirm each other where a clear"
            " difference ran in the direction that the codebook gives the theme, to be in discord where it ran"
            " the other"
            " way, and silent otherwise.",
            "joint_display", "side_by_side", references=("fetters2013",),
        )  # fmt: skip
    if run.first(*displays):
        yield from given(run, "integration_who")
