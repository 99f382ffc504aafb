"""Add masks to the pictures of a study that is there already: matched and checked as by the import."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select, update

from medxai_core import store
from medxai_core.config import CLASS_NAMES
from medxai_core.errors import Failure, LayoutError, MedxaiError
from medxai_core.events import list_events, record_event
from medxai_core.formats.listing import check_folder
from medxai_core.formats.mask_matching import describe_unused_masks, list_uncertain, match_masks
from medxai_core.images import load_mask
from medxai_core.parallel import map_parallel
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.studies.examining import make_storable
from medxai_core.study import Study, relative_to_study, write_fact

EVENT = "add-masks"


@dataclass(frozen=True)
class MasksAdded:
    """Say what was added.

    Attributes
    ----------
    n_by_split : dict of str to int
        Pictures that have a mask now and had none before, by split.
    n_labels : int
        Items whose label was unknown and is known from a mask now.
    n_had_one : int
        Pictures that had a mask already; it stays.
    failures : list of Failure
        Masks that were not taken, and why.
    notes : list of str
        What else is to be known.
    """

    n_by_split: dict[str, int]
    n_labels: int
    n_had_one: int
    failures: list[Failure]
    notes: list[str]

    @property
    def n_masks(self) -> int:
        """How many masks were added."""
        return sum(self.n_by_split.values())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"n_masks": self.n_masks}

    def to_text(self) -> str:
        """Return lines for people."""
        shares = ", ".join(f"{n} {split}" for split, n in self.n_by_split.items())
        lines = [f"masks added: {self.n_masks}" + (f" ({shares})" if shares else "")]
        lines += [f"pictures that had a mask already: {self.n_had_one}"] if self.n_had_one else []
        lines += self.notes
        lines += [f"not taken: {failure.item}: {failure.reason}" for failure in self.failures[:10]]
        return "\n".join(lines)


def add_masks_to_study(study: Study, masks: Path, *, actor: str = "system", stage: Stage = silent_stage) -> MasksAdded:
    """Give pictures without a mask the one that a folder holds for them; in one transaction.

    Parameters
    ----------
    masks : Path
        Folder of masks with the pictures' names.
    actor : str
        Pseudonym of who asked for it, for the log.

    Notes
    -----
    Splits, seeds, labels that are known, and recorded scores stay as they were: a picture that the method learned
    from must not be tested on. A mask that contradicts a known label is not taken.

    Raises
    ------
    LayoutError
        The folder is not there, or is another one than that of the masks the study has, or no mask in it can be
        taken.
    """
    masks = check_folder(masks, "masks").resolve()
    root = _find_root(study, masks)
    images, items = list_images(study), list_items(study)
    present = np.flatnonzero(images.is_present)
    matches = match_masks([str(images.relative_paths[one]) for one in present], masks)
    wanted = [int(one) for one in present if images.relative_paths[one] in matches.mask_paths]
    left = [one for one in wanted if images.mask_paths[one] is None]
    failures = list_uncertain(matches)
    taken = _measure(images, items, left, matches.mask_paths, failures=failures, stage=stage)
    if not taken and len(wanted) == len(left):
        first = f" The first: {failures[0].item}: {failures[0].reason}" if failures else ""
        raise LayoutError(
            f"no mask in {masks} could be taken; {len(matches.unused)} have no picture of their name, "
            f"{len(failures)} do not fit.{first}",
            "Name the folder of the masks. Mask and picture must have the same name.",
        )
    splits = Counter(str(images.splits[one]) for one in taken)
    added = MasksAdded(
        n_by_split={split: splits[split] for split in ("train", "validation", "tuning", "test") if splits[split]},
        n_labels=sum(label is not None for one in taken.values() for label in one.new_labels),
        n_had_one=len(wanted) - len(left),
        failures=failures,
        notes=[*describe_unused_masks(matches.unused), *_note_consequences(study, splits)],
    )
    if taken:
        _record(study, images, items, taken, root=root, paths=matches.mask_paths, added=added, actor=actor)
    return added


def find_last_addition(study: Study) -> dict[str, Any] | None:
    """Return when masks were added last, and how many: {at, n_masks}; None when they never were."""
    found = list_events(study, kind=EVENT)
    return {"at": found[-1]["at"], "n_masks": found[-1]["details"]["n_masks"]} if found else None


@dataclass(frozen=True)
class _Taken:
    """Hold what a mask says of the items of its picture: shares, and labels where none was known."""

    item_rows: np.ndarray
    shares: list[float]
    new_labels: list[str | None]


def _find_root(study: Study, masks: Path) -> Path:
    """Return the folder that the paths of masks start from."""
    root = study.mask_root
    if root is None or masks.is_relative_to(root):
        return root or masks
    raise LayoutError(
        f"the masks of this study lie in {root}; {masks} is another folder.",
        "Put the new masks into that folder, or below it, and name it.",
    )


def _measure(
    images: Images, items: Items, positions: list[int], paths: dict[str, Path], *, failures: list[Failure],
    stage: Stage,
) -> dict[int, _Taken]:  # fmt: skip
    """Read the masks of some pictures; those that do not fit go to the failures."""
    order = np.argsort(items.image_positions, kind="stable")
    starts = np.searchsorted(items.image_positions[order], np.arange(len(images) + 1))
    work = []
    for one in positions:
        rows = order[starts[one] : starts[one + 1]]
        size = (int(images.widths[one]), int(images.heights[one]))
        work.append((paths[images.relative_paths[one]], size, items.boxes[rows], items.reference_labels[rows]))
    taken = {}
    found = map_parallel(_read, work, on_progress=stage("Reading masks"))
    for one, (_, _, _, known), result in zip(positions, work, found, strict=True):
        if isinstance(result, str):
            failures.append(Failure(make_storable(str(images.relative_paths[one])), result))
            continue
        labels = [CLASS_NAMES[int(share > 0)] for share in result]
        new = [label if before is None else None for label, before in zip(labels, known, strict=True)]
        taken[one] = _Taken(order[starts[one] : starts[one + 1]], result, new)
    return taken


def _read(path: Path, size: tuple[int, int], boxes: np.ndarray, known: np.ndarray) -> list[float] | str:
    """Return the polyp's share of each item, or why the mask cannot be taken."""
    try:
        mask = load_mask(path, expected_size=size)
    except MedxaiError as error:
        return f"its mask was not added: {error}"
    shares = [float(mask[y0:y1, x0:x1].mean()) for x0, y0, x1, y1 in boxes]
    for share, label in zip(shares, known, strict=True):
        if label is not None and label != CLASS_NAMES[int(share > 0)]:
            drawn = "a polyp is drawn" if share > 0 else "none is drawn"
            return f"its mask was not added: {drawn} where the known label is {label}. Correct one of the two."
    return shares


