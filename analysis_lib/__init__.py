"""Themewave: which coded themes go with which outcome of psychotherapy.

What a notebook needs stands here; the array-level statistics are in :mod:`analysis_lib.stats`.
"""

import sys

# jsonschema imports this for a format that no notebook uses; it costs two seconds and may be absent.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from analysis_lib import stats  # noqa: E402
from analysis_lib.across_waves import across_waves  # noqa: E402
from analysis_lib.agreement_by_wave import agreement_by_wave  # noqa: E402
from analysis_lib.branches import branches  # noqa: E402
from analysis_lib.coder_error import with_coder_error  # noqa: E402
from analysis_lib.crosstab import crosstab_themes  # noqa: E402
from analysis_lib.display import say, show  # noqa: E402
from analysis_lib.dropout_time import time_to_dropout  # noqa: E402
from analysis_lib.imputed_models import fit_imputed  # noqa: E402
from analysis_lib.intake import describe_wave  # noqa: E402
from analysis_lib.joint_display import joint_display  # noqa: E402
from analysis_lib.model_blocks import nested_blocks  # noqa: E402
from analysis_lib.model_prediction import prediction_measures  # noqa: E402
from analysis_lib.omnibus import omnibus_test  # noqa: E402
from analysis_lib.outcome_models import fit_outcome_groups  # noqa: E402
from analysis_lib.quantitize import quantitize  # noqa: E402
from analysis_lib.reliability import coder_agreement  # noqa: E402
from analysis_lib.result_files import save_results  # noqa: E402
from analysis_lib.schema import EXAMPLE_STUDY  # noqa: E402
from analysis_lib.sensitivity import sensitivity  # noqa: E402
from analysis_lib.study import load_study  # noqa: E402
from analysis_lib.talkativeness import talkativeness  # noqa: E402
from analysis_lib.termination import fit_termination  # noqa: E402
from analysis_lib.theme_bank import pooled_bank  # noqa: E402
from analysis_lib.theme_cooccurrence import co_occurrence  # noqa: E402
from analysis_lib.theme_saturation import saturation  # noqa: E402
from analysis_lib.therapists import clustered_models  # noqa: E402
from analysis_lib.views import author_notes  # noqa: E402
from analysis_lib.wave import check_study, load_wave  # noqa: E402

__all__ = [
    "EXAMPLE_STUDY",
    "across_waves",
    "agreement_by_wave",
    "author_notes",
    "branches",
    "check_study",
    "clustered_models",
    "co_occurrence",
    "coder_agreement",
    "crosstab_themes",
    "describe_wave",
    "fit_imputed",
    "fit_outcome_groups",
    "fit_termination",
    "joint_display",
    "load_study",
    "load_wave",
    "nested_blocks",
    "omnibus_test",
    "pooled_bank",
    "prediction_measures",
    "quantitize",
    "saturation",
    "save_results",
    "say",
    "sensitivity",
    "show",
    "stats",
    "talkativeness",
    "time_to_dropout",
    "with_coder_error",
]
