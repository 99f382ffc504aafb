"""What a viewer needs to make every mask of a picture itself: small raw maps, where their cells look, the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medxai_core.errors import StageMissingError
from medxai_core.heatmaps import pack_heatmap
from medxai_core.models import BlockFacts
from medxai_core.records.masks import get_heatmaps
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.study import Study


@dataclass(frozen=True)
class PictureMaps:
    """Hold the raw maps of one picture as the store keeps them, so that a viewer and the scores see equal numbers.

    Attributes
    ----------
    shares : dict of int to ndarray (h, w) float16
        Layer -> share of the map's maximum, in [0, 1]; all 0 where `faults` names the layer.
    faults : dict of int to str
        Layer -> why no mask can be made from it.
    recorded : frozenset of int
        Layers that were read from the store; the others were computed for this view.
    """

    shares: dict[int, np.ndarray]
    faults: dict[int, str]
    recorded: frozenset[int]


def load_recorded_maps(
    study: Study, run_id: str, position: int, *, layers: Sequence[int], method: str
) -> dict[int, np.ndarray]:
    """Return the recorded raw maps of one picture, (h, w) float16, by layer; layers without one are left out."""
    found = {}
    for layer in layers:
        try:
            shares = get_heatmaps(study, run_id, layer, method=method)[position]
        except StageMissingError:
            continue
        if np.isfinite(shares).all():
            found[layer] = np.array(shares)
    return found


def join_maps(
    recorded: Mapping[int, np.ndarray], raw: Mapping[int, np.ndarray], *, mask_head: int | None = None
) -> PictureMaps:
    """Put recorded maps together with raw ones computed for this view; the recorded ones win.

    Parameters
    ----------
    recorded : mapping of int to ndarray (h, w) float16
    raw : mapping of int to ndarray (h, w) float32
        Packed here as the store does; one that is not finite becomes a fault.
    mask_head : int, optional
        Layer whose values are probabilities: they are kept as they are.
    """
    shares, faults = dict(recorded), {}
    for layer, values in raw.items():
        if layer in shares:
            continue
        share = 1 - float(np.isfinite(values).mean())
        if share > 0:
            faults[layer] = f"{share:.1%} of the heat map is not a finite number: no mask can be made from it."
            shares[layer] = np.zeros(values.shape, np.float16)
        else:
            shares[layer] = values.astype(np.float16) if layer == mask_head else pack_heatmap(values)[0]
    return PictureMaps(dict(sorted(shares.items())), faults, frozenset(recorded))


def describe_axes(facts: BlockFacts) -> dict[str, float | int]:
    """Return where the cells of a layer look, as a viewer needs it to put its map over the picture.

    Returns
    -------
    dict
        rows and columns of the map; stride between cells; top and left: where the first cell looks, in input
        pixels, with the learned shift; is_head: whether the values are probabilities, which are never scaled.

    Examples
    --------
    >>> describe_axes(BlockFacts(8, 4, (14, 14), 80, 16, 15.0, 300))
    {'rows': 14, 'columns': 14, 'stride': 16, 'top': 15.0, 'left': 15.0, 'is_head': False}
    """
    rows, columns = facts.grid
    top, left = (facts.center_of_cell_0 + shift for shift in facts.learned_shift)
    return {
        "rows": rows, "columns": columns, "stride": facts.stride, "top": top, "left": left, "is_head": facts.is_head
    }  # fmt: skip


def list_axes(maker: MapMaker) -> list[dict[str, float | int]]:
    """Return `describe_axes` of every layer, in order, with its stage."""
    return [{"stage": facts.stage} | describe_axes(facts) for facts in maker.blocks]


def encode_runs(mask: np.ndarray) -> np.ndarray:
    """Write a mask (H, W) bool as the lengths of its runs, row by row, uint32; the first run is of False.

    Examples
    --------
    >>> encode_runs(np.array([[True, True, False], [False, False, True]])).tolist()
    [0, 2, 3, 1]
    """
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], edges, [flat.size]]))
    starts_inside = flat.size > 0 and bool(flat[0])
    return np.concatenate([[0], lengths] if starts_inside else [lengths]).astype(np.uint32)
