"""Import of pictures into a study: what is taken, what is refused, what is never lost."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medxai_core.errors import (
    LayoutError,
    MedxaiError,
    NotEnoughImagesError,
    SchemaVersionError,
    StudyDamagedError,
    StudyExistsError,
    StudyNotFoundError,
    StudyNotWritableError,
)
from medxai_core.records.pictures import list_images, list_items
from medxai_core.studies.health import check_health
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.studies.removal import remove_image
from medxai_core.study import open_study, set_image_root


def options_for(phantom: Path, **changes: object) -> ImportOptions:
    """Return import options for a folder of drawn frames."""
    base = ImportOptions(
        images=phantom / "images",
        masks=phantom / "masks",
        labels=phantom / "labels.csv",
        group_column="group",
        layout="folders",
        seeds=4,
        validation=4,
        tuning_share=0.2,
        test_share=0.2,
    )
    return replace(base, **changes)


@pytest.fixture(scope="module")
def tiled(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory):
    """Return a study of the drawn frames as 2x2 tiles. Not to be changed."""
    folder = tmp_path_factory.mktemp("studies") / "tiled"
    return create_study(folder, options_for(phantom_folder, tiles=(2, 2)))


def write_noise(path: Path, *, size: tuple[int, int] = (96, 80), seed: int = 0) -> None:
    """Write a picture of noise, (width, height) pixels."""
    noise = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(path)


def test_a_tile_is_polyp_when_a_mask_pixel_lies_in_it(tiled) -> None:
    items, images = list_items(tiled), list_images(tiled)
    for row in range(len(items)):
        path = tiled.mask_root / images.mask_paths[items.image_positions[row]]
        x0, y0, x1, y1 = items.boxes[row]
        share = (np.asarray(Image.open(path))[y0:y1, x0:x1] > 127).mean()
        assert items.reference_labels[row] == ("polyp" if share > 0 else "non_polyp")
        assert items.polyp_shares[row] == pytest.approx(share)


def test_no_group_is_in_two_splits_and_tiles_follow_their_picture(tiled) -> None:
    images, items = list_images(tiled), list_items(tiled)
    for group in set(images.groups):
        assert len(set(images.splits[images.groups == group])) == 1
    assert (items.splits == images.splits[items.image_positions]).all()
    assert set(images.splits) == {"train", "validation", "tuning", "test"}
    assert set(items.splits[items.is_seed]) == {"train"}


def test_health_finds_a_changed_and_a_missing_picture(phantom_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_folder, tmp_path / "pictures")
    study = create_study(tmp_path / "study", options_for(tmp_path / "pictures"))
    assert check_health(study, with_hashes=True).is_healthy
    first, second = sorted((tmp_path / "pictures" / "images").iterdir())[:2]
    write_noise(first)
    second.unlink()
    health = check_health(study, with_hashes=True)
    assert not health.is_healthy
    assert len(health.findings["missing or changed since the import"]) == 2


def test_bad_pictures_are_listed_and_the_good_ones_imported(phantom_folder: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    shutil.copytree(phantom_folder / "images", pictures)
    good = len(list(pictures.iterdir()))
    (pictures / "empty.jpg").write_bytes(b"")
    (pictures / "text.png").write_text("not a picture")
    whole = next(iter(phantom_folder.joinpath("images").iterdir())).read_bytes()
    (pictures / "truncated.jpg").write_bytes(whole[: len(whole) // 3])
    shutil.copy(sorted(pictures.glob("*.jpg"))[1], pictures / "a copy.jpg")
    hostile = pictures / "<img src=x onerror=alert(1)>\"' – ä 息肉.jpg"
    write_noise(hostile)
    study = create_study(tmp_path / "study", ImportOptions(pictures, layout="folders", tuning_share=0.1))
    failed = {failure.item: failure.reason for failure in study.list_failures()}
    assert {"empty.jpg", "text.png", "truncated.jpg"} <= set(failed)
    assert any("same file" in reason for reason in failed.values())
    paths = set(list_images(study).relative_paths)
    assert hostile.name in paths
    assert len(paths) == good + 1


def test_a_name_that_is_no_text_is_refused_by_name(phantom_folder: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    shutil.copytree(phantom_folder / "images", pictures)
    source = sorted(pictures.iterdir())[0]
    source.rename(pictures / b"bad\xff.jpg".decode("utf-8", "surrogateescape"))
    study = create_study(tmp_path / "study", ImportOptions(pictures, layout="folders"))
    assert any("Unicode" in failure.reason for failure in study.list_failures())


def test_a_mask_of_another_size_is_listed_and_its_picture_kept(phantom_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_folder, tmp_path / "pictures")
    mask = sorted((tmp_path / "pictures" / "masks").iterdir())[0]
    Image.new("L", (7, 5)).save(mask)
    study = create_study(tmp_path / "study", options_for(tmp_path / "pictures"))
    [failure] = [one for one in study.list_failures() if "mask" in one.reason]
    assert mask.stem in failure.item
    images = list_images(study)
    assert len(images) == 24
    assert sum(path is None for path in images.mask_paths) == 1


def test_photographs_given_as_masks_are_listed_and_used_as_none(phantom_folder: Path, tmp_path: Path) -> None:
    study = create_study(
        tmp_path / "s",
        options_for(phantom_folder, masks=shutil.copytree(phantom_folder / "images", tmp_path / "masks")),
    )
    assert all(path is None for path in list_images(study).mask_paths)
    assert "looks like a photograph" in study.list_failures()[0].reason


def test_a_picture_too_small_to_show_anything_is_listed(phantom_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(phantom_folder / "images", tmp_path / "images"))
    write_noise(folder / "speck.png", size=(300, 2))
    study = create_study(tmp_path / "s", options_for(phantom_folder, images=folder))
    assert [(one.item, one.reason) for one in study.list_failures()] == [
        ("speck.png", "it is 300x2 pixels: too small to show anything; at least 16 a side.")
    ]


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayoutError) as caught:
        create_study(tmp_path / "study", ImportOptions(tmp_path / "empty"))
    assert caught.value.remedy
    assert not (tmp_path / "study").exists()


def test_a_folder_of_unreadable_pictures_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "bad" / name).write_bytes(b"\xff\xd8 no jpeg")
    with pytest.raises(NotEnoughImagesError, match="2 failed"):
        create_study(tmp_path / "study", ImportOptions(tmp_path / "bad"))
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_an_interrupted_import_leaves_nothing_behind(phantom_folder: Path, tmp_path: Path) -> None:
    def stage(title: str):
        def interrupt(done: int, total: int) -> None:
            raise KeyboardInterrupt

        return interrupt

    with pytest.raises(KeyboardInterrupt):
        create_study(tmp_path / "study", options_for(phantom_folder), stage=stage)
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_never_written_over(phantom_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "notes.txt").write_text("mine")
    with pytest.raises(StudyExistsError):
        create_study(tmp_path / "study", options_for(phantom_folder))
    assert (tmp_path / "study" / "notes.txt").read_text() == "mine"


def test_opening_says_what_is_wrong(phantom_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyNotFoundError):
        open_study(tmp_path / "nothing")
    study = create_study(tmp_path / "study", options_for(phantom_folder))
    study.engine.dispose()
    database = tmp_path / "study" / "study.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE study_facts SET value = '99' WHERE key = 'schema_version'")
    connection.close()
    with pytest.raises(SchemaVersionError, match="99"):
        open_study(tmp_path / "study")
    database.write_bytes(b"this is no database, but long enough to look at" * 100)
    with pytest.raises(StudyDamagedError):
        open_study(tmp_path / "study")
    database.write_bytes(b"")
    with pytest.raises(StudyDamagedError):
        open_study(tmp_path / "study")


def test_a_read_only_study_can_be_looked_at_but_not_changed(phantom_folder: Path, tmp_path: Path) -> None:
    created = create_study(tmp_path / "study", options_for(phantom_folder))
    created.engine.dispose()
    study = open_study(tmp_path / "study", read_only=True)
    assert len(list_images(study)) == 24
    with pytest.raises(StudyNotWritableError):
        study.set_fact("anything", 1)


def test_a_moved_folder_of_pictures_can_be_found_again(phantom_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_folder, tmp_path / "old")
    study = create_study(tmp_path / "study", options_for(tmp_path / "old"))
    (tmp_path / "old").rename(tmp_path / "new")
    with pytest.raises(MedxaiError):
        set_image_root(study, tmp_path)
    set_image_root(study, tmp_path / "new" / "images", tmp_path / "new" / "masks")
    assert check_health(study, with_hashes=True).is_healthy


def test_removing_a_picture_leaves_a_tombstone_only(phantom_folder: Path, tmp_path: Path) -> None:
    from medxai_core.records.clusterings import get_features
    from medxai_core.stages.features import extract_study_features

    study = create_study(tmp_path / "study", options_for(phantom_folder, tiles=(2, 2)))
    extract_study_features(study)
    image_id = str(list_images(study).image_ids[3])
    removed = remove_image(study, image_id)
    assert removed.n_items == 4
    items = list_items(study)
    gone = items.image_ids == image_id
    assert not items.is_present[gone].any()
    for values in get_features(study).values():
        assert np.isnan(values[gone]).all()
        assert np.isfinite(values[~gone]).all()
    assert not list((study.folder / "thumbnails").rglob(f"{image_id}*"))
    assert list_images(study).relative_paths[3] is None
    assert removed.left_on_disk is not None
    assert Path(removed.left_on_disk).exists()


def test_study_files_are_for_their_owner_only(tiled) -> None:
    assert (tiled.folder.stat().st_mode & 0o077) == 0
    assert ((tiled.folder / "study.db").stat().st_mode & 0o077) == 0
    for thumbnail in (tiled.folder / "thumbnails").rglob("*.jpg"):
        assert (thumbnail.stat().st_mode & 0o077) == 0
