"""The tests of the maps, each as a light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from medxai_core.config import SHUFFLED
from medxai_core.models import PolypSegmenter, build_model, build_segmenter, preprocess
from medxai_core.progress import Stage
from medxai_core.records.runs import RecordedRun, get_classifier_scores, list_trained_runs
from medxai_core.sanity import (
    Light,
    compute_sameness,
    judge,
    make_grey,
    perturb,
    score_localization,
)
from medxai_core.stages.heatmaps import BATCH_SIZE, MapMaker, load_map_maker
from medxai_core.stages.sanity_subject import LOCATED, Subject
from medxai_core.training.preparation import evaluation_mode

N_PERTURBED = 16
"""Of the pictures, those whose places are taken away one by one."""

ADEBAYO = "Adebayo 2018, arXiv:1810.03292; limit: pairs of maps of different pictures, Arun 2021."
ARUN = "Arun 2021, doi:10.1148/ryai.2021200267."


def judge_weights(ssim: np.ndarray, baseline: float) -> Light:
    """Judge whether the maps are lost with the weights."""
    return judge(
        "weights", "Does the map depend on what the network learned?", ssim, baseline, better="lower",
        what="Likeness to the map with all weights in random order",
        against="of the maps of two different pictures", source=ADEBAYO,
    )  # fmt: skip


def judge_untrained(subject: Subject, baseline: float, *, seed: int) -> Light:
    """Judge whether a network that never learned anything makes another map."""
    is_segmenter = isinstance(subject.maker.model, PolypSegmenter)
    network = (
        build_segmenter(weights="scratch", seed=seed + 1)
        if is_segmenter
        else build_model(subject.maker.manifest.network, weights="scratch", seed=seed + 1)
    )
    ssim, _ = subject.compare(subject.compute(replace(subject.maker, model=network)))
    return judge(
        "untrained", "Is it another map than that of a network that never learned?", ssim, baseline, better="lower",
        what="Likeness to the map of an untrained network", against="of the maps of two different pictures",
        source=ADEBAYO, groups=subject.groups,
    )  # fmt: skip


def judge_other_runs(subject: Subject, baseline: float, *, stage: Stage) -> list[Light]:
    """Compare with other trainings of the study: another seed, another network, shuffled labels."""
    runs = [one for one in list_trained_runs(subject.study) if one.run_id != subject.run.run_id]
    same_labels = [one for one in runs if (one.labels == SHUFFLED) == (subject.run.labels == SHUFFLED)]
    is_same_recipe = [(one.preset, one.network) == (subject.run.preset, subject.run.network) for one in same_labels]
    repeated = [one for one, is_same in zip(same_labels, is_same_recipe, strict=True) if is_same]
    others = [one for one in same_labels if one.network != subject.run.network]
    shuffled = [one for one in runs if one.labels == SHUFFLED and one.preset == subject.run.preset]
    on_progress = stage("Comparing with other trainings")
    tests: list[tuple[str, str, list[RecordedRun], str, str]] = [
        ("repeatability", "Does a second training give the same map?", repeated, "higher",
         "Train once more by the same recipe with another seed (on the Training page, or train --seed 1)."),
        ("reproducibility", "Does another network give the same map?", others, "higher",
         "Train another network on the same labels (on the Training page, or train --network b1)."),
        ("labels", "Does the map depend on the labels?", shuffled if subject.run.labels != SHUFFLED else [], "lower",
         "Train once on labels in random order (train --shuffle-labels)."),
    ]  # fmt: skip
    lights = []
    for done, (key, question, found, better, remedy) in enumerate(tests, 1):
        lights.append(_judge_run(subject, baseline, key, question, found, better, remedy))
        on_progress(done, len(tests))
    return lights


def _judge_run(
    subject: Subject, baseline: float, key: str, question: str, runs: Sequence[RecordedRun], better: Any, remedy: str
) -> Light:
    """Compare the maps with those of the newest of some runs."""
    source = ADEBAYO if key == "labels" else f"{ARUN} Limit: pairs of maps of different pictures."
    if not runs:
        return make_grey(key, question, f"No such training in this study. {remedy}", source)
    other = load_map_maker(subject.study, runs[0].run_id)
    layer = _find_same_depth(subject.maker, other, subject.layer)
    ssim, _ = subject.compare(subject.compute(other, layer))
    return judge(
        key, question, ssim, baseline, better=better, what=f"Likeness to the map of {runs[0].run_id}, layer {layer}",
        against="of the maps of two different pictures", source=source, groups=subject.groups,
    )  # fmt: skip


def _find_same_depth(maker: MapMaker, other: MapMaker, layer: int) -> int:
    """Return the layer of another network with the nearest grid, and of those the one at the nearest depth."""
    if maker.blocks[layer].is_head and other.blocks[-1].is_head:
        return len(other.blocks) - 1
    depth, side = layer / (len(maker.blocks) - 1), maker.blocks[layer].grid[0] / maker.input_size
    blocks = [number for number, block in enumerate(other.blocks) if not block.is_head]
    return min(
        blocks,
        key=lambda number: (
            abs(np.log(other.blocks[number].grid[0] / other.input_size / side)),
            abs(number / (len(other.blocks) - 1) - depth),
        ),
    )


def judge_classifier(subject: Subject) -> Light:
    """Judge whether the classifier itself is better than chance: if not, its maps explain nothing."""
    key, question = "classifier", "Does the network tell polyp from no polyp at all?"
    chosen = ", on which the best epoch was chosen too" if subject.run.mask_head is None else ""
    source = f"Chance is .5 by definition; validation pictures{chosen}."
    score = get_classifier_scores(subject.study, subject.run.run_id).get("validation", {}).get("balanced_accuracy")
    if score is None or score["value"] is None or score["interval"]["low"] is None:
        return make_grey(key, question, "Its scores are not known (Evaluation page, or evaluate-classifier).", source)
    value, low, high = score["value"], score["interval"]["low"], score["interval"]["high"]
    color = "green" if low > 0.5 else "red" if value <= 0.5 else "yellow"
    end = "" if color == "green" else " That may be chance: then its maps explain nothing."
    words = f"Balanced accuracy {value:.2f} [{low:.2f}, {high:.2f}]; chance: 0.50 ({score['n']} pictures).{end}"
    return Light(key, question, color, value, low, high, 0.5, words, source, int(score["n"]))  # type: ignore[arg-type]


def judge_localization(subject: Subject) -> list[Light]:
    """Score the maps against the truth of the tuning pictures, beside a blob in the middle of each."""
    blob, found, plain, groups = _draw_blob(LOCATED), [], [], []
    for heatmap, truth, group in zip(subject.maps, subject.truths, subject.groups, strict=True):
        if truth is not None and 0 < truth.mean() < 1:
            found.append(score_localization(_enlarge(heatmap, LOCATED), truth))
            plain.append(score_localization(blob, truth))
            groups.append(group)
    arras, limit = "Arras 2022, doi:10.1016/j.inffus.2021.11.008;", "limit: a blob in the middle."
    zhang = "Pointing game, Zhang 2018, doi:10.1007/s11263-017-1059-x;"
    tests = [
        ("auprc", "auprc", "Does the map lie on the polyp?", "Area under the precision-recall curve", ARUN),
        ("pointing", "is_hit", "Is the hottest place in the polyp?", "Share of pictures", zhang),
        ("mass", "relevance_mass", "How much of the map lies in the polyp?", "Share of the map", arras),
        ("rank", "relevance_rank", "Are the hottest pixels those of the polyp?", "Share of polyp among them", arras),
    ]
    return [
        judge(
            key, question, [float(getattr(one, name)) for one in found], [float(getattr(one, name)) for one in plain],
            better="higher", what=what, against="a blob in the middle of every picture", source=f"{source} {limit}",
            groups=groups,
        )
        for key, name, question, what, source in tests
    ]  # fmt: skip


def judge_prediction(subject: Subject, *, stage: Stage) -> list[Light]:
    """Take away places in the order of the map, and in that of another picture's map."""
    n = min(N_PERTURBED, len(subject.pictures))
    chosen = np.linspace(0, len(subject.pictures) - 1, n).round().astype(int)
    predict = _make_predict(subject.maker)
    on_progress = stage("Covering places, the hottest first")
    side = subject.maker.input_size
    own, foreign = [], []
    for done, i in enumerate(chosen, 1):
        picture, other = subject.pictures[i], chosen[done % n]
        own.append(perturb(picture, _enlarge(subject.maps[i], (side, side)), predict))
        foreign.append(perturb(picture, _enlarge(subject.maps[other], (side, side)), predict))
        on_progress(done, n)
    groups = [subject.groups[i] for i in chosen]
    against = "in the order of another picture's map"
    rise, road = "RISE, Petsiuk 2018, arXiv:1806.07421", "ROAD, Rong 2022, arXiv:2202.00449"
    area = "Area under the probability"
    tests: list[tuple[str, str, Any, str, str]] = [
        ("insertion", "Do the hot places alone bring the prediction back?", "higher", area, rise),
        ("deletion", "Is the prediction lost without the hot places?", "lower", area, rise),
        ("road", "Do the hot places count more than the cold ones?", "higher", "Difference of probabilities", road),
    ]
    return [
        judge(
            key, asked, [getattr(one, key) for one in own], [getattr(one, key) for one in foreign], better=better,
            what=what, against=against, source=f"{source}; limit: {against}.", groups=groups,
        )
        for key, asked, better, what, source in tests
    ]  # fmt: skip


