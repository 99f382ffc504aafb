"""Facts about k-means clusters, their scaling, description and explanation."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info, threadpool_limits

from medxai_core.clusters import (
    compute_centers,
    compute_margins,
    describe_clusters,
    explain_cluster,
    explain_clustering,
    fit_clusters,
    scale_descriptors,
    scale_features,
)
from medxai_core.clusters.fitting import _center
from medxai_core.clusters.words import list_concepts, name_color
from medxai_core.errors import NotEnoughImagesError, StopRequested
from medxai_core.features import extract_features
from medxai_core.features.lire import DESCRIPTORS

FOUR_POINTS = np.array([[0.0, 0.0], [0.0, 2.0], [9.0, 0.0], [9.0, 2.0]])


def read_golden(path: Path) -> dict[str, np.ndarray]:
    """Return LIRE's own numbers, one array a descriptor."""
    with path.open(newline="") as file:
        rows = np.array([row[1:] for row in list(csv.reader(file))[1:]], dtype=np.float64)
    return dict(zip(DESCRIPTORS, np.split(rows, np.cumsum(list(DESCRIPTORS.values()))[:-1], axis=1), strict=True))


def make_mixture(n: int, n_groups: int, *, seed: int, n_features: int = 12) -> np.ndarray:
    """Return points around random centres."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(scale=5, size=(n_groups, n_features))
    return centers[rng.integers(n_groups, size=n)] + rng.normal(size=(n, n_features))


def fit_scikit_learn(features: np.ndarray, k: int, *, seed: int = 0, algorithm: str = "lloyd") -> KMeans:
    """Return scikit-learn's own result on one thread, with its warning about equal pictures left aside."""
    kmeans = KMeans(k, init="k-means++", n_init=10, random_state=seed, algorithm=algorithm)
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(features)


