"""The stages of the method in a clinician's words: how far each is, and what comes next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from medxai_core.config import SEGMENTATION
from medxai_core.records.masks import describe_setting
from medxai_core.views.standing import LabelCounts, MaskStanding, Standing
from pages.components.class_words import plural

StageState = Literal["done", "work", "next", "open"]


class StageWords(NamedTuple):
    """Name one stage: the page where it happens, in few words where there is little room, its steps and jobs."""

    page: str
    title: str
    short: str
    explained: str
    steps: tuple[str, ...]
    job_kinds: tuple[str, ...] = ()


STAGES = (
    StageWords("study", "Pictures", "Pictures", "The pictures of this study.", ("pictures",)),
    StageWords(
        "clusters",
        "Features & clusters",
        "Clusters",
        "Each picture is described by 226 numbers (features); pictures that look alike come together (clusters).",
        ("features", "clusters"),
        ("features", "cluster", "embed"),
    ),
    StageWords(
        "review",
        "Labels reviewed",
        "Labels",
        "Clusters propose labels (pseudo-labels); readers accept or reject them.",
        ("seeds", "labels", "decisions"),
        ("pseudo-label",),
    ),
    StageWords(
        "training",
        "Classifier trained",
        "Classifier",
        "A network learns from the labels to tell polyp from non-polyp.",
        ("runs",),
        ("train", "evaluate-classifier", "pipeline"),
    ),
    StageWords(
        "masks",
        "Mask setting locked",
        "Mask",
        "Layer and threshold are chosen on the tuning pictures, then locked.",
        ("setting",),
        ("heatmaps", "sweep", "masks"),
    ),
    StageWords(
        "evaluation",
        "Scored",
        "Scored",
        "The masks are compared with those that experts drew on the test pictures (Dice: overlap, 0 to 1).",
        ("scores",),
        ("score", "speed"),
    ),
)


class NextWords(NamedTuple):
    """Say what comes next: the button, the page that it opens, or the job that it starts, and what that does."""

    label: str
    explained: str
    page: str = ""
    where: dict[str, str] = {}  # noqa: RUF012 - never changed
    job: Literal["", "prepare", "propose"] = ""


NEXT = {
    "pictures": NextWords("import pictures", "This study holds no picture.", "study", {"new": "1"}),
    "features": NextWords(
        "describe and group",
        "Starts the features, the clusters, their map, and proposed labels where some labels are known.",
        job="prepare",
    ),
    "clusters": NextWords("group the pictures", "Starts the clusters and their map.", job="prepare"),
    "seeds": NextWords(
        "label first pictures",
        "Proposals start from a few labelled pictures of both classes.",
        "review",
        {"review_view": "Seeds"},
    ),
    "labels": NextWords("propose labels", "Starts the rounds of proposals.", job="propose"),
    "decisions": NextWords(
        "review proposals", "Accept or reject what the clusters propose.", "review", {"review_view": "Proposals"}
    ),
    "runs": NextWords("train the classifier", "On the labels in force.", "training", {"training_view": "New training"}),
    "setting": NextWords("choose and lock a mask", "Move layer and threshold until the mask fits.", "masks"),
    "scores": NextWords("score test pictures", "Beside trivial masks.", "evaluation"),
    "finished": NextWords("Trace one mask", "Every stage has run. How far can it be trusted?", "transparency"),
}
WATCH = NextWords("watch it learn", "A training is at work.", "training", {"training_view": "Run"})
BLOCKING = {
    "features": ("features", "cluster"),
    "clusters": ("features", "cluster"),
    "labels": ("pseudo-label",),
    "scores": ("score",),
}
"""Jobs that do a step: while one is at work the step is not offered again."""


def describe_stages(standing: Standing, at_work: Collection[str]) -> list[dict[str, str]]:
    """Return title, number, state and explanation of every stage.

    Parameters
    ----------
    at_work : collection of str
        Kinds of the jobs at work.
    """
    numbers = _write_numbers(standing)
    return [
        {
            "page": stage.page,
            "title": stage.title,
            "short": stage.short,
            "number": numbers[stage.page][0],
            "explained": f"{stage.explained} {numbers[stage.page][1]}".strip(),
            "state": _find_state(stage, standing, at_work),
        }
        for stage in STAGES
    ]


def find_next(standing: Standing, at_work: Collection[str]) -> NextWords | None:
    """Return what comes next; None while the job that does it is at work."""
    step = standing.next_step
    if "train" in at_work and step in ("runs", "setting"):
        return WATCH
    return None if set(BLOCKING.get(step, ())) & set(at_work) else NEXT[step]


def is_here(step: NextWords, page: str, shown: Mapping[str, str]) -> bool:
    """Return True when a step is done at the very place that is shown.

    Parameters
    ----------
    shown : mapping of str to str
        What is chosen on the page, by its name in the address.
    """
    return step.page == page and all(shown.get(name) == value for name, value in step.where.items())


def _find_state(stage: StageWords, standing: Standing, at_work: Collection[str]) -> StageState:
    """Return how far a stage is."""
    if any(kind in at_work for kind in stage.job_kinds):
        return "work"
    if standing.next_step in stage.steps:
        return "next"
    base, labels, masks = standing.foundation, standing.labels, standing.masks
    if stage.page == "review":
        if base.n_proposals and labels.n_reviewed >= base.n_proposals:
            return "done"
        return "work" if labels.n_reviewed or (labels.n_by_readers and not base.n_proposals) else "open"
    is_done = {
        "study": base.n_images > 0,
        "clusters": base.has_features and base.n_clusters > 0,
        "training": masks.n_trained > 0,
        "masks": masks.setting is not None,
        "evaluation": masks.is_scored,
    }
    return "done" if is_done[stage.page] else "open"


def _write_numbers(standing: Standing) -> dict[str, tuple[str, str]]:
    """Return for each stage the number that matters, and a sentence about it."""
    base, masks = standing.foundation, standing.masks
    n_pictures = plural(base.n_images, "picture")
    kind = "tile" if base.has_tiles else "picture"
    clusters = "described" if base.has_features else "-"
    return {
        "study": (f"{base.n_images:,}", f"{n_pictures}; {plural(base.n_training_items, kind)} of them get labels."),
        "clusters": (f"{base.n_clusters:,} clusters" if base.n_clusters else clusters, ""),
        "review": _write_labels(standing.labels, base.n_training_items, base.n_proposals, kind),
        "training": (plural(masks.n_trained, "run") if masks.n_trained else "-", ""),
        "masks": _write_setting(masks),
        "evaluation": _write_scores(masks),
    }


def _write_labels(labels: LabelCounts, n_items: int, n_proposals: int, kind: str) -> tuple[str, str]:
    """Return how many labels there are, and how many of the proposals were looked at."""
    words = f"{labels.n_labelled:,} of {plural(n_items, kind)} have a label, {labels.n_by_readers:,} from a reader."
    if n_proposals:
        words += f" Reviewed: {labels.n_reviewed:,} of {plural(n_proposals, 'proposal')}."
        return f"{labels.n_reviewed:,} of {n_proposals:,} reviewed", words
    return f"{labels.n_labelled:,} of {n_items:,} labelled", words


def _write_setting(masks: MaskStanding) -> tuple[str, str]:
    """Return the setting that is locked."""
    if masks.setting is None:
        return "-", ""
    short = "own mask" if masks.setting.method == SEGMENTATION else f"layer {masks.setting.layer}"
    return short, f"Locked for {masks.run_id}: {describe_setting(masks.setting)}."


def _write_scores(masks: MaskStanding) -> tuple[str, str]:
    """Return the Dice on the test pictures beside that of a disk, which must be beaten."""
    if not masks.is_scored or masks.dice is None:
        return ("no Dice" if masks.is_scored else "-"), ""
    disk = "" if masks.disk_dice is None else f" (disk {masks.disk_dice:.3f})"
    words = f"Mean Dice {masks.dice:.3f} on the test pictures"
    words += "" if masks.disk_dice is None else f"; a disk in the middle of every picture has {masks.disk_dice:.3f}"
    tuned = " They had been seen before the setting was chosen (tuned on test)." if masks.is_tuned_on_test else ""
    return f"Dice {masks.dice:.3f}{disk}", f"{words}.{tuned}"
