"""The story of one picture: the way in short, then one card a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.images.tile_view import mark_tile
from medxai_core.life_story import LifeStory, Part, Step
from medxai_core.records.pictures import Images
from medxai_core.records.runs import RecordedRun
from medxai_core.study import Study
from pages.components.cached import get_images, get_items, get_shown_picture
from pages.components.class_words import escape, say_plainly, shorten
from pages.components.links import PAGES
from pages.components.page_links import open_page

STEP_ICONS = {
    "file": ":material/image:",
    "features": ":material/tune:",
    "cluster": ":material/bubble_chart:",
    "proposal": ":material/sell:",
    "decisions": ":material/how_to_reg:",
    "split": ":material/call_split:",
    "prediction": ":material/psychology:",
    "evidence": ":material/label_important:",
    "heatmap": ":material/local_fire_department:",
    "mask": ":material/gesture:",
    "scores": ":material/query_stats:",
}
NO_TRACE = ":material/visibility_off:"
LONGEST = 520


@dataclass(frozen=True)
class Telling:
    """Hold what the cards of one story need."""

    study: Study
    story: LifeStory
    run: RecordedRun | None
    item_id: str | None

    @property
    def images(self) -> Images:
        """Return the pictures of the study."""
        return get_images(self.study)

    @cached_property
    def position(self) -> int:
        """Return the position of the picture."""
        return int(np.flatnonzero(self.images.image_ids == self.story.image_id)[0])

    @cached_property
    def row(self) -> int:
        """Return the position of the tile, or of the picture as an item."""
        return int(np.flatnonzero(get_items(self.study).item_ids == (self.item_id or self.story.item_ids[0]))[0])

    @property
    def split(self) -> str:
        """Return the split of the picture."""
        return str(self.images.splits[self.position])

    @property
    def size(self) -> tuple[int, int]:
        """Return height and width of the picture."""
        return int(self.images.heights[self.position]), int(self.images.widths[self.position])


Visual = Callable[[Telling, Step, Part], None]


def show_picture(telling: Telling) -> None:
    """Show the picture, the chosen tile standing out."""
    try:
        small = get_shown_picture(telling.study, telling.images.relative_paths[telling.position], longest=LONGEST)
    except MedxaiError:  # its words name the file
        st.caption(
            ":material/broken_image: The picture cannot be read now. The Study page says which files are missing."
        )
        return
    if telling.item_id:
        x0, y0, x1, y1 = (int(side) for side in get_items(telling.study).boxes[telling.row])
        height, width = telling.size
        small = mark_tile(small, (x0, y0, x1, y1), picture_size=(width, height))
    st.image(small, width="stretch", alt=f"Picture {shorten(telling.story.image_id)}")


def show_way(story: LifeStory) -> None:
    """Show all steps in one line: what is known, and what is not."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for number, step in enumerate(story.steps, 1):
            if number > 1:
                st.markdown(":gray[:material/chevron_right:]", width="content")
            icon, color = (STEP_ICONS[step.key], "primary") if step.is_known else (NO_TRACE, "gray")
            st.markdown(f"[:{color}-badge[{icon} {step.title}]](#{name_anchor(step)})", width="content")
    st.caption(f"{NO_TRACE} These steps left no trace for this picture, or are hidden; their cards say why.")


def name_anchor(step: Step) -> str:
    """Return where the card of a step stands in the page."""
    return f"step-{step.key}"


def show_cards(telling: Telling, visuals: dict[str, Visual]) -> None:
    """Show one card a step, an arrow between two."""
    for number, step in enumerate(telling.story.steps, 1):
        if number > 1:
            st.markdown(f"[:gray[:material/arrow_downward:]](#{name_anchor(step)})", text_alignment="center")
        _show_card(telling, number, step, visuals.get(step.key))


def _show_card(telling: Telling, number: int, step: Step, visual: Visual | None) -> None:
    """Show what a step says, what it shows, and what it does not prove."""
    part = step.part_of(telling.item_id)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f"{number} {step.title}", icon=STEP_ICONS[step.key], anchor=name_anchor(step))
            with st.container(horizontal=True, horizontal_alignment="right"):
                _show_link(telling, step)
        st.markdown(escape(say_plainly(part.words)))
        if visual is not None:
            visual(telling, step, part)
        st.markdown(f":gray[:material/block: **Does not prove** {escape(step.not_proof)}]")


def _show_link(telling: Telling, step: Step) -> None:
    """Show the way to the page that a step belongs to."""
    title = next(page.title for page in PAGES if page.name == step.page)
    if step.key == "heatmap" and telling.run is not None:
        where = {"run": telling.run.run_id, "transparency_part": "Tests of the maps"}
        open_page("transparency", "Tests of the maps", key="story-tests", icon=":material/rule:", **where)
    open_page(step.page, title, key=f"story-{step.key}", **find_place(telling, step))


def find_place(telling: Telling, step: Step) -> dict[str, str]:
    """Return where on its page a step leads to, as parts of an address."""
    run = {} if telling.run is None else {"run": telling.run.run_id}
    item_id = telling.item_id or telling.story.item_ids[0]
    places = {
        "study": {"image": telling.story.image_id},
        "clusters": _find_cluster(telling),
        "review": {"review_item": item_id} if telling.split == "train" else {},
        "training": run,
        "masks": {"split": telling.split, "image": telling.story.image_id} | run,
        "evaluation": {"split": telling.split, "evaluation_part": "Pictures"} | run,
    }
    return places[step.page]


def _find_cluster(telling: Telling) -> dict[str, str]:
    """Return which cluster the item lies in; nothing for one that was not clustered."""
    facts = telling.story.get("cluster").part_of(telling.item_id).facts
    if facts.get("cluster_id") is None:
        return {}
    return {"clusters_tab": "One cluster", "cluster": str(facts["cluster_id"]), "clustering": facts["clustering_id"]}
