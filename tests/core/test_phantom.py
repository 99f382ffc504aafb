"""The phantom: same seed same bytes, exact masks, and no shortcut to them."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from medxai_core.errors import LayoutError, StopRequested, StudyNotWritableError
from medxai_core.images import load_image, load_mask
from medxai_core.phantom import Frame, draw_frame, draw_study
from medxai_core.phantom import noise as phantom_noise

N_POLYP_FRAMES, N_POLYP_FREE_FRAMES = 30, 12
SIZE = {"width": 320, "height": 256}  # smaller than the camera's, to be quick


@pytest.fixture(scope="module")
def polyp_frames() -> list[Frame]:
    """Return frames with polyp, each of its own procedure."""
    return [draw_frame(seed, with_polyp=True, **SIZE) for seed in range(N_POLYP_FRAMES)]


@pytest.fixture(scope="module")
def polyp_free_frames() -> list[Frame]:
    """Return frames without polyp."""
    return [draw_frame(1000 + seed, with_polyp=False, **SIZE) for seed in range(N_POLYP_FREE_FRAMES)]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Return the folder of a small study."""
    folder = tmp_path_factory.mktemp("phantom") / "new" / "study"
    draw_study(folder, n_images=10, seed=5)
    return folder


def _dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def _read_labels(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- one frame ---------------------------------------------------------------------------------------------------


def test_same_seed_gives_the_same_bytes_also_in_a_new_process():
    first = draw_frame(7, with_polyp=True)
    draw_frame(8, with_polyp=True)
    phantom_noise._make_texture.cache_clear()  # as a new process would start
    second = draw_frame(7, with_polyp=True)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.mask.tobytes() == second.mask.tobytes()
    assert first.description == second.description


def test_drawing_leaves_the_global_random_state_alone():
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)
    draw_frame(7, width=128, height=104, with_polyp=True)
    assert np.random.random() == expected


def test_other_seeds_give_other_frames(polyp_frames):
    assert len({frame.image.tobytes() for frame in polyp_frames}) == N_POLYP_FRAMES


def test_size_is_as_asked_or_that_of_the_camera():
    for width, height in ((320, 256), (128, 104), (640, 480)):
        frame = draw_frame(3, width=width, height=height, with_polyp=True)
        assert frame.image.shape == (height, width, 3)
        assert frame.mask.shape == (height, width)
        assert frame.mask.any()
    frames = [draw_frame(seed, with_polyp=False) for seed in range(4)]
    assert len({frame.image.shape for frame in frames}) > 1
    assert all(400 <= frame.image.shape[0] <= 448 for frame in frames)
    assert frames[0].image.dtype == np.uint8
    assert frames[0].mask.dtype == bool


def test_polyp_free_frames_have_an_empty_mask(polyp_free_frames):
    for frame in polyp_free_frames:
        assert not frame.mask.any()
        assert frame.description["polyps"] == []


def test_polyps_cover_1_to_35_percent_of_the_frame(polyp_frames):
    shares = np.array([frame.mask.mean() for frame in polyp_frames])
    assert shares.min() >= 0.01
    assert shares.max() <= 0.35
    assert shares.max() > 5 * shares.min()


def test_polyps_are_of_all_kinds_and_places(polyp_frames):
    polyps = [polyp for frame in polyp_frames for polyp in frame.description["polyps"]]
    assert {polyp["kind"] for polyp in polyps} == {"sessile", "pedunculated", "flat"}
    assert len(polyps) > N_POLYP_FRAMES  # some frames hold two
    places = np.array([ndimage.center_of_mass(frame.mask) for frame in polyp_frames]) / [256, 320]
    assert (np.ptp(places, axis=0) > 0.4).all()


def test_description_agrees_with_the_mask(polyp_frames):
    for frame in polyp_frames:
        polyps = frame.description["polyps"]
        assert sum(polyp["share"] for polyp in polyps) == pytest.approx(frame.mask.mean(), abs=1e-4)
        _, n_parts = ndimage.label(frame.mask)
        assert n_parts >= len(polyps)  # two polyps never run into one


def test_mask_lies_in_the_visible_part(polyp_frames):
    """The visible part is convex, so in each row it reaches from the first to the last lit pixel."""
    for frame in polyp_frames:
        lit = frame.image.max(axis=2) > 0
        visible = np.maximum.accumulate(lit, axis=1) & np.maximum.accumulate(lit[:, ::-1], axis=1)[:, ::-1]
        assert not (frame.mask & ~visible).any()
        assert visible.mean() > 0.6


