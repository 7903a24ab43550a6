"""What do the numbers and the words say together?

Everything that the displays of notebook 04 need, theme by theme: counts, differences, quotes, a negative case, the
termination model with the people who fit it and who do not, and what the authors make of it.

References: Guetterman, Fetters & Creswell 2015, Ann Fam Med 13(6), 554-561; Fetters, Curry & Creswell 2013, Health Serv
Res 48(6), 2134-2156; Creswell & Plano Clark 2018, Designing and Conducting Mixed Methods Research, 3rd ed., chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis_lib.crosstab import ThemeCrosstab
from analysis_lib.joint_display.boxes import meta_inferences, theme_readings
from analysis_lib.joint_display.fit import computed_fit
from analysis_lib.joint_display.model_cases import ModelCases, model_cases
from analysis_lib.joint_display.negative_cases import against, why_no_quote
from analysis_lib.joint_display.quote_choice import all_quotes, coded_words, two_quotes, withheld
from analysis_lib.joint_display.typology import Typology, typology
from analysis_lib.readable import Readable
from analysis_lib.termination import FIRTH, TerminationModels
from analysis_lib.theme_patterns import leading_themes


@dataclass(frozen=True, repr=False)
class JointDisplay(Readable):
    """Themes beside numbers and words.

    Parameters
    ----------
    crosstab
        Where the counts and differences come from.
    themes
        Theme ids in the order of the display.
    definitions
        ``theme_id, theme_label, definition, polarity``.
    quotes
        ``theme_id, group, participant_id, quote, clearance, text_original, translator``: at most two per theme and
        group, from different people where possible, reviewed before merely consented; nothing without consent.
    withheld
        ``theme_id, group, n_withheld``: segments with the theme whose words may not leave; all themes of the matrix.
    quote_matrix
        The same columns as ``quotes``: every quote that may be shown, under all themes and not only those of the
        display, by document and place.
    models
        ``theme_id, model, event, odds_ratio, conf_low, conf_high, smallest_cell`` for themes of a termination
        model, adjusted; without rows where there is none.
    readings
        ``theme_id, reading, fit, matched_by, checked_by, dated``: the authors' own reading from author_notes.md and
        their label of fit; empty where not yet written.
    fits
        ``theme_id, fit, silent, reason``: what the rule of :mod:`analysis_lib.joint_display.fit` makes of the exact
        numbers; without rows under tradition reflexive, where numbers are not read so.
    negative_cases
        ``theme_id, group, participant_id, quote, clearance, reason``: one row per theme. ``group`` is where fewer have
        the theme; ``reason`` says why there is no such group, or nobody in it to quote.
    model_cases
        Odds ratios of the themes of the termination models beside typical and deviant cases.
    types
        People by the combination of leading themes that they have.
    boxes
        ``kind, heading, label, question, reading, fit, matched_by, checked_by, dated``: meta-inferences that are not
        about a single theme.
    """

    crosstab: ThemeCrosstab
    themes: tuple[str, ...]
    definitions: pd.DataFrame
    quotes: pd.DataFrame
    withheld: pd.DataFrame
    quote_matrix: pd.DataFrame
    models: pd.DataFrame
    readings: pd.DataFrame
    fits: pd.DataFrame
    negative_cases: pd.DataFrame
    model_cases: ModelCases
    types: Typology
    boxes: pd.DataFrame


def joint_display(
    by_outcome: ThemeCrosstab, models: TerminationModels | None = None, *, n_themes: int | None = 12
) -> JointDisplay:
    """Join counts, differences, model and quotes, theme by theme.

    Parameters
    ----------
    by_outcome
        Themes by outcome groups.
    models
        Termination models of the same wave; None leaves them out.
    n_themes
        How many themes, those with the largest difference from the reference first (the most widespread
        first where there is no comparison group). Only themes without children. None shows all that occur.

    Returns
    -------
    JointDisplay
        Themes beside numbers and words; shows exact numbers and quotes that consent allows.

    Examples
    --------
    >>> import analysis_lib as al
    >>> by_outcome = al.crosstab_themes(al.quantitize(al.load_wave(al.EXAMPLE_STUDY, "2024a")))
    >>> display = al.joint_display(by_outcome, n_themes=3)
    >>> len(display.themes), list(display.fits["fit"])
    (3, ['confirm', 'confirm', 'confirm'])
    """
    wave = by_outcome.matrix.wave
    themes = leading_themes(by_outcome)[:n_themes]
    words = coded_words(by_outcome)
    quotes = two_quotes(words, themes, by_outcome.groups)
    codebook = wave.study.codebook
    definitions = pd.DataFrame(
        [
            (theme, codebook[theme].label, codebook[theme].definition, codebook[theme].polarity)
            for theme in themes
        ],
        columns=["theme_id", "theme_label", "definition", "polarity"],
    )
    return JointDisplay(
        by_outcome,
        themes,
        definitions,
        quotes,
        withheld(words, by_outcome.matrix.themes, by_outcome.groups),
        all_quotes(words),
        _model_rows(models, themes),
        theme_readings(wave, themes),
        _fits(by_outcome, definitions, quotes),
        _negative_cases(by_outcome, themes, quotes),
        model_cases(models, words, quotes),
        typology(by_outcome, themes, words, quotes),
        meta_inferences(wave, themes),
    )


def _fits(by_outcome: ThemeCrosstab, definitions: pd.DataFrame, quotes: pd.DataFrame) -> pd.DataFrame:
    study = by_outcome.matrix.wave.study
    found = () if study.tradition == "reflexive" else computed_fit(
        by_outcome.contrasts,
        dict(zip(definitions["theme_id"], definitions["polarity"], strict=True)),
        set(quotes["theme_id"]),
        went_well=study.outcome.went_well,
        reason=by_outcome.reason,
    )  # fmt: skip
    rows = [(fit.theme_id, fit.fit, fit.silent, fit.reason) for fit in found]
    return pd.DataFrame(rows, columns=["theme_id", "fit", "silent", "reason"])


def _negative_cases(by_outcome: ThemeCrosstab, themes: tuple[str, ...], quotes: pd.DataFrame) -> pd.DataFrame:
    """The first quote of each theme from the group in which fewer have it."""
    wave = by_outcome.matrix.wave
    counts = by_outcome.table.set_index(["theme_id", "group"])["n_with_theme"]
    rows = []
    for theme in themes:
        contrasts = by_outcome.contrasts[by_outcome.contrasts["theme_id"] == theme]
        mine = quotes[quotes["theme_id"] == theme]
        found = against(contrasts, set(mine["group"]), tradition=wave.study.tradition)
        first = mine[mine["group"] == found.group].head(1)
        row = {"theme_id": theme, "group": found.group, "reason": found.reason}
        if len(first):
            row |= first.iloc[0][["participant_id", "quote", "clearance"]].to_dict()
        elif found.group is not None:
            row["reason"] = why_no_quote(counts[theme, found.group], wave.study.outcome.label(found.group))
        rows.append(row)
    columns = ["theme_id", "group", "participant_id", "quote", "clearance", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _model_rows(models: TerminationModels | None, themes: tuple[str, ...]) -> pd.DataFrame:
    columns = ["theme_id", "model", "event", "odds_ratio", "conf_low", "conf_high", "smallest_cell"]
    if models is None:
        return pd.DataFrame(columns=columns)
    plans = {plan.name: plan.event for plan in models.matrix.wave.study.termination_models}
    table = models.table.rename(columns={"term": "theme_id"})
    stated = table["event"] == table["model"].map(plans)
    kept = table[stated & table["adjusted"].eq(True) & (table["method"] == FIRTH)]
    kept = kept[kept["theme_id"].isin(themes) & kept["odds_ratio"].notna()]
    return kept[columns].reset_index(drop=True)
