"""Decode pictures safely and always the same way; hash them, cut tiles, make thumbnails, save masks.

Every picture of the product comes through ``load_image``, so features, classifier and heat maps see the same
pixels. The rules are those of LIRE's working copy (8-bit RGB; EXIF orientation ignored; alpha over black).
"""

from __future__ import annotations

from medxai_core.images.decoding import load_image
from medxai_core.images.mask_files import load_mask, save_mask
from medxai_core.images.opening import IMAGE_SUFFIXES, MAX_PIXELS, compute_file_hash, read_image_size
from medxai_core.images.quality import ImageQuality, compute_image_quality, compute_luma, find_black_border
from medxai_core.images.tiles import TileBox, cut_tiles, make_thumbnail

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "ImageQuality",
    "TileBox",
    "compute_file_hash",
    "compute_image_quality",
    "compute_luma",
    "cut_tiles",
    "find_black_border",
    "load_image",
    "load_mask",
    "make_thumbnail",
    "read_image_size",
    "save_mask",
]
