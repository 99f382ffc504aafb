"""Many small maps at once: all layers of one picture, one setting on many pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.masks import overlay_heatmap, overlay_mask, overlay_truth
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.masks import make_band
from medxai_core.views.mask_view import (
    compute_small_heatmaps,
    count_truth,
    cut_layer_mask,
    describe_plainly,
    sample_nearest,
)
from pages.components.masks import setting as keys
from pages.components.masks.pictures import encode_picture
from pages.components.masks.subject import (
    Subject,
    find_hidden_reason,
    find_truth,
    get_layer_map,
    get_raw_maps,
    get_shown,
    open_subject,
)

SHEET_SIDE, FILM_SIDE = 220, 320
FILM_LENGTH = 12
FILM = "masks_film"


def show_all_layers(subject: Subject, setting: MaskSetting) -> None:
    """Show the heat map of every layer over the picture; a button opens one."""
    align = bool(st.session_state[keys.ALIGN])
    sheet = subject.remember(("sheet", setting.method, align), lambda: _draw_sheet(subject, setting.method, align))
    st.caption("Heat map of every layer of this picture: early layers are fine, late ones coarse.")
    with st.grid("auto", min_column_width=120, gap="small") as grid:
        for layer, (content, is_blank) in sheet.items():
            with grid.cell():
                st.image(content, alt=f"Heat map of layer {layer}", width="stretch")
                st.button(
                    f"Layer {layer}" + (" (blank)" if is_blank else ""),
                    key=f"masks_sheet_{layer}",
                    type="primary" if layer == setting.layer else "tertiary",
                    width="stretch",
                    on_click=keys.put_layer,
                    args=(layer,),
                )


def _draw_sheet(subject: Subject, method: str, align: bool) -> dict[int, tuple[bytes, bool]]:
    """Draw the maps of all layers small, each with whether it is blank."""
    image = get_shown(subject, SHEET_SIDE)
    raw, _ = get_raw_maps(subject, method)
    small = compute_small_heatmaps(subject.maker, raw, size=image.shape[:2], align=align)
    return {
        layer: (encode_picture(overlay_heatmap(image, heatmap, opacity=0.6)), is_blank)
        for layer, (heatmap, is_blank) in small.items()
    }


def show_film(subject: Subject, setting: MaskSetting) -> None:
    """Show twelve pictures of the split under the current setting, on demand."""
    if subject.is_own:
        st.caption("Choose pictures of the study to see one setting on many of them.")
        return
    positions = subject.images.positions_in(subject.split)
    chosen = positions[np.unique(np.linspace(0, len(positions) - 1, FILM_LENGTH).round().astype(int))]
    align = bool(st.session_state[keys.ALIGN])
    is_hidden = find_hidden_reason(subject, setting, align=align) is not None  # a lock may have come or gone
    view = (str(subject.study.folder), subject.run.run_id, subject.split, setting, align, is_hidden)
    film = st.session_state.get(FILM)
    is_current = film is not None and film["view"] == view
    label = f"Show {len(chosen)} of {len(positions)} {subject.split} pictures under this setting"
    slot = st.empty()
    if not is_current and slot.button(label, icon=":material/movie:"):
        with slot:
            film = {"view": view, "frames": _draw_film(subject, setting, chosen, align=align)}
        slot.empty()
        st.session_state[FILM], is_current = film, True
    if is_current and film is not None:
        _show_frames(film["frames"], setting, n_pictures=len(positions), split=subject.split)
    else:
        st.caption("The pictures are spread evenly over the split. The first time takes about a second a picture.")


def _draw_film(subject: Subject, setting: MaskSetting, positions: np.ndarray, *, align: bool) -> list[dict]:
    """Draw the mask of some pictures, with a progress bar."""
    bar = st.progress(0.0, text="Making masks")
    frames = []
    for done, position in enumerate(positions, 1):
        frames.append(_draw_frame(subject, int(position), setting, align=align))
        bar.progress(done / len(positions), text=f"Making masks: {done} of {len(positions)}")
    return frames


def _draw_frame(subject: Subject, position: int, setting: MaskSetting, *, align: bool) -> dict:
    """Draw one picture with its mask; Dice only where the truth may be seen."""
    try:
        one = open_subject(subject.study, subject.run, subject.images, position)
        layer_map = get_layer_map(one, setting, align=align)
    except MedxaiError as error:
        return {"name": str(subject.images.image_ids[position])[:8], "error": error.message}
    truth, _ = find_truth(one, setting, align=align)
    image = get_shown(one, FILM_SIDE)
    mask = sample_nearest(cut_layer_mask(layer_map, make_band(setting)), image.shape[:2])
    frame = {"name": one.key[:8], "image_id": one.key, "dice": None, "reason": "truth not shown"}
    if truth is None:
        return frame | {"content": encode_picture(overlay_mask(image, mask))}
    scores = count_truth(layer_map, truth).score(make_band(setting))
    drawn = overlay_truth(image, mask, sample_nearest(truth, image.shape[:2]))
    return frame | {"content": encode_picture(drawn), "dice": scores.dice, "reason": scores.reason("dice")}


def _show_frames(frames: list[dict], setting: MaskSetting, *, n_pictures: int, split: str) -> None:
    """Show the frames with their Dice, and the mean of those that have one."""
    values = [frame["dice"] for frame in frames if frame.get("dice") is not None]
    words = f"{len(frames)} of {n_pictures} {split} pictures, {describe_plainly(setting)}."
    if values:
        words += f" Mean Dice {np.mean(values):.3f} over the {len(values)} of them where it is defined."
    st.caption(words)
    with st.grid("auto", min_column_width=170, gap="small") as grid:
        for frame in frames:
            with grid.cell():
                _show_frame(frame)


def _show_frame(frame: dict) -> None:
    """Show one picture of the film."""
    if "error" in frame:
        st.caption(f"{frame['name']}: cannot be shown.", help=frame["error"])
        return
    dice = f"Dice {frame['dice']:.3f}" if frame["dice"] is not None else (frame["reason"] or "")
    st.image(
        frame["content"],
        alt=f"Mask over picture {frame['name']}, {dice}",
        caption=f"{frame['name']} · {dice}",
        width="stretch",
    )