class TestFitClusters:
    def test_four_points_make_the_two_obvious_pairs(self):
        found = fit_clusters(FOUR_POINTS, 2)
        assert found.cluster_ids[0] == found.cluster_ids[1] != found.cluster_ids[2] == found.cluster_ids[3]
        assert sorted(found.centers.tolist()) == [[0.0, 1.0], [9.0, 1.0]]
        assert found.distances.tolist() == [1.0] * 4
        assert found.inertia == 4.0
        assert found.cluster_ids.dtype == np.int32

    @pytest.mark.parametrize("algorithm", ["lloyd", "elkan"])
    @pytest.mark.parametrize(("n", "n_groups", "k"), [(300, 8, 8), (200, 5, 30), (30, 3, 3), (12, 2, 11)])
    def test_equals_one_call_of_scikit_learn_bit_for_bit(self, n, n_groups, k, algorithm):
        for seed in range(5):
            features = make_mixture(n, n_groups, seed=seed)
            ours = fit_clusters(features, k, seed=seed, algorithm=algorithm)
            theirs = fit_scikit_learn(features, k, seed=seed, algorithm=algorithm)
            np.testing.assert_array_equal(ours.cluster_ids, theirs.labels_)
            np.testing.assert_array_equal(ours.centers, theirs.cluster_centers_)
            assert ours.inertia == theirs.inertia_
            assert ours.n_iter == theirs.n_iter_

    def test_equals_scikit_learn_with_many_equal_pictures(self):
        features = np.random.default_rng(0).integers(0, 2, size=(60, 3)).astype(float)
        for k in (7, 8, 12):
            theirs = fit_scikit_learn(features, k)
            found = fit_clusters(features, k)
            np.testing.assert_array_equal(found.cluster_ids, theirs.labels_)
            assert found.parameters["n_nonempty_clusters"] == len(set(theirs.labels_)) <= 8

    def test_inertia_is_the_sum_of_squared_distances(self):
        found = fit_clusters(make_mixture(200, 4, seed=1), 4)
        assert found.inertia == pytest.approx((found.distances**2).sum(), rel=1e-12)

    def test_same_seed_same_bits_and_features_untouched(self):
        features = make_mixture(150, 6, seed=2)
        before = features.copy()
        one, two = fit_clusters(features, 6, seed=3), fit_clusters(features, 6, seed=3)
        assert one.centers.tobytes() == two.centers.tobytes()
        assert one.distances.tobytes() == two.distances.tobytes()
        np.testing.assert_array_equal(features, before)

    @pytest.mark.parametrize("n_features", [1, 2, 16, 17, 33, 226])
    def test_equals_scikit_learn_whatever_the_number_of_columns(self, n_features):
        features = 40 * make_mixture(400, 7, seed=5, n_features=n_features)
        ours, theirs = fit_clusters(features, 12), fit_scikit_learn(features, 12)
        np.testing.assert_array_equal(ours.centers, theirs.cluster_centers_)
        assert _center(features)[2] == theirs._tol

    def test_starts_side_by_side_give_the_same_bits(self):
        features = make_mixture(500, 9, seed=6)
        one, three = fit_clusters(features, 9, n_jobs=1), fit_clusters(features, 9, n_jobs=3)
        assert one.centers.tobytes() == three.centers.tobytes()
        assert one.cluster_ids.tobytes() == three.cluster_ids.tobytes()

    def test_features_that_are_read_in_parts_give_the_same_bits(self):
        class OnDisk:
            shape = (9000, 12)

            def __len__(self) -> int:
                return len(features)

            def __getitem__(self, rows: slice) -> np.ndarray:
                asked.append(rows)
                return features[rows].copy()

        asked: list[slice] = []
        features = make_mixture(9000, 4, seed=7)
        read, whole = fit_clusters(OnDisk(), 4, n_init=2), fit_clusters(features, 4, n_init=2)
        assert read.centers.tobytes() == whole.centers.tobytes()
        assert read.distances.tobytes() == whole.distances.tobytes()
        assert max(rows.stop - rows.start for rows in asked) < len(features)

    def test_shift_of_all_pictures_moves_centres_not_members(self):
        features = make_mixture(150, 6, seed=2)
        here, there = fit_clusters(features, 6), fit_clusters(features + 100, 6)
        np.testing.assert_array_equal(here.cluster_ids, there.cluster_ids)
        np.testing.assert_allclose(here.centers + 100, there.centers)

    def test_one_cluster_has_the_mean_as_centre(self):
        for algorithm in ("lloyd", "elkan"):
            found = fit_clusters(FOUR_POINTS, 1, algorithm=algorithm)
            assert found.centers.tolist() == [[4.5, 1.0]]

    def test_too_few_pictures_says_how_many_and_what_to_do(self):
        with pytest.raises(NotEnoughImagesError, match="50 clusters need at least 50 pictures; there are 4") as error:
            fit_clusters(FOUR_POINTS, 50)
        assert "at most 4 clusters" in error.value.remedy

    def test_rows_that_are_not_finite_are_named(self):
        features = FOUR_POINTS.copy()
        features[1, 0], features[3, 1] = np.nan, np.inf
        with pytest.raises(ValueError, match="2 of 4 rows hold NaN or infinity: rows 1, 3"):
            fit_clusters(features, 2)

    @pytest.mark.parametrize(
        "setting", [{"k": 0}, {"k": 2.0}, {"k": True}, {"n_init": 0}, {"max_iter": 0}, {"n_threads": 0}]
    )
    def test_senseless_settings_are_refused(self, setting):
        with pytest.raises(ValueError, match="whole number of at least 1"):
            fit_clusters(FOUR_POINTS, **{"k": 2, **setting})

    def test_parameters_say_how_to_repeat_it(self):
        parameters = fit_clusters(FOUR_POINTS, 2, seed=7).parameters
        assert parameters["random_state"] == 7
        assert parameters["n_init"] == 10
        assert parameters["scikit-learn"]
        assert parameters["n_threads"] == 1

    def test_the_threads_of_the_process_do_not_show_in_the_bytes(self):
        features = make_mixture(600, 9, seed=3)
        with threadpool_limits(limits=1):
            alone = fit_clusters(features, 9)
        with threadpool_limits(limits=4):
            crowded = fit_clusters(features, 9)
            assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"} == {4}
        assert alone.centers.tobytes() == crowded.centers.tobytes()

    def test_progress_counts_starts_and_a_stop_gets_through(self):
        seen = []
        fit_clusters(FOUR_POINTS, 2, n_init=3, on_progress=lambda done, total: seen.append((done, total)))
        assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]

        def stop(done: int, total: int) -> None:
            if done == 1:
                raise StopRequested

        with pytest.raises(StopRequested):
            fit_clusters(FOUR_POINTS, 2, on_progress=stop)

    def test_centres_are_the_means_of_the_members(self):
        features = make_mixture(200, 5, seed=4)
        found = fit_clusters(features, 5)
        np.testing.assert_allclose(compute_centers(features, found.cluster_ids), found.centers)


