"""Themewave: which coded themes go with which outcome of psychotherapy.

What a notebook needs stands here; the array-level statistics are in :mod:`analysis_lib.stats`.
"""

import sys

# jsonschema imports this for a format that no notebook uses; it costs two seconds and may be absent.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from analysis_lib import stats  # noqa: E402
from analysis_lib.agreement_by_wave import agreement_by_wave  # noqa: E402
from analysis_lib.crosstab import crosstab_themes  # noqa: E402
from analysis_lib.display import say, show  # noqa: E402
from analysis_lib.intake import describe_wave  # noqa: E402
from analysis_lib.joint_display import joint_display  # noqa: E402
from analysis_lib.quantitize import quantitize  # noqa: E402
from analysis_lib.reliability import coder_agreement  # noqa: E402
from analysis_lib.result_files import save_results  # noqa: E402
from analysis_lib.schema import EXAMPLE_STUDY  # noqa: E402
from analysis_lib.study import load_study  # noqa: E402
from analysis_lib.termination import fit_termination  # noqa: E402
from analysis_lib.theme_saturation import saturation  # noqa: E402
from analysis_lib.views import author_notes  # noqa: E402
from analysis_lib.wave import check_study, load_wave  # noqa: E402

__all__ = [
    "EXAMPLE_STUDY",
    "agreement_by_wave",
    "author_notes",
    "check_study",
    "coder_agreement",
    "crosstab_themes",
    "describe_wave",
    "fit_termination",
    "joint_display",
    "load_study",
    "load_wave",
    "quantitize",
    "saturation",
    "save_results",
    "say",
    "show",
    "stats",
]
