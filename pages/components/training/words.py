"""Recipes, states and scores of a training in the words of a clinician."""

from __future__ import annotations

from medxai_core.config import SEGMENTER
from medxai_core.views.learning import Verdict
from medxai_core.views.run_states import State
from pages.components.class_words import BadgeColor

PRESET_WORDS = {"recommended": "Recommended", "quick": "Quick", "paper": "As in the paper"}
PRESET_NOTES = {
    "recommended": (
        "A network that gives masks of its own (segmenter). It learns from your labels, from drawn frames whose "
        "outlines are known, and from what it then says itself; no mask of a real picture takes part. Not part of the "
        "paper."
    ),
    "quick": (
        "A small network (EfficientNet-Lite1) that has already learned to see from a million everyday pictures "
        "(ImageNet). Only its last stages learn from yours. Minutes on a laptop. Not part of the paper."
    ),
    "paper": (
        "The network of the paper (EfficientNet-b1), which starts from nothing and sees all pictures 25 times "
        "(Storås 2021). Hours on a laptop without a graphics card."
    ),
}
NETWORKS_OF = {"recommended": (SEGMENTER,), "quick": ("lite1",), "paper": ("b1", "lite1")}
"""Networks a recipe can use: the quick one needs weights that come with the installation."""

NETWORK_WORDS = {
    "b1": "EfficientNet-b1",
    "lite1": "EfficientNet-Lite1",
    SEGMENTER: "EfficientNet-Lite1 with a decoder for masks",
}
LABEL_WORDS = {"all": "All labels (as the paper)", "reviewed": "Seeds and reviewed"}

STATE_WORDS: dict[State, tuple[str, str, BadgeColor]] = {
    "starting": ("getting ready", ":material/hourglass_top:", "blue"),
    "running": ("learning", ":material/model_training:", "blue"),
    "stopping": ("stopping", ":material/stop_circle:", "gray"),
    "done": ("finished", ":material/check_circle:", "green"),
    "stopped": ("stopped", ":material/pause_circle:", "gray"),
    "failed": ("failed", ":material/error:", "red"),
    "lost": ("lost", ":material/link_off:", "red"),
}

VERDICT_ICONS: dict[Verdict, str] = {
    "too_early": ":material/hourglass_empty:",
    "improving": ":material/trending_up:",
    "paused": ":material/trending_flat:",
    "no_longer": ":material/trending_flat:",
    "learns_by_heart": ":material/psychology_alt:",
    "guessing": ":material/casino:",
    "unknown": ":material/help:",
}

WHEN_TO_STOP: dict[Verdict, str] = {
    "too_early": "Not yet. Let it make a few passes first.",
    "improving": "Not yet. It stops by itself after the last pass; the best pass over the pictures (epoch) is kept.",
    "paused": "Not yet. One or two passes without a gain say little.",
    "no_longer": "You can stop now: the best pass over the pictures (epoch) is kept, and later ones are not better.",
    "learns_by_heart": "You can stop now: the best pass over the pictures (epoch) is kept; more of them teach it its "
    "own pictures only.",
    "guessing": "Wait for half of the passes. If nothing has changed, stop and look at the labels on the Review page.",
    "unknown": "No one can tell without check pictures; it stops by itself after the last pass.",
}
"""While a training is at work."""

SCORE_WORDS = {
    "accuracy": "Right, of all pictures (accuracy)",
    "balanced_accuracy": "Right, both classes counted alike (balanced accuracy)",
    "sensitivity": "Polyps found (sensitivity)",
    "specificity": "Non-polyps recognised (specificity)",
    "roc_auc": "Polyps ranked above non-polyps (AUC)",
}

SPLIT_WORDS = {"validation": "Check pictures (validation)", "test": "Test pictures"}


def say_percent(share: float | None) -> str:
    """Return a share as a percentage.

    >>> say_percent(0.834), say_percent(None)
    ('83 %', '-')
    """
    return "-" if share is None else f"{100 * share:.0f} %"
