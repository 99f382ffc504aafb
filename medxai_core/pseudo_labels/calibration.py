"""How probable a score makes a class: fitted on what is labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SMALL_STEP = 1e-6


@dataclass(frozen=True)
class Calibration:
    """Turn scores into probabilities: 1 / (1 + exp(-(slope * score + offset))).

    Attributes
    ----------
    slope, offset : float
    """

    slope: float
    offset: float

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """Return the probability of the class for scores of any shape, float64, 0..1; NaN stays NaN.

        >>> Calibration(2.0, 0.0).apply(np.array([0.0, 0.5])).round(3).tolist()
        [0.5, 0.731]
        """
        odds = np.clip(self.slope * np.asarray(scores, float) + self.offset, -500, 500)
        found: np.ndarray = 1 / (1 + np.exp(-odds))
        return found


def fit_calibration(scores: np.ndarray, is_class: np.ndarray) -> Calibration:
    """Fit how scores go over into probabilities, by logistic regression with Platt's targets.

    Parameters
    ----------
    scores : (n,) float array
        Of what is labelled; higher speaks for the class.
    is_class : (n,) bool array
        Of both kinds.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If one kind is missing: nothing tells then where one goes over into the other.

    Notes
    -----
    Platt's targets are not 0 and 1 but (1 / (n_other + 2)) and ((n_class + 1) / (n_class + 2)), so that labels which
    a score parts without error do not make it infinitely sure. The probabilities hold where both classes are as
    frequent as among the labelled.

    References
    ----------
    Platt J. Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods.
    Advances in Large Margin Classifiers, 1999.

    Examples
    --------
    >>> found = fit_calibration(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    >>> found.apply(np.array([-1.0, 0.0, 1.0])).round(2).tolist()
    [0.34, 0.5, 0.66]
    """
    from sklearn.linear_model import LogisticRegression

    scores, is_class = np.asarray(scores, float), np.asarray(is_class, bool)
    n_class, n_other = int(is_class.sum()), int((~is_class).sum())
    if not n_class or not n_other:
        raise ValueError(f"scores of both kinds are needed; got {n_class} of the class and {n_other} others.")
    targets = np.where(is_class, (n_class + 1) / (n_class + 2), 1 / (n_other + 2))
    spread = float(scores.std()) or 1.0
    rows = np.concatenate([scores, scores])[:, None] / spread
    sides = np.repeat([1, 0], len(scores))
    model = LogisticRegression(C=1e6, max_iter=1000)
    model.fit(rows, sides, sample_weight=np.concatenate([targets, 1 - targets]))
    return Calibration(float(model.coef_[0, 0]) / spread, float(model.intercept_[0]))


def adjust_to_share(
    calibration: Calibration, scores: np.ndarray, *, labelled_share: float
) -> tuple[Calibration, float]:
    """Move a calibration to how frequent the class is among what is not labelled.

    Parameters
    ----------
    calibration : Calibration
        Fitted on what is labelled.
    scores : (n,) float array
        Of what is not labelled.
    labelled_share : float
        Of the class among what is labelled, above 0 and below 1.

    Returns
    -------
    calibration : Calibration
        With another offset.
    share : float
        Estimated share of the class among what is not labelled, 0..1.

    Notes
    -----
    Who labels seeks out both classes, so the rarer one is more frequent among the labelled than elsewhere. The share
    is found by expectation maximization; that within a class the labelled look like the others is assumed.

    References
    ----------
    Saerens M., Latinne P., Decaestecker C. Adjusting the outputs of a classifier to new a priori probabilities: a
    simple procedure. Neural Computation 14, 2002. doi:10.1162/089976602753284446

    Examples
    --------
    >>> scores = np.array([-3.0] * 10 + [3.0] * 90)
    >>> moved, share = adjust_to_share(Calibration(2.0, 0.0), scores, labelled_share=0.5)
    >>> round(share, 2), round(moved.offset, 1)
    (0.9, 2.2)
    """
    chances = calibration.apply(scores)
    least = 1 / (len(chances) + 2)
    share, before = labelled_share, np.inf
    while len(chances) and abs(share - before) > _SMALL_STEP:
        moved = chances * share / labelled_share
        other = (1 - chances) * (1 - share) / (1 - labelled_share)
        before, share = share, float(np.clip((moved / (moved + other)).mean(), least, 1 - least))
    return Calibration(calibration.slope, calibration.offset + _logit(share) - _logit(labelled_share)), share


def _logit(share: float) -> float:
    """Return the logarithm of the odds."""
    return float(np.log(share / (1 - share)))
