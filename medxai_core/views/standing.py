"""Where a study stands: one number for each stage of the method, counted in the store, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select

from medxai_core import store
from medxai_core.config import CLASS_NAMES
from medxai_core.records.clusterings import BANDS_SET
from medxai_core.records.decisions import list_decisions
from medxai_core.records.labellings import find_proposals, list_labellings
from medxai_core.records.masks import MaskSetting, get_locked_setting, is_tuned_on_test
from medxai_core.records.pictures import find_training_items
from medxai_core.records.runs import list_trained_runs
from medxai_core.review import Decision, compute_labels, list_in_force
from medxai_core.review.labels import Proposal
from medxai_core.study import Study
from medxai_core.views.recorded_scores import find_current_row, find_trivial_row
from medxai_core.views.review_basis import ReviewBasis
from medxai_core.views.review_progress import list_outcomes

StepName = Literal["pictures", "features", "clusters", "seeds", "labels", "decisions", "runs", "setting", "scores"]


@dataclass(frozen=True)
class Foundation:
    """Count what only recorded stages change, not the decisions of readers.

    Attributes
    ----------
    n_images, n_training_items : int
        Pictures that are present, and items of their train split: what gets labels.
    has_tiles : bool
        An item is a tile of a picture.
    has_features, has_map : bool
    n_clusters : int
        Of the newest clustering; 0 without one.
    n_seeds : dict of str to int
        Items that came with a label to start from, by class.
    labelling_id : str or None
        The newest rounds of proposals.
    n_proposals : int
        Proposals of the newest rounds.
    n_test_masks : int
        Test pictures with a mask that an expert drew: without any, nothing can be scored.
    """

    n_images: int
    n_training_items: int
    has_tiles: bool
    has_features: bool
    has_map: bool
    n_clusters: int
    n_seeds: dict[str, int]
    labelling_id: str | None
    n_proposals: int
    n_test_masks: int


@dataclass(frozen=True)
class LabelCounts:
    """Count the labels in force, and how far the proposals were reviewed.

    Attributes
    ----------
    n_labelled : int
        Training items with a label in force: seeds, reviewed, and proposals that no reader turned down.
    n_by_readers : int
        Those whose label a reader gave or accepted.
    n_reviewed : int
        Proposals of the newest rounds that some reader has answered; a skip is no answer.
    classes : frozenset of str
        Classes that seeds or readers have given: the rounds need both to start.
    """

    n_labelled: int
    n_by_readers: int
    n_reviewed: int
    classes: frozenset[str]


@dataclass(frozen=True)
class MaskStanding:
    """Say which run's setting was locked last, and how its masks score on test pictures beside a disk.

    Attributes
    ----------
    n_trained : int
        Runs with a finished epoch.
    labellings : frozenset of str or None
        Rounds of proposals that these runs learned after; None: before there were any.
    run_id : str or None
        The run whose setting was locked last; None: nothing is locked.
    setting : MaskSetting or None
    dice, disk_dice : float or None
        Mean Dice on the test pictures, 0 to 1, and that of a centred disk; None: not scored, or undefined.
    is_tuned_on_test : bool
        The test pictures had been open before the setting was chosen.
    is_scored : bool
        The test pictures are scored under the setting that is locked.
    """

    n_trained: int
    run_id: str | None = None
    setting: MaskSetting | None = None
    dice: float | None = None
    disk_dice: float | None = None
    is_tuned_on_test: bool = False
    is_scored: bool = False
    labellings: frozenset[str | None] = frozenset()


@dataclass(frozen=True)
class Standing:
    """Hold all that the stages of the method have come to."""

    foundation: Foundation
    labels: LabelCounts
    masks: MaskStanding

    @property
    def next_step(self) -> StepName | Literal["finished"]:
        """Name of what to do next; "seeds": someone must label the first items.

        Notes
        -----
        Reviewing may be skipped: once a classifier has learned after the newest proposals it is not asked for.
        """
        base, labels, masks = self.foundation, self.labels, self.masks
        has_learned = base.labelling_id in masks.labellings
        needs_both = not base.n_proposals and not set(CLASS_NAMES) <= labels.classes
        steps: list[tuple[StepName, bool]] = [
            ("pictures", base.n_images > 0),
            ("features", base.has_features),
            ("clusters", base.n_clusters > 0),
            ("seeds" if needs_both else "labels", base.labelling_id is not None),
            ("decisions", labels.n_reviewed > 0 or has_learned or not base.n_proposals),
            ("runs", has_learned),
            ("setting", masks.setting is not None),
            ("scores", masks.is_scored or not base.n_test_masks),
        ]
        return next((name for name, is_done in steps if not is_done), "finished")


def has_pictures(study: Study) -> bool:
    """Return True unless every picture was removed."""
    return bool(study.read(select(store.images.c.image_id).where(store.images.c.removed_at.is_(None)).limit(1)))


def count_foundation(study: Study) -> Foundation:
    """Count what recorded stages have left."""
    i, c = store.images.c, store.items.c
    is_here = i.removed_at.is_(None)
    n_images = study.read(select(func.count(i.image_id)).where(is_here))[0][0]
    in_train = select(func.count(c.item_id)).join(store.images, i.image_id == c.image_id)
    n_items = study.read(in_train.where(is_here, i.split == "train"))[0][0]
    with_truth = is_here, i.split == "test", i.mask_path.is_not(None)
    seeds = study.read(
        select(c.reference_label, func.count(c.item_id)).where(c.is_seed.is_(True)).group_by(c.reference_label)
    )
    made = store.clusterings.c
    of_looks = select(made.k).where(made.feature_set != BANDS_SET).order_by(made.created_at.desc())
    newest = study.read(of_looks.limit(1))
    heads = list_labellings(study)
    labelling_id = heads[0]["labelling_id"] if heads else None
    of_newest = store.proposals.c.labelling_id == labelling_id
    return Foundation(
        n_images=n_images,
        n_training_items=n_items,
        has_tiles=tuple(study.get_fact("tiles", [1, 1])) != (1, 1),
        has_features=_has_rows(study, store.features.c.array_id),
        has_map=_has_rows(study, store.embeddings.c.embedding_id),
        n_clusters=newest[0][0] if newest else 0,
        n_seeds={str(label): n for label, n in seeds if label is not None},
        labelling_id=labelling_id,
        n_proposals=study.read(select(func.count(store.proposals.c.item_id)).where(of_newest))[0][0],
        n_test_masks=study.read(select(func.count(i.image_id)).where(*with_truth))[0][0],
    )


def _has_rows(study: Study, column: object) -> bool:
    """Return True when a table holds anything."""
    return bool(study.read(select(column).limit(1)))  # type: ignore[call-overload]


def count_label_states(
    study: Study,
    foundation: Foundation,
    *,
    decisions: Sequence[Decision] | None = None,
    basis: ReviewBasis | None = None,
) -> LabelCounts:
    """Count the labels in force from the log: only items that a reader has touched are looked at one by one.

    Parameters
    ----------
    decisions : sequence of Decision, optional
        The whole log, when it is at hand.
    basis : ReviewBasis, optional
        Of the study, when it is at hand: looking up each item in the store takes most of the time of a long log.
    """
    decisions = list_decisions(study) if decisions is None else decisions
    touched = sorted({decision.item_id for decision in decisions})
    seeds, proposals = _find_known(study, touched, basis)
    known = {item_id: label for item_id, label in seeds.items() if label}
    in_force = list_in_force(decisions)
    states = compute_labels(list(seeds), known, proposals, in_force)
    outcomes = list_outcomes(proposals, in_force)
    given = [state for state in states.values() if state.source == "review"]
    standing = sum(state.source == "cluster" for state in states.values())
    untouched = foundation.n_proposals - len(proposals)
    return LabelCounts(
        n_labelled=sum(foundation.n_seeds.values()) + untouched + standing + len(given),
        n_by_readers=len(given),
        n_reviewed=sum(outcome not in ("open", "skipped") for outcome in outcomes.values()),
        classes=frozenset(foundation.n_seeds) | {str(state.label) for state in given},
    )


def _find_known(
    study: Study, item_ids: list[str], basis: ReviewBasis | None
) -> tuple[dict[str, str | None], dict[str, Proposal]]:
    """Return the training items among some, each with its label when it is a seed, and what is proposed for them."""
    if basis is None:
        seeds = find_training_items(study, item_ids)
        return seeds, find_proposals(study, list(seeds))
    given, proposed = basis.reference_labels, basis.proposals
    here = [item_id for item_id in item_ids if item_id in given or item_id in basis.open_items]
    return {one: given.get(one) for one in here}, {one: proposed[one] for one in here if one in proposed}


def find_mask_standing(study: Study) -> MaskStanding:
    """Return how many classifiers are trained, and what became of the setting that was locked last."""
    trained = list_trained_runs(study)
    runs, labellings = {run.run_id for run in trained}, frozenset(run.labelling_id for run in trained)
    for run_id in _list_last_locked(study):
        setting = get_locked_setting(study, run_id)
        if run_id not in runs or setting is None:
            continue
        row, disk = find_current_row(study, run_id, "test"), find_trivial_row(study, "test")
        return MaskStanding(
            n_trained=len(runs),
            run_id=run_id,
            setting=setting,
            dice=_read_dice(row.summary) if row else None,
            disk_dice=_read_dice(disk.summary) if disk else None,
            is_tuned_on_test=is_tuned_on_test(study, run_id),
            is_scored=row is not None,
            labellings=labellings,
        )
    return MaskStanding(n_trained=len(runs), labellings=labellings)


def _list_last_locked(study: Study) -> Iterable[str]:
    """Return the runs that were ever locked, the last one first."""
    c = store.operating_points.c
    rows = study.read(select(c.run_id).where(c.action == "lock").order_by(c.number.desc()))
    return dict.fromkeys(row.run_id for row in rows)


def _read_dice(summary: dict) -> float | None:
    """Return the mean Dice of a recorded row."""
    value = summary.get("rows", {}).get("mean.dice", {}).get("value")
    return None if value is None else float(value)
