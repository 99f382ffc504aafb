"""What the model cannot do, said with the study's own numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from medxai_core.config import SHUFFLED
from medxai_core.evaluation.bands import AREA_EDGES, AREA_LABELS, score_bands
from medxai_core.formats.medico import REAL_TIME_FPS
from medxai_core.models import HEAD_STRIDE
from medxai_core.records.masks import get_locked_setting
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.records.runs import RecordedRun, get_classifier_scores
from medxai_core.records.speeds import find_speed, say_timing
from medxai_core.study import Study
from medxai_core.views.own_masks import LEAST_SURE, is_own_mask, needs_sure_picture, say_drawn_frames
from medxai_core.views.recorded_scores import (
    compare_rows,
    find_current_row,
    find_trivial_row,
    get_picture_scores,
    say_comparison,
)
from medxai_core.views.round_errors import score_study_rounds

FEW_IN_BAND = 5
"""Bands with fewer pictures are not called the weakest: their mean says nothing."""


@dataclass(frozen=True)
class Limit:
    """Hold one thing that the model cannot do, or that is not known about it.

    Attributes
    ----------
    title : str
        What not to expect, in one line.
    words : str
        Why, with the study's numbers.
    numbers : dict
        The numbers in the words, by name.
    page : str
        Page of the app where they come from.
    """

    title: str
    words: str
    numbers: dict[str, Any]
    page: str


@dataclass(frozen=True)
class _Facts:
    """Hold what every limit is written from."""

    study: Study
    run: RecordedRun
    images: Images
    items: Items


def list_limits(
    study: Study, run: RecordedRun, *, images: Images | None = None, items: Items | None = None
) -> list[Limit]:
    """Return what a run cannot do and what is not known about it.

    Parameters
    ----------
    run : RecordedRun
        A trained run.

    Returns
    -------
    list of Limit
        Scores of test pictures are used only while they are open.
    """
    facts = _Facts(study, run, images or list_images(study), items or list_items(study))
    found = [write(facts) for write in _WRITERS]
    return [limit for limit in found if limit is not None]


def _limit_labels(facts: _Facts) -> Limit:
    """Say what the classifier learned from."""
    counts = facts.run.manifest.get("label_counts", {})
    by_source = {source: sum(by_class.values()) for source, by_class in counts.items()}
    n = sum(by_source.values())
    proposed, reviewed = by_source.get("cluster", 0), by_source.get("review", 0)
    share = f" ({proposed / n:.0%})" if n else ""
    if facts.run.labels == SHUFFLED:
        words = f"It is a control: its {n} labels were given out in random order, so that there is nothing to learn."
        return Limit("It learned nothing, on purpose", words, by_source | {"n": n}, "training")
    words = (
        f"It learned from {n} labels: {by_source.get('reference', 0)} given at the start, {reviewed} decided by "
        f"readers, and {proposed}{share} proposed by clusters that no reader decided on. It cannot be more right "
        "than these labels, except by chance."
    )
    if facts.run.mask_head is not None:
        words += (
            f" How polyps end it learned from {say_drawn_frames(facts.run)} that a program drew; real ones may end in "
            "another way."
        )
        return Limit("It knows only its labels and drawn frames", words, by_source | {"n": n}, "training")
    return Limit("It knows only what its labels say", words, by_source | {"n": n}, "training")


def _limit_label_error(facts: _Facts) -> Limit:
    """Say how often the proposals are wrong, as far as it is known."""
    rounds = score_study_rounds(facts.study, items=facts.items, images=facts.images)
    title = "Its proposed labels are partly wrong"
    if not rounds or rounds[-1].error_so_far is None:
        words = (
            "How many of the proposed labels are wrong is not known: no picture with a proposal has a reference "
            "label. Look at a random sample on the Review page; it gives an estimate with an interval."
        )
        return Limit("Nobody knows how wrong its labels are", words, {}, "review")
    last = rounds[-1]
    n = sum(one.n_compared for one in rounds)
    low, high = last.interval_so_far.low, last.interval_so_far.high
    span = f" (95 % interval {low:.0%} to {high:.0%})" if low is not None and high is not None else ""
    words = (
        f"Of {n} proposed labels that can be compared with a reference, {last.error_so_far:.0%} are wrong{span}. "
        f"The rounds that proposed them never saw these references. To call every one of them polyp would be wrong "
        f"in {last.error_always_polyp:.0%}."
    )
    return Limit(title, words, {"n": n, "error": last.error_so_far, "low": low, "high": high}, "evaluation")


def _limit_empty_frames(facts: _Facts) -> Limit | None:
    """Say whether it was ever tested on frames without a polyp."""
    row = find_current_row(facts.study, facts.run.run_id, "test")
    shares = np.full(len(facts.images), np.nan)
    np.fmax.at(shares, facts.items.image_positions, facts.items.polyp_shares)
    shares = shares[facts.images.is_present & np.isfinite(shares)]
    n, n_polyp = len(shares), int((shares > 0).sum())
    if row is not None:
        one = row.summary["rows"]["frames.false_positive_frames"]
        if one["value"] is not None:
            low, high = one["low"], one["high"]
            span = f" (95 % interval {low:.0%} to {high:.0%})" if low is not None and high is not None else ""
            words = (
                f"On {one['n_defined']} test frames without a polyp it drew a mask in {one['value']:.0%}{span}. "
                "A mask does not mean that there is a polyp."
            )
            numbers = {"n": one["n_defined"], "false_positive_frames": one["value"]}
            return Limit("It draws masks where there is no polyp", words, numbers, "evaluation")
    if n and n_polyp == n:
        words = (
            f"All {n} pictures with a mask show a polyp. What it does on a frame without one was not measured. "
            f"{_say_when_empty(facts)}"
        )
        return Limit("It was not tested on frames without a polyp", words, {"n": n, "n_without_polyp": 0}, "study")
    return None


def _say_when_empty(facts: _Facts) -> str:
    """Say when a picture gets no mask."""
    if _draws_own_mask(facts):
        places = "It marks every place whose probability passes the threshold"
        if not needs_sure_picture(get_locked_setting(facts.study, facts.run.run_id)):
            return f"{places}; a picture without such a place gets no mask."
        return (
            f"{places}, but only in a picture whose surest places together are above {LEAST_SURE}; any other picture "
            "gets no mask."
        )
    return (
        "A heat map is divided by its own highest value: however low that is, the hottest place passes a threshold. "
        "Only a map without any positive value gives no mask."
    )


def _limit_trivial(facts: _Facts) -> Limit | None:
    """Say whether it beats a disk in the middle of the picture."""
    row = find_current_row(facts.study, facts.run.run_id, "test")
    disk = find_trivial_row(facts.study, "test")
    if row is None or disk is None:
        return None
    own = get_picture_scores(facts.study, row, images=facts.images)
    found = compare_rows(own, get_picture_scores(facts.study, disk, images=facts.images))
    words = say_comparison(found, first="this run", second="a disk in the middle")
    title = {
        "better": "It beats a disk in the middle, and that is all this shows",
        "worse": "A disk in the middle of the picture does better",
    }.get(found.verdict, "It is not shown to beat a disk in the middle")
    return Limit(title, words, {"difference": found.difference, "n": found.n}, "evaluation")


def _limit_sizes(facts: _Facts) -> Limit | None:
    """Name the size of polyps that it is worst at."""
    row = find_current_row(facts.study, facts.run.run_id, "test")
    if row is None:
        return None
    pictures = get_picture_scores(facts.study, row, images=facts.images)
    shares = np.where(pictures.polyp_shares > 0, pictures.polyp_shares, np.nan)
    bands = score_bands(pictures.values("dice"), shares, pictures.groups, edges=AREA_EDGES, labels=AREA_LABELS)
    known = [band for band in bands if band.mean is not None and band.n >= FEW_IN_BAND]
    spread = f"Polyps cover {np.nanmin(shares):.1%} to {np.nanmax(shares):.1%} of these pictures. " if known else ""
    if len(known) < 2:
        words = (
            f"{len(pictures)} test pictures are too few to say at which size of polyp it is worst: "
            f"a band of sizes needs {FEW_IN_BAND} pictures."
        )
        return Limit("Its weak sizes are not known", words, {"n": len(pictures)}, "evaluation")
    worst = min(known, key=lambda band: band.mean or 0.0)
    words = (
        f"{spread}It is worst where the polyp covers {worst.label} of the picture: mean Dice {worst.mean:.3f} on "
        f"{worst.n} pictures."
    )
    numbers = {"band": worst.label, "dice": worst.mean, "n": worst.n}
    return Limit("It does not do equally well at all sizes", words, numbers, "evaluation")


def _limit_patients(facts: _Facts) -> Limit:
    """Say whether patients are told apart."""
    present = facts.images.is_present
    n, n_groups = int(present.sum()), len({str(group) for group in facts.images.groups[present]})
    if n_groups == n:
        words = (
            f"The study does not say which of its {n} pictures are of one patient. Pictures of one patient may be "
            "in training and in test; the scores may then be too high and the intervals too narrow."
        )
        title = "Scores for a new patient are not known"
    else:
        words = (
            f"Its {n} pictures come from {n_groups} groups (patients, procedures or near duplicates), and a group is "
            "in one split only. Other hospitals, endoscopes and patients were not tested."
        )
        title = "Other hospitals were not tested"
    return Limit(title, words, {"n": n, "n_groups": n_groups}, "study")


def _draws_own_mask(facts: _Facts) -> bool:
    """Say whether the masks of the run are a segmenter's own, and not cut out of a heat map."""
    setting = get_locked_setting(facts.study, facts.run.run_id)
    return facts.run.mask_head is not None and is_own_mask(setting)


