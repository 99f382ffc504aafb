"""From a picture to the numbers a network sees: one description, kept with the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch
from PIL import Image

from medxai_core.config import SEGMENTER

NETWORKS = ("b1", "lite1")
"""The classifiers."""

DEFAULT_INPUT_SIZE = 224
# network -> (offset, scale) of inputs = (pixels - offset) / scale
_PIXEL_RANGES = {"b1": (0.0, 255.0), "lite1": (127.0, 128.0), SEGMENTER: (127.0, 128.0)}


@dataclass(frozen=True)
class Preprocessing:
    """Describe how a picture becomes network input: ``(pixels - offset) / scale``.

    Attributes
    ----------
    input_size : int, default 224
        Side of the square input, in pixels.
    offset : float, default 0.0
        Pixel value (0..255) that becomes 0.
    scale : float, default 255.0
        Pixel values per unit of input; positive.
    color_order : {"RGB"}
        Order of the channels.
    resize : {"bilinear"}
        Resize method: bilinear, widened when shrinking (antialiased), aspect ratio not kept.
    """

    input_size: int = DEFAULT_INPUT_SIZE
    offset: float = 0.0
    scale: float = 255.0
    color_order: str = "RGB"
    resize: str = "bilinear"

    def __post_init__(self) -> None:
        if self.input_size < 32:
            raise ValueError(f"input_size must be at least 32 pixels; got {self.input_size}")
        if not self.scale > 0:
            raise ValueError(f"scale must be positive; got {self.scale}")
        if self.color_order != "RGB":
            raise ValueError(f"color_order must be 'RGB'; got {self.color_order!r}")
        if self.resize != "bilinear":
            raise ValueError(f"resize must be 'bilinear'; got {self.resize!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary that JSON can hold.

        Returns
        -------
        dict
            Field name -> value.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """Make a description from what `to_dict` gave.

        Parameters
        ----------
        values : mapping
            Every field, by name.

        Returns
        -------
        Preprocessing
            The same description.

        Raises
        ------
        ValueError
            If a field is missing, unknown, or out of range.

        Examples
        --------
        >>> described = Preprocessing(input_size=240)
        >>> Preprocessing.from_dict(described.to_dict()) == described
        True
        """
        expected = {field.name for field in fields(cls)}
        if set(values) != expected:
            raise ValueError(f"preprocessing must have the fields {sorted(expected)}; got {sorted(values)}")
        return cls(
            input_size=int(values["input_size"]),
            offset=float(values["offset"]),
            scale=float(values["scale"]),
            color_order=str(values["color_order"]),
            resize=str(values["resize"]),
        )


def default_preprocessing(network: str, input_size: int = DEFAULT_INPUT_SIZE) -> Preprocessing:
    """Return the preprocessing a network was made for.

    Parameters
    ----------
    network : {"b1", "lite1", "lite1-fpn"}
        b1 sees pixels 0..1 with no normalisation, as in the paper; the others see (pixels - 127) / 128.
    input_size : int, default 224
        Side of the square input, in pixels.

    Returns
    -------
    Preprocessing
        The description to train with and to keep in the checkpoint.

    Raises
    ------
    ValueError
        If the network is not known.

    Examples
    --------
    >>> default_preprocessing("lite1").offset
    127.0
    """
    if network not in _PIXEL_RANGES:
        raise ValueError(f"network must be one of {tuple(_PIXEL_RANGES)}; got {network!r}")
    offset, scale = _PIXEL_RANGES[network]
    return Preprocessing(input_size=input_size, offset=offset, scale=scale)


def resize_for_network(image: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Resize one picture to the square the network sees.

    The result is what torchvision's ``Resize`` gives for a PIL picture. It is small and stays uint8, so
    it can be kept between epochs.

    Parameters
    ----------
    image : ndarray (H, W, 3) uint8
        RGB picture.
    preprocessing : Preprocessing
        Says the size S.

    Returns
    -------
    ndarray (S, S, 3) uint8
        Resized picture.

    Raises
    ------
    ValueError
        If the picture is not (H, W, 3) uint8.
    """
    _check_image(image)
    side = preprocessing.input_size
    resized = Image.fromarray(np.ascontiguousarray(image)).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized).copy()  # PIL's own buffer is read-only


def normalize_inputs(resized: np.ndarray, preprocessing: Preprocessing) -> torch.Tensor:
    """Turn resized pictures into network inputs.

    Parameters
    ----------
    resized : ndarray (N, S, S, 3) uint8
        Pictures from `resize_for_network`.
    preprocessing : Preprocessing
        Says S, offset and scale.

    Returns
    -------
    Tensor (N, 3, S, S) float32
        ``(pixels - offset) / scale``, channels first.

    Raises
    ------
    ValueError
        If the pictures are not (N, S, S, 3) uint8.
    """
    side = preprocessing.input_size
    if resized.ndim != 4 or resized.shape[1:] != (side, side, 3) or resized.dtype != np.uint8:
        raise ValueError(f"resized must be (N, {side}, {side}, 3) uint8; got {resized.shape} {resized.dtype}")
    pixels = torch.from_numpy(np.ascontiguousarray(resized.transpose(0, 3, 1, 2))).float()
    return pixels.sub_(preprocessing.offset).div_(preprocessing.scale)


def preprocess(images: Sequence[np.ndarray], preprocessing: Preprocessing) -> torch.Tensor:
    """Resize and normalise pictures of any size.

    Parameters
    ----------
    images : sequence of ndarray (H, W, 3) uint8
        RGB pictures; sizes may differ.
    preprocessing : Preprocessing
        How to do it.

    Returns
    -------
    Tensor (N, 3, S, S) float32
        Network inputs, in the order of the pictures.

    Raises
    ------
    ValueError
        If there is no picture, or one is not (H, W, 3) uint8.

    Examples
    --------
    >>> white = np.full((60, 80, 3), 255, dtype=np.uint8)
    >>> inputs = preprocess([white], default_preprocessing("b1"))
    >>> tuple(inputs.shape), float(inputs.max())
    ((1, 3, 224, 224), 1.0)
    """
    if len(images) == 0:
        raise ValueError("images must hold at least one picture; got none")
    resized = np.stack([resize_for_network(image, preprocessing) for image in images])
    return normalize_inputs(resized, preprocessing)


def _check_image(image: np.ndarray) -> None:
    """Raise unless the picture is (H, W, 3) uint8."""
    if not isinstance(image, np.ndarray):
        raise TypeError(f"image must be an ndarray (H, W, 3) uint8; got {type(image).__name__}")
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"image must be (H, W, 3) uint8; got {image.shape} {image.dtype}")
