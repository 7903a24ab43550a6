"""Array-level statistics: one module per question, each usable without a study folder."""

from analysis_lib.stats.exact import ExactTableTest, exact_table_test
from analysis_lib.stats.firth import FirthFit, Separation, firth_logistic, separation
from analysis_lib.stats.logistic import LogisticFit, logistic
from analysis_lib.stats.marginal import MarginalProbabilities, RiskModel, flac, flic, marginal_probabilities
from analysis_lib.stats.multiresponse import (
    MinP,
    MinPContrasts,
    MMITest,
    SPMITest,
    min_p,
    min_p_contrasts,
    mmi_test,
    spmi_test,
)
from analysis_lib.stats.proportions import (
    AdjustedResiduals,
    CramersV,
    Interval,
    OddsRatio,
    adjusted_residuals,
    cramers_v,
    odds_ratio,
    risk_difference,
    wilson,
)
from analysis_lib.stats.sample_size import SampleSize, events_per_parameter, max_parameters, sample_size

__all__ = [
    "AdjustedResiduals",
    "CramersV",
    "ExactTableTest",
    "FirthFit",
    "Interval",
    "LogisticFit",
    "MMITest",
    "MarginalProbabilities",
    "MinP",
    "MinPContrasts",
    "OddsRatio",
    "RiskModel",
    "SPMITest",
    "SampleSize",
    "Separation",
    "adjusted_residuals",
    "cramers_v",
    "events_per_parameter",
    "exact_table_test",
    "firth_logistic",
    "flac",
    "flic",
    "logistic",
    "marginal_probabilities",
    "max_parameters",
    "min_p",
    "min_p_contrasts",
    "mmi_test",
    "odds_ratio",
    "risk_difference",
    "sample_size",
    "separation",
    "spmi_test",
    "wilson",
]
