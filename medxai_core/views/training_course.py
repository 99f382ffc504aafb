"""How far a training of the recommended mode is as a whole: its stages, what each costs, how long is left."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medxai_core.config import MOST_PICTURES, SEGMENTER
from medxai_core.records.pictures import Images, Items
from medxai_core.records.runs import RecordedRun

_SIDE = 288
_STEP_OF_ONE_VIEW = 4.5
_LABELLED_VIEWS = 6.3
_PROBES = 190.0
_CLOSE = 3.2
_READ, _DRAWN = 0.5, 1.5
"""Costs in looks: a step for each view of its batch, the views of the class map of a picture, fitting its probes, four
mirror images at a size that fits, decoding a picture, drawing a frame. Processor time, measured; times of looks only
scale them, so only what they are to each other counts."""

CLASS_MAPS = "Class maps"
"""Title of the stage that asks the class map about every picture."""

_LEAST_SHARE = 0.01  # of all work, before the time of an unfinished stage says anything
ALONE_SECONDS = 0.012
"""Of a look on two cores that have nothing else to do: 799 s for a training on 800 pictures; see docs/masks.md."""


@dataclass(frozen=True)
class Amounts:
    """Say how much a training works on.

    Attributes
    ----------
    n_pictures, n_labelled : int
        Pictures it learns from, and those of them with a label.
    n_items : int
        Labelled items, those of the validation among them: each round is scored on them.
    """

    n_pictures: int
    n_labelled: int
    n_items: int


@dataclass(frozen=True)
class Part:
    """Hold one stage of the course.

    Attributes
    ----------
    title : str
        As its job tells it.
    epoch : int
        What it leads to: 0 before anything is learned, 1 what drawn frames taught, then the rounds.
    cost : float
        In looks: a look is one picture of 288 x 288 pixels that goes through the network.
    """

    title: str
    epoch: int
    cost: float


@dataclass(frozen=True)
class CourseProgress:
    """Say how far a training is.

    Attributes
    ----------
    share : float
        Of the whole work that is done, 0..1.
    seconds_left : float or None
        None until the time of some of its steps has been measured.
    """

    share: float
    seconds_left: float | None


def count_amounts(images: Images, items: Items, positions: Sequence[int] | np.ndarray, *, n_validation: int) -> Amounts:
    """Count what a training works on; `positions` are the rows of the items that it learns from."""
    n_labelled = len(np.unique(items.image_positions[np.asarray(positions, np.int64)]))
    n_pictures = max(min(MOST_PICTURES, len(images.positions_in("train"))), n_labelled)
    return Amounts(n_pictures, n_labelled, len(positions) + n_validation)


def list_parts(config: Mapping[str, Any], amounts: Amounts) -> list[Part]:
    """Return the stages of a training in order.

    Parameters
    ----------
    config : mapping
        Of the run's manifest: a `Curriculum` as plain values.
    """
    n, rounds = amounts.n_pictures, config["rounds"]
    low, high = ((config[name] / _SIDE) ** 2 for name in ("side", "use_side"))
    step = _STEP_OF_ONE_VIEW * sum(config["batch"]) * low
    scoring = amounts.n_items * high
    parts = [
        Part("Reading pictures", 0, _READ * amounts.n_items),
        Part("Reading whole pictures", 0, _READ * n),
        Part("Drawing frames to learn outlines from", 0, _DRAWN * sum(config["n_drawn"])),
        Part("Learning from labelled tiles", 1, _PROBES + _LABELLED_VIEWS * amounts.n_labelled),
        Part("Class maps of labelled pictures", 1, _LABELLED_VIEWS * amounts.n_labelled / 2),
        Part(CLASS_MAPS, 1, _LABELLED_VIEWS * n),
    ]
    if config["shape_steps"]:
        parts += [
            Part("Learning outlines from drawn frames", 1, step * config["shape_steps"] + scoring),
            Part("Outlines in real pictures", 2, n * low),
            Part("Outlines in real pictures, at a size that fits", 2, n * low * _CLOSE),
        ]
    for number, n_steps in enumerate(rounds, start=1):
        if number > 1:
            parts.append(Part("Looking again", number + 1, n * high))
            parts.append(Part("Looking again, at a size that fits", number + 1, n * high * _CLOSE))
        title = f"Learning masks, round {number} of {len(rounds)}"
        parts.append(Part(title, number + 1, step * n_steps + scoring))
    return parts


def estimate_course_seconds(
    config: Mapping[str, Any], amounts: Amounts, *, seconds_per_look: float = ALONE_SECONDS
) -> float:
    """Return how long a whole training takes, in seconds."""
    return seconds_per_look * sum(part.cost for part in list_parts(config, amounts))


def count_looks_of_step(config: Mapping[str, Any]) -> float:
    """Return what a step costs, in looks."""
    return float(_STEP_OF_ONE_VIEW * sum(config["batch"]) * (config["side"] / _SIDE) ** 2)


def measure_course_progress(
    run: RecordedRun, epochs: Sequence[Mapping[str, Any]], job: Mapping[str, Any], amounts: Amounts
) -> CourseProgress | None:
    """Say how far a training of the recommended mode is, from what its job and its finished rounds tell.

    Parameters
    ----------
    epochs : sequence of dict
        The finished ones, from `list_epochs`.
    job : dict
        At work on it, as `jobs.list_jobs` returns it.

    Returns
    -------
    CourseProgress or None
        None for a run of another recipe.

    Notes
    -----
    The time left is that of the newest finished round and of the stage under way, by what remains; before the first
    one that of all that was done. Reading and drawing alone tell nothing of it: they hang on the disk, and on other
    parts of the processor. A training that goes on reads, draws and makes its class maps again: until that is done it
    does not count.
    """
    if run.network != SEGMENTER:
        return None
    parts = list_parts(run.manifest["config"], amounts)
    total = sum(part.cost for part in parts)
    place = _find_place(parts, str(job["stage"]), n_done=len(epochs))
    now = min(job["done"] / job["total"], 1.0) if job["total"] else 0.0
    under_way = 0.0 if place is None else now * parts[place].cost
    before = 0.0 if place is None else sum(part.cost for part in parts[:place])
    finished = sum(part.cost for part in parts if part.epoch <= len(epochs)) if epochs else 0.0
    if epochs and job["created_at"] > run.created_at:  # it goes on
        finished -= _count_to_repeat(parts, place, under_way)
    share = min(max(before + under_way, finished) / total, 1.0)
    is_learning = place is not None and parts[place].epoch > 0
    spent, work = _measure_pace(
        run, epochs, job, parts, before=before if is_learning else 0.0, under_way=under_way if is_learning else 0.0
    )
    return CourseProgress(share, spent / work * (1 - share) * total if work else None)


def _count_to_repeat(parts: Sequence[Part], place: int | None, under_way: float) -> float:
    """Return what a training that goes on still has to do again: its pictures, frames and class maps are not kept."""
    again = [part.epoch == 0 or part.title == CLASS_MAPS for part in parts]
    left = sum(part.cost for part, is_again in list(zip(parts, again, strict=True))[place or 0 :] if is_again)
    return left - (under_way if place is not None and again[place] else 0.0)


def _measure_pace(
    run: RecordedRun,
    epochs: Sequence[Mapping[str, Any]],
    job: Mapping[str, Any],
    parts: Sequence[Part],
    *,
    before: float,
    under_way: float,
) -> tuple[float, float]:
    """Return seconds that were spent, and what was done in them, in looks; two zeros while nothing is known."""
    least = _LEAST_SHARE * sum(part.cost for part in parts)
    if not epochs and job["created_at"] <= run.created_at:  # this job did all that is done
        prepared = sum(part.cost for part in parts if not part.epoch)
        if before + under_way - prepared < least:
            return 0.0, 0.0
        return time.time() - job["started_at"], before + under_way
    spent = work = 0.0
    if epochs:
        spent = float(epochs[-1]["seconds"])
        work = sum(part.cost for part in parts if part.epoch == epochs[-1]["epoch"])
    if under_way >= least and job["stage_started_at"]:
        spent += time.time() - job["stage_started_at"]
        work += under_way
    return spent, work


def _find_place(parts: Sequence[Part], title: str, *, n_done: int) -> int | None:
    """Return which part a title stands for: of several the first that leads to a round that is not finished."""
    places = [place for place, part in enumerate(parts) if part.title == title]
    open_places = [place for place in places if parts[place].epoch > n_done]
    return next(iter(open_places or places[-1:]), None)


def say_minutes(seconds: float) -> str:
    """Return a rough duration, as far as an estimate can know it.

    >>> say_minutes(20), say_minutes(70), say_minutes(725), say_minutes(7000)
    ('1 minute', '1 minute', '12 minutes', '1 h 55 min')
    """
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min"


def say_time_left(seconds: float) -> str:
    """Say how long is left.

    >>> say_time_left(20), say_time_left(725)
    ('less than a minute left', 'about 12 minutes left')
    """
    return "less than a minute left" if seconds < 45 else f"about {say_minutes(seconds)} left"


def say_course(progress: CourseProgress) -> str:
    """Say how far a training is as a whole.

    >>> say_course(CourseProgress(0.456, 725.0)), say_course(CourseProgress(0.02, None))
    ('45 % of the whole · about 12 minutes left', '2 % of the whole')
    """
    left = "" if progress.seconds_left is None else f" · {say_time_left(progress.seconds_left)}"
    return f"{int(100 * progress.share + 1e-9)} % of the whole{left}"
