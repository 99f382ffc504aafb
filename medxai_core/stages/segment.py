"""Masks for pictures that are in no study, from a checkpoint alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from medxai_core.checkpoints import load_checkpoint
from medxai_core.config import SEGMENTATION
from medxai_core.errors import Failure, IncompatibleCheckpointError, LayoutError, MedxaiError, SettingError
from medxai_core.evaluation.expected import expect_dice
from medxai_core.images import IMAGE_SUFFIXES, load_image, save_mask
from medxai_core.masks import make_mask
from medxai_core.memory import keep_freed_memory
from medxai_core.models import PolypSegmenter
from medxai_core.models.segmentation import LEAST_PICTURE_LOGIT
from medxai_core.progress import OnProgress
from medxai_core.records.masks import MaskSetting, make_band
from medxai_core.stages.heatmaps import BATCH_SIZE, make_map_maker
from medxai_core.stages.masks import name_masks


@dataclass(frozen=True)
class Answer:
    """Hold what a segmenter says of one picture.

    Attributes
    ----------
    name : str
        The mask file.
    polyp_probability : float
        Of the picture as a whole, 0..1: the sigmoid of its pooled logit (`pool_places`). It is not calibrated.
    expected_dice : float or None
        What the probabilities themselves make expected of the mask (`expect_dice`). None for an empty mask, and for a
        mask that is not cut from the segmenter's own map above one threshold.
    is_held_back : bool
        The picture as a whole does not speak clearly enough for a polyp: its own map was lowered (`hold_back_doubt`).
    """

    name: str
    polyp_probability: float
    expected_dice: float | None
    is_held_back: bool


@dataclass(frozen=True)
class Segmentation:
    """Say what was written.

    Attributes
    ----------
    names : list of str
        Mask files, in the order of the pictures.
    setting : MaskSetting
        Layer, method and band that were used.
    failures : list of Failure
        Pictures without a mask.
    blank : list of str
        Mask files that are empty because the heat map is constant.
    empty : list of str
        Other mask files that are empty: no place lay in the band.
    answers : list of Answer or None
        What a segmenter says of each picture that has a mask, in the order of `names`; None for a classifier.
    """

    names: list[str]
    setting: MaskSetting
    failures: list[Failure]
    blank: list[str]
    empty: list[str]
    answers: list[Answer] | None


def segment_pictures(
    checkpoint: Path,
    pictures: Sequence[Path],
    out: Path,
    *,
    layer: int | None = None,
    low: float | None = None,
    high: float | None = None,
    method: str | None = None,
    on_progress: OnProgress | None = None,
) -> Segmentation:
    """Write one mask a picture: 0 and 255, one channel, of the picture's size.

    Parameters
    ----------
    checkpoint : Path
        It carries its preprocessing and, when one was locked, its operating point.
    pictures : sequence of Path
        Pictures or folders of them.
    layer, low, high, method : optional
        Each instead of that part of the checkpoint's operating point; the other parts stay. Another layer needs a
        threshold of its own.

    Raises
    ------
    IncompatibleCheckpointError
        It is no checkpoint of this software, or carries no operating point and none is given.
    LayoutError
        There is no picture.
    SettingError
        The layer has no such method, the band selects nothing or everything, or a mask cannot be written.
    """
    model, manifest = load_checkpoint(checkpoint)
    maker = make_map_maker(model, manifest)
    setting = _find_setting(checkpoint, manifest.operating_point, layer=layer, low=low, high=high, method=method)
    if not 0 <= setting.layer < len(maker.blocks):
        raise IncompatibleCheckpointError(
            f"layer must be 0 to {len(maker.blocks) - 1} for {manifest.network}; got {setting.layer}.",
            "Choose one of them.",
        )
    own = maker.name_method(setting.layer, setting.method)
    if method is not None and method != own:
        message = f"layer {setting.layer} is the network's own mask: it has no method {method!r}."
        raise SettingError(message, "Leave --method out, or name another layer and its threshold.")
    setting = replace(setting, method=own)
    make_band(setting)
    found = [one for one in list_pictures(pictures) if out.resolve() not in one[0].resolve().parents]
    if not found:
        raise LayoutError("the only pictures are in the folder of the masks.", "Give another --out.")
    paths = [path for path, _ in found]
    names = name_masks([relative for _, relative in found])
    _make_folder(out)
    keep_freed_memory()
    written: list[str] = []
    failures: list[Failure] = []
    blank: list[str] = []
    empty: list[str] = []
    answers: list[Answer] = []
    for start in range(0, len(paths), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        images = list(_read(paths[part], names[part], failures))
        if images:
            raw, logits = maker.compute_raw([image for _, image in images], [setting.layer], method=setting.method)
            for (name, image), one, logit in zip(images, raw[setting.layer], logits, strict=True):
                heatmap, is_blank = maker.finish(one, setting.layer, image.shape[:2])
                if is_blank:
                    blank.append(name)
                mask = np.zeros(image.shape[:2], bool) if is_blank else make_mask(heatmap, make_band(setting))
                if not is_blank and not mask.any():
                    empty.append(name)
                answers.append(_read_answer(name, float(logit), heatmap, setting))
                _save(mask, out / name)
                written.append(name)
        if on_progress is not None:
            on_progress(min(start + BATCH_SIZE, len(paths)), len(paths))
    is_segmenter = isinstance(model, PolypSegmenter)
    return Segmentation(written, setting, failures, blank, empty, answers if is_segmenter else None)


def _read_answer(name: str, logit: float, heatmap: np.ndarray, setting: MaskSetting) -> Answer:
    """Return what the logit and the map of a picture say."""
    is_own = setting.method == SEGMENTATION
    expected = None
    if is_own and setting.low is not None and setting.high is None and not setting.inverted:
        expected = expect_dice(heatmap, setting.low)
    probability = float(torch.sigmoid(torch.tensor(logit, dtype=torch.float64)))
    return Answer(name, probability, expected, is_own and logit <= LEAST_PICTURE_LOGIT)


def _make_folder(folder: Path) -> None:
    """Make the folder of the masks."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"{folder} cannot be made: {error.strerror}.", "Give another --out.") from error


