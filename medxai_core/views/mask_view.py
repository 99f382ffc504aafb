"""One picture under one layer, ready for thresholds: what a viewer needs to answer at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from medxai_core.config import PIPELINE_PRESETS
from medxai_core.evaluation.scores import ImageScores, PixelCounts, score_counts
from medxai_core.evaluation.sweeps import LevelCounts, count_levels
from medxai_core.masks import Band, describe_heatmap, make_mask, quantize_heatmap
from medxai_core.models import BlockFacts
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.heatmaps import MapMaker

HISTOGRAM_BINS = 50
CURVE_THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(101))


@dataclass(frozen=True)
class LayerMap:
    """Hold the heat map of one layer at the size of the picture.

    Attributes
    ----------
    levels : (H, W) uint16, read-only
        Heat in levels 0..65535, see `masks.quantize_heatmap`.
    is_blank : bool
        The map is constant; every mask of it is empty.
    warnings : tuple of str
        What makes it unfit for a mask, in words; see `masks.describe_heatmap`.
    shares : (HISTOGRAM_BINS,) float64 in [0, 1]
        Share of the picture's pixels by heat, from cold to hot.
    """

    levels: np.ndarray
    is_blank: bool
    warnings: tuple[str, ...]
    shares: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture, in pixels."""
        return self.levels.shape[0], self.levels.shape[1]


@dataclass(frozen=True)
class TruthCounts:
    """Hold what is counted once a layer, so that every band is scored without its mask.

    Attributes
    ----------
    levels : LevelCounts
    is_blank : bool
    """

    levels: LevelCounts
    is_blank: bool

    def score(self, band: Band) -> ImageScores:
        """Score the mask of a band; equal to scoring its pixels."""
        if self.is_blank:
            polyp, other = (int(below[-1]) for below in (self.levels.polyp_below, self.levels.other_below))
            return score_counts(PixelCounts(tp=0, fp=0, fn=polyp, tn=other))
        return score_counts(self.levels.count(band))

    def dice_by_threshold(self) -> np.ndarray | None:
        """Return Dice of ``h > t`` for `CURVE_THRESHOLDS`, (101,) float64; None without a polyp."""
        tp, fp, fn, _ = self.levels.count_many([Band(low=t) for t in CURVE_THRESHOLDS])
        return 2 * tp / (2 * tp + fp + fn) if (tp + fn)[0] > 0 else None


def make_layer_map(
    maker: MapMaker, raw: np.ndarray, layer: int, *, size: tuple[int, int], align: bool = True
) -> LayerMap:
    """Enlarge the raw map of one layer to the picture, scale it, and look for what spoils it.

    Parameters
    ----------
    raw : (h, w) float32
    size : (H, W)
        Of the picture, in pixels.
    align : bool
        False draws the map as the published code did.
    """
    heatmap, is_blank = maker.finish(raw, layer, size, align=align)
    levels = quantize_heatmap(heatmap)
    levels.setflags(write=False)
    shares = np.histogram(heatmap, bins=HISTOGRAM_BINS, range=(0, 1))[0] / heatmap.size
    return LayerMap(levels, is_blank, tuple(describe_heatmap(heatmap)), shares)


def cut_layer_mask(layer_map: LayerMap, band: Band) -> np.ndarray:
    """Return the mask of a band, (H, W) bool; empty where the map is blank."""
    return np.zeros(layer_map.size, bool) if layer_map.is_blank else make_mask(layer_map.levels, band)


def count_truth(layer_map: LayerMap, truth: np.ndarray) -> TruthCounts:
    """Count the pixels of a picture by heat and truth, (H, W) bool, for all bands at once."""
    return TruthCounts(count_levels(layer_map.levels, truth), layer_map.is_blank)


def compute_small_heatmaps(
    maker: MapMaker, raw: dict[int, np.ndarray], *, size: tuple[int, int], align: bool = True
) -> dict[int, tuple[np.ndarray, bool]]:
    """Return heat map (h, w) float32 in [0, 1] and whether it is blank, by layer, at a small size."""
    return {layer: maker.finish(maps, layer, size, align=align) for layer, maps in raw.items()}


def compute_share_above(layer_map: LayerMap, high: float) -> float:
    """Return the share of the picture that is at least as hot as an upper limit, in [0, 1]."""
    _, limit = Band(high=high).levels
    return float(np.count_nonzero(layer_map.levels >= limit)) / layer_map.levels.size


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

    >>> describe_layer(BlockFacts(14, 5, (14, 14), 112, 16, 15.0, 500), (532, 616), 224)
    '14 x 14 cells (stage 5): one cell = 44 x 38 px of your image'
    """
    height, width = facts.cell_size_in_image(size, input_size)
    rows, columns = facts.grid
    cell = f"one cell = {width:.0f} x {height:.0f} px of your image"
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
    method = "" if setting.method == "gradcam" else f" ({setting.method})"
    return f"layer {setting.layer}{method}, heat {'not ' if setting.inverted else ''}{words}"


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


def describe_hottest(layer_map: LayerMap) -> str:
    """Say where a heat map is hottest, for those who cannot see it.

    >>> levels = np.zeros((9, 9), np.uint16); levels[8, 0] = 5
    >>> describe_hottest(LayerMap(levels, False, (), np.zeros(HISTOGRAM_BINS)))
    'hottest at the lower left'
    """
    if layer_map.is_blank:
        return "blank: no place is hotter than another"
    place = np.unravel_index(int(layer_map.levels.argmax()), layer_map.size)
    row, column = (int(3 * at / side) if side > 1 else 1 for at, side in zip(place, layer_map.size, strict=True))
    words = f"{('upper', '', 'lower')[row]} {('left', '', 'right')[column]}".strip()
    return f"hottest at the {words}" if words else "hottest in the middle"
