"""Put the steps of one picture in order."""

from __future__ import annotations

from medxai_core.life_story.context import read_context
from medxai_core.life_story.evidence_steps import tell_evidence
from medxai_core.life_story.label_steps import tell_cluster, tell_decisions, tell_features, tell_proposal
from medxai_core.life_story.mask_steps import tell_heatmap, tell_mask, tell_prediction, tell_scores
from medxai_core.life_story.picture_steps import tell_file, tell_split
from medxai_core.life_story.story import LifeStory
from medxai_core.records.pictures import Images, Items
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.study import Study

STEPS = (
    tell_file,
    tell_features,
    tell_cluster,
    tell_proposal,
    tell_decisions,
    tell_split,
    tell_prediction,
    tell_heatmap,
    tell_mask,
    tell_scores,
)
STEPS_OF_SEGMENTER = (*STEPS[: STEPS.index(tell_heatmap)], tell_evidence, *STEPS[STEPS.index(tell_heatmap) :])
LEFT_OF_REMOVED = (tell_file, tell_decisions)


def tell_life_story(
    study: Study,
    image_id: str,
    run_id: str | None = None,
    *,
    layer: int | None = None,
    maker: MapMaker | None = None,
    images: Images | None = None,
    items: Items | None = None,
) -> LifeStory:
    """Tell how one picture came from its file to its score.

    Parameters
    ----------
    image_id : str
        Id of a picture (an unambiguous beginning will do), or of one tile of it.
    run_id : str, optional
        Run of the later steps; by default the one that was locked last, or else the newest trained one.
    layer : int, optional
        Layer of the heat map, where it is recorded; by default the locked one.
    maker : MapMaker, optional
        The run's network, when it is loaded already.
    images, items : optional
        Of the study, when they are at hand.

    Returns
    -------
    LifeStory
        Ten steps, one more for a run of the recommended mode; two (file, decisions) for a removed picture.
        Truth and scores are in it only where they are open: never of train pictures, of test pictures while
        a setting is locked.

    Raises
    ------
    ImageNotFoundError
        No picture or tile, or more than one, has this id.
    RunNotFoundError
        The named run does not exist.
    """
    context = read_context(study, image_id, run_id, layer=layer, maker=maker, images=images, items=items)
    is_segmenter = context.run is not None and context.run.mask_head is not None
    steps = STEPS_OF_SEGMENTER if is_segmenter else STEPS
    if context.picture["removed_at"]:
        steps = LEFT_OF_REMOVED
    return LifeStory(
        study=study.name,
        image_id=str(context.picture["image_id"]),
        item_ids=tuple(str(context.items.item_ids[row]) for row in context.rows),
        run_id=context.run.run_id if context.run else None,
        steps=tuple(tell(context) for tell in steps),
    )
