"""The pictures of the mask viewer: picture, heat map, mask, comparison with the truth."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from medxai_core.masks import (
    FALSE_COLOR,
    HIT_COLOR,
    MASK_COLOR,
    MISSED_COLOR,
    make_color_table,
    overlay_heatmap,
    overlay_mask,
    overlay_truth,
)
from medxai_core.records.masks import MaskSetting
from medxai_core.stages.masks import make_band
from medxai_core.views.mask_view import LayerMap, cut_layer_mask, describe_hottest, sample_nearest
from pages.components.masks import setting as keys
from pages.components.masks.subject import Subject, get_shown

SMALL, LARGE = 560, 900
ORDER = ("plain", "truth", "heat", "mask")


@dataclass(frozen=True)
class Panel:
    """Hold one encoded picture with its caption and its words for those who cannot see it."""

    caption: str
    alt: str
    content: bytes


def show_pictures(subject: Subject, layer_map: LayerMap, setting: MaskSetting, truth: np.ndarray | None) -> None:
    """Show the views of one picture under one setting."""
    is_single = st.session_state[keys.LAYOUT] == "one"
    wanted = [st.session_state[keys.OVERLAY]] if is_single else ORDER
    draw = Drawing(subject, layer_map, setting, truth, longest=LARGE if is_single else SMALL)
    if is_single:
        panel = draw.panel(wanted[0])
        st.image(panel.content, caption=panel.caption, alt=panel.alt, width="stretch")
    else:
        for pair in (wanted[:2], wanted[2:]):
            for column, name in zip(st.columns(2, gap="small"), pair, strict=True):
                panel = draw.panel(name)
                column.image(panel.content, caption=panel.caption, alt=panel.alt, width="stretch")
    show_legend(with_truth=draw.compares)


class Drawing:
    """Draw the views of one picture at the size they are shown; nothing is drawn at full size."""

    def __init__(
        self,
        subject: Subject,
        layer_map: LayerMap,
        setting: MaskSetting,
        truth: np.ndarray | None,
        *,
        longest: int,
    ) -> None:
        self.subject, self.layer_map, self.setting, self.longest = subject, layer_map, setting, longest
        self.opacity = float(st.session_state[keys.OPACITY])
        self.contour = bool(st.session_state[keys.CONTOUR])
        self.image = get_shown(subject, longest)
        size = (self.image.shape[0], self.image.shape[1])
        self.levels = sample_nearest(layer_map.levels, size)
        self.truth = None if truth is None else sample_nearest(truth, size)
        mask = cut_layer_mask(layer_map, make_band(setting))
        self.area = float(mask.mean())
        self.mask = sample_nearest(mask, size)

    @property
    def compares(self) -> bool:
        """True when the mask is drawn against the truth."""
        return self.truth is not None and bool(st.session_state[keys.COLORS])

    def panel(self, name: str) -> Panel:
        """Draw one view by its name in `ORDER`."""
        return {"plain": self.plain, "heat": self.heat, "mask": self.black_and_white, "truth": self.over}[name]()

    def plain(self) -> Panel:
        """Draw the picture itself."""
        content = self.subject.remember(("plain", self.longest), lambda: encode_picture(self.image))
        height, width = self.subject.size
        name = self.subject.name.capitalize()
        return Panel(f"{name}, {width} x {height} px", f"{name}, as it is", content)

    def heat(self) -> Panel:
        """Draw the heat map over the picture; it does not depend on the threshold."""
        setting = self.setting
        view = (
            "heat",
            setting.method,
            setting.layer,
            st.session_state[keys.ALIGN],
            self.opacity,
            self.longest,
        )
        content = self.subject.remember(
            view, lambda: encode_picture(overlay_heatmap(self.image, self.levels, opacity=self.opacity))
        )
        alt = f"Heat map of layer {setting.layer} over {self.subject.name}, {describe_hottest(self.layer_map)}"
        return Panel(f"Heat map, layer {setting.layer}", alt, content)

    def black_and_white(self) -> Panel:
        """Draw the mask as it is handed in."""
        words = f"{self.area:.1%} of the picture"
        return Panel(f"Mask, white: {words}", f"Mask of {self.subject.name}: {words}", encode_mask(self.mask))

    def over(self) -> Panel:
        """Draw the mask over the picture, against the truth where that may be seen."""
        options = {"opacity": self.opacity, "contour": self.contour}
        if self.truth is not None and self.compares:
            drawn = overlay_truth(self.image, self.mask, self.truth, **options)
            shares = (self.mask & self.truth, self.truth & ~self.mask, self.mask & ~self.truth)
            hit, missed, false = (f"{part.mean():.0%}" for part in shares)
            alt = f"Mask against truth: hit {hit}, missed {missed}, false {false} of the picture"
            return Panel("Mask against truth", alt, encode_picture(drawn))
        drawn = overlay_mask(self.image, self.mask, **options)
        return Panel("Mask over the picture", f"Mask over {self.subject.name}", encode_picture(drawn))


def encode_picture(image: np.ndarray) -> bytes:
    """Encode a picture (h, w, 3) uint8 as JPEG without colour blur."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=86, subsampling=0)
    return buffer.getvalue()


def encode_mask(mask: np.ndarray) -> bytes:
    """Encode a mask (h, w) bool as a black and white PNG."""
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def show_legend(*, with_truth: bool) -> None:
    """Say what the colours mean; the words stand beside the colours, for eyes that cannot tell them apart."""
    table = make_color_table()[::32]
    steps = ", ".join(f"rgb({r},{g},{b})" for r, g, b in table.tolist())
    bar = f'<span style="{_BAR}background:linear-gradient(90deg,{steps})"></span>'
    if with_truth:
        parts = [
            _swatch(HIT_COLOR, "hit: mask and polyp"),
            _swatch(MISSED_COLOR, "missed: polyp only"),
            _swatch(FALSE_COLOR, "false: mask only"),
        ]
    else:
        parts = [_swatch(MASK_COLOR, "mask")]
    st.html(f'<div style="{_ROW}"><span>cold 0 {bar} 1 hot</span>{"".join(parts)}</div>')


_ROW = "display:flex;flex-wrap:wrap;gap:0.3rem 1.2rem;font-size:0.85rem;opacity:0.85;align-items:center"
_BAR = "display:inline-block;width:6rem;height:0.7rem;border-radius:2px;vertical-align:-0.05rem;margin:0 0.2rem;"
_BOX = "display:inline-block;width:0.8rem;height:0.8rem;border-radius:2px;vertical-align:-0.1rem;"


def _swatch(color: tuple[int, int, int], words: str) -> str:
    """Return one colour with its meaning; both are fixed texts of this file."""
    r, g, b = color
    box = f"{_BOX}background:rgb({r},{g},{b});border:1px solid rgba(128,128,128,.6);margin-right:0.35rem"
    return f'<span><span style="{box}"></span>{words}</span>'
