"""Page: which pictures look alike, which cluster proposes which label, and how far to trust that."""

import streamlit as st

from medxai_core.records.clusterings import get_clustering
from medxai_core.views.cluster_view import list_clusterings_shown
from medxai_core.views.map_points import list_map_features
from pages.components.cached import get_items, get_newest_labelling
from pages.components.cluster_map import show_cluster_map
from pages.components.clusters.controls import choose_clustering, show_controls
from pages.components.clusters.map_message import MODES
from pages.components.clusters.panel import show_cluster, show_drivers
from pages.components.clusters.rounds import show_rounds
from pages.components.clusters.start import (
    JOB_KINDS,
    find_embedding,
    has_features,
    show_no_clusters,
    show_no_features,
    show_no_map,
)
from pages.components.frame import require_study
from pages.components.job_buttons import show_last_failure
from pages.components.page_links import tell_unknown

head = st.container(horizontal=True, vertical_alignment="bottom")
head.title("Clusters", width="stretch")
study = require_study()
names = ("One cluster", "Rounds of proposals", "What drives the clusters")
known_features = [one.key for one in list_map_features("lire")]
tell_unknown({"clusters_tab": names, "colour": MODES, "feature": known_features})
failure, choice, lead, body = (st.container() for _ in range(4))  # places that never move, see app.py
with failure:
    show_last_failure(study, *JOB_KINDS)
if not has_features(study):
    show_no_features(study)
    st.stop()

known = {row["clustering_id"]: row for row in list_clusterings_shown(study)}
with choice:
    clustering_id = choose_clustering(known)
with head:
    n_train = len(get_items(study).positions_in("train"))
    show_controls(study, n_train=n_train, newest=known.get(clustering_id))

with lead:
    if clustering_id is None:
        show_no_clusters(study)
embedding = find_embedding(study)
with body:
    if embedding is None:
        show_no_map(study)
    else:
        show_cluster_map(study, clustering_id, embedding)

if clustering_id is not None:
    clustering = get_clustering(study, clustering_id)
    one, rounds, drivers = st.tabs(names, on_change="rerun", key="clusters_tab", bind="query-params")
    if one.open:
        with one:
            show_cluster(study, clustering_id, clustering.cluster_ids)
    if rounds.open:
        with rounds:
            labelling = get_newest_labelling(study)
            if labelling is None:
                st.info("**No proposals yet.** Press *Propose labels* above.", icon=":material/info:")
            else:
                show_rounds(study, labelling, clustering_id=clustering_id)
    if drivers.open:
        with drivers:
            show_drivers(study, clustering_id, clustering.scaling)
