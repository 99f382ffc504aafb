"""Burned-in text: what is found, what is not taken for it, and that a study says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage
from typer.testing import CliRunner

from medxai_core.__main__ import app
from medxai_core.phantom import draw_frame
from medxai_core.records.pictures import list_images
from medxai_core.studies.bright_shapes import find_shapes, mark_bright
from medxai_core.studies.burned_in_text import find_burned_in_text
from medxai_core.studies.health import check_health
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.studies.pictures_with_text import TEXT_FACT, TEXT_FINDING, cut_out_text, look_for_text
from medxai_core.study import Study, open_study

NAME = "NAME: DOE JANE 03/07/1961"


def write_text(image: np.ndarray, *, size: int = 16, fill: tuple[int, int, int] = (255, 255, 255)) -> np.ndarray:
    """Return a picture with a line of text in its upper left corner."""
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text((12, 20), NAME, fill=fill, font=ImageFont.load_default(size))
    return np.asarray(picture)


@pytest.mark.parametrize("fill", [(255, 255, 255), (255, 255, 0), (0, 255, 0), (0, 255, 255)])
@pytest.mark.parametrize("size", [12, 16, 24])
def test_a_name_in_a_bright_colour_is_found_where_it_stands(size: int, fill: tuple[int, int, int]) -> None:
    rows = find_burned_in_text(write_text(np.full((420, 520, 3), 20, np.uint8), size=size, fill=fill))
    assert rows and rows[0].n_letters >= 10
    assert rows[0].y0 < (20 + size) / 420 and rows[0].y1 > 20 / 420 and rows[0].x0 < 0.2


def test_a_name_in_a_large_picture_is_found() -> None:
    assert find_burned_in_text(write_text(np.full((1080, 1920, 3), 20, np.uint8), size=24))


def test_frames_without_text_are_seldom_taken_for_some() -> None:
    """They hold glare: small bright spots. 1 of 100 may be taken for text."""
    frames = [draw_frame(3000 + seed, with_polyp=seed % 2 == 0).image for seed in range(40)]
    assert sum(bool(find_burned_in_text(frame)) for frame in frames) <= 1


def test_spots_in_disorder_are_no_text_and_the_same_spots_in_a_row_are() -> None:
    rng, height, width = np.random.default_rng(0), 400, 500
    strewn, in_row = np.full((2, height, width, 3), 30, np.uint8)
    for number in range(12):
        y, x = rng.integers(10, height - 30), rng.integers(10, width - 30)
        for image, (top, left) in ((strewn, (y, x)), (in_row, (40, 20 + 16 * number))):
            image[top : top + 14, left : left + 3] = 255
            image[top : top + 3, left : left + 9] = 255
    assert find_burned_in_text(strewn) == []
    assert [row.n_letters for row in find_burned_in_text(in_row)] == [12]


def test_the_part_that_is_cut_out_holds_the_text_and_little_else() -> None:
    image = write_text(np.full((420, 520, 3), 20, np.uint8), size=16)
    part = cut_out_text(image)
    assert part is not None and (part > 200).sum() == (image > 200).sum()  # every stroke
    assert part.size < 0.2 * image.size
    assert cut_out_text(np.full((420, 520, 3), 20, np.uint8)) is None


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (40, 7), (61, 83)])
def test_bright_pixels_are_those_that_pillows_blur_tells(size: tuple[int, int]) -> None:
    grey = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    means = np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(9))).astype(int)
    found = np.empty(size, bool)
    mark_bright(grey, 9, 32, 110, found)
    np.testing.assert_array_equal(found, (grey > 110) & (grey - means > 32))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 1.0])
def test_shapes_are_those_of_scipy_in_its_order(share: float) -> None:
    is_in = np.random.default_rng(0).random((60, 81)) < share
    labels, n_shapes = ndimage.label(is_in, np.ones((3, 3)))
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)]
    expected = [(*box, (labels == number).sum()) for number, box in enumerate(boxes, start=1)]
    assert [tuple(shape) for shape in find_shapes(is_in)] == expected
    assert len(expected) == n_shapes


@pytest.mark.parametrize("wrong", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_picture_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        find_burned_in_text(wrong)


@pytest.fixture
def study_with_name(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with a name in one of its pictures."""
    pictures = tmp_path / "pictures"
    shutil.copytree(phantom_folder / "images", pictures)
    path = sorted(pictures.iterdir())[3]
    Image.fromarray(write_text(np.asarray(Image.open(path).convert("RGB")))).save(path, quality=90)
    return create_study(tmp_path / "study", ImportOptions(pictures, layout="folders"))


def find_named(study: Study) -> list[str]:
    """Return the id of the picture that holds the name."""
    images = list_images(study)
    return [str(images.image_ids[np.argsort(images.relative_paths)[3]])]


def test_an_import_names_the_pictures_with_text_and_the_study_is_not_called_broken(study_with_name: Study) -> None:
    health = check_health(study_with_name)
    assert health.findings[TEXT_FINDING] == find_named(study_with_name)
    assert health.is_healthy and health.text_was_looked_for


def test_a_study_of_an_earlier_version_says_that_it_was_not_looked_for(study_with_name: Study) -> None:
    study_with_name.set_fact(TEXT_FACT, None)
    health = check_health(study_with_name)
    assert TEXT_FINDING not in health.findings and "was not looked for" in health.to_text()
    assert look_for_text(study_with_name) == find_named(study_with_name)
    assert check_health(study_with_name).findings[TEXT_FINDING] == find_named(study_with_name)


def test_the_check_says_which_pictures_what_to_do_and_that_none_is_no_proof(study_with_name: Study) -> None:
    study_with_name.set_fact(TEXT_FACT, None)
    result = CliRunner().invoke(app, ["study", "check", str(study_with_name.folder), "--text"])
    assert result.exit_code == 0
    for words in ("text may be burned in: 1", *find_named(study_with_name), "blacked out", "no proof"):
        assert words in result.output
    assert open_study(study_with_name.folder).get_fact(TEXT_FACT) == find_named(study_with_name)
