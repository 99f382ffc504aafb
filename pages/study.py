"""Page: what a study holds, what could spoil it, where it stands; the demo; the import of pictures."""

import streamlit as st

from pages.components.cached import get_images, get_items
from pages.components.class_words import escape
from pages.components.clusters.start import JOB_KINDS
from pages.components.frame import find_current_study, keep_in_frame, require_pictures
from pages.components.job_buttons import show_last_failure
from pages.components.page_links import tell_unknown
from pages.components.study.health import show_health, show_relocation
from pages.components.study.importing import show_left_out
from pages.components.study.making import is_form_open, show_makings, turn_form
from pages.components.study.masks import show_adding_masks
from pages.components.study.overview import show_counts
from pages.components.study.pictures import finish_removal, show_asked_picture, show_pictures, show_removal
from pages.components.study.welcome import show_import_or_demo, show_welcome

keep_in_frame()
study = find_current_study()
if study is None:
    st.title("Welcome")
    show_makings()
    show_left_out()
    show_welcome()
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("New study" if is_form_open() else f"Study {escape(study.name)}", width="stretch")
    label, icon = ("Back", ":material/arrow_back:") if is_form_open() else ("New study", ":material/add:")
    st.button(label, key="new-study", icon=icon, on_click=turn_form)
show_makings()
show_left_out()
finish_removal(study)
if is_form_open():
    show_import_or_demo()
    st.stop()
require_pictures(study)

images, items = get_images(study), get_items(study)
show_last_failure(study, *JOB_KINDS)
names = ["Counts and examples", "Health check", "Look after it"]
tell_unknown({"study_tab": names})
holdings, health, care = st.tabs(names, on_change="rerun", key="study_tab", bind="query-params")
if holdings.open:
    with holdings:
        show_asked_picture(study, images)
        show_counts(study, images, items)
        show_pictures(study, images)
if health.open:
    with health:
        show_health(study)
if care.open:
    with care:
        st.markdown("#### Add masks")
        show_adding_masks(study)
        st.markdown("#### Remove a picture")
        show_removal(study)
        st.markdown("#### Where the pictures are")
        show_relocation(study)
