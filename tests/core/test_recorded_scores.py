"""Facts about recorded scores: what may be seen, scores by picture, comparisons, hand-in files, times."""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scored_study import RUN, SETTING

from medxai_core import __main__
from medxai_core.config import RESEARCH_USE
from medxai_core.errors import NotEnoughImagesError, StageMissingError, TestSplitLockedError
from medxai_core.evaluation.bands import compute_centre_distance
from medxai_core.evaluation.baselines import ALL_POLYP, CENTRED_DISK
from medxai_core.events import list_events
from medxai_core.formats.medico import read_averages, read_scores, read_times
from medxai_core.records.masks import list_evaluations, record_lock, record_unlock
from medxai_core.records.pictures import list_images, list_items, load_study_mask
from medxai_core.records.speeds import find_speed
from medxai_core.report.hand_in import find_masks_zip, get_masks_folder, make_hand_in
from medxai_core.stages.scores import measure_speed, score_study
from medxai_core.study import Study, open_study
from medxai_core.views.limits import list_limits
from medxai_core.views.polyp_places import measure_centre_distances
from medxai_core.views.recorded_scores import (
    MASK_USE_WORDS,
    compare_rows,
    find_current_row,
    find_open_row,
    find_trivial_row,
    get_picture_scores,
    list_open_rows,
)
from medxai_core.views.score_details import list_band_tables
from medxai_core.views.score_groups import score_by_place, score_by_size
from medxai_core.views.scored_overlay import draw_scored_picture


@pytest.fixture
def study(scored_once: Path, tmp_path: Path) -> Study:
    """Return a scored study of one's own."""
    return open_study(shutil.copytree(scored_once, tmp_path / "small"))


def test_the_run_comes_first_and_every_use_of_masks_has_words(study: Study) -> None:
    rows = list_open_rows(study, "test")
    assert [row.run_id for row in rows] == [RUN, None, None, None]
    assert {row.masks_used_for for row in rows} <= set(MASK_USE_WORDS)


