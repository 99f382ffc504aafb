"""Facts about the Review and Clusters pages where a class map proposes the labels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.class_map_labels import propose_by_class_map
from medxai_core.study import Study
from medxai_core.views.class_map_places import draw_class_map_places, get_class_map_places
from medxai_core.views.reasons import load_reasoning
from pages.components.review.queue import list_orders
from pages.components.review.reason import describe_reason
from pages.components.review_grid import name_group


def propose(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bands propose from scores that say the truth with some noise; nothing is learned from pictures."""
    items = list_items(study)
    scores = np.full(len(items), np.nan)
    train = items.positions_in("train")
    is_polyp = items.reference_labels[train] == "polyp"
    scores[train] = np.where(is_polyp, 1.5, -1.5) + np.random.default_rng(0).normal(size=len(train))
    places = np.full((len(items), 196), np.nan, np.float16)
    places[train] = np.where(is_polyp, 0.9, 0.1)[:, None]
    monkeypatch.setattr("medxai_core.stages.class_map_labels._learn", lambda *given, **more: None)
    monkeypatch.setattr("medxai_core.stages.class_map_labels._score_items", lambda *given: (scores, places))
    propose_by_class_map(study)


def test_the_reason_of_a_band_says_chance_band_and_share(small_study, monkeypatch):
    propose(small_study, monkeypatch)
    reasoning, items = load_reasoning(small_study), list_items(small_study)
    labelling = find_labelling(small_study)
    assert labelling is not None and labelling.is_by_bands and len(labelling.proposals)
    row = int(reasoning.rounds.proposals.rows[0])
    told = describe_reason(reasoning, items, row)
    proposal = labelling.proposals[str(items.item_ids[row])]
    n_labelled = reasoning.clustering.manifest["parameters"]["n_labelled"]
    assert f"learned from {n_labelled} labelled pictures" in told["sentences"][0] and " % for " in told["sentences"][0]
    assert f"band {proposal['cluster_id']} " in told["sentences"][1]
    assert "calibrated" in told["scale"] and told["next_title"].startswith("Bands")
    [group] = told["groups"]
    labels = {str(items.item_ids[one]): reasoning.labels[one] for one in reasoning.rounds.seed_rows}
    assert group["pictures"] and all(labels[one["item"]] == one["label"] for one in group["pictures"])
    assert "cluster" not in " ".join([*told["sentences"], *told["would_change_if"], told["why"], *told["runners_up"]])


def test_where_the_class_map_sees_polyp_is_drawn_on_the_tile(small_study, monkeypatch):
    items, images = list_items(small_study), list_images(small_study)
    train = items.positions_in("train")
    assert get_class_map_places(small_study, int(train[0])) is None
    assert draw_class_map_places(small_study, images, items, int(train[0])) is None
    propose(small_study, monkeypatch)
    polyp, other = (next(int(r) for r in train if items.reference_labels[r] == name) for name in ("polyp", "non_polyp"))
    places = [get_class_map_places(small_study, one) for one in (polyp, other)]
    assert [one.shape for one in places] == [(14, 14)] * 2 and places[0].mean() > 0.85 > 0.15 > places[1].mean()
    light, dark = (draw_class_map_places(small_study, images, items, one) for one in (polyp, other))
    with Image.open(io.BytesIO(light)) as bright, Image.open(io.BytesIO(dark)) as dim:
        assert np.asarray(bright).mean() > np.asarray(dim).mean()
    reasoning = load_reasoning(small_study)
    told = describe_reason(reasoning, items, int(reasoning.rounds.proposals.rows[0]), drawn=light)
    assert told["drawn"]["url"].startswith("data:image/jpeg;base64,")
    assert get_class_map_places(small_study, int(items.positions_in("test")[0])) is None


def test_the_review_speaks_of_bands_and_offers_both_ways_again(open_page, small_study, monkeypatch):
    before = [order for order, _ in list_orders(small_study)]
    assert name_group("k12-abc") == name_group(None) == "cluster"
    propose(small_study, monkeypatch)
    labelling = find_labelling(small_study)
    assert labelling is not None and name_group(labelling.clustering_id) == "band"
    left = [order for order, _ in list_orders(small_study)]
    assert set(before) - set(left) == {"border", "farthest"}
    started = []
    monkeypatch.setattr("pages.components.review.start.start_job", lambda *given, **more: started.append(given))
    app = open_page("review")
    assert not app.exception
    buttons = {button.label: button for button in app.button}
    assert "Propose again by 10 clusters" in buttons
    buttons["Propose again by a class map"].click().run()
    [(_, kind, arguments)] = started
    assert kind == "pseudo-label" and arguments[arguments.index("--by") + 1] == "class-map"


def test_without_proposals_both_ways_are_offered(open_page, fresh_study, read_page, monkeypatch):
    started = []
    monkeypatch.setattr("pages.components.review.start.start_job", lambda *given, **more: started.append(given))
    app = open_page("review")
    assert "No label is proposed yet" in read_page(app) and "pictures, about 1 minute on two cores" in read_page(app)
    next(button for button in app.button if button.label == "Propose labels by a class map").click().run()
    assert started[0][2][:4] == ["pseudo-label", str(fresh_study.folder), "--by", "class-map"]


def test_the_rounds_of_a_class_map_are_shown_as_bands(open_page, small_study, read_page, monkeypatch):
    propose(small_study, monkeypatch)
    app = open_page("clusters", clusters_tab="Rounds of proposals")
    assert not app.exception
    assert "proposed by a class map, not by clusters" in read_page(app)
    [table] = [one.value for one in app.dataframe if "Band" in one.value.columns]
    labelling = find_labelling(small_study)
    assert labelling is not None and table["Band"].tolist() == [one["cluster_id"] for one in labelling.rounds]
