"""The class map: what labels of whole tiles, or pictures, say of every place of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch.nn.functional import interpolate

from medxai_core.checkpoints import write_at_once
from medxai_core.errors import StageMissingError
from medxai_core.progress import Stage, silent_stage
from medxai_core.students.lessons import PICTURE_SIDE
from medxai_core.students.tile_probe import CELL, HIGHEST, VIEWS, FrozenFeatures, TileProbe, View, cut_cells, fit_probe

_READ_AT_ONCE = 16
_STATISTICS_EVERY = 8  # one place in so many gives mean and scale of the features
_LEAST_PEAK_QUANTILE = 0.05
_WHOLE = 0.99  # of a picture: boxes are whole pixels, as shares
_TENSORS = ("mean", "scale", "weight")


Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the picture's sides, 0..1."""
Features = Callable[[np.ndarray, View], torch.Tensor]


@dataclass(frozen=True)
class LabelledTile:
    """Hold one label: of a tile, or of a whole picture.

    Attributes
    ----------
    picture : int
        Row of the pictures.
    box : Box
    is_polyp : bool
        Whether there is polyp somewhere in it.
    """

    picture: int
    box: Box
    is_polyp: bool


@dataclass(frozen=True)
class ClassMap:
    """Say of any picture where it looks like the labelled tiles with polyp.

    Attributes
    ----------
    probes : list of TileProbe
        One a view.
    least_peak : float
        Highest score that 95 % of the labelled tiles with polyp reach; above 0.
    """

    probes: list[TileProbe]
    least_peak: float

    def score(
        self, pictures: np.ndarray, *, features: Features | None = None, stage: Stage = silent_stage
    ) -> np.ndarray:
        """Return scores (n, 28, 28) float32, summed over the views, of pictures (n, 448, 448, 3) uint8."""
        return _score_pictures(features or FrozenFeatures(), self.probes, pictures, on_progress=stage("Class maps"))

    def locate(self, pictures: np.ndarray) -> np.ndarray:
        """Return shares (n, 28, 28) float32, 0..1, of pictures (n, 448, 448, 3) uint8; see `scale`."""
        return self.scale(self.score(pictures))

    def scale(self, scores: np.ndarray) -> np.ndarray:
        """Return scores (n, 28, 28) as shares of the highest of their picture, float32, 0..1.

        A picture whose highest score is below `least_peak` is not stretched: it may hold no polyp. Above
        `HALF_HEIGHT` the class map alone would draw a mask.
        """
        peaks = np.maximum(scores.max(axis=(1, 2), keepdims=True), self.least_peak)
        shares: np.ndarray = np.clip(scores / peaks, 0, 1)
        return shares

    def find_polyps(self, scores: np.ndarray, labels: Sequence[LabelledTile]) -> np.ndarray:
        """Say which pictures hold a polyp as far as is known: by the label of a tile of theirs, or by their scores.

        A label goes before the scores: a picture that is labelled without polyp as a whole holds none.

        Parameters
        ----------
        scores : ndarray of shape (n, 28, 28), float32
            From `score`.
        labels : sequence of LabelledTile

        Returns
        -------
        ndarray of shape (n,), bool
        """
        has_polyp: np.ndarray = scores.max(axis=(1, 2)) >= self.least_peak
        has_polyp[[one.picture for one in labels if one.is_polyp]] = True
        has_polyp[list_polyp_free(labels)] = False
        return has_polyp

    def save(self, path: Path) -> None:
        """Write it as a safetensors file, for its owner only."""
        tensors = {"least_peak": torch.tensor(self.least_peak, dtype=torch.float64)}
        for number, probe in enumerate(self.probes):
            facts = {"side": probe.view.side, "turned": int(probe.view.turned)}
            tensors |= {f"{number}.{name}": torch.tensor(value) for name, value in facts.items()}
            tensors[f"{number}.bias"] = torch.tensor(probe.bias, dtype=torch.float64)
            tensors |= {f"{number}.{name}": getattr(probe, name).contiguous() for name in _TENSORS}
        write_at_once(path, save(tensors))


def list_polyp_free(labels: Sequence[LabelledTile]) -> list[int]:
    """Return the pictures whose labels without polyp cover all of them, in rising order.

    >>> halves = [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]
    >>> list_polyp_free([LabelledTile(0, box, False) for box in halves] + [LabelledTile(1, halves[0], False)])
    [0]
    """
    covered: dict[int, float] = {}
    for one in labels:
        left, top, right, bottom = one.box
        share = -1.0 if one.is_polyp else (right - left) * (bottom - top)
        covered[one.picture] = covered.get(one.picture, 0.0) + share
    return sorted(picture for picture, share in covered.items() if share > _WHOLE)


def load_class_map(path: Path) -> ClassMap:
    """Read what `ClassMap.save` wrote.

    Raises
    ------
    StageMissingError
        There is no such file: the training came not so far, or was made by an earlier version.
    """
    if not path.is_file():
        raise StageMissingError(
            "this training run has kept no class map, so what its labels say of a place is not known.",
            "Train it again with the preset `recommended`.",
        )
    tensors = load_file(path)
    probes: list[TileProbe] = []
    while f"{len(probes)}.side" in tensors:
        read = {name: tensors[f"{len(probes)}.{name}"] for name in ("side", "turned", "bias", *_TENSORS)}
        view = View(int(read["side"]), bool(read["turned"]))
        probes.append(TileProbe(view, read["mean"], read["scale"], read["weight"], float(read["bias"])))
    return ClassMap(probes, float(tensors["least_peak"]))


