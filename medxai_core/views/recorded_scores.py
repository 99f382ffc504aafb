"""Recorded scores as a reader may see them: rows that are open, scores by picture, and what beats what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medxai_core.errors import StageMissingError, TestSplitLockedError
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.evaluation.paired import PairedDifference, compare_paired
from medxai_core.evaluation.scores import ImageScores, PixelCounts, score_counts
from medxai_core.records.masks import (
    MaskSetting,
    RecordedEvaluation,
    get_locked_setting,
    get_pixel_counts,
    list_evaluations,
)
from medxai_core.records.pictures import Images, list_images
from medxai_core.records.runs import list_runs
from medxai_core.study import Study
from medxai_core.views.mask_view import is_same_mask

MASK_USE_WORDS = {
    "nothing": "No mask was used on the way to these masks.",
    "tile_labels": "Masks told which of the seed tiles hold a polyp. None was used to draw.",
    "tuning": "Masks of the tuning pictures were used to choose layer and threshold.",
    "baseline": "Not a method: masks that ignore the picture.",
}
"""What masks were used for, in words: the meaning of `config.MASK_USES`."""


@dataclass(frozen=True, eq=False)
class PictureScores:
    """Hold the scores of one set of masks, picture by picture.

    Attributes
    ----------
    row : RecordedEvaluation
    positions : (n,) int64
        Positions of the scored pictures of the study.
    scores : tuple of ImageScores
        Named by image id.
    groups : tuple of str
        Patient, procedure or source image of each picture.
    """

    row: RecordedEvaluation
    positions: np.ndarray
    scores: tuple[ImageScores, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.scores)

    def values(self, metric: str) -> np.ndarray:
        """Return one score by picture, (n,) float64 in [0, 1]; NaN where it is undefined."""
        found = [score.value(metric) for score in self.scores]
        return np.array([np.nan if value is None else value for value in found])

    @property
    def polyp_shares(self) -> np.ndarray:
        """Return the share of each picture that is polyp, (n,) float64; 0 without a polyp."""
        return np.array([(s.counts.tp + s.counts.fn) / s.counts.n_pixels for s in self.scores])

    @property
    def mask_shares(self) -> np.ndarray:
        """Return the share of each picture that the mask takes, (n,) float64."""
        return np.array([(s.counts.tp + s.counts.fp) / s.counts.n_pixels for s in self.scores])


def list_open_runs(study: Study) -> dict[str, MaskSetting]:
    """Return the runs whose setting is locked now, each with that setting: their test scores may be seen."""
    locked = {run.run_id: get_locked_setting(study, run.run_id) for run in list_runs(study)}
    return {run_id: setting for run_id, setting in locked.items() if setting is not None}


def list_open_rows(study: Study, split: str) -> list[RecordedEvaluation]:
    """Return the recorded rows of a split that a reader may see, runs first, then trivial masks.

    Notes
    -----
    On the test split a run's rows are open while a setting of the run is locked, the trivial masks' rows
    while that of any run is. Other splits are always open.
    """
    rows = list_evaluations(study, split=split)
    if split == "test":
        opened = list_open_runs(study)
        rows = [row for row in rows if (row.run_id in opened if row.run_id else bool(opened))]
    return sorted(rows, key=lambda row: row.run_id is None)


def find_current_row(study: Study, run_id: str, split: str) -> RecordedEvaluation | None:
    """Return the row of a run under the setting that is locked now; None without a lock or not scored yet."""
    setting = get_locked_setting(study, run_id)
    if setting is None:
        return None
    for row in reversed(list_open_rows(study, split)):
        if row.run_id == run_id and is_same_mask(MaskSetting(**row.setting), setting):
            return row
    return None


def find_trivial_row(study: Study, split: str, name: str = CENTRED_DISK) -> RecordedEvaluation | None:
    """Return the row of a trivial mask, by default the centred disk; None when it was not scored or is hidden."""
    return next((row for row in list_open_rows(study, split) if row.run_id is None and row.name == name), None)


def find_open_row(study: Study, split: str, called: str) -> RecordedEvaluation:
    """Return an open row by its id, its name, or the beginning of its run's id (under the setting locked now).

    Raises
    ------
    StageMissingError
        No open row is called so; the remedy lists those that are.
    """
    rows = list_open_rows(study, split)
    run_ids = [run.run_id for run in list_runs(study) if run.run_id.startswith(called)]
    current = find_current_row(study, run_ids[0], split) if len(run_ids) == 1 else None
    for row in rows:
        if called in (row.evaluation_id, row.name) or (current and row.evaluation_id == current.evaluation_id):
            return row
    known = "; ".join(f"{row.evaluation_id} ({row.run_id or row.name})" for row in rows) or "none"
    raise StageMissingError(f"no open scores of the {split} pictures are called {called!r}.", f"There are: {known}.")


def get_picture_scores(study: Study, row: RecordedEvaluation, *, images: Images | None = None) -> PictureScores:
    """Return the scores of one recorded row, picture by picture.

    Raises
    ------
    TestSplitLockedError
        The row is of the test split and not open.
    StageMissingError
        The row was recorded without its pictures' counts.
    """
    if row.split == "test" and row.evaluation_id not in {r.evaluation_id for r in list_open_rows(study, "test")}:
        raise TestSplitLockedError(
            "the scores of test pictures are hidden until the setting is locked.", "Lock the setting first."
        )
    counts = get_pixel_counts(study, row.evaluation_id)
    if counts is None:
        raise StageMissingError(f"row {row.evaluation_id!r} has no scores by picture.", "Score the masks again.")
    images = images or list_images(study)
    positions = np.flatnonzero(np.isfinite(counts[:, 0]) & images.is_present)
    scores = tuple(
        score_counts(PixelCounts(*(int(n) for n in counts[position])), item=str(images.image_ids[position]))
        for position in positions
    )
    return PictureScores(row, positions, scores, tuple(str(group) for group in images.groups[positions]))


def compare_rows(first: PictureScores, second: PictureScores, *, metric: str = "dice") -> PairedDifference:
    """Compare two rows on the pictures that both were scored on: first minus second.

    Parameters
    ----------
    metric : str
        One of the six scores.

    Returns
    -------
    PairedDifference
        With a bootstrap interval over groups of pictures.
    """
    shared, one, other = np.intersect1d(first.positions, second.positions, return_indices=True)
    groups = [first.groups[row] for row in one]
    return compare_paired(first.values(metric)[one], second.values(metric)[other], groups if len(shared) else None)


def say_exchange(row: RecordedEvaluation) -> str:
    """Say how much of a run's score masks reach that were laid on other pictures than their own.

    >>> from types import SimpleNamespace
    >>> exchanged = {"dice": 0.2, "own": 0.8, "n": 40, "interval": {"low": 0.15, "high": 0.25}}
    >>> say_exchange(SimpleNamespace(summary={"exchanged": exchanged})).split(":")[1][:37]
    ' 25% of the score is where polyps usu'
    """
    found = row.summary.get("exchanged")
    if not found or found["dice"] is None or not found["own"]:
        return "How much of the score is where polyps usually lie is not known: score the masks again."
    low, high = found["interval"]["low"], found["interval"]["high"]
    span = f" (95 % interval {low:.3f} to {high:.3f})" if low is not None and high is not None else ""
    part = f"{found['dice'] / found['own']:.0%}"
    return (
        f"Each mask laid on the other pictures reaches a mean Dice of {found['dice']:.3f}{span} instead of "
        f"{found['own']:.3f}: {part} of the score is where polyps usually lie, and how large they usually are. "
        f"{found['n']} pictures with a polyp, on a coarse grid."
    )


def say_comparison(found: PairedDifference, *, first: str, second: str, metric: str = "Dice") -> str:
    """Say in one sentence which of two sets of masks is better, and how sure that is.

    >>> from medxai_core.evaluation.paired import compare_paired
    >>> found = compare_paired([0.2, 0.3] * 20, [0.4, 0.5] * 20)
    >>> say_comparison(found, first="this run", second="the centred disk").split(":")[0]
    'Worse than the centred disk'
    """
    if found.difference is None or found.mean_first is None or found.mean_second is None:
        return f"Whether {first} beats {second} is unknown: {found.reason}."
    verb = {"better": f"Better than {second}", "worse": f"Worse than {second}"}.get(
        found.verdict, f"Not shown to differ from {second}"
    )
    low, high = found.interval.low, found.interval.high
    span = f", 95 % interval {low:+.3f} to {high:+.3f}" if low is not None and high is not None else ", no interval"
    groups = f" in {found.n_groups} groups" if found.n_groups != found.n else ""
    return (
        f"{verb}: the mean {metric} of {first} is {found.mean_first:.3f}, of {second} {found.mean_second:.3f} "
        f"(difference before rounding {found.difference:+.3f}{span}; {found.n} pictures{groups})."
    )
