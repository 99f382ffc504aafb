"""What becomes of the prediction when the places that a map calls important are taken away, or shown alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

Predict = Callable[[np.ndarray], np.ndarray]
"""Probabilities of polyp, (n,) float, of pictures as the network sees them, (n, S, S, 3) uint8."""

N_STEPS = 14
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the picture that ROAD replaces."""
GRID = 56
"""ROAD solves for the replaced places on this grid."""
BLUR = 0.05
"""Standard deviation of the blur that insertion starts from, as a share of the side."""
NOISE = 0.01


class PerturbationCurves(NamedTuple):
    """Hold what a map's order of places does to one prediction.

    Attributes
    ----------
    insertion : float in [0, 1]
        Area under the probability while places are uncovered in a blurred picture, the most important first. High is
        good.
    deletion : float in [0, 1]
        The same while places are blacked out. Low is good.
    road : float in [-1, 1]
        Mean probability with the *least* important places replaced by their surroundings, less that with the *most*
        important ones replaced. High is good; 0 for an order that says nothing.
    """

    insertion: float
    deletion: float
    road: float


def perturb(image: np.ndarray, heatmap: np.ndarray, predict: Predict) -> PerturbationCurves:
    """Measure what the order of places by a map does to the prediction of one picture.

    Parameters
    ----------
    image : ndarray (S, S, 3) uint8
        The picture as the network sees it.
    heatmap : ndarray (S, S), float in [0, 1]
    predict : callable
        See `Predict`.

    Notes
    -----
    Insertion and deletion uncover or black out places at once, which makes pictures that no camera takes. ROAD replaces
    them by the mean of their neighbours, solved as one linear system, and a little noise, so that neither the outline
    of what is missing nor its colour tells the network anything.

    References
    ----------
    Insertion, deletion: V. Petsiuk et al., "RISE", BMVC 2018, arXiv:1806.07421. ROAD: Y. Rong et al., ICML 2022,
    arXiv:2202.00449.
    """
    if heatmap.shape != image.shape[:2]:
        raise ValueError(f"the map must have the picture's size {image.shape[:2]}; got {heatmap.shape}.")
    order = _rank(heatmap)
    steps = np.linspace(0, 1, N_STEPS + 1)
    side = BLUR * image.shape[0]
    blurred = ndimage.gaussian_filter(image.astype(np.float64), (side, side, 0)).astype(np.uint8)
    uncovered = np.stack([np.where((order < share)[..., None], image, blurred) for share in steps])
    blacked = np.stack([np.where((order < share)[..., None], 0, image) for share in steps]).astype(np.uint8)
    least = np.stack([_replace(image, order >= 1 - share) for share in SHARES])
    most = np.stack([_replace(image, order < share) for share in SHARES])
    found = predict(np.concatenate([uncovered, blacked, least, most])).astype(np.float64)
    insertion, deletion, kept, lost = np.split(found, np.cumsum([len(uncovered), len(blacked), len(least)]))
    return PerturbationCurves(
        insertion=float(np.trapezoid(insertion, steps)),
        deletion=float(np.trapezoid(deletion, steps)),
        road=float(kept.mean() - lost.mean()),
    )


def _rank(heatmap: np.ndarray) -> np.ndarray:
    """Return each place's rank as a share, 0 for the most important; equal ones in an order drawn once for all maps."""
    flat = heatmap.ravel()
    draw = np.random.default_rng(0).random(flat.size)
    rank = np.empty(flat.size)
    rank[np.lexsort((draw, -flat))] = np.arange(flat.size) / flat.size
    return rank.reshape(heatmap.shape)


def _replace(image: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Return the picture with some places replaced by what surrounds them."""
    side = image.shape[0]
    places = (np.arange(GRID) * side + side // 2) // GRID
    small, missing = image[np.ix_(places, places)].astype(np.float64), gone[np.ix_(places, places)]
    filled = _solve(small, missing)
    filled += np.random.default_rng(0).normal(0, NOISE * 255, filled.shape)
    large = ndimage.zoom(filled, (side / GRID, side / GRID, 1), order=1, grid_mode=True, mode="nearest")
    return np.where(gone[..., None], np.clip(large, 0, 255), image).astype(np.uint8)


def _solve(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return values (h, w, c) with missing ones as means of 8 neighbours: 1/6 beside, 1/12 across."""
    if not missing.any():
        return values
    if missing.all():
        return np.broadcast_to(values.mean(axis=(0, 1)), values.shape).copy()
    number = np.full(missing.shape, -1)
    number[missing] = np.arange(missing.sum())
    n, (h, w) = int(missing.sum()), missing.shape
    rows, columns, weights = [np.arange(n)], [np.arange(n)], [np.zeros(n)]
    right = np.zeros((n, values.shape[2]))
    ys, xs = np.nonzero(missing)
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)):
        weight = 1 / 6 if dy == 0 or dx == 0 else 1 / 12
        y, x = ys + dy, xs + dx
        inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
        weights[0][inside] += weight  # at the edge of the picture: the mean of those that there are
        i, other = np.flatnonzero(inside), number[y[inside], x[inside]]
        unknown = other >= 0
        rows.append(i[unknown])
        columns.append(other[unknown])
        weights.append(np.full(int(unknown.sum()), -weight))
        right[i[~unknown]] += weight * values[y[inside][~unknown], x[inside][~unknown]]
    matrix = sparse.csc_matrix((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), (n, n))
    filled = values.copy()
    filled[missing] = spsolve(matrix, right).reshape(n, -1)
    return filled
