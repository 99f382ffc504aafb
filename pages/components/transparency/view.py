"""The story of one picture: choose it, then read its cards."""

from __future__ import annotations

import streamlit as st

from medxai_core.life_story import LifeStory, tell_life_story
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from pages.components.cached import get_images, get_items, get_model, get_state, remember
from pages.components.evaluation.choice import choose_run
from pages.components.frame import show_empty
from pages.components.transparency.cards import Telling, show_cards, show_picture, show_way
from pages.components.transparency.charts import show_features
from pages.components.transparency.choice import ask_jump, choose_tile, find_chosen, forget_image, show_grid
from pages.components.transparency.evidence import show_evidence
from pages.components.transparency.maps import read_layer, show_heatmap, show_mask, show_scores
from pages.components.transparency.visuals import (
    show_cluster,
    show_decisions,
    show_file,
    show_prediction,
    show_proposal,
)

VISUALS = {
    "file": show_file,
    "features": show_features,
    "cluster": show_cluster,
    "proposal": show_proposal,
    "decisions": show_decisions,
    "prediction": show_prediction,
    "evidence": show_evidence,
    "heatmap": show_heatmap,
    "mask": show_mask,
    "scores": show_scores,
}


def show_story(study: Study, runs: list[RecordedRun]) -> None:
    """Show the grid until a picture is chosen, then its story."""
    image_id = find_chosen(study)
    if image_id is None and not get_images(study).is_present.any():
        show_empty("The study holds no picture.", "Import pictures first.", "study", "Go to Study")
    elif image_id is None:
        st.markdown("Choose a picture. Its way from the file to the score is told step by step.")
        show_grid(study, get_images(study))
    else:
        left, right = st.columns([1, 2], gap="large")
        with right, st.container(horizontal=True, vertical_alignment="bottom"):
            st.button("Another picture", icon=":material/grid_view:", on_click=forget_image)
            ask_jump(study)
        with right:
            run = choose_run(study, runs, key="story_run") if runs else None
            story = _tell(study, image_id, run)
            telling = Telling(study, story, run, choose_tile(image_id, story.item_ids))
        with left:
            show_picture(telling)
        show_way(story)
        show_cards(telling, VISUALS)


def _tell(study: Study, image_id: str, run: RecordedRun | None) -> LifeStory:
    """Return the story of a picture, told once until something changes."""
    layer, run_id = read_layer(), run.run_id if run else None
    with st.spinner("Collecting what is known of this picture"):
        maker = get_model(study, run.run_id, run.best_epoch or 0).maker if run else None
        known = {"layer": layer, "maker": maker, "images": get_images(study), "items": get_items(study)}
        key = (image_id, run_id, layer, get_state(study))
        return remember(str(study.folder), "story", key, lambda: tell_life_story(study, image_id, run_id, **known))
