"""Where labels of whole tiles come from: a linear probe of frozen features, place by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, dropout2d, interpolate, softplus

from medxai_core.models import PolypClassifier, build_model, get_blocks
from medxai_core.students.teaching import normalize_views
from medxai_core.training.preparation import evaluation_mode

PROBE_BLOCKS = (4, 9, 14, 19)
"""Blocks of lite1 whose outputs are probed: of strides 8, 16, 16 and 32."""

CELL = 16
"""Side of the square that one place of a map stands for, in input pixels."""

_STEPS, _BATCH = 300, 16
HIGHEST, _LOWEST = 0.2, 0.3  # shares of the places of a tile
_LOWEST_WEIGHT = 0.1
_DROPPED = 0.5

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class View:
    """Say how pictures are shown to the frozen network.

    Attributes
    ----------
    side : int
        Of the input, in pixels; a multiple of 32.
    turned : bool
        Upside down, left and right exchanged; the maps are put back. Where the pretrained weights look beside the
        middle of a cell (`heatmaps.measure_shifts`: 4 to 15 input pixels up and to the left), a turned view looks
        as far to the other side.
    """

    side: int
    turned: bool = False


VIEWS = (View(448), View(448, turned=True), View(320))


@dataclass(frozen=True)
class TileProbe:
    """Hold one linear probe.

    Attributes
    ----------
    view : View
    mean, scale : Tensor (d, 1, 1) float32
        Of the features of ordinary pictures: each feature is made (value - mean) / scale.
    weight : Tensor (d,) float32
    bias : float
    """

    view: View
    mean: torch.Tensor
    scale: torch.Tensor
    weight: torch.Tensor
    bias: float

    def score(self, features: torch.Tensor) -> torch.Tensor:
        """Return one logit a place, (n, h, w) float32, of features (n, d, h, w) of this probe's view."""
        scaled = (features - self.mean) / self.scale
        scores = torch.einsum("ndhw,d->nhw", scaled, self.weight) + self.bias
        return scores.flip(-2, -1) if self.view.turned else scores


class FrozenFeatures:
    """Compute the features that are probed, with ImageNet weights that never change."""

    def __init__(self) -> None:
        self._model: PolypClassifier = build_model("lite1", weights="pretrained").eval()

    def __call__(self, pictures: np.ndarray, view: View) -> torch.Tensor:
        """Compute the features of a few pictures.

        Parameters
        ----------
        pictures : ndarray of shape (n, L, L, 3), uint8
        view : View

        Returns
        -------
        Tensor (n, 424, side/16, side/16) float32
            Of a turned view: still turned.
        """
        colours = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255
        if colours.shape[-1] != view.side:
            colours = interpolate(colours, size=(view.side, view.side), mode="bilinear", antialias=True)
        inputs = normalize_views(colours.flip(-2, -1) if view.turned else colours)
        kept: list[torch.Tensor] = []
        blocks = get_blocks(self._model)
        hooks = [blocks[i].register_forward_hook(lambda _m, _i, out: kept.append(out)) for i in PROBE_BLOCKS]
        try:
            with evaluation_mode(self._model):
                self._model(inputs)
        finally:
            for hook in hooks:
                hook.remove()
        grid = (view.side // CELL, view.side // CELL)
        fitted = [
            adaptive_avg_pool2d(out, grid) if out.shape[-1] > grid[1] else interpolate(out, size=grid, mode="bilinear")
            for out in kept
        ]
        return torch.cat(fitted, dim=1)


def fit_probe(
    polyp: Sequence[torch.Tensor],
    polyp_free: Sequence[torch.Tensor],
    *,
    view: View,
    mean: torch.Tensor,
    scale: torch.Tensor,
    seed: int = 0,
) -> TileProbe:
    """Fit a probe on tiles of which only is known whether there is polyp in them.

    Parameters
    ----------
    polyp, polyp_free : sequence of Tensor (d, h, w) float32
        Features of the labelled tiles, or whole pictures.
    view, mean, scale
        See `TileProbe`.
    seed : int, default 0

    Returns
    -------
    TileProbe

    Raises
    ------
    ValueError
        One class has no tile.

    Notes
    -----
    In a tile with polyp the highest fifth of the places should be high and the lowest third low; in one without, all
    should be low (multiple-instance learning).

    References
    ----------
    .. [1] M. Ilse et al., "Attention-based deep multiple instance learning", ICML 2018, for the setting.
       https://doi.org/10.48550/arXiv.1802.04712
    """
    if not len(polyp) or not len(polyp_free):
        raise ValueError(f"a probe needs tiles of both classes; got {len(polyp)} and {len(polyp_free)}.")
    cells = view.side // CELL // 2
    sides = [
        torch.stack([adaptive_avg_pool2d((tile - mean) / scale, (cells, cells)) for tile in tiles])
        for tiles in (polyp, polyp_free)
    ]
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        probe = nn.Conv2d(len(mean), 1, 1)
        for parameter in probe.parameters():
            nn.init.zeros_(parameter)
        optimizer = torch.optim.AdamW(probe.parameters(), lr=1e-3, weight_decay=1e-2)
        for _ in range(_STEPS):
            high, low = (
                probe(dropout2d(tiles[rng.integers(len(tiles), size=_BATCH)], _DROPPED)).flatten(1) for tiles in sides
            )
            loss = _compute_loss(high, low)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    weight, bias = (parameter.detach().flatten() for parameter in probe.parameters())
    return TileProbe(view, mean, scale, weight, float(bias))


def _compute_loss(polyp: torch.Tensor, polyp_free: torch.Tensor) -> torch.Tensor:
    """Compute the loss of logits (N, places) of tiles with polyp, and of tiles without."""
    highest, lowest = (max(1, int(share * polyp.shape[1])) for share in (HIGHEST, _LOWEST))
    return (
        softplus(-polyp.topk(highest, dim=1).values.mean(dim=1)).mean()
        + _LOWEST_WEIGHT * softplus(polyp.topk(lowest, dim=1, largest=False).values).mean()
        + 0.5 * softplus(polyp_free).mean()
        + 0.5 * softplus(polyp_free.topk(highest, dim=1).values.mean(dim=1)).mean()
    )


def cut_cells(features: torch.Tensor, box: tuple[float, float, float, float]) -> torch.Tensor:
    """Cut the places of a tile out of the features of its picture.

    Parameters
    ----------
    features : Tensor (d, h, w)
    box : (left, top, right, bottom)
        As shares of the picture's sides, 0..1.

    Returns
    -------
    Tensor (d, rows, columns)
        At least one place.
    """
    height, width = features.shape[-2:]
    left, right = round(box[0] * width), round(box[2] * width)
    top, bottom = round(box[1] * height), round(box[3] * height)
    return features[:, min(top, height - 1) : max(bottom, top + 1), min(left, width - 1) : max(right, left + 1)]
