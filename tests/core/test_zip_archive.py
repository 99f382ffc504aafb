"""Facts about unpacking: an archive can write nowhere but where it may, and not more than it may."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from medxai_core.errors import LayoutError
from medxai_core.formats.zip_archive import ZipLimits, find_safe_name, unpack_zip

PICTURE = b"\xff\xd8\xff picture"


def pack(entries: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """Return an archive with these entries."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    archive.seek(0)
    return archive


def list_files(folder: Path) -> list[str]:
    """Return all files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_pictures_come_out_as_they_went_in_and_others_stay_behind(tmp_path):
    archive = pack({"images/a.jpg": PICTURE, "masks/a.PNG": b"mask", "readme.txt": b"x", "__MACOSX/._a.jpg": b"y"})
    found = unpack_zip(archive, tmp_path / "out")
    assert list_files(tmp_path / "out") == ["images/a.jpg", "masks/a.PNG"]
    assert (tmp_path / "out" / "images" / "a.jpg").read_bytes() == PICTURE
    assert (found.n_files, found.n_ignored, found.failures) == (2, 2, [])


def test_what_is_unpacked_is_private(tmp_path):
    unpack_zip(pack({"images/a.jpg": PICTURE}), tmp_path / "out")
    modes = [stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in ("", "images", "images/a.jpg")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("name", ["../evil.jpg", "/tmp/evil.jpg", "a/../../evil.jpg", "..\\evil.jpg", "C:\\evil.jpg"])
def test_no_entry_is_written_outside_the_destination(tmp_path, name):
    found = unpack_zip(pack({"ok.jpg": PICTURE, name: b"evil"}), tmp_path / "in" / "out")
    assert list_files(tmp_path) == ["in/out/ok.jpg"]
    assert "leads out" in found.failures[0].reason


def test_a_link_is_not_unpacked(tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("ok.jpg", PICTURE)
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    found = unpack_zip(archive, tmp_path / "out")
    assert list_files(tmp_path / "out") == ["ok.jpg"]
    assert [failure.item for failure in found.failures] == ["link.jpg"]


def test_a_bomb_is_stopped_by_the_bytes_it_gives_and_leaves_nothing(tmp_path):
    limits = ZipLimits(max_total_bytes=3_000_000)
    with pytest.raises(LayoutError, match="more than is allowed"):
        unpack_zip(pack({f"{i}.png": bytes(2_000_000) for i in range(3)}), tmp_path / "out", limits=limits)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_lies_about_its_sizes_is_left_out(tmp_path):
    honest = pack({"a.jpg": PICTURE, "big.png": bytes(1_000_000)}).getvalue()
    lying = honest.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    found = unpack_zip(io.BytesIO(lying), tmp_path / "out", limits=ZipLimits(max_file_bytes=1000))
    assert list_files(tmp_path / "out") == ["a.jpg"]
    assert len(found.failures) == 1


def test_too_many_files_are_refused_before_any_is_written(tmp_path):
    with pytest.raises(LayoutError, match="at most 2"):
        unpack_zip(pack({f"{i}.jpg": PICTURE for i in range(3)}), tmp_path / "out", limits=ZipLimits(max_files=2))
    assert not (tmp_path / "out").exists()


def test_a_picture_that_is_too_large_is_a_listed_failure(tmp_path):
    archive = pack({"a.jpg": PICTURE, "big.png": bytes(5000)})
    found = unpack_zip(archive, tmp_path / "out", limits=ZipLimits(max_file_bytes=1000))
    assert [(failure.item, found.n_files) for failure in found.failures] == [("big.png", 1)]


def test_a_name_that_comes_twice_is_taken_once(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("a.jpg", PICTURE)
            opened.writestr("a.jpg", b"other")
    found = unpack_zip(archive, tmp_path / "out")
    assert (tmp_path / "out" / "a.jpg").read_bytes() == PICTURE
    assert "twice" in found.failures[0].reason


def test_a_file_named_as_a_folder_of_the_archive_is_a_listed_failure(tmp_path):
    found = unpack_zip(pack({"a.jpg": PICTURE, "a.jpg/b.jpg": PICTURE}), tmp_path / "out")
    assert (found.n_files, [failure.item for failure in found.failures]) == (1, ["a.jpg/b.jpg"])


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 cut short"])
def test_what_is_no_archive_is_said_so(tmp_path, content):
    with pytest.raises(LayoutError, match="zip archive"):
        unpack_zip(io.BytesIO(content), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_pictures_is_refused(tmp_path):
    with pytest.raises(LayoutError, match="no picture"):
        unpack_zip(pack({"notes.txt": b"x"}), tmp_path / "out")


def test_names_that_cannot_be_files_are_refused():
    assert find_safe_name("a\x00b.jpg") is None
    assert find_safe_name("x" * 300 + ".jpg") is None
    assert find_safe_name("./a//b.jpg").as_posix() == "a/b.jpg"