def _save(mask: np.ndarray, path: Path) -> None:
    """Write one mask."""
    try:
        save_mask(mask, path)
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written: {error.strerror}. The masks before it are there.",
            "Make room or give another --out, and run it again.",
        ) from error


def _find_setting(checkpoint: Path, point, *, layer, low, high, method) -> MaskSetting:
    """Return the asked setting, filled up from the checkpoint's operating point."""
    if point is not None and layer not in (None, point.layer) and low is None and high is None:
        raise SettingError(
            f"the threshold of {checkpoint.name} was chosen for layer {point.layer}; you ask for layer {layer}.",
            "Give --low or --high too.",
        )
    if point is None and (layer is None or (low is None and high is None)):
        raise IncompatibleCheckpointError(
            f"{checkpoint.name} carries no operating point (layer and threshold).",
            "Give --layer with --low or --high, or lock a setting for its run first.",
        )
    if point is None:
        return MaskSetting(layer=layer, method=method or "gradcam", low=low, high=high)
    chosen = layer if layer is not None else point.layer
    return MaskSetting(
        layer=chosen,
        method=method or (point.method if chosen == point.layer else "gradcam"),
        low=low if low is not None else point.low,
        high=high if high is not None else point.high,
        inverted=point.inverted,
    )


def list_pictures(places: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return the pictures named, and those in the folders named, sorted within a folder.

    Returns
    -------
    list of (Path, str)
        The file, and its path from the folder that was named.

    Raises
    ------
    LayoutError
        A place does not exist, or there is no picture at all.
    """
    found: list[tuple[Path, str]] = []
    for place in places:
        if place.is_dir():
            for folder, _, names in sorted(os.walk(place)):
                for name in sorted(names):
                    path = Path(folder) / name
                    if path.suffix.lower() in IMAGE_SUFFIXES and not name.startswith("."):
                        found.append((path, path.relative_to(place).as_posix()))
        elif place.is_file():
            found.append((place, place.name))
        else:
            raise LayoutError(f"{place} does not exist.", "Give pictures or folders of pictures.")
    if not found:
        raise LayoutError("there is no picture to segment.", "Give pictures or folders of pictures.")
    return found


def _read(paths: Sequence[Path], names: Sequence[str], failures: list[Failure]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield mask name and picture; pictures that fail are listed and left out."""
    for path, name in zip(paths, names, strict=True):
        try:
            yield name, load_image(path)
        except MedxaiError as error:
            failures.append(Failure(str(path), str(error)))
