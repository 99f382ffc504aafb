"""Draw polyps: their kind, size, place and shape, before they are painted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from medxai_core.phantom.canvas import Window, cut_window, measure_offsets
from medxai_core.phantom.outlines import Outline, draw_outline, measure_outline
from medxai_core.phantom.wall import Wall

KINDS = ("sessile", "pedunculated", "flat")
MIN_SHARE, MAX_SHARE = 0.011, 0.34  # of the frame, all polyps together
_MAX_TRIES = 120
_STEP = 4  # pixels; places are tried on a coarse grid


@dataclass(frozen=True)
class Stalk:
    """Describe the stalk of a pedunculated polyp.

    Attributes
    ----------
    turn : float
        Direction from the head to the foot, radians.
    length, half_width : float
        In pixels.
    bend : float
        Sideways drift at the foot, share of the length.
    """

    turn: float
    length: float
    half_width: float
    bend: float


@dataclass(frozen=True)
class Polyp:
    """Describe one polyp.

    Attributes
    ----------
    kind : str
        "sessile", "pedunculated" or "flat".
    outline : Outline
        Of the polyp, or of the head of a pedunculated one.
    rise : float
        Height of the dome, of its shorter half axis.
    blunt : float
        Shape of the dome: 0.5 is a ball, larger has a flatter foot.
    lobes : float
        Strength of its lobes, 0 to 1.
    softness : float
        Width of its edge in pixels.
    stalk : Stalk or None
    behind : int or None
        Number of the fold that hides part of it.
    """

    kind: str
    outline: Outline
    rise: float
    blunt: float
    lobes: float
    softness: float
    stalk: Stalk | None = None
    behind: int | None = None


def draw_polyps(rng: np.random.Generator, wall: Wall, aperture: np.ndarray) -> list[Polyp]:
    """Draw one polyp, sometimes two, that fit the frame.

    Parameters
    ----------
    rng : numpy Generator
    wall : Wall
    aperture : ndarray of shape (H, W), float32
        0 on the black border.

    Returns
    -------
    polyps : list of Polyp
        More than half of each is visible; together they cover 1 % to 35 % of the frame and do not overlap.
    """
    polyps: list[Polyp] = []
    taken = np.zeros(aperture[::_STEP, ::_STEP].shape, dtype=bool)
    for _ in range(2 if rng.uniform() < 0.14 else 1):
        found = _find_place(rng, wall, aperture, taken)
        if found is not None:
            polyps.append(found[0])
            taken |= found[1]
    if not polyps:
        raise ValueError(f"a frame of {aperture.shape[1]}x{aperture.shape[0]} pixels has no room for a polyp.")
    return polyps


def _find_place(
    rng: np.random.Generator, wall: Wall, aperture: np.ndarray, taken: np.ndarray
) -> tuple[Polyp, np.ndarray] | None:
    """Draw polyps of one size, slowly shrinking, until one fits; return it and what it covers."""
    room = MAX_SHARE - float(taken.mean())
    smallest, largest = (0.015, 0.04) if rng.uniform() < 0.18 else (0.04, max(0.05, min(0.37, 0.95 * room)))
    share = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
    for attempt in range(_MAX_TRIES):
        polyp = _draw_polyp(rng, wall, share=max(0.015, share * 0.985**attempt))
        covered = _cover_coarsely(polyp, wall, aperture)
        if covered is not None and not (covered & taken).any() and MIN_SHARE <= covered.mean() <= room:
            return polyp, covered
    return None


def measure_stalk(polyp: Polyp, window: Window, *, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return where each pixel of a window lies on the stalk.

    Returns
    -------
    along : ndarray of shape (h, w), float32
        0 in the middle of the head, 1 at the foot.
    across : ndarray of shape (h, w), float32
        0 on the axis, 1 on the side line.
    """
    stalk = polyp.stalk
    if stalk is None:
        raise ValueError(f"a {polyp.kind} polyp has no stalk.")
    dx, dy = measure_offsets(window, polyp.outline.x, polyp.outline.y, step=step)
    cos, sin = np.float32(np.cos(stalk.turn)), np.float32(np.sin(stalk.turn))
    along = (dx * cos + dy * sin) * np.float32(1 / stalk.length)
    sideways = dy * cos - dx * sin - np.float32(stalk.bend * stalk.length) * along * along
    half_width = np.float32(stalk.half_width) * (1 + np.float32(0.35) * np.clip(along, 0, 1) ** 4)
    across = np.abs(sideways) / half_width
    return along + np.float32(0.12) * np.minimum(across, 2) ** 2, across  # a round foot


