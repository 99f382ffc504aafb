"""What every step of a story reads: the picture, its tiles, the run, and what was recorded of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from medxai_core.clusters import group_rows
from medxai_core.errors import (
    ImageChangedError,
    ImageNotFoundError,
    RunNotFoundError,
    StageMissingError,
    UnreadableImageError,
)
from medxai_core.life_story.story import Part
from medxai_core.records.clusterings import RecordedClustering, get_clustering, get_features
from medxai_core.records.labellings import RecordedLabelling, find_labelling
from medxai_core.records.masks import MaskSetting, get_locked_setting
from medxai_core.records.pictures import Images, Items, find_image, list_images, list_items, load_study_image
from medxai_core.records.runs import RecordedRun, get_run
from medxai_core.stages.evidence import locate_evidence
from medxai_core.stages.heatmaps import MapMaker, load_map_maker
from medxai_core.stages.labels import get_starting_labels
from medxai_core.stages.surrogate import find_surrogate
from medxai_core.stages.surrogate_record import SurrogateRecord
from medxai_core.study import Study
from medxai_core.views.reasons import Reasoning, load_reasoning
from medxai_core.views.standing import find_mask_standing

Found = TypeVar("Found")
_ITEM_ID = re.compile(r"^(?P<image>[0-9a-z]+)-r\d+c\d+$")


@dataclass(frozen=True, eq=False)
class StoryContext:
    """Hold what is known of one picture; what is heavy is read when a step first asks for it.

    Attributes
    ----------
    picture : dict
        The recorded row of the picture.
    position : int
        Its position in the study.
    rows : list of int
        Positions of its items.
    run : RecordedRun or None
    given_maker : MapMaker or None
        A loaded network, when the caller has one.
    wanted_layer : int or None
    """

    study: Study
    images: Images
    items: Items
    picture: dict[str, Any]
    position: int
    rows: list[int]
    run: RecordedRun | None
    given_maker: MapMaker | None
    wanted_layer: int | None

    @property
    def is_tiled(self) -> bool:
        """Return True when the items of the picture are tiles."""
        return tuple(self.study.get_fact("tiles") or (1, 1)) != (1, 1)

    @property
    def split(self) -> str:
        """Return the split of the picture."""
        return str(self.images.splits[self.position])

    @cached_property
    def surrogate(self) -> SurrogateRecord | None:
        """Return what global features explain of the run's answers, or None when that was not asked."""
        return find_surrogate(self.study, self.run) if self.run else None

    @cached_property
    def setting(self) -> MaskSetting | None:
        """Return the setting that is locked for the run, or None."""
        return get_locked_setting(self.study, self.run.run_id) if self.run else None

    @property
    def is_open(self) -> bool:
        """Return True when truth and scores of the picture may be seen: train pictures may still be reviewed."""
        return self.split in ("validation", "tuning") or (self.split == "test" and self.setting is not None)

    @cached_property
    def maker(self) -> MapMaker | None:
        """Return the network of the run, or None without a run."""
        if self.given_maker is not None or self.run is None:
            return self.given_maker
        return load_map_maker(self.study, self.run.run_id)

    @cached_property
    def evidence(self) -> np.ndarray | None:
        """Return what the labels of a segmenter's training say of the picture, (H, W) float32 0..1, or None."""
        if self.run is None or self.run.mask_head is None:
            return None
        try:
            image = load_study_image(self.study, str(self.images.relative_paths[self.position]))
            return locate_evidence(self.study, self.run, image)
        except (StageMissingError, ImageChangedError, UnreadableImageError):
            return None

    @cached_property
    def features(self) -> dict[str, np.ndarray] | None:
        """Return the descriptors of the study, or None."""
        return _find(lambda: get_features(self.study))

    @cached_property
    def labelling(self) -> RecordedLabelling | None:
        """Return the newest rounds, or None."""
        return find_labelling(self.study)

    @cached_property
    def clustering(self) -> RecordedClustering | None:
        """Return the clusters of the newest rounds, else the newest clusters, or None."""
        wanted = self.labelling.clustering_id if self.labelling else None
        return _find(lambda: get_clustering(self.study, wanted))

    @cached_property
    def members(self) -> list[np.ndarray]:
        """Return the positions of the items of each cluster."""
        return group_rows(np.asarray(self.clustering.cluster_ids), self.clustering.k) if self.clustering else []

    @cached_property
    def starting_labels(self) -> np.ndarray:
        """Return the labels given at the start and by readers, (n_items,) object."""
        return get_starting_labels(self.study, self.items)

    @cached_property
    def reasoning(self) -> Reasoning | None:
        """Return what the reasons of the proposals rest on, or None."""
        return _find(lambda: load_reasoning(self.study, items=self.items))

    def tell_each(self, tell: Callable[[int], tuple[str, dict[str, Any]]]) -> tuple[Part, ...]:
        """Return one part an item; that of an untiled picture is of the whole picture."""
        parts = []
        for row in self.rows:
            words, facts = tell(row)
            parts.append(Part(words, facts, str(self.items.item_ids[row]) if self.is_tiled else None))
        return tuple(parts)


def read_context(
    study: Study,
    wanted: str,
    run_id: str | None,
    *,
    layer: int | None = None,
    maker: MapMaker | None = None,
    images: Images | None = None,
    items: Items | None = None,
) -> StoryContext:
    """Find a picture, or one tile of it, by its id.

    Raises
    ------
    ImageNotFoundError
        No picture or tile, or more than one, has this id.
    RunNotFoundError
        The named run does not exist.
    """
    tile = _ITEM_ID.match(wanted)
    picture = find_image(study, tile["image"] if tile else wanted)
    images, items = images or list_images(study), items or list_items(study)
    position = int(picture["position"])  # type: ignore[call-overload]
    rows = [int(row) for row in np.flatnonzero(items.image_positions == position)]
    if tile:
        whole_id = f"{picture['image_id']}{wanted[len(tile['image']) :]}"
        rows = [row for row in rows if items.item_ids[row] == whole_id]
        if not rows:
            raise ImageNotFoundError(f"picture {picture['image_id']!r} has no tile {wanted!r}.", "Give its image id.")
    return StoryContext(
        study=study,
        images=images,
        items=items,
        picture=picture,
        position=position,
        rows=rows,
        run=_find_run(study, run_id),
        given_maker=maker,
        wanted_layer=layer,
    )


def _find_run(study: Study, run_id: str | None) -> RecordedRun | None:
    """Return the named run, or the one locked last, or the newest trained one; None when nothing was trained."""
    try:
        return get_run(study, run_id or find_mask_standing(study).run_id)
    except RunNotFoundError:
        if run_id is not None:
            raise
        return None


def _find(read: Callable[[], Found]) -> Found | None:
    """Return what a stage recorded, or None when the stage has not run."""
    try:
        return read()
    except StageMissingError:
        return None