class TestScaleFeatures:
    @pytest.fixture
    def descriptors(self):
        rng = np.random.default_rng(0)
        return {
            "wide": rng.normal(3, [1, 5, 200], (50, 3)),
            "flat": np.full((50, 2), 0.1),
            "one": rng.normal(size=(50, 1)),
        }

    def test_none_is_the_numbers_as_they_are_side_by_side(self, descriptors):
        np.testing.assert_array_equal(scale_features(descriptors), np.hstack(list(descriptors.values())))

    def test_standard_gives_each_column_unit_variance(self, descriptors):
        scaled = scale_features(descriptors, "standard")
        np.testing.assert_allclose(scaled.var(axis=0), [1, 1, 1, 0, 0, 1])

    def test_descriptor_gives_each_descriptor_the_same_variance_and_keeps_its_balance(self, descriptors):
        scaled = scale_descriptors(descriptors, "descriptor")
        totals = {name: values.var(axis=0).sum() for name, values in scaled.items()}
        assert totals == {"wide": pytest.approx(1), "flat": 0, "one": pytest.approx(1)}
        before, after = descriptors["wide"].var(axis=0), scaled["wide"].var(axis=0)
        np.testing.assert_allclose(before / before.sum(), after)

    def test_lire_descriptors_make_226_columns(self, lire_golden):
        assert scale_features(read_golden(lire_golden / "kvasir_seg.csv")).shape == (60, 226)

    def test_unknown_scaling_and_arrays_that_do_not_fit_are_refused(self, descriptors):
        with pytest.raises(ValueError, match="scaling must be one of none, standard, descriptor; got 'log'"):
            scale_features(descriptors, "log")
        with pytest.raises(ValueError, match="one row for each picture"):
            scale_features({"a": np.zeros((3, 1)), "b": np.zeros((4, 1))})
        with pytest.raises(ValueError, match="at least one array"):
            scale_features({})
        with pytest.raises(ValueError, match="'a' must be finite; 1 of 2 rows"):
            scale_features({"a": np.array([[1.0], [np.nan]])})


class TestDescribeClusters:
    features = np.array([[0.0], [1.0], [5.0], [20.0], [21.0], [19.0], [np.nan]])
    cluster_ids = np.array([0, 0, 0, 1, 1, 1, -1])
    labels = ("polyp", None, None, "polyp", "non_polyp", "polyp", "polyp")

    def test_size_purity_and_labelled_share(self):
        left, right = describe_clusters(self.features, self.cluster_ids, self.labels)
        assert (left.size, left.n_labelled, left.purity, left.is_pure) == (3, {"polyp": 1}, 1.0, True)
        assert left.labelled_share == pytest.approx(1 / 3)
        assert (right.n_labelled, right.is_pure) == ({"non_polyp": 1, "polyp": 2}, False)
        assert right.purity == pytest.approx(2 / 3)

    def test_typical_are_nearest_to_the_centre_and_border_nearest_to_the_neighbour(self):
        left, right = describe_clusters(self.features, self.cluster_ids, self.labels, n_typical=2, n_border=1)
        assert left.typical_rows == (1, 0)  # centre 2
        assert left.border_rows == (2,)
        assert right.typical_rows == (3, 4)  # centre 20
        assert right.border_rows == (5,)

    def test_no_label_means_no_purity_rather_than_zero(self):
        left, _ = describe_clusters(self.features, self.cluster_ids, [None] * 7)
        assert left.purity is None
        assert left.labelled_share == 0
        assert not left.is_pure

    def test_empty_clusters_are_listed_and_are_no_neighbours(self):
        centers = np.array([[2.0], [20.0], [2.0]])
        found = describe_clusters(self.features, self.cluster_ids, self.labels, centers=centers, n_typical=2)
        left, _, empty = found
        assert (empty.size, empty.purity, empty.labelled_share, empty.typical_rows) == (0, None, None, ())
        assert left.border_rows[0] == 2

    def test_no_picture_is_both_typical_and_on_the_border(self):
        features, ids = make_mixture(40, 4, seed=2), np.repeat([0, 1, 2], [3, 8, 29])
        small, middle, large = describe_clusters(features, ids, [None] * 40)
        assert all(not set(one.typical_rows) & set(one.border_rows) for one in (small, middle, large))
        assert [len(one.typical_rows) for one in (small, middle, large)] == [3, 6, 6]
        assert [len(one.border_rows) for one in (small, middle, large)] == [0, 2, 6]

    def test_one_cluster_has_no_border(self):
        [only] = describe_clusters(self.features[:6], np.zeros(6, int), self.labels[:6])
        assert only.border_rows == ()

    def test_margin_is_the_way_to_the_second_centre_less_the_way_to_the_own(self):
        features = make_mixture(300, 6, seed=5)
        found = fit_clusters(features, 6)
        distances = np.sort(np.linalg.norm(features[:, None] - found.centers, axis=2), axis=1)
        margins = compute_margins(features, found.cluster_ids, found.centers)
        np.testing.assert_allclose(margins, distances[:, 1] - distances[:, 0], atol=1e-9)

    def test_a_cluster_that_none_of_the_rows_is_in_is_a_neighbour_and_an_empty_one_is_not(self):
        features, centers = np.array([[1.0], [9.0]]), np.array([[0.0], [3.0], [10.0], [np.nan]])
        np.testing.assert_allclose(compute_margins(features, np.array([0, 2]), centers), [1.0, 5.0])

    def test_rows_must_fit(self):
        with pytest.raises(ValueError, match="7, 7 and 2 rows"):
            describe_clusters(self.features, self.cluster_ids, ["polyp", None])


