"""Facts about the Clusters page: what the map shows and hides, what a selection gives, what each step starts."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from medxai_core.jobs import list_jobs
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_items
from medxai_core.stages.labels import get_label_states
from pages.components.clusters.choice import KEY, Choice


def read_map(app) -> dict:
    """Return the figure of the map."""
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def wait_for_jobs(study):
    """Wait until no job is at work."""
    for _ in range(600):
        if not list_jobs(study, only_open=True):
            return
        time.sleep(0.1)


def test_without_a_study_the_page_leads_to_one(open_page, read_page):
    assert "There is no study yet" in read_page(open_page("clusters"))


def test_without_features_the_page_offers_to_extract_them(open_page, fresh_study, read_page):
    app = open_page("clusters")
    assert not app.exception
    assert "No features yet" in read_page(app)
    assert [button.label for button in app.button if button.label == "Extract features"]
    assert not app.get("plotly_chart")


def test_every_item_is_a_point_and_carries_its_id(open_page, small_study):
    app = open_page("clusters")
    assert not app.exception
    ids = [item_id for trace in read_map(app)["data"] for item_id in trace["customdata"]]
    assert sorted(ids) == sorted(list_items(small_study).item_ids)


def test_only_labels_in_force_are_coloured_so_no_test_picture_has_one(open_page, small_study):
    app = open_page("clusters", colour="Label in force")
    items = list_items(small_study)
    states = get_label_states(small_study, items)
    for trace in read_map(app)["data"]:
        label = {"polyp": "polyp", "non-polyp": "non_polyp"}.get(trace["name"].split(" ")[0])
        for item_id in trace["customdata"]:
            state = states.get(item_id)
            assert (state.label if state else None) == label
    hidden = items.item_ids[np.isin(items.splits.astype(str), ["tuning", "test"])]
    [grey] = [trace for trace in read_map(app)["data"] if trace["name"].startswith("no label")]
    assert set(hidden) <= set(grey["customdata"])


@pytest.mark.parametrize("mode", ["Source of the label", "Round", "Split", "A feature"])
def test_every_way_to_colour_shows_every_item(open_page, small_study, mode):
    app = open_page("clusters", colour=mode)
    assert not app.exception
    assert sum(len(trace["customdata"]) for trace in read_map(app)["data"]) == len(list_items(small_study))


def test_hovering_names_id_cluster_and_label_but_no_file(open_page, small_study):
    texts = [text for trace in read_map(open_page("clusters"))["data"] for text in trace["text"]]
    assert all("cluster" in text for text in texts)
    assert "smith" not in json.dumps(texts)


def test_a_selection_is_shown_as_pictures_and_can_be_exported(open_page, small_study, read_page):
    chosen = [str(item_id) for item_id in list_items(small_study).item_ids[:5]]
    app = open_page("clusters")
    app.session_state[KEY] = Choice(str(small_study.folder), selected=chosen, words="Selected on the map")
    app.run()
    assert "Selected on the map: 5" in read_page(app)
    assert sorted(box.key for box in app.checkbox) == sorted(f"pick-{item_id}" for item_id in chosen)
    assert [button for button in app.get("download_button") if button.proto.label == "Export"]


def test_a_large_selection_says_how_many_of_it_are_shown(open_page, small_study, read_page):
    chosen = [str(item_id) for item_id in list_items(small_study).item_ids]
    app = open_page("clusters")
    app.session_state[KEY] = Choice(str(small_study.folder), selected=chosen)
    app.run()
    assert f"Showing 60 of {len(chosen)}" in read_page(app)
    assert len(app.checkbox) == 60


def test_ticking_a_picture_rings_its_point(open_page, small_study):
    chosen = [str(item_id) for item_id in list_items(small_study).item_ids[:3]]
    app = open_page("clusters")
    app.session_state[KEY] = Choice(str(small_study.folder), selected=chosen)
    app.run()
    app.checkbox(key=f"pick-{chosen[1]}").check().run()
    rings = [trace for trace in read_map(app)["data"] if trace["name"].startswith("picked")]
    assert [trace["name"] for trace in rings] == ["picked (1)"]
    assert app.session_state[KEY].selected == chosen


def test_a_cluster_can_be_shown_on_the_map(open_page, small_study):
    app = open_page("clusters")
    [button] = [button for button in app.button if button.label == "Show on the map"]
    button.click().run()
    choice = app.session_state[KEY]
    labelling = find_labelling(small_study)
    cluster = int(choice.words.removeprefix("Cluster "))
    assert labelling is not None and choice.selected
    members = {item_id for item_id, row in labelling.proposals.items() if row["cluster_id"] == cluster}
    assert members <= set(choice.selected)


def test_the_rounds_are_told_with_their_end(open_page, small_study, read_page):
    app = open_page("clusters", clusters_tab="Rounds of proposals")
    labelling = find_labelling(small_study)
    assert len(app.dataframe[0].value) == len(labelling.rounds)
    assert "no pure cluster with unlabelled pictures was left" in read_page(app)
    assert f"{labelling.n_labelled} labelled of 1000 aimed at" in read_page(app)


def test_what_drives_the_clusters_is_told_honestly(open_page, small_study, read_page):
    app = open_page("clusters", clusters_tab="What drives the clusters")
    text = read_page(app)
    assert "texture directions and colours" in text
    assert "upper left corner" in text
    shares = json.loads(app.get("plotly_chart")[1].proto.spec)["data"][0]
    assert len(shares["y"]) == 4


def test_the_map_warns_of_itself(open_page, small_study, read_page):
    text = read_page(open_page("clusters"))
    assert "Trustworthiness 0.91" in text
    assert "mislead" in text


def test_clustering_starts_as_a_job_with_the_settings_asked_for(open_page, small_study):
    app = open_page("clusters")
    app.number_input(key="cluster-k").set_value(5)
    app.selectbox(key="cluster-scaling").select("descriptor")
    app.button(key="start-cluster").click().run()
    [job] = list_jobs(small_study)
    assert job["parameters"]["arguments"] == [
        "cluster", str(small_study.folder), "--k=5", "--scaling=descriptor", "--seed=0",
    ]  # fmt: skip
    wait_for_jobs(small_study)
    again = open_page("clusters")
    assert again.selectbox(key="clustering").options[0].startswith("5 clusters, features every kind")


def test_a_failed_job_is_told_until_the_next_one(open_page, fresh_study, read_page):
    from medxai_core.errors import StageMissingError
    from medxai_core.jobs import running_job

    with pytest.raises(StageMissingError), running_job(fresh_study, "cluster", title="Clusters", parameters={}):
        raise StageMissingError("no features yet.", "Extract them first.")
    assert "Extract them first" in open_page("clusters").error[0].value.replace("\\", "")
