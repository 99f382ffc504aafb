"""Near duplicates: copies are found, different pictures are not, and black frames do not take for ever."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medxai_core.errors import StopRequested
from medxai_core.near_duplicates import (
    compute_hash64,
    compute_signature,
    connect_pairs,
    find_near_duplicates,
    group_near_duplicates,
)

N_REAL = 80


def make_picture(seed: int, *, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """Return a made-up picture: smooth blobs with some texture."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    picture = np.asarray(coarse.resize(size[::-1], Image.Resampling.BICUBIC)).astype(int)
    return np.clip(picture + rng.integers(-8, 9, picture.shape), 0, 255).astype(np.uint8)


def save_again(image: np.ndarray) -> np.ndarray:
    """Return the picture after JPEG at quality 60."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer).convert("RGB"))


def scale_down(image: np.ndarray) -> np.ndarray:
    """Return the picture at 80 % of its size."""
    height, width = image.shape[:2]
    return np.asarray(Image.fromarray(image).resize((width * 4 // 5, height * 4 // 5)))


def cut_edges(image: np.ndarray) -> np.ndarray:
    """Return the picture less 1 % of its sides at each edge."""
    dy, dx = round(image.shape[0] / 100), round(image.shape[1] / 100)
    return image[dy:-dy, dx:-dx]


def brighten(image: np.ndarray) -> np.ndarray:
    """Return the picture five grey levels brighter."""
    return np.clip(image.astype(int) + 5, 0, 255).astype(np.uint8)


def brighten_more(image: np.ndarray) -> np.ndarray:
    """Return the picture with a tenth less contrast, 25 grey levels brighter."""
    return (image.astype(int) * 9 // 10 + 25).astype(np.uint8)


COPIES = [save_again, scale_down, cut_edges, brighten, brighten_more]


@pytest.fixture(scope="module")
def real_pictures(kvasir_seg: Path) -> list[np.ndarray]:
    """Return every tenth picture of Kvasir-SEG, decoded."""
    paths = sorted((kvasir_seg / "images").iterdir())[::10]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths[:N_REAL]]


def test_signature_is_the_mean_of_each_area():
    """Of 16x16 blocks of known grey, the signature is exactly those greys."""
    blocks = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = np.repeat(np.kron(blocks, np.ones((3, 5), np.uint8))[..., None], 3, axis=2)
    assert np.array_equal(compute_signature(image), blocks.reshape(-1))


def test_signature_refuses_what_is_no_picture():
    """A grey array is a caller's mistake."""
    with pytest.raises(ValueError, match=r"\(H, W, 3\) uint8"):
        compute_signature(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("make_copy", COPIES)
def test_copies_are_found(make_copy):
    """Each of 40 pictures finds its copy and nothing else."""
    pictures = [make_picture(seed) for seed in range(40)]
    signatures = np.stack([compute_signature(p) for p in [*pictures, *map(make_copy, pictures)]])
    assert find_near_duplicates(signatures) == [(i, 40 + i) for i in range(40)]


@pytest.mark.parametrize("make_copy", COPIES)
def test_copies_of_real_pictures_are_found(real_pictures, make_copy):
    """All copies of 80 Kvasir-SEG pictures are found, and no two different pictures are joined."""
    copies = [make_copy(picture) for picture in real_pictures]
    signatures = np.stack([compute_signature(p) for p in [*real_pictures, *copies]])
    assert find_near_duplicates(signatures) == [(i, N_REAL + i) for i in range(N_REAL)]


def test_frames_of_one_scene_in_kvasir_seg_are_found(kvasir_seg):
    """Two frames three seconds apart, by the clock in the picture, show the same view of one polyp."""
    names = ("cju886ryxnsl50801r93jai7q", "cju8amfdtqi4x09871tygrgqe", "cju2r7h21sj9608354gzks3ae")
    pictures = [np.asarray(Image.open(kvasir_seg / "images" / f"{name}.jpg")) for name in names]
    assert find_near_duplicates(np.stack([compute_signature(p) for p in pictures])) == [(0, 1)]


def test_two_polyps_that_look_most_alike_in_kvasir_seg_are_not_copies(kvasir_seg):
    """Of all 319,600 pairs of different views, this one has the most similar details (0.915)."""
    names = ("cju2nqapmzvk20801f9us40dx", "cju35ldepdtlm0801yv79y8vu")
    pictures = [np.asarray(Image.open(kvasir_seg / "images" / f"{name}.jpg")) for name in names]
    assert find_near_duplicates(np.stack([compute_signature(p) for p in pictures])) == []


def test_a_mirrored_picture_is_no_copy():
    """Left and right are different views."""
    image = make_picture(1)
    signatures = np.stack([compute_signature(image), compute_signature(image[:, ::-1].copy())])
    assert find_near_duplicates(signatures) == []


def test_light_fall_off_alone_makes_no_copy():
    """Two pictures with the same strong shading but other details are different, though they correlate."""
    y, x = np.mgrid[-1:1:240j, -1:1:320j]
    shading = 180 * np.exp(-2 * (x**2 + y**2))[..., None]
    pictures = [np.clip(shading + 0.2 * make_picture(seed), 0, 255).astype(np.uint8) for seed in (1, 2)]
    signatures = np.stack([compute_signature(p) for p in pictures])
    assert np.corrcoef(signatures)[0, 1] > 0.96
    assert find_near_duplicates(signatures) == []


def test_the_same_texture_in_very_different_light_is_no_copy():
    """Details alone are not enough: here the left is darkened and the right brightened by 60 grey levels."""
    rng = np.random.default_rng(0)
    texture = 128 + 20 * rng.normal(size=(16, 16))
    light = np.linspace(-60, 60, 16)[None, :]
    signatures = np.clip([texture, texture + light], 0, 255).astype(np.uint8).reshape(2, 256)
    assert find_near_duplicates(signatures) == []


def test_hash_counts_growing_steps():
    """Details that grow from left to right set every bit across; an empty picture has hash 0."""
    saw = np.tile((np.arange(16) ** 3 / 16).astype(np.uint8), (16, 1)).reshape(1, -1)
    bits = np.unpackbits(compute_hash64(saw).view(np.uint8), axis=1).reshape(2, 64)
    columns = bits[0].reshape(8, 8)  # bit order within a byte does not matter: a byte is one column
    assert set(columns.sum(axis=1)) <= {0, 8}
    assert compute_hash64(np.full((1, 256), 9, np.uint8)).tolist() == [[0, 0]]


def test_groups_join_through_a_chain():
    """Copies of a copy are one group, numbered in order of appearance."""
    image = make_picture(5)
    chain = [image, cut_edges(image), make_picture(6), save_again(cut_edges(image))]
    assert group_near_duplicates(np.stack([compute_signature(p) for p in chain])).tolist() == [0, 0, 1, 0]


def test_none_and_one_picture_have_no_copies():
    """Nothing to compare is no error."""
    assert find_near_duplicates(np.empty((0, 256), np.uint8)) == []
    assert group_near_duplicates(np.zeros((1, 256), np.uint8)).tolist() == [0]


def test_black_frames_are_one_group_and_do_not_take_for_ever():
    """20,000 equal and 20,000 noisy black frames are joined by n - 1 pairs, not by 200 million."""
    black = np.full((20_000, 256), 17, np.uint8)
    noisy = np.random.default_rng(0).integers(2, 5, (20_000, 256), dtype=np.uint8)
    for name, signatures in (("equal", black), ("noisy", noisy)):
        start = time.perf_counter()
        pairs = find_near_duplicates(signatures)
        print(f"20,000 {name} black frames: {time.perf_counter() - start:.2f} s")  # noqa: T201
        assert len(pairs) == 19_999


def test_twenty_thousand_different_pictures_and_their_copies():
    """Among 20,000 made-up pictures, exactly the 200 that were copied are found."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20_000, 16, 16))
    for axis in (1, 2):
        values += np.roll(values, 1, axis) + np.roll(values, -1, axis)
    values = values.reshape(len(values), 256)
    values *= 30 / values.std(axis=1, keepdims=True)
    copies = values[:200] + rng.normal(0, 1, (200, 256)) + 5
    signatures = np.clip(np.concatenate([values, copies]) + 110, 0, 255).astype(np.uint8)
    start = time.perf_counter()
    pairs = find_near_duplicates(signatures)
    print(f"20,200 different pictures: {time.perf_counter() - start:.2f} s")  # noqa: T201
    assert pairs == [(i, 20_000 + i) for i in range(200)]


def test_black_and_grey_frames_are_different():
    """Empty frames are compared by their brightness: black and mid grey are not the same."""
    signatures = np.stack([np.full(256, 10, np.uint8), np.full(256, 120, np.uint8)])
    assert find_near_duplicates(signatures) == []


def test_the_user_can_stop_the_search():
    """A stop asked for in the progress report ends the search."""

    def stop(done: int, total: int) -> None:
        raise StopRequested

    with pytest.raises(StopRequested):
        find_near_duplicates(np.zeros((3, 256), np.uint8), on_progress=stop)


def test_signatures_of_another_shape_are_refused():
    """Features are no signatures."""
    with pytest.raises(ValueError, match=r"\(n, 256\) uint8"):
        find_near_duplicates(np.zeros((3, 80), np.float64))


def test_connect_pairs_refuses_positions_out_of_range():
    """A pair beyond the last item is a caller's mistake."""
    with pytest.raises(ValueError, match="0 to 1"):
        connect_pairs(2, [(0, 2)])
