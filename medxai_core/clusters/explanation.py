"""What drove the clustering, and what sets one cluster apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medxai_core.clusters.scaling import check_features, scale_descriptors
from medxai_core.clusters.words import find_descriptor, list_concepts


@dataclass(frozen=True)
class DescriptorShare:
    """Tell how much one descriptor had to say in a clustering.

    Attributes
    ----------
    descriptor : str
        Name of the descriptor.
    aspect : str
        "edges", "texture", "brightness", "colour", or another that the descriptor looks at.
    between_share : float or None
        Its share of the variance between clusters, 0..1; shares of all descriptors sum to 1.
        None if there is no variance between clusters.
    total_share : float or None
        Its share of all the variance that k-means saw, 0..1. None if there is no variance.
    separation : float or None
        Part of its own variance that lies between clusters: 0 the clusters say nothing about it,
        1 they settle it. None if it does not vary.
    """

    descriptor: str
    aspect: str
    between_share: float | None
    total_share: float | None
    separation: float | None


@dataclass(frozen=True)
class FeatureDifference:
    """Name one thing that sets a cluster apart.

    Attributes
    ----------
    words : str
        For a clinician: "darker in the far upper left corner".
    technical_name : str
        Descriptor and columns: "LuminanceLayout 0-3, 8-11, ...".
    descriptor, aspect : str
        Where it comes from.
    difference : float
        Mean in the cluster minus mean elsewhere, in standard deviations over all clustered pictures.
        By Cohen's rule of thumb 0.2 is small, 0.5 medium, 0.8 large.
    mean_inside, mean_outside : float
        The two means, in the unit of the descriptor.
    """

    words: str
    technical_name: str
    descriptor: str
    aspect: str
    difference: float
    mean_inside: float
    mean_outside: float


def explain_clustering(
    descriptors: Mapping[str, np.ndarray], cluster_ids: np.ndarray, *, scaling: str = "none"
) -> list[DescriptorShare]:
    """Return each descriptor's share of the variance between clusters.

    Parameters
    ----------
    descriptors : mapping of str to (n_images, n_columns) array
        The descriptors as extracted.
    cluster_ids : (n_images,) int array
        Cluster of each picture; rows with -1 are left out and may be NaN.
    scaling : {"none", "standard", "descriptor"}, default "none"
        The scaling that k-means was given.

    Returns
    -------
    list of DescriptorShare
        In the order of the mapping.

    Raises
    ------
    ValueError
        If arrays do not fit together.

    Notes
    -----
    Between clusters means: squares of (cluster mean minus overall mean), weighted by cluster size. On the
    paper's unscaled features nearly all of it is texture directions and colour.

    Examples
    --------
    >>> import numpy as np
    >>> texture, colour = np.array([[0.0], [0.0], [3.0], [3.0]]), np.array([[0.0], [1.0], [1.0], [2.0]])
    >>> descriptors = {"tamura": texture, "simple_color_histogram": colour}
    >>> [share.between_share for share in explain_clustering(descriptors, np.array([0, 0, 1, 1]))]
    [0.9, 0.1]
    """
    ids = _check_ids(descriptors, cluster_ids)
    numbers = np.unique(ids[ids >= 0], return_inverse=True)[1]
    squares = {
        name: _compute_squares(scale_descriptors({name: _take_clustered(values, ids)}, scaling)[name], numbers)
        for name, values in descriptors.items()
    }
    all_between = sum(between for between, _ in squares.values())
    all_total = sum(total for _, total in squares.values())
    return [
        DescriptorShare(
            descriptor=name,
            aspect=find_descriptor(name, descriptors[name].shape[1]).aspect,
            between_share=_divide(between, all_between),
            total_share=_divide(total, all_total),
            separation=_divide(between, total),
        )
        for name, (between, total) in squares.items()
    ]


def explain_cluster(
    descriptors: Mapping[str, np.ndarray],
    cluster_ids: np.ndarray,
    cluster: int,
    *,
    n_features: int = 8,
    smallest: float = 0.2,
) -> list[FeatureDifference]:
    """Say in words what sets one cluster apart from all other pictures, strongest first.

    Parameters
    ----------
    descriptors : mapping of str to (n_images, n_columns) array
        The descriptors as extracted, unscaled.
    cluster_ids : (n_images,) int array
        Cluster of each picture; rows with -1 are left out and may be NaN.
    cluster : int
        The cluster to explain.
    n_features : int, default 8
        Most differences to return.
    smallest : float, default 0.2
        Leave out differences smaller than this many standard deviations.

    Returns
    -------
    list of FeatureDifference
        Empty if nothing sets it apart, or if there are no other pictures to compare with.

    Raises
    ------
    ValueError
        If arrays do not fit together or no picture is in the cluster.

    Notes
    -----
    Columns that mean one thing are averaged first (the four upper left regions, all dark reds).

    References
    ----------
    Cohen J. Statistical power analysis for the behavioral sciences, 2nd ed. 1988. doi:10.4324/9780203771587

    Examples
    --------
    >>> import numpy as np
    >>> tamura = np.tile(np.arange(18.0), (4, 1))
    >>> tamura[:, 0] = [2.0, 2.0, 4.0, 4.0]
    >>> [found] = explain_cluster({"tamura": tamura}, [0, 0, 1, 1], 1)
    >>> found.words, found.technical_name
    ('coarser texture', 'Tamura 0')
    """
    ids = _check_ids(descriptors, cluster_ids)
    inside = ids[ids >= 0] == cluster
    if not inside.any():
        raise ValueError(f"cluster must hold at least one picture; no picture has cluster {cluster}")
    if inside.all():
        return []
    found = [
        difference
        for name, values in descriptors.items()
        for difference in _compare_descriptor(name, check_features(_take_clustered(values, ids), name), inside)
        if abs(difference.difference) >= smallest
    ]
    return sorted(found, key=lambda difference: -abs(difference.difference))[:n_features]


def _check_ids(descriptors: Mapping[str, np.ndarray], cluster_ids: np.ndarray) -> np.ndarray:
    """Return the cluster ids as an array, one for each row of every descriptor."""
    ids = np.asarray(cluster_ids)
    for name, values in descriptors.items():
        if ids.shape != (len(values),):
            raise ValueError(f"cluster_ids must be ({len(values)},), one for each row of {name!r}; got {ids.shape}")
    return ids


def _take_clustered(values: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the rows of one descriptor that are clustered; the others may lack features."""
    clustered = ids >= 0
    return values if clustered.all() else np.asarray(values)[clustered]