def _limit_input(facts: _Facts) -> Limit:
    """Say how small the network sees a picture."""
    config = facts.run.manifest.get("config", {})
    size = config.get("input_size", config.get("use_side"))
    present = facts.images.is_present
    tiles = facts.study.get_fact("tiles") or [1, 1]
    width, height = (
        float(np.median(sides[present].astype(float))) for sides in (facts.images.widths, facts.images.heights)
    )
    cut = "" if tiles == [1, 1] else f" It learned from tiles ({tiles[0]} x {tiles[1]}) and draws on whole pictures."
    told = (
        f"Every picture is squeezed to {size} x {size} pixels (here typically from {width:.0f} x {height:.0f}), which "
        "changes its shape and loses small detail."
    )
    if not _draws_own_mask(facts):
        words = f"{told}{cut} The mask comes from a coarse map and cannot follow an edge."
        return Limit("It cannot draw an edge", words, {"input_size": size}, "masks")
    across, down = (HEAD_STRIDE * side / size for side in (width, height))
    words = (
        f"{told} The mask comes from a map with one place for {HEAD_STRIDE} x {HEAD_STRIDE} of these pixels, that is "
        f"{across:.0f} x {down:.0f} pixels of such a picture: it cannot follow an edge more finely."
    )
    return Limit("It draws edges only so finely", words, {"input_size": size, "stride": HEAD_STRIDE}, "masks")


