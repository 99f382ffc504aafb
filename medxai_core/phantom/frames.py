"""One frame of the phantom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medxai_core.phantom.camera import develop, draw_aperture
from medxai_core.phantom.canvas import Canvas
from medxai_core.phantom.clutter import draw_glare, paint_bubbles, paint_liquid, paint_stool, paint_swellings
from medxai_core.phantom.mucosa import paint_mucosa
from medxai_core.phantom.polyp_painting import paint_polyp
from medxai_core.phantom.polyps import Polyp, draw_polyps
from medxai_core.phantom.procedure import Procedure, draw_procedure
from medxai_core.phantom.wall import Wall, draw_wall

_MIN_SIDE = 96


@dataclass(frozen=True)
class Frame:
    """Hold one frame, its mask, and what was drawn.

    Attributes
    ----------
    image : ndarray of shape (H, W, 3), uint8
        RGB.
    mask : ndarray of shape (H, W), bool
        True on the visible part of polyps.
    description : dict
        "view" (lumen, bend or wall), "polyps" (one dict each: kind, x, y, diameter, share), "n_swellings",
        "n_stool", "n_bubbles", "has_liquid". Lengths in pixels, shares of the frame.
    """

    image: np.ndarray
    mask: np.ndarray
    description: dict[str, Any]


def draw_frame(
    seed: int,
    *,
    width: int | None = None,
    height: int | None = None,
    with_polyp: bool,
    procedure_seed: int | None = None,
) -> Frame:
    """Draw one frame of a colonoscopy that never took place.

    Parameters
    ----------
    seed : int
        Zero or more. The same arguments give the same frame, byte for byte, on the same machine type.
    width, height : int or None, default None
        Size in pixels, at least 96. None: the size of the procedure's camera, about 512x416.
    with_polyp : bool
        Draw one polyp, sometimes two; else none, but all that may be mistaken for one.
    procedure_seed : int or None, default None
        Frames with the same value share tissue, light and camera. None: ``seed``.

    Returns
    -------
    frame : Frame

    Examples
    --------
    >>> frame = draw_frame(3, width=128, height=104, with_polyp=False)
    >>> frame.image.shape, bool(frame.mask.any())
    ((104, 128, 3), False)
    """
    if seed < 0 or (procedure_seed is not None and procedure_seed < 0):
        raise ValueError(f"seeds must be 0 or more; got {seed} and {procedure_seed}.")
    procedure = draw_procedure(seed if procedure_seed is None else procedure_seed)
    width = procedure.width if width is None else width
    height = procedure.height if height is None else height
    if min(width, height) < _MIN_SIDE:
        raise ValueError(f"width and height must be at least {_MIN_SIDE} pixels; got {width} and {height}.")
    rng = np.random.default_rng([seed, 2])
    wall = draw_wall(rng, width, height, procedure=procedure)
    aperture = draw_aperture(procedure, width, height)
    canvas = paint_mucosa(rng, wall, procedure)
    description: dict[str, Any] = {"view": wall.view}
    description["n_swellings"] = paint_swellings(rng, canvas, wall)
    description["has_liquid"] = paint_liquid(rng, canvas, dirt=procedure.dirt)
    description["polyps"] = _paint_polyps(rng, canvas, wall, aperture, procedure) if with_polyp else []
    description["n_stool"] = paint_stool(rng, canvas, dirt=procedure.dirt)
    description["n_bubbles"] = paint_bubbles(rng, canvas)
    glare = draw_glare(rng, canvas, gloss=procedure.gloss)
    image = develop(rng, canvas, glare=glare, aperture=aperture, procedure=procedure)
    return Frame(image=image, mask=canvas.mask & (aperture > 0.5), description=description)


def _paint_polyps(
    rng: np.random.Generator, canvas: Canvas, wall: Wall, aperture: np.ndarray, procedure: Procedure
) -> list[dict[str, Any]]:
    """Draw and paint the polyps; return their descriptions."""
    descriptions = []
    for polyp in draw_polyps(rng, wall, aperture):
        area_before = np.count_nonzero(canvas.mask & (aperture > 0.5))
        paint_polyp(rng, canvas, polyp, wall=wall, procedure=procedure)
        area = np.count_nonzero(canvas.mask & (aperture > 0.5)) - area_before
        descriptions.append(_describe_polyp(polyp, share=float(area / canvas.mask.size)))
    return descriptions


def _describe_polyp(polyp: Polyp, *, share: float) -> dict[str, Any]:
    """Describe a polyp in plain values."""
    return {
        "kind": polyp.kind,
        "x": round(polyp.outline.x, 1),
        "y": round(polyp.outline.y, 1),
        "diameter": round(2 * polyp.outline.length, 1),
        "share": round(share, 5),
    }
