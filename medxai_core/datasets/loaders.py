"""Labelled network inputs, and the order in which a training sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from medxai_core.config import CLASS_NAMES
from medxai_core.models import Preprocessing, normalize_inputs

IntVector = Sequence[int] | np.ndarray
_ORDER, _AUGMENTATION = 0, 1  # one stream of chance for each purpose


def encode_labels(labels: Sequence[str]) -> np.ndarray:
    """Return class numbers, int64: 0 is non_polyp, 1 is polyp.

    >>> encode_labels(["polyp", "non_polyp"])
    array([1, 0])
    """
    unknown = sorted({str(label) for label in labels} - set(CLASS_NAMES))
    if unknown:
        raise ValueError(f"labels must be of {CLASS_NAMES}; got {unknown}. Leave unlabelled items out.")
    return np.asarray([CLASS_NAMES.index(label) for label in labels], dtype=np.int64)


class LabelledInputs(Dataset):
    """Pair rows of a cache with their class.

    Parameters
    ----------
    cached : numpy.ndarray or memmap of shape (n, S, S, 3), uint8
        See ``cache_inputs``.
    rows : sequence of int, length m
        Rows of ``cached`` that are used; a row may come more than once.
    labels : sequence of int, length m
        0 (non-polyp) or 1 (polyp).
    """

    def __init__(self, cached: np.ndarray, rows: IntVector, labels: IntVector) -> None:
        self.cached = cached
        self.rows = np.asarray(rows, dtype=np.int64)
        self.labels = np.asarray(labels, dtype=np.int64)
        self._check()

    def _check(self) -> None:
        """Raise ValueError when an array does not fit."""
        if self.cached.ndim != 4 or self.cached.shape[-1] != 3 or self.cached.dtype != np.uint8:
            got = f"{self.cached.shape} {self.cached.dtype}"
            raise ValueError(f"cached must be (n, S, S, 3) uint8; got {got}. Make it with cache_inputs.")
        if self.rows.shape != self.labels.shape or self.rows.ndim != 1:
            raise ValueError(f"one label a row: got {self.rows.shape} rows and {self.labels.shape} labels")
        if self.rows.size and not (self.rows.min() >= 0 and self.rows.max() < len(self.cached)):
            raise ValueError(f"rows must be in 0..{len(self.cached) - 1}; got up to {self.rows.max()}")
        if not np.isin(self.labels, (0, 1)).all():
            raise ValueError(f"labels must be 0 or 1; got {sorted(set(self.labels.tolist()))}")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return np.array(self.cached[self.rows[index]]), int(self.labels[index])

    def load_batch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pictures (N, S, S, 3) uint8 and labels (N,) int64, copied out of the cache."""
        return np.array(self.cached[self.rows[indices]]), self.labels[indices]

    @property
    def class_counts(self) -> tuple[int, int]:
        """Number of non-polyp and of polyp items."""
        n_polyp = int(self.labels.sum())
        return len(self) - n_polyp, n_polyp


