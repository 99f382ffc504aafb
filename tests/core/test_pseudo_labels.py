"""Facts about the pseudo-label rounds and the reasons given for each proposal."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from published_loop import run_published_loop

from medxai_core.clusters import fit_clusters
from medxai_core.errors import NoSeedsError
from medxai_core.pseudo_labels import (
    explain_proposal,
    explain_unlabelled,
    propose_labels,
    select_training_rows,
)

P, N = "polyp", "non_polyp"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "lire" / "synthetic.csv"


def read_golden(path: Path) -> np.ndarray:
    """Return LIRE's 226 numbers for each picture of a table."""
    with path.open(newline="") as file:
        return np.array([row[1:] for row in list(csv.reader(file))[1:]], dtype=np.float64)


def draw_seeds(n: int, n_seeds: int, *, seed: int) -> list[str | None]:
    """Label a few rows at random, half of them polyp."""
    labels: list[str | None] = [None] * n
    for i, row in enumerate(np.random.default_rng(seed).permutation(n)[:n_seeds]):
        labels[row] = (P, N)[i % 2]
    return labels


def check_same_as_published(features: np.ndarray, labels: list[str | None], *, k: int, target: int) -> int:
    """Compare one fit with the published loop, label by label and round by round; return the rounds."""
    published = run_published_loop(features, labels, k=k, target=target)
    found = propose_labels(fit_clusters(features, k).cluster_ids, labels, target=target)
    ours = list(labels)
    for row, label in zip(found.proposals.rows, found.proposals.labels, strict=True):
        ours[row] = label
    assert ours == published.labels
    assert [(one.cluster_id, one.label, one.rows_given.tolist()) for one in found.rounds] == published.rounds
    assert found.stop_reason == published.ended
    return len(found.rounds)


class TestOneFitEqualsThePublishedLoop:
    @pytest.mark.parametrize(("k", "n_seeds", "target"), [(8, 8, 40), (15, 10, 45), (25, 16, 1000)])
    def test_on_real_endoscopy_features(self, lire_golden, k, n_seeds, target):
        features = read_golden(lire_golden / "kvasir_seg.csv")
        n_rounds = [
            check_same_as_published(features, draw_seeds(60, n_seeds, seed=seed), k=k, target=target)
            for seed in range(2)
        ]
        assert max(n_rounds) > 1

    def test_on_generated_pictures_with_equal_ones_among_them(self):
        features = read_golden(GOLDEN)
        assert check_same_as_published(features, draw_seeds(len(features), 12, seed=0), k=12, target=60) > 1

    def test_on_a_random_mixture(self):
        rng = np.random.default_rng(0)
        features = rng.normal(scale=4, size=(12, 20))[rng.integers(12, size=400)] + rng.normal(size=(400, 20))
        assert check_same_as_published(features, draw_seeds(400, 24, seed=1), k=30, target=200) > 3


#            cluster 0      cluster 1        cluster 2   cluster 3  none
IDS = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, -1])
LABELS = [P, N, None, P, P, None, None, N, None, None, P, P, None]


