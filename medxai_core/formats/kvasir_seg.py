"""Kvasir-SEG: ``images/`` and ``masks/`` with files of the same names, and ``bounding-boxes.json``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from medxai_core.errors import Failure, LayoutError
from medxai_core.formats.listing import Listing, list_pictures, make_listing
from medxai_core.formats.mask_matching import (
    describe_unused_masks,
    list_missing,
    list_uncertain,
    match_masks,
    pair_pictures,
)
from medxai_core.images.opening import make_printable_name

BOXES_NAME = "bounding-boxes.json"


def read_kvasir_seg(image_root: Path, *, masks: Path | None = None) -> Listing:
    """List pictures that come with masks of the same name.

    Parameters
    ----------
    image_root : Path
        Absolute. Holds ``images/`` (and ``masks/``, unless `masks` is given), or the pictures themselves.
    masks : Path or None, default None
        Folder of masks, when it is not ``masks/`` in the image root.

    Returns
    -------
    Listing
        A picture without mask is kept, and is a listed failure. The reference label is "polyp" where
        ``bounding-boxes.json`` has a box of a polyp; else None: the mask tells it.

    Raises
    ------
    LayoutError
        No masks are there.

    References
    ----------
    D. Jha et al., "Kvasir-SEG: a segmented polyp dataset", MMM 2020, doi:10.1007/978-3-030-37734-2_37.
    """
    prefix = "images/" if (image_root / "images").is_dir() else ""
    mask_root = _find_masks(image_root, masks)
    files = list_pictures(image_root / prefix, leave_out=[mask_root])
    matches = match_masks(files.relative_paths, mask_root)
    labels, box_failures = _read_labels(image_root if prefix else image_root.parent)
    records = pair_pictures(image_root, prefix, files.relative_paths, matches, labels=labels)
    listing = make_listing("kvasir-seg", image_root, files=files, records=records)
    failures = [Failure(prefix + failure.item, failure.reason) for failure in files.failures]
    failures += list_uncertain(matches, prefix) + list_missing(matches, files.relative_paths, prefix)
    return replace(
        listing,
        failures=failures + box_failures,
        mask_root=mask_root,
        notes=describe_unused_masks(matches.unused) + listing.notes,
    )


def _find_masks(image_root: Path, masks: Path | None) -> Path:
    """Return the folder of masks, given or beside the pictures."""
    if masks is not None:
        return masks
    if not (image_root / "masks").is_dir():
        raise LayoutError(
            f"{make_printable_name(str(image_root))} holds no folder masks/.",
            "Name the folder that holds images/ and masks/, or give the folder of masks too.",
        )
    return image_root / "masks"


def _read_labels(folder: Path) -> tuple[dict[str, str], list[Failure]]:
    """Return "polyp" by picture stem, for the pictures that have a polyp's box; and what went wrong."""
    path = folder / BOXES_NAME
    if not path.is_file():
        return {}, []
    try:
        entries = json.loads(path.read_bytes())
        with_polyp = [stem for stem, entry in entries.items() if any(box["label"] == "polyp" for box in entry["bbox"])]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"it is not the file of boxes that comes with Kvasir-SEG ({type(error).__name__}); not used."
        return {}, [Failure(BOXES_NAME, reason)]
    return dict.fromkeys(with_polyp, "polyp"), []
