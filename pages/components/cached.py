"""All caches of the app, each with a bound."""

from __future__ import annotations

from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import streamlit as st

from medxai_core.records.decisions import GrowingLog
from medxai_core.records.pictures import Images, Items, list_images, list_items
from medxai_core.study import Study, open_study

CACHE_SECONDS = 3600


@st.cache_resource(max_entries=8, ttl=CACHE_SECONDS)
def _open(folder: str, created: float) -> Study:
    """Open a study; `created` changes when another study takes its place."""
    return open_study(folder)


def get_study(folder: str | Path) -> Study:
    """Return an open study."""
    return _open(str(folder), _birth(Path(folder) / "study.db"))


def _birth(database: Path) -> float:
    """Return a number that differs between two studies in the same folder."""
    try:
        return float(database.stat().st_ino)
    except OSError:
        return 0.0


@st.cache_resource(max_entries=4, ttl=CACHE_SECONDS)
def _load_images(folder: str, version: str) -> Images:
    """Read the pictures of a study."""
    return list_images(get_study(folder))


@st.cache_resource(max_entries=4, ttl=CACHE_SECONDS)
def _load_items(folder: str, version: str) -> Items:
    """Read the items of a study."""
    return list_items(get_study(folder))


def get_version(study: Study) -> str:
    """Return a text that changes when pictures are removed, or masks are added."""
    from medxai_core.events import list_events

    removed, added = (len(list_events(study, kind=kind)) for kind in ("remove-image", "add-masks"))
    return f"{study.get_fact('created_at')}-{removed}-{added}"


def get_images(study: Study) -> Images:
    """Return the pictures of a study."""
    return _load_images(str(study.folder), get_version(study))


def get_items(study: Study) -> Items:
    """Return the items of a study."""
    return _load_items(str(study.folder), get_version(study))


class SharedModel:
    """Hold a network with its lock: hooks of one session must not meet those of another."""

    def __init__(self, maker: Any) -> None:
        self.maker = maker
        self.lock = RLock()


@st.cache_resource(max_entries=2, ttl=CACHE_SECONDS, show_spinner="Loading the classifier")
def _load_model(folder: str, run_id: str, epoch: int) -> SharedModel:
    """Load the best epoch of a run."""
    from medxai_core.stages.heatmaps import load_map_maker

    return SharedModel(load_map_maker(get_study(folder), run_id))


def get_model(study: Study, run_id: str, best_epoch: int) -> SharedModel:
    """Return the classifier of a run with its lock."""
    return _load_model(str(study.folder), run_id, best_epoch)


@st.cache_data(max_entries=64, ttl=CACHE_SECONDS, show_spinner="Reading the picture")
def _load_picture(folder: str, relative_path: str, version: str) -> np.ndarray:
    """Decode one picture."""
    from medxai_core.records.pictures import load_study_image

    return load_study_image(get_study(folder), relative_path)


def get_picture(study: Study, relative_path: str) -> np.ndarray:
    """Return one picture, (H, W, 3) uint8."""
    return _load_picture(str(study.folder), relative_path, get_version(study))


@st.cache_data(max_entries=32, ttl=CACHE_SECONDS, show_spinner="Computing the heat maps of all layers")
def _compute_all_maps(
    folder: str, run_id: str, epoch: int, method: str, _image: np.ndarray, image_key: str
) -> tuple[dict[int, np.ndarray], float]:
    """Compute the raw maps of every layer of one picture in one pass."""
    shared = _load_model(folder, run_id, epoch)
    with shared.lock:
        layers = range(len(shared.maker.blocks))
        raw, logits = shared.maker.compute_raw([_image], layers, method=method)
    return {layer: maps[0] for layer, maps in raw.items()}, float(logits[0])


def get_all_maps(
    study: Study, run_id: str, best_epoch: int, *, method: str, image: np.ndarray, image_key: str
) -> tuple[dict[int, np.ndarray], float]:
    """Return the raw maps of every layer, (h, w) float32 each, and the logit for polyp."""
    return _compute_all_maps(str(study.folder), run_id, best_epoch, method, image, image_key)


# --- Review: proposals with their reasons, the decision log, small pictures of items ---


