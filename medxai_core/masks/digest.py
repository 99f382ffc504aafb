"""One line that stands for all masks of a run, so that two people can compare what they made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from medxai_core.masks.bands import check_mask


def compute_masks_digest(masks: Iterable[tuple[str, np.ndarray]]) -> str:
    """Return one digest over masks: equal exactly when every pixel of every picture is.

    Parameters
    ----------
    masks : iterable of (str, ndarray (H, W) bool)
        Id of the picture and its mask, in rising order of the ids; they may come one at a time.

    Returns
    -------
    str
        SHA-256 in hex, over "image_id height width" and a line break, then the pixels row by row, eight to a byte, the
        first one in the highest bit, the last byte filled with zeros; mask after mask.

    Raises
    ------
    ValueError
        An id comes twice or out of order, or an array is no mask.
    TypeError
        A mask is not bool.

    Examples
    --------
    >>> compute_masks_digest([("a", np.array([[True, False]]))])[:12]
    '5d033fcb754c'
    """
    digest = hashlib.sha256()
    last: str | None = None
    for image_id, mask in masks:
        if last is not None and image_id <= last:
            raise ValueError(f"masks must come in rising order of image ids; got {image_id!r} after {last!r}.")
        check_mask(mask, mask.shape, f"mask of {image_id!r}")
        digest.update(f"{image_id} {mask.shape[0]} {mask.shape[1]}\n".encode())
        digest.update(np.packbits(mask).tobytes())
        last = image_id
    return digest.hexdigest()
