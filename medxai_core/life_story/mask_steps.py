"""Steps about the result: prediction, heat map, mask, scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any, get_args

import numpy as np

from medxai_core.errors import StageMissingError
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.evaluation.scores import ImageScores
from medxai_core.life_story.context import StoryContext
from medxai_core.life_story.evidence_steps import tell_what_was_added
from medxai_core.life_story.lessons import find_lesson, say_lesson
from medxai_core.life_story.places import find_hottest, say_place
from medxai_core.life_story.story import Part, Step
from medxai_core.masks import describe_heatmap
from medxai_core.models import HEAD_STRIDE
from medxai_core.records.masks import describe_setting, get_heatmaps, list_heatmaps
from medxai_core.records.runs import RecordedRun, get_probabilities, list_runs
from medxai_core.sanity.lights import Color
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.stages.masks import make_study_mask, recommended_setting
from medxai_core.stages.sanity import find_sanity
from medxai_core.stages.surrogate import explain_item
from medxai_core.surrogate import say_fidelity, say_item
from medxai_core.views.mask_view import describe_layer, describe_probability
from medxai_core.views.own_masks import is_own_mask
from medxai_core.views.recorded_scores import find_current_row, find_trivial_row, get_picture_scores

SHOWN_SCORES = ("dice", "jaccard", "recall", "precision")
OUTCOME_WORDS = {
    "polyp_with_mask": "polyp and mask",
    "polyp_without_mask": "the polyp was missed: the mask is empty",
    "false_positive_frame": "there is no polyp, but a mask",
    "correctly_empty_frame": "no polyp and no mask, as it should be",
}
NO_RUN = "Nothing has been trained yet. Do this on the Training page."


def tell_prediction(context: StoryContext) -> Step:
    """Tell what each run's classifier says, and whether the picture taught it."""
    not_proof = "that there is a polyp: the probability is not calibrated, and a classifier can be sure and wrong."
    if context.run is None:
        return Step("prediction", "Prediction", (Part(NO_RUN),), not_proof, "training", is_known=False)
    by_run = [(run, get_probabilities(context.study, run.run_id)) for run in list_runs(context.study)]
    parts = context.tell_each(lambda row: _describe_prediction(context, row, by_run))
    is_known = any(run["probability"] is not None for part in parts for run in part.facts["runs"])
    return Step("prediction", "Prediction", parts, not_proof, "training", is_known=is_known)


def _describe_prediction(
    context: StoryContext, row: int, by_run: list[tuple[RecordedRun, np.ndarray | None]]
) -> tuple[str, dict[str, Any]]:
    """Return words and facts about the predictions of one item."""
    runs: list[dict[str, Any]] = []
    for run, values in by_run:
        known = values is not None and bool(np.isfinite(values[row]))
        lesson, label = find_lesson(context, run, row)
        runs.append(
            {
                "run_id": run.run_id,
                "probability": float(values[row]) if known and values is not None else None,
                "taught_as": label,
                "learned_from": lesson,
            }
        )
    wanted = context.run.run_id if context.run else by_run[0][0].run_id
    run, own = next((run, one) for (run, _), one in zip(by_run, runs, strict=True) if run.run_id == wanted)
    taken_apart, facts = _take_apart(context, row)
    return _say_prediction(context, run, own) + taken_apart, {"runs": runs} | facts


def _say_prediction(context: StoryContext, run: RecordedRun, own: dict[str, Any]) -> str:
    """Say what a run learned from an item, and what it answers."""
    if own["taught_as"]:
        return f"It taught run {run.run_id} as {own['taught_as']}, so a prediction for it would prove nothing."
    lesson = say_lesson(own["learned_from"], run, is_tile=context.is_tiled)
    if own["probability"] is None:
        return (
            f"{lesson} Its answer is not recorded (only those for labelled "
            "validation and test pictures are): the Masks page computes that for the whole picture when you look."
        )
    told = f"Run {run.run_id} {describe_probability(own['probability'])}: probability {own['probability']:.2f}."
    return f"{told} {'It did not learn from this picture.' if own['learned_from'] == 'nothing' else lesson}"


def _take_apart(context: StoryContext, row: int) -> tuple[str, dict[str, Any]]:
    """Return what the global features say of the network's answer, how far that is to be believed first.

    Nothing for a run that was not asked, or an item without features.
    """
    if context.surrogate is None:
        return "", {}
    try:
        found = explain_item(context.study, context.surrogate, str(context.items.item_ids[row]))
    except StageMissingError:
        return "", {}
    fidelity = say_fidelity(context.surrogate.fidelity_of("answer"))
    return f" {fidelity} {say_item(found)}", {"surrogate": asdict(found)}


