"""Array-level statistics: one module per question, each usable without a study folder."""

from analysis_lib.stats.clusters import (
    ClusteredFit,
    IntraclassCorrelation,
    conditional_logistic,
    gee_logistic,
    intraclass_correlation,
    random_intercept_logistic,
)
from analysis_lib.stats.exact import ExactTableTest, exact_table_test
from analysis_lib.stats.firth import FirthFit, Separation, firth_logistic, separation
from analysis_lib.stats.logistic import LogisticFit, logistic
from analysis_lib.stats.marginal import MarginalProbabilities, RiskModel, flac, flic, marginal_probabilities
from analysis_lib.stats.multinomial import MultinomialFit, OrderedFit, firth_multinomial, ordered_logistic
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
from analysis_lib.stats.prediction import Auc, Calibration, Optimism, auc, calibration, optimism
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
    "Auc",
    "Calibration",
    "ClusteredFit",
    "CramersV",
    "ExactTableTest",
    "FirthFit",
    "Interval",
    "IntraclassCorrelation",
    "LogisticFit",
    "MMITest",
    "MarginalProbabilities",
    "MinP",
    "MinPContrasts",
    "MultinomialFit",
    "OddsRatio",
    "Optimism",
    "OrderedFit",
    "RiskModel",
    "SPMITest",
    "SampleSize",
    "Separation",
    "adjusted_residuals",
    "auc",
    "calibration",
    "conditional_logistic",
    "cramers_v",
    "events_per_parameter",
    "exact_table_test",
    "firth_logistic",
    "firth_multinomial",
    "flac",
    "flic",
    "gee_logistic",
    "intraclass_correlation",
    "logistic",
    "marginal_probabilities",
    "max_parameters",
    "min_p",
    "min_p_contrasts",
    "mmi_test",
    "odds_ratio",
    "optimism",
    "ordered_logistic",
    "random_intercept_logistic",
    "risk_difference",
    "sample_size",
    "separation",
    "spmi_test",
    "wilson",
]
