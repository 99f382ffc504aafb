"""Made-up features for benchmarks of many pictures: mixtures of the LIRE features of drawn frames, seeded."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1]))

from medxai_core.features import extract_features, get_feature_set
from medxai_core.phantom.frames import draw_frame

N_DRAWN = 160
ROWS_AT_ONCE = 8192


def make_features(n_rows: int, seed: int = 0) -> np.ndarray:
    """Return features (n_rows, 226) float64: each row a random mixture of two drawn frames', and a little noise.

    They have the scales of real features, and no more structure than that: what they say of time and memory holds,
    what they say of clusters does not.
    """
    frames = [draw_frame(one, width=160, height=136, with_polyp=one % 2 == 0).image for one in range(N_DRAWN)]
    drawn = get_feature_set("lire").stack(extract_features(frames))
    spread, rng = drawn.std(axis=0), np.random.default_rng(seed)
    features = np.empty((n_rows, drawn.shape[1]))
    for start in range(0, n_rows, ROWS_AT_ONCE):  # in parts: the peak of memory is to be that of the product
        rows = features[start : start + ROWS_AT_ONCE]
        share = rng.random((len(rows), 1))
        first, second = rng.integers(0, N_DRAWN, (2, len(rows)))
        rows[:] = share * drawn[first] + (1 - share) * drawn[second] + 0.2 * spread * rng.normal(size=rows.shape)
    return features
