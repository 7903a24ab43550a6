"""Many drawn studies, valid and spoilt: ``python tests/attacks/generated_studies_long.py N``.

The same properties as in ``tests/test_generated_studies.py``, each on N studies of up to 90 people under every rule for
counts, each way of spoiling on N / 5 studies, and N / 10 whole bundles whose bytes are searched. The same N gives the
same studies. A failure is counted and the next study drawn; the table beside this file is written.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

import test_generated_studies as short  # noqa: E402
from canary_study import hits  # noqa: E402
from drawn_study import DrawnStudy  # noqa: E402
from spoiled_studies import KINDS, spoiled  # noqa: E402
from study_strategies import HELD, studies  # noqa: E402

from analysis_lib.release import release, rules_for  # noqa: E402
from analysis_lib.report.bundle import write_bundle  # noqa: E402

PAGE = Path(__file__).with_suffix(".md")
RULES = ("midpoint6", "suppress7_round5", "exact_audited")
QUOTED = ["consent", "quote_reviews"]


@dataclass
class Came:
    """What came of one question: how many studies were asked, how many failed, and the first failure."""

    what: str
    n: int = 0
    failed: int = 0
    seconds: float = 0.0
    first: str = ""


def asked(what: str, n: int, check: Callable[..., object], *drawn: st.SearchStrategy[Any]) -> Came:
    """Ask one question of n studies."""
    came = Came(what)
    began = time.process_time()

    @settings(
        max_examples=n,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(st.tuples(*drawn))
    def each(values: tuple[Any, ...]) -> None:
        came.n += 1
        try:
            check(*values)
        except Exception as error:  # a failure of any kind is one, and the others are asked all the same
            came.failed += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            came.first = (
                came.first or f"{type(error).__name__} at {where.name}, {where.line}: {str(error)[:600]}"
            )

    each()
    came.seconds = time.process_time() - began
    print(f"{what}: {came.n} studies, {came.failed} failed, {came.seconds:.0f} s {came.first}", flush=True)
    return came


def bundle_holds_no_held_word(study: DrawnStudy) -> None:
    """No byte of page, Word file, tables and pictures holds words that may not leave, in any wrapping."""
    wave = short.loaded(study)
    payloads = short.shown(wave)
    released = release(payloads, rules_for("coauthor", wave.study.privacy, short.KEY))
    with TemporaryDirectory() as folder:
        write_bundle(Path(folder), [("03", "Everything", list(payloads))], wave, released)
        assert (Path(folder) / "report.html").is_file()
        assert hits(Path(folder), (HELD, *(f'"{name}"' for name in _people(study)))) == {}


def _people(study: DrawnStudy) -> list[str]:
    return [row["participant_id"] for row in study.table("participants").rows]


def properties(n: int) -> Iterator[Came]:
    """Every property of valid studies."""
    large = studies(most=90, rules=RULES)
    with_consent = studies(most=90, needs=["consent"], rules=RULES)
    with_quotes = studies(most=60, needs=QUOTED, rules=RULES)
    exact = studies(most=60, needs=QUOTED, rules=["exact"])
    questions: list[tuple[Any, int, tuple[st.SearchStrategy[Any], ...]]] = [
        (short.test_a_valid_study_has_nothing_to_mend, n, (large,)),
        (short.test_everybody_is_counted_once_and_as_by_hand, n, (large,)),
        (short.test_what_those_say_who_did_not_agree_changes_nothing, n, (with_consent,)),
        (short.test_the_order_of_rows_and_columns_changes_nothing, n, (large, st.integers(0, 1_000))),
        (short.test_other_names_of_groups_and_themes_change_no_number, n, (large,)),
        (short.test_no_small_number_and_no_word_that_may_not_leave_is_released, n // 2, (with_quotes,)),
        (short.test_words_that_may_leave_do_where_nobody_is_too_few_to_be_quoted, n // 2, (exact,)),
    ]  # fmt: skip
    for test, times, drawn in questions:
        what = test.__name__.removeprefix("test_").replace("_", " ")
        yield asked(what, times, test.hypothesis.inner_test, *drawn)
    yield asked(
        "no byte of a whole bundle holds a word that may not leave",
        n // 10,
        bundle_holds_no_held_word,
        with_quotes,
    )


def main(n: int) -> int:
    valid = list(properties(n))
    spoilt = [
        asked(kind, max(n // 5, 2), short.said_in_its_place, spoiled(kind, most=40, most_waves=3))
        for kind in KINDS
    ]
    every = [*valid, *spoilt]
    bad = [came for came in every if came.failed]
    lines = [
        f"# Drawn studies, valid and spoilt, {datetime.now(UTC).date()}",
        "",
        f"Written by `python tests/attacks/generated_studies_long.py {n}`: {sum(came.n for came in every):,} studies, "
        f"{sum(came.failed for came in every)} failures, {sum(came.seconds for came in every) / 60:.0f} minutes of one "
        "core.\nHow studies are drawn: `tests/study_strategies.py`; how they are spoilt: `tests/spoiled_studies.py`.",
        "",
        "| what holds of a valid study | studies | failures | seconds |",
        "|---|---|---|---|",
        *(f"| {came.what} | {came.n} | {came.failed} | {came.seconds:.0f} |" for came in valid),
        "",
        "One thing is wrong: it is said with its code, file, line and column, and nothing else is.",
        "",
        "| what is wrong | studies | failures |",
        "|---|---|---|",
        *(f"| {came.what} | {came.n} | {came.failed} |" for came in spoilt),
    ]
    PAGE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
