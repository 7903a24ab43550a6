"""Who is in this wave, who is not, what is missing, and is it fit to analyse?

Counts only: no test compares groups in a descriptive table.

References: STROBE items 13 and 14; von Elm et al. 2007, with its advice against significance tests there.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis_lib.late_starters import late_starters
from analysis_lib.quantitize import ALL, ThemeMatrix, quantitize
from analysis_lib.readable import Readable
from analysis_lib.wave import Wave

MISSING = "missing"
OTHER = "other answers"


@dataclass(frozen=True, repr=False)
class WaveIntake(Readable):
    """What a wave consists of.

    Parameters
    ----------
    flow
        ``stage, n, excluded, reason``; see :attr:`Wave.flow`.
    characteristics
        ``variable, label, level, level_label, group, n, n_total, median, lower, upper``: a count per level
        of a category, or median and quartiles of a number with ``n`` the people who have a value; group
        ``all`` included. The level ``missing`` is always there.
    two_axes
        ``perceived_helpfulness, termination_type, n`` of everybody who agreed to analysis, empty cells of
        occurring levels included; without rows where either axis is not recorded.
    material
        ``group, n, n_without_theme, n_with_words, words_median, words_lower, words_upper``;
        ``n_without_theme`` is missing where nothing was coded, ``n_with_words`` are the people whose words are
        known.
    dropout
        ``definition, rule, n_dropped, n_judged, n_unjudged, n_late`` of everybody who agreed to analysis; ``n_late`` of
        those who are judged began therapy too late before the data cut to be judged well.
    findings
        ``level, what, n``: warnings and notes of the check, without their places.
    n_corrected
        Cells changed by corrections.csv.
    reason
        Why no theme can be counted; None where one can.
    """

    wave: Wave
    flow: pd.DataFrame
    characteristics: pd.DataFrame
    two_axes: pd.DataFrame
    material: pd.DataFrame
    dropout: pd.DataFrame
    findings: pd.DataFrame
    n_corrected: int
    reason: str | None

    @property
    def missing(self) -> pd.DataFrame:
        """People without a value: ``variable, label, group, n_missing, n_eligible``, group ``all`` included.

        The words that people said are a variable like the others where any document tells them.
        """
        rows = self.characteristics[self.characteristics["level"] == MISSING]
        named = rows.rename(columns={"n": "n_missing", "n_total": "n_eligible"})
        words = self.material.assign(
            variable="n_words",
            label="Words said",
            n_missing=self.material["n"] - self.material["n_with_words"],
            n_eligible=self.material["n"],
        )
        parts = [named, words] if self.material["n_with_words"].any() else [named]
        columns = ["variable", "label", "group", "n_missing", "n_eligible"]
        found = pd.concat([part[columns] for part in parts], ignore_index=True)
        return found.astype({"n_missing": "int64", "n_eligible": "int64"})


def describe_wave(wave: Wave) -> WaveIntake:
    """Describe who is in a wave.

    Parameters
    ----------
    wave
        A loaded wave.

    Returns
    -------
    WaveIntake
        Who is in the wave, who is not, and what is missing.

    Examples
    --------
    >>> import analysis_lib as al
    >>> al.describe_wave(al.load_wave(al.EXAMPLE_STUDY, "2024b")).flow["n"].iloc[-1]
    np.int64(24)
    """
    matrix = quantitize(wave)
    return WaveIntake(
        wave=wave,
        flow=wave.flow,
        characteristics=_characteristics(wave),
        two_axes=_two_axes(wave),
        material=_material(matrix),
        dropout=_dropout(wave),
        findings=_findings(wave),
        n_corrected=wave.n_corrected,
        reason=matrix.reason,
    )


# In the order of the table; a study's covariates follow those that are not here.
_DESCRIBED = (
    "age", "gender", "ethnicity", "education", "employment", "modality", "format", "delivery_mode",
    "sessions_planned", "sessions_attended", "baseline_severity", "reliable_change", "satisfaction",
)  # fmt: skip


def _characteristics(wave: Wave) -> pd.DataFrame:
    people = wave.analysed
    schema = wave.study.table("participants")
    declared = [covariate.column for covariate in wave.study.covariates]
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys([*_DESCRIBED, *declared]):
        if name not in people or people[name].isna().all():
            continue
        column = schema[name]
        label = f"{column.title} ({column.unit})" if column.unit else column.title
        common: list[str] = []
        if not column.levels and column.type == "string":
            common, people = _pooled(people, name, wave.study.privacy.minimum_count)
        for group in (*wave.study.outcome.groups, ALL):
            values = people[name] if group == ALL else people.loc[people["outcome_group"] == group, name]
            describe = _number_rows if column.type in ("integer", "number") else _level_rows
            levels = list(column.levels) or common
            rows += [
                {"variable": name, "label": label, "group": group, "n_total": len(values)}
                | {"level_label": column.level_label(str(row["level"]))}
                | row
                for row in describe(values, levels)
            ]
    columns = [
        "variable",
        "label",
        "level",
        "level_label",
        "group",
        "n",
        "n_total",
        "median",
        "lower",
        "upper",
    ]
    return pd.DataFrame(rows, columns=columns)


def _pooled(people: pd.DataFrame, name: str, minimum: int) -> tuple[list[str], pd.DataFrame]:
    """The answers that enough people give, and the people with all others pooled.

    Answers in a person's own words can tell who they are, even without a number beside them.
    """
    answers = people[name].astype("string")
    n = answers.value_counts()
    common = sorted(n.index[n >= minimum])
    kept = answers.where(answers.isna() | answers.isin(common), OTHER)
    return [*common, OTHER] if (kept == OTHER).any() else common, people.assign(**{name: kept})


def _number_rows(values: pd.Series, levels: list[str]) -> list[dict[str, object]]:
    known = values.dropna().to_numpy(dtype=float)
    lower, median, upper = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else (np.nan,) * 3
    found = {"level": "", "n": len(known), "median": median, "lower": lower, "upper": upper}
    return [found, {"level": MISSING, "n": int(values.isna().sum())}]


def _level_rows(values: pd.Series, levels: list[str]) -> list[dict[str, object]]:
    text = values.astype("string")
    rows: list[dict[str, object]] = [{"level": level, "n": int((text == level).sum())} for level in levels]
    return [*rows, {"level": MISSING, "n": int(text.isna().sum())}]


def _two_axes(wave: Wave) -> pd.DataFrame:
    people = wave.participants[wave.participants["agreed"]]
    axes = ["perceived_helpfulness", "termination_type"]
    if people[axes].isna().all().any():
        return pd.DataFrame(columns=[*axes, "n"])
    seen = {name: [x for x in people[name].cat.categories if (people[name] == x).any()] for name in axes}
    text = people[axes].astype("string").fillna(MISSING)
    order = [[*seen[name], MISSING] if (text[name] == MISSING).any() else seen[name] for name in axes]
    counted = Counter(zip(text[axes[0]], text[axes[1]], strict=True))
    cells = [(a, b, counted[a, b]) for a in order[0] for b in order[1]]
    return pd.DataFrame(cells, columns=[*axes, "n"])


def _material(matrix: ThemeMatrix) -> pd.DataFrame:
    wave = matrix.wave
    people = wave.analysed.index
    words = matrix.n_words.loc[people]
    none = ~(matrix.values.loc[people] == 1).any(axis=1)
    rows = []
    for group in (*wave.study.outcome.groups, ALL):
        mine = people if group == ALL else people[wave.analysed["outcome_group"] == group]
        known = words.loc[mine].dropna()
        lower, median, upper = known.quantile([0.25, 0.5, 0.75]) if len(known) else (np.nan,) * 3
        n_none = int(none.loc[mine].sum()) if matrix.reason is None else None
        rows.append((group, len(mine), n_none, len(known), median, lower, upper))
    columns = ["group", "n", "n_without_theme", "n_with_words", "words_median", "words_lower", "words_upper"]
    return pd.DataFrame(rows, columns=columns)


def _dropout(wave: Wave) -> pd.DataFrame:
    people = wave.participants[wave.participants["agreed"]]
    rows = []
    for definition in wave.study.dropout_definitions:
        flag = people[f"dropout_{definition.name}"]
        judged = int(flag.notna().sum())
        dropped = int(flag.fillna(False).sum())
        late = late_starters(people, wave.study, definition, wave.facts.data_cut).fillna(False) & flag.notna()
        counts = (dropped, judged, len(flag) - judged, int(late.sum()))
        rows.append((definition.name, definition.in_words, *counts))
    return pd.DataFrame(rows, columns=["definition", "rule", "n_dropped", "n_judged", "n_unjudged", "n_late"])


def _findings(wave: Wave) -> pd.DataFrame:
    words: dict[tuple[str, str], str] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for finding in wave.findings:
        # Beyond the first few places of a problem, one finding stands for all the others and says how many.
        more = re.match(r"(\d+) more ", finding.what)
        key = (finding.level, finding.code)
        counted[key] += int(more[1]) if more else 1
        if not more:
            words.setdefault(key, finding.what)
    rows = [(level, words.get((level, code), code), n) for (level, code), n in counted.items()]
    return pd.DataFrame(rows, columns=["level", "what", "n"])