def _make_predict(maker: MapMaker) -> Callable[[np.ndarray], np.ndarray]:
    """Return what gives the probability of polyp of pictures that have the network's size."""

    def predict(pictures: np.ndarray) -> np.ndarray:
        found = []
        with evaluation_mode(maker.model), torch.inference_mode():
            for start in range(0, len(pictures), BATCH_SIZE):
                inputs = preprocess(list(pictures[start : start + BATCH_SIZE]), maker.manifest.preprocessing)
                logits = maker.model(inputs.contiguous(memory_format=torch.channels_last))
                found.append(torch.sigmoid(logits).numpy())
        return np.concatenate(found)

    return predict


def measure_sameness(subject: Subject) -> tuple[float | None, int]:
    """Return the correlation of maps with the mean of the others, and of how many."""
    found = compute_sameness(subject.maps)
    return found.correlation, found.n_pictures


def _draw_blob(shape: tuple[int, int]) -> np.ndarray:
    """Return a map that falls off evenly from the middle of the picture, (h, w) float in [0, 1]."""
    y = (np.arange(shape[0]) + 0.5) / shape[0] - 0.5
    x = (np.arange(shape[1]) + 0.5) / shape[1] - 0.5
    return 1 - np.hypot(y[:, None], x) / np.hypot(0.5, 0.5)


def _enlarge(heatmap: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a map at another size, bilinear, (h, w) float32."""
    values = torch.from_numpy(np.ascontiguousarray(heatmap, np.float32))[None, None]
    return torch.nn.functional.interpolate(values, shape, mode="bilinear", align_corners=False)[0, 0].numpy()
