"""Decoding, masks, hashes, tiles, thumbnails and the health check of pictures."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter
from scipy import ndimage

from medxai_core import images
from medxai_core.errors import MaskMismatchError, UnreadableImageError
from medxai_core.phantom.frames import draw_frame

ROW = np.array([[10, 200, 0, 255]], dtype=np.uint8)


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _png16(values: np.ndarray, colour_type: int, *, extra: bytes = b"") -> bytes:
    """Write a 16-bit PNG by hand: Pillow writes none in colour."""
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _png_chunk(b"IHDR", header),
            extra,
            _png_chunk(b"IDAT", zlib.compress(rows)),
            _png_chunk(b"IEND", b""),
        ]
    )


def _png_header(width: int, height: int) -> bytes:
    """Write a PNG that announces a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", zlib.compress(b"\0")), _png_chunk(b"IEND", b"")]
    )


def _save(folder: Path, picture: Image.Image, name: str = "picture.png", **options) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


# -- pixels -------------------------------------------------------------------------------------------------


def test_rgb_png_is_read_as_stored(tmp_path):
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    image = images.load_image(_save(tmp_path, Image.fromarray(pixels)))
    assert image.shape == (2, 3, 3)
    assert image.dtype == np.uint8
    assert np.array_equal(image, pixels)
    image[0, 0] = 7  # belongs to the caller


def test_grey_is_repeated_in_three_channels(tmp_path):
    image = images.load_image(_save(tmp_path, Image.fromarray(ROW)))
    assert image[0].tolist() == [[10] * 3, [200] * 3, [0] * 3, [255] * 3]


def test_16_bit_grey_keeps_the_high_byte(tmp_path):
    values = np.array([[0, 255, 256, 511, 65535]], dtype=np.uint16)
    png, tiff = _save(tmp_path, Image.fromarray(values)), _save(tmp_path, Image.fromarray(values), "a.tif")
    for path in (png, tiff):
        assert images.load_image(path)[0, :, 0].tolist() == [0, 0, 1, 1, 255]


def test_12_bits_in_a_16_bit_file_are_read_by_what_the_file_says(tmp_path):
    values = np.array([[0, 15, 16, 2047, 4095]], dtype=np.uint16)
    seen = [0, 0, 1, 127, 255]  # the highest 8 of 12 bits
    path = tmp_path / "grey.png"
    path.write_bytes(_png16(values, 0, extra=_png_chunk(b"sBIT", bytes([12]))))
    assert images.load_image(path)[0, :, 0].tolist() == seen
    stated = _save(tmp_path, Image.fromarray(values), "stated.tif", tiffinfo={281: 4095})
    assert images.load_image(stated)[0, :, 0].tolist() == seen
    colour = np.repeat(values[..., None], 3, axis=2)
    path.write_bytes(_png16(colour, 2, extra=_png_chunk(b"sBIT", bytes([12] * 3))))
    assert images.load_image(path)[0, :, 1].tolist() == [round(v * 255 / 4095) for v in values[0].tolist()]
    with_alpha = np.concatenate([colour, np.full((1, 5, 1), 4095)], axis=2)
    path.write_bytes(_png16(with_alpha, 6, extra=_png_chunk(b"sBIT", bytes([12] * 4))))
    assert images.load_image(path)[0, :, 1].tolist() == [round(v * 255 / 4095) for v in values[0].tolist()]


def test_a_tiff_of_packed_12_bits_is_read(tmp_path):
    # 0xABC and 0x123 in three bytes; one strip, no compression
    tags = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 3)]
    content = b"II*\0" + struct.pack("<I", 12) + bytes([0xAB, 0xC1, 0x23, 0]) + struct.pack("<H", len(tags))
    content += b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags) + b"\0" * 4
    path = tmp_path / "packed.tif"
    path.write_bytes(content)
    assert images.load_image(path)[0, :, 0].tolist() == [0xAB, 0x12]


