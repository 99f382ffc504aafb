"""Make a study of many pictures by a seeded generator, to see how the program holds at that size.

It says nothing about medicine: a few hundred drawn frames stand in for all pictures, and the features are blobs.
Run ``python benchmarks/big_study.py HOME/studies/big --images 110000`` and open the app with MEDXAI_HOME=HOME.
A study that is there is left as it is.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from medxai_core import store
from medxai_core.clusters import compute_centers
from medxai_core.clusters.fitting import compute_own_distances
from medxai_core.config import CLASS_NAMES
from medxai_core.embedding import MAX_TRUST_ROWS
from medxai_core.events import record_event
from medxai_core.features.registry import get_feature_set
from medxai_core.images import load_image, make_thumbnail
from medxai_core.phantom import draw_study
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.clusterings import (
    RecordedClustering,
    get_features,
    record_clustering,
    record_embedding,
    record_features,
)
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import get_thumbnail_path
from medxai_core.stages.clusters import name_clustering, pseudo_label_study
from medxai_core.stages.labels import decide_many
from medxai_core.studies.examining import THUMBNAIL_SIZE
from medxai_core.studies.importing import study_in_the_making
from medxai_core.study import Study, open_study, register_study

N_IMAGES = 110_000
N_DRAWN = 240
N_BLOBS = 50
SEEDS_A_CLASS = 100
N_VALIDATION = 600
FRAMES_A_GROUP = 40
SPLIT_SHARES = {"train": 0.78, "validation": 0.06, "tuning": 0.06, "test": 0.10}
ODD_ONES = 0.03
DECIDED = ((0, 120, "accept", "reader-1"), (120, 150, "reject", "reader-1"), (90, 140, "accept", "reader-2"))
ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Plan:
    """Say what each picture is: row i of every array."""

    image_ids: list[str]
    drawn: np.ndarray
    blobs: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    splits: np.ndarray
    is_seed: np.ndarray
    is_labelled: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """Hold the frames that stand in for all pictures: names, sizes, labels, thumbnails."""

    names: list[str]
    masks: list[str]
    sizes: list[tuple[int, int]]
    labels: np.ndarray
    thumbnails: list[bytes]


def make_big_study(folder: Path, *, n_images: int = N_IMAGES, n_drawn: int = N_DRAWN, seed: int = 0) -> Study:
    """Make the study; it appears when it is complete. One that is there is opened as it is.

    Parameters
    ----------
    folder : Path
        Study folder.
    n_images : int
        Rows of the study.
    n_drawn : int
        Distinct drawn frames; pictures share their files.
    seed : int
        The same seed gives the same study, but for the moments recorded in it.
    """
    folder = folder.resolve()
    if not (folder / "study.db").is_file():
        with study_in_the_making(folder) as study:
            _fill(study, n_images=n_images, n_drawn=min(n_drawn, n_images), seed=seed)
    register_study(folder)
    return open_study(folder)


def _fill(study: Study, *, n_images: int, n_drawn: int, seed: int) -> None:
    """Record every stage up to the decisions."""
    rng = np.random.default_rng(seed)
    drawn = _draw(study.folder / "pictures", n_drawn, seed)
    plan = _plan(drawn, n_images, seed=seed, rng=rng)
    _record_pictures(study, plan, drawn)
    _link_thumbnails(study, plan, drawn)
    points = _record_features(study, plan, rng)
    _record_clusters(study, plan)
    _record_map(study, points, rng)
    pseudo_label_study(study, k=N_BLOBS, target=n_images // 2)
    _decide(study)


def _draw(folder: Path, n_drawn: int, seed: int) -> Drawn:
    """Draw the distinct frames."""
    draw_study(folder, n_images=n_drawn, seed=seed)
    with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["filename"] for row in rows]
    images = [load_image(folder / "images" / name) for name in names]
    return Drawn(
        names=names,
        masks=[f"{Path(name).stem}.png" for name in names],
        sizes=[image.shape[1::-1] for image in images],
        labels=np.array([CLASS_NAMES.index(row["label"]) for row in rows]),
        thumbnails=[make_thumbnail(image, THUMBNAIL_SIZE) for image in images],
    )


def _plan(drawn: Drawn, n: int, *, seed: int, rng: np.random.Generator) -> Plan:
    """Choose blob, class, frame, group and split of every picture."""
    blobs = rng.choice(N_BLOBS, n, p=rng.dirichlet(np.full(N_BLOBS, 4.0))).astype(np.int32)
    labels = (blobs % 2) ^ (rng.random(n) < ODD_ONES)
    frames = np.empty(n, np.int64)
    for label in (0, 1):
        of_class = np.flatnonzero(drawn.labels == label)
        frames[labels == label] = rng.choice(of_class, int((labels == label).sum()))
    groups = np.arange(n) // FRAMES_A_GROUP
    of_group = rng.choice(list(SPLIT_SHARES), groups[-1] + 1, p=list(SPLIT_SHARES.values()))
    splits = of_group[groups]
    return Plan(
        image_ids=[hashlib.sha256(f"big-{seed}-{i}".encode()).hexdigest()[:16] for i in range(n)],
        drawn=frames,
        blobs=blobs,
        labels=labels,
        groups=groups,
        splits=splits,
        is_seed=_take(splits == "train", labels, SEEDS_A_CLASS, rng),
        is_labelled=_take(splits == "validation", labels, N_VALIDATION // 2, rng),
    )


def _take(allowed: np.ndarray, labels: np.ndarray, n_a_class: int, rng: np.random.Generator) -> np.ndarray:
    """Return which pictures are taken: some of each class."""
    taken = np.zeros(len(labels), bool)
    for label in (0, 1):
        found = np.flatnonzero(allowed & (labels == label))
        taken[rng.choice(found, min(n_a_class, len(found)), replace=False)] = True
    return taken


def _record_pictures(study: Study, plan: Plan, drawn: Drawn) -> None:
    """Write pictures, items and facts, as an import would."""
    n = len(plan.image_ids)
    with study.begin() as connection:
        for start in range(0, n, ROWS_AT_ONCE):
            rows = range(start, min(start + ROWS_AT_ONCE, n))
            connection.execute(store.images.insert(), [_image_row(plan, drawn, i) for i in rows])
            connection.execute(store.items.insert(), [_item_row(plan, drawn, i) for i in rows])
        facts = _list_facts()
        connection.execute(store.study_facts.insert(), [{"key": key, "value": value} for key, value in facts.items()])
        record_event(connection, "import", {"n_images": n, "n_items": n, "n_failures": 0})


def _image_row(plan: Plan, drawn: Drawn, i: int) -> dict[str, Any]:
    """Return the row of one picture."""
    frame, image_id = int(plan.drawn[i]), plan.image_ids[i]
    width, height = drawn.sizes[frame]
    return {
        "image_id": image_id,
        "position": i,
        "sha256": image_id * 4,
        "relative_path": drawn.names[frame],
        "mask_path": None if plan.splits[i] == "train" else drawn.masks[frame],
        "width": width,
        "height": height,
        "brightness": 110.0,
        "contrast": 40.0,
        "sharpness": 100.0,
        "group_name": f"procedure-{plan.groups[i]}",
        "split": str(plan.splits[i]),
        "reference_label": CLASS_NAMES[plan.labels[i]],
    }


def _item_row(plan: Plan, drawn: Drawn, i: int) -> dict[str, Any]:
    """Return the row of the one item of a picture."""
    width, height = drawn.sizes[int(plan.drawn[i])]
    return {
        "item_id": plan.image_ids[i],
        "position": i,
        "image_id": plan.image_ids[i],
        "tile_row": 0,
        "tile_column": 0,
        "x0": 0,
        "y0": 0,
        "x1": width,
        "y1": height,
        "reference_label": CLASS_NAMES[plan.labels[i]],
        "polyp_share": None,
        "is_seed": bool(plan.is_seed[i]),
        "is_labelled": bool(plan.is_labelled[i]),
    }


def _list_facts() -> dict[str, Any]:
    """Return what is to be known of the study as a whole."""
    return {
        "created_at": now_text(),
        "image_root": "pictures/images",
        "mask_root": "pictures/masks",
        "layout": "folders",
        "layout_why": "made by benchmarks/big_study.py: drawn frames stand in for many pictures",
        "classes": list(CLASS_NAMES),
        "tiles": [1, 1],
        "labels_from_masks": False,
        "near_duplicates": [],
        "notes": ["Made by a seeded generator to measure speed. It says nothing about medicine."],
        "options": {
            "seeds": SEEDS_A_CLASS,
            "validation": N_VALIDATION,
            "tuning_share": SPLIT_SHARES["tuning"],
            "test_share": SPLIT_SHARES["test"],
            "seed": 0,
        },
        "versions": get_versions("numpy", "pillow"),
    }


def _link_thumbnails(study: Study, plan: Plan, drawn: Drawn) -> None:
    """Give every picture a thumbnail: a link to that of its frame."""
    sources = []
    for frame, jpeg in enumerate(drawn.thumbnails):
        path = study.folder / "thumbnails" / f"frame-{frame}.jpg"
        path.write_bytes(jpeg)
        path.chmod(0o600)
        sources.append(path)
    for sub in {image_id[:2] for image_id in plan.image_ids}:
        (study.folder / "thumbnails" / sub).mkdir(mode=0o700)
    for image_id, frame in zip(plan.image_ids, plan.drawn, strict=True):
        os.link(sources[frame], get_thumbnail_path(study, image_id))
    for path in sources:
        path.unlink()


def _record_features(study: Study, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Record blobs as the features of every descriptor; return a map of them, (n, 2) float32."""
    descriptors, offsets = {}, np.zeros((len(plan.blobs), 2))
    for one in get_feature_set("lire").descriptors:
        centers = rng.uniform(0, 12, (N_BLOBS, one.n_features))
        values = rng.normal(size=(len(plan.blobs), one.n_features))
        offsets += values @ rng.normal(size=(one.n_features, 2))
        values += centers[plan.blobs]
        descriptors[one.name] = values
    record_features(study, "lire", descriptors, manifest={"made": "by a seeded generator"})
    places = 14 * np.sqrt(rng.random(N_BLOBS)) * np.exp(2j * np.pi * rng.random(N_BLOBS))
    spread = rng.uniform(0.35, 1.1, N_BLOBS)[plan.blobs, None]
    return (np.stack([places.real, places.imag], 1)[plan.blobs] + spread * offsets / offsets.std()).astype(np.float32)