class TestExplainClustering:
    def test_unscaled_real_features_are_ruled_by_texture_and_colour(self, lire_golden):
        descriptors = read_golden(lire_golden / "kvasir_seg.csv")
        found = fit_clusters(scale_features(descriptors), 6)
        shares = {share.aspect: share for share in explain_clustering(descriptors, found.cluster_ids)}
        assert shares["texture"].between_share + shares["colour"].between_share > 0.95
        assert shares["edges"].between_share < 0.01
        assert sum(share.between_share for share in shares.values()) == pytest.approx(1)
        assert sum(share.total_share for share in shares.values()) == pytest.approx(1)

    def test_descriptor_scaling_gives_all_four_the_same_say(self, lire_golden):
        descriptors = read_golden(lire_golden / "kvasir_seg.csv")
        found = fit_clusters(scale_features(descriptors, "descriptor"), 6)
        shares = explain_clustering(descriptors, found.cluster_ids, scaling="descriptor")
        assert [share.total_share for share in shares] == pytest.approx([0.25] * 4)
        assert sum(share.between_share for share in shares) == pytest.approx(1)

    def test_separation_is_one_for_what_the_clusters_settle_and_small_for_chance(self):
        rng = np.random.default_rng(0)
        ids = np.repeat([0, 1, 2], 100)
        settled, chance = explain_clustering({"a": ids[:, None] * 2.0, "b": rng.normal(size=(300, 4))}, ids)
        assert settled.separation == pytest.approx(1)
        assert chance.separation < 0.03
        assert (settled.aspect, chance.aspect) == ("other", "other")

    def test_renumbering_clusters_and_leaving_rows_out_changes_nothing(self):
        values = make_mixture(100, 4, seed=6)
        ids = fit_clusters(values, 4).cluster_ids
        found = explain_clustering({"a": values[:, :5], "b": values[:, 5:]}, ids)
        renumbered = np.array([7, 3, 0, 5])[ids]
        longer = np.vstack([values, np.full((2, 12), np.nan)])
        again = explain_clustering({"a": longer[:, :5], "b": longer[:, 5:]}, np.r_[renumbered, -1, -1])
        assert [share.between_share for share in again] == pytest.approx([share.between_share for share in found])

    def test_no_variance_is_none_with_no_number_made_up(self):
        [share] = explain_clustering({"a": np.ones((4, 2))}, np.array([0, 0, 1, 1]))
        assert (share.between_share, share.total_share, share.separation) == (None, None, None)


