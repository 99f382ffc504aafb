"""Facts about labels that a class map proposes: bands, calibrated chances, their reasons, the record."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.config import CLASS_NAMES
from medxai_core.errors import NoSeedsError, StopRequested
from medxai_core.life_story import tell_life_story
from medxai_core.pseudo_labels import (
    adjust_to_share,
    cut_bands,
    explain_unlabelled_by_bands,
    fit_calibration,
    propose_by_bands,
)
from medxai_core.records.clusterings import get_clustering, get_features
from medxai_core.records.labellings import find_labelling
from medxai_core.records.pictures import list_images, list_items
from medxai_core.stages.class_map_labels import propose_by_class_map
from medxai_core.stages.labels import decide
from medxai_core.stages.training_sets import choose_training_items
from medxai_core.students.tile_probe import View
from medxai_core.study import Study
from medxai_core.views.cluster_view import list_clusterings_shown
from medxai_core.views.proposal_queue import measure_proposals, order_proposals
from medxai_core.views.reasons import explain_item, explain_no_proposal, get_polyp_chances, load_reasoning
from medxai_core.views.round_errors import score_study_rounds


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory, phantom_folder: Path) -> Study:
    """Return a small study for which a class map, learned in a moment, has proposed."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("proposed")
        patch.setenv("MEDXAI_HOME", str(folder))
        patch.setattr("medxai_core.students.class_map.VIEWS", (View(320),))
        patch.setattr("medxai_core.students.tile_probe._STEPS", 60)
        patch.setattr("medxai_core.pseudo_labels.bands.LEAST_SURE", 0.6)
        study = make_small_study(folder / "studies" / "small", phantom_folder, seeds=16)
        propose_by_class_map(study, target=60)
    return study


@pytest.mark.parametrize("n", [0, 1, 5, 59])
@pytest.mark.parametrize("n_bands", [1, 4, 9])
def test_bands_are_equally_large_and_in_the_order_of_the_scores(n: int, n_bands: int) -> None:
    rng = np.random.default_rng(n)
    values = np.where(rng.random(n) < 0.2, np.nan, rng.integers(-9, 9, n).astype(float))
    bands = cut_bands(values, n_bands)
    known = np.isfinite(values)
    assert (bands[~known] == -1).all() and (bands[known] >= 0).all()
    sizes = np.bincount(bands[known], minlength=n_bands)
    assert np.ptp(sizes) <= 1
    for low, high in zip(range(n_bands - 1), range(1, n_bands), strict=True):
        assert values[bands == low].max(initial=-np.inf) <= values[bands == high].min(initial=np.inf)


def test_a_calibration_finds_the_chances_that_scores_were_drawn_by() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=4000) * 2
    is_polyp = rng.random(4000) < 1 / (1 + np.exp(-(1.5 * scores - 0.5)))
    found = fit_calibration(scores, is_polyp)
    assert found.slope == pytest.approx(1.5, abs=0.1) and found.offset == pytest.approx(-0.5, abs=0.1)


def test_a_perfect_score_is_not_infinitely_sure() -> None:
    found = fit_calibration(np.array([-1.0, -1.0, 1.0, 1.0]), np.array([False, False, True, True]))
    assert found.apply(np.array([1.0]))[0] == pytest.approx(0.75, abs=0.01)  # Platt: (2 + 1) / (2 + 2)
    with pytest.raises(ValueError, match="both kinds"):
        fit_calibration(np.array([1.0]), np.array([True]))


def test_the_share_of_polyps_among_the_others_is_found() -> None:
    rng = np.random.default_rng(1)

    def draw(n: int, share: float) -> tuple[np.ndarray, np.ndarray]:
        is_polyp = rng.random(n) < share
        return np.where(is_polyp, 1.0, -1.0) + rng.normal(size=n), is_polyp

    labelled, is_polyp = draw(4000, 0.5)
    others, truth = draw(4000, 0.85)
    of_labelled = fit_calibration(labelled, is_polyp)
    moved, share = adjust_to_share(of_labelled, others, labelled_share=float(is_polyp.mean()))
    assert share == pytest.approx(truth.mean(), abs=0.02)
    assert moved.apply(others).mean() == pytest.approx(truth.mean(), abs=0.02)
    assert abs(of_labelled.apply(others).mean() - truth.mean()) > 0.05


def test_the_surest_band_goes_first_and_the_scarce_class_before_it() -> None:
    bands = np.repeat([0, 1, 2, 3, 4], 4)
    chances = np.repeat([0.15, 0.5, 0.85, 0.9, 0.95], 4)
    labels = [None] * 20
    labels[0], labels[19] = CLASS_NAMES[0], CLASS_NAMES[1]
    found = propose_by_bands(bands, chances, labels, target=14)
    assert [(one.cluster_id, one.label) for one in found.rounds] == [
        (0, "non_polyp"),  # 1 of each; with the 3 of band 4, 1 of 5 would be non-polyp
        (4, "polyp"),
        (3, "polyp"),
        (2, "polyp"),  # 8 + 4 against 4: there is no band left that is sure of non-polyp
    ]
    assert found.stop_reason == "target_reached" and found.n_labelled == 16
    assert "1 of its 1 labelled pictures are polyp" in found.rounds[1].why
    assert "would else have too few labels" in found.rounds[0].why
    rest = propose_by_bands(bands, chances, labels)
    assert rest.stop_reason == "no_sure_band_left" and not {4, 5, 6, 7} & set(rest.proposals.rows.tolist())
    assert "less than 80 % sure" in explain_unlabelled_by_bands(5, rest, bands=bands, polyp_chance=0.5)


