"""Which mask belongs to which picture: by name, and only where that is certain."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from medxai_core.errors import Failure
from medxai_core.formats.listing import ImageRecord, Listing, list_pictures
from medxai_core.images.opening import make_printable_name

MASK_ENDINGS = ("_mask", "-mask", "_segmentation")
"""``a_mask.png`` is taken as the mask of ``a.jpg``, when there is no ``a.png``."""


@dataclass(frozen=True)
class MaskMatches:
    """Say which mask belongs to which picture.

    Attributes
    ----------
    mask_paths : dict of str to Path
        From a picture's relative path to its mask.
    uncertain : dict of str to str
        From the relative path of a picture whose mask is not certain to the reason.
    failures : list of Failure
        Mask files that cannot be pictures.
    unused : list of str
        Masks without a picture.
    """

    mask_paths: dict[str, Path]
    uncertain: dict[str, str]
    failures: list[Failure]
    unused: list[str]


def match_masks(pictures: Sequence[str], masks: Path) -> MaskMatches:
    """Find the mask of each picture: the same name, else the same stem with another extension.

    Parameters
    ----------
    pictures : sequence of str
        Relative paths, compared with those of the masks below `masks`.
    masks : Path
        Folder of masks.

    Returns
    -------
    MaskMatches

    Notes
    -----
    Four passes, each over what is left: the same relative path; the same path without extension; the same
    without one of `MASK_ENDINGS`; the same file stem in any folder. A match that is not one to one is
    uncertain and not taken.
    """
    files = list_pictures(masks, enter_mask_folders=True)
    matched: dict[str, str] = {}
    uncertain: dict[str, str] = {}
    for make_picture_key, make_mask_key in _PASSES:
        taken = set(matched.values())
        left = [picture for picture in pictures if picture not in matched and picture not in uncertain]
        by_key = _gather(make_mask_key, [mask for mask in files.relative_paths if mask not in taken])
        new_matches, new_doubts = _match_by_key(_gather(make_picture_key, left), by_key)
        matched |= new_matches
        uncertain |= new_doubts
    used = set(matched.values())
    return MaskMatches(
        mask_paths={picture: masks / mask for picture, mask in matched.items()},
        uncertain=uncertain,
        failures=[Failure(f"{make_printable_name(masks.name)}/{f.item}", f.reason) for f in files.failures],
        unused=[mask for mask in files.relative_paths if mask not in used],
    )


def add_masks(listing: Listing, masks: Path) -> Listing:
    """Return a listing with the masks of a folder, and notes on how many were found.

    Parameters
    ----------
    listing : Listing
    masks : Path
        Absolute. Masks are matched with ``match_masks``.
    """
    matches = match_masks([record.relative_path for record in listing.records], masks)
    records = [replace(record, mask_path=matches.mask_paths.get(record.relative_path)) for record in listing.records]
    note = f"Masks were found for {len(matches.mask_paths)} of the {len(records)} picture files."
    return replace(
        listing,
        records=records,
        failures=listing.failures + list_uncertain(matches),
        mask_root=masks,
        notes=[note, *describe_unused_masks(matches.unused), *listing.notes],
    )


def list_uncertain(matches: MaskMatches, prefix: str = "") -> list[Failure]:
    """Return the pictures whose mask is not certain, and the damaged mask files, as failures."""
    doubts = [Failure(make_printable_name(prefix + path), reason) for path, reason in matches.uncertain.items()]
    return matches.failures + doubts


def pair_pictures(
    image_root: Path,
    prefix: str,
    relative_paths: Sequence[str],
    matches: MaskMatches,
    *,
    labels: Mapping[str, str] = MappingProxyType({}),
    groups: Mapping[str, str] = MappingProxyType({}),
) -> list[ImageRecord]:
    """Return pictures with the masks that were found for them.

    Parameters
    ----------
    prefix : str
        From the image root to the folder of the pictures, with / at the end.
    relative_paths : sequence of str
        From that folder.
    labels, groups : mapping of str to str
        By file name without ending.
    """
    return [
        ImageRecord(
            image_path=image_root / prefix / path,
            relative_path=prefix + path,
            mask_path=matches.mask_paths.get(path),
            reference_label=labels.get(PurePosixPath(path).stem),
            group=groups.get(PurePosixPath(path).stem),
        )
        for path in relative_paths
    ]


def list_missing(matches: MaskMatches, relative_paths: Sequence[str], prefix: str = "") -> list[Failure]:
    """Return the pictures that have no mask at all."""
    reason = "no mask of this name; taken without mask. Add the mask to have this picture scored."
    return [
        Failure(make_printable_name(prefix + path), reason)
        for path in relative_paths
        if path not in matches.mask_paths and path not in matches.uncertain
    ]


def describe_unused_masks(unused: Sequence[str]) -> list[str]:
    """Say in a note how many masks have no picture."""
    return [f"{len(unused)} masks have no picture (first: {make_printable_name(unused[0])})."] if unused else []


def _get_name(path: str) -> str:
    """Return the whole relative path, in one form of Unicode."""
    return unicodedata.normalize("NFC", path)


def _get_stem(path: str) -> str:
    """Return the relative path without extension."""
    return os.path.splitext(_get_name(path))[0]


def _get_stem_without_ending(path: str) -> str:
    """Return the relative path without extension and without a mask's ending."""
    stem = _get_stem(path)
    return next((stem[: -len(end)] for end in MASK_ENDINGS if stem.lower().endswith(end)), stem)


def _get_base(path: str) -> str:
    """Return the stem of the file name, whatever its folder."""
    return PurePosixPath(_get_stem(path)).name


def _get_base_without_ending(path: str) -> str:
    """Return the stem of the file name, whatever its folder, without a mask's ending."""
    return PurePosixPath(_get_stem_without_ending(path)).name


_PASSES: tuple[tuple[Callable[[str], str], Callable[[str], str]], ...] = (
    (_get_name, _get_name),
    (_get_stem, _get_stem),
    (_get_stem, _get_stem_without_ending),
    (_get_base, _get_base_without_ending),
)
"""How the keys of a picture and of its mask are made, in order of trust."""


def _gather(make_key: Callable[[str], str], paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the paths by key."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_key[make_key(path)].append(path)
    return by_key


def _match_by_key(pictures: dict[str, list[str]], masks: dict[str, list[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the masks of pictures that match one to one, and the reasons of those that do not."""
    matched: dict[str, str] = {}
    uncertain: dict[str, str] = {}
    for key, same_pictures in pictures.items():
        candidates = masks.get(key, [])
        if len(same_pictures) == len(candidates) == 1:
            matched[same_pictures[0]] = candidates[0]
        elif candidates:
            names = ", ".join(make_printable_name(name) for name in (*same_pictures[:3], *candidates[:3]))
            reason = f"its mask is not certain ({names}); taken without mask. Give mask and picture the same name."
            uncertain |= dict.fromkeys(same_pictures, reason)
    return matched, uncertain
