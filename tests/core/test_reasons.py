"""The reasons of recorded proposals are those of the rounds that made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.clusters import compute_centers
from medxai_core.pseudo_labels import explain_proposal, propose_labels
from medxai_core.records.decisions import list_decisions
from medxai_core.records.pictures import list_items
from medxai_core.stages.labels import decide, get_starting_labels
from medxai_core.study import Study
from medxai_core.views.proposal_queue import measure_proposals, order_proposals
from medxai_core.views.reasons import Reasoning, explain_item, load_reasoning
from medxai_core.views.seeds import count_starting_labels, suggest_study_seeds


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, phantom_folder: Path) -> Study:
    made = make_small_study(tmp_path_factory.mktemp("study") / "small", phantom_folder)
    record_plain_features(made)
    propose(made)
    return made


@pytest.fixture(scope="module")
def reasoning(study: Study) -> Reasoning:
    return load_reasoning(study)


def test_the_rebuilt_rounds_are_those_that_the_rule_gives(study: Study, reasoning: Reasoning) -> None:
    again = propose_labels(
        np.asarray(reasoning.clustering.cluster_ids), get_starting_labels(study, list_items(study)), target=1000
    )
    assert [one.why for one in again.rounds] == [one.why for one in reasoning.rounds.rounds]
    assert np.array_equal(again.proposals.rows, reasoning.rounds.proposals.rows)
    assert np.array_equal(again.seed_rows, reasoning.rounds.seed_rows)


def test_a_reason_is_the_same_from_the_record_as_from_the_rule(study: Study, reasoning: Reasoning) -> None:
    row = int(reasoning.rounds.proposals.rows[0])
    again = propose_labels(np.asarray(reasoning.clustering.cluster_ids), reasoning.labels, target=1000)
    told = explain_proposal(
        row, again, cluster_ids=np.asarray(reasoning.clustering.cluster_ids), labels=reasoning.labels,
        features=reasoning.features, distances=np.asarray(reasoning.clustering.distances),
    )  # fmt: skip
    assert explain_item(reasoning, row).reason == told


def test_all_labelled_members_of_the_cluster_carry_the_proposed_label(reasoning: Reasoning) -> None:
    for row in reasoning.rounds.proposals.rows:
        found = explain_item(reasoning, int(row))
        assert {member.label for member in found.members} == {found.reason.label}
        distances = [member.distance for member in found.members]
        assert distances == sorted(distances)


def test_decisions_taken_after_the_rounds_do_not_change_their_reasons(study: Study, reasoning: Reasoning) -> None:
    row = int(reasoning.rounds.proposals.rows[-1])
    decide(study, str(list_items(study).item_ids[row]), "accept", reader="r1")
    later = load_reasoning(study)
    assert later.seeds_agree
    assert np.array_equal(later.rounds.seed_rows, reasoning.rounds.seed_rows)


def test_every_order_holds_every_proposal_once(study: Study, reasoning: Reasoning) -> None:
    measures = measure_proposals(reasoning, list_items(study))
    for order in ("uncertain", "border", "farthest", "newest", "random"):
        assert sorted(order_proposals(measures, order)) == sorted(measures.item_ids)


def test_the_first_of_each_order_is_the_extreme_one(study: Study, reasoning: Reasoning) -> None:
    measures = measure_proposals(reasoning, list_items(study))
    place = {str(item_id): i for i, item_id in enumerate(measures.item_ids)}
    assert measures.certainties[place[order_proposals(measures, "uncertain")[0]]] == measures.certainties.min()
    assert measures.margins[place[order_proposals(measures, "border")[0]]] == measures.margins.min()
    assert measures.distances[place[order_proposals(measures, "farthest")[0]]] == measures.distances.max()
    assert measures.rounds[place[order_proposals(measures, "newest")[0]]] == measures.rounds.max()


def test_the_border_is_that_to_the_nearest_of_all_clusters(study: Study, reasoning: Reasoning) -> None:
    measures = measure_proposals(reasoning, list_items(study))
    features, cluster_ids = reasoning.features, np.asarray(reasoning.clustering.cluster_ids)
    centers = compute_centers(features, np.where(features.known, cluster_ids, -1))
    ways = np.linalg.norm(features.at(measures.rows)[:, None] - centers, axis=2)
    own = ways[np.arange(len(ways)), measures.cluster_ids]
    ways[np.arange(len(ways)), measures.cluster_ids] = np.inf
    np.testing.assert_allclose(measures.margins, np.nanmin(ways, axis=1) - own, atol=1e-6)
    assert len(set(measures.cluster_ids)) < len(centers)  # some clusters propose nothing, and count


def test_the_random_order_is_the_same_every_time(study: Study, reasoning: Reasoning) -> None:
    measures = measure_proposals(reasoning, list_items(study))
    assert order_proposals(measures, "random") == order_proposals(measures, "random")
    assert order_proposals(measures, "random") != [str(item_id) for item_id in measures.item_ids]


def test_the_first_suggested_seeds_are_of_different_groups(study: Study) -> None:
    items = list_items(study)
    place = {str(item_id): i for i, item_id in enumerate(items.item_ids)}
    suggested = suggest_study_seeds(study, 6)
    assert len({place[item_id] % 6 for item_id in suggested}) == 6
    assert not any(items.is_seed[place[item_id]] for item_id in suggested)
    assert all(items.splits[place[item_id]] == "train" for item_id in suggested)


def test_fewer_suggestions_are_the_first_of_more(study: Study) -> None:
    assert suggest_study_seeds(study, 10)[:4] == suggest_study_seeds(study, 4)


def test_the_starting_labels_are_counted_as_the_rounds_take_them(study: Study) -> None:
    items = list_items(study)
    for item_id, label in zip(suggest_study_seeds(study, 3), ("polyp", "polyp", "non_polyp"), strict=True):
        decide(study, item_id, "label", label=label, reader="r1")
    labels = get_starting_labels(study, items)
    counted = {name: int((labels == name).sum()) for name in ("non_polyp", "polyp")}
    assert count_starting_labels(items, list_decisions(study)) == counted
