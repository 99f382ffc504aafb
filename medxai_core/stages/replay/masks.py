"""Replay, the end: heat maps, masks with one digest over all of them, and scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from medxai_core.errors import StageMissingError, StudyDamagedError, TestSplitLockedError
from medxai_core.evaluation.scores import ImageScores, score_mask
from medxai_core.evaluation.summary import summarize
from medxai_core.masks import compute_masks_digest
from medxai_core.progress import OnProgress, Stage
from medxai_core.records.masks import (
    MaskSetting,
    check_test_is_open,
    describe_setting,
    find_heatmap_array,
    get_heatmaps,
    get_locked_setting,
    get_pixel_counts,
    list_evaluations,
)
from medxai_core.records.pictures import load_study_mask
from medxai_core.stages.heatmaps import MapMaker, fill_maps, make_map_maker
from medxai_core.stages.masks import MASK_SPLITS, iterate_masks, make_study_mask, recommended_setting
from medxai_core.stages.replay.original import Original, find_damaged
from medxai_core.stages.replay.steps import (
    MOST_NAMED,
    OF_CHANGED,
    ReplayStep,
    compare_arrays,
    count,
    find_different_rows,
    say_cause,
    say_differ,
)
from medxai_core.stages.replay.training import Network
from medxai_core.stages.runs import describe_software
from medxai_core.stages.scores import name_evaluation, summarize_table


@dataclass(eq=False)
class Maps:
    """Hold the maps of the tuning and test pictures, then and now.

    Attributes
    ----------
    setting : MaskSetting or None
        How masks are made of them; None where nothing is locked.
    layer, method : int, str
    positions : (n,) int64
        Pictures that could be read.
    then, now : (n_images, h, w) float16
        `then` is None where none are recorded; NaN rows: not computed.
    maker_then, maker_now : MapMaker
        `maker_then` is None where the kept network cannot be loaded.
    changed : dict of str to int or None
        Pixels that differ by picture, when masks were compared.
    """

    setting: MaskSetting | None
    layer: int
    method: str
    positions: np.ndarray
    then: np.ndarray | None
    now: np.ndarray
    maker_then: MapMaker | None
    maker_now: MapMaker
    changed: dict[str, int] | None = None


def replay_maps(
    original: Original, kept: Network | None, network: Network, *, is_other_network: bool, stage: Stage
) -> tuple[ReplayStep, Maps]:
    """Compute the maps of the tuning and test pictures anew, and compare those that are recorded."""
    study, images = original.study, original.images
    setting, layer, method = _choose_layer(original)
    maker = make_map_maker(network.model, network.manifest)
    now = np.full((len(images), *maker.blocks[layer].grid), np.nan, np.float16)
    wanted = images.positions_in(*MASK_SPLITS)
    failures = fill_maps(study, maker, images, wanted.tolist(), {layer: now}, method=method, stage=stage)
    then = _find_recorded(original, layer, method)
    maker_then = maker if kept is network else None if kept is None else make_map_maker(kept.model, kept.manifest)
    readable = wanted[np.isfinite(now[wanted, 0, 0])]
    maps = Maps(setting, layer, method, readable, then, now, maker_then, maker)
    return _compare_maps(original, maps, n_failures=len(failures), is_other_network=is_other_network), maps


def replay_masks(original: Original, maps: Maps, *, stage: Stage) -> tuple[ReplayStep, str | None]:
    """Make the masks of the setting anew, compare them pixel by pixel, and return the digest over all of them."""
    if maps.setting is None:
        words = "No setting is locked for this run: without layer and threshold there are no masks to compare."
        return ReplayStep("masks", "not replayed", words), None
    known = set() if maps.then is None or maps.maker_then is None else set(_list_known(maps).tolist())
    changed: dict[str, int] = {}
    digest = compute_masks_digest(_compare_each(original, maps, known, changed, stage("Making masks")))
    maps.changed = changed if known else None
    n_all = len(original.images.positions_in(*MASK_SPLITS))
    numbers: dict[str, Any] = {"masks_digest": digest, "n_masks": len(maps.positions), "n_pictures": n_all}
    numbers |= {"setting": describe_setting(maps.setting), "n_compared": len(known), "pixels_different": changed}
    if not known:
        why = "no map of this layer is recorded" if maps.maker_then is not None else "the kept network cannot be loaded"
        words = f"{count(len(maps.positions), 'mask')} were made, but cannot be compared: {why}."
        return ReplayStep("masks", "not replayed", words, numbers), digest
    if not changed:
        words = f"{count(len(known), 'mask')} came out the same, pixel for pixel ({describe_setting(maps.setting)})."
        left = n_all - len(known)
        words += f" {count(left, 'picture')} more could not be compared: no map of then, or none now." if left else ""
        return ReplayStep("masks", "same", words, numbers), digest
    worst = max(changed, key=lambda image_id: changed[image_id])
    words = (
        f"{say_differ(len(changed), 'mask', of=len(known))}, in {sum(changed.values())} pixels together; the most, "
        f"{changed[worst]}, in picture {worst}. This follows from the maps."
    )
    return ReplayStep("masks", "differs", words, numbers), digest


def replay_scores(original: Original, maps: Maps, *, stage: Stage) -> ReplayStep:
    """Count the pixels of the test masks against the truth anew, and compare the counts by picture."""
    study, run = original.study, original.run
    try:
        setting = check_test_is_open(study, run.run_id)
    except TestSplitLockedError:
        words = "No setting is locked for this run, so the truth of the test pictures stays hidden."
        return ReplayStep("scores", "not replayed", words)
    wanted = name_evaluation("test", run.run_id, setting)
    row = next((one for one in list_evaluations(study, split="test") if one.evaluation_id == wanted), None)
    then = get_pixel_counts(study, wanted) if row is not None else None
    if row is None or then is None:
        words = "The masks of the locked setting were not scored on the test pictures."
        return ReplayStep("scores", "not replayed", words)
    now = _score_anew(original, maps, setting, stage=stage)
    scored = np.flatnonzero(np.isfinite(then[:, 0]))
    other = [p for p in scored.tolist() if p not in now or not np.array_equal(then[p], _count(now[p]))]
    figures = _summarize(original, {position: now[position] for position in scored.tolist() if position in now})
    recorded = row.summary["rows"]
    unlike = sorted(name for name in recorded if recorded[name]["value"] != figures.get(name, {}).get("value"))
    numbers = {"n_scored": len(scored), "n_different": len(other), "figures_different": unlike}
    means = [_write(rows.get("mean.dice", {}).get("value")) for rows in (recorded, figures)]
    numbers |= {"mean_dice_then": means[0], "mean_dice_now": means[1]}
    if not other and not unlike:
        words = (
            f"{count(len(scored), 'test picture')} got the same counts of right and wrong pixels, and all scores are "
            f"those of then (mean Dice {means[1]})."
        )
        return ReplayStep("scores", "same", words, numbers)
    if not other:
        words = (
            f"Picture by picture nothing changed, but the recorded summary is another ({', '.join(unlike)}; mean Dice "
            f"{means[0]} recorded, {means[1]} now): the record was changed, or how scores are summed up."
        )
        return ReplayStep("scores", "differs", words, numbers)
    ids = [str(original.images.image_ids[position]) for position in other]
    why = (
        "This follows from the masks."
        if maps.changed is None or any(image_id in maps.changed for image_id in ids)
        else "The masks are the same: the truth that they are held against was changed, or the recorded counts were."
    )
    words = (
        f"{count(len(other), 'test picture', of=len(scored))} got other counts of right and wrong pixels (picture "
        f"{', '.join(ids[:MOST_NAMED])}); mean Dice {means[0]} then, {means[1]} now. {why}"
    )
    return ReplayStep("scores", "differs", words, numbers | {"different": ids})


def _choose_layer(original: Original) -> tuple[MaskSetting | None, int, str]:
    """Return the setting in force, if there is one, and the layer and method of the maps."""
    run = original.run
    setting = get_locked_setting(original.study, run.run_id)
    if setting is None and run.mask_head is not None:
        setting = recommended_setting(run)
    return (setting, setting.layer, setting.method) if setting else (None, run.n_blocks - 1, "gradcam")


def _find_recorded(original: Original, layer: int, method: str) -> np.ndarray | None:
    """Return the recorded maps of a layer; None where there are none, or their file is damaged."""
    try:
        return get_heatmaps(original.study, original.run.run_id, layer, method=method)
    except (StageMissingError, StudyDamagedError):
        return None


def _list_known(maps: Maps) -> np.ndarray:
    """Return the positions of pictures whose map is recorded, and could be made anew, (n,) int64."""
    assert maps.then is not None
    return maps.positions[np.isfinite(maps.then[maps.positions, 0, 0])]


def _compare_each(
    original: Original, maps: Maps, known: set[int], changed: dict[str, int], on_progress: OnProgress
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield id and mask of every picture as made anew; note how many pixels differ from the recorded map's mask."""
    images, setting = original.images, maps.setting
    assert setting is not None
    now = iterate_masks(maps.maker_now, maps.now, images, maps.positions, setting=setting)
    for done, (image_id, mask) in enumerate(now, 1):
        row = images.rows_by_id[image_id]
        if row in known:
            assert maps.maker_then is not None and maps.then is not None
            before = make_study_mask(maps.maker_then, maps.then, images, row, setting=setting)[1]
            n_pixels = int((mask != before).sum())
            changed |= {image_id: n_pixels} if n_pixels else {}
        yield image_id, mask
        on_progress(done, len(maps.positions))