def test_a_dark_picture_that_was_scaled_to_16_bits_as_the_standard_says_stays_dark(tmp_path):
    twelve = np.array([[0, 1, 100, 255]])
    for scaled in (twelve << 4, np.round(twelve * 65535 / 4095).astype(int)):
        path = tmp_path / "dark.png"
        path.write_bytes(_png16(scaled, 0, extra=_png_chunk(b"sBIT", bytes([12]))))
        assert images.load_image(path)[0, :, 0].tolist() == [0, 0, 6, 15]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_16_bit_picture_that_would_be_nearly_black_is_named_with_the_remedy(tmp_path, name):
    values = np.array([[0, 100, 3211]], dtype=np.uint16)
    error = _expect_unreadable(_save(tmp_path, Image.fromarray(values), name), "no value above 3211 of 65535")
    assert "8-bit PNG" in error.remedy and "sBIT" in error.remedy
    deep = tmp_path / "deep.png"
    deep.write_bytes(_png16(np.repeat(values[..., None], 3, axis=2), 2))
    _expect_unreadable(deep, "nearly black")
    black = _save(tmp_path, Image.fromarray(values * 0), name)
    assert images.load_image(black).max() == 0  # black is black, whatever full light is


def test_16_bit_rgb_is_rounded_not_cut(tmp_path):
    # round(v * 255 / 65535): 128/257 = 0.498 -> 0, 129/257 = 0.502 -> 1; the high byte of both is 0
    values = np.array([[[0, 128, 129], [385, 386, 65535], [65406, 65407, 32768]]])
    path = tmp_path / "deep.png"
    path.write_bytes(_png16(values, 2))
    assert images.load_image(path)[0].tolist() == [[0, 0, 1], [1, 2, 255], [254, 255, 128]]


def test_16_bit_rgb_is_exact_for_every_value(tmp_path):
    values = np.arange(65536).reshape(256, 256, 1).repeat(3, axis=2)
    path = tmp_path / "deep.png"
    path.write_bytes(_png16(values, 2))
    assert np.array_equal(images.load_image(path)[..., 1], np.round(values[..., 1] * 255 / 65535))


def test_16_bit_rgba_lies_over_black(tmp_path):
    path = tmp_path / "deep.png"
    path.write_bytes(_png16(np.array([[[65535, 25700, 0, 65535], [65535, 25700, 0, 32896]]]), 6))
    assert images.load_image(path)[0].tolist() == [[255, 100, 0], [128, 50, 0]]


def test_alpha_lies_over_black(tmp_path):
    pixels = np.array([[[200, 100, 3, 255], [200, 100, 3, 128], [200, 100, 3, 0]]], dtype=np.uint8)
    image = images.load_image(_save(tmp_path, Image.fromarray(pixels)))
    # 200 * 128 / 255 = 100.39, 100 * 128 / 255 = 50.2, 3 * 128 / 255 = 1.51
    assert image[0].tolist() == [[200, 100, 3], [100, 50, 2], [0, 0, 0]]


def test_alpha_blending_is_the_given_integer_formula(tmp_path):
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.stack([colour, colour, colour, alpha], axis=2).astype(np.uint8)
    image = images.load_image(_save(tmp_path, Image.fromarray(pixels)))
    expected = (colour.astype(object) * alpha * 0x10101 + 0x800000) // 2**24
    assert np.array_equal(image[..., 0], expected.astype(int))


def test_grey_with_alpha_is_taken_as_linear_light(tmp_path):
    # sRGB encoding of 55/255 linear is 0.502 = 128/255; half-transparent: 128 * 128 / 255 = 64.25
    pixels = np.array([[[55, 255], [0, 255], [255, 255], [55, 128]]], dtype=np.uint8)
    image = images.load_image(_save(tmp_path, Image.fromarray(pixels)))
    assert image[0, :, 0].tolist() == [128, 0, 255, 64]


def test_16_bit_grey_with_alpha_is_read_like_8_bit(tmp_path):
    path = tmp_path / "deep.png"
    path.write_bytes(_png16(np.array([[[55 * 256 + 9, 65535]]]), 4))
    assert images.load_image(path)[0, 0].tolist() == [128, 128, 128]


