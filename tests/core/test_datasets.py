"""Facts about the inputs of a network: what is in the cache, and in which order it is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medxai_core.datasets import (
    BatchLoader,
    LabelledInputs,
    cache_inputs,
    encode_labels,
    iterate_inputs,
    list_readable_rows,
    make_loader,
    split_batches,
)
from medxai_core.datasets.loaders import flip_images
from medxai_core.errors import StopRequested, StudyNotWritableError
from medxai_core.images import cut_tiles, load_image, read_image_size
from medxai_core.models import Preprocessing, resize_for_network

SMALL = Preprocessing(input_size=32)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Return three pictures of different sizes and random colours."""
    rng = np.random.default_rng(0)
    paths = []
    for index, (height, width) in enumerate([(40, 50), (64, 64), (33, 90)]):
        paths.append(tmp_path / f"{index}.png")
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(paths[-1])
    return paths


def numbered_loader(n_items: int, **settings: object) -> BatchLoader:
    """Return a loader whose item i is a picture of grey value i."""
    cached = np.zeros((n_items, 32, 32, 3), np.uint8) + np.arange(n_items, dtype=np.uint8)[:, None, None, None]
    labels = np.arange(n_items) % 2
    return make_loader(cached, np.arange(n_items), labels, preprocessing=SMALL, **settings)  # type: ignore[arg-type]


def seen_values(loader: BatchLoader) -> list[int]:
    """Return the grey values of an epoch, in the order in which they come."""
    return [round(float(picture[0, 0, 0]) * 255) for inputs, _ in loader for picture in inputs]


# -- the cache


def test_a_row_is_the_decoded_cut_and_resized_item(pictures: list[Path], tmp_path: Path) -> None:
    items = [(pictures[1], None), (pictures[0], (10, 4, 50, 40)), (pictures[1], (0, 0, 32, 32))]
    cached, failures = cache_inputs(items, SMALL, tmp_path / "inputs.npy", n_jobs=2)
    assert failures == []
    assert isinstance(cached, np.memmap)
    np.testing.assert_array_equal(cached[0], resize_for_network(load_image(pictures[1]), SMALL))
    np.testing.assert_array_equal(cached[1], resize_for_network(load_image(pictures[0])[4:40, 10:50], SMALL))
    np.testing.assert_array_equal(cached[2], load_image(pictures[1])[:32, :32])


def test_the_four_tiles_of_a_picture_are_its_four_quarters(pictures: list[Path], tmp_path: Path) -> None:
    boxes = cut_tiles(64, 64)
    cached, _ = cache_inputs([(pictures[1], box) for box in boxes], SMALL, tmp_path / "tiles.npy")
    picture = load_image(pictures[1])
    top, bottom = np.hstack(cached[:2]), np.hstack(cached[2:])
    np.testing.assert_array_equal(np.vstack([top, bottom]), picture)


def test_an_unreadable_picture_is_a_listed_failure_and_the_rest_is_there(pictures: list[Path], tmp_path: Path) -> None:
    damaged, missing = tmp_path / "damaged.jpg", tmp_path / "missing.jpg"
    damaged.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    items = [(damaged, None), (pictures[0], None), (missing, None), (pictures[0], (0, 0, 51, 40))]
    for _ in range(2):  # written, then used again
        cached, failures = cache_inputs(items, SMALL, tmp_path / "inputs.npy")
        assert [failure.item for failure in failures] == [
            str(damaged),
            str(missing),
            f"{pictures[0]} (0, 0, 51, 40)",
        ]
        assert "outside the picture of 50x40" in failures[2].reason
        assert list_readable_rows(items, failures).tolist() == [1]
        assert not cached[[0, 2, 3]].any()
        assert cached[1].any()


def test_the_cache_is_used_again_until_a_picture_or_the_size_changes(pictures: list[Path], tmp_path: Path) -> None:
    path, items = tmp_path / "inputs.npy", [(picture, None) for picture in pictures]

    def made_at(preprocessing: Preprocessing = SMALL) -> int:
        cache_inputs(items, preprocessing, path)
        return path.stat().st_ino

    first = made_at()
    assert made_at() == first
    Image.fromarray(np.full((40, 50, 3), 7, np.uint8)).save(pictures[0])
    second = made_at()
    assert second != first
    assert np.load(path)[0].max() == 7
    assert made_at(Preprocessing(input_size=48)) != second
    assert np.load(path).shape == (3, 48, 48, 3)


