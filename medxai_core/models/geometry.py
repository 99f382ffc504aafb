"""Where each cell of a block's map looks in the input: computed, never assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import nn

from medxai_core.models.networks import get_blocks


@dataclass(frozen=True)
class BlockFacts:
    """Say where the output of one block lies in the network and in the input.

    Pixel i of the input has its centre at coordinate i. Cell i of the map, in a row or a column, looks at
    ``center_of_cell_0 + i * stride``, plus the learned shift if one was measured.

    Attributes
    ----------
    index : int
        Number of the block, from 0.
    stage : int
        Number of the stage, from 1; a stage is a run of blocks with the same number of channels.
    grid : tuple of int (h, w)
        Cells of the map.
    channels : int
        Channels of the block's output.
    stride : int
        Distance between the centres of neighbouring cells, in input pixels.
    center_of_cell_0 : float
        Coordinate of the centre of the first cell, in input pixels.
    receptive_field : int
        Side of the square that a cell sees through the convolutions, in input pixels. (Squeeze and excite
        layers, as in b1, let every cell know the mean of the whole picture besides.)
    learned_shift : tuple of float (rows, columns), default (0, 0)
        How far from there trained weights make the cells look, in input pixels; see `measure_shifts`.
    is_head : bool, default False
        True: no block, but a segmenter's own map. Its values are probabilities: they are never scaled.
    """

    index: int
    stage: int
    grid: tuple[int, int]
    channels: int
    stride: int
    center_of_cell_0: float
    receptive_field: int
    learned_shift: tuple[float, float] = (0.0, 0.0)
    is_head: bool = False

    def cell_size_in_image(self, size: tuple[int, int], input_size: int) -> tuple[float, float]:
        """Say how large one cell is in a picture that was resized to the input.

        Parameters
        ----------
        size : tuple of int (H, W)
            Size of the picture, in pixels.
        input_size : int
            Side of the network's input, in pixels.

        Returns
        -------
        tuple of float (height, width)
            Size of one cell, in pixels of the picture.

        Examples
        --------
        >>> facts = BlockFacts(16, 6, (7, 7), 192, 32, 15.0, 500)
        >>> facts.cell_size_in_image((448, 672), 224)
        (64.0, 96.0)
        """
        return self.stride * size[0] / input_size, self.stride * size[1] / input_size


@dataclass(frozen=True)
class _Geometry:
    """Geometry of a map after some of the convolutions."""

    grid: int
    stride: int = 1
    center_of_cell_0: float = 0.0
    receptive_field: int = 1


def describe_blocks(model: nn.Module, input_size: int) -> list[BlockFacts]:
    """Compute grid, stride and position of every block's map.

    Each convolution is followed with its kernel, stride and padding. Output cell j of a convolution with
    kernel k, stride s and left padding p looks at the cells around ``j * s - p + (k - 1) / 2`` of its
    input. A branch that skips convolutions does not move anything.

    Parameters
    ----------
    model : Module
        A network with ``blocks`` whose convolutions run one after the other, in the order in which they
        were added.
    input_size : int
        Side of the square input, in pixels.

    Returns
    -------
    list of BlockFacts
        One for each block, first to last.

    Raises
    ------
    ValueError
        If a convolution is not square, or a block has none.

    Examples
    --------
    >>> from medxai_core.models import build_model
    >>> facts = describe_blocks(build_model("b1"), 224)
    >>> facts[8].grid, facts[8].stride, facts[8].center_of_cell_0
    ((14, 14), 16, 15.0)
    """
    block_of = {id(conv): index for index, block in enumerate(get_blocks(model)) for conv in _convs(block)}
    after: dict[int, tuple[_Geometry, int]] = {}  # block -> geometry and channels after its last convolution
    geometry = _Geometry(grid=input_size)
    for conv in _convs(model):
        geometry = _follow(geometry, conv)
        if id(conv) in block_of:
            after[block_of[id(conv)]] = (geometry, conv.out_channels)
    if len(after) != len(get_blocks(model)):
        raise ValueError(f"every block must hold a convolution; {len(after)} of {len(get_blocks(model))} do")
    return _number_stages([_make_facts(index, *after[index]) for index in sorted(after)])


def _convs(module: nn.Module) -> Iterator[nn.Conv2d]:
    """Walk through the convolutions in the order in which they were added."""
    return (child for child in module.modules() if isinstance(child, nn.Conv2d))


def _follow(geometry: _Geometry, conv: nn.Conv2d) -> _Geometry:
    """Return the geometry after one more convolution; a 1x1 one, as in squeeze and excite, adds nothing."""
    kernel, stride, dilation = (_one_side(conv, name) for name in ("kernel_size", "stride", "dilation"))
    extent = (kernel - 1) * dilation
    left, right = _padding(conv, geometry.grid)
    return _Geometry(
        grid=(geometry.grid + left + right - extent - 1) // stride + 1,
        stride=geometry.stride * stride,
        center_of_cell_0=geometry.center_of_cell_0 + geometry.stride * (extent / 2 - left),
        receptive_field=geometry.receptive_field + geometry.stride * extent,
    )


def _one_side(conv: nn.Conv2d, name: str) -> int:
    """Return a size of a convolution that must be the same for rows and columns."""
    rows, columns = getattr(conv, name)
    if rows != columns:
        raise ValueError(f"a convolution must be square; got {name} ({rows}, {columns}) in {conv}")
    return int(rows)


def _padding(conv: nn.Conv2d, grid: int) -> tuple[int, int]:
    """Return the padding before and after a row: the convolution's own and that of a layer inside it."""
    if isinstance(conv.padding, str):
        raise ValueError(f"padding must be given in numbers; got {conv.padding!r} in {conv}")
    own = int(conv.padding[0])
    extra = getattr(conv, "static_padding", None)
    if isinstance(extra, nn.ZeroPad2d):
        left, right, top, bottom = extra.padding
        if (left, right) != (top, bottom):
            raise ValueError(f"padding must be the same for rows and columns; got {extra.padding} in {conv}")
        return own + left, own + right
    if type(conv).__name__ == "Conv2dDynamicSamePadding":
        return _same_padding(conv, grid)
    return own, own


def _same_padding(conv: nn.Conv2d, grid: int) -> tuple[int, int]:
    """Return the padding that gives ceil(grid / stride) cells, the odd one to the right."""
    kernel, stride, dilation = conv.kernel_size[0], conv.stride[0], conv.dilation[0]
    total = max((-(-grid // stride) - 1) * stride + (kernel - 1) * dilation + 1 - grid, 0)
    return total // 2, total - total // 2


def _make_facts(index: int, geometry: _Geometry, channels: int) -> BlockFacts:
    """Write down the facts of one block; the stage is numbered later."""
    return BlockFacts(
        index=index,
        stage=1,
        grid=(geometry.grid, geometry.grid),
        channels=channels,
        stride=geometry.stride,
        center_of_cell_0=geometry.center_of_cell_0,
        receptive_field=geometry.receptive_field,
    )


def _number_stages(facts: list[BlockFacts]) -> list[BlockFacts]:
    """Number the stages: a new one starts where the number of channels changes."""
    numbered: list[BlockFacts] = []
    for block in facts:
        stage = 1
        if numbered:
            stage = numbered[-1].stage + (block.channels != numbered[-1].channels)
        numbered.append(replace(block, stage=stage))
    return numbered
