"""Features of some items, read from disk when they are asked for: those of all items fill the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from medxai_core.clusters.fitting import ROWS_AT_ONCE
from medxai_core.clusters.scaling import Scale, fit_scale
from medxai_core.records.clusterings import find_feature_arrays
from medxai_core.study import Study

Rows = int | slice | Sequence[int] | np.ndarray


class FeatureFiles(Mapping[str, np.ndarray]):
    """Hold what `get_features` returns, each array mapped when it is asked for: one that stays open fills the memory.

    Parameters
    ----------
    feature_set : str
        Name of the feature set; raises StageMissingError when it has not been extracted.
    """

    def __init__(self, study: Study, feature_set: str = "lire") -> None:
        self._study, self._arrays = study, find_feature_arrays(study, feature_set)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._study.load_array(self._arrays[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


class FeatureRows:
    """Read like the matrix of `stages.clusters.get_matrix`, (n, d) float64, that is never there as a whole.

    ``features[rows]`` opens the files, copies these rows and closes the files: a mapped file that stays open
    counts as memory of the program as far as it was read.

    Parameters
    ----------
    feature_set, scaling : str
        As of a clustering.
    positions : (n,) int64, optional
        Items that the rows are; by default all.

    Attributes
    ----------
    shape : tuple of int (n, d)
    known : (n_items,) bool
        Items that have features, whatever the rows are.
    """

    def __init__(
        self, study: Study, feature_set: str = "lire", scaling: str = "none", *, positions: np.ndarray | None = None
    ) -> None:
        self._files, self._scaling, self._positions = FeatureFiles(study, feature_set), scaling, positions
        self._kept: dict[int, np.ndarray] = {}
        self.known = np.isfinite(next(iter(self._files.values()))[:, 0])
        n = len(self.known) if positions is None else len(positions)
        self.shape = (n, sum(values.shape[1] for values in self._files.values()))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Rows) -> np.ndarray:
        """Return the features of some rows; NaN for items without."""
        items = rows if self._positions is None else self._positions[rows]
        if not isinstance(items, slice) and np.size(items) <= len(self._kept):
            wanted = np.ravel(items).tolist()
            if self._kept.keys() >= set(wanted):
                return np.reshape([self._kept[item] for item in wanted], (*np.shape(items), self.shape[1]))
        return self._read_items(items)

    def _read_items(self, items: Rows) -> np.ndarray:
        """Read the features of some items."""
        parts = [self._scales[name].apply(np.array(values[items], float)) for name, values in self._files.items()]
        found = np.concatenate(parts, axis=-1)
        found[~self.known[items]] = np.nan
        return found

    def at(self, positions: np.ndarray) -> FeatureRows:
        """Return the features of some items as rows of their own."""
        found = object.__new__(FeatureRows)
        found.__dict__.update(self.__dict__, _positions=positions, shape=(len(positions), self.shape[1]))
        return found

    def keep(self, items: Sequence[int] | np.ndarray) -> FeatureRows:
        """Return the same with some items in memory, besides those that are: a few hundred that are often asked for."""
        new = np.array([item for item in np.asarray(items).tolist() if item not in self._kept], np.int64)
        found = object.__new__(FeatureRows)
        kept = self._kept | dict(zip(new.tolist(), self._read_items(new), strict=True))
        found.__dict__.update(self.__dict__, _kept=kept)
        return found

    def read(self) -> np.ndarray:
        """Return all rows as an array of its own, (n, d) float64: what must be in memory as a whole."""
        found = np.empty(self.shape)
        for start in range(0, len(self), ROWS_AT_ONCE):
            found[start : start + ROWS_AT_ONCE] = self[start : start + ROWS_AT_ONCE]
        return found

    @cached_property
    def _scales(self) -> dict[str, Scale]:
        """Return what each descriptor is scaled by: items without features do not count."""
        if self._scaling == "none":
            return {name: fit_scale(values, "none") for name, values in self._files.items()}
        return {name: fit_scale(np.asarray(values)[self.known], self._scaling) for name, values in self._files.items()}
