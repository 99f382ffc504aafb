"""One frame of the phantom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.phantom.camera import develop, draw_aperture
from medxai_core.phantom.clutter import draw_glare, paint_bubbles, paint_liquid, paint_stool, paint_swellings
from medxai_core.phantom.mucosa import paint_mucosa
from medxai_core.phantom.polyps import draw_polyp, paint_polyp
from medxai_core.phantom.procedure import draw_procedure
from medxai_core.phantom.wall import draw_wall


@dataclass(frozen=True)
class Frame:
    image: np.ndarray
    mask: np.ndarray
    description: dict


def draw_frame(seed, *, width=None, height=None, with_polyp, procedure_seed=None):
    procedure = draw_procedure(seed if procedure_seed is None else procedure_seed)
    rng = np.random.default_rng([seed, 2])
    width = procedure.width if width is None else width
    height = procedure.height if height is None else height
    wall = draw_wall(rng, width, height)
    aperture = draw_aperture(procedure, width, height)
    canvas = paint_mucosa(rng, wall, procedure)
    paint_swellings(rng, canvas, wall)
    paint_liquid(rng, canvas, dirt=procedure.dirt)
    polyps = []
    if with_polyp:
        p = draw_polyp(rng, wall, share=float(np.exp(rng.uniform(np.log(.015), np.log(.3)))))
        paint_polyp(rng, canvas, p, wall=wall, procedure=procedure)
        polyps.append(p)
    paint_stool(rng, canvas, dirt=procedure.dirt)
    paint_bubbles(rng, canvas, n_bubbles=int(rng.choice([0, rng.integers(1, 25)], p=[0.5, 0.5])))
    glare = draw_glare(rng, canvas, gloss=procedure.gloss)
    image = develop(rng, canvas, glare=glare, aperture=aperture, procedure=procedure)
    return Frame(image, canvas.mask & (aperture > 0.5), {"view": wall.view, "polyps": polyps})