def test_what_a_reader_rejected_is_not_proposed_again() -> None:
    labels = ["non_polyp", None, "polyp", None, None]
    args = np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9, 0.9]), labels
    found = propose_by_bands(*args, not_again=[(3, "polyp")])
    assert found.proposals.rows.tolist() == [4, 1]
    why = explain_unlabelled_by_bands(3, found, bands=args[0], polyp_chance=0.9)
    assert why == "The class map gives it 90 % for polyp, but a reader rejected polyp for this picture."


def test_a_labelling_by_a_class_map_is_recorded_with_its_chances(proposed: Study) -> None:
    labelling, items = find_labelling(proposed), list_items(proposed)
    assert labelling is not None and labelling.is_by_bands and labelling.rounds
    clustering = get_clustering(proposed, labelling.clustering_id)
    assert clustering.is_bands
    scores = np.asarray(get_features(proposed, "class_map")["polyp_evidence"])[:, 0]
    train = items.positions_in("train")
    assert np.isfinite(scores[train]).all() and np.isfinite(scores).sum() == len(train)
    reasoning = load_reasoning(proposed)
    measures = measure_proposals(reasoning, items)
    assert (measures.certainties >= 0).all() and (measures.certainties <= 1).all()
    doubtful = order_proposals(measures, "uncertain")
    assert doubtful[0] == measures.item_ids[measures.certainties.argmin()]
    row = int(measures.rows[0])
    reason = explain_item(reasoning, row).reason
    assert reason.probability == pytest.approx(measures.certainties[0]) and reason.label == measures.labels[0]
    assert reason.cluster_size == (clustering.cluster_ids == reason.cluster_id).sum()
    chances = get_polyp_chances(reasoning, train)
    assert np.array_equal(np.argsort(chances, kind="stable"), np.argsort(scores[train], kind="stable"))


def test_what_is_proposed_trains_and_is_told(proposed: Study) -> None:
    items, labelling = list_items(proposed), find_labelling(proposed)
    assert labelling is not None
    chosen = choose_training_items(proposed, items, labels="all")
    assert chosen.counts["cluster"] == {name: int((labelling.proposals.labels == name).sum()) for name in CLASS_NAMES}
    row = items.rows_by_id[str(labelling.proposals.item_ids[0])]
    image = str(list_images(proposed).image_ids[items.image_positions[row]])
    story = {step.key: step for step in tell_life_story(proposed, image).steps}
    part = next(one for one in story["proposal"].parts if one.facts.get("label"))
    assert part.words.startswith("Round ") and "The class map gives it" in part.words
    assert 0 <= part.facts["probability"] <= 1
    assert any("in band" in one.words for one in story["cluster"].parts)
    assert "learned what a few labelled pictures look like" in story["proposal"].not_proof
    reasoning = load_reasoning(proposed)
    train = items.positions_in("train")
    open_rows = [r for r in train if not items.is_seed[r] and str(items.item_ids[r]) not in labelling.proposals]
    assert all("The class map gives it" in explain_no_proposal(reasoning, int(r)) for r in open_rows)


def test_drawn_polyps_are_told_from_drawn_mucosa(proposed: Study) -> None:
    errors = score_study_rounds(proposed)
    last = errors[-1]
    assert last.error_so_far is not None and last.error_always_polyp is not None
    assert last.error_so_far < 0.35 and sum(one.n_compared for one in errors) >= 20
    assert {one.label for one in errors} == set(CLASS_NAMES)


def test_clusters_are_not_mixed_with_bands(proposed: Study) -> None:
    assert list_clusterings_shown(proposed) == []
    record_plain_features(proposed)
    propose(proposed)
    labelling = find_labelling(proposed)
    assert labelling is not None and not labelling.is_by_bands
    [shown] = list_clusterings_shown(proposed)
    assert shown["feature_set"] == "lire"


def test_a_picture_that_broke_since_is_left_out(
    tmp_path: Path, phantom_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medxai_core.students.class_map.VIEWS", (View(320),))
    monkeypatch.setattr("medxai_core.students.tile_probe._STEPS", 5)
    drawn = shutil.copytree(phantom_folder, tmp_path / "drawn")
    study = make_small_study(tmp_path / "broken", drawn)
    items, images = list_items(study), list_images(study)
    train = items.positions_in("train")
    labelled = set(items.image_positions[np.flatnonzero(items.is_seed)].tolist())
    broken = next(one for one in images.positions_in("train") if one not in labelled)
    (study.image_root / images.relative_paths[broken]).write_bytes(b"no picture")
    propose_by_class_map(study)
    scores = np.asarray(get_features(study, "class_map")["polyp_evidence"])[:, 0]
    assert np.array_equal(np.isnan(scores[train]), items.image_positions[train] == broken)
    row = int(train[items.image_positions[train] == broken][0])
    assert explain_no_proposal(load_reasoning(study), row) == "The class map has not looked at it."


def test_labels_of_one_class_are_refused_before_any_work(tmp_path: Path, phantom_folder: Path) -> None:
    study = make_small_study(tmp_path / "one", phantom_folder, seeds=0)
    items = list_items(study)
    decide(study, str(items.item_ids[items.positions_in("train")[0]]), "label", reader="a", label="polyp")
    with pytest.raises(NoSeedsError, match="none of non_polyp"):
        propose_by_class_map(study)


def test_stopping_leaves_no_pixels_and_no_proposals(tmp_path: Path, phantom_folder: Path) -> None:
    study = make_small_study(tmp_path / "stopped", phantom_folder)

    def stop(title: str):
        def tell(done: int, total: int) -> None:
            if title == "Learning from labelled tiles":
                raise StopRequested

        return tell

    before = sorted(path.name for path in study.folder.iterdir())
    with pytest.raises(StopRequested):
        propose_by_class_map(study, stage=stop)
    assert sorted(path.name for path in study.folder.iterdir()) == before
    assert find_labelling(study) is None
