"""Array-level statistics: one module per question, each usable without a study folder."""

from analysis_lib.stats.adjusted import AdjustedDifference, adjusted_difference
from analysis_lib.stats.agreement import Agreement, Coefficient, agreement
from analysis_lib.stats.change import (
    DifferenceOfEstimates,
    PairedChange,
    difference_at_same_mix,
    difference_of_estimates,
    paired_change,
)
from analysis_lib.stats.clusters import ClusteredFit, gee_logistic
from analysis_lib.stats.conditional import conditional_logistic
from analysis_lib.stats.cooccurrence import Cooccurrence, cooccurrence
from analysis_lib.stats.cqr import cqr_label, cqr_stable, cqr_steps
from analysis_lib.stats.exact import ExactTableTest, exact_table_test
from analysis_lib.stats.exact_strata import ExactStrata, exact_strata
from analysis_lib.stats.firth import FirthFit, firth_logistic
from analysis_lib.stats.hierarchy import inheritance
from analysis_lib.stats.intraclass import IntraclassCorrelation, intraclass_correlation
from analysis_lib.stats.logistic import LogisticFit, logistic
from analysis_lib.stats.marginal import MarginalProbabilities, RiskModel, flac, flic, marginal_probabilities
from analysis_lib.stats.minp import MinP, MinPContrasts, min_p, min_p_contrasts
from analysis_lib.stats.misclassification import (
    Accuracy,
    CorrectedAssociation,
    ImputedCodes,
    corrected_association,
    impute_true_codes,
)
from analysis_lib.stats.missing import Imputed, RubinEstimate, impute, pool_rubin
from analysis_lib.stats.mmi import MMITest, mmi_test
from analysis_lib.stats.multinomial import MultinomialFit, firth_multinomial
from analysis_lib.stats.multiverse import Measure, Multiverse, Specification, multiverse
from analysis_lib.stats.ordered import OrderedFit, ordered_logistic
from analysis_lib.stats.perfect_prediction import Separation, separation
from analysis_lib.stats.pooling import PooledBank, partial_pooling
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
from analysis_lib.stats.random_intercept import random_intercept_logistic
from analysis_lib.stats.sample_size import SampleSize, events_per_parameter, max_parameters, sample_size
from analysis_lib.stats.saturation import InformationThreshold, SaturationCurve, saturation_curve
from analysis_lib.stats.segments import SegmentDifference, segment_share_difference
from analysis_lib.stats.spmi import SPMITest, spmi_test
from analysis_lib.stats.stratified import PooledEffect, Stratified, WithoutOneStratum, stratified
from analysis_lib.stats.survival import (
    DropoutHazard,
    LogRank,
    TimeToDropout,
    dropout_hazard,
    kaplan_meier,
    log_rank,
    person_sessions,
)

__all__ = [
    "Accuracy",
    "AdjustedDifference",
    "AdjustedResiduals",
    "Agreement",
    "Auc",
    "Calibration",
    "ClusteredFit",
    "Coefficient",
    "Cooccurrence",
    "CorrectedAssociation",
    "CramersV",
    "DifferenceOfEstimates",
    "DropoutHazard",
    "ExactStrata",
    "ExactTableTest",
    "FirthFit",
    "Imputed",
    "ImputedCodes",
    "InformationThreshold",
    "Interval",
    "IntraclassCorrelation",
    "LogRank",
    "LogisticFit",
    "MMITest",
    "MarginalProbabilities",
    "Measure",
    "MinP",
    "MinPContrasts",
    "MultinomialFit",
    "Multiverse",
    "OddsRatio",
    "Optimism",
    "OrderedFit",
    "PairedChange",
    "PooledBank",
    "PooledEffect",
    "RiskModel",
    "RubinEstimate",
    "SPMITest",
    "SampleSize",
    "SaturationCurve",
    "SegmentDifference",
    "Separation",
    "Specification",
    "Stratified",
    "TimeToDropout",
    "WithoutOneStratum",
    "adjusted_difference",
    "adjusted_residuals",
    "agreement",
    "auc",
    "calibration",
    "conditional_logistic",
    "cooccurrence",
    "corrected_association",
    "cqr_label",
    "cqr_stable",
    "cqr_steps",
    "cramers_v",
    "difference_at_same_mix",
    "difference_of_estimates",
    "dropout_hazard",
    "events_per_parameter",
    "exact_strata",
    "exact_table_test",
    "firth_logistic",
    "firth_multinomial",
    "flac",
    "flic",
    "gee_logistic",
    "impute",
    "impute_true_codes",
    "inheritance",
    "intraclass_correlation",
    "kaplan_meier",
    "log_rank",
    "logistic",
    "marginal_probabilities",
    "max_parameters",
    "min_p",
    "min_p_contrasts",
    "mmi_test",
    "multiverse",
    "odds_ratio",
    "optimism",
    "ordered_logistic",
    "paired_change",
    "partial_pooling",
    "person_sessions",
    "pool_rubin",
    "random_intercept_logistic",
    "risk_difference",
    "sample_size",
    "saturation_curve",
    "segment_share_difference",
    "separation",
    "spmi_test",
    "stratified",
    "wilson",
]
