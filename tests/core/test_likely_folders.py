"""Facts about the folders that are offered for an import."""

from __future__ import annotations

from pathlib import Path

from medxai_core.studies.likely_folders import list_likely_folders


def fill(folder: Path, n_pictures: int) -> Path:
    """Make a folder with empty files that are pictures by their name."""
    folder.mkdir(parents=True)
    for number in range(n_pictures):
        (folder / f"{number}.JPG").touch()
    return folder


def test_folders_with_most_pictures_come_first_and_hidden_ones_masks_and_links_are_left_out(tmp_path: Path) -> None:
    few, many = fill(tmp_path / "a" / "few", 8), fill(tmp_path / "b" / "images", 20)
    fill(tmp_path / "b" / "masks", 20)
    fill(tmp_path / ".cache", 30)
    fill(tmp_path / "lone", 2)
    (tmp_path / "link").symlink_to(many, target_is_directory=True)
    assert [tuple(one) for one in list_likely_folders([tmp_path])] == [(many, 20), (few, 8)]


def test_a_place_that_is_not_there_or_takes_too_long_gives_nothing(tmp_path: Path) -> None:
    assert list_likely_folders([tmp_path / "nowhere"]) == []
    fill(tmp_path / "deep" / "er" / "est" / "of" / "all", 9)
    assert list_likely_folders([tmp_path]) == []
