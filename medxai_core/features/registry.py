"""Named sets of global features, and their extraction from many pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from medxai_core.features.lire import DESCRIPTORS, extract_lire

_Rows = Generator[dict[str, np.ndarray], None, None]


@dataclass(frozen=True)
class Descriptor:
    """Name one part of a feature set: numbers that belong together.

    Attributes
    ----------
    name : str
        Name in code and in the store.
    n_features : int
        How many numbers it has.
    aspect : str
        What it looks at, in one word a clinician uses.
    meaning : str
        What it tells, in one line, to a clinician.
    column_prefix : str
        Name in the header of a table, as the tool that it comes from writes it.
    """

    name: str
    n_features: int
    aspect: str
    meaning: str
    column_prefix: str

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the name of each number: the prefix and its index from 0."""
        return tuple(f"{self.column_prefix}_{i}" for i in range(self.n_features))


@dataclass(frozen=True)
class FeatureSet:
    """Name the descriptors that are extracted together, in their order.

    Attributes
    ----------
    name : str
        Name in code, in commands and in the store.
    descriptors : tuple of Descriptor
        Its descriptors, in the order of the columns.
    """

    name: str
    descriptors: tuple[Descriptor, ...]

    @property
    def n_features(self) -> int:
        """Return how many numbers the whole set has."""
        return sum(descriptor.n_features for descriptor in self.descriptors)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the name of each number of the whole set, in order."""
        return tuple(name for descriptor in self.descriptors for name in descriptor.column_names)

    def stack(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Join the descriptors side by side, in the order of `column_names`.

        Parameters
        ----------
        features : mapping of str to ndarray, (n, d) float64
            One array for each descriptor of the set; others are left out.

        Returns
        -------
        ndarray, (n, n_features) float64
            The numbers, unscaled.

        Raises
        ------
        ValueError
            If a descriptor is missing, or an array is not (n, d).
        """
        for descriptor in self.descriptors:
            if descriptor.name not in features:
                raise ValueError(f"features must hold {descriptor.name!r}; got {sorted(features)}. Extract it first.")
            shape = features[descriptor.name].shape
            if len(shape) != 2 or shape[1] != descriptor.n_features:
                expected = f"(n, {descriptor.n_features})"
                raise ValueError(f"features[{descriptor.name!r}] must be {expected}; got {shape}. Extract it again.")
        return np.hstack([features[descriptor.name] for descriptor in self.descriptors])


LIRE = FeatureSet(
    name="lire",
    descriptors=(
        Descriptor(
            name="edge_histogram",
            n_features=DESCRIPTORS["edge_histogram"],
            aspect="edges",
            meaning="How often brightness changes sharply, and in which direction, in each of 4x4 regions: "
            "folds, vessels, instrument edges, the picture's frame.",
            column_prefix="EdgeHistogram",
        ),
        Descriptor(
            name="tamura",
            n_features=DESCRIPTORS["tamura"],
            aspect="texture",
            meaning="How coarse or fine the surface pattern is, how strong its light-dark contrast, and "
            "which way it runs: pit pattern, mucosal texture, blur.",
            column_prefix="Tamura",
        ),
        Descriptor(
            name="luminance_layout",
            n_features=DESCRIPTORS["luminance_layout"],
            aspect="brightness",
            meaning="A coarse map of light and dark, of the upper left part of the picture only.",
            column_prefix="LuminanceLayout",
        ),
        Descriptor(
            name="simple_color_histogram",
            n_features=DESCRIPTORS["simple_color_histogram"],
            aspect="colour",
            meaning="Which colours fill the picture: red mucosa, dark lumen, yellow stool, white glare, "
            "green overlays.",
            column_prefix="SimpleColorHistogram",
        ),
    ),
)

CLASS_MAP = FeatureSet(
    name="class_map",
    descriptors=(
        Descriptor(
            name="polyp_evidence",
            n_features=1,
            aspect="likeness",
            meaning="How much the places that look most like the labelled pictures with polyp do so.",
            column_prefix="PolypEvidence",
        ),
    ),
)

CLASS_MAP_PLACES = FeatureSet(
    name="class_map_places",
    descriptors=(
        Descriptor(
            name="polyp_evidence_places",
            n_features=14 * 14,
            aspect="likeness",
            meaning="How much each of 14x14 places looks like the labelled polyps, by the highest of the picture.",
            column_prefix="PolypEvidencePlaces",
        ),
    ),
)

# Another set that is extracted from pictures is one more entry here and one in _EXTRACTORS.
FEATURE_SETS: dict[str, FeatureSet] = {LIRE.name: LIRE}
"""What can be extracted from any picture."""
LEARNED_SETS: dict[str, FeatureSet] = {one.name: one for one in (CLASS_MAP, CLASS_MAP_PLACES)}
"""What is learned from the labels of a study, and recorded like features."""


