"""What the frames of one simulated procedure share: tissue, light, camera, and the look of its polyps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRAME_SIZES = ((512, 416), (480, 400), (528, 432), (544, 448), (496, 416), (560, 448))


@dataclass(frozen=True)
class Procedure:
    """Hold what the frames of one procedure share.

    Attributes
    ----------
    width, height : int
        Size of the frames in pixels.
    mucosa : ndarray of shape (3,), float32
        Colour of well-lit mucosa, RGB, 0 to 1.
    vessel_strength : float
        How visible the vessels are, 0 to 1.
    gloss : float
        How wet the surface is: scales the amount of glare, 0 to 1.7.
    exposure : float
        Scales all light, about 1.
    reach : float
        Depth at which the light has fallen to half, about 1 to 2 radii of the bowel.
    roughness : float
        Strength of the fine relief of the wall, about 0.1 to 0.6.
    corner : float
        Length of the cut corners of the picture, share of its height.
    margins : tuple of float
        Black margins left, right, top, bottom, share of width or height.
    roundness : float
        0: straight sides; 1: the visible part is a disk cut by the frame.
    polyp_tint : ndarray of shape (3,), float32
        Factor from the colour of mucosa to that of polyp tissue.
    pattern : str
        Surface of its polyps: "smooth", "dots", "gyri" or "mottled".
    noise : float
        Standard deviation of the sensor noise, of 255.
    dirt : float
        How dirty the bowel is, 0 to 1.
    """

    width: int
    height: int
    mucosa: np.ndarray
    vessel_strength: float
    gloss: float
    exposure: float
    reach: float
    roughness: float
    corner: float
    margins: tuple[float, float, float, float]
    roundness: float
    polyp_tint: np.ndarray
    pattern: str
    noise: float
    dirt: float


# Mucosa under white light, sRGB: pale pink, salmon, orange, brick, brownish. Mixed pairwise.
_MUCOSA = np.array(
    [[0.86, 0.50, 0.43], [0.85, 0.36, 0.27], [0.88, 0.42, 0.22], [0.76, 0.31, 0.21], [0.72, 0.38, 0.25]],
    dtype=np.float32,
)
# Polyp tissue against its mucosa: redder, paler, yellower, almost the same.
_TINTS = np.array([[0.98, 0.70, 0.72], [1.05, 1.18, 1.20], [1.03, 1.08, 0.91], [0.99, 0.90, 0.93]], dtype=np.float32)


def draw_procedure(seed: int) -> Procedure:
    """Draw the look of one procedure.

    Parameters
    ----------
    seed : int
        Zero or more. The same seed gives the same look.

    Returns
    -------
    procedure : Procedure
    """
    rng = np.random.default_rng([seed, 1])
    width, height = FRAME_SIZES[rng.integers(len(FRAME_SIZES))]
    first, second = rng.choice(len(_MUCOSA), 2, replace=False)
    share = np.float32(rng.uniform(0.6, 1))
    mucosa = share * _MUCOSA[first] + (1 - share) * _MUCOSA[second]
    tint = _TINTS[rng.choice(len(_TINTS), p=[0.32, 0.28, 0.18, 0.22])]
    return Procedure(
        width=width,
        height=height,
        mucosa=(mucosa * rng.uniform(0.96, 1.04, 3)).astype(np.float32),
        vessel_strength=float(rng.choice([0.3, 0.7, 1.1, 1.4], p=[0.2, 0.3, 0.3, 0.2])),
        gloss=float(rng.uniform(0.3, 1.7)),
        exposure=float(rng.uniform(0.82, 1.22)),
        reach=float(rng.uniform(1.0, 1.9)),
        roughness=float(rng.uniform(0.1, 0.6)),
        corner=float(rng.uniform(0.16, 0.3)),
        margins=tuple(float(m) for m in rng.uniform(0.004, 0.03, 4)),  # type: ignore[arg-type]
        roundness=float(rng.choice([0.0, rng.uniform(0.3, 1)])),
        polyp_tint=(1 + (tint - 1) * rng.uniform(0.6, 1.2)).astype(np.float32),
        pattern=str(rng.choice(["smooth", "dots", "gyri", "mottled"], p=[0.16, 0.3, 0.28, 0.26])),
        noise=float(rng.uniform(1.2, 3.2)),
        dirt=float(rng.choice([0.0, rng.uniform(0.2, 1)], p=[0.45, 0.55])),
    )
