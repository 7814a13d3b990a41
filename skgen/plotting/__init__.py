"""Displays: pictures of data, of densities, of trainings and of latent spaces. matplotlib loads when one is drawn."""

from .density_display import DensityDisplay
from .latent_display import LatentDisplay
from .likelihood_comparison_display import LikelihoodComparisonDisplay
from .network_display import GraphDisplay
from .quality_display import QualityDisplay
from .table_display import TableDisplay
from .training_history_display import TrainingHistoryDisplay

__all__ = [
    "DensityDisplay",
    "GraphDisplay",
    "LatentDisplay",
    "LikelihoodComparisonDisplay",
    "QualityDisplay",
    "TableDisplay",
    "TrainingHistoryDisplay",
]