def get_feature_set(name: str) -> FeatureSet:
    """Return the feature set of this name.

    Parameters
    ----------
    name : str
        Name of the set, such as "lire".

    Returns
    -------
    FeatureSet
        Its descriptors, their meaning and the names of their columns.

    Raises
    ------
    ValueError
        If there is no such set.

    Examples
    --------
    >>> lire = get_feature_set("lire")
    >>> lire.n_features, lire.column_names[80]
    (226, 'Tamura_0')
    """
    known = FEATURE_SETS | LEARNED_SETS
    if name not in known:
        raise ValueError(f"feature_set must be one of {sorted(known)}; got {name!r}.")
    return known[name]


def extract_features(
    images: Iterable[np.ndarray],
    *,
    feature_set: str = "lire",
    n_jobs: int = 1,
    n_images: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Extract the features of many pictures, one array a descriptor.

    Parameters
    ----------
    images : iterable of ndarray, (H, W, 3) uint8
        Pictures, RGB, of any sizes. May be a generator: pictures are drawn one after the other, in the
        calling thread, and at most 2 n_jobs are held at a time.
    feature_set : str, default "lire"
        Which set to extract.
    n_jobs : int, default 1
        Pictures worked on at the same time, in threads; -1 for one a core. The numbers do not depend on it.
    n_images : int, optional
        How many pictures there are, for `on_progress`; needed only if `images` has no length.
    on_progress : callable, optional
        Called as on_progress(done, total) after each picture. What it raises ends the extraction.

    Returns
    -------
    dict of str to ndarray, (n, d) float64
        One array a descriptor, in the order of the set, rows in the order of `images`. Not scaled.

    Raises
    ------
    TypeError
        If an image is not an array of uint8, or `on_progress` is given and the number of images is unknown.
    ValueError
        If an image is not (H, W, 3), or there is no such set to extract, or `n_jobs` is 0.

    Examples
    --------
    >>> import numpy as np
    >>> black = np.zeros((48, 64, 3), dtype=np.uint8)
    >>> features = extract_features([black, black + 255])
    >>> features["luminance_layout"][:, 0].tolist()  # darkest and lightest of 32 steps
    [0.0, 31.0]
    """
    if feature_set not in FEATURE_SETS:
        raise ValueError(f"feature_set must be one of {sorted(FEATURE_SETS)}; got {feature_set!r}.")
    chosen = get_feature_set(feature_set)
    total = _count_images(images, n_images) if on_progress is not None else 0
    rows: dict[str, list[np.ndarray]] = {descriptor.name: [] for descriptor in chosen.descriptors}
    with closing(_EXTRACTORS[feature_set](images, _count_jobs(n_jobs))) as numbers_of_images:
        for done, numbers in enumerate(numbers_of_images, start=1):
            for name, row in numbers.items():
                rows[name].append(row)
            if on_progress is not None:
                on_progress(done, total)
    return {
        descriptor.name: np.array(rows[descriptor.name], dtype=np.float64).reshape(-1, descriptor.n_features)
        for descriptor in chosen.descriptors
    }


def _count_images(images: Iterable[np.ndarray], n_images: int | None) -> int:
    """Return how many pictures there are, or raise if no one can know."""
    if n_images is not None:
        return n_images
    if isinstance(images, Sized):
        return len(images)
    raise TypeError(f"on_progress needs the number of images; {type(images).__name__} has no length. Give n_images.")


def _count_jobs(n_jobs: int) -> int:
    """Return the number of threads; negative counts from the number of cores, as in scikit-learn."""
    if n_jobs == 0:
        raise ValueError("n_jobs must be at least 1, or -1 for one a core; got 0.")
    if n_jobs > 0:
        return n_jobs
    import joblib

    return joblib.effective_n_jobs(n_jobs)


def _extract_lire_rows(images: Iterable[np.ndarray], n_jobs: int) -> _Rows:
    """Yield the LIRE numbers of each picture, in order."""
    return _map_in_threads(_extract_lire_row, images, n_jobs)


def _extract_lire_row(position: int, image: np.ndarray) -> dict[str, np.ndarray]:
    """Return the LIRE numbers of one picture; an error says which picture."""
    try:
        return extract_lire(image)
    except (TypeError, ValueError) as error:
        raise type(error)(f"image {position}: {error}") from error


def _map_in_threads(
    function: Callable[[int, np.ndarray], dict[str, np.ndarray]], images: Iterable[np.ndarray], n_jobs: int
) -> _Rows:
    """Yield function(position, image) in order, drawing the pictures here and working in threads."""
    numbered = enumerate(images)
    if n_jobs == 1:
        for position, image in numbered:
            yield function(position, image)
        return
    waiting: deque[Future[dict[str, np.ndarray]]] = deque()
    pool = ThreadPoolExecutor(max_workers=n_jobs)
    try:
        for position, image in numbered:
            waiting.append(pool.submit(function, position, image))
            if len(waiting) >= 2 * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_EXTRACTORS: dict[str, Callable[[Iterable[np.ndarray], int], _Rows]] = {
    LIRE.name: _extract_lire_rows,
}
