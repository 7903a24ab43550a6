"""Which tidy CSV files does a result become?

The same files twice: exact and at full precision from the results (internal), and from payloads that have
passed the door (released). One vocabulary of columns in both.
"""

from __future__ import annotations

from functools import singledispatch
from pathlib import Path

import numpy as np
import pandas as pd

from analysis_lib.agreement_by_wave import AgreementByWave, with_changes
from analysis_lib.crosstab import ThemeCrosstab, with_shares
from analysis_lib.intake import WaveIntake
from analysis_lib.payload import Payload
from analysis_lib.reliability import CodingReliability
from analysis_lib.tables.common import contrasts_of
from analysis_lib.termination import TerminationModels
from analysis_lib.theme_saturation import ThemeSaturation

Files = dict[str, pd.DataFrame]
_NEVER = ["depth", "smallest_cell"]  # layout and door only
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@singledispatch
def result_files(result: object) -> Files:
    """File name -> exact table, of a result or of a released payload; empty where it makes no file."""
    return {}


@result_files.register
def _of_intake(result: WaveIntake) -> Files:
    return {
        "flow.csv": result.flow,
        "characteristics.csv": result.characteristics,
        "dropout_definitions.csv": result.dropout,
    }


@result_files.register
def _of_crosstab(result: ThemeCrosstab) -> Files:
    return {
        "theme_by_outcome.csv": result.table,
        "theme_tests.csv": result.tests,
        "theme_contrasts.csv": result.contrasts.assign(counts_rule="exact"),
    }


@result_files.register
def _of_termination(result: TerminationModels) -> Files:
    return {
        "termination_models.csv": result.table,
        "termination_probabilities.csv": result.probabilities,
        "termination_guards.csv": result.guards,
    }


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
def _of_saturation(result: ThemeSaturation) -> Files:
    return {"saturation.csv": result.curve, "saturation_summary.csv": result.summary}


@result_files.register
def _of_payload(payload: Payload) -> Files:
    tables, rule = payload.tables, payload.facts.get("counts_rule", "exact")
    if payload.shape != "table":
        return {}
    match payload.template:
        case "flow" | "characteristics":
            return {f"{payload.template}.csv": tables["rows"].frame}
        case "dropout":
            return {"dropout_definitions.csv": tables["rows"].frame}
        case "theme_by_outcome":
            return {"theme_by_outcome.csv": with_shares(tables["shares"].frame)}
        case "theme_contrasts":
            return {"theme_contrasts.csv": contrasts_of(payload).assign(counts_rule=rule)}
        case "theme_tests":
            return {"theme_tests.csv": tables["tests"].frame}
        case "termination_models":
            return {"termination_models.csv": tables["models"].frame}
        case "termination_probabilities":
            return {"termination_probabilities.csv": tables["probabilities"].frame}
        case "termination_guards":
            return {"termination_guards.csv": tables["guards"].frame}
        case "agreement" | "coding" | "codebook" | "disagreements" | "unitising" | "claimed_agreement":
            return {f"{payload.template}.csv": tables[payload.template].frame}
        case "agreement_by_wave":
            return {"agreement_by_wave.csv": with_changes(tables["rows"].frame)}
        case "saturation":
            return {
                "saturation.csv": tables["curve"].frame,
                "saturation_summary.csv": tables["summary"].frame,
            }
    return {}


def save_results(result: object, results_dir: str) -> None:
    """Write the exact tables of a result at full precision.

    Parameters
    ----------
    result
        A result of this package.
    results_dir
        Folder; an empty text writes nothing.
    """
    if not results_dir:
        return
    folder = Path(results_dir)
    folder.mkdir(parents=True, exist_ok=True)
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
    rows = [[_quoted(name) for name in shown.columns]]
    rows += [[_field(value, significant_digits) for value in row] for row in shown.itertuples(index=False)]
    text = "".join(",".join(row) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="")


def _field(value: object, digits: int | None) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value) if digits is None else float(f"{value:.{digits}g}")
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """Text in quotation marks; what a spreadsheet would run gets an apostrophe in front."""
    safe = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + safe.replace('"', '""') + '"'
