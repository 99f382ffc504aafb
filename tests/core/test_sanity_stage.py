"""The tests of the maps of a run: what is looked at, what is kept, and what a network without an answer gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features, train_on_small_pictures
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core.config import RESEARCH_USE, SHUFFLED
from medxai_core.errors import NotEnoughImagesError, SettingError
from medxai_core.events import list_events
from medxai_core.records.pictures import list_images
from medxai_core.records.runs import get_run, list_trained_runs, update_run
from medxai_core.sanity import list_weight_stages
from medxai_core.stages import sanity_lights
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.stages.sanity import FILE, SanityRecord, check_maps, find_sanity
from medxai_core.stages.training import train_study
from medxai_core.study import Study

KEYS = {
    "classifier", "blank", "auprc", "pointing", "mass", "rank", "weights", "untrained", "repeatability",
    "reproducibility", "labels", "insertion", "deletion", "road", "same_map", "border",
}  # fmt: skip
SIDE = 112  # of the pictures as the network sees them: what is tested, kept and refused does not hang on it


@pytest.fixture(scope="module", autouse=True)
def few_perturbed() -> Iterator[None]:
    """Take places away in a few pictures only: each costs dozens of passes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sanity_lights, "N_PERTURBED", 4)
        yield


@pytest.fixture(scope="module")
def study(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study of many tuning pictures, with a network that knows ImageNet only, a blind one, a segmenter."""
    made = make_small_study(tmp_path_factory.mktemp("sanity") / "small", phantom_folder, tuning_share=0.5)
    record_plain_features(made)
    propose(made)
    record_untrained_run(made, "quick-lite1-aaaaaa", side=SIDE)
    record_untrained_run(made, "quick-lite1-blank1", is_blank=True, side=SIDE)
    record_untaught_segmenter(made)
    return made


@pytest.fixture(scope="module")
def record(study: Study) -> SanityRecord:
    """Return the tests of the network that knows ImageNet only."""
    return check_maps(study, "quick-lite1-aaaaaa", layer=14)


def get_light(record: SanityRecord, key: str):
    """Return one light of a record."""
    return next(light for light in record.lights if light.key == key)


def test_every_test_is_made_or_says_why_not(study: Study, record: SanityRecord) -> None:
    assert {light.key for light in record.lights} == KEYS
    assert record.n_pictures == len(list_images(study).positions_in("tuning", with_truth=True)) >= 8
    assert all(light.words and light.source and light.question.endswith("?") for light in record.lights)
    assert get_light(record, "labels").color == "grey" and "shuffle-labels" in get_light(record, "labels").words


def test_weights_are_taken_away_stage_by_stage(study: Study, record: SanityRecord) -> None:
    names = [stage.name for stage in list_weight_stages(load_map_maker(study, record.run_id).model)]
    assert [row["stage"] for row in record.cascading] == [row["stage"] for row in record.independent] == names
    assert record.cascading[0] == record.independent[0]  # the first: the head alone, either way
    assert get_light(record, "weights").value == pytest.approx(record.cascading[-1]["ssim"])


def test_the_record_is_kept_with_the_run_and_logged(study: Study, record: SanityRecord) -> None:
    assert find_sanity(study, get_run(study, record.run_id)) == record
    path = study.run_folder(record.run_id) / FILE
    assert json.loads(path.read_text())["notice"] == RESEARCH_USE and path.stat().st_mode & 0o077 == 0
    logged = list_events(study, kind="sanity")[-1]["details"]
    assert logged["run_id"] == record.run_id
    assert sum(logged[color] for color in ("green", "yellow", "red", "grey")) == len(KEYS)


def test_the_same_seed_gives_the_same_lights(study: Study, record: SanityRecord) -> None:
    assert check_maps(study, record.run_id, layer=14).lights == record.lights


def test_a_network_whose_maps_are_blank_is_told_so_and_not_compared(study: Study) -> None:
    found = check_maps(study, "quick-lite1-blank1", layer=14)
    assert found.n_blank == found.n_pictures and found.baseline is None
    assert get_light(found, "blank").color in ("red", "grey")
    assert get_light(found, "weights").color == "grey"
    assert get_light(found, "auprc").color != "green"


def test_a_segmenters_own_map_is_tested_too(study: Study) -> None:
    found = check_maps(study, "recommended-lite1-fpn-abc123")
    assert found.method == "gradcam" and found.layer == 21
    assert found.cascading[0]["stage"] == "decoder"
    assert get_light(found, "same_map").color != "grey"
    assert "best epoch" not in get_light(found, "classifier").source  # the last round is used


def test_a_layer_that_is_not_there_is_refused(study: Study) -> None:
    with pytest.raises(SettingError, match="layers 0 to 20"):
        check_maps(study, "quick-lite1-aaaaaa", layer=99)


def test_too_few_tuning_pictures_are_refused(phantom_folder: Path, tmp_path: Path) -> None:
    made = make_small_study(tmp_path / "few", phantom_folder)
    record_untrained_run(made)
    with pytest.raises(NotEnoughImagesError, match="larger tuning share"):
        check_maps(made)


def test_a_control_learns_shuffled_labels_and_is_never_taken_by_default(
    phantom_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on_small_pictures(monkeypatch)
    made = make_small_study(tmp_path / "control", phantom_folder, tuning_share=0.4)
    plain = train_study(made, preset="quick", epochs=1)
    control = train_study(made, preset="quick", epochs=1, shuffle_labels=True)
    assert (plain.labels, control.labels) == ("all", SHUFFLED)
    assert control.manifest["item_positions"] == plain.manifest["item_positions"]
    assert control.manifest["labels"] != plain.manifest["labels"]
    assert np.bincount(control.manifest["labels"]).tolist() == np.bincount(plain.manifest["labels"]).tolist()
    assert get_run(made).run_id == plain.run_id
    assert [run.run_id for run in list_trained_runs(made)] == [plain.run_id, control.run_id]
    update_run(made, plain.run_id, best_epoch=1)
    assert get_run(made).run_id == plain.run_id
