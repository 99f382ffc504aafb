"""The organisers' files of Medico 2021, byte for byte, and what a team hands in."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import pytest
from PIL import Image

from medxai_core.errors import LayoutError, MaskMismatchError, UnreadableImageError
from medxai_core.evaluation.scores import score_mask
from medxai_core.formats.medico import (
    OrganiserScores,
    average_scores,
    read_averages,
    read_masks_zip,
    read_scores,
    read_times,
    write_averages,
    write_masks_zip,
    write_scores,
    write_times,
)

EMPTY = np.zeros((5, 5), dtype=bool)
TRUTH, MASK = EMPTY.copy(), EMPTY.copy()
TRUTH[1:4, 1:4] = True
MASK[2:5, 2:5] = True

SCORES_TEXT = b"""filename;accuracy;jaccard;dice;f1;recall;precision
a;0.6000;0.2857;0.4444;0.4444;0.4444;0.4444
b;0.6400;0.0000;0.0000;0.0000;0.0000;0.0000
c;0.6400;0.0000;0.0000;0.0000;0.0000;0.0000
d;1.0000;0.0000;nan;0.0000;0.0000;0.0000
"""
AVERAGES_TEXT = b"""metric;value
accuracy;0.7200
jaccard;0.0714
dice;nan
f1;0.1111
recall;0.1111
precision;0.1111"""


@pytest.fixture
def rows():
    """Return the four cases of empty and full, truth and mask."""
    pairs = {"a": (MASK, TRUTH), "b": (EMPTY, TRUTH), "c": (MASK, EMPTY), "d": (EMPTY, EMPTY)}
    return [(name, score_mask(mask, truth).organisers) for name, (mask, truth) in pairs.items()]


def test_the_table_of_pictures_byte_for_byte(rows, tmp_path):
    write_scores(iter(rows), tmp_path / "scores.csv")
    assert (tmp_path / "scores.csv").read_bytes() == SCORES_TEXT


def test_the_table_of_averages_byte_for_byte(rows, tmp_path):
    """The organisers' plain mean: one NaN makes the mean NaN; no line break at the end."""
    write_averages(average_scores(rows), tmp_path / "averages.csv")
    assert (tmp_path / "averages.csv").read_bytes() == AVERAGES_TEXT


def test_averages_are_taken_before_rounding():
    third = OrganiserScores(*[0.00003] * 6)
    assert average_scores([("a", third), ("b", third)]).dice == pytest.approx(0.00003)
    with pytest.raises(ValueError, match="at least one row"):
        average_scores([])


def test_what_is_written_can_be_read(rows, tmp_path):
    write_scores(rows, tmp_path / "scores.csv")
    read = read_scores(tmp_path / "scores.csv")
    assert [name for name, _ in read] == ["a", "b", "c", "d"]
    assert read[0][1].jaccard == 0.2857 and math.isnan(read[3][1].dice)
    write_averages(average_scores(rows), tmp_path / "averages.csv")
    assert read_averages(tmp_path / "averages.csv").accuracy == 0.72


def test_files_with_windows_line_ends_are_read(tmp_path):
    (tmp_path / "scores.csv").write_bytes(SCORES_TEXT.replace(b"\n", b"\r\n"))
    assert len(read_scores(tmp_path / "scores.csv")) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"name,accuracy\n", "expected the first line"),
        (SCORES_TEXT + b"e;1;2\n", "line 6: expected 7 fields"),
        (SCORES_TEXT.replace(b"0.2857", b"x"), "line 2: 'x' is no number"),
        (b"\xff\xfe\x00", "cannot be read as text"),
    ],
)
def test_a_damaged_table_is_named_with_its_line(tmp_path, text, message):
    (tmp_path / "scores.csv").write_bytes(text)
    with pytest.raises(LayoutError, match=message):
        read_scores(tmp_path / "scores.csv")


