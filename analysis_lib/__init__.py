"""Themewave: which coded themes go with which outcome of psychotherapy.

What a notebook needs stands here; the array-level statistics are in :mod:`analysis_lib.stats`. Each name is imported
when it is first asked for, so that a command that finds nothing to do ends before pandas would have been imported.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from analysis_lib import readable

# jsonschema imports this for a format that no notebook uses; it costs two seconds and may be absent.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# For type checkers and editors, which run nothing.
if TYPE_CHECKING:
    from analysis_lib import stats as stats
    from analysis_lib.across_waves import across_waves as across_waves
    from analysis_lib.agreement_by_wave import agreement_by_wave as agreement_by_wave
    from analysis_lib.attrition import wave_attrition as wave_attrition
    from analysis_lib.branches import branches as branches
    from analysis_lib.coder_error import with_coder_error as with_coder_error
    from analysis_lib.commands.export_wave import export_wave as export_wave
    from analysis_lib.crosstab import crosstab_themes as crosstab_themes
    from analysis_lib.display import say as say
    from analysis_lib.display import show as show
    from analysis_lib.dropout_time import time_to_dropout as time_to_dropout
    from analysis_lib.explore import explore_themes as explore_themes
    from analysis_lib.explored_quotes import quotes_behind as quotes_behind
    from analysis_lib.explorer import explorer as explorer
    from analysis_lib.imputed_models import fit_imputed as fit_imputed
    from analysis_lib.intake import describe_wave as describe_wave
    from analysis_lib.joint_display import joint_display as joint_display
    from analysis_lib.model_blocks import nested_blocks as nested_blocks
    from analysis_lib.model_prediction import prediction_measures as prediction_measures
    from analysis_lib.new_study import new_study as new_study
    from analysis_lib.omnibus import omnibus_test as omnibus_test
    from analysis_lib.outcome_models import fit_outcome_groups as fit_outcome_groups
    from analysis_lib.quantitize import quantitize as quantitize
    from analysis_lib.quote_review import quotes_to_review as quotes_to_review
    from analysis_lib.quote_review import write_reviews as write_reviews
    from analysis_lib.reliability import coder_agreement as coder_agreement
    from analysis_lib.result_files import save_results as save_results
    from analysis_lib.review_form import review_quotes as review_quotes
    from analysis_lib.review_form import review_state as review_state
    from analysis_lib.schema import EXAMPLE_STUDY as EXAMPLE_STUDY
    from analysis_lib.schema import TUTORIAL_FILES as TUTORIAL_FILES
    from analysis_lib.sensitivity import sensitivity as sensitivity
    from analysis_lib.serious_codes import serious_codes as serious_codes
    from analysis_lib.study import load_study as load_study
    from analysis_lib.talkativeness import talkativeness as talkativeness
    from analysis_lib.termination import fit_termination as fit_termination
    from analysis_lib.theme_bank import pooled_bank as pooled_bank
    from analysis_lib.theme_cooccurrence import co_occurrence as co_occurrence
    from analysis_lib.theme_patterns import theme_patterns as theme_patterns
    from analysis_lib.theme_saturation import saturation as saturation
    from analysis_lib.therapists import clustered_models as clustered_models
    from analysis_lib.views import author_notes as author_notes
    from analysis_lib.wave import check_study as check_study
    from analysis_lib.wave import load_wave as load_wave
    from analysis_lib.wave_comparison import compare_waves as compare_waves
    from analysis_lib.what_changed import what_changed as what_changed

# Name -> module of the package that it stands in.
_PLACES = {
    "EXAMPLE_STUDY": "schema",
    "TUTORIAL_FILES": "schema",
    "across_waves": "across_waves",
    "agreement_by_wave": "agreement_by_wave",
    "author_notes": "views",
    "branches": "branches",
    "check_study": "wave",
    "clustered_models": "therapists",
    "co_occurrence": "theme_cooccurrence",
    "coder_agreement": "reliability",
    "compare_waves": "wave_comparison",
    "crosstab_themes": "crosstab",
    "describe_wave": "intake",
    "explore_themes": "explore",
    "explorer": "explorer",
    "export_wave": "commands.export_wave",
    "fit_imputed": "imputed_models",
    "fit_outcome_groups": "outcome_models",
    "fit_termination": "termination",
    "joint_display": "joint_display",
    "load_study": "study",
    "load_wave": "wave",
    "nested_blocks": "model_blocks",
    "new_study": "new_study",
    "omnibus_test": "omnibus",
    "pooled_bank": "theme_bank",
    "prediction_measures": "model_prediction",
    "quantitize": "quantitize",
    "quotes_behind": "explored_quotes",
    "quotes_to_review": "quote_review",
    "review_quotes": "review_form",
    "review_state": "review_form",
    "saturation": "theme_saturation",
    "save_results": "result_files",
    "say": "display",
    "sensitivity": "sensitivity",
    "serious_codes": "serious_codes",
    "show": "display",
    "stats": "stats",
    "talkativeness": "talkativeness",
    "theme_patterns": "theme_patterns",
    "time_to_dropout": "dropout_time",
    "wave_attrition": "attrition",
    "what_changed": "what_changed",
    "with_coder_error": "coder_error",
    "write_reviews": "quote_review",
}
__all__ = list(_PLACES)


class _Package(ModuleType):
    """Imports a name when it is first asked for; a module of the same name never takes its place."""

    def __getattr__(self, name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module = import_module(f"{self.__name__}.{_PLACES[name]}")
        found = getattr(module, name, module)
        self.__dict__[name] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system hangs every module on its package, here also branches over the function branches().
        if name not in _PLACES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        """What completion offers: the public names, and no module that happens to have been imported."""
        return sorted({*_PLACES, *(name for name in super().__dir__() if name.startswith("__"))})


sys.modules[__name__].__class__ = _Package
readable.read_by(lambda: import_module(f"{__name__}.in_brief"))
