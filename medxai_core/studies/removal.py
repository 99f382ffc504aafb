"""Remove a picture from a study: pixels and all derived data go, a tombstone stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Table, select, update

from medxai_core import arrays, store
from medxai_core.events import record_event
from medxai_core.provenance import now_text
from medxai_core.records.pictures import find_image, get_thumbnail_path
from medxai_core.records.result_digests import digest_results, list_subjects_of_pictures
from medxai_core.study import Study

_ARRAY_COLUMNS: tuple[tuple[Table, str], ...] = (
    (store.features, "array_id"),
    (store.clusterings, "ids_array"),
    (store.clusterings, "distances_array"),
    (store.embeddings, "points_array"),
    (store.classifier_scores, "scores_array"),
    (store.heatmaps, "maps_array"),
    (store.evaluations, "per_image_array"),
)


@dataclass(frozen=True)
class Removed:
    """Say what was removed.

    Attributes
    ----------
    left_on_disk : str or None
        Path of the original file, when it lies outside the study: it is not the study's to delete.
    """

    image_id: str
    n_items: int
    n_arrays: int
    left_on_disk: str | None


def remove_image(study: Study, image_id: str, *, actor: str | None = None) -> Removed:
    """Delete pixels, derived rows and proposals of one picture; its id, its split and the log stay.

    Parameters
    ----------
    actor : str, optional
        Who removes it, for the log; by default who records in this study.

    Notes
    -----
    The log notes which results changed with it: arrays with a row a picture or tile, and proposals.
    Trained weights and scores that the picture took part in are not undone: train and score again.

    Raises
    ------
    ImageNotFoundError
        No such picture.
    """
    found = find_image(study, image_id)
    image_id, position = str(found["image_id"]), int(str(found["position"]))
    items = store.items
    rows = study.read(select(items.c.item_id, items.c.position).where(items.c.image_id == image_id))
    item_rows = np.array([row.position for row in rows], np.int64)
    path = study.image_root / str(found["relative_path"]) if found["relative_path"] else None
    old_arrays = []
    with study.begin() as connection:
        subjects = list_subjects_of_pictures(connection, study.folder)
        before = digest_results(connection, study.folder, subjects)
        for array_id, kind in arrays.list_arrays(connection):
            if kind == "none":
                continue
            positions = item_rows if kind == "items" else np.array([position])
            if _replace_array(study, connection, array_id, positions, kind):
                old_arrays.append(array_id)
        for row in rows:
            connection.execute(store.proposals.delete().where(store.proposals.c.item_id == row.item_id))
        connection.execute(
            update(items)
            .where(items.c.image_id == image_id)
            .values(reference_label=None, polyp_share=None, is_seed=False, is_labelled=False)
        )
        blank = dict.fromkeys(("relative_path", "mask_path", "brightness", "contrast", "sharpness", "reference_label"))
        connection.execute(
            update(store.images).where(store.images.c.image_id == image_id).values(removed_at=now_text(), **blank)
        )
        after = digest_results(connection, study.folder, subjects)
        changed = {one: [digest, after.get(one)] for one, digest in before.items() if digest != after.get(one)}
        record_event(connection, "remove-image", {"image_id": image_id, "changed": changed}, actor=actor)
    for array_id in old_arrays:
        (study.arrays_folder / f"{array_id}.npy").unlink(missing_ok=True)
    get_thumbnail_path(study, image_id).unlink(missing_ok=True)
    return Removed(image_id, len(rows), len(old_arrays), _delete_own_file(study, path))


def _replace_array(study: Study, connection, array_id: str, positions: np.ndarray, kind: str) -> bool:
    """Write an array again without some rows, and point everything that named it to the new one.

    Returns
    -------
    bool
        False where the rows were blank already: the array stays as it is.
    """
    blanked = arrays.blank_rows(study.load_array(array_id), positions)
    row = connection.execute(select(store.arrays).where(store.arrays.c.array_id == array_id)).one()
    new_id = study.save_array(connection, blanked, rows=kind, manifest=row.manifest)
    if new_id == array_id:
        return False
    for table, column in _ARRAY_COLUMNS:
        connection.execute(update(table).where(table.c[column] == array_id).values({column: new_id}))
    connection.execute(store.arrays.delete().where(store.arrays.c.array_id == array_id))
    return True


def _delete_own_file(study: Study, path) -> str | None:
    """Delete the picture when it lies inside the study; else return where it stays."""
    if path is None:
        return None
    if path.resolve().is_relative_to(study.folder):
        path.unlink(missing_ok=True)
        return None
    return str(path) if path.exists() else None