class TestRule:
    def test_the_pure_cluster_with_most_labelled_members_goes_first(self):
        found = propose_labels(IDS, LABELS)
        assert [(one.cluster_id, one.label) for one in found.rounds] == [(1, P), (2, N)]
        assert found.proposals.rows.tolist() == [5, 6, 8, 9]
        assert found.proposals.labels.tolist() == [P, P, N, N]
        assert found.proposals.rounds.tolist() == [1, 1, 2, 2]
        assert found.proposals.cluster_ids.tolist() == [1, 1, 2, 2]

    def test_mixed_full_and_unclustered_pictures_get_nothing(self):
        rows = propose_labels(IDS, LABELS).proposals.rows
        assert not {2, 10, 11, 12} & set(rows.tolist())  # mixed cluster, full cluster, no cluster

    def test_of_equal_clusters_the_lowest_number_goes_first(self):
        found = propose_labels([4, 4, 2, 2, 3, 3], [P, None, N, None, P, None])
        assert [one.cluster_id for one in found.rounds] == [2, 3, 4]
        assert [other.cluster_id for other in found.rounds[0].runners_up] == [3, 4]
        assert "cluster 3 has as many, and the lower number goes first" in found.rounds[0].why

    def test_renumbering_rows_gives_the_same_labels_to_the_same_pictures(self):
        order = np.random.default_rng(0).permutation(len(IDS))
        found = propose_labels(IDS[order], [LABELS[row] for row in order])
        given = dict(zip(order[found.proposals.rows].tolist(), found.proposals.labels, strict=True))
        assert given == {5: P, 6: P, 8: N, 9: N}

    def test_one_cluster_a_round_and_the_last_round_may_pass_the_target(self):
        found = propose_labels(IDS, LABELS, target=8)
        assert [one.n_labelled_after for one in found.rounds] == [9]
        assert found.n_labelled == 9
        assert found.stop_reason == "target_reached"

    def test_nothing_is_proposed_when_the_target_is_met_already(self):
        found = propose_labels(IDS, LABELS, target=7)
        assert (found.rounds, len(found.proposals), found.stop_reason) == ((), 0, "target_reached")
        assert select_training_rows(found).tolist() == [0, 1, 3, 4, 7, 10, 11]

    def test_stop_reasons(self):
        assert propose_labels(IDS, LABELS, target=1000).stop_reason == "no_pure_cluster_left"
        assert propose_labels(IDS, LABELS, target=1000, max_rounds=1).stop_reason == "round_limit"
        assert propose_labels(IDS, LABELS, target=1000, max_rounds=0).stop_reason == "round_limit"
        assert propose_labels(IDS, LABELS, target=1000, max_rounds=2).stop_reason == "no_pure_cluster_left"
        assert propose_labels(IDS, LABELS, target=8, max_rounds=1).stop_reason == "target_reached"

    def test_numbers_of_a_round_and_its_reason_in_words(self):
        first = propose_labels(IDS, LABELS).rounds[0]
        assert (first.round, first.n_labelled_members, first.rows_given.tolist()) == (1, 2, [5, 6])
        assert first.runners_up == ((2, N, 1, 2),)
        assert first.why == (
            "All 2 labelled pictures of cluster 1 are polyp; no other pure cluster with unlabelled pictures "
            "has as many. Its 2 unlabelled pictures get this label."
        )

    def test_distances_are_kept_and_change_nothing(self):
        distances = np.arange(13.0)
        found = propose_labels(IDS, LABELS, distances=distances)
        assert found.proposals.distances.tolist() == [5.0, 6.0, 8.0, 9.0]
        assert propose_labels(IDS, LABELS).proposals.distances is None


class TestNotAgain:
    def test_a_rejected_label_is_not_given_again_and_the_picture_stays_unlabelled(self):
        found = propose_labels(IDS, LABELS, not_again={(5, P)})
        assert found.proposals.rows.tolist() == [6, 8, 9]

    def test_another_label_may_still_be_given(self):
        found = propose_labels(IDS, LABELS, not_again={(5, N)})
        assert 5 in found.proposals.rows

    def test_a_cluster_with_only_rejected_pictures_counts_as_holding_none(self):
        found = propose_labels(IDS, LABELS, not_again={(5, P), (6, P)})
        assert [one.cluster_id for one in found.rounds] == [2]
        assert found.stop_reason == "no_pure_cluster_left"
        assert explain_unlabelled(5, found, cluster_ids=IDS, labels=LABELS) == (
            "Cluster 1 proposes polyp, which a reader rejected for this picture."
        )


class TestSeeds:
    def test_no_label_at_all_is_an_error_with_a_remedy(self):
        with pytest.raises(NoSeedsError, match="no picture is labelled") as error:
            propose_labels(IDS, [None] * 13)
        assert "Label some pictures of each class" in error.value.remedy

    def test_one_class_only_is_an_error_because_every_cluster_would_be_pure(self):
        with pytest.raises(NoSeedsError, match="all labelled pictures are 'polyp'") as error:
            propose_labels([0, 0, 1], [P, None, None])
        assert "other class" in error.value.remedy

    @pytest.mark.parametrize("labels", [[1, None, N], [float("nan"), P, N]])
    def test_labels_are_text_or_none(self, labels):
        with pytest.raises(TypeError, match="in row 0"):
            propose_labels([0, 0, 1], labels)

    def test_arrays_and_limits_are_checked(self):
        with pytest.raises(ValueError, match=r"\(2,\) int64 and 3 labels"):
            propose_labels([0, 0], [P, N, None])
        with pytest.raises(ValueError, match="float64"):
            propose_labels([0.0, 0.5], [P, N])
        with pytest.raises(ValueError, match="target must be at least 1"):
            propose_labels([0, 0], [P, N], target=0)
        with pytest.raises(ValueError, match="max_rounds"):
            propose_labels([0, 0], [P, N], max_rounds=-1)


class TestTrainingRows:
    def test_seeds_first_then_the_order_of_labelling_cut_at_the_target(self):
        found = propose_labels(IDS, LABELS, target=8)
        assert select_training_rows(found).tolist() == [0, 1, 3, 4, 7, 10, 11, 5]
        assert select_training_rows(found, 9).tolist()[-1] == 6
        assert select_training_rows(found, 100).size == 9
        assert select_training_rows(found, 2).tolist() == [0, 1]
        with pytest.raises(ValueError, match="n must be at least 0"):
            select_training_rows(found, -1)

    def test_as_many_rows_as_the_paper_used(self):
        rng = np.random.default_rng(0)
        ids = rng.integers(200, size=5000)
        found = propose_labels(ids, draw_seeds(5000, 200, seed=0))
        rows = select_training_rows(found)
        assert found.stop_reason == "target_reached"
        assert len(rows) == len(set(rows.tolist())) == 1000