def test_unlocking_hides_the_test_scores_of_the_run_and_of_the_trivial_masks(study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    assert row is not None
    record_unlock(study, RUN, reader="reader-1")
    assert list_open_rows(study, "test") == []
    assert find_current_row(study, RUN, "test") is None
    with pytest.raises(TestSplitLockedError):
        get_picture_scores(study, row)


def test_another_locked_setting_has_no_current_row_until_it_is_scored(study: Study) -> None:
    record_unlock(study, RUN, reader="reader-1")
    record_lock(study, RUN, replace(SETTING, low=0.6), reader="reader-1")
    assert find_current_row(study, RUN, "test") is None
    assert len(list_open_rows(study, "test")) == 4, "the earlier row is open, and not the current one"
    score_study(study, RUN, split="test")
    row = find_current_row(study, RUN, "test")
    assert row is not None and row.tuned_on_test


def test_scores_by_picture_average_to_the_recorded_mean(study: Study) -> None:
    for row in list_open_rows(study, "test"):
        pictures = get_picture_scores(study, row)
        recorded = row.summary["rows"]["mean.dice"]
        dice = pictures.values("dice")
        assert np.isfinite(dice).sum() == recorded["n_defined"]
        assert np.nanmean(dice) == pytest.approx(recorded["value"])


def test_everything_is_polyp_takes_the_whole_picture(study: Study) -> None:
    row = find_trivial_row(study, "test", ALL_POLYP)
    assert row is not None
    pictures = get_picture_scores(study, row)
    assert (pictures.mask_shares == 1).all()
    assert np.nanmean(pictures.values("precision")) == pytest.approx(
        pictures.polyp_shares[pictures.polyp_shares > 0].mean()
    )


def test_a_run_compared_with_itself_does_not_differ(study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    pictures = get_picture_scores(study, row)
    found = compare_rows(pictures, pictures)
    assert found.difference == 0 and found.verdict == "unclear"


def test_a_row_is_found_by_its_run_its_name_and_its_id_while_it_is_open(study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    assert row is not None
    for called in (RUN, RUN[:5], row.evaluation_id):
        assert find_open_row(study, "test", called).evaluation_id == row.evaluation_id
    assert find_open_row(study, "test", CENTRED_DISK).run_id is None
    with pytest.raises(StageMissingError, match="are called 'nobody'"):
        find_open_row(study, "test", "nobody")
    record_unlock(study, RUN, reader="reader-1")
    with pytest.raises(StageMissingError):
        find_open_row(study, "test", RUN)


def test_two_runs_are_compared_on_the_command_line(study: Study, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["medxai_core", "compare", str(study.folder), RUN, CENTRED_DISK, "--json"])
    assert __main__.main() == 0
    told = json.loads(capsys.readouterr().out)
    run, disk = find_current_row(study, RUN, "test"), find_trivial_row(study, "test")
    assert run is not None and disk is not None
    found = compare_rows(get_picture_scores(study, run), get_picture_scores(study, disk))
    assert told["dice"]["difference"] == pytest.approx(found.difference)
    assert told["dice"]["interval"]["low"] == pytest.approx(found.interval.low)


def test_comparison_with_the_disk_uses_the_pictures_with_a_polyp(study: Study) -> None:
    mine = get_picture_scores(study, find_current_row(study, RUN, "test"))
    disk = get_picture_scores(study, find_trivial_row(study, "test", CENTRED_DISK))
    found = compare_rows(mine, disk)
    assert found.n == (mine.polyp_shares > 0).sum()
    assert found.difference == pytest.approx(np.nanmean(mine.values("dice") - disk.values("dice")))


def test_distances_are_those_of_the_truth(study: Study) -> None:
    pictures = get_picture_scores(study, find_current_row(study, RUN, "test"))
    images = list_images(study)
    for position, distance in zip(pictures.positions, measure_centre_distances(study, pictures), strict=True):
        size = (int(images.widths[position]), int(images.heights[position]))
        truth = load_study_mask(study, images.mask_paths[position], size=size)
        expected = compute_centre_distance(truth)
        assert np.isnan(distance) if expected is None else distance == expected


def test_bands_of_size_and_place_are_the_same_in_report_and_page_and_hold_every_polyp_once(study: Study) -> None:
    pictures = get_picture_scores(study, find_current_row(study, RUN, "test"))
    distances = measure_centre_distances(study, pictures)
    by_position = dict(zip(pictures.positions.tolist(), distances.tolist(), strict=True))
    by_size, by_place = score_by_size(pictures), score_by_place(pictures, by_position)
    tables = list_band_tables(study, pictures, images=list_images(study), items=list_items(study), clustering=None)
    assert [tables[0].bands, tables[1].bands] == [by_size, by_place]
    with_polyp = pictures.polyp_shares > 0
    mean = np.nanmean(pictures.values("dice")[with_polyp])
    for bands in (by_size, by_place):
        assert sum(band.n for band in bands) == with_polyp.sum()
        assert sum(band.n * (band.mean or 0) for band in bands) == pytest.approx(mean * with_polyp.sum())
    assert not any(band.n for band in score_by_place(pictures, {}))  # pictures whose place is not known are left out


def test_a_test_picture_is_drawn_with_its_truth_only_under_the_locked_setting(study: Study) -> None:
    from medxai_core.stages.heatmaps import load_map_maker

    maker, images = load_map_maker(study, RUN), list_images(study)
    position = int(images.positions_in("test", with_truth=True)[0])
    drawing = draw_scored_picture(study, maker, RUN, images, position, setting=SETTING, longest=100)
    assert max(drawing.shape) == 100 and drawing.dtype == np.uint8
    with pytest.raises(TestSplitLockedError):
        draw_scored_picture(study, maker, RUN, images, position, setting=replace(SETTING, low=0.1))


def test_the_hand_in_holds_the_organisers_files_and_the_intended_use(study: Study, tmp_path: Path) -> None:
    measure_speed(study, RUN, SETTING, n_images=None)
    images, pictures = list_images(study), get_picture_scores(study, find_current_row(study, RUN, "test"))
    found = make_hand_in(study, images, pictures, speed=find_speed(study, RUN))
    with zipfile.ZipFile(io.BytesIO(found.to_zip())) as archive:
        assert set(archive.namelist()) == {"README.txt", "scores.csv", "averages.csv", "times.csv"}
        archive.extractall(tmp_path)
    assert RESEARCH_USE in (tmp_path / "README.txt").read_text()
    stems = {Path(str(path)).stem for path in images.relative_paths[pictures.positions]}
    assert {name for name, _ in read_scores(tmp_path / "scores.csv")} == stems
    times = read_times(tmp_path / "times.csv")
    assert {Path(name).stem for name, _ in times} == stems and all(seconds > 0 for _, seconds in times)
    accuracy = read_averages(tmp_path / "averages.csv").accuracy
    assert accuracy == pytest.approx(pictures.values("accuracy").mean(), abs=1e-4)


def test_a_hand_in_by_id_names_no_file(study: Study) -> None:
    images, pictures = list_images(study), get_picture_scores(study, find_current_row(study, RUN, "test"))
    text = make_hand_in(study, images, pictures, naming="id").files["scores.csv"].decode()
    assert all(Path(str(path)).stem not in text for path in images.relative_paths)
    assert all(score.item in text for score in pictures.scores)


def test_times_of_another_setting_are_not_handed_in(study: Study) -> None:
    measure_speed(study, RUN, replace(SETTING, layer=13), n_images=1)
    pictures = get_picture_scores(study, find_current_row(study, RUN, "test"))
    assert "times.csv" not in make_hand_in(study, list_images(study), pictures, speed=find_speed(study, RUN)).files


def test_a_trivial_mask_is_no_hand_in(study: Study) -> None:
    pictures = get_picture_scores(study, find_trivial_row(study, "test"))
    with pytest.raises(ValueError, match="trivial mask"):
        make_hand_in(study, list_images(study), pictures)


def test_masks_of_two_settings_lie_in_two_folders(study: Study) -> None:
    one, other = (get_masks_folder(study, RUN, setting) for setting in (SETTING, replace(SETTING, high=0.7)))
    assert one != other and one.parent == study.folder / "reports"
    assert find_masks_zip(study, RUN, SETTING) is None


def test_times_are_recorded_for_as_many_pictures_as_were_asked(study: Study) -> None:
    found = measure_speed(study, RUN, SETTING, n_images=2)
    speed = find_speed(study, RUN)
    assert speed is not None and speed.setting == asdict(SETTING)
    assert found["n"] == len(speed.seconds) == len(speed.image_ids) == 2
    assert found["min_seconds"] <= found["mean_seconds"] <= found["max_seconds"]
    assert list_events(study, kind="measure-speed")[-1]["details"]["n"] == 2
    with pytest.raises(NotEnoughImagesError):
        measure_speed(study, RUN, SETTING, split="nowhere")


def test_limits_are_told_with_the_studys_numbers(study: Study) -> None:
    from medxai_core.records.runs import get_run

    limits = list_limits(study, get_run(study, RUN))
    assert limits[0].numbers["n"] == 36 and "36 labels" in limits[0].words
    row = next(row for row in list_evaluations(study, split="test") if row.run_id == RUN)
    false_frames = row.summary["rows"]["frames.false_positive_frames"]
    told = [limit for limit in limits if "false_positive_frames" in limit.numbers]
    assert [limit.numbers["false_positive_frames"] for limit in told] == [false_frames["value"]]


def test_limits_hold_no_test_score_while_the_setting_is_open(study: Study) -> None:
    from medxai_core.records.runs import get_run

    record_unlock(study, RUN, reader="reader-1")
    words = " ".join(limit.words + limit.title for limit in list_limits(study, get_run(study, RUN)))
    assert "Dice" not in words and "test frames" not in words
