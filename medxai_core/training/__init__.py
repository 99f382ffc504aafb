"""Train the classifier: recipes, the loop, what it gives back, what it costs."""

from medxai_core.training.cost import CostEstimate, estimate_cost, measure_seconds_per_batch
from medxai_core.training.loop import evaluate, fit, predict, train_one_epoch
from medxai_core.training.preparation import make_loaders, make_loss, make_optimizer
from medxai_core.training.recipes import PRESETS, TrainingConfig
from medxai_core.training.results import BestWeights, EpochResult, EpochScores, History, TrainingDivergedError

__all__ = [
    "PRESETS",
    "BestWeights",
    "CostEstimate",
    "EpochResult",
    "EpochScores",
    "History",
    "TrainingConfig",
    "TrainingDivergedError",
    "estimate_cost",
    "evaluate",
    "fit",
    "make_loaders",
    "make_loss",
    "make_optimizer",
    "measure_seconds_per_batch",
    "predict",
    "train_one_epoch",
]
