"""Facts about the map of pictures and its trustworthiness."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from medxai_core.embedding import fit_embedding
from medxai_core.errors import NotEnoughImagesError, StopRequested


def make_groups(n: int, n_groups: int, *, seed: int = 0, n_features: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Return points in groups far apart, and the group of each."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(n_groups, size=n)
    return rng.normal(scale=10, size=(n_groups, n_features))[groups] + rng.normal(size=(n, n_features)), groups


def test_same_seed_same_bytes_another_seed_another_map():
    features, _ = make_groups(200, 4)
    before = features.copy()
    one, two, other = (fit_embedding(features, seed=seed) for seed in (3, 3, 4))
    assert one.points.tobytes() == two.points.tobytes()
    assert one.points.tobytes() != other.points.tobytes()
    assert one.points.dtype == np.float32
    assert one.points.shape == (200, 2)
    np.testing.assert_array_equal(features, before)


def test_groups_far_apart_stay_apart():
    features, groups = make_groups(200, 4)
    points = fit_embedding(features).points.astype(float)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(axis=1)] == groups).all()


def test_trustworthiness_is_high_for_a_plane_and_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    plane = rng.uniform(size=(150, 2)) @ rng.normal(size=(2, 20))
    found = fit_embedding(plane)
    assert found.trustworthiness == trustworthiness(plane, found.points, n_neighbors=15)
    assert found.trustworthiness > 0.95
    assert found.n_sampled == 150


def test_trustworthiness_of_many_pictures_is_taken_on_a_sample(monkeypatch):
    monkeypatch.setattr("medxai_core.embedding.MAX_TRUST_ROWS", 50)
    features, _ = make_groups(120, 3)
    one, two = fit_embedding(features), fit_embedding(features)
    assert one.n_sampled == 50
    assert one.trustworthiness == two.trustworthiness


@pytest.mark.parametrize("n", [4, 5, 15, 16])
def test_few_pictures_lower_the_neighbours_and_say_so(n):
    found = fit_embedding(np.random.default_rng(0).normal(size=(n, 6)))
    assert np.isfinite(found.points).all()
    assert found.parameters["n_neighbors"] == min(15, n - 1)
    assert found.parameters["n_neighbors_asked"] == 15
    assert 0 <= found.trustworthiness <= 1


def test_fewer_than_four_pictures_is_an_error_with_a_remedy():
    with pytest.raises(NotEnoughImagesError, match="at least 4 pictures; there are 3") as error:
        fit_embedding(np.zeros((3, 2)))
    assert error.value.remedy


def test_equal_pictures_do_not_break_it_and_have_no_trustworthiness():
    found = fit_embedding(np.full((40, 5), 7.0))
    assert np.isfinite(found.points).all()
    assert found.trustworthiness is None


def test_many_copies_of_a_few_pictures_do_not_break_it():
    found = fit_embedding(np.repeat(np.random.default_rng(0).normal(size=(5, 8)), 20, axis=0))
    assert np.isfinite(found.points).all()
    assert 0 <= found.trustworthiness <= 1


def test_progress_rises_from_nothing_to_all():
    seen: list[tuple[int, int]] = []
    fit_embedding(make_groups(60, 3)[0], on_progress=lambda done, total: seen.append((done, total)))
    done = [step for step, _ in seen]
    assert (done[0], done[-1]) == (0, 502)
    assert done == sorted(done)
    assert {total for _, total in seen} == {502}
    assert len(done) > 2  # the layout itself is seen, too


def test_a_stop_gets_through_from_the_layout():
    calls = []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if done > 0:
            raise StopRequested

    with pytest.raises(StopRequested):
        fit_embedding(make_groups(60, 3)[0], on_progress=stop)
    assert len(calls) == 2


def test_rows_that_are_not_finite_and_senseless_settings_are_refused():
    features, _ = make_groups(20, 2)
    with pytest.raises(ValueError, match="min_dist must be between 0 and 1; got 2"):
        fit_embedding(features, min_dist=2)
    with pytest.raises(ValueError, match="n_neighbors must be at least 2"):
        fit_embedding(features, n_neighbors=1)
    features[4, 0] = np.nan
    with pytest.raises(ValueError, match="rows 4"):
        fit_embedding(features)


def test_the_map_can_be_repeated_from_its_parameters():
    parameters = fit_embedding(make_groups(30, 2)[0], seed=5).parameters
    assert parameters["random_state"] == 5
    assert parameters["umap-learn"]
    assert parameters["n_epochs"] == 500


def test_nothing_is_written_to_the_terminal(capfd):
    fit_embedding(make_groups(60, 3)[0])
    assert capfd.readouterr() == ("", "")
