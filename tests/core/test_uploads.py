"""Facts about uploaded pictures: kept privately, under safe names, and gone when they should be."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from medxai_core.errors import LayoutError, StudyExistsError
from medxai_core.studies.uploads import (
    UploadedFile,
    check_study_name,
    delete_uploaded_file,
    discard_uploads,
    get_uploads_folder,
    save_table,
    save_uploads,
    start_upload,
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Keep all uploads in a temporary home."""
    monkeypatch.setenv("MEDXAI_HOME", str(tmp_path))
    return tmp_path


def make_file(name: str, content: bytes = b"picture") -> UploadedFile:
    """Return one uploaded file."""
    return UploadedFile(name, io.BytesIO(content))


def make_zip(*names: str) -> UploadedFile:
    """Return an uploaded archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name in names:
            opened.writestr(name, b"picture")
    archive.seek(0)
    return UploadedFile("pictures.zip", archive)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", ".hidden", "x" * 41, "a\n", "-k"])
def test_names_that_are_no_plain_folder_names_are_refused(name):
    with pytest.raises(LayoutError, match="name of a study"):
        check_study_name(name)


def test_pictures_are_kept_privately_and_a_second_of_the_same_name_is_listed():
    folder = start_upload("s")
    root, failures = save_uploads(folder, "images", [make_file("a.jpg", b"1"), make_file("x/a.jpg", b"2")])
    assert [path.name for path in root.iterdir()] == ["a.jpg"]
    assert (root / "a.jpg").read_bytes() == b"1"
    assert [failure.item for failure in failures] == ["x/a.jpg"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "a.jpg").stat().st_mode) == 0o600


def test_an_archive_with_one_folder_of_images_and_masks_is_entered():
    root, _ = save_uploads(start_upload("s"), "images", [make_zip("K/images/a.jpg", "K/masks/a.jpg")])
    assert sorted(path.name for path in root.iterdir()) == ["images", "masks"]


def test_a_lone_class_folder_is_not_entered_for_its_name_is_the_label():
    root, _ = save_uploads(start_upload("s"), "images", [make_zip("polyp/a.jpg")])
    assert [path.name for path in root.iterdir()] == ["polyp"]


def test_an_archive_among_pictures_is_refused():
    with pytest.raises(LayoutError, match="together with other files"):
        save_uploads(start_upload("s"), "images", [make_zip("a.jpg"), make_file("b.jpg")])


def test_without_a_picture_nothing_is_taken():
    with pytest.raises(LayoutError, match="no picture was uploaded"):
        save_uploads(start_upload("s"), "images", [make_file("notes.txt")])


def test_the_uploads_of_a_study_that_exists_are_not_overwritten(home):
    (home / "studies" / "s").mkdir(parents=True)
    with pytest.raises(StudyExistsError):
        start_upload("s")


def test_discarding_spares_the_pictures_of_a_study_that_came_about(home):
    folder = start_upload("s")
    save_table(folder, make_file("whatever.csv", b"filename,label\n"))
    assert (folder / "labels.csv").is_file()
    (home / "studies" / "s").mkdir(parents=True)
    discard_uploads("s")
    assert folder.exists()
    (home / "studies" / "s").rmdir()
    discard_uploads("s")
    assert not get_uploads_folder("s").exists()


def test_only_uploaded_files_are_deleted(home, tmp_path_factory):
    root, _ = save_uploads(start_upload("s"), "images", [make_file("a.jpg")])
    own = tmp_path_factory.mktemp("own") / "b.jpg"
    own.write_bytes(b"mine")
    assert delete_uploaded_file(root / "a.jpg")
    assert not (root / "a.jpg").exists()
    assert not delete_uploaded_file(own)
    assert not delete_uploaded_file(root / ".." / ".." / ".." / ".." / own)
    assert own.exists()