def find_hidden(polyp: Polyp, wall: Wall, window: Window) -> np.ndarray:
    """Return where a fold in front hides the polyp: (h, w) bool."""
    fold = wall.fold[window]
    return np.zeros(fold.shape, dtype=bool) if polyp.behind is None else fold < polyp.behind


def _draw_polyp(rng: np.random.Generator, wall: Wall, *, share: float) -> Polyp:
    """Draw a polyp that would cover a share of the frame if nothing cut it."""
    height, width = wall.light.shape
    kind = str(rng.choice(KINDS, p=[0.5, 0.22, 0.28]))
    aspect = rng.uniform(0.62, 1.0)
    head = 0.72 if kind == "pedunculated" else 1.0
    length = np.sqrt(share * head * width * height / (np.pi * aspect))
    roughness = {"sessile": 0.2, "pedunculated": 0.16, "flat": 0.42}[kind]
    outline = draw_outline(rng, (height, width), length=length, aspect=aspect, roughness=roughness)
    outline = _centre(rng, outline, (height, width))
    lobes = float(rng.choice([0.15, 0.5, 1.0]))
    behind = _find_fold_in_front(rng, wall, outline)
    if kind == "flat":
        rise, blunt, softness = rng.uniform(0.16, 0.3), rng.uniform(1.0, 1.8), rng.uniform(2, 5)
        return Polyp(kind, outline, rise, blunt, lobes, softness, behind=behind)
    rise, blunt, softness = rng.uniform(0.5, 1.0), rng.uniform(0.5, 0.85), rng.uniform(1.0, 2.5)
    if kind == "sessile":
        return Polyp(kind, outline, rise, blunt, lobes, softness, behind=behind)
    stalk = Stalk(
        turn=float(rng.uniform(0, 2 * np.pi)),
        length=float(length * rng.uniform(1.4, 2.0)),
        half_width=float(length * aspect * rng.uniform(0.26, 0.42)),
        bend=float(rng.uniform(-0.35, 0.35)),
    )
    return Polyp(kind, outline, rise, 0.55, lobes, softness, stalk=stalk)


def _centre(rng: np.random.Generator, outline: Outline, shape: tuple[int, int]) -> Outline:
    """Move most outlines toward the middle of the frame: the examiner looks at what was found."""
    if rng.uniform() < 0.35:
        return outline
    x, y = (0.5 + 0.17 * rng.standard_normal(2)) * (shape[1], shape[0])
    return replace(outline, x=float(x), y=float(y))


def _find_fold_in_front(rng: np.random.Generator, wall: Wall, outline: Outline) -> int | None:
    """Return the fold behind which the middle of the outline lies, if that fold is high there; not always."""
    row, column = outline.find_middle(wall.light.shape)
    if rng.uniform() < 0.4 or wall.lip[row, column] < 0.5:
        return None
    return int(wall.fold[row, column])


def _cover_coarsely(polyp: Polyp, wall: Wall, aperture: np.ndarray) -> np.ndarray | None:
    """Return the visible part of a polyp on the coarse grid, or None if too much of it is cut off."""
    everywhere = (slice(0, aperture.shape[0]), slice(0, aperture.shape[1]))
    drawn = measure_outline(polyp.outline, everywhere, step=_STEP) < 1
    if polyp.stalk is not None:
        along, across = measure_stalk(polyp, everywhere, step=_STEP)
        drawn |= (along > 0) & (along < 1) & (across < 1)
    if polyp.behind is not None:
        drawn &= ~find_hidden(polyp, wall, everywhere)[::_STEP, ::_STEP]
    if polyp.kind == "flat" and _lies_across(polyp, wall, drawn):
        return None
    seen = drawn & (aperture[::_STEP, ::_STEP] > 0.5)
    whole = np.pi * polyp.outline.length * polyp.outline.half_width / _STEP**2
    return seen if np.count_nonzero(seen) > 0.55 * whole else None


def _lies_across(polyp: Polyp, wall: Wall, drawn: np.ndarray) -> bool:
    """Tell whether a flat polyp would stretch over high folds or over the dark lumen, as nothing flat can."""
    middle = wall.fold[polyp.outline.find_middle(wall.light.shape)]
    fold, lip = wall.fold[::_STEP, ::_STEP], wall.lip[::_STEP, ::_STEP]
    beyond = ((fold > middle) & (lip > 0.35)) | (fold < middle) | (wall.broad_light[::_STEP, ::_STEP] < 0.25)
    return bool(np.count_nonzero(drawn & beyond) > 0.15 * np.count_nonzero(drawn))


def cut_polyp_window(polyp: Polyp, shape: tuple[int, int]) -> Window:
    """Return the window that holds the polyp's outline and the shadow round it."""
    return cut_window(shape, polyp.outline.x, polyp.outline.y, reach=1.75 * polyp.outline.length)
