"""The four global features of LIRE, 226 numbers a picture, exact.

One file a descriptor. All but one number equal LIRE's own; Tamura contrast agrees to a relative 1e-12
(LIRE and this differ there by 1-2 units in the last place, from `pow`).

numba is imported at the first extraction, not with this module.
"""

from __future__ import annotations

import numpy as np

DESCRIPTORS: dict[str, int] = {
    "edge_histogram": 80,
    "tamura": 18,
    "luminance_layout": 64,
    "simple_color_histogram": 64,
}
"""How many numbers each descriptor gives, in the published order."""


def extract_lire(image: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the four LIRE descriptors of one picture, at its full size.

    Parameters
    ----------
    image : ndarray, (H, W, 3) uint8
        Picture, RGB, of any size from 1 x 1.

    Returns
    -------
    dict of str to ndarray, (d,) float64
        One array a descriptor, in the published order; d as in `DESCRIPTORS`.

    Raises
    ------
    TypeError
        If `image` is not an array of uint8.
    ValueError
        If `image` is not (H, W, 3), or is empty.

    References
    ----------
    Lux, Chatzichristofis (2008), LIRE: Lucene Image Retrieval. doi:10.1145/1459359.1459577

    Examples
    --------
    >>> import numpy as np
    >>> white = extract_lire(np.full((48, 64, 3), 255, dtype=np.uint8))
    >>> {name: numbers.size for name, numbers in white.items()} == DESCRIPTORS
    True
    >>> white["simple_color_histogram"][-1]  # all pixels are in the white bin
    np.float64(255.0)
    """
    from medxai_core.features.lire.edge_histogram import extract_edge_histogram
    from medxai_core.features.lire.luminance_layout import extract_luminance_layout
    from medxai_core.features.lire.simple_color_histogram import extract_simple_color_histogram
    from medxai_core.features.lire.tamura import extract_tamura

    image = _check_image(image)
    return {
        "edge_histogram": extract_edge_histogram(image),
        "tamura": extract_tamura(image),
        "luminance_layout": extract_luminance_layout(image),
        "simple_color_histogram": extract_simple_color_histogram(image),
    }


def _check_image(image: np.ndarray) -> np.ndarray:
    """Return the picture in C order and writeable, or raise if it is not (H, W, 3) uint8."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        found = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise TypeError(f"image must be a (H, W, 3) uint8 array; got {found}. Load it with load_image.")
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image must be (H, W, 3), H and W at least 1; got {image.shape}. Load it with load_image.")
    return np.require(image, requirements=["C", "W"])  # numba would compile anew for read-only arrays