def test_averages_in_another_order_are_refused(tmp_path):
    lines = AVERAGES_TEXT.split(b"\n")
    (tmp_path / "averages.csv").write_bytes(b"\n".join([lines[0], *reversed(lines[1:])]))
    with pytest.raises(LayoutError, match="expected the metrics"):
        read_averages(tmp_path / "averages.csv")


def test_a_name_that_would_break_the_table_is_refused_and_the_old_file_stays(rows, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    with pytest.raises(LayoutError, match="cannot stand in a table"):
        write_scores([*rows, ("a;b", rows[0][1])], path)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["scores.csv"]


def test_task_2_byte_for_byte(tmp_path):
    write_times([("a.jpg", 0.1), ("b.jpg", 0.0333333333)], tmp_path / "time.txt")
    assert (tmp_path / "time.txt").read_bytes() == b"a.jpg;0.100000\nb.jpg;0.033333\n"
    assert read_times(tmp_path / "time.txt") == [("a.jpg", 0.1), ("b.jpg", 0.033333)]
    with pytest.raises(ValueError, match="seconds"):
        write_times([("a.jpg", float("nan"))], tmp_path / "time.txt")


def test_the_hand_in_holds_masks_named_as_the_inputs_with_only_0_and_255(tmp_path):
    path = tmp_path / "masks.zip"
    sizes = {"x.jpg": (5, 5), "y.jpg": (5, 5)}
    assert write_masks_zip(iter([("x.jpg", MASK), ("y.jpg", TRUTH)]), path, expected_sizes=sizes) == 2
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["x.png", "y.png"]
        picture = Image.open(io.BytesIO(archive.read("x.png")))
        assert picture.format == "PNG" and picture.mode == "L" and picture.size == (5, 5)
        assert np.array_equal(np.asarray(picture), MASK * np.uint8(255))


def test_masks_come_back_from_the_zip_and_its_bytes_are_always_the_same(tmp_path):
    masks = [("y.jpg", TRUTH), ("x.jpg", MASK)]
    for name in ("one.zip", "two.zip"):
        write_masks_zip(masks, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    read = list(read_masks_zip(tmp_path / "one.zip"))
    assert [name for name, _ in read] == ["x.png", "y.png"]
    assert np.array_equal(read[0][1], MASK) and np.array_equal(read[1][1], TRUTH)


def test_two_inputs_of_one_name_cannot_be_handed_in(tmp_path):
    with pytest.raises(LayoutError, match="is taken"):
        write_masks_zip([("x.jpg", MASK), ("x.png", MASK)], tmp_path / "masks.zip")
    assert not list(tmp_path.iterdir())


def test_a_mask_of_another_size_than_its_input_cannot_be_handed_in(tmp_path):
    with pytest.raises(MaskMismatchError, match="its picture"):
        write_masks_zip([("x.jpg", MASK)], tmp_path / "masks.zip", expected_sizes={"x.jpg": (5, 6)})


@pytest.mark.parametrize("member", ["../evil.png", "folder/a.png", "/abs.png", "..\\evil.png"])
def test_a_zip_that_points_outside_is_refused(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "masks.zip", "w") as archive:
        archive.writestr(member, b"x")
    with pytest.raises(LayoutError, match="lies in a folder"):
        list(read_masks_zip(tmp_path / "masks.zip"))


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "masks.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(65 * 2**20))
    with pytest.raises(LayoutError, match="over 64 MiB"):
        list(read_masks_zip(tmp_path / "masks.zip"))


def test_files_that_are_no_zip_or_no_picture_are_named(tmp_path):
    (tmp_path / "masks.zip").write_bytes(b"no zip")
    with pytest.raises(LayoutError, match="cannot be opened as a zip"):
        list(read_masks_zip(tmp_path / "masks.zip"))
    with zipfile.ZipFile(tmp_path / "masks.zip", "w") as archive:
        archive.writestr("a.png", b"no picture")
    with pytest.raises(UnreadableImageError, match=r"a\.png"):
        list(read_masks_zip(tmp_path / "masks.zip"))