def _compare_maps(original: Original, maps: Maps, *, n_failures: int, is_other_network: bool) -> ReplayStep:
    """Hold the maps against those that are recorded."""
    what = f"layer {maps.layer}, {maps.method}"
    try:
        array_id = find_heatmap_array(original.study, original.run.run_id, maps.layer, method=maps.method)
    except StageMissingError:
        words = f"No maps of {what} are recorded to compare with."
        return ReplayStep("heat maps", "not replayed", words, {"n_maps": len(maps.positions)})
    if damaged := find_damaged("heat maps", original.study, {f"the maps of layer {maps.layer}": array_id}):
        return damaged
    assert maps.then is not None
    known = _list_known(maps)
    found = compare_arrays(maps.then[known], maps.now[known])
    numbers = found.__dict__ | {"layer": maps.layer, "method": maps.method, "n_unreadable": n_failures}
    left = f" {count(n_failures, 'picture')} could not be read." if n_failures else ""
    if not len(known):
        words = f"No maps of tuning or test pictures are recorded for {what}."
        return ReplayStep("heat maps", "not replayed", words + left, numbers)
    if found.is_same and not n_failures:
        words = f"{count(len(known), 'map')} of tuning and test pictures are the same bits ({what})."
        return ReplayStep("heat maps", "same", words, numbers)
    other = known[find_different_rows(maps.then[known], maps.now[known])]
    if is_other_network:
        cause = "This follows from the weights, which differ."
    elif original.changed.issuperset(original.images.image_ids[other]):
        cause = OF_CHANGED
    else:
        cause = say_cause(original.run.manifest.get("versions", {}), describe_software())
    words = (
        f"{say_differ(found.n_rows_different, 'map', of=len(known))}, by {found.greatest:.2g} at most; the hottest "
        f"place of a map is 1 ({what}). {cause}"
    )
    return ReplayStep("heat maps", "differs", words + left, numbers)


