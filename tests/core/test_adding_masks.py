"""Masks that come after the import: matched and checked like those of the import, and nothing else changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from medxai_core.__main__ import app
from medxai_core.errors import LayoutError, StudyNotWritableError
from medxai_core.events import list_events
from medxai_core.records.pictures import list_images, list_items
from medxai_core.studies.adding_masks import add_masks_to_study, find_last_addition
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study, open_study


@pytest.fixture
def masks(phantom_folder: Path, tmp_path: Path) -> Path:
    """Return a folder of masks of one's own."""
    return Path(shutil.copytree(phantom_folder / "masks", tmp_path / "masks"))


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study of the drawn frames as 2x2 tiles, without masks or labels."""
    options = ImportOptions(phantom_folder / "images", layout="folders", tiles=(2, 2))
    return create_study(tmp_path / "study", options)


def test_masks_added_later_are_those_that_the_import_would_have_taken(
    study: Study, masks: Path, phantom_folder: Path, tmp_path: Path
) -> None:
    splits = list_images(study).splits.tolist()
    added = add_masks_to_study(study, masks, actor="reader-1")
    options = ImportOptions(phantom_folder / "images", masks=masks, layout="folders", tiles=(2, 2))
    at_once = create_study(tmp_path / "at_once", options)
    now, expected = list_images(study), list_images(at_once)
    assert added.n_masks == len(now) == 24 and not added.failures
    by_id = dict(zip(expected.image_ids, expected.mask_paths, strict=True))
    assert now.mask_paths.tolist() == [by_id[one] for one in now.image_ids]
    shares = dict(zip(list_items(at_once).item_ids, list_items(at_once).polyp_shares, strict=True))
    items = list_items(study)
    assert items.polyp_shares.tolist() == [shares[one] for one in items.item_ids]
    assert items.reference_labels.tolist() == ["polyp" if share > 0 else "non_polyp" for share in items.polyp_shares]
    assert study.mask_root == masks.resolve()
    assert now.splits.tolist() == splits and not items.is_seed.any() and not items.is_labelled.any()


def test_the_log_says_who_added_how_many_and_test_scores_are_not_promised(study: Study, masks: Path) -> None:
    added = add_masks_to_study(study, masks, actor="reader-1")
    [event] = list_events(study, kind="add-masks")
    assert event["actor"] == "reader-1" and event["details"]["n_masks"] == 24
    assert "png" not in str(event["details"])  # numbers only, never a file name
    assert find_last_addition(study) == {"at": event["at"], "n_masks": 24}
    assert any("new study" in note for note in added.notes)  # no picture of test: the study had no masks


def test_what_does_not_fit_is_listed_once_and_the_rest_is_taken(
    study: Study, masks: Path, phantom_folder: Path
) -> None:
    first, second = sorted(masks.iterdir())[:2]
    Image.new("L", (7, 5)).save(first)
    second.write_bytes(b"")
    shutil.copy(sorted(masks.iterdir())[3], masks / "of-no-picture.png")
    added = add_masks_to_study(study, masks)
    assert added.n_masks == 22 and len(added.failures) == 2
    assert any("1 masks have no picture" in note for note in added.notes)
    assert len(study.list_failures()) == 2

    sound = add_masks_to_study(study, masks)  # the same again: nothing is taken, nothing is listed twice
    assert (sound.n_masks, sound.n_had_one, len(study.list_failures())) == (0, 22, 2)
    shutil.copy(phantom_folder / "masks" / first.name, first)
    added = add_masks_to_study(study, masks)
    assert (added.n_masks, len(added.failures), len(study.list_failures())) == (1, 1, 2)


def test_a_mask_never_overrules_a_label_that_is_known(phantom_folder: Path, masks: Path, tmp_path: Path) -> None:
    options = ImportOptions(phantom_folder / "images", labels=phantom_folder / "labels.csv", layout="folders")
    study = create_study(tmp_path / "labelled", options)
    before = list_items(study).reference_labels.tolist()
    row = before.index("polyp")
    path = next(one for one in masks.iterdir() if one.stem == Path(list_images(study).relative_paths[row]).stem)
    Image.fromarray(np.zeros_like(np.asarray(Image.open(path)))).save(path)
    added = add_masks_to_study(study, masks)
    assert added.n_masks == 23 and added.n_labels == 0
    assert "known label is polyp" in added.failures[0].reason
    assert list_items(study).reference_labels.tolist() == before
    assert list_images(study).mask_paths[row] is None


def test_masks_that_are_there_stay_and_those_of_another_folder_are_refused(
    study: Study, masks: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later.png"
    shutil.move(sorted(masks.iterdir())[5], later)
    name = sorted(list_images(study).relative_paths)[5]
    assert add_masks_to_study(study, masks).n_masks == 23
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(later, elsewhere / f"{Path(name).stem}.png")
    with pytest.raises(LayoutError, match="another folder"):
        add_masks_to_study(study, elsewhere)
    shutil.copy(later, masks / f"{Path(name).stem}.png")
    added = add_masks_to_study(study, masks)
    assert (added.n_masks, added.n_had_one) == (1, 23)
    assert add_masks_to_study(study, masks).n_masks == 0  # again: nothing is left to do, which is no error
    assert len(list_events(study, kind="add-masks")) == 2


def test_a_folder_without_a_fitting_mask_changes_nothing(study: Study, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    Image.new("L", (9, 9)).save(tmp_path / "other" / "x.png")
    with pytest.raises(LayoutError, match="no mask in"):
        add_masks_to_study(study, tmp_path / "other")
    with pytest.raises(LayoutError, match="does not exist"):
        add_masks_to_study(study, tmp_path / "gone")
    assert study.mask_root is None and not list_events(study, kind="add-masks")


def test_a_read_only_study_is_not_changed(study: Study, masks: Path) -> None:
    with pytest.raises(StudyNotWritableError):
        add_masks_to_study(open_study(study.folder, read_only=True), masks)


def test_the_command_says_what_it_did(study: Study, masks: Path) -> None:
    result = CliRunner().invoke(app, ["study", "add-masks", str(study.folder), "--masks", str(masks)])
    assert result.exit_code == 0, result.output
    assert "masks added: 24" in result.output
