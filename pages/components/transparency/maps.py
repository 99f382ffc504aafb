"""Heat map, mask and score of one picture, drawn on it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.life_story import Part, Step
from medxai_core.records.masks import MaskSetting, get_heatmaps, get_locked_setting
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.heatmaps import MapMaker
from medxai_core.views.recorded_scores import find_current_row
from medxai_core.views.score_words import format_score
from medxai_core.views.story_drawings import draw_heat, draw_mask
from pages.components.cached import get_all_maps, get_model, get_picture, get_shown_picture
from pages.components.class_words import shorten
from pages.components.evaluation.data import get_scored_drawing
from pages.components.evaluation.pictures import show_legend
from pages.components.page_links import read_address, write_address
from pages.components.transparency.cards import LONGEST, Telling
from pages.components.transparency.evidence import show_what_was_added

LAYER = "layer"
UNREADABLE = ":material/broken_image: The picture cannot be read now. The Study page says which files are missing."
SCORE_NAMES = {"dice": "Dice", "jaccard": "Jaccard", "recall": "Polyp covered", "precision": "Mask that is polyp"}


def read_layer() -> int | None:
    """Return the layer that the address asks for."""
    asked = st.query_params.get(LAYER, "")
    return int(asked) if asked.isdigit() else None


def show_heatmap(telling: Telling, step: Step, part: Part) -> None:
    """Show picture and heat map side by side, with a choice of layer; compute the maps on demand."""
    if telling.run is None:
        return
    layers = part.facts.get("layers") or (list(range(telling.run.n_blocks)) if _wants_maps(telling) else [])
    if not layers:
        st.button(
            "Compute the heat maps of this picture now",
            key="story-compute",
            icon=":material/local_fire_department:",
            on_click=_ask_maps,
            args=(telling.story.image_id,),
            help="Takes a few seconds. They are shown here and not recorded.",
        )
        return
    setting = get_locked_setting(telling.study, telling.run.run_id)
    layer = _choose_layer(telling, layers, part.facts.get("layer", setting.layer if setting else None))
    small, raw = _open_picture(telling), _find_raw(telling, layer)
    if small is None or raw is None:
        st.caption(UNREADABLE)
        return
    drawing = draw_heat(small, _get_maker(telling.run), raw, layer)
    name = shorten(telling.story.image_id)
    left, right = st.columns(2)
    left.image(small, width="stretch", caption="the picture", alt=f"Picture {name}")
    right.image(drawing, width="stretch", caption=_name_map(telling.run, layer), alt=f"Heat map of picture {name}")
    if not step.is_known:
        st.caption("Computed now, not recorded.")


def _name_map(run: RecordedRun, layer: int) -> str:
    """Say what the colours of a map show."""
    return "probability of polyp; light is likely" if layer == run.mask_head else f"heat of layer {layer}; light is hot"


def _wants_maps(telling: Telling) -> bool:
    """Return True when the user asked for the maps of this picture."""
    return st.session_state.get("story_maps_of") == telling.story.image_id


def _ask_maps(image_id: str) -> None:
    """Note that the maps of a picture are wanted; a callback."""
    st.session_state["story_maps_of"] = image_id


def _choose_layer(telling: Telling, layers: list[int], told: int | None) -> int:
    """Let the user choose the layer; the address keeps it."""
    if len(layers) == 1:
        return layers[0]
    key = f"story_layer_{telling.story.image_id}"
    names = [str(layer) for layer in layers]
    read_address(LAYER, key, names, default=str(told if told in layers else layers[-1]))
    layer = st.select_slider(
        "Layer (block of the network)",
        names,
        key=key,
        help="Early layers see fine detail and small parts, late layers large parts and more of the meaning.",
    )
    write_address(LAYER, key, layer)
    return int(layer)


def _get_maker(run: RecordedRun) -> MapMaker:
    """Return the network of a run of the study in view."""
    from pages.components.frame import require_study

    return get_model(require_study(), run.run_id, run.best_epoch or 0).maker


def _open_picture(telling: Telling) -> np.ndarray | None:
    """Return the picture small, or None when it cannot be read."""
    try:
        return get_shown_picture(telling.study, telling.images.relative_paths[telling.position], longest=LONGEST)
    except MedxaiError:
        return None


def _find_raw(telling: Telling, layer: int) -> np.ndarray | None:
    """Return the raw map of one layer: the recorded one, else one computed now."""
    run, setting = telling.run, get_locked_setting(telling.study, telling.run.run_id) if telling.run else None
    if run is None:
        return None
    method = setting.method if setting else "gradcam"
    try:
        recorded = get_heatmaps(telling.study, run.run_id, layer, method=method)[telling.position]
        if np.isfinite(recorded).all():
            return np.asarray(recorded, np.float32)
    except MedxaiError:  # this layer was never computed
        pass
    if not _wants_maps(telling):
        return None
    try:
        image = get_picture(telling.study, telling.images.relative_paths[telling.position])
    except MedxaiError:
        return None
    maps, _ = get_all_maps(
        telling.study, run.run_id, run.best_epoch or 0, method=method, image=image, image_key=telling.story.image_id
    )
    return maps[layer]


def show_mask(telling: Telling, step: Step, part: Part) -> None:
    """Show the mask under the locked setting."""
    setting = get_locked_setting(telling.study, telling.run.run_id) if telling.run else None
    if setting is None or telling.run is None:
        return
    small, raw = _open_picture(telling), _find_raw(telling, setting.layer)
    if small is None or raw is None:
        return
    drawing, area = draw_mask(small, _get_maker(telling.run), raw, setting=setting, size=telling.size)
    left, right = st.columns(2)
    name = shorten(telling.story.image_id)
    left.image(drawing, width="stretch", alt=f"Picture {name} with its mask, {area:.1%} of it")
    if not step.is_known:
        right.caption(f"Computed now, not recorded. The mask takes {area:.1%} of the picture.")
    if telling.run.mask_head == setting.layer:
        with right:
            show_what_was_added(telling, raw, setting)
        return
    right.caption(_say_setting(setting))


def _say_setting(setting: MaskSetting) -> str:
    """Say how the mask came from the heat map."""
    ring = (
        " The upper limit cuts the hottest core out of the mask: a ring."
        if setting.high is not None and not setting.inverted
        else ""
    )
    return f"h is the heat, from 0 (coldest place) to 1 (hottest).{ring}"


def show_scores(telling: Telling, step: Step, part: Part) -> None:
    """Show mask and truth, and the scores beside the disk's."""
    if not step.is_known or telling.run is None:
        return
    row = find_current_row(telling.study, telling.run.run_id, telling.split)
    if row is None:
        return
    left, right = st.columns(2)
    with left:
        try:
            drawing = get_scored_drawing(telling.study, telling.run, row, telling.position)
        except MedxaiError:
            st.caption(UNREADABLE)
        else:
            st.image(drawing, width="stretch", alt="Where mask and truth agree and differ on this picture")
    with right:
        show_legend()
        facts = part.facts
        table = {words: format_score(facts[name]) for name, words in SCORE_NAMES.items()}
        table["Dice of a centred disk"] = format_score(facts["disk_dice"])
        st.table(table, border="horizontal", width="content", alt="Scores of this picture's mask, and the disk's Dice")