def _limit_probability(facts: _Facts) -> Limit:
    """Say that the probability is not calibrated, and how well the classifier tells classes apart."""
    scores = get_classifier_scores(facts.study, facts.run.run_id).get("validation")
    numbers: dict[str, Any] = {}
    told = ""
    if scores and scores["roc_auc"]["value"] is not None:
        auc = scores["roc_auc"]
        low, high = auc["interval"]["low"], auc["interval"]["high"]
        chosen = (
            "the best pass (epoch) was chosen on these items, so this flatters"
            if facts.run.mask_head is None
            else "the last round is used, none was chosen on these items"
        )
        span = f", 95 % interval {low:.2f} to {high:.2f}" if low is not None and high is not None else ""
        told = (
            f" On {auc['n']} validation items it ranks a polyp above a non-polyp in {auc['value']:.0%} of pairs "
            f"(AUC{span}); {chosen}."
        )
        numbers = {"auc": auc["value"], "n": auc["n"]}
    words = f"A probability of 0.9 does not mean 9 in 10: the number was never calibrated.{told}"
    return Limit("Its probability is not a probability of disease", words, numbers, "evaluation")


def _limit_speed(facts: _Facts) -> Limit | None:
    """Say how far from real time it is."""
    speed = find_speed(facts.study, facts.run.run_id)
    if speed is None:
        return None
    fps, n = 1 / speed.summary["mean_seconds"], int(speed.summary["n"])
    if fps >= REAL_TIME_FPS:
        return None
    words = (
        f"It made {fps:.1f} masks a second when it was timed; video has at least {REAL_TIME_FPS:.0f} frames a second. "
        f"{say_timing(speed)}"
    )
    return Limit("It was slower than live video when it was timed", words, {"fps": fps, "n": n}, "evaluation")


_WRITERS: tuple[Callable[[_Facts], Limit | None], ...] = (
    _limit_labels,
    _limit_label_error,
    _limit_trivial,
    _limit_empty_frames,
    _limit_sizes,
    _limit_patients,
    _limit_input,
    _limit_probability,
    _limit_speed,
)