class TestExplainProposal:
    features = np.arange(13.0)[:, None]
    distances = np.array([0, 0, 0, 0.5, 0.5, 2.0, 1.0, 0, 0, 0, 0, 0, np.nan])

    def explain(self, row: int):
        found = propose_labels(IDS, LABELS, target=8)
        return explain_proposal(
            row, found, cluster_ids=IDS, labels=LABELS, features=self.features, distances=self.distances
        )

    def test_cluster_members_distance_and_neighbours(self):
        reason = self.explain(6)
        assert (reason.label, reason.round, reason.cluster_id, reason.cluster_size) == (P, 1, 1, 4)
        assert reason.labelled_members == (4, 3)
        assert (reason.distance, reason.distance_percentile) == (1.0, 75.0)
        assert reason.nearest[:3] == ((7, N, 1.0), (4, P, 2.0), (3, P, 3.0))
        assert len(reason.nearest) == 5
        assert reason.n_nearest_other == 2  # rows 7 and 1 are non_polyp
        assert reason.runners_up == ((2, N, 1, 2),)

    def test_words_name_the_cluster_the_rule_and_the_doubt(self):
        why = self.explain(6).why
        assert why.startswith("It lies in cluster 1 (4 pictures), chosen in round 1. All 2 labelled pictures")
        assert "75 % of the cluster lie no farther from its centre; the rule does not look at this" in why
        assert why.endswith("2 of its 5 nearest labelled pictures are of another class.")

    def test_what_would_change_it_is_true(self):
        purity, stop, order = self.explain(6).would_change_if
        assert "one of the 2 labelled pictures of its cluster were of another class" in purity
        other = LABELS.copy()
        other[3] = N
        assert 6 not in propose_labels(IDS, other, target=8).proposals.rows
        assert "ended at 7 labelled pictures" in stop
        assert 6 not in propose_labels(IDS, LABELS, target=7).proposals.rows
        assert "cluster 2 would go first" in order

    def test_a_single_labelled_member_decides_alone(self):
        labels = [P, None, N]
        found = propose_labels([0, 0, 1], labels)
        reason = explain_proposal(
            1,
            found,
            cluster_ids=np.array([0, 0, 1]),
            labels=labels,
            features=np.zeros((3, 1)),
            distances=np.zeros(3),
        )
        assert "its only labelled picture were of another class" in reason.would_change_if[0]
        assert propose_labels([0, 0, 1, 1], [N, None, P, None]).proposals.labels[0] == N

    def test_labelled_pictures_without_features_are_no_neighbours(self):
        features = self.features.copy()
        features[7] = np.nan
        found = propose_labels(IDS, LABELS)
        reason = explain_proposal(
            6,
            found,
            cluster_ids=IDS,
            labels=LABELS,
            features=features,
            distances=self.distances,
            n_nearest=50,
        )
        assert [near.row for near in reason.nearest] == [4, 3, 10, 1, 11, 0]

    def test_a_picture_without_a_proposal_is_refused(self):
        with pytest.raises(ValueError, match="row 2 has none"):
            self.explain(2)


class TestExplainUnlabelled:
    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (2, "Cluster 0 is not pure: its labelled pictures are 1 non_polyp, 1 polyp."),
            (12, "It was not clustered."),
            (8, "Cluster 2 is pure (non_polyp) but its turn did not come: the rounds ended after 1 "
                "with 9 labelled pictures (target_reached)."),
        ],
    )  # fmt: skip
    def test_the_reason_is_named(self, row, words):
        found = propose_labels(IDS, LABELS, target=8)
        assert explain_unlabelled(row, found, cluster_ids=IDS, labels=LABELS) == words

    def test_a_cluster_without_labels(self):
        ids, labels = np.array([0, 1, 2]), [P, N, None]
        found = propose_labels(ids, labels)
        assert explain_unlabelled(2, found, cluster_ids=ids, labels=labels) == ("Cluster 2 holds no labelled picture.")

    def test_seeds_and_proposals_are_refused(self):
        found = propose_labels(IDS, LABELS)
        for row in (0, 5):
            with pytest.raises(ValueError, match="must be unlabelled"):
                explain_unlabelled(row, found, cluster_ids=IDS, labels=LABELS)


def test_a_hundred_thousand_pictures_take_well_under_a_second_a_pass():
    rng = np.random.default_rng(0)
    ids = rng.integers(250, size=110_000).astype(np.int32)
    labels = draw_seeds(110_000, 200, seed=0)
    start = time.process_time()
    found = propose_labels(ids, labels, target=10_000, not_again={(row, P) for row in range(1000)})
    assert time.process_time() - start < 5
    assert found.n_labelled >= 10_000