class BatchLoader:
    """Yield batches in an order that depends on (seed, epoch) only.

    So a training that was stopped and goes on at epoch k sees what the uninterrupted one saw.
    Every item comes once an epoch and the last, smaller batch is kept. A last batch of a single item
    joins the one before it: batch normalisation cannot learn from one item.

    Parameters
    ----------
    dataset : LabelledInputs
        Items in a fixed order.
    preprocessing : Preprocessing
        How pixels become network inputs.
    batch_size : int, default 16
        Items a batch.
    seed : int, default 0
        Seed of the order and the augmentation.
    shuffle : bool, default False
        False keeps the order of the dataset, in every epoch.
    augmentation : {"none", "flips"}, default "none"
        Name in ``AUGMENTATIONS``.
    """

    def __init__(
        self,
        dataset: LabelledInputs,
        preprocessing: Preprocessing,
        *,
        batch_size: int = 16,
        seed: int = 0,
        shuffle: bool = False,
        augmentation: str = "none",
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1; got {batch_size}")
        if augmentation not in AUGMENTATIONS:
            raise ValueError(f"augmentation must be one of {sorted(AUGMENTATIONS)}; got {augmentation!r}")
        self.dataset = dataset
        self.preprocessing = preprocessing
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.augment = AUGMENTATIONS[augmentation]
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch (0 is the first) whose order the next iteration follows."""
        self.epoch = epoch

    def list_batches(self) -> list[np.ndarray]:
        """Return the indices into the dataset of each batch of the epoch."""
        order = np.arange(len(self.dataset))
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch, _ORDER]).permutation(order)
        return split_batches(order, self.batch_size)

    def __len__(self) -> int:
        return len(split_batches(np.arange(len(self.dataset)), self.batch_size))

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        rng = np.random.default_rng([self.seed, self.epoch, _AUGMENTATION])
        for indices in self.list_batches():
            images, labels = self.dataset.load_batch(indices)
            inputs = normalize_inputs(self.augment(images, rng), self.preprocessing)
            yield inputs, torch.from_numpy(labels.astype(np.float32))


class Loaders(NamedTuple):
    """The batches that a training learns from, and those it is judged by (none: the last epoch is kept)."""

    train: BatchLoader
    validation: Iterable[tuple[torch.Tensor, torch.Tensor]] = ()


def make_loader(
    cached: np.ndarray,
    rows: IntVector,
    labels: IntVector,
    *,
    preprocessing: Preprocessing,
    batch_size: int = 16,
    seed: int = 0,
    shuffle: bool = False,
    augmentation: str = "none",
) -> BatchLoader:
    """Build the loader of some rows of a cache; see LabelledInputs and BatchLoader."""
    return BatchLoader(
        LabelledInputs(cached, rows, labels),
        preprocessing,
        batch_size=batch_size,
        seed=seed,
        shuffle=shuffle,
        augmentation=augmentation,
    )


def iterate_inputs(
    cached: np.ndarray,
    rows: IntVector,
    preprocessing: Preprocessing,
    *,
    batch_size: int = 32,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[torch.Tensor]:
    """Yield network inputs of rows of a cache, in order, for ``training.predict``.

    Parameters
    ----------
    cached : numpy.ndarray or memmap of shape (n, S, S, 3), uint8
        See ``cache_inputs``.
    rows : sequence of int, length m
        Rows of ``cached``.
    preprocessing : Preprocessing
        That of the cache.
    batch_size : int, default 32
        Rows a batch.
    on_progress : callable, optional
        Called as ``on_progress(done, m)`` when the next batch is asked for; may raise StopRequested.

    Yields
    ------
    Tensor (N, 3, S, S) float32
    """
    for start in range(0, len(rows), batch_size):
        chosen = np.asarray(rows[start : start + batch_size], dtype=np.int64)
        yield normalize_inputs(np.array(cached[chosen]), preprocessing)
        if on_progress is not None:
            on_progress(start + len(chosen), len(rows))


def split_batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut an order into batches; a last batch of one item joins the batch before it.

    >>> [len(batch) for batch in split_batches(np.arange(8), 3)]
    [3, 3, 2]
    >>> [len(batch) for batch in split_batches(np.arange(7), 3)]
    [3, 4]
    """
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if batch_size > 1 and len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [np.concatenate(batches[-2:])]
    return batches


def keep_images(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the pictures as they are."""
    return images


def flip_images(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror each picture left-right and upside-down, each with probability one half.

    Endoscopy has no fixed "up"; colours and sizes stay true.

    Parameters
    ----------
    images : numpy.ndarray of shape (N, S, S, 3), uint8
    rng : numpy.random.Generator
        Two draws a picture.

    Returns
    -------
    numpy.ndarray of shape (N, S, S, 3), uint8
        A new array.
    """
    flips = rng.random((len(images), 2)) < 0.5
    steps = np.where(flips, -1, 1)
    return np.stack([image[::down, ::right] for image, (down, right) in zip(images, steps, strict=True)])


AUGMENTATIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "none": keep_images,
    "flips": flip_images,
}
