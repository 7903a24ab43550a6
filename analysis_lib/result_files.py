"""Which tidy CSV files does a result become?

The same files twice: exact and at full precision from the results (internal), and from payloads that have
passed the door (released). One vocabulary of columns in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path

import pandas as pd

from analysis_lib.across_waves import AcrossWaves
from analysis_lib.agreement_by_wave import AgreementByWave, with_changes
from analysis_lib.attrition import WaveAttrition
from analysis_lib.branches import Branches
from analysis_lib.coder_error import CoderError
from analysis_lib.counts_by_wave import with_wave_differences
from analysis_lib.crosstab import ThemeCrosstab, with_shares
from analysis_lib.dropout_time import DropoutTime
from analysis_lib.exporters.csv_files import csv_text
from analysis_lib.imputed_models import ImputedModels
from analysis_lib.intake import WaveIntake
from analysis_lib.joint_display import JointDisplay
from analysis_lib.model_blocks import NestedBlocks
from analysis_lib.model_prediction import PredictionMeasures
from analysis_lib.omnibus import Omnibus, csv_of
from analysis_lib.outcome_models import GROUPS, OutcomeModels
from analysis_lib.payload import Payload
from analysis_lib.reliability import CodingReliability
from analysis_lib.sensitivity import Sensitivity
from analysis_lib.serious_codes import SeriousCodes
from analysis_lib.share_changes import comparison_csv
from analysis_lib.tables.across_waves import over_waves, without_one_of
from analysis_lib.tables.coder_error import corrections_of
from analysis_lib.tables.common import contrasts_of
from analysis_lib.tables.cooccurrence import pairs_of
from analysis_lib.tables.dropout_time import curve_of
from analysis_lib.tables.joint import fits_of
from analysis_lib.tables.pooled import pooled_of
from analysis_lib.tables.sensitivity import panel_rows, specification_rows
from analysis_lib.tables.wave_comparison import changes_in, shares_and_changes
from analysis_lib.talkativeness import Talkativeness
from analysis_lib.termination import TerminationModels
from analysis_lib.theme_bank import PooledThemes
from analysis_lib.theme_cooccurrence import ThemeCooccurrence, with_readings
from analysis_lib.theme_patterns import ThemePatterns
from analysis_lib.theme_saturation import ThemeSaturation
from analysis_lib.therapists import ClusteredModels
from analysis_lib.wave_comparison import WaveComparison

Files = dict[str, pd.DataFrame]
_NEVER = ["depth", "smallest_cell"]  # layout and door only


@singledispatch
def result_files(result: object) -> Files:
    """File name -> exact table, of a result or of a released payload; empty where it makes no file."""
    return {}


@result_files.register
def _of_intake(result: WaveIntake) -> Files:
    return {
        "flow.csv": result.flow,
        "characteristics.csv": result.characteristics,
        "missing_values.csv": result.missing,
        "dropout_definitions.csv": result.dropout,
    }


@result_files.register
def _of_serious_codes(result: SeriousCodes) -> Files:
    return {"INTERNAL_serious_codes.csv": result.segments}


@result_files.register
def _of_crosstab(result: ThemeCrosstab) -> Files:
    return {
        "theme_by_outcome.csv": result.table,
        "theme_tests.csv": result.tests,
        "theme_contrasts.csv": result.contrasts.assign(counts_rule="exact"),
    }


@result_files.register
def _of_omnibus(result: Omnibus) -> Files:
    return {"omnibus.csv": result.table}


@result_files.register
def _of_branches(result: Branches) -> Files:
    return {"theme_hierarchy.csv": result.table}


@result_files.register
def _of_termination(result: TerminationModels) -> Files:
    return {
        "termination_models.csv": result.table,
        "termination_probabilities.csv": result.probabilities,
        "termination_guards.csv": result.guards,
    }


@result_files.register
def _of_joint_display(result: JointDisplay) -> Files:
    return {
        "joint_display_fit.csv": _fit(result.definitions, result.readings, result.fits),
        "theme_types.csv": result.types.patterns.table,
        "model_cases.csv": result.model_cases.people,
        "quotes.csv": result.quote_matrix,
    }


def _fit(themes: pd.DataFrame, readings: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """One row per theme of a joint display: what the authors say, what the rule says."""
    by_rule = fits.rename(columns={"fit": "fit_by_rule"})
    by_authors = readings.rename(columns={"fit": "fit_by_authors"})
    named = themes[["theme_id", "theme_label", "polarity"]]
    return named.merge(by_authors, on="theme_id", how="left").merge(by_rule, on="theme_id", how="left")


@result_files.register
def _of_clusters(result: ClusteredModels) -> Files:
    return {"clustered_models.csv": result.table, "intraclass_correlation.csv": result.icc}


@result_files.register
def _of_blocks(result: NestedBlocks) -> Files:
    return {"nested_blocks.csv": result.table}


@result_files.register
def _of_outcome_models(result: OutcomeModels) -> Files:
    groups = result.table["outcome"] == GROUPS
    return {
        "outcome_models.csv": result.table[groups],
        "satisfaction_models.csv": result.table[~groups],
        "satisfaction_cuts.csv": result.cuts,
    }


@result_files.register
def _of_imputed(result: ImputedModels) -> Files:
    return {"imputed_models.csv": result.table, "missing_covariates.csv": result.missing}


@result_files.register
def _of_dropout_time(result: DropoutTime) -> Files:
    return {
        "time_to_dropout.csv": result.curve,
        "time_to_dropout_tests.csv": result.comparisons,
        "time_to_dropout_people.csv": result.people,
        "time_to_dropout_hazard.csv": result.hazard,
    }


@result_files.register
def _of_prediction(result: PredictionMeasures) -> Files:
    return {"prediction_measures.csv": result.table, "prediction_risk_groups.csv": result.bins}


@result_files.register
def _of_reliability(result: CodingReliability) -> Files:
    return {
        "agreement.csv": result.table,
        "agreement_after_consensus.csv": result.after_consensus,
        "coding.csv": result.coding,
        "codebook.csv": result.codebook,
        "disagreements.csv": result.disagreements,
        "disagreements_one_by_one.csv": result.to_discuss,
        "unitising.csv": result.unitising,
        "claimed_agreement.csv": result.claimed,
    }


@result_files.register
def _of_agreement_by_wave(result: AgreementByWave) -> Files:
    return {"agreement_by_wave.csv": with_changes(result.table)}


@result_files.register
def _of_cooccurrence(result: ThemeCooccurrence) -> Files:
    return {"cooccurrence.csv": with_readings(result.table, alpha=result.matrix.wave.study.alpha)}


@result_files.register
def _of_patterns(result: ThemePatterns) -> Files:
    return {"theme_patterns.csv": result.table}


@result_files.register
def _of_pooled(result: PooledThemes) -> Files:
    return {"pooled_odds_ratios.csv": result.table, "pooled_banks.csv": result.banks}


@result_files.register
def _of_coder_error(result: CoderError) -> Files:
    return {"coder_error.csv": result.table}


@result_files.register
def _of_saturation(result: ThemeSaturation) -> Files:
    return {"saturation.csv": result.curve, "saturation_summary.csv": result.summary}


@result_files.register
def _of_across_waves(result: AcrossWaves) -> Files:
    return {
        "across_waves.csv": result.table,
        "across_waves_by_wave.csv": result.by_wave,
        "across_waves_without_one.csv": result.without_one,
    }


@result_files.register
def _of_attrition(result: WaveAttrition) -> Files:
    return {
        "wave_sizes.csv": result.sizes,
        "wave_attrition.csv": result.left,
        "wave_returned.csv": result.returned,
        "wave_differential_attrition.csv": result.differential,
    }


@result_files.register
def _of_comparison(result: WaveComparison) -> Files:
    return {
        "wave_comparison.csv": comparison_csv(result.shares, result.changes).assign(counts_rule="exact"),
        "wave_changes.csv": result.changes.assign(counts_rule="exact"),
        "codebook_changes.csv": result.codebook,
    }


@result_files.register
def _of_sensitivity(result: Sensitivity) -> Files:
    return {"sensitivity.csv": result.table.assign(counts_rule="exact")}


@result_files.register
def _of_talkativeness(result: Talkativeness) -> Files:
    return {
        "talkativeness.csv": result.panel.assign(counts_rule="exact"),
        "talkativeness_words.csv": result.material.assign(counts_rule="exact"),
    }


# A table of a payload that is a file as it stands: template -> name of the file and of the table.
_AS_IT_STANDS = {
    "flow": ("flow", "rows"),
    "characteristics": ("characteristics", "rows"),
    "missing_values": ("missing_values", "rows"),
    "dropout": ("dropout_definitions", "rows"),
    "theme_hierarchy": ("theme_hierarchy", "rows"),
    "theme_patterns": ("theme_patterns", "patterns"),
    "theme_tests": ("theme_tests", "tests"),
    "termination_models": ("termination_models", "models"),
    "typology": ("theme_types", "patterns"),
    "model_with_quotes": ("model_cases", "people"),
    "therapists": ("clustered_models", "models"),
    "icc": ("intraclass_correlation", "icc"),
    "blocks": ("nested_blocks", "rows"),
    "termination_probabilities": ("termination_probabilities", "probabilities"),
    "outcome_groups": ("outcome_models", "models"),
    "imputed": ("imputed_models", "models"),
    "missing_covariates": ("missing_covariates", "missing"),
    "termination_guards": ("termination_guards", "guards"),
    "dropout_followup": ("time_to_dropout_people", "people"),
    "dropout_hazard": ("time_to_dropout_hazard", "hazard"),
    "prediction": ("prediction_measures", "measures"),
    "risk_groups": ("prediction_risk_groups", "bins"),
    "wave_sizes": ("wave_sizes", "sizes"),
    "wave_attrition": ("wave_attrition", "left"),
    "codebook_changes": ("codebook_changes", "codebook"),
}


@result_files.register
def _of_payload(payload: Payload) -> Files:
    tables, rule = payload.tables, payload.facts.get("counts_rule", "exact")
    if payload.shape not in ("table", "joint_display"):
        return {}
    if payload.template in _AS_IT_STANDS:
        name, table = _AS_IT_STANDS[payload.template]
        return {f"{name}.csv": tables[table].frame}
    match payload.template:
        case "theme_by_outcome":
            return {"theme_by_outcome.csv": with_shares(tables["shares"].frame)}
        case "sensitivity":
            return {"sensitivity.csv": specification_rows(payload).assign(counts_rule=rule)}
        case "talkativeness_panel":
            return {"talkativeness.csv": panel_rows(payload).assign(counts_rule=rule)}
        case "talkativeness_words":
            return {"talkativeness_words.csv": tables["material"].frame.assign(counts_rule=rule)}
        case "theme_contrasts":
            return {"theme_contrasts.csv": contrasts_of(payload).assign(counts_rule=rule)}
        case "omnibus":
            found, counts, people = (tables[name].frame for name in ("tests", "counts", "people"))
            return {"omnibus.csv": csv_of(found, counts, people, payload.facts)}
        case "cooccurrence":
            return {"cooccurrence.csv": pairs_of(payload)}
        case "coder_error":
            return {"coder_error.csv": corrections_of(payload)}
        case "pooled_odds_ratios":
            table, banks = pooled_of(payload)
            return {"pooled_odds_ratios.csv": table, "pooled_banks.csv": banks}
        case "side_by_side":
            rows = [(fit.theme_id, fit.fit, fit.silent, fit.reason) for fit in fits_of(payload).values()]
            fits = pd.DataFrame(rows, columns=["theme_id", "fit", "silent", "reason"])
            return {"joint_display_fit.csv": _fit(tables["themes"].frame, tables["readings"].frame, fits)}
        case "quote_matrix":
            return {"quotes.csv": tables["quotes"].frame.rename(columns={"participant": "participant_id"})}
        case "satisfaction":
            return {
                "satisfaction_models.csv": tables["models"].frame,
                "satisfaction_cuts.csv": tables["cuts"].frame,
            }
        case "dropout_sessions":
            return {
                "time_to_dropout.csv": curve_of(payload),
                "time_to_dropout_tests.csv": tables["comparisons"].frame,
            }
        case "agreement" | "coding" | "codebook" | "disagreements" | "unitising" | "claimed_agreement":
            return {f"{payload.template}.csv": tables[payload.template].frame}
        case "across_waves":
            return {"across_waves.csv": over_waves(payload)}
        case "across_waves_by_wave":
            return {"across_waves_by_wave.csv": with_wave_differences(tables["by_wave"].frame)}
        case "across_waves_without_one":
            return {"across_waves_without_one.csv": without_one_of(payload)}
        case "wave_returned":
            return {
                "wave_returned.csv": tables["returned"].frame,
                "wave_differential_attrition.csv": tables["differential"].frame,
            }
        case "wave_comparison":
            return {"wave_comparison.csv": shares_and_changes(payload).assign(counts_rule=rule)}
        case "wave_changes":
            return {"wave_changes.csv": changes_in(payload).assign(counts_rule=rule)}
        case "agreement_by_wave":
            return {"agreement_by_wave.csv": with_changes(tables["rows"].frame)}
        case "saturation":
            return {
                "saturation.csv": tables["curve"].frame,
                "saturation_summary.csv": tables["summary"].frame,
            }
    return {}


def save_results(results: object | Sequence[object], results_dir: str) -> None:
    """Write the exact tables of one result or of several at full precision.

    Parameters
    ----------
    results
        A result of this package, or a list of them.
    results_dir
        Folder; an empty text writes nothing.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import analysis_lib as al
    >>> place = TemporaryDirectory()
    >>> al.save_results(al.describe_wave(al.load_wave(al.EXAMPLE_STUDY, "2024b")), place.name)
    >>> (Path(place.name) / "flow.csv").is_file()
    True
    >>> place.cleanup()
    """
    if not results_dir:
        return
    folder = Path(results_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for result in results if isinstance(results, (list, tuple)) else [results]:
        for name, frame in result_files(result).items():
            write_csv(folder / name, frame)


def write_csv(path: Path, frame: pd.DataFrame, *, significant_digits: int | None = None) -> None:
    """Write a table that a spreadsheet opens without running anything.

    Text is quoted, and text that begins like a formula gets an apostrophe in front; numbers stand plain and
    missing values are empty.

    Parameters
    ----------
    significant_digits
        Digits of a fraction; None keeps them all.
    """
    shown = frame.drop(columns=[name for name in _NEVER if name in frame])
    text = csv_text(shown, significant_digits=significant_digits)
    path.write_text(text, encoding="utf-8", newline="")
