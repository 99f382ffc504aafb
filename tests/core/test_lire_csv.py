"""The published features file: its form to the letter, and what it cannot hold."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from medxai_core.errors import LayoutError
from medxai_core.features import extract_features, get_feature_set
from medxai_core.formats.lire_csv import N_NUMBERS, read_lire_csv, write_lire_csv


def make_rows(n: int) -> np.ndarray:
    return np.arange(n * N_NUMBERS, dtype=np.float64).reshape(n, N_NUMBERS) / 7


def test_form_is_the_published_one(tmp_path: Path) -> None:
    row = np.zeros((1, N_NUMBERS))
    row[0, 0], row[0, 80] = 3, 3.5845588235294117
    write_lire_csv(tmp_path / "f.csv", row, ["/data/frames/a.jpg"], directory="/data/frames")
    numbers = ["3.0"] + ["0.0"] * 79 + ["3.5845588235294117"] + ["0.0"] * 145
    expected = "% Extracting images in /data/frames\n" + ",".join(numbers) + ",/data/frames/a.jpg\n"
    assert (tmp_path / "f.csv").read_bytes() == expected.encode()


def test_width_is_that_of_the_lire_features() -> None:
    assert get_feature_set("lire").n_features == N_NUMBERS


def test_round_trip_of_extracted_features_loses_nothing(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    features = get_feature_set("lire").stack(extract_features(images))
    paths = ["/p/a.png", "/p/with space.png", "/p/\u00fcml\u00e4ut.png"]
    write_lire_csv(tmp_path / "f.csv", features, paths, directory="/p")
    table = read_lire_csv(tmp_path / "f.csv")
    np.testing.assert_array_equal(table.features, features)
    assert table.image_paths == tuple(paths)
    assert table.directory == "/p"


def test_no_picture_is_a_file_of_one_line(tmp_path: Path) -> None:
    write_lire_csv(tmp_path / "f.csv", make_rows(0), [], directory="/p")
    assert read_lire_csv(tmp_path / "f.csv").features.shape == (0, N_NUMBERS)


def test_comma_in_a_path_is_kept(tmp_path: Path) -> None:
    paths = ["/p/Doe, 2021/a,b,.png", "C:\\p, q\\a.png"]
    write_lire_csv(tmp_path / "f.csv", make_rows(2), paths, directory="/p, q")
    table = read_lire_csv(tmp_path / "f.csv")
    assert table.image_paths == tuple(paths)
    assert table.directory == "/p, q"


def test_file_name_that_is_not_utf8_is_kept(tmp_path: Path) -> None:
    path = os.fsdecode(b"/p/\xe4.png")
    write_lire_csv(tmp_path / "f.csv", make_rows(1), [path], directory="/p")
    assert (tmp_path / "f.csv").read_bytes().endswith(b"/p/\xe4.png\n")
    assert read_lire_csv(tmp_path / "f.csv").image_paths == (path,)


@pytest.mark.parametrize("path", ["/p/a\nb.png", "/p/a\rb.png", "/p/\ud800.png"])
def test_path_that_cannot_be_held_is_refused_and_the_old_file_stays(tmp_path: Path, path: str) -> None:
    file = tmp_path / "f.csv"
    file.write_text("old")
    with pytest.raises(LayoutError, match="Rename"):
        write_lire_csv(file, make_rows(2), ["/p/a.png", path], directory="/p")
    with pytest.raises(LayoutError, match="Rename"):
        write_lire_csv(file, make_rows(1), ["/p/a.png"], directory=path)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


def test_callers_mistakes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="226"):
        write_lire_csv(tmp_path / "f.csv", np.zeros((1, 225)), ["/p/a"], directory="/p")
    with pytest.raises(ValueError, match="finite"):
        write_lire_csv(tmp_path / "f.csv", make_rows(1) * np.nan, ["/p/a"], directory="/p")
    with pytest.raises(ValueError, match="one path a row"):
        write_lire_csv(tmp_path / "f.csv", make_rows(2), ["/p/a"], directory="/p")
    with pytest.raises(ValueError, match="absolute"):
        write_lire_csv(tmp_path / "f.csv", make_rows(1), ["a.png"], directory="/p")
    assert not list(tmp_path.iterdir())


ZEROS = ",".join(["0.0"] * N_NUMBERS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{ZEROS},/p/a.png\n", "line 1"),  # no comment: skipping a line would lose a picture
        (f"% c\n{ZEROS},/p/a.png\n{ZEROS[4:]},/p/b.png\n", "line 3"),  # one number short
        (f"% c\n0.0,{ZEROS},/p/a.png\n", "line 2"),  # one number too many
        (f"% c\n{ZEROS}\n", "line 2"),
        (f"% c\n{ZEROS},\n", "line 2"),
        (f"% c\nx{ZEROS},/p/a.png\n", "line 2"),
        (f"% c\nNaN{ZEROS[3:]},/p/a.png\n", "finite"),
        ("", "line 1"),
    ],
)
def test_other_files_are_refused_by_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(LayoutError, match=complaint):
        read_lire_csv(tmp_path / "f.csv")


def test_other_comment_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(f"% by hand\r\n{ZEROS},/p/a.png\r\n".encode())
    table = read_lire_csv(tmp_path / "f.csv")
    assert table.directory is None
    assert table.image_paths == ("/p/a.png",)