def _score_anew(original: Original, maps: Maps, setting: MaskSetting, *, stage: Stage) -> dict[int, ImageScores]:
    """Return the scores of the replayed test masks by position of the picture."""
    study, images = original.study, original.images
    positions = np.intersect1d(images.positions_in("test", with_truth=True), maps.positions)
    on_progress = stage("Scoring test pictures")
    found = {}
    masks = iterate_masks(maps.maker_now, maps.now, images, positions, setting=setting)
    for done, (image_id, mask) in enumerate(masks, 1):
        row = images.rows_by_id[image_id]
        size = (int(images.widths[row]), int(images.heights[row]))
        truth = load_study_mask(study, images.mask_paths[row], size=size)
        if truth is not None:
            found[row] = score_mask(mask, truth, item=image_id)
        on_progress(done, len(positions))
    return found


def _summarize(original: Original, scores: dict[int, ImageScores]) -> dict[str, Any]:
    """Return the figures over all pictures as they are recorded."""
    ordered = sorted(scores)
    groups = [str(group) for group in original.images.groups[ordered]]
    table = summarize([scores[position] for position in ordered], groups, name="replay", masks_used_for="nothing")
    rows: dict[str, Any] = summarize_table(table)["rows"]
    return rows


def _count(scores: ImageScores) -> tuple[int, int, int, int]:
    """Return the counts of pixels as they are recorded."""
    return scores.counts.tp, scores.counts.fp, scores.counts.fn, scores.counts.tn


def _write(value: float | None) -> str:
    """Return a score as text."""
    return "undefined" if value is None else f"{value:.4f}"