def _note_consequences(study: Study, splits: Counter[str]) -> list[str]:
    """Say what stays as it was, and what these masks cannot do."""
    notes = []
    if study.read(select(store.evaluations.c.evaluation_id).limit(1)):
        notes.append("Scores recorded before stay as they were, made without these masks: score again to use them.")
    if splits and not splits["test"]:
        notes.append(
            "No picture of the test split got a mask: splits are never changed afterwards. For scores on test, make a "
            "new study from the pictures together with their masks."
        )
    return notes


def _record(
    study: Study, images: Images, items: Items, taken: dict[int, _Taken], *, root: Path, paths: dict[str, Path],
    added: MasksAdded, actor: str,
) -> None:  # fmt: skip
    """Write paths, shares, labels, failures and the event in one transaction."""
    pictures = [
        {"key": images.image_ids[one], "path": paths[images.relative_paths[one]].relative_to(root).as_posix()}
        for one in taken
    ]
    parts = [
        {"key": items.item_ids[row], "share": share, "label": label or items.reference_labels[row]}
        for one in taken.values()
        for row, share, label in zip(one.item_rows, one.shares, one.new_labels, strict=True)
    ]
    i, t = store.images, store.items
    facts: dict[str, Any] = {"mask_root": relative_to_study(study.folder, root)}
    facts |= {"labels_from_masks": True} if added.n_labels else {}
    known = {(one.item, one.reason) for one in study.list_failures()}
    told = [(make_storable(one.item), make_storable(one.reason)) for one in added.failures]
    new_failures = [{"item": item, "reason": reason} for item, reason in told if (item, reason) not in known]
    details: dict[str, Any] = {"n_masks": added.n_masks, "n_labels": added.n_labels, "n_failures": len(added.failures)}
    with study.begin() as connection:
        where = i.c.image_id == bindparam("key")
        connection.execute(update(i).where(where).values(mask_path=bindparam("path")), pictures)
        where = t.c.item_id == bindparam("key")
        values: dict[str, Any] = {"polyp_share": bindparam("share"), "reference_label": bindparam("label")}
        connection.execute(update(t).where(where).values(**values), parts)
        if new_failures:
            connection.execute(store.import_failures.insert(), new_failures)
        for key, value in facts.items():
            write_fact(connection, key, value)
        record_event(connection, EVENT, details | {"splits": added.n_by_split}, actor=actor)
