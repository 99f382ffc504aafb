"""Make a study from a folder of pictures: read, check, find leaks, split, record."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from medxai_core import store
from medxai_core.config import CLASS_NAMES
from medxai_core.errors import (
    Failure,
    NotEnoughImagesError,
    StudyExistsError,
)
from medxai_core.events import record_event
from medxai_core.formats.layouts import Listing, read_layout
from medxai_core.near_duplicates import find_near_duplicates
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.studies.examining import ExaminedImage, examine_images, label_items, make_storable
from medxai_core.studies.pictures_with_text import TEXT_FACT
from medxai_core.studies.splits import SplitItems, make_splits, merge_groups, name_groups
from medxai_core.study import (
    Study,
    create_study_folder,
    open_study,
    register_study,
    relative_to_study,
    to_objects,
)


@dataclass(frozen=True)
class ImportOptions:
    """Say what to import and how to split it; the defaults are the paper's numbers.

    Attributes
    ----------
    images, masks, labels : Path
        Folder of pictures; folder of masks and CSV of labels, where there are any.
    layout : str
        "auto", "kvasir-seg", "hyperkvasir", "cvc-clinicdb", "kvasir" or "folders".
    group_column : str or None
        Column of the CSV that names patient or procedure.
    tiles : (int, int)
        Rows and columns; (1, 1) keeps pictures whole.
    seeds : int
        Labelled items a class.
    validation : int
        Labelled items to judge the classifier on.
    tuning_share, test_share : float
        Share of the groups with masks.
    facts : dict
        Further facts to record with the study.
    """

    images: Path
    masks: Path | None = None
    layout: str = "auto"
    labels: Path | None = None
    group_column: str | None = None
    tiles: tuple[int, int] = (1, 1)
    seeds: int = 100
    validation: int = 60
    tuning_share: float = 0.1
    test_share: float = 0.2
    seed: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


def create_study(folder: Path, options: ImportOptions, *, stage: Stage = silent_stage) -> Study:
    """Make a study; the folder appears when it is complete, or not at all.

    Raises
    ------
    StudyExistsError
        There is something in this folder.
    LayoutError
        The pictures are not found, or not laid out as expected.
    NotEnoughImagesError
        No picture could be read.
    """
    with study_in_the_making(folder) as study:
        import_pictures(study, options, stage=stage)
    register_study(folder)
    return open_study(folder)


@contextmanager
def study_in_the_making(folder: Path) -> Iterator[Study]:
    """Make a study in a folder beside its place, and move it there at the end."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyExistsError(f"{folder} exists already.", "Choose another name, or delete that folder first.")
    making = get_making_folder(folder)
    shutil.rmtree(making, ignore_errors=True)
    study = create_study_folder(making)
    try:
        yield study
        study.engine.dispose()
        if folder.exists():
            folder.rmdir()
        os.replace(making, folder)
    except BaseException:
        study.engine.dispose()
        shutil.rmtree(making, ignore_errors=True)
        raise


def get_making_folder(folder: Path) -> Path:
    """Return where a study lies until it is complete."""
    return folder.with_name(f".{folder.name}.making")


def import_pictures(study: Study, options: ImportOptions, *, stage: Stage = silent_stage) -> None:
    """Read every picture once, find copies, split by group, and record all in one transaction."""
    listing = read_layout(
        options.images,
        masks=options.masks,
        layout=options.layout,
        labels=options.labels,
        group_column=options.group_column,
    )
    failures = list(listing.failures)
    with store.translate_errors(f"study {study.name!r}"):
        examined, unreadable = examine_images(
            listing.records,
            tiles=options.tiles,
            thumbnails=study.folder / "thumbnails",
            on_progress=stage("Reading pictures"),
        )
    failures += unreadable
    examined = _merge_copies(examined, failures)
    if not examined:
        raise NotEnoughImagesError(
            f"no picture in {options.images} could be imported; {len(failures)} failed, the first: "
            f"{failures[0].item}: {failures[0].reason}"
            if failures
            else f"no picture in {options.images}.",
            "Check the folder and the files.",
        )
    signatures = np.stack([one.signature for one in examined])
    pairs = find_near_duplicates(signatures, on_progress=stage("Looking for near copies"))
    try:
        splits = _split(examined, pairs, options)
    except NotEnoughImagesError as error:
        first = f", the first: {failures[0].item}: {failures[0].reason}" if failures else ""
        told = f"{error.message} {len(pairs)} near copies are kept together; {len(failures)} problems{first}."
        raise NotEnoughImagesError(told, error.remedy) from error
    _record(study, listing, options, examined, failures=failures, splits=splits, pairs=pairs)


def _merge_copies(examined: list[ExaminedImage], failures: list[Failure]) -> list[ExaminedImage]:
    """Keep one of exact copies, with the mask and label that any of them has; list the others."""
    kept: dict[str, ExaminedImage] = {}
    for one in examined:
        first = kept.get(one.sha256)
        if first is None:
            kept[one.sha256] = one
            continue
        reason = f"the same file as {first.record.relative_path}: imported once"
        failures.append(Failure(one.record.relative_path, reason))
        if first.record.mask_path is None and one.record.mask_path is not None:
            label = one.record.reference_label or first.record.reference_label
            group = first.record.group or one.record.group
            record = replace(
                first.record,
                mask_path=one.record.mask_path,
                reference_label=label,
                group=group,
                role="segmented",
            )
            kept[one.sha256] = replace(first, record=record, polyp_shares=one.polyp_shares)
    return list(kept.values())


