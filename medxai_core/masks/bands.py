"""Which heat belongs to a mask, and what makes a heat map unfit for one.

Heat and threshold are compared as whole numbers, levels 0..65535 (`quantize_heatmap`, `level_of`), so
that the core, the sweeps over thresholds and the app count the same pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MAX_LEVEL = 65535
"""Level of heat 1.0. One step is 1/65535, about 0.000015."""

ROUND_UP = 0.5025
"""Halves go up (0.7 is one: 45874.5), and so does what float32 leaves 0.0025 of a level below a half."""

RANGE_TOLERANCE = 1e-6
"""How far a value may leave [0, 1] by rounding in float32 before it is an error."""


@dataclass(frozen=True)
class Band:
    """Say which heat belongs to the mask: ``low < h < high``, or one side of it.

    Both comparisons are strict. A limit is rounded to the nearest level, see `level_of`.

    Parameters
    ----------
    low, high : float in [0, 1], or None
        Limits; None leaves that side open. At least one must be given.
    inverted : bool, default False
        Take every pixel that the band leaves out, and no other.

    Examples
    --------
    >>> Band(0.4, 0.7).describe()
    '0.4 < h < 0.7'
    >>> Band(0.28).describe()
    'h > 0.28'
    """

    low: float | None = None
    high: float | None = None
    inverted: bool = False

    def __post_init__(self) -> None:
        for limit in (self.low, self.high):
            if limit is not None and not 0.0 <= limit <= 1.0:
                raise ValueError(f"a limit of a band must be in [0, 1]; got {limit}.")
        if self.low is None and self.high is None:
            raise ValueError("a band needs a low or a high limit; got none, which would select every pixel.")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low must be below high; got low={self.low}, high={self.high}.")

    @property
    def levels(self) -> tuple[int, int]:
        """Return the limits as levels: a pixel is inside when ``levels[0] < level < levels[1]``."""
        low = -1 if self.low is None else level_of(self.low)
        high = MAX_LEVEL + 1 if self.high is None else level_of(self.high)
        return low, high

    def describe(self) -> str:
        """Write the band as a reader would say it, with h for heat."""
        if self.high is None:
            text = f"h > {self.low:g}"
        elif self.low is None:
            text = f"h < {self.high:g}"
        else:
            text = f"{self.low:g} < h < {self.high:g}"
        return f"not ({text})" if self.inverted else text


def level_of(threshold: float) -> int:
    """Return the level of a threshold in [0, 1]: the nearest, halves upward as browsers round.

    Heat 0.7 stored as float32 has the level of threshold 0.7, so "above 0.7" leaves it out.

    Examples
    --------
    >>> level_of(0.4), level_of(0.7), level_of(1.0)
    (26214, 45875, 65535)
    """
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"threshold must be in [0, 1]; got {threshold}.")
    return math.floor(threshold * MAX_LEVEL + ROUND_UP)


def quantize_heatmap(heatmap: np.ndarray) -> np.ndarray:
    """Round a heat map to levels 0..65535, halves upward.

    Parameters
    ----------
    heatmap : ndarray (H, W), float in [0, 1], or uint16 levels
        Levels are returned as they are.

    Returns
    -------
    ndarray (H, W) uint16
        The nearest level. A float32 map that holds multiples of 1/65535 comes back exactly.

    Raises
    ------
    ValueError
        The map is not two-dimensional, holds NaN or infinity, or leaves [0, 1].

    Examples
    --------
    >>> quantize_heatmap(np.array([[0.0, 0.4, 1.0]], dtype=np.float32)).tolist()
    [[0, 26214, 65535]]
    """
    heatmap = np.asarray(heatmap)
    if heatmap.ndim != 2:
        raise ValueError(f"heatmap must be (H, W); got shape {heatmap.shape}.")
    if heatmap.dtype == np.uint16:
        return heatmap
    if not np.issubdtype(heatmap.dtype, np.floating):
        raise TypeError(f"heatmap must be float in [0, 1] or uint16 levels; got {heatmap.dtype}.")
    heat = heatmap.astype(np.float64)
    # written so that NaN fails it too
    if heat.size and not (heat.min() >= -RANGE_TOLERANCE and heat.max() <= 1.0 + RANGE_TOLERANCE):
        span = f"{heat.min()} to {heat.max()}"
        raise ValueError(f"heatmap must be finite and in [0, 1]; got {span}. Normalise it.")
    np.clip(heat, 0.0, 1.0, out=heat)
    heat *= MAX_LEVEL
    heat += ROUND_UP
    return heat.astype(np.uint16)  # (H, W); the cast cuts, which is floor for positive numbers


def make_mask(heatmap: np.ndarray, band: Band) -> np.ndarray:
    """Cut a mask out of a heat map.

    Parameters
    ----------
    heatmap : ndarray (H, W), float in [0, 1], or uint16 levels
    band : Band

    Returns
    -------
    ndarray (H, W) bool

    Notes
    -----
    Levels are compared. Where map and threshold are multiples of 1/65535 this equals comparing floats.
    A band with two limits leaves out the hottest core of a map (a ring): so did the paper's runs 1 to 3.

    Examples
    --------
    >>> make_mask(np.array([[0.1, 0.5, 0.9]]), Band(0.4, 0.7)).tolist()
    [[False, True, False]]
    """
    levels = quantize_heatmap(heatmap)
    low, high = band.levels
    inside = np.ones(levels.shape, dtype=bool) if low < 0 else levels > low
    if high <= MAX_LEVEL:
        inside &= levels < high
    return ~inside if band.inverted else inside


def clean_mask(mask: np.ndarray, *, min_area: int = 0, fill_holes: bool = False) -> np.ndarray:
    """Drop small parts of a mask and fill its holes; as the paper, change nothing unless told to.

    Parameters
    ----------
    mask : ndarray (H, W) bool
    min_area : int, pixels, default 0
        Parts (joined by sides or corners) with fewer pixels are dropped.
    fill_holes : bool, default False
        Fill background that the mask encloses, after small parts are gone. Background that reaches the
        edge of the picture is never filled.

    Returns
    -------
    ndarray (H, W) bool
        A new array.
    """
    check_mask(mask, mask.shape, "mask")
    if min_area < 0:
        raise ValueError(f"min_area must be 0 pixels or more; got {min_area}.")
    cleaned = mask.copy()
    if min_area > 1 and cleaned.any():
        from skimage.morphology import remove_small_objects  # here: the overlays need no scikit-image

        cleaned = remove_small_objects(cleaned, max_size=min_area - 1, connectivity=2)
    if fill_holes:
        from skimage.measure import label
        from skimage.segmentation import clear_border

        cleaned |= clear_border(label(~cleaned, connectivity=1)) > 0
    return cleaned


def describe_heatmap(heatmap: np.ndarray) -> list[str]:
    """Say in words what makes a heat map unfit for a mask.

    Parameters
    ----------
    heatmap : ndarray (h, w) float

    Returns
    -------
    list of str
        Empty when nothing was found. Warned about: values that are not finite or outside [0, 1], a
        blank map (0 everywhere), a constant map, and heat that hugs the border of the picture.

    Notes
    -----
    A map hugs the border when the outer tenth on each side (at least one cell) holds more heat than
    half-way between its share of the area and all: on a fine grid above 68 %, where even heat gives 36 %.
    """
    heat = np.asarray(heatmap, dtype=np.float64)
    if heat.ndim != 2 or heat.size == 0:
        raise ValueError(f"heatmap must be (h, w) and not empty; got shape {heat.shape}.")
    if not np.isfinite(heat).all():
        share = 1 - np.isfinite(heat).mean()
        return [f"{share:.1%} of the heat map is not a finite number: no mask can be made from it."]
    if heat.min() == heat.max():
        kind = "blank: it is 0" if heat.max() == 0 else f"constant: it is {heat.max():g}"
        return [f"The heat map is {kind} everywhere, so it shows no place in the picture."]
    warnings = []
    if heat.min() < -RANGE_TOLERANCE or heat.max() > 1 + RANGE_TOLERANCE:
        warnings.append(f"Heat goes from {heat.min():g} to {heat.max():g}: normalise the map to 0..1.")
    at_border, even = _border_share(heat)
    if at_border > (1 + even) / 2:
        warnings.append(
            f"{at_border:.0%} of the heat lies along the border of the picture ({even:.0%} of its area): "
            "the network may look at the frame, not at the mucosa."
        )
    return warnings


def _border_share(heat: np.ndarray) -> tuple[float, float]:
    """Return the share of heat, and of area, in the outer tenth on each side."""
    rows, columns = (max(1, round(0.1 * side)) for side in heat.shape)
    if heat.shape[0] <= 2 * rows or heat.shape[1] <= 2 * columns:
        return 0.0, 1.0
    positive = np.clip(heat, 0, None)
    inner = positive[rows:-rows, columns:-columns]
    return 1 - float(inner.sum() / positive.sum()), 1 - inner.size / heat.size


def check_mask(mask: np.ndarray, shape: tuple[int, ...], name: str) -> None:
    """Raise unless the mask is bool and of the given size."""
    if mask.dtype != bool:
        raise TypeError(f"{name} must be bool; got {mask.dtype}. Binarise it at > 127.")
    if mask.ndim != 2 or mask.shape != shape:
        raise ValueError(f"{name} must be (H, W) = {shape}; got {mask.shape}.")