@st.cache_resource(max_entries=2, ttl=CACHE_SECONDS, show_spinner="Collecting the reasons of the proposals")
def _load_reasoning(folder: str, labelling_id: str, version: str) -> tuple[Any, Any]:
    """Rebuild one run of the rounds, and measure its proposals."""
    from medxai_core.views.proposal_queue import measure_proposals
    from medxai_core.views.reasons import load_reasoning

    study = get_study(folder)
    reasoning = load_reasoning(study, get_newest_labelling(study), items=get_items(study))
    return reasoning, measure_proposals(reasoning, get_items(study))


def get_reasoning(study: Study) -> tuple[Any, Any] | None:
    """Return the newest rounds (`Reasoning`) and the measures of their proposals; None when there are none."""
    from medxai_core.records.labellings import list_labellings

    heads = list_labellings(study)
    return _load_reasoning(str(study.folder), heads[0]["labelling_id"], get_version(study)) if heads else None


@st.cache_resource(max_entries=8, ttl=CACHE_SECONDS, show_spinner=False)
def _open_log(folder: str, version: str, created: float) -> GrowingLog:
    """Begin to read the decision log; it is read anew after pictures were removed."""
    return GrowingLog(get_study(folder))


def get_decisions(study: Study) -> list:
    """Return the whole decision log; it is shared: no caller changes it."""
    return _open_log(str(study.folder), get_version(study), _birth(study.folder / "study.db")).read_on()


def get_review_basis(study: Study) -> Any:
    """Return what the figures of a review rest on besides the log (`ReviewBasis`)."""
    from medxai_core.views.review_basis import load_review_basis

    labelling = get_newest_labelling(study)
    key = (labelling and labelling.labelling_id, get_version(study))
    items = get_items(study)
    return remember(
        str(study.folder), "review basis", key, lambda: load_review_basis(study, items=items, labelling=labelling)
    )


@st.cache_data(max_entries=8, ttl=CACHE_SECONDS, show_spinner="Choosing pictures that differ from each other")
def _suggest_seeds(folder: str, version: str, n: int) -> list[str]:
    """Suggest items to label from zero."""
    from medxai_core.views.seeds import suggest_study_seeds

    study = get_study(folder)
    return suggest_study_seeds(study, n, items=get_items(study))


def get_suggested_seeds(study: Study, n: int) -> list[str]:
    """Return the ids of n items to label from zero, in order."""
    from medxai_core.records.clusterings import get_features

    features = [str(getattr(values, "filename", "")) for values in get_features(study).values()]
    return _suggest_seeds(str(study.folder), f"{get_version(study)}-{'-'.join(features)}", n)


@st.cache_data(max_entries=1000, ttl=CACHE_SECONDS, show_spinner=False)
def _draw_small(folder: str, position: int, size: int, version: str) -> bytes:
    """Draw one item small, as a JPEG."""
    from medxai_core.images import make_thumbnail

    return make_thumbnail(cut_item(get_study(folder), position), size)


def get_small_item(study: Study, position: int, size: int = 224) -> bytes:
    """Return one item as a small JPEG."""
    return _draw_small(str(study.folder), position, size, get_version(study))


def cut_item(study: Study, position: int) -> np.ndarray:
    """Return the pixels of one item, (h, w, 3) uint8."""
    items, images = get_items(study), get_images(study)
    x0, y0, x1, y1 = items.boxes[position]
    return get_picture(study, images.relative_paths[items.image_positions[position]])[y0:y1, x0:x1]


# Masks page: the truth that may be seen, one layer at the size of the picture, small pictures


@st.cache_resource(max_entries=24, ttl=CACHE_SECONDS, show_spinner=False)
def _load_truth(folder: str, image_key: str, version: str, _load: Any) -> np.ndarray | None:
    """Load the truth of one picture; the caller has asked whether it may be seen."""
    return _load()


def get_truth(study: Study, image_key: str, load: Any) -> np.ndarray | None:
    """Return the truth of one picture, (H, W) bool; `load` reads it, and is called after the gate only."""
    return _load_truth(str(study.folder), image_key, get_version(study), load)


