"""The segmenter: a classifier's blocks with a light decoder that says for every place how likely it is polyp."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn.functional import interpolate

from medxai_core.config import SEGMENTER
from medxai_core.models.geometry import BlockFacts, describe_blocks
from medxai_core.models.networks import PolypClassifier, build_model

LEVELS = (2, 4, 14, 20)
"""Blocks of lite1 that the decoder reads: the last ones of strides 4, 8, 16 and 32."""

POOLED_SHARE = 0.02
"""The logit of a picture is the mean of this share of its places, the highest ones."""

LEAST_PICTURE_LOGIT = 1.0
"""A picture whose own logit is not above this (73 %) gets no mask: chosen on drawn frames, see docs/masks.md."""

HELD_BACK_LOGIT = -3.0
"""No place of a picture that is held back is above this (5 %)."""

HEAD_STRIDE = 4
"""Distance between the places of the map, in input pixels."""

_WIDTH = 64
_RARE = -1.5  # first bias: polyps cover a small part of a picture


class MaskDecoder(nn.Module):
    """Bring maps of four strides together into one map of the finest stride (a feature pyramid).

    Parameters
    ----------
    channels : list of int
        Channels of the maps, finest stride first.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Feature pyramid networks for object detection", CVPR 2017.
       https://doi.org/10.1109/CVPR.2017.106
    """

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(nn.Conv2d(n, _WIDTH, 1) for n in channels)
        self.smooth = nn.ModuleList(_make_smoothing() for _ in channels)
        self.head = nn.Sequential(nn.Conv2d(_WIDTH, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 1, 1))
        nn.init.constant_(cast(torch.Tensor, self.head[-1].bias), _RARE)

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Compute one logit a place.

        Parameters
        ----------
        maps : list of Tensor (N, C, h, w)
            Finest stride first.

        Returns
        -------
        Tensor (N, 1, h, w)
            Logits on the grid of the first map.
        """
        merged: torch.Tensor | None = None
        for narrow, smooth, level in reversed(list(zip(self.narrow, self.smooth, maps, strict=True))):
            here = narrow(level)
            if merged is not None:
                here = here + interpolate(merged, size=here.shape[-2:], mode="bilinear")
            merged = smooth(here)
        return self.head(merged)


def _make_smoothing() -> nn.Sequential:
    """Make a depthwise separable 3x3 convolution with batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, groups=_WIDTH, bias=False),
        nn.Conv2d(_WIDTH, _WIDTH, 1, bias=False),
        nn.BatchNorm2d(_WIDTH),
        nn.ReLU(),
    )


class PolypSegmenter(PolypClassifier):
    """Give a logit for every place, and from them one a picture.

    The logit of a picture is the mean of the highest 2 % of its places: it explains nothing away, so heat maps of
    every block (see `heatmaps.GradCAM`) say what the mask was made of.

    Parameters
    ----------
    backbone : Module
        EfficientNet-Lite1; its own head takes no part and is dropped.

    Attributes
    ----------
    decoder : MaskDecoder
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__(SEGMENTER, backbone)
        for name in ("_conv_head", "_bn1", "_fc"):
            delattr(backbone, name)
        self.decoder = MaskDecoder([cast(Any, self.blocks[level])._project_conv.out_channels for level in LEVELS])

    def segment(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute one logit a place.

        Parameters
        ----------
        inputs : Tensor (N, 3, S, S) float32
            From `preprocess`.

        Returns
        -------
        Tensor (N, S/4, S/4) float32
            Positive means polyp.
        """
        backbone = cast(Any, self.backbone)
        x = backbone._swish(backbone._bn0(backbone._conv_stem(inputs)))
        levels = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LEVELS:
                levels.append(x)
        return self.decoder(levels).squeeze(1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute one logit a picture, Tensor (N,) float32: the mean of its highest places."""
        return pool_places(self.segment(inputs))

    def describe_head(self, input_size: int) -> BlockFacts:
        """Say where the places of the segmenter's own map look, for a square input of so many pixels."""
        side = input_size // HEAD_STRIDE
        return BlockFacts(
            index=len(self.blocks),
            stage=describe_blocks(self, input_size)[-1].stage + 1,
            grid=(side, side),
            channels=1,
            stride=HEAD_STRIDE,
            center_of_cell_0=(HEAD_STRIDE - 1) / 2,
            receptive_field=input_size,
            is_head=True,
        )


def pool_places(places: torch.Tensor) -> torch.Tensor:
    """Return the logit of each picture, (N,), from those of its places, (N, h, w): the mean of the highest 2 %."""
    flat = places.flatten(1)
    return flat.topk(max(1, round(POOLED_SHARE * flat.shape[1])), dim=1).values.mean(dim=1)


def hold_back_doubt(places: torch.Tensor) -> torch.Tensor:
    """Lower all places of a picture that as a whole does not speak clearly for a polyp.

    A few places by themselves are no polyp: on tiles without one they are most of what is marked. All are lowered by as
    much, until none is above 5 %: such a picture stays empty at any usual threshold, and its map as dark as it is.

    Parameters
    ----------
    places : Tensor (N, h, w)
        Logits, from `PolypSegmenter.segment`.

    Returns
    -------
    Tensor (N, h, w)
        Logits; those of pictures whose own logit (`pool_places`) is not above `LEAST_PICTURE_LOGIT` are at most -3.

    Examples
    --------
    >>> spots = torch.full((2, 10, 10), -4.0)
    >>> spots[0, 0, 0], spots[1, :3] = 2.0, 2.0
    >>> hold_back_doubt(spots).amax(dim=(1, 2))
    tensor([-3.,  2.])
    """
    excess = (places.amax(dim=(1, 2)) - HELD_BACK_LOGIT).clamp(min=0)
    excess = torch.where(pool_places(places) > LEAST_PICTURE_LOGIT, 0, excess)
    return places - excess[:, None, None]


def build_segmenter(*, weights: str = "pretrained", seed: int = 0) -> PolypSegmenter:
    """Build a segmenter with a random decoder.

    Parameters
    ----------
    weights : {"pretrained", "scratch"}, default "pretrained"
        Of the blocks: ImageNet's, or random ones.
    seed : int, default 0
        For what is random. The global random state is left as found.

    Returns
    -------
    PolypSegmenter
        In training mode, on the CPU; about 3.8 million weights.

    Examples
    --------
    >>> with torch.no_grad():
    ...     build_segmenter().eval().segment(torch.zeros(1, 3, 96, 96)).shape
    torch.Size([1, 24, 24])
    """
    backbone = build_model("lite1", weights=weights, seed=seed).backbone
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PolypSegmenter(backbone)
