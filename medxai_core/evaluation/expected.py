"""What overlap the probabilities of a mask themselves make expected, without any truth."""

from __future__ import annotations

import numpy as np


def expect_dice(probabilities: np.ndarray, threshold: float) -> float | None:
    """Estimate the Dice of a mask from the probabilities that it was cut from.

    Parameters
    ----------
    probabilities : ndarray of shape (h, w), float
        How likely each place is polyp, 0..1.
    threshold : float
        Places above it are the mask.

    Returns
    -------
    float or None
        ``2 sum(p in the mask) / (mask + sum(p))``: the expected overlap over the expected sizes. It is right as far as
        the probabilities are. None for an empty mask.

    References
    ----------
    .. [1] P. Bertels et al., "Optimization for medical image segmentation: theory and practice when evaluating with
       Dice score or Jaccard index", IEEE TMI 2020, for the approximation. https://doi.org/10.1109/TMI.2020.3002417

    Examples
    --------
    >>> expect_dice(np.array([[1.0, 0.5, 0.0]]), 0.4)
    0.8571428571428571
    >>> expect_dice(np.array([[0.4]]), 0.5) is None
    True
    """
    mask = probabilities > threshold
    if not mask.any():
        return None
    inside = float(probabilities[mask].sum(dtype=np.float64))
    return 2 * inside / (int(mask.sum()) + float(probabilities.sum(dtype=np.float64)))