@st.cache_resource(max_entries=96, ttl=CACHE_SECONDS, show_spinner=False)
def remember_layer(folder: str, run_id: str, epoch: int, view: tuple, _make: Any) -> Any:
    """Return what `_make` gives for one layer of one picture; `view` says which, and what is made."""
    return _make()


@st.cache_data(max_entries=48, ttl=CACHE_SECONDS, show_spinner=False)
def _shrink_picture(folder: str, relative_path: str, version: str, longest: int) -> np.ndarray:
    """Decode one picture and make it small enough to show."""
    from medxai_core.views.mask_view import shrink_picture

    return shrink_picture(_load_picture(folder, relative_path, version), longest)


def get_shown_picture(study: Study, relative_path: str, *, longest: int) -> np.ndarray:
    """Return one picture at the size it is shown, (h, w, 3) uint8."""
    return _shrink_picture(str(study.folder), relative_path, get_version(study), longest)


def _get_label_version(study: Study) -> tuple[str | None, int, str]:
    """Return what the labels in force depend on: the newest rounds, the log, the pictures."""
    from medxai_core.records.labellings import list_labellings
    from medxai_core.views.review_progress import count_log_lines

    heads = list_labellings(study)
    return heads[0]["labelling_id"] if heads else None, count_log_lines(study), get_version(study)


# --- Study and Clusters pages: health, counts, the map, each cluster, thumbnails ---


def get_state(study: Study) -> str:
    """Return a text that changes with every recorded stage and every decision."""
    from medxai_core.views.overview import get_last_numbers

    return f"{get_version(study)}-{'-'.join(map(str, get_last_numbers(study)))}"


@st.cache_data(max_entries=4, ttl=300, show_spinner="Checking the study")
def _check(folder: str, version: str, image_root: str) -> Any:
    """Check the health of a study; for a few minutes, since files can go at any time."""
    from medxai_core.studies.health import check_health

    return check_health(get_study(folder))


def get_health(study: Study) -> Any:
    """Return the findings of the health check (`Health`), without reading every file again."""
    return _check(str(study.folder), get_version(study), str(study.image_root))


@st.cache_resource(max_entries=3, ttl=CACHE_SECONDS, show_spinner="Collecting the points of the map")
def _load_map(folder: str, clustering_id: str | None, feature_set: str, reader: str, colour: tuple, state: str) -> Any:
    """Collect the points of the newest map and pack them."""
    from medxai_core.records.clusterings import get_clustering, get_embedding
    from medxai_core.views.map_points import get_map_points
    from pages.components.clusters.map_message import make_map_message

    study = get_study(folder)
    items, embedding = get_items(study), get_embedding(study, feature_set)
    clustering = get_clustering(study, clustering_id) if clustering_id else None
    basis = {"clustering": clustering, "labelling": get_newest_labelling(study), "decisions": get_decisions(study)}
    points = get_map_points(study, items, embedding, reader=reader, **basis)
    return make_map_message(study, items, points, embedding, mode=colour[0], feature=colour[1])


def get_map(study: Study, clustering_id: str | None, feature_set: str, reader: str, colour: tuple[str, str]) -> Any:
    """Return the newest map of a feature set as one reader may see it (`MapMessage`)."""
    return _load_map(str(study.folder), clustering_id, feature_set, reader, colour, get_state(study))


def get_newest_labelling(study: Study) -> Any:
    """Return the newest rounds with their proposals (`RecordedLabelling`), or None; they never change."""
    from medxai_core.records.labellings import get_labelling, list_labellings

    heads = list_labellings(study)
    key = (get_version(study), heads[0]["labelling_id"]) if heads else ()
    return remember(str(study.folder), "labelling", key, lambda: get_labelling(study, key[1])) if heads else None


@st.cache_resource(max_entries=4, ttl=CACHE_SECONDS, show_spinner="Describing the clusters")
def _describe(folder: str, clustering_id: str, version: str) -> tuple[Any, Any]:
    """Describe every cluster, and what drove the clustering."""
    from medxai_core.records.clusterings import get_clustering
    from medxai_core.views.cluster_view import describe_study_clusters, explain_study_clustering

    study = get_study(folder)
    clustering = get_clustering(study, clustering_id)
    summaries = describe_study_clusters(study, get_items(study), clustering)
    return summaries, explain_study_clustering(study, clustering)