def draw_stripes(angle: float, *, seed: int) -> np.ndarray:
    """Draw fine stripes that rise to the right by an angle in degrees, as seen on the screen."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    across = x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    grey = 130 + 100 * np.sin(across * 2 * np.pi / 9 + rng.uniform(0, 6)) + rng.normal(scale=3, size=(64, 64))
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


class TestExplainCluster:
    @pytest.fixture
    def plain(self):
        """Return 20 noisy grey pictures, 64x64."""
        rng = np.random.default_rng(0)
        return [rng.integers(90, 160, (64, 64, 1)).repeat(3, axis=2).astype(np.uint8) for _ in range(20)]

    def explain(self, odd: list[np.ndarray], plain: list[np.ndarray]) -> list[str]:
        descriptors = extract_features(odd + plain)
        ids = np.array([1] * len(odd) + [0] * len(plain))
        return [found.words for found in explain_cluster(descriptors, ids, 1, n_features=100)]

    def test_green_pictures_are_more_green(self, plain):
        green = [picture * np.array([0, 1, 0], dtype=np.uint8) for picture in plain[:5]]
        assert "more green" in self.explain(green, plain)[:3]

    def test_a_dark_corner_is_darker_in_the_upper_left(self, plain):
        dark = [picture.copy() for picture in plain[:5]]
        for picture in dark:
            picture[:8, :8] = 0
        assert "darker in the far upper left corner" in self.explain(dark, plain)

    @pytest.mark.parametrize(
        ("angle", "words"),
        [
            (0, "more level fine lines"),
            (45, "more fine lines rising to the right"),
            (-45, "more fine lines falling to the right"),
        ],
    )
    def test_direction_of_stripes_is_named_as_seen_on_the_screen(self, plain, angle, words):
        stripes = [draw_stripes(angle, seed=seed) for seed in range(6)]
        others = [draw_stripes(angle + 90, seed=seed) for seed in range(6)]
        assert words in self.explain(stripes, others)

    @pytest.mark.parametrize(
        ("angle", "words"),
        [
            (0, "more horizontal edges in the upper left"),
            (90, "more vertical edges in the lower right"),
            (45, "more edges rising to the right in the upper right"),
            (-45, "more edges falling to the right in the lower left"),
        ],
    )
    def test_edges_are_named_by_direction_and_place(self, angle, words):
        stripes = [draw_stripes(angle, seed=seed) for seed in range(6)]
        others = [draw_stripes(angle + 90, seed=seed) for seed in range(6)]
        assert words in self.explain(stripes, others)

    def test_difference_is_in_standard_deviations_with_the_columns_beside(self):
        tamura = np.zeros((10, 18))
        tamura[:5, 1] = 6.0
        [found] = explain_cluster({"tamura": tamura}, np.repeat([0, 1], 5), 0)
        assert (found.words, found.technical_name) == ("stronger light-dark contrast", "Tamura 1")
        assert found.difference == pytest.approx(2)  # 6 apart, standard deviation 3
        assert (found.mean_inside, found.mean_outside) == (6.0, 0.0)

    def test_the_other_cluster_is_the_opposite(self):
        tamura = np.random.default_rng(1).normal(size=(10, 18))
        one, other = (explain_cluster({"tamura": tamura}, np.repeat([0, 1], 5), i, n_features=20) for i in (0, 1))
        assert [found.difference for found in one] == pytest.approx([-found.difference for found in other])

    def test_nothing_to_compare_with_is_an_empty_list_and_an_empty_cluster_an_error(self):
        assert explain_cluster({"tamura": np.ones((3, 18))}, np.zeros(3, int), 0) == []
        assert explain_cluster({"tamura": np.ones((4, 18))}, np.array([0, 0, 1, -1]), 0) == []
        with pytest.raises(ValueError, match="no picture has cluster 9"):
            explain_cluster({"tamura": np.ones((3, 18))}, np.zeros(3, int), 9)

    @pytest.mark.parametrize(("name", "n_columns"), [*DESCRIPTORS.items(), ("unknown", 7), ("tamura", 5)])
    def test_every_column_has_words_exactly_once(self, name, n_columns):
        columns = [column for concept in list_concepts(name, n_columns) for column in concept.columns]
        assert sorted(columns) == list(range(n_columns))

    def test_colours_of_endoscopy_have_the_names_a_reader_would_use(self):
        assert name_color(2, 1, 1) == "red"  # mucosa, about (170, 85, 85)
        assert name_color(1, 0, 0) == "dark red"
        assert name_color(0, 0, 0) == "black"
        assert name_color(3, 3, 1) == "yellow"
        assert name_color(0, 3, 1) == "green"
        assert name_color(1, 2, 3) == "blue"
        assert name_color(2, 1, 0) == "orange"