def test_black_border_cuts_all_four_corners(polyp_frames, polyp_free_frames):
    for frame in polyp_frames + polyp_free_frames:
        height, width = frame.mask.shape
        for rows in (slice(0, 12), slice(height - 12, height)):
            for columns in (slice(0, 12), slice(width - 12, width)):
                assert not frame.image[rows, columns].any()


def test_a_polyp_can_be_seen_where_the_mask_says(polyp_frames, polyp_free_frames):
    """The colour steps across the outline of most polyps; the same outlines elsewhere show less."""

    def measure_step(image: np.ndarray, mask: np.ndarray) -> float:
        inner = mask & ~ndimage.binary_erosion(mask, iterations=5)
        outer = ndimage.binary_dilation(mask, iterations=5) & ~mask & (image.max(axis=2) > 30)
        return float(np.abs(image[inner].mean(axis=0) - image[outer].mean(axis=0)).max())

    there = [measure_step(frame.image, frame.mask) for frame in polyp_frames]
    elsewhere = []
    for index, frame in enumerate(polyp_frames):
        other = polyp_free_frames[index % N_POLYP_FREE_FRAMES]
        elsewhere.append(measure_step(other.image, frame.mask))
    assert np.median(there) > 1.5 * np.median(elsewhere)


def test_no_brightness_or_colour_threshold_segments_the_polyps(polyp_frames):
    dice = defaultdict(list)  # name: one array a frame, over 256 thresholds
    for frame in polyp_frames:
        red, green, blue = np.moveaxis(frame.image.astype(float), 2, 0)
        total = red + green + blue + 1
        channels = {
            "red": red,
            "green": green,
            "blue": blue,
            "brightness": total / 3,
            "redness": 255 * red / total,
            "yellowness": 255 * (red + green) / total / 2,
        }
        for name, channel in channels.items():
            levels = np.clip(channel, 0, 255).astype(int)
            inside = np.bincount(levels[frame.mask], minlength=256)
            everywhere = np.bincount(levels.ravel(), minlength=256)
            for side, step in (("below", 1), ("above", -1)):
                hits, area = np.cumsum(inside[::step]), np.cumsum(everywhere[::step])
                dice[name, side].append(2 * hits / (area + inside.sum()))
    assert max(np.mean(curves, axis=0).max() for curves in dice.values()) < 0.45


def test_no_centred_disk_segments_the_polyps(polyp_frames):
    for radius in (0.2, 0.3, 0.4):
        dice = []
        for frame in polyp_frames:
            height, width = frame.mask.shape
            y, x = np.mgrid[:height, :width]
            disk = ((x - width / 2) / width) ** 2 + ((y - height / 2) / height) ** 2 < radius**2
            dice.append(_dice(disk, frame.mask))
        assert np.mean(dice) < 0.45


def test_what_may_be_mistaken_for_a_polyp_is_in_polyp_free_frames_too(polyp_free_frames):
    for name in ("n_swellings", "n_stool", "n_bubbles", "has_liquid"):
        assert any(frame.description[name] for frame in polyp_free_frames)
    assert {frame.description["view"] for frame in polyp_free_frames} == {"lumen", "bend", "wall"}


def test_frames_of_one_procedure_share_their_tissue_colour():
    """Blue against green in well-lit places tells the tissue, whatever the light."""

    def measure_tint(image: np.ndarray) -> float:
        pixels = image.reshape(-1, 3).astype(float)
        lit = pixels[(pixels[:, 0] > 150) & (pixels.min(axis=1) < 200)]  # without lumen and glare
        return float(np.median(lit[:, 2]) / np.median(lit[:, 1]))

    tints = np.empty((8, 3))  # (procedures, frames)
    for procedure, k in np.ndindex(tints.shape):
        frame = draw_frame(10 * procedure + k, width=256, height=208, with_polyp=False, procedure_seed=procedure)
        tints[procedure, k] = measure_tint(frame.image)
    assert tints.std(axis=1).mean() < 0.4 * tints.mean(axis=1).std()


