"""Score a folder of masks against a folder of ground truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from medxai_core.errors import Failure, LayoutError, MedxaiError
from medxai_core.evaluation.baselines import compute_mean_mask, make_trivial_masks
from medxai_core.evaluation.intervals import N_RESAMPLES
from medxai_core.evaluation.scores import ImageScores, score_mask
from medxai_core.evaluation.summary import ScoreTable, summarize
from medxai_core.images import load_mask

MISSING = "there is no file of this name"
TWO_FILES = "two files of this name differ only in their ending"
MAX_STRETCH = 1.02
"""A prediction whose sides have another ratio than the truth's by more than this is noted."""

EXTRA = "prediction: there is no ground truth of this name; not scored"
NOT_SCORED = "not scored"
SCORED_AS_EMPTY = "scored as an empty mask"
UNJUDGED = "not scored: the frame has no polyp, and an empty mask would count as right"


@dataclass(frozen=True)
class FolderEvaluation:
    """Hold the scores of a folder of masks, and all that did not fit.

    Attributes
    ----------
    scores : tuple of ImageScores
        One for each picture that was scored, sorted by name. Small: no mask is kept.
    table : ScoreTable
    baselines : tuple of ScoreTable
        Trivial masks on the same pictures.
    failures : tuple of Failure
        Missing, extra, doubled and unreadable files.
    resized : tuple of str
        Names of predictions that were resized to their truth.
    notes : tuple of Failure
        Predictions that were scored but look wrong: stretched, because the sides have another ratio.
    """

    scores: tuple[ImageScores, ...]
    table: ScoreTable
    baselines: tuple[ScoreTable, ...]
    failures: tuple[Failure, ...]
    resized: tuple[str, ...]
    notes: tuple[Failure, ...]


@dataclass
class _Progress:
    """Collect what is found on the way through two folders."""

    scores: list[ImageScores] = field(default_factory=list)
    trivial: dict[str, list[ImageScores]] = field(default_factory=lambda: defaultdict(list))
    failures: list[Failure] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)
    notes: list[Failure] = field(default_factory=list)