def fit_class_map(
    pictures: np.ndarray,
    labels: Sequence[LabelledTile],
    *,
    seed: int = 0,
    features: Features | None = None,
    stage: Stage = silent_stage,
) -> ClassMap:
    """Fit what sets labelled tiles with polyp apart, in each view.

    Parameters
    ----------
    pictures : ndarray of shape (n, 448, 448, 3), uint8
    labels : sequence of LabelledTile
        Of both classes.
    features : callable, optional
        Gives the features of pictures in a view, as `FrozenFeatures` does: where they are known already.

    Returns
    -------
    ClassMap
    """
    features, on_progress = features or FrozenFeatures(), stage("Learning from labelled tiles")
    probes = []
    for number, view in enumerate(VIEWS):
        probes.append(_fit_view(features, pictures, labels, view, seed=seed + number))
        on_progress(number + 1, len(VIEWS))
    with_polyp = [one for one in labels if one.is_polyp]
    rows = sorted({one.picture for one in with_polyp})
    on_progress = stage("Class maps of labelled pictures")
    scores = dict(zip(rows, _score_pictures(features, probes, pictures[rows], on_progress=on_progress), strict=True))
    peaks = [float(cut_cells(torch.from_numpy(scores[one.picture])[None], one.box).max()) for one in with_polyp]
    return ClassMap(probes, max(float(np.quantile(peaks, _LEAST_PEAK_QUANTILE)), 1e-3))


def _fit_view(
    features: Features, pictures: np.ndarray, labels: Sequence[LabelledTile], view: View, *, seed: int
) -> TileProbe:
    """Fit the probe of one view on the labelled tiles."""
    polyp: list[torch.Tensor] = []
    polyp_free: list[torch.Tensor] = []
    places = []
    for picture in sorted({one.picture for one in labels}):
        found = features(pictures[picture : picture + 1], view)[0]
        places.append(found.flatten(1)[:, ::_STATISTICS_EVERY])
        for one in labels:
            if one.picture == picture:
                left, top, right, bottom = one.box
                box = (1 - right, 1 - bottom, 1 - left, 1 - top) if view.turned else one.box
                (polyp if one.is_polyp else polyp_free).append(cut_cells(found, box))
    known = torch.cat(places, dim=1)
    mean, scale = known.mean(dim=1)[:, None, None], known.std(dim=1)[:, None, None] + 1e-4
    return fit_probe(polyp, polyp_free, view=view, mean=mean, scale=scale, seed=seed)


def _score_pictures(
    features: Features,
    probes: Sequence[TileProbe],
    pictures: np.ndarray,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Sum the scores of every place over the views, (n, 28, 28) float32."""
    parts = []
    for start in range(0, len(pictures), _READ_AT_ONCE):
        batch = pictures[start : start + _READ_AT_ONCE]
        seen = [resize_maps(probe.score(features(batch, probe.view)).numpy(), PICTURE_SIDE // CELL) for probe in probes]
        parts.append(np.sum(seen, axis=0))
        if on_progress is not None:
            on_progress(start + len(batch), len(pictures))
    return np.concatenate(parts)


def score_boxes(scores: np.ndarray, boxes: Sequence[tuple[int, Box]]) -> np.ndarray:
    """Return one score a tile: the mean of the highest fifth of its places, as the probes learned it.

    Parameters
    ----------
    scores : ndarray of shape (n, 28, 28), float32
        From `ClassMap.score`.
    boxes : sequence of (row, Box)
        Which picture, and where in it.

    Returns
    -------
    ndarray of shape (m,), float64
    """
    maps = torch.from_numpy(scores)[:, None]
    return np.array([_average_highest(cut_cells(maps[row], box).flatten()) for row, box in boxes], float)


def cut_boxes(maps: np.ndarray, boxes: Sequence[tuple[int, Box]], side: int) -> np.ndarray:
    """Return the part of each tile, (m, side, side) float32, of maps (n, h, w) float32; boxes as `score_boxes`."""
    parts = [cut_cells(torch.from_numpy(maps[row])[None], box)[0].numpy() for row, box in boxes]
    return np.concatenate([resize_maps(part[None], side) for part in parts]) if parts else np.empty((0, side, side))


def _average_highest(places: torch.Tensor) -> float:
    """Return the mean of the highest fifth of (p,) values."""
    return float(places.topk(max(1, int(HIGHEST * len(places)))).values.mean())


def resize_maps(maps: np.ndarray, side: int) -> np.ndarray:
    """Bring maps (n, h, w) to a grid (n, side, side), bilinearly, float32."""
    grown = interpolate(torch.from_numpy(maps)[:, None], size=(side, side), mode="bilinear", antialias=True)
    return grown[:, 0].numpy()
