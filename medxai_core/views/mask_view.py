"""Layers, settings and answers in words; pictures and masks at the size they are shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from medxai_core.config import PIPELINE_PRESETS, SEGMENTATION
from medxai_core.records.masks import MaskSetting

if TYPE_CHECKING:  # the frame of every page asks this module about settings, and needs no network for that
    from medxai_core.models import BlockFacts


def compute_probability(logit: float) -> float:
    """Return the classifier's answer for "polyp" in [0, 1]; it is not calibrated.

    >>> compute_probability(0.0), round(compute_probability(-800.0), 3)
    (0.5, 0.0)
    """
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def describe_probability(probability: float) -> str:
    """Say in words what the classifier answers.

    >>> describe_probability(0.97), describe_probability(0.5)
    ('says polyp', 'is undecided')
    """
    for limit, words in ((0.9, "says polyp"), (0.6, "leans towards polyp"), (0.4, "is undecided")):
        if probability >= limit:
            return words
    return "leans towards no polyp" if probability >= 0.1 else "says no polyp"


def describe_layer(facts: BlockFacts, size: tuple[int, int], input_size: int) -> str:
    """Say how fine the map of one layer is on a picture of a size (H, W); width comes first in the words.

    >>> from medxai_core.models import BlockFacts
    >>> describe_layer(BlockFacts(14, 5, (14, 14), 112, 16, 15.0, 500), (532, 616), 224)
    '14 x 14 cells (stage 5): one cell = 44 x 38 px of your image'
    """
    height, width = facts.cell_size_in_image(size, input_size)
    rows, columns = facts.grid
    cell = f"one cell = {width:.0f} x {height:.0f} px of your image"
    if facts.is_head:
        return f"the network's own mask (segmentation head), {columns} x {rows} probabilities: {cell}"
    return f"{columns} x {rows} cells (stage {facts.stage}): {cell}"


def compute_published_shift(facts: BlockFacts, size: tuple[int, int], input_size: int) -> tuple[float, float]:
    """Return how far the published code moves a map off its place: down and right, in picture pixels.

    Parameters
    ----------
    size : (H, W)
        Of the picture, in pixels.

    Notes
    -----
    Plain resizing puts cell i at ``(i + 0.5) * input_size / n_cells - 0.5``; it looks at
    ``center_of_cell_0 + learned_shift + i * stride``. The difference is taken at the middle of the map.

    Examples
    --------
    >>> from medxai_core.models import BlockFacts
    >>> facts = BlockFacts(8, 4, (14, 14), 80, 16, 15.0, 300)
    >>> compute_published_shift(facts, (448, 672), 224)
    (-15.0, -22.5)
    """
    shifts = []
    for side, n_cells, learned in zip(size, facts.grid, facts.learned_shift, strict=True):
        middle = (n_cells - 1) / 2
        plain = (middle + 0.5) * input_size / n_cells - 0.5
        shifts.append((plain - facts.center_of_cell_0 - learned - middle * facts.stride) * side / input_size)
    return shifts[0], shifts[1]


def list_paper_settings(n_layers: int) -> dict[str, MaskSetting]:
    """Return the settings of the paper's five runs by preset name, those that a network has layers for.

    >>> list(list_paper_settings(21))
    ['paper-run-1', 'paper-run-2', 'paper-run-3', 'paper-run-4']
    """
    return {
        name: MaskSetting(preset.layer, "gradcam", preset.low, preset.high, chosen_on="paper")
        for name, preset in PIPELINE_PRESETS.items()
        if preset.layer is not None and preset.layer < n_layers
    }


def describe_plainly(setting: MaskSetting) -> str:
    """Write a setting in the words of a reader who does not read formulas.

    >>> describe_plainly(MaskSetting(14, "gradcam", 0.4, None))
    'layer 14, heat above 0.4'
    >>> describe_plainly(MaskSetting(14, "layercam", 0.4, 0.7, inverted=True))
    'layer 14 (layercam), heat not between 0.4 and 0.7'
    """
    if setting.low is not None and setting.high is not None:
        words = f"between {setting.low:g} and {setting.high:g}"
    else:
        words = f"above {setting.low:g}" if setting.low is not None else f"below {setting.high:g}"
    words = f"not {words}" if setting.inverted else words
    if setting.method == SEGMENTATION:
        return f"the network's own mask (segmentation head), probability {words}"
    method = "" if setting.method == "gradcam" else f" ({setting.method})"
    return f"layer {setting.layer}{method}, heat {words}"


def is_same_mask(one: MaskSetting, other: MaskSetting) -> bool:
    """Return True when two settings make the same masks, whatever they were chosen on."""
    names = ("layer", "method", "low", "high", "inverted")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def shrink_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the size (h, w) that a picture is shown at: its own, or smaller with the same shape.

    >>> shrink_size((1000, 2000), 900), shrink_size((300, 400), 900)
    ((450, 900), (300, 400))
    """
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def sample_nearest(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return an array (H, W) at another size (h, w), each pixel the nearest one: a mask stays a mask.

    >>> sample_nearest(np.arange(16).reshape(4, 4), (2, 2)).tolist()
    [[5, 7], [13, 15]]
    """
    rows, columns = (
        ((np.arange(wanted) + 0.5) * there / wanted).astype(np.intp)
        for wanted, there in zip(size, array.shape, strict=True)
    )
    return array[np.ix_(rows, columns)]


def shrink_picture(image: np.ndarray, longest: int) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 at most `longest` pixels on its longer side, (h, w, 3) uint8."""
    height, width = shrink_size((image.shape[0], image.shape[1]), longest)
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))