def test_palette_is_looked_up(tmp_path):
    picture = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("P")
    picture.putpalette([9, 8, 7, 200, 100, 50, 0, 255, 0])
    expected = [[9, 8, 7], [200, 100, 50], [0, 255, 0]]
    assert images.load_image(_save(tmp_path, picture))[0].tolist() == expected
    assert images.load_image(_save(tmp_path, picture, "a.gif"))[0].tolist() == expected


def test_palette_with_transparency_lies_over_black(tmp_path):
    picture = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("P")
    picture.putpalette([9, 8, 7, 200, 100, 50, 0, 255, 0])
    path = _save(tmp_path, picture, transparency=bytes([255, 128, 0]))
    assert images.load_image(path)[0].tolist() == [[9, 8, 7], [100, 50, 25], [0, 0, 0]]
    path = _save(tmp_path, picture, "a.gif", transparency=1)
    assert images.load_image(path)[0].tolist() == [[9, 8, 7], [0, 0, 0], [0, 255, 0]]


def test_one_bit_is_0_and_255(tmp_path):
    picture = Image.fromarray(np.array([[True, False, True]]))
    assert picture.mode == "1"
    assert images.load_image(_save(tmp_path, picture))[0, :, 2].tolist() == [255, 0, 255]


def test_a_single_transparent_colour_becomes_black(tmp_path):
    pixels = np.array([[[1, 2, 3], [4, 5, 6]]], dtype=np.uint8)
    path = _save(tmp_path, Image.fromarray(pixels), transparency=(1, 2, 3))
    assert images.load_image(path)[0].tolist() == [[0, 0, 0], [4, 5, 6]]
    deep = tmp_path / "deep.png"
    transparent = _png_chunk(b"tRNS", struct.pack(">HHH", 257, 514, 771))
    deep.write_bytes(_png16(np.array([[[257, 514, 771], [257, 514, 1028], [0, 0, 65535]]]), 2, extra=transparent))
    assert images.load_image(deep)[0].tolist() == [[0, 0, 0], [1, 2, 4], [0, 0, 255]]