def tell_heatmap(context: StoryContext) -> Step:
    """Tell where the network looked, in one layer."""
    not_proof = (
        "why the network decided: the map shows where a change would move the answer, and is scaled so that its "
        f"highest place is always hottest. {_say_tests(context)}"
    )
    not_proof_of_own = (
        "that a polyp is there: a probability is what the network says, and no mask of a real picture taught it; "
        "what it knows of outlines is from frames that a program drew. It is shown as it is, never stretched."
    )
    title, page = "Heat map", "masks"
    if context.run is None:
        return Step("heatmap", title, (Part(NO_RUN),), not_proof, page, is_known=False)
    layers = find_recorded_layers(context)
    if not layers:
        is_own = _cuts_own_map(context)
        what = "The network's own map of this picture is not" if is_own else "No heat map of this picture is"
        part = Part(f"{what} recorded yet. The Masks page makes it.", {"layers": []})
        not_proof = not_proof_of_own if is_own else not_proof
        return Step("heatmap", title, (part,), not_proof, page, is_known=False)
    layer = _choose_layer(context, layers)
    maker = context.maker
    size = (int(context.picture["height"]), int(context.picture["width"]))
    is_head = layer == context.run.mask_head
    if is_head:
        not_proof = not_proof_of_own
    raw = get_heatmaps(context.study, context.run.run_id, layer, method=_method(context))[context.position]
    facts: dict[str, Any] = {"layers": layers, "layer": layer, "method": _method(context), "grid": list(raw.shape)}
    words = "The network's own map." if is_head else f"Layer {layer}, method {_method(context)}."
    if maker is not None:
        heatmap, is_blank = maker.finish(raw, layer, size)
        warnings = describe_heatmap(heatmap)
        facts |= {"is_blank": is_blank, "warnings": warnings, "hottest": find_hottest(heatmap)}
        top = "highest" if is_head else "hottest"
        where = "" if is_blank else f" It is {top} {say_place(*find_hottest(heatmap))}."
        cells = describe_layer(maker.blocks[layer], size, maker.input_size)
        words = f"{'Probability of polyp' if is_head else f'Layer {layer}'} ({cells}).{where} {' '.join(warnings)}"
    return Step("heatmap", title, (Part(words.strip(), facts),), not_proof, page)


def _cuts_own_map(context: StoryContext) -> bool:
    """Return True when masks are cut from a segmenter's own map: by the locked setting, or while none is locked."""
    if context.run is None or context.run.mask_head is None:
        return False
    return is_own_mask(context.setting)


def _say_tests(context: StoryContext) -> str:
    """Say what came of the tests of the run's maps."""
    record = None if context.run is None else find_sanity(context.study, context.run)
    if record is None:
        return "The maps of this run have not been tested (Tests of the maps)."
    counts = Counter(light.color for light in record.lights)
    listed = ", ".join(f"{counts[color]} {color}" for color in get_args(Color) if counts[color])
    return f"Tests of the maps of this run: {listed}."


def find_recorded_layers(context: StoryContext) -> list[int]:
    """Return the layers with a recorded map of this picture."""
    if context.run is None:
        return []
    run_id, method = context.run.run_id, _method(context)
    return [
        layer
        for layer in list_heatmaps(context.study, run_id, method)
        if np.isfinite(get_heatmaps(context.study, run_id, layer, method=method)[context.position, 0, 0])
    ]


def _method(context: StoryContext) -> str:
    """Return the method of the locked setting, else the paper's."""
    return context.setting.method if context.setting else "gradcam"


def _choose_layer(context: StoryContext, layers: list[int]) -> int:
    """Return the layer asked for, else the locked one, else the deepest that is recorded."""
    locked = context.setting.layer if context.setting else None
    for layer in (context.wanted_layer, locked):
        if layer in layers:
            return int(layer)
    return layers[-1]


