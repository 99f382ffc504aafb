"""Tests of the maps themselves: do they depend on what the network learned, and do they lie where they should?"""

from __future__ import annotations

from medxai_core.sanity.lights import Light, judge, judge_blank, judge_border, judge_same_map, make_grey
from medxai_core.sanity.localization import Localization, compute_border_ratio, score_localization
from medxai_core.sanity.perturbation import PerturbationCurves, perturb
from medxai_core.sanity.sameness import LEAST_PICTURES, SAME_LIMIT, Sameness, compute_sameness
from medxai_core.sanity.similarity import Similarity, compare_maps, compare_random_pairs
from medxai_core.sanity.weights import list_weight_stages, randomize_weights

__all__ = [
    "LEAST_PICTURES",
    "SAME_LIMIT",
    "Light",
    "Localization",
    "PerturbationCurves",
    "Sameness",
    "Similarity",
    "compare_maps",
    "compare_random_pairs",
    "compute_border_ratio",
    "compute_sameness",
    "judge",
    "judge_blank",
    "judge_border",
    "judge_same_map",
    "list_weight_stages",
    "make_grey",
    "perturb",
    "randomize_weights",
    "score_localization",
]
