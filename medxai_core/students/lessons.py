"""What a student learns from: pictures with a soft mask, and how much each place of it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import interpolate

PICTURE_SIDE = 448
"""Pictures are kept as squares of this side; views of them are cut and shrunk."""

_CROPPED = 0.7  # share of the views that are cut out of the picture


@dataclass(frozen=True)
class Lessons:
    """Hold pictures with what a student is told about them.

    Attributes
    ----------
    pictures : ndarray of shape (n, 448, 448, 3), uint8
        RGB squares.
    targets : ndarray of shape (n, g, g), float
        How likely each place is polyp, 0..1; any grid.
    weights : ndarray of shape (n, g, g), float
        How much each place counts, 0..1.
    smallest_view : float
        Side of the smallest view, as a share of the picture's.
    """

    pictures: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    smallest_view: float = 0.55

    def __post_init__(self) -> None:
        n = len(self.pictures)
        if self.pictures.shape[1:] != (PICTURE_SIDE, PICTURE_SIDE, 3) or self.pictures.dtype != np.uint8:
            raise ValueError(f"pictures must be (n, 448, 448, 3) uint8; got {self.pictures.shape}")
        if self.targets.shape != self.weights.shape or len(self.targets) != n:
            raise ValueError(f"one target and one weight a place: got {self.targets.shape}, {self.weights.shape}")

    def __len__(self) -> int:
        return len(self.pictures)

    def draw_view(self, index: int, side: int, rng: np.random.Generator) -> torch.Tensor:
        """Draw one view of a picture: cut, mirrored, turned, with other light and colours.

        Parameters
        ----------
        index : int
        side : int
            Of the view, in pixels.
        rng : numpy Generator
            Decides; the same state gives the same view.

        Returns
        -------
        Tensor (5, side, side) float32
            Red, green, blue 0..1, target, weight.
        """
        picture = torch.from_numpy(np.array(self.pictures[index])).permute(2, 0, 1).float() / 255
        told = torch.from_numpy(np.stack([self.targets[index], self.weights[index]]).astype(np.float32))
        told = interpolate(told[None], size=picture.shape[-2:], mode="bilinear")[0]
        view = _cut(torch.cat([picture, told]), side, rng, smallest=self.smallest_view)
        view = _turn(view, rng)
        view[:3] = _relight(view[:3], rng)
        return view


def _cut(stack: torch.Tensor, side: int, rng: np.random.Generator, *, smallest: float) -> torch.Tensor:
    """Cut a square out of the picture, or take all of it, and bring it to a size."""
    whole = stack.shape[-1]
    length = int(whole * rng.uniform(smallest, 1)) if rng.random() < _CROPPED else whole
    top, left = rng.integers(0, whole - length + 1, size=2)
    piece = stack[None, :, top : top + length, left : left + length]
    return interpolate(piece, size=(side, side), mode="bilinear", antialias=True)[0]


def _turn(view: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Mirror and transpose at random: an endoscope has no upright."""
    for axes in ((-1,), (-2,)):
        if rng.random() < 0.5:
            view = view.flip(axes)
    return (view.transpose(-1, -2) if rng.random() < 0.5 else view).clone()


def _relight(colours: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Change brightness, contrast and the balance of the colours."""
    lit = colours * rng.uniform(0.75, 1.25) + rng.uniform(-0.1, 0.1)
    mean = lit.mean(dim=(1, 2), keepdim=True)
    lit = (lit - mean) * rng.uniform(0.75, 1.3) + mean
    balance = torch.tensor(rng.uniform(0.9, 1.1, 3), dtype=torch.float32)
    return (lit * balance[:, None, None]).clamp(0, 1)


@dataclass(frozen=True)
class Timetable:
    """Say how many views of each kind of lesson make a batch.

    Attributes
    ----------
    lessons : sequence of Lessons
    shares : sequence of int
        Views a batch of each, in the same order.
    side : int
        Of the views, in pixels.
    """

    lessons: Sequence[Lessons]
    shares: Sequence[int]
    side: int

    def draw_batch(self, step: int, seed: int) -> torch.Tensor:
        """Draw the views of one step, Tensor (N, 5, side, side) float32; (seed, step) alone decide.

        Lessons of the first kind come in turn, so that each is seen as often as the others; of the rest by chance.
        """
        rng = np.random.default_rng([seed, step])
        views = []
        for place, (lessons, share) in enumerate(zip(self.lessons, self.shares, strict=True)):
            if place == 0:
                chosen: list[int] = _take_turns(len(lessons), step * share, share, seed)
            else:
                chosen = rng.integers(len(lessons), size=share).tolist()
            views += [lessons.draw_view(index, self.side, rng) for index in chosen]
        return torch.stack(views)


def _take_turns(n: int, first: int, count: int, seed: int) -> list[int]:
    """Return which of n come at turns first..first+count-1, when each round has an order of its own."""
    turns = [divmod(turn, n) for turn in range(first, first + count)]
    orders = {round_: np.random.default_rng([seed, round_, 1]).permutation(n) for round_, _ in turns}
    return [int(orders[round_][place]) for round_, place in turns]
