"""The deep features of pictures: what the last linear layer of a network reads, and the answer that it gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from medxai_core.models import PolypClassifier, PolypSegmenter
from medxai_core.models.segmentation import POOLED_SHARE
from medxai_core.training.preparation import evaluation_mode


def extract_deep_features(model: PolypClassifier, batches: Iterable[torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Compute what a network has made of pictures just before it answers.

    Parameters
    ----------
    model : PolypClassifier
        A segmenter too. It is left as found.
    batches : iterable of Tensor (N, 3, S, S) float32
        From `preprocess` or `datasets.iterate_inputs`.

    Returns
    -------
    deep_features : ndarray (n, d) float64
        Of a classifier: its pooled features. Of a segmenter: those of the places that its answer is the mean of,
        averaged. Either way the answer is one linear function of them.
    logits : ndarray (n,) float64
        Positive means polyp.
    """
    kept: list[torch.Tensor] = []
    last = _find_last_layer(model)
    hook = last.register_forward_pre_hook(lambda _module, inputs: kept.append(inputs[0]))
    rows, logits = [], []
    try:
        with evaluation_mode(model):
            for batch in batches:
                logits.append(model(batch.contiguous(memory_format=torch.channels_last)).double().numpy())
                rows.append(_pool(kept.pop(), last).double().numpy())
    finally:
        hook.remove()
    if not rows:
        raise ValueError("batches must hold at least one picture; got none.")
    return np.concatenate(rows), np.concatenate(logits)


def _find_last_layer(model: PolypClassifier) -> nn.Module:
    """Return the layer that makes the answer out of deep features."""
    if isinstance(model, PolypSegmenter):
        return model.decoder.head[-1]
    return cast(Any, model.backbone)._fc


def _pool(features: torch.Tensor, last: nn.Module) -> torch.Tensor:
    """Return one row a picture, (N, d), of pooled features or of those of places, (N, d, h, w)."""
    if features.ndim == 2:
        return features
    places = last(features).flatten(1)  # (N, h * w)
    highest = places.topk(max(1, round(POOLED_SHARE * places.shape[1])), dim=1).indices
    chosen = features.flatten(2).gather(2, highest[:, None].expand(-1, features.shape[1], -1))
    return chosen.mean(dim=2)