def _compute_squares(values: np.ndarray, ids: np.ndarray) -> tuple[float, float]:
    """Return the sums of squares between clusters and in all, over the columns of one descriptor."""
    if not len(values):
        return 0.0, 0.0
    centred = values - values.mean(axis=0)
    sizes = np.bincount(ids)
    sums = np.stack([np.bincount(ids, weights=column) for column in centred.T], axis=1)  # (k, n_columns)
    between = float((sums**2 / sizes[:, None]).sum())
    return between, float(np.einsum("ij,ij->", centred, centred))


def _compare_descriptor(name: str, values: np.ndarray, inside: np.ndarray) -> list[FeatureDifference]:
    """Return the standardised difference of every concept of one descriptor that varies."""
    descriptor = find_descriptor(name, values.shape[1])
    differences = []
    for concept in list_concepts(name, values.shape[1]):
        numbers = values[:, concept.columns].mean(axis=1)
        if np.ptp(numbers) <= 1e-12 * np.abs(numbers).max():
            continue
        mean_inside, mean_outside = float(numbers[inside].mean()), float(numbers[~inside].mean())
        difference = (mean_inside - mean_outside) / float(numbers.std())
        differences.append(
            FeatureDifference(
                words=concept.more if difference > 0 else concept.less,
                technical_name=f"{descriptor.column_prefix} {_join_ranges(concept.columns)}",
                descriptor=name,
                aspect=descriptor.aspect,
                difference=difference,
                mean_inside=mean_inside,
                mean_outside=mean_outside,
            )
        )
    return differences


def _join_ranges(columns: tuple[int, ...]) -> str:
    """Write ascending column numbers with ranges: 0-3, 8."""
    breaks = [i for i, (a, b) in enumerate(pairwise(columns), start=1) if b != a + 1]
    runs = [columns[a:b] for a, b in pairwise([0, *breaks, len(columns)])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _divide(part: float, whole: float) -> float | None:
    """Return part / whole, None where the whole is zero."""
    return part / whole if whole > 0 else None