def tell_mask(context: StoryContext) -> Step:
    """Tell what the locked setting cuts out of the heat map."""
    not_proof = "where a polyp ends: the mask follows a coarse map, and its size follows the threshold."
    title, page = "Mask", "masks"
    if context.run is None:
        return Step("mask", title, (Part(NO_RUN),), not_proof, page, is_known=False)
    setting, maker = context.setting, context.maker
    if _cuts_own_map(context):
        not_proof = (
            f"where a polyp ends: a place of the map is {HEAD_STRIDE} x {HEAD_STRIDE} pixels of the network's input, "
            "and what it knows of outlines is from drawn frames."
        )
    if setting is None:
        return Step("mask", title, (Part(_say_unlocked(context.run)),), not_proof, page, is_known=False)
    facts: dict[str, Any] = {"setting": describe_setting(setting), "chosen_on": setting.chosen_on}
    if maker is None or setting.layer not in find_recorded_layers(context):
        part = Part(
            f"{describe_setting(setting)}: the map of this layer is not recorded for this picture. "
            "The Masks page computes it when you look.",
            facts,
        )
        return Step("mask", title, (part,), not_proof, page, is_known=False)
    mask, is_blank = _cut_mask(context, maker)
    area = float(mask.mean())
    facts |= {"area": area, "is_blank": is_blank}
    told = "The map is blank, so the mask is empty." if is_blank else f"The mask takes {area:.1%} of the picture."
    added, more = tell_what_was_added(context, mask)
    facts |= more
    words = f"{told}{added} Setting: {describe_setting(setting)}, chosen on {_say_choice(setting.chosen_on)}."
    return Step("mask", title, (Part(words, facts),), not_proof, page)


def _say_unlocked(run: RecordedRun) -> str:
    """Say what masks of a run without a locked setting are made with."""
    if run.mask_head is None:
        return "No setting is locked for this run: layer and threshold are chosen on the Masks page."
    own = describe_setting(recommended_setting(run))
    return (
        f"No setting is locked for this run. The one that was fixed beforehand ({own}) can be locked on the Masks page."
    )


def _cut_mask(context: StoryContext, maker: MapMaker) -> tuple[np.ndarray, bool]:
    """Return the mask under the locked setting, and whether the map is blank."""
    setting, run = context.setting, context.run
    if setting is None or run is None:
        raise ValueError("a mask needs a run with a locked setting.")
    maps = get_heatmaps(context.study, run.run_id, setting.layer, method=setting.method)
    _, mask, is_blank = make_study_mask(maker, maps, context.images, context.position, setting=setting)
    return mask, is_blank


def _say_choice(chosen_on: str) -> str:
    """Say what the setting was chosen on."""
    return {
        "paper": "what the paper gives",
        "tuning": "the tuning pictures",
        "eye": "pictures judged by eye",
        "test": "test pictures (tuned on test)",
        "recommended": "no picture: it was fixed beforehand",
    }.get(chosen_on, chosen_on)


def tell_scores(context: StoryContext) -> Step:
    """Tell how well the mask fits the truth, where that is open."""
    not_proof = "that the method works: one picture is one picture, and a disk in the middle may score as well."
    title, page = "Score", "evaluation"
    if context.split == "train":
        part = Part("Not scored: the truth of pictures that may be reviewed is not shown.")
        return Step("scores", title, (part,), not_proof, page, is_known=False)
    if not context.is_open:
        part = Part("Hidden: truth and scores of test pictures open when layer and threshold are locked.")
        return Step("scores", title, (part,), not_proof, page, is_known=False)
    own = _find_scores(context)
    if own is None:
        part = Part(_say_why_no_score(context))
        return Step("scores", title, (part,), not_proof, page, is_known=False)
    disk = _find_scores(context, trivial=True)
    facts: dict[str, Any] = {metric: own.value(metric) for metric in SHOWN_SCORES}
    facts |= {"outcome": own.outcome, "disk_dice": disk.value("dice") if disk else None}
    dice = own.value("dice")
    if dice is None:
        words = f"{OUTCOME_WORDS[own.outcome].capitalize()}. Dice is undefined on a picture without a polyp."
    else:
        beside = f"; {CENTRED_DISK}: {disk.value('dice'):.3f}" if disk and disk.value("dice") is not None else ""
        words = f"Dice {dice:.3f} (0 nothing, 1 perfect{beside})."
    return Step("scores", title, (Part(words, facts),), not_proof, page)


def _say_why_no_score(context: StoryContext) -> str:
    """Say why no score is recorded of a picture whose truth may be seen, and where to see it."""
    if not context.images.mask_paths[context.position]:
        return "The study holds no mask for this picture, so nothing can be scored."
    under = "under the locked setting" if context.setting else "while no setting is locked"
    return f"No score is recorded {under}: the Masks page computes it when you look."


def _find_scores(context: StoryContext, *, trivial: bool = False) -> ImageScores | None:
    """Return the scores of this picture under the locked setting, or of the centred disk on it."""
    run_id = context.run.run_id if context.run else ""
    row = (
        find_trivial_row(context.study, context.split)
        if trivial
        else find_current_row(context.study, run_id, context.split)
    )
    if row is None:
        return None
    pictures = get_picture_scores(context.study, row, images=context.images)
    found = np.flatnonzero(pictures.positions == context.position)
    return pictures.scores[int(found[0])] if len(found) else None
