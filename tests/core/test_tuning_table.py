"""Facts about the locked setting: the recorded table, the hidden truth of test pictures, masks of all pictures."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, record_plain_features
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core import __main__, pipeline
from medxai_core.config import PIPELINE_PRESETS
from medxai_core.errors import TestSplitLockedError
from medxai_core.evaluation.scores import score_mask
from medxai_core.images import load_mask
from medxai_core.records.masks import MaskSetting, get_heatmaps, get_locked_setting, record_unlock
from medxai_core.records.pictures import iterate_truth, list_images
from medxai_core.records.runs import get_run, update_run
from medxai_core.stages import tuning_table
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.stages.mask_exports import find_mask_export, list_export_arguments
from medxai_core.stages.masks import lock_setting
from medxai_core.stages.tuning_table import find_tuning_table, record_tuning_table
from medxai_core.study import Study
from medxai_core.views.truth_access import explain_hidden_truth, load_open_truth

RUN = "quick-lite1-abc123"
HEAD = 21
SETTING = MaskSetting(14, "gradcam", 0.4, None)


@pytest.fixture
def study(tmp_path: Path, phantom_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return a small study with a run whose maps can be made."""
    monkeypatch.setenv("MEDXAI_HOME", str(tmp_path))
    made = make_small_study(tmp_path / "studies" / "small", phantom_folder)
    record_untrained_run(made, RUN)
    return made


def test_the_recorded_table_is_the_computed_one_until_the_run_is_trained_on(study):
    assert find_tuning_table(study, RUN) is None
    made = record_tuning_table(study, RUN)
    found = find_tuning_table(study, RUN)
    assert found is not None
    assert np.array_equal(found.sweep.dice, made.sweep.dice, equal_nan=True)
    assert found.sweep.layers == list(range(21))
    assert (found.disk_dice, found.n_polyp) == (made.disk_dice, made.n_polyp)
    best = found.choose()
    assert found.holds(best) and best.chosen_on == "tuning"
    assert not found.holds(MaskSetting(best.layer, "gradcam", best.low, 0.99))
    assert find_tuning_table(study, RUN, method="layercam") is None
    update_run(study, RUN, best_epoch=9)
    assert find_tuning_table(study, RUN) is None  # the maps are of other weights now


def test_the_table_of_a_segmenter_says_how_far_its_probabilities_were_right(study):
    run = record_untaught_segmenter(study)
    made = record_tuning_table(study, run.run_id).sweep.reliability
    found = find_tuning_table(study, run.run_id)
    assert made is not None and found is not None and found.sweep.reliability is not None
    for one in dataclasses.fields(made):
        assert np.array_equal(getattr(found.sweep.reliability, one.name), getattr(made, one.name), equal_nan=True)
    assert made.shares.sum() == pytest.approx(1)
    maps, images = get_heatmaps(study, run.run_id, HEAD), list_images(study)
    maker, reached = load_map_maker(study, run.run_id), []
    for position, truth in iterate_truth(study, images, images.positions_in("tuning", with_truth=True)):
        mask = maker.finish(maps[position], HEAD, truth.shape)[0] > 0.5
        reached += [score_mask(mask, truth).dice] if mask.any() and truth.any() else []
    assert sorted(made.reached) == pytest.approx(sorted(reached))
    assert record_tuning_table(study, RUN).sweep.reliability is None  # heat is no probability


def test_the_whole_line_records_the_table_that_it_chooses_from(study, monkeypatch):
    monkeypatch.setattr(pipeline, "extract_study_features", lambda study, **_: record_plain_features(study))
    monkeypatch.setattr(pipeline, "train_study", lambda study, **_: get_run(study, RUN))
    sweeps = []
    sweep = tuning_table.sweep_tuning
    monkeypatch.setattr(tuning_table, "sweep_tuning", lambda *a, **k: sweeps.append(1) or sweep(*a, **k))
    found = pipeline.run_pipeline(study, PIPELINE_PRESETS["quick"])
    assert find_tuning_table(study, RUN).choose() == found.setting == get_locked_setting(study, RUN)
    assert sweeps == [1]


def test_the_truth_of_test_pictures_opens_for_the_locked_setting_only(study):
    images = list_images(study)
    test, tuning = images.positions_in("test")[0], images.positions_in("tuning")[0]
    assert load_open_truth(study, RUN, images, tuning, setting=SETTING) is not None
    with pytest.raises(TestSplitLockedError, match="until a setting is locked"):
        load_open_truth(study, RUN, images, test, setting=SETTING)
    lock_setting(study, RUN, SETTING, reader="a")
    assert load_open_truth(study, RUN, images, test, setting=SETTING).dtype == bool
    others = (MaskSetting(13, "gradcam", 0.4, None), MaskSetting(14, "gradcam", 0.41, None),
              MaskSetting(14, "layercam", 0.4, None), MaskSetting(14, "gradcam", 0.4, None, inverted=True))  # fmt: skip
    for other in others:
        assert "another one" in explain_hidden_truth(study, RUN, split="test", setting=other)
    assert explain_hidden_truth(study, RUN, split="test", setting=SETTING, align=False) is not None
    record_unlock(study, RUN, reader="a")
    with pytest.raises(TestSplitLockedError):
        load_open_truth(study, RUN, images, test, setting=SETTING)


def test_the_locked_setting_is_applied_to_all_pictures_of_every_split(study, monkeypatch, capsys):
    lock_setting(study, RUN, SETTING, reader="a")
    assert find_mask_export(study, RUN) is None
    monkeypatch.setattr(sys, "argv", ["medxai_core", *list_export_arguments(study, RUN)])
    assert __main__.main() == 0
    export = find_mask_export(study, RUN)
    images = list_images(study)
    assert export is not None and export.is_current and export.n_masks == len(images)
    for position in range(len(images)):
        name = Path(images.relative_paths[position]).stem + ".png"
        assert load_mask(export.archive.parent / name).shape == (images.heights[position], images.widths[position])
    assert get_locked_setting(study, RUN) == SETTING
    record_unlock(study, RUN, reader="a")
    assert not find_mask_export(study, RUN).is_current  # a zip of an earlier setting is not offered as today's