def test_exif_orientation_is_ignored(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees to show"
    path = _save(tmp_path, Image.new("RGB", (30, 20), (200, 0, 0)), "turned.jpg", exif=exif)
    assert images.load_image(path).shape == (20, 30, 3)
    assert images.read_image_size(path) == (30, 20)


def test_bmp_tiff_and_webp_hold_the_same_pixels_as_png(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    for name, options in (("a.bmp", {}), ("a.tif", {}), ("a.tiff", {"compression": "tiff_lzw"})):
        assert np.array_equal(images.load_image(_save(tmp_path, Image.fromarray(pixels), name, **options)), pixels)
    path = _save(tmp_path, Image.fromarray(pixels), "a.webp", lossless=True)
    assert np.array_equal(images.load_image(path), pixels)


def test_names_of_any_script_are_read(tmp_path):
    for name in ("Gef\u00e4\u00df \u2013 \u80a0.png", "\u0628\u0648\u0644\u064a\u0628.png"):
        assert images.load_image(_save(tmp_path, Image.fromarray(ROW), name)).shape == (1, 4, 3)


def test_real_pictures_decode_to_their_announced_size(kvasir_seg):
    for path in sorted((kvasir_seg / "images").iterdir())[:3]:
        image = images.load_image(path)
        assert image.shape == (*images.read_image_size(path)[::-1], 3)
        assert images.load_mask(kvasir_seg / "masks" / path.name, expected_size=image.shape[1::-1]).any()


# -- files that cannot be read ------------------------------------------------------------------------------


def _expect_unreadable(path: Path, *words: str) -> UnreadableImageError:
    with pytest.raises(UnreadableImageError) as caught:
        images.load_image(path)
    assert path.name in caught.value.message
    assert caught.value.remedy.endswith(".")
    for word in words:
        assert word in caught.value.message
    return caught.value


def test_missing_file_folder_and_empty_file_are_told_apart(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    _expect_unreadable(tmp_path / "absent.png", "does not exist")
    _expect_unreadable(tmp_path / "empty.png", "empty")
    _expect_unreadable(tmp_path / "folder.png", "folder")
    with pytest.raises(UnreadableImageError, match="does not exist"):
        images.compute_file_hash(tmp_path / "absent.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    _expect_unreadable(tmp_path / "pipe.png", "not a regular file")


def test_text_and_vector_graphics_are_not_pictures(tmp_path):
    for name, content in (
        ("a.jpg", b"not a picture\n" * 20),
        ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    ):
        (tmp_path / name).write_bytes(content)
        _expect_unreadable(tmp_path / name, "not a picture")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.tif", "a.gif", "a.webp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_file_cut_short_is_never_read_as_a_whole_one(tmp_path, name, share):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 50, 3), dtype=np.uint8)
    path = _save(tmp_path, Image.fromarray(pixels), name)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    _expect_unreadable(path)


def test_a_flipped_byte_in_a_png_is_noticed(tmp_path):
    path = _save(tmp_path, Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 50, 3), dtype=np.uint8)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    _expect_unreadable(path, "damaged")


@pytest.mark.parametrize("size", [(9_999, 10_002), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(*size))
    _expect_unreadable(path, "too large")


def test_pictures_up_to_the_limit_are_opened_without_a_warning(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(_png_header(9_500, 10_000))  # 95 megapixels: Pillow alone would warn
    assert images.read_image_size(path) == (9_500, 10_000)
    _expect_unreadable(path, "damaged")  # it holds no pixels, but its size is allowed
    small = _save(tmp_path, Image.new("RGB", (10, 10)))
    with pytest.raises(UnreadableImageError, match="10x10 = 100 pixels, at most 99"):
        images.load_image(small, max_pixels=99)
    assert images.load_image(small, max_pixels=100).shape == (10, 10, 3)


def test_cmyk_is_refused_with_the_remedy(tmp_path):
    error = _expect_unreadable(_save(tmp_path, Image.new("CMYK", (9, 9)), "print.jpg"), "CMYK")
    assert "RGB" in error.remedy


def test_several_frames_are_refused(tmp_path):
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    for name in ("a.gif", "a.tif", "a.png", "a.webp"):
        path = _save(tmp_path, frames[0], name, save_all=True, append_images=frames[1:])
        _expect_unreadable(path, "several frames")


def test_unclear_bit_depths_are_refused(tmp_path):
    _expect_unreadable(_save(tmp_path, Image.new("F", (9, 9)), "a.tif"), "unusual")
    _expect_unreadable(_save(tmp_path, Image.new("I", (9, 9)), "b.tif"), "unusual")
    turned = _save(tmp_path, Image.new("RGB", (9, 5)), "c.tif", tiffinfo={274: 6})
    _expect_unreadable(turned, "turned")


def test_bytes_that_are_no_text_in_a_name_can_be_reported(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png")
    with pytest.raises(UnreadableImageError) as caught:
        images.load_image(path)
    str(caught.value).encode("utf-8")


def test_global_state_of_pillow_and_warnings_is_left_as_found(tmp_path):
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    path = tmp_path / "large.png"
    path.write_bytes(_png_header(9_500, 10_000))
    with pytest.raises(UnreadableImageError):
        images.load_image(path)
    images.load_mask(_save(tmp_path, Image.fromarray(ROW)))
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


# -- masks --------------------------------------------------------------------------------------------------


def test_mask_is_what_lies_above_127(tmp_path):
    path = _save(tmp_path, Image.fromarray(np.array([[0, 127, 128, 255]], dtype=np.uint8)))
    mask = images.load_mask(path)
    assert mask.dtype == bool
    assert mask.tolist() == [[False, False, True, True]]


def test_mask_of_any_mode_is_reduced_to_grey(tmp_path):
    grey = Image.fromarray(np.array([[0, 255, 0]], dtype=np.uint8))
    for mode in ("1", "P", "RGB", "RGBA", "LA"):
        assert images.load_mask(_save(tmp_path, grey.convert(mode))).tolist() == [[False, True, False]]
    deep = Image.fromarray(np.array([[0, 65535, 300]], dtype=np.uint16))
    assert images.load_mask(_save(tmp_path, deep)).tolist() == [[False, True, False]]
    # 120 is below 128 also where a picture would be taken as linear light
    soft = Image.fromarray(np.array([[[120, 255], [255, 255], [255, 0]]], dtype=np.uint8))
    assert images.load_mask(_save(tmp_path, soft)).tolist() == [[False, True, False]]


def test_saved_mask_is_0_and_255_in_one_channel_and_comes_back(tmp_path):
    mask = np.random.default_rng(0).random((13, 7)) > 0.5
    path = tmp_path / "\u00e4 mask.png"
    images.save_mask(mask, path)
    with Image.open(path) as picture:
        assert (picture.mode, picture.size) == ("L", (7, 13))
        assert set(np.unique(np.asarray(picture))) == {0, 255}
    assert np.array_equal(images.load_mask(path), mask)


def test_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    path = _save(tmp_path, Image.new("L", (30, 20)), "m.png")
    assert images.load_mask(path, expected_size=(30, 20)).shape == (20, 30)
    with pytest.raises(MaskMismatchError, match=r"m\.png.*30x20.*20x30"):
        images.load_mask(path, expected_size=(20, 30))


def test_mask_of_class_numbers_is_not_read_as_empty(tmp_path):
    path = _save(tmp_path, Image.fromarray(np.array([[0, 1, 1]], dtype=np.uint8)))
    with pytest.raises(MaskMismatchError, match="up to 1"):
        images.load_mask(path)
    assert not images.load_mask(_save(tmp_path, Image.new("L", (5, 5)))).any()
    assert not images.load_mask(_save(tmp_path, Image.new("L", (5, 5), 3), "noise.jpg")).any()


def test_only_bool_masks_are_saved_and_only_as_png(tmp_path):
    with pytest.raises(ValueError, match="bool"):
        images.save_mask(np.zeros((3, 3), dtype=np.uint8), tmp_path / "m.png")
    with pytest.raises(ValueError, match=r"\.png"):
        images.save_mask(np.zeros((3, 3), dtype=bool), tmp_path / "m.jpg")


# -- hash, tiles, thumbnails, health ------------------------------------------------------------------------


def test_hash_is_that_of_the_bytes_not_of_the_name(tmp_path):
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180 example
    assert images.compute_file_hash(tmp_path / "a.jpg") == expected == hashlib.sha256(b"abc").hexdigest()
    assert images.compute_file_hash(tmp_path / "b.png") == expected


def test_two_by_two_tiles_of_odd_sizes_are_cut_down():
    boxes = images.cut_tiles(7, 5)
    assert [tuple(box) for box in boxes] == [
        (0, 0, 0, 0, 3, 2),
        (0, 1, 3, 0, 6, 2),
        (1, 0, 0, 2, 3, 4),
        (1, 1, 3, 2, 6, 4),
    ]
    assert boxes[1].column == 1


def test_tiles_do_not_overlap_and_cover_all_but_the_remainder():
    seen = np.zeros((23, 31), dtype=int)
    for box in images.cut_tiles(31, 23, rows=3, columns=4):
        seen[box.y0 : box.y1, box.x0 : box.x1] += 1
    assert (seen[:21, :28] == 1).all()
    assert seen.sum() == 21 * 28


def test_tiles_of_no_pixels_are_refused():
    for size, rows, columns in (((1, 5), 2, 2), ((5, 1), 2, 2), ((5, 5), 0, 1)):
        with pytest.raises(ValueError, match="at least one pixel"):
            images.cut_tiles(*size, rows=rows, columns=columns)


def test_grey_is_that_of_pillow_to_the_bit():
    image = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    np.testing.assert_array_equal(images.compute_luma(image), np.asarray(Image.fromarray(image).convert("L")))


def test_sharpness_and_border_are_those_of_a_plain_computation():
    rng = np.random.default_rng(0)
    image = np.where(rng.random((50, 70, 1)) < 0.4, 10, rng.integers(0, 256, (50, 70, 3))).astype(np.uint8)
    border, luma = images.find_black_border(image), images.compute_luma(image).astype(int)
    around = ndimage.convolve(luma, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], mode="nearest")
    inner = ~ndimage.binary_dilation(border, np.ones((3, 3)))
    assert 0 < inner.sum() < inner.size
    assert images.compute_image_quality(image).sharpness == pytest.approx(around[inner].var(), rel=1e-12)


def test_thumbnail_fits_the_square_keeps_the_shape_and_holds_no_exif():
    image = np.full((300, 600, 3), (200, 90, 70), dtype=np.uint8)
    jpeg = images.make_thumbnail(image, 160)
    with Image.open(io.BytesIO(jpeg)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (160, 80))
        assert not thumbnail.getexif()
        assert np.abs(np.asarray(thumbnail).astype(int) - (200, 90, 70)).max() <= 3
    with Image.open(io.BytesIO(images.make_thumbnail(image[:20, :30], 160))) as thumbnail:
        assert thumbnail.size == (30, 20)


def test_brightness_is_measured_inside_the_black_border():
    image = np.zeros((20, 40, 3), dtype=np.uint8)
    image[5:15, 10:30] = 100
    image[8, 20] = 0  # a black spot inside is no border
    quality = images.compute_image_quality(image)
    assert quality.black_border_share == 1 - 200 / 800
    assert quality.brightness == pytest.approx(100 * 199 / 200)
    assert quality.contrast == pytest.approx(100 * np.sqrt(199 / 200 * 1 / 200))


def test_black_picture_has_no_brightness_rather_than_zero():
    quality = images.compute_image_quality(np.zeros((9, 9, 3), dtype=np.uint8))
    assert quality == images.ImageQuality(None, None, None, 1.0)


def test_blur_lowers_sharpness_and_a_border_does_not_raise_it():
    checker = (np.indices((64, 64)).sum(axis=0) // 4 % 2 * 200 + 40).astype(np.uint8)
    sharp = np.repeat(checker[..., None], 3, axis=2)
    blurred = np.asarray(Image.fromarray(sharp).resize((16, 16), Image.Resampling.BOX).resize((64, 64)))
    sharp_quality, blurred_quality = (
        images.compute_image_quality(sharp),
        images.compute_image_quality(blurred),
    )
    assert blurred_quality.sharpness < sharp_quality.sharpness
    framed = np.zeros((40, 40, 3), dtype=np.uint8)
    framed[10:30, 10:30] = 180
    assert images.compute_image_quality(framed).sharpness == 0


def test_arrays_that_are_no_picture_are_refused():
    for wrong in (np.zeros((4, 4), dtype=np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), dtype=np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            images.compute_image_quality(wrong)


def test_a_photograph_is_no_mask(tmp_path):
    frame = draw_frame(3, width=320, height=256, with_polyp=True)
    for name in ("photo.png", "photo.jpg"):
        with pytest.raises(
            MaskMismatchError, match=f"{name}' is not a mask but looks like a photograph: [0-9]+% of it"
        ):
            images.load_mask(_save(tmp_path, Image.fromarray(frame.image), name))
    painted = np.where(frame.mask[..., None], (60, 220, 90), 0).astype(np.uint8)  # one colour, saved with loss
    assert (images.load_mask(_save(tmp_path, Image.fromarray(painted), "green.jpg")) == frame.mask).mean() > 0.99
    soft = Image.fromarray(frame.mask.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(6))
    assert (images.load_mask(_save(tmp_path, soft)) == frame.mask).mean() > 0.97
