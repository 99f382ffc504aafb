"""Scoring two folders: nothing is dropped silently, and leaving pictures out does not pay."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from medxai_core.errors import LayoutError, StopRequested
from medxai_core.evaluation.baselines import ALL_POLYP, CENTRED_DISK, MEAN_MASK
from medxai_core.evaluation.folders import evaluate_folders, resize_mask
from medxai_core.evaluation.scores import score_mask
from medxai_core.images import save_mask


def block(top: int, *, shape: tuple[int, int] = (20, 30)) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[top : top + 8, 5:15] = True
    return mask


@pytest.fixture
def folders(tmp_path):
    """Return folders of predictions and truth, with three perfect pairs a, b, c."""
    for name in ("pred", "truth"):
        (tmp_path / name).mkdir()
        for top, stem in enumerate("abc"):
            save_mask(block(top), tmp_path / name / f"{stem}.png")
    return tmp_path / "pred", tmp_path / "truth"


def evaluate(folders, **options):
    return evaluate_folders(*folders, masks_used_for="nothing", n_resamples=20, **options)


def test_pairs_are_scored_beside_the_trivial_masks(folders):
    progress = []
    result = evaluate(folders, on_progress=lambda *step: progress.append(step))
    assert [score.item for score in result.scores] == ["a", "b", "c"]
    assert result.table.get("mean", "dice").value == 1.0
    assert [table.name for table in result.baselines] == [ALL_POLYP, CENTRED_DISK]
    assert {table.masks_used_for for table in result.baselines} == {"baseline"}
    assert result.baselines[0].get("mean", "precision").value == pytest.approx(80 / 600)
    assert result.failures == () and result.resized == ()
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_files_are_paired_by_name_whatever_their_ending(folders):
    pred, truth = folders
    Image.fromarray(block(0).astype(np.uint8) * 255).save(truth / "a.jpg", quality=95)
    (truth / "a.png").unlink()
    assert evaluate(folders).table.get("mean", "dice").value == pytest.approx(1.0, abs=0.05)


def test_a_missing_prediction_is_listed_and_scored_as_empty(folders):
    (folders[0] / "b.png").unlink()
    result = evaluate(folders)
    (failure,) = result.failures
    assert failure.item == "b" and "scored as an empty mask" in failure.reason
    assert result.scores[1].dice == 0 and result.scores[1].outcome == "polyp_without_mask"
    assert result.table.get("mean", "dice").value == pytest.approx(2 / 3)


def test_a_missing_prediction_of_a_frame_without_polyp_earns_nothing(folders):
    pred, truth = folders
    for stem in "de":
        save_mask(np.zeros((20, 30), dtype=bool), truth / f"{stem}.png")
    save_mask(np.zeros((20, 30), dtype=bool), pred / "d.png")
    result = evaluate(folders)
    (failure,) = result.failures
    assert failure.item == "e" and "not scored" in failure.reason
    row = result.table.get("frames", "correctly_empty_frames")
    assert (row.total, row.out_of) == (1, 1)
    assert all(table.n_images == result.table.n_images == 4 for table in result.baselines)


def test_an_unreadable_prediction_is_listed_and_scored_as_empty(folders):
    (folders[0] / "b.png").write_bytes(b"no picture")
    result = evaluate(folders)
    assert [failure.item for failure in result.failures] == ["b"]
    assert result.table.get("mean", "dice").value == pytest.approx(2 / 3)


def test_a_mask_of_zeros_and_ones_is_not_taken_for_an_empty_one_in_silence(folders):
    Image.fromarray(block(1).astype(np.uint8)).save(folders[0] / "b.png")
    result = evaluate(folders)
    assert [failure.item for failure in result.failures] == ["b"]
    assert result.scores[1].dice == 0


def test_an_unreadable_truth_is_listed_and_not_scored(folders):
    (folders[1] / "b.png").write_bytes(b"no picture")
    result = evaluate(folders)
    assert [score.item for score in result.scores] == ["a", "c"]
    assert "not scored" in result.failures[0].reason


def test_extra_files_folders_and_doubles_are_listed(folders):
    pred, truth = folders
    save_mask(block(0), pred / "z.png")
    (pred / "more").mkdir()
    (pred / ".hidden").write_text("x")
    Image.fromarray(block(0).astype(np.uint8) * 255).save(pred / "a.bmp")
    result = evaluate(folders)
    assert sorted(failure.item for failure in result.failures) == ["a", "more", "z"]
    assert result.scores[0].dice == 0  # which of the two files is meant cannot be known


def test_a_prediction_of_another_size_is_resized_and_named(folders):
    save_mask(resize_mask(block(1), (40, 60)), folders[0] / "b.png")
    result = evaluate(folders)
    assert result.resized == ("b",) and result.failures == () and result.notes == ()
    assert result.scores[1].dice == 1.0


def test_a_prediction_on_its_side_is_noted(folders):
    save_mask(block(1).T.copy(), folders[0] / "b.png")
    (note,) = evaluate(folders).notes
    assert note.item == "b" and "20x30, the truth 30x20" in note.reason


def test_nearest_neighbour_invents_no_value_and_flips_with_the_picture():
    mask = np.random.default_rng(0).random((13, 17)) < 0.5
    assert np.array_equal(resize_mask(mask, (26, 34)), np.kron(mask, np.ones((2, 2), dtype=bool)))
    for shape in ((39, 51), (7, 9)):  # an odd factor, and sides for which no centre falls on a border
        assert np.array_equal(resize_mask(mask[::-1], shape), resize_mask(mask, shape)[::-1])
    assert np.array_equal(resize_mask(mask, mask.shape), mask)


def test_pictures_of_one_patient_are_one_group(folders):
    assert evaluate(folders).table.n_groups == 3
    assert evaluate(folders, groups={"a": "p1", "b": "p1"}).table.n_groups == 2


def test_the_mean_mask_comes_from_other_pictures_only(folders, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for stem in "xy":
        save_mask(block(1), other / f"{stem}.png")
    result = evaluate(folders, other_masks_dir=other)
    assert [table.name for table in result.baselines] == [ALL_POLYP, CENTRED_DISK, MEAN_MASK]
    assert result.baselines[2].get("mean", "dice").value > 0.8
    (other / "x.png").unlink()
    (other / "y.png").write_bytes(b"no picture")
    with pytest.raises(LayoutError, match="no mask in other"):
        evaluate(folders, other_masks_dir=other)
    save_mask(block(1), other / "a.png")
    with pytest.raises(LayoutError, match="belong to scored pictures"):
        evaluate(folders, other_masks_dir=other)


def test_folders_that_hold_nothing_are_an_error_the_user_can_act_on(folders, tmp_path):
    with pytest.raises(LayoutError, match="is no folder"):
        evaluate((folders[0], tmp_path / "absent"))
    (tmp_path / "nothing").mkdir()
    with pytest.raises(LayoutError, match="could be scored"):
        evaluate((folders[0], tmp_path / "nothing"))


def test_a_stop_passes_through(folders):
    def stop(done: int, total: int) -> None:
        raise StopRequested

    with pytest.raises(StopRequested):
        evaluate(folders, on_progress=stop)


def test_real_masks_against_themselves_and_their_mirror(kvasir_seg, tmp_path):
    from medxai_core.images import load_mask

    pred, truth = tmp_path / "pred", tmp_path / "truth"
    pred.mkdir(), truth.mkdir()
    paths = sorted((kvasir_seg / "masks").iterdir())[:6]
    masks = {path.stem: load_mask(path) for path in paths}
    for stem, mask in masks.items():
        save_mask(mask[:, ::-1].copy(), pred / f"{stem}.png")
        save_mask(mask, truth / f"{stem}.png")
    result = evaluate_folders(pred, truth, masks_used_for="nothing", n_resamples=20)
    expected = np.mean([score_mask(mask[:, ::-1], mask).dice for mask in masks.values()])
    assert result.table.get("mean", "dice").value == pytest.approx(expected)