def evaluate_folders(
    pred_dir: Path,
    truth_dir: Path,
    *,
    masks_used_for: str,
    name: str = "predictions",
    groups: Mapping[str, str] | None = None,
    other_masks_dir: Path | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> FolderEvaluation:
    """Score every mask of a folder, beside trivial masks.

    Files are paired by name without ending. Values above 127 are polyp. A prediction of another size
    is resized to its truth (nearest neighbour). A truth without a readable prediction is listed as a
    failure *and scored as an empty mask*: leaving out hard pictures must not raise a score. Where the
    truth is empty too it is listed and not scored, because an empty mask would be praised there.

    Parameters
    ----------
    pred_dir, truth_dir : Path
        Folders of pictures; subfolders are listed as failures, hidden files are skipped.
    masks_used_for : {"nothing", "tile_labels", "tuning", "baseline"}
        What masks were used for on the way to the predictions.
    name : str
        Name of the row in the table.
    groups : mapping of name without ending to group, optional
        Patient, procedure or video of a picture; one that is not named is its own group.
    other_masks_dir : Path, optional
        Masks of other pictures, for the mean mask. None of them may share a name with the truth.
    n_resamples, seed
        Of the bootstrap.
    on_progress : callable (done, total), optional

    Returns
    -------
    FolderEvaluation

    Raises
    ------
    LayoutError
        A folder is missing, no picture can be scored, or `other_masks_dir` holds a scored picture.

    Notes
    -----
    The organisers' script resizes only when both sides differ, with bilinear interpolation, and takes
    every value above 0 as polyp when none exceeds 127. Here both sides are checked one by one, no grey
    value is invented, and a file that holds values above 0 but none above 127 is a failure.
    """
    found = _Progress()
    truths, predictions = _list_files(truth_dir, found.failures), _list_files(pred_dir, found.failures)
    mean = _load_mean_mask(other_masks_dir, truths, found.failures)
    found.failures += [Failure(stem, EXTRA) for stem in sorted(predictions.keys() - truths.keys())]
    for done, (stem, path) in enumerate(sorted(truths.items()), start=1):
        _score_pair(stem, path, predictions, found=found, mean=mean)
        if on_progress is not None:
            on_progress(done, len(truths))
    if not found.scores:
        message = f"no picture of the {len(truths)} in {truth_dir} could be scored."
        raise LayoutError(message, "Give the folder of ground-truth masks, and one of predictions.")
    names = {} if groups is None else groups
    score_groups = [names.get(score.item, f"picture {score.item}") for score in found.scores]

    def make_table(scores: list[ImageScores], row_name: str, use: str) -> ScoreTable:
        return summarize(scores, score_groups, name=row_name, masks_used_for=use, n_resamples=n_resamples, seed=seed)

    return FolderEvaluation(
        scores=tuple(found.scores),
        table=make_table(found.scores, name, masks_used_for),
        baselines=tuple(make_table(scores, label, "baseline") for label, scores in found.trivial.items()),
        failures=tuple(found.failures),
        resized=tuple(found.resized),
        notes=tuple(found.notes),
    )


def resize_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize a mask by nearest neighbour.

    Parameters
    ----------
    mask : ndarray (h, w) bool
    shape : (H, W)

    Returns
    -------
    ndarray (H, W) bool
        Each pixel takes the value of the pixel in which its centre falls.

    Examples
    --------
    >>> resize_mask(np.array([[True, False]]), (1, 4)).tolist()
    [[True, True, False, False]]
    """
    rows, columns = ((2 * np.arange(new) + 1) * old // (2 * new) for new, old in zip(shape, mask.shape, strict=True))
    return mask[rows[:, np.newaxis], columns]


def _score_pair(
    stem: str,
    truth_path: Path | None,
    predictions: Mapping[str, Path | None],
    *,
    found: _Progress,
    mean: np.ndarray | None,
) -> None:
    """Score one prediction and the trivial masks; list what is wrong with the files."""
    truth, reason = _load(truth_path)
    if truth is None:
        found.failures.append(Failure(stem, f"ground truth: {reason}; {NOT_SCORED}"))
        return
    mask, reason = _load(predictions[stem]) if stem in predictions else (None, MISSING)
    if mask is None:
        outcome = SCORED_AS_EMPTY if truth.any() else UNJUDGED
        found.failures.append(Failure(stem, f"prediction: {reason}; {outcome}"))
        if not truth.any():
            return
        mask = np.zeros(truth.shape, dtype=bool)
    elif mask.shape != truth.shape:
        found.resized.append(stem)
        found.notes += _note_stretch(stem, mask.shape, truth.shape)
        mask = resize_mask(mask, truth.shape)
    found.scores.append(score_mask(mask, truth, item=stem))
    for name, trivial in make_trivial_masks(truth.shape, mean=mean).items():
        found.trivial[name].append(score_mask(trivial, truth, item=stem))


def _note_stretch(stem: str, shape: tuple[int, ...], truth_shape: tuple[int, ...]) -> list[Failure]:
    """Return a note when resizing a prediction stretches it, such as a picture on its side."""
    stretch = shape[0] * truth_shape[1] / (shape[1] * truth_shape[0])
    if max(stretch, 1 / stretch) <= MAX_STRETCH:
        return []
    sizes = f"{shape[1]}x{shape[0]}, the truth {truth_shape[1]}x{truth_shape[0]}"
    return [Failure(stem, f"prediction is {sizes} (width x height): it was stretched; is it turned or cropped?")]


def _load(path: Path | None) -> tuple[np.ndarray | None, str]:
    """Return a mask, or None and the reason; no path stands for two files of one name."""
    if path is None:
        return None, TWO_FILES
    try:
        return load_mask(path), ""
    except MedxaiError as error:
        return None, str(error)


def _list_files(folder: Path, failures: list[Failure]) -> dict[str, Path | None]:
    """Return files by name without ending; None where two files share it."""
    if not folder.is_dir():
        raise LayoutError(f"{folder} is no folder.", "Give a folder of mask pictures.")
    files: dict[str, Path | None] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if not path.is_file():
            failures.append(Failure(path.name, f"in {folder.name}: not a file; subfolders are not read"))
        else:
            files[path.stem] = None if path.stem in files else path
    return files


def _load_mean_mask(
    folder: Path | None, truths: Mapping[str, Path | None], failures: list[Failure]
) -> np.ndarray | None:
    """Return the mean mask of other pictures; None without a folder."""
    if folder is None:
        return None
    files = _list_files(folder, failures)
    shared = sorted(files.keys() & truths.keys())
    if shared:
        raise LayoutError(
            f"{len(shared)} masks in {folder.name} belong to scored pictures, the first {shared[0]!r}.",
            "Give masks of other pictures for the mean mask.",
        )
    masks = _read_all(files, failures)
    first = next(masks, None)
    if first is None:
        raise LayoutError(f"no mask in {folder.name} can be read.", "Give masks of other pictures.")
    return compute_mean_mask(chain([first], masks))


def _read_all(files: Mapping[str, Path | None], failures: list[Failure]) -> Iterator[np.ndarray]:
    """Yield the masks that can be read, and list the others."""
    for stem, path in files.items():
        mask, reason = _load(path)
        if mask is None:
            failures.append(Failure(stem, f"other mask: {reason}; not used for the mean mask"))
        else:
            yield mask
