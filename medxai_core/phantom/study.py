"""A whole study of phantom frames on disk: pictures, exact masks, labels."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from medxai_core.errors import LayoutError, StudyNotWritableError
from medxai_core.images import save_mask
from medxai_core.phantom.frames import draw_frame

_JPEG_QUALITY = 92
_NOTE = b"Procedural phantom. No patient."
_SEEDS_A_STUDY = 1_000_000  # keeps the frames of two studies apart


@dataclass(frozen=True)
class _Plan:
    """Say what one frame will be."""

    stem: str
    seed: int
    procedure: int
    has_polyp: bool


def draw_study(
    output_dir: str | Path,
    *,
    n_images: int = 240,
    polyp_share: float = 0.5,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Draw a study: ``images/*.jpg``, ``masks/*.png`` (0 and 255, same stem) and ``labels.csv``.

    Parameters
    ----------
    output_dir : str or path
        Made if absent. It must not hold ``images``, ``masks`` or ``labels.csv`` yet.
    n_images : int, default 240
        Number of frames, 1 to 1,000,000.
    polyp_share : float, default 0.5
        Share of frames with a polyp, 0 to 1; rounded to whole frames.
    seed : int, default 0
        Zero or more. The same seed gives the same files.
    on_progress : callable or None, default None
        Called as ``on_progress(done, total)`` after each frame.

    Returns
    -------
    names : list of str
        Names of the pictures, in order.

    Raises
    ------
    LayoutError
        The folder already holds a study of pictures.
    StudyNotWritableError
        The folder cannot be written.

    Notes
    -----
    ``labels.csv`` has the columns filename, label ("polyp" or "non_polyp") and group: about four frames come from
    one simulated procedure and share tissue, light and camera, so splits must keep groups together. If the work is
    stopped, what was written is removed. Masks of frames without polyp are empty.
    """
    if not 1 <= n_images <= _SEEDS_A_STUDY or not 0 <= polyp_share <= 1 or seed < 0:
        raise ValueError(
            f"n_images must be 1 to {_SEEDS_A_STUDY}, polyp_share 0 to 1, seed 0 or more; "
            f"got {n_images}, {polyp_share} and {seed}."
        )
    folder = Path(output_dir)
    plans = _plan_frames(n_images, polyp_share=polyp_share, seed=seed)
    try:
        _write_study(folder, plans, on_progress)
    except OSError as error:
        raise StudyNotWritableError(
            f"The phantom cannot be written to '{folder}': {error.strerror or error}.",
            "Free some space, or choose a folder that you may write to.",
        ) from error
    return [f"{plan.stem}.jpg" for plan in plans]


def _plan_frames(n_images: int, *, polyp_share: float, seed: int) -> list[_Plan]:
    """Deal frames to procedures of three to five, and polyps to frames."""
    rng = np.random.default_rng([seed, 3])
    has_polyp = np.arange(n_images) < round(n_images * polyp_share)
    rng.shuffle(has_polyp)
    procedures = np.repeat(np.arange(n_images), rng.integers(3, 6, n_images))[:n_images]
    first = seed * _SEEDS_A_STUDY
    return [
        _Plan(f"phantom_{index + 1:04d}", first + index, first + int(procedure), bool(polyp))
        for index, (procedure, polyp) in enumerate(zip(procedures, has_polyp, strict=True))
    ]


def _write_study(folder: Path, plans: list[_Plan], on_progress: Callable[[int, int], None] | None) -> None:
    """Write all files; on any error, or if stopped, remove what was written."""
    with ExitStack() as undo:
        _make_folders(folder, undo)
        for done, plan in enumerate(plans, start=1):
            _write_frame(folder, plan, undo)
            if on_progress is not None:
                on_progress(done, len(plans))
        _write_labels(folder, plans, undo)
        undo.pop_all()


def _make_folders(folder: Path, undo: ExitStack) -> None:
    """Make the folders; refuse to mix with pictures that are there."""
    for name in ("images", "masks", "labels.csv"):
        if (folder / name).exists():
            raise LayoutError(f"'{folder}' already holds '{name}'.", "Choose an empty folder for the phantom.")
    for path in (*reversed(folder.parents), folder, folder / "images", folder / "masks"):
        if not path.exists():
            path.mkdir()
            undo.callback(path.rmdir)


def _write_frame(folder: Path, plan: _Plan, undo: ExitStack) -> None:
    """Draw one frame and write its picture and mask."""
    frame = draw_frame(plan.seed, with_polyp=plan.has_polyp, procedure_seed=plan.procedure)
    image_path = folder / "images" / f"{plan.stem}.jpg"
    mask_path = folder / "masks" / f"{plan.stem}.png"
    for path in (image_path, mask_path):
        undo.callback(path.unlink, missing_ok=True)
    Image.fromarray(frame.image).save(image_path, quality=_JPEG_QUALITY, comment=_NOTE)
    save_mask(frame.mask, mask_path)


def _write_labels(folder: Path, plans: list[_Plan], undo: ExitStack) -> None:
    """Write labels.csv."""
    path = folder / "labels.csv"
    undo.callback(path.unlink, missing_ok=True)
    first = plans[0].procedure
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["filename", "label", "group"])
        for plan in plans:
            label = "polyp" if plan.has_polyp else "non_polyp"
            writer.writerow([f"{plan.stem}.jpg", label, f"procedure_{plan.procedure - first + 1:03d}"])
