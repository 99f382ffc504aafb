"""The surrogate of a run: who takes part, what is kept with the run, and one picture's answer in parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core.checkpoints import load_checkpoint
from medxai_core.config import RESEARCH_USE
from medxai_core.errors import ImageNotFoundError, NotEnoughImagesError, SettingError, StageMissingError
from medxai_core.events import list_events
from medxai_core.images import load_image
from medxai_core.models import preprocess
from medxai_core.phantom import draw_study
from medxai_core.records.pictures import list_images, list_items
from medxai_core.records.runs import get_run, record_classifier_scores, update_run
from medxai_core.stages import surrogate_subject
from medxai_core.stages.runs import BEST
from medxai_core.stages.surrogate import FILE, explain_deep_features, explain_item, find_surrogate
from medxai_core.stages.surrogate_record import SurrogateRecord
from medxai_core.study import Study
from medxai_core.surrogate import extract_deep_features, fidelity

RUN = "quick-lite1-aaaaaa"


@pytest.fixture(scope="module", autouse=True)
def _few_shuffles() -> Iterator[None]:
    """Hold against chance three times instead of twenty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fidelity, "N_SHUFFLES", 3)
        yield


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study of 64 frames with a network that knows ImageNet only, a blind one, and a segmenter."""
    folder = tmp_path_factory.mktemp("surrogate")
    draw_study(folder / "drawn", n_images=64, seed=6)
    made = make_small_study(folder / "small", folder / "drawn")
    record_plain_features(made)
    propose(made)
    record_untrained_run(made, RUN)
    record_untrained_run(made, "quick-lite1-blank1", is_blank=True)
    record_untaught_segmenter(made)
    return made


@pytest.fixture(scope="module")
def record(study: Study) -> SurrogateRecord:
    """Return the surrogate of the network that knows ImageNet only."""
    return explain_deep_features(study, RUN)


def test_training_and_validation_items_take_part_and_test_items_never(study: Study, record: SurrogateRecord) -> None:
    items = list_items(study)
    assert set(record.items) == set(items.item_ids[items.positions_in("train", "validation")])
    assert record.n_items == len(record.items) == sum(record.class_counts.values()) and record.n_left_out == 0
    assert record.space["n_features"] == 1280 and record.space["kept_share"] >= 0.99


def test_the_answer_that_is_explained_is_that_of_the_network(study: Study, record: SurrogateRecord) -> None:
    item_id = next(iter(record.items))
    items, images = list_items(study), list_images(study)
    row = items.rows_by_id[item_id]
    x0, y0, x1, y1 = items.boxes[row]
    picture = load_image(study.image_root / images.relative_paths[items.image_positions[row]])[y0:y1, x0:x1]
    model, manifest = load_checkpoint(study.run_folder(RUN) / BEST)
    _, [logit] = extract_deep_features(model, [preprocess([picture], manifest.preprocessing)])
    assert record.items[item_id][1] == pytest.approx(logit, abs=1e-3)


def test_features_that_have_nothing_to_do_with_the_pictures_explain_nothing(record: SurrogateRecord) -> None:
    assert record.fidelity_of("answer").amount == "nothing" and record.words == []
    assert {one.target for one in record.fidelities} >= {"answer", "space"}
    assert {one.aspect for one in record.shares_of("answer")} == {"edges", "texture", "brightness", "colour"}


def test_the_record_is_kept_with_the_run_and_logged(study: Study, record: SurrogateRecord) -> None:
    assert find_surrogate(study, get_run(study, RUN)) == record
    path = study.run_folder(RUN) / FILE
    assert json.loads(path.read_text())["notice"] == RESEARCH_USE and path.stat().st_mode & 0o077 == 0
    logged = list_events(study, kind="surrogate")[-1]["details"]
    assert (logged["run_id"], logged["amount"]) == (RUN, "nothing")
    assert not list((study.folder / "runs").glob("inputs-*"))


def test_the_same_seed_gives_the_same_record(study: Study, record: SurrogateRecord) -> None:
    again = explain_deep_features(study, RUN)
    assert replace(again, created_at="") == replace(record, created_at="")


def test_one_answer_is_taken_apart_and_nothing_is_lost(study: Study, record: SurrogateRecord) -> None:
    kept = find_surrogate(study, get_run(study, RUN))
    for item_id in list(record.items)[:5]:
        found = explain_item(study, kept, item_id)
        total = found.baseline + sum(one.value for one in found.aspects.values()) + found.residual
        assert total == pytest.approx(found.logit) == pytest.approx(record.items[item_id][1])
        assert found.was_held_out and found.words == []


def test_a_test_item_is_told_too_its_answer_where_it_was_recorded(study: Study, record: SurrogateRecord) -> None:
    items = list_items(study)
    row = int(items.positions_in("test")[0])
    assert explain_item(study, record, str(items.item_ids[row])).residual is None
    probabilities = np.full(len(items), np.nan)
    probabilities[row] = 0.75
    record_classifier_scores(study, RUN, "test", scores={}, probabilities=probabilities)
    found = explain_item(study, record, str(items.item_ids[row]))
    assert found.logit == pytest.approx(np.log(3)) and not found.was_held_out
    with pytest.raises(ImageNotFoundError):
        explain_item(study, record, "nobody")


def test_a_segmenters_answer_is_explained_too(study: Study) -> None:
    found = explain_deep_features(study, "recommended-lite1-fpn-abc123")
    assert found.space["n_features"] == 32 and found.n_items > 100


def test_a_network_that_answers_all_alike_is_refused(study: Study) -> None:
    with pytest.raises(SettingError, match="same answer"):
        explain_deep_features(study, "quick-lite1-blank1")


def test_of_a_large_study_whole_groups_are_drawn(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogate_subject, "N_ITEMS", 100)
    monkeypatch.setattr(surrogate_subject, "LEAST_GROUPS", 5)
    found = explain_deep_features(study, RUN, seed=1)
    assert 60 < found.n_items <= 100
    items, images = list_items(study), list_images(study)
    groups = images.groups[items.image_positions].astype(str)
    chosen = np.isin(items.item_ids.astype(str), list(found.items))
    open_rows = items.positions_in("train", "validation")
    assert not set(groups[chosen]) & set(groups[np.setdiff1d(open_rows, np.flatnonzero(chosen))])


def test_a_run_that_was_trained_on_has_no_surrogate_any_more(study: Study, record: SurrogateRecord) -> None:
    assert find_surrogate(study, get_run(study, RUN)) is not None
    update_run(study, RUN, best_epoch=1)
    assert find_surrogate(study, get_run(study, RUN)) is None
    update_run(study, RUN, best_epoch=record.best_epoch)
    assert find_surrogate(study, get_run(study, RUN)) is not None
    (study.run_folder(RUN) / FILE).write_text("{")
    assert find_surrogate(study, get_run(study, RUN)) is None


def test_without_features_or_with_too_few_groups_it_is_refused(phantom_folder: Path, tmp_path: Path) -> None:
    made = make_small_study(tmp_path / "few", phantom_folder)
    record_untrained_run(made)
    with pytest.raises(StageMissingError):
        explain_deep_features(made)
    record_plain_features(made)
    with pytest.raises(NotEnoughImagesError, match="10 patients or pictures"):
        explain_deep_features(made)