@pytest.mark.parametrize(
    "arguments", [{"seed": -1}, {"seed": 1, "procedure_seed": -2}, {"seed": 1, "width": 50}, {"seed": 1, "height": 95}]
)
def test_impossible_frames_are_refused(arguments):
    with pytest.raises(ValueError, match="got"):
        draw_frame(with_polyp=False, **arguments)


# -- a study -----------------------------------------------------------------------------------------------------


def test_study_holds_a_mask_of_the_same_size_for_each_picture(study):
    names = sorted(path.name for path in (study / "images").iterdir())
    assert len(names) == 10
    assert [Path(name).stem for name in names] == sorted(path.stem for path in (study / "masks").iterdir())
    for name in names:
        image = load_image(study / "images" / name)
        mask_path = study / "masks" / f"{Path(name).stem}.png"
        assert load_mask(mask_path, expected_size=image.shape[1::-1]).shape == image.shape[:2]
        with Image.open(mask_path) as mask:
            assert mask.mode == "L"
            assert set(np.unique(np.asarray(mask))) <= {0, 255}
        with Image.open(study / "images" / name) as picture:
            assert picture.format == "JPEG"
            assert not picture.getexif()


def test_half_of_the_frames_are_polyp_free_and_labels_agree_with_masks(study):
    rows = _read_labels(study)
    assert [row["filename"] for row in rows] == sorted(path.name for path in (study / "images").iterdir())
    assert [row["label"] for row in rows].count("polyp") == 5
    for row in rows:
        has_polyp = load_mask(study / "masks" / f"{Path(row['filename']).stem}.png").any()
        assert row["label"] == ("polyp" if has_polyp else "non_polyp")


def test_groups_are_procedures_of_three_to_five_frames(study):
    sizes = defaultdict(int)
    shapes = defaultdict(set)
    for row in _read_labels(study):
        sizes[row["group"]] += 1
        with Image.open(study / "images" / row["filename"]) as picture:
            shapes[row["group"]].add(picture.size)
    assert all(3 <= size <= 5 for size in list(sizes.values())[:-1])
    assert all(len(sizes_of_group) == 1 for sizes_of_group in shapes.values())  # one camera


def test_same_seed_writes_the_same_files_and_another_seed_does_not(tmp_path):
    for name, seed in (("a", 2), ("b", 2), ("c", 3)):
        assert draw_study(tmp_path / name, n_images=3, seed=seed) == [f"phantom_000{k}.jpg" for k in (1, 2, 3)]
    for relative in ("images/phantom_0002.jpg", "masks/phantom_0002.png", "labels.csv"):
        assert (tmp_path / "a" / relative).read_bytes() == (tmp_path / "b" / relative).read_bytes()
    assert (tmp_path / "a/images/phantom_0001.jpg").read_bytes() != (
        tmp_path / "c/images/phantom_0001.jpg"
    ).read_bytes()


def test_share_of_polyps_is_as_asked(tmp_path):
    for share, n_images, expected in ((0.0, 2, 0), (1.0, 2, 2), (0.3, 3, 1)):
        draw_study(tmp_path / str(share), n_images=n_images, polyp_share=share)
        labels = [row["label"] for row in _read_labels(tmp_path / str(share))]
        assert labels.count("polyp") == expected


def test_progress_is_reported_and_stopping_leaves_nothing_behind(tmp_path):
    seen = []
    draw_study(tmp_path / "whole", n_images=3, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]

    def stop_at_two(done: int, total: int) -> None:
        if done == 2:
            raise StopRequested

    with pytest.raises(StopRequested):
        draw_study(tmp_path / "new" / "stopped", n_images=3, on_progress=stop_at_two)
    assert not (tmp_path / "new").exists()


def test_pictures_that_are_there_are_never_mixed_or_removed(study):
    before = sorted(path.name for path in (study / "images").iterdir())
    with pytest.raises(LayoutError, match="already holds 'images'"):
        draw_study(study, n_images=3)
    assert sorted(path.name for path in (study / "images").iterdir()) == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StudyNotWritableError, match="file"):
        draw_study(tmp_path / "file" / "study", n_images=3)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("arguments", [{"n_images": 0}, {"polyp_share": 1.1}, {"polyp_share": -0.1}, {"seed": -1}])
def test_impossible_studies_are_refused(tmp_path, arguments):
    with pytest.raises(ValueError, match="got"):
        draw_study(tmp_path / "study", **arguments)
    assert not (tmp_path / "study").exists()