def get_cluster_summaries(study: Study, clustering_id: str) -> tuple[Any, Any]:
    """Return a `ClusterSummary` of each cluster, and the `DescriptorShare` of each descriptor."""
    from medxai_core.records.clusterings import get_clustering
    from medxai_core.views.cluster_view import count_cluster_labels

    described, shares = _describe(str(study.folder), clustering_id, get_version(study))
    key = (clustering_id, get_state(study))
    clustering = get_clustering(study, clustering_id)
    labelled = remember(
        str(study.folder),
        "cluster labels",
        key,
        lambda: count_cluster_labels(study, get_items(study), clustering, described, decisions=get_decisions(study)),
    )
    return labelled, shares


def get_cluster_words(study: Study, clustering_id: str, cluster: int) -> Any:
    """Return what sets one cluster apart, strongest first (`FeatureDifference`)."""
    from medxai_core.records.clusterings import get_clustering
    from medxai_core.views.cluster_view import explain_study_cluster

    key = (clustering_id, cluster, get_version(study))
    clustering = get_clustering(study, clustering_id)
    return remember(str(study.folder), "cluster words", key, lambda: explain_study_cluster(study, clustering, cluster))


@st.cache_data(max_entries=2000, ttl=CACHE_SECONDS, show_spinner=False)
def _mark(folder: str, position: int, version: str) -> bytes | None:
    """Draw one item in its thumbnail, as a JPEG; None when the thumbnail is gone."""
    from medxai_core.views.item_thumbnails import draw_item_thumbnail

    study = get_study(folder)
    return draw_item_thumbnail(study, get_images(study), get_items(study), position)


def get_item_thumbnail(study: Study, position: int) -> bytes | None:
    """Return one item inside its picture as a small JPEG; None when the thumbnail is gone."""
    return _mark(str(study.folder), position, get_version(study))


# --- Evaluation and Transparency pages: what the components compute, bounded here ---


@st.cache_resource(max_entries=64, ttl=CACHE_SECONDS, show_spinner=False)
def remember(folder: str, what: str, key: tuple, _make: Any) -> Any:
    """Return what `_make` gives; `what` and `key` say what it is of. It is shared: no caller changes it."""
    return _make()


@st.cache_resource(max_entries=64, ttl=CACHE_SECONDS, show_spinner=False)
def remember_drawing(folder: str, what: str, key: tuple, _make: Any) -> Any:
    """Return the drawing that `_make` gives; drawings are small, and bounded apart from the rest."""
    return _make()


# --- Training: what there is to learn from, and how fast this computer is ---


@st.cache_data(max_entries=8, ttl=CACHE_SECONDS, show_spinner="Counting the labels to learn from")
def _choose_training(folder: str, labels: str, labelling_id: str | None, n_lines: int, version: str) -> Any:
    """Choose the items to learn from."""
    from medxai_core.stages.training_sets import choose_training_items

    study = get_study(folder)
    return choose_training_items(study, get_items(study), labels=labels, labelling=get_newest_labelling(study))


def get_training_choice(study: Study, labels: str) -> Any:
    """Return what a run would learn from (`TrainingSet`); raises NoSeedsError when that is not enough."""
    return _choose_training(str(study.folder), labels, *_get_label_version(study))


@st.cache_data(max_entries=8, ttl=24 * CACHE_SECONDS, show_spinner="Trying a few steps of this training")
def get_measured_look() -> float:
    """Return the seconds of a look of the recommended training on this computer; see `views.training_course`."""
    from medxai_core.views.training_cost import measure_seconds_per_look

    return measure_seconds_per_look()


@st.cache_data(max_entries=8, ttl=24 * CACHE_SECONDS, show_spinner="Trying a few steps of this training")
def get_measured_speed(preset: str, network: str) -> float:
    """Return the seconds of one training step on this computer."""
    from medxai_core.views.training_cost import make_config, measure_training_speed

    return measure_training_speed(make_config(preset, network=network))
