"""Pictures that show heat map and mask over the frame."""

from __future__ import annotations

import numpy as np

from medxai_core.masks.bands import MAX_LEVEL, check_mask, quantize_heatmap

OKABE_ITO = {
    "black": (0, 0, 0),
    "orange": (230, 159, 0),
    "sky_blue": (86, 180, 233),
    "bluish_green": (0, 158, 115),
    "yellow": (240, 228, 66),
    "blue": (0, 114, 178),
    "vermillion": (213, 94, 0),
    "reddish_purple": (204, 121, 167),
}
"""Eight colours that colour-blind people can tell apart (Okabe and Ito 2002), as RGB."""

MASK_COLOR = OKABE_ITO["sky_blue"]
HIT_COLOR, MISSED_COLOR, FALSE_COLOR = (OKABE_ITO[name] for name in ("bluish_green", "yellow", "blue"))
"""Pixels in mask and polyp; of the polyp outside the mask; of the mask outside the polyp."""

HEAT_ANCHORS = (
    *((12, 10, 34), (62, 18, 102), (120, 32, 122), (178, 50, 106)),
    *((222, 82, 74), (242, 132, 50), (248, 188, 70), (252, 246, 176)),
)
"""Colours of heat 0, 1/7, ... 1, from dark to light: lighter always means hotter."""


def overlay_mask(
    image: np.ndarray,
    mask: np.ndarray,
    *,
    color: tuple[int, int, int] = MASK_COLOR,
    opacity: float = 0.5,
    contour: bool = False,
) -> np.ndarray:
    """Draw a mask over a picture.

    Parameters
    ----------
    image : ndarray (H, W, 3) uint8 RGB
    mask : ndarray (H, W) bool
    color : tuple of three int in 0..255
    opacity : float in [0, 1]
    contour : bool, default False
        Draw the outline only, in full colour; `opacity` is then not used.

    Returns
    -------
    ndarray (H, W, 3) uint8
        A new picture; pixels outside the mask are untouched.
    """
    _check_image(image)
    check_mask(mask, image.shape[:2], "mask")
    painted = image.copy()
    _paint(painted, mask, color=color, opacity=opacity, contour=contour)
    return painted


def overlay_truth(
    image: np.ndarray, mask: np.ndarray, truth: np.ndarray, *, opacity: float = 0.5, contour: bool = False
) -> np.ndarray:
    """Draw where mask and ground truth agree: hit, missed and false pixels.

    Parameters
    ----------
    image : ndarray (H, W, 3) uint8 RGB
    mask, truth : ndarray (H, W) bool, at the size of the picture
    opacity : float in [0, 1]
    contour : bool, default False

    Returns
    -------
    ndarray (H, W, 3) uint8
        `HIT_COLOR`, `MISSED_COLOR` and `FALSE_COLOR` over the picture.

    References
    ----------
    M. Okabe, K. Ito, Color Universal Design, 2002, https://jfly.uni-koeln.de/color/
    """
    _check_image(image)
    check_mask(mask, image.shape[:2], "mask")
    check_mask(truth, image.shape[:2], "truth")
    painted = image.copy()
    parts = ((mask & truth, HIT_COLOR), (truth & ~mask, MISSED_COLOR), (mask & ~truth, FALSE_COLOR))
    for part, color in parts:
        _paint(painted, part, color=color, opacity=opacity, contour=contour)
    return painted


def overlay_heatmap(image: np.ndarray, heatmap: np.ndarray, *, opacity: float = 0.5) -> np.ndarray:
    """Draw a heat map over a picture, dark to light.

    Parameters
    ----------
    image : ndarray (H, W, 3) uint8 RGB
    heatmap : ndarray (H, W), float in [0, 1], or uint16 levels
        At the size of the picture.
    opacity : float in [0, 1]

    Returns
    -------
    ndarray (H, W, 3) uint8
        Equal heat has equal colour on every picture: the map is not rescaled.
    """
    _check_image(image)
    colors = color_heatmap(heatmap)
    if colors.shape != image.shape:
        raise ValueError(f"heatmap must have the picture's size {image.shape[:2]}; got {colors.shape[:2]}.")
    return _blend(image, colors, opacity)


def color_heatmap(heatmap: np.ndarray) -> np.ndarray:
    """Turn a heat map (H, W) into colours of `make_color_table`, (H, W, 3) uint8."""
    return make_color_table()[quantize_heatmap(heatmap) // (MAX_LEVEL // 255)]


def make_color_table() -> np.ndarray:
    """Return 256 colours (256, 3) uint8 RGB, cold (dark) to hot (light), each lighter than the last."""
    anchors = np.array(HEAT_ANCHORS, dtype=np.float64)
    steps = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(steps, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def _find_rim(mask: np.ndarray, width: int) -> np.ndarray:
    """Return the pixels of a mask at most `width` steps from its outside; the picture's outside counts."""
    core = mask
    for _ in range(width):
        padded = np.pad(core, 1)
        core = core & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~core


def _paint(
    painted: np.ndarray, mask: np.ndarray, *, color: tuple[int, int, int], opacity: float, contour: bool
) -> None:
    """Paint one colour onto the pixels of a mask, in place."""
    if contour:
        mask, opacity = _find_rim(mask, max(1, round(min(mask.shape) / 250))), 1.0
    painted[mask] = _blend(painted[mask], np.array(color), opacity)


def _blend(below: np.ndarray, above: np.ndarray, opacity: float) -> np.ndarray:
    """Mix two colours in float, so that nothing wraps around at 255."""
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"opacity must be in [0, 1]; got {opacity}.")
    mixed = below.astype(np.float32) * (1 - opacity) + above.astype(np.float32) * opacity
    return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)


def _check_image(image: np.ndarray) -> None:
    """Raise unless the picture is (H, W, 3) uint8."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image must be (H, W, 3) uint8 RGB; got {image.shape} {image.dtype}.")
