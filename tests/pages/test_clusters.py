"""Facts about the Clusters page around the map: what each tab tells, what each step starts."""

from __future__ import annotations

import json
import time

import pytest

from medxai_core.events import list_events
from medxai_core.jobs import list_jobs
from medxai_core.readers import get_default_reader
from medxai_core.records.labellings import find_labelling


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
    assert "medxai_cluster_map" not in [one.proto.component_name for one in app.get("bidi_component")]


def test_the_rounds_are_told_with_their_end(open_page, small_study, read_page):
    app = open_page("clusters", clusters_tab="Rounds of proposals")
    labelling = find_labelling(small_study)
    assert len(app.dataframe[0].value) == len(labelling.rounds)
    assert "no pure cluster with anything unlabelled was left" in read_page(app)
    assert f"{labelling.n_labelled} labelled of 1000 aimed at" in read_page(app)


def test_what_drives_the_clusters_is_told_honestly(open_page, small_study, read_page):
    app = open_page("clusters", clusters_tab="What drives the clusters")
    text = read_page(app)
    assert "texture directions and colours" in text
    assert "upper left corner" in text
    shares = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    assert len(shares["y"]) == 4


def test_items_are_called_tiles_where_they_are_tiles(open_page, small_study, read_page):
    for tab in ("One cluster", "Rounds of proposals", "What drives the clusters"):
        text = read_page(open_page("clusters", clusters_tab=tab))
        assert "tiles" in text or tab == "Rounds of proposals"
        assert "ictures" not in text.replace("No pictures", "")
    assert "Tiles" in read_page(open_page("clusters"))


def test_a_link_opens_its_cluster(open_page, small_study):
    app = open_page("clusters", cluster="3")
    assert app.selectbox(key="cluster").value == "3"
    assert app.query_params["cluster"] == "3"


def test_clustering_starts_as_a_job_with_the_settings_asked_for(open_page, small_study):
    app = open_page("clusters")
    app.number_input(key="cluster-k").set_value(5)
    app.selectbox(key="cluster-scaling").select("descriptor")
    app.button(key="start-cluster").click().run()
    [job] = list_jobs(small_study)
    assert job["parameters"]["arguments"] == [
        "cluster", str(small_study.folder), "--k=5", "--scaling=descriptor", "--seed=0",
        f"--reader={get_default_reader()}",
    ]  # fmt: skip
    wait_for_jobs(small_study)
    assert list_events(small_study, kind="cluster")[-1]["actor"] == get_default_reader()
    again = open_page("clusters")
    assert again.selectbox(key="clustering").options[0].startswith("5 clusters, features every kind")


def test_a_failed_job_is_told_until_the_next_one(open_page, fresh_study, read_page):
    from medxai_core.errors import StageMissingError
    from medxai_core.jobs import running_job

    with pytest.raises(StageMissingError), running_job(fresh_study, "cluster", title="Clusters", parameters={}):
        raise StageMissingError("no features yet.", "Extract them first.")
    assert "Extract them first" in read_page(open_page("clusters")).replace("\\", "")