def _record_clusters(study: Study, plan: Plan) -> None:
    """Record the blobs of the training pictures as the clusters that k-means would find."""
    matrix = np.hstack([np.asarray(values) for values in get_features(study).values()])
    cluster_ids = np.where(plan.splits == "train", plan.blobs, -1).astype(np.int32)
    known = np.flatnonzero(cluster_ids >= 0)
    centers = compute_centers(matrix[known], cluster_ids[known])
    distances = np.full(len(matrix), np.nan)
    distances[known] = compute_own_distances(matrix[known], cluster_ids[known], centers)
    key: dict[str, Any] = {"k": N_BLOBS, "feature_set": "lire", "scaling": "none", "seed": 0}
    recorded = RecordedClustering(
        clustering_id=name_clustering(study, **key),
        inertia=float(np.nansum(distances**2)),
        cluster_ids=cluster_ids,
        distances=distances,
        manifest={"made": "by a seeded generator"},
        created_at=now_text(),
        **key,
    )
    record_clustering(study, recorded)


def _record_map(study: Study, points: np.ndarray, rng: np.random.Generator) -> None:
    """Record the map with its trustworthiness, measured as for any other map."""
    from sklearn.manifold import trustworthiness

    rows = np.sort(rng.choice(len(points), min(MAX_TRUST_ROWS, len(points)), replace=False))
    matrix = np.hstack([np.asarray(values[rows]) for values in get_features(study).values()])
    trust = float(trustworthiness(matrix, points[rows], n_neighbors=min(15, (len(rows) - 1) // 2)))
    record_embedding(
        study, points, feature_set="lire", trustworthiness=trust, manifest={"made": "by a seeded generator"}
    )


def _decide(study: Study) -> None:
    """Let two readers decide on some proposals."""
    labelling = find_labelling(study)
    proposed = list(labelling.proposals) if labelling else []
    for start, stop, action, reader in DECIDED:
        item_ids = proposed[start:stop]
        if item_ids:
            decide_many(study, item_ids, action, reader=reader)


def main() -> None:
    """Make the study that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/big_home/studies/big"))
    parser.add_argument("--images", type=int, default=N_IMAGES)
    parser.add_argument("--drawn", type=int, default=N_DRAWN)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ["MEDXAI_HOME"] = str(asked.folder.resolve().parents[1])  # not into the list of the user's own studies
    begin = time.perf_counter()
    study = make_big_study(asked.folder, n_images=asked.images, n_drawn=asked.drawn, seed=asked.seed)
    sys.stdout.write(f"{study.folder}: {asked.images} pictures, {time.perf_counter() - begin:.0f} s\n")


if __name__ == "__main__":
    main()
