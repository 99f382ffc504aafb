"""From global to deep features: which edges, textures, brightness and colours explain what a network separates."""

from __future__ import annotations

from medxai_core.surrogate.crossfit import CrossFit, Material, cross_fit, list_subsets
from medxai_core.surrogate.deep_features import extract_deep_features
from medxai_core.surrogate.fidelity import Estimate, Fidelity, measure_fidelity
from medxai_core.surrogate.item import FittedSurrogate, ItemExplanation, ItemPart, explain_row
from medxai_core.surrogate.parts import (
    ClassContribution,
    Part,
    WordedContribution,
    add_up_parts,
    average_parts,
    explain_classes,
    group_columns,
    list_parts,
)
from medxai_core.surrogate.refits import (
    AspectShare,
    Refits,
    Stability,
    compare_aspects,
    find_overlaps,
    judge_order,
    refit,
)
from medxai_core.surrogate.ridge import LinearModel
from medxai_core.surrogate.scaling import FeatureScale, fit_feature_scale
from medxai_core.surrogate.shares import Overlap
from medxai_core.surrogate.words import (
    TARGETS,
    say_controls,
    say_fidelity,
    say_item,
    say_order,
    say_overlap,
    say_percent,
    say_unstable,
)

__all__ = [
    "TARGETS",
    "AspectShare",
    "ClassContribution",
    "CrossFit",
    "Estimate",
    "FeatureScale",
    "Fidelity",
    "FittedSurrogate",
    "ItemExplanation",
    "ItemPart",
    "LinearModel",
    "Material",
    "Overlap",
    "Part",
    "Refits",
    "Stability",
    "WordedContribution",
    "add_up_parts",
    "average_parts",
    "compare_aspects",
    "cross_fit",
    "explain_classes",
    "explain_row",
    "extract_deep_features",
    "find_overlaps",
    "fit_feature_scale",
    "group_columns",
    "judge_order",
    "list_parts",
    "list_subsets",
    "measure_fidelity",
    "refit",
    "say_controls",
    "say_fidelity",
    "say_item",
    "say_order",
    "say_overlap",
    "say_percent",
    "say_unstable",
]