@dataclass(frozen=True)
class Partition:
    """Hold the groups and splits: groups and splits by picture, seeds and labelled items by item."""

    groups: np.ndarray
    splits: np.ndarray
    is_seed: np.ndarray
    is_labelled: np.ndarray
    notes: list[str]


def _split(examined: list[ExaminedImage], pairs: list[tuple[int, int]], options: ImportOptions) -> Partition:
    """Split by group; tiles follow their picture, near copies stay together."""
    counts = [len(one.boxes) for one in examined]
    image_ids = [one.image_id for one in examined]
    groups = merge_groups(name_groups(image_ids, [one.record.group for one in examined]), pairs)
    items = SplitItems(
        item_ids=np.array([f"{one.image_id}-{i}" for one in examined for i in range(len(one.boxes))], object),
        groups=np.repeat(groups, counts),
        labels=to_objects([label for one in examined for label in label_items(one)]),
        has_truth=np.repeat([one.record.mask_path is not None for one in examined], counts),
        is_pool=np.repeat([one.record.role == "unlabelled_pool" for one in examined], counts),
    )
    found = make_splits(
        items,
        n_seeds_per_class=options.seeds,
        n_validation=options.validation,
        tuning_share=options.tuning_share,
        test_share=options.test_share,
        seed=options.seed,
    )
    first_items = np.cumsum([0, *counts[:-1]])
    return Partition(groups, found.split[first_items], found.is_seed, found.is_labelled, found.notes)


def _record(
    study: Study, listing: Listing, options: ImportOptions, examined: list[ExaminedImage], *,
    failures: list[Failure], splits: Partition, pairs: list[tuple[int, int]],
) -> None:  # fmt: skip
    """Write pictures, items, failures and facts in one transaction."""
    image_rows = [_image_row(one, i, listing, splits) for i, one in enumerate(examined)]
    item_rows = list(_item_rows(examined, splits))
    facts = _collect_facts(study, listing, options, examined, splits=splits, pairs=pairs)
    with study.begin() as connection:
        connection.execute(store.images.insert(), image_rows)
        connection.execute(store.items.insert(), item_rows)
        if failures:
            rows = [{"item": make_storable(one.item), "reason": make_storable(one.reason)} for one in failures]
            connection.execute(store.import_failures.insert(), rows)
        connection.execute(store.study_facts.insert(), [{"key": key, "value": value} for key, value in facts.items()])
        details = {"n_images": len(image_rows), "n_items": len(item_rows), "n_failures": len(failures)}
        record_event(connection, "import", details)


def _image_row(one: ExaminedImage, position: int, listing: Listing, splits: Partition) -> dict[str, Any]:
    """Return the row of one picture."""
    mask_path = None
    if one.record.mask_path is not None and listing.mask_root is not None:
        mask_path = one.record.mask_path.relative_to(listing.mask_root).as_posix()
    return {
        "image_id": one.image_id,
        "position": position,
        "sha256": one.sha256,
        "relative_path": one.record.relative_path,
        "mask_path": mask_path,
        "width": one.width,
        "height": one.height,
        "brightness": one.quality.brightness,
        "contrast": one.quality.contrast,
        "sharpness": one.quality.sharpness,
        "group_name": str(splits.groups[position]),
        "split": str(splits.splits[position]),
        "reference_label": one.record.reference_label,
    }


def _item_rows(examined: list[ExaminedImage], splits: Partition) -> Iterator[dict[str, Any]]:
    """Yield the rows of all items, tiles after tiles of the picture before."""
    position = 0
    for one in examined:
        labels = label_items(one)
        for number, box in enumerate(one.boxes):
            is_whole = len(one.boxes) == 1
            yield {
                "item_id": one.image_id if is_whole else f"{one.image_id}-r{box.row}c{box.column}",
                "position": position,
                "image_id": one.image_id,
                "tile_row": box.row,
                "tile_column": box.column,
                "x0": box.x0,
                "y0": box.y0,
                "x1": box.x1,
                "y1": box.y1,
                "reference_label": labels[number],
                "polyp_share": None if one.polyp_shares is None else one.polyp_shares[number],
                "is_seed": bool(splits.is_seed[position]),
                "is_labelled": bool(splits.is_labelled[position]),
            }
            position += 1


def _collect_facts(
    study: Study, listing: Listing, options: ImportOptions, examined: list[ExaminedImage], *,
    splits: Partition, pairs: list[tuple[int, int]],
) -> dict[str, Any]:  # fmt: skip
    """Return what is to be known of the study as a whole."""
    mask_root = listing.mask_root
    return {
        "created_at": now_text(),
        "image_root": relative_to_study(study.folder, listing.image_root),
        "mask_root": relative_to_study(study.folder, mask_root) if mask_root else None,
        "layout": listing.layout,
        "layout_why": listing.why,
        "classes": list(CLASS_NAMES),
        "tiles": list(options.tiles),
        "labels_from_masks": any(one.polyp_shares is not None for one in examined),
        "near_duplicates": [[examined[a].image_id, examined[b].image_id] for a, b in pairs],
        "notes": [*listing.notes, *splits.notes],
        TEXT_FACT: [one.image_id for one in examined if one.has_text],
        "options": {
            "seeds": options.seeds,
            "validation": options.validation,
            "tuning_share": options.tuning_share,
            "test_share": options.test_share,
            "seed": options.seed,
        },
        "versions": get_versions("numpy", "pillow"),
        **options.facts,
    }
