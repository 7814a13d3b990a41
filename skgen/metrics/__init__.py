"""How close samples are to rows that no model has seen: fidelity, utility and privacy of synthetic tables."""

from ._figures import Value
from .copies import copied_share
from .density_coverage import density_coverage
from .divergence import kl_divergence
from .energy import energy_distance
from .jensen_shannon import column_jensen_shannon, jensen_shannon_error
from .membership import MembershipAttack, distance_membership, likelihood_membership, membership_attack
from .mmd import kernel_mmd
from .modes import mode_coverage, mode_table
from .nearest import nearest_record_share
from .precision_recall import precision_recall
from .quality import QualityReport
from .report import quality_report
from .scorers import SampleScorer, shape_scorer, trend_scorer, two_sample_scorer
from .shape import column_shape_errors, shape_error
from .trend import pair_trend_errors, trend_error
from .two_sample import two_sample_auc
from .utility import column_utilities, global_utility, tstr_score
from .wasserstein import column_wasserstein, wasserstein_error

__all__ = [
    "MembershipAttack",
    "QualityReport",
    "SampleScorer",
    "Value",
    "column_jensen_shannon",
    "column_shape_errors",
    "column_utilities",
    "column_wasserstein",
    "copied_share",
    "density_coverage",
    "distance_membership",
    "energy_distance",
    "global_utility",
    "jensen_shannon_error",
    "kernel_mmd",
    "kl_divergence",
    "likelihood_membership",
    "membership_attack",
    "mode_coverage",
    "mode_table",
    "nearest_record_share",
    "pair_trend_errors",
    "precision_recall",
    "quality_report",
    "shape_error",
    "shape_scorer",
    "trend_error",
    "trend_scorer",
    "tstr_score",
    "two_sample_auc",
    "two_sample_scorer",
    "wasserstein_error",
]