def test_a_stop_leaves_the_folder_as_found(pictures: list[Path], tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done:
            raise StopRequested

    folder = tmp_path / "cache"
    with pytest.raises(StopRequested):
        cache_inputs([(pictures[0], None)], SMALL, folder / "inputs.npy", on_progress=stop)
    assert list(folder.iterdir()) == []
    cache_inputs([(pictures[0], None)], SMALL, folder / "inputs.npy")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(StopRequested):
        cache_inputs([(pictures[1], None)], SMALL, folder / "inputs.npy", on_progress=stop)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_progress_ends_at_the_number_of_items(pictures: list[Path], tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    items = [(pictures[0], box) for box in cut_tiles(50, 40)] + [(pictures[1], None)]
    cache_inputs(items, SMALL, tmp_path / "inputs.npy", on_progress=lambda *call: calls.append(call))
    assert calls[0] == (0, 5)
    assert calls[-1] == (5, 5)


def test_a_place_that_cannot_be_written_is_an_error_with_a_remedy(pictures: list[Path]) -> None:
    with pytest.raises(StudyNotWritableError, match="another folder"):
        cache_inputs([(pictures[0], None)], SMALL, pictures[1] / "inputs.npy")
    with pytest.raises(ValueError, match="empty"):
        cache_inputs([], SMALL, pictures[1] / "inputs.npy")


def test_real_pictures_keep_their_brightness(kvasir_seg: Path, tmp_path: Path) -> None:
    paths = sorted((kvasir_seg / "images").iterdir())[:3]
    items = [(path, box) for path in paths for box in cut_tiles(*read_image_size(path))]
    cached, failures = cache_inputs(items, Preprocessing(), tmp_path / "inputs.npy")
    assert failures == []
    for path, tiles in zip(paths, cached.reshape(3, 4, -1), strict=True):
        assert tiles.mean() == pytest.approx(load_image(path).mean(), abs=1.0)


# -- the order


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    travelled, fresh = (numbered_loader(40, shuffle=True, seed=3) for _ in range(2))
    orders = []
    for epoch in range(4):
        travelled.set_epoch(epoch)
        orders.append(seen_values(travelled))
    np.random.default_rng(0).random(5)
    fresh.set_epoch(3)
    assert seen_values(fresh) == orders[3]
    assert len({tuple(order) for order in orders}) == 4
    other = numbered_loader(40, shuffle=True, seed=4)
    assert seen_values(other) != orders[0]


def test_every_item_comes_once_an_epoch_with_its_own_label() -> None:
    loader = numbered_loader(37, shuffle=True, batch_size=8)
    assert sorted(seen_values(loader)) == list(range(37))
    for inputs, targets in loader:
        grey = (inputs[:, 0, 0, 0] * 255).round()
        assert (grey % 2 == targets).all()


def test_without_shuffling_the_order_is_that_of_the_rows() -> None:
    assert seen_values(numbered_loader(20, batch_size=6)) == list(range(20))


@pytest.mark.parametrize("n_items", [2, 15, 16, 17, 31, 33, 1000])
def test_no_batch_holds_a_single_item(n_items: int) -> None:
    batches = split_batches(np.arange(n_items), 16)
    assert min(len(batch) for batch in batches) > 1
    np.testing.assert_array_equal(np.concatenate(batches), np.arange(n_items))


def test_the_papers_thousand_items_are_63_batches_and_the_last_one_is_kept() -> None:
    batches = split_batches(np.arange(1000), 16)
    assert [len(batches), len(batches[-1])] == [63, 8]


def test_paper_inputs_are_pixels_from_0_to_1() -> None:
    cached = np.zeros((2, 32, 32, 3), np.uint8)
    cached[1, ..., 0] = 255
    inputs, targets = next(iter(make_loader(cached, [1, 0], [1, 0], preprocessing=SMALL)))
    assert inputs[0, 0].min() == 1
    assert inputs[0, 1:].max() == 0
    assert targets.tolist() == [1, 0]


# -- the augmentation


def test_a_flip_moves_pixels_and_changes_none() -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 5, 6, 3), dtype=np.uint8)
    flipped = flip_images(images, np.random.default_rng(1))
    kinds = {"same": 0, "left-right": 0, "upside-down": 0, "both": 0}
    for image, result in zip(images, flipped, strict=True):
        choices = [image, image[:, ::-1], image[::-1], image[::-1, ::-1]]
        (kind,) = [name for name, choice in zip(kinds, choices, strict=True) if (result == choice).all()]
        kinds[kind] += 1
    assert min(kinds.values()) >= 64 / 8


def test_flips_depend_on_seed_and_epoch_only() -> None:
    cached = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    data = LabelledInputs(cached, np.arange(12), np.arange(12) % 2)
    first, second = (BatchLoader(data, SMALL, seed=5, augmentation="flips") for _ in range(2))
    first.set_epoch(2)
    second.set_epoch(1)
    list(second)
    other_epoch = next(iter(second))[0]
    second.set_epoch(2)
    assert (next(iter(first))[0] == next(iter(second))[0]).all()
    assert (next(iter(first))[0] != other_epoch).any()


# -- what is refused


def test_unknown_labels_and_rows_are_refused() -> None:
    cached = np.zeros((3, 32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match="unlabelled"):
        encode_labels(["polyp", "bleeding"])
    with pytest.raises(ValueError, match="0 or 1"):
        LabelledInputs(cached, [0, 1], [0, 2])
    with pytest.raises(ValueError, match=r"rows must be in 0\.\.2"):
        LabelledInputs(cached, [0, 3], [0, 1])
    with pytest.raises(ValueError, match="uint8"):
        LabelledInputs(cached.astype(np.float32), [0], [1])
    with pytest.raises(ValueError, match="augmentation"):
        make_loader(cached, [0], [1], preprocessing=SMALL, augmentation="rotate")


def test_iterating_inputs_gives_every_row_in_order_and_counts() -> None:
    cached = np.arange(5, dtype=np.uint8)[:, None, None, None] + np.zeros((5, 32, 32, 3), np.uint8)
    calls: list[tuple[int, int]] = []
    batches = list(iterate_inputs(cached, [4, 0, 2], SMALL, batch_size=2, on_progress=lambda *call: calls.append(call)))
    greys = [round(float(picture[0, 0, 0]) * 255) for inputs in batches for picture in inputs]
    assert greys == [4, 0, 2]
    assert calls == [(2, 3), (3, 3)]
