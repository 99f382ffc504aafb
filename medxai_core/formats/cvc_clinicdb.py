"""CVC-ClinicDB: ``Original/`` and ``Ground Truth/`` with files of the same numbers, and a table of video sequences."""

from __future__ import annotations

import csv
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

TABLE_NAME = "metadata.csv"
_PICTURES, _MASKS = "Original", "Ground Truth"
_KINDS = ("PNG", "TIF", "")  # the same pictures; a folder of each kind, or none
_UNKNOWN_SEQUENCES = (
    f"The pictures are frames of 29 video sequences; without {TABLE_NAME} (columns frame_id and sequence_id) it is not "
    "known which belong together, so frames of one sequence can lie in several splits, unless they look alike."
)


def find_cvc_parts(image_root: Path) -> str | None:
    """Return where ``Original/`` and ``Ground Truth/`` lie side by side, relative with / at the end; or None.

    In the folder, its PNG/ or TIF/ (PNG first: the pictures are the same), or those of its CVC-ClinicDB/.
    """
    for outer in ("", "CVC-ClinicDB/"):
        for kind in _KINDS:
            prefix = f"{outer}{kind}/" if kind else outer
            if all((image_root / prefix / name).is_dir() for name in (_PICTURES, _MASKS)):
                return prefix
    return None


def read_cvc_clinicdb(image_root: Path, *, masks: Path | None = None) -> Listing:
    """List the frames of CVC-ClinicDB with their masks, grouped by video sequence where that is known.

    Parameters
    ----------
    image_root : Path
        Absolute. Holds what `find_cvc_parts` looks for.
    masks : Path or None, default None
        Folder of masks, when it is not ``Ground Truth/``.

    Returns
    -------
    Listing
        Labels are None: the masks tell them.

    Raises
    ------
    LayoutError
        The two folders are not there.

    References
    ----------
    J. Bernal et al., "WM-DOVA maps for accurate polyp highlighting in colonoscopy", Computerized Medical Imaging and
    Graphics 43, 2015, doi:10.1016/j.compmedimag.2015.02.007.
    """
    prefix = find_cvc_parts(image_root)
    if prefix is None:
        raise LayoutError(
            f"{make_printable_name(str(image_root))} holds no {_PICTURES}/ and {_MASKS}/.",
            "Name the folder in which both lie, or the one above its PNG/ and TIF/.",
        )
    mask_root = masks or image_root / prefix / _MASKS
    files = list_pictures(image_root / prefix / _PICTURES)
    matches = match_masks(files.relative_paths, mask_root)
    sequences, failures = _read_sequences(image_root)
    inner = f"{prefix}{_PICTURES}/"
    records = pair_pictures(image_root, inner, files.relative_paths, matches, groups=sequences)
    failures += [Failure(inner + failure.item, failure.reason) for failure in files.failures]
    failures += list_uncertain(matches, inner) + list_missing(matches, files.relative_paths, inner)
    listing = make_listing("cvc-clinicdb", image_root, files=files, records=records)
    notes = [] if sequences else [_UNKNOWN_SEQUENCES]
    notes += describe_unused_masks(matches.unused) + listing.notes
    return replace(listing, failures=failures, mask_root=mask_root, notes=notes)


def _read_sequences(image_root: Path) -> tuple[dict[str, str], list[Failure]]:
    """Return the sequence of each frame by its number, from the table in the folder or above it; and what failed."""
    path = next((one for one in (image_root / TABLE_NAME, image_root.parent / TABLE_NAME) if one.is_file()), None)
    if path is None:
        return {}, []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(row["frame_id"], row["sequence_id"]) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        reason = f"it is not the table that comes with CVC-ClinicDB ({type(error).__name__}); not used."
        return {}, [Failure(TABLE_NAME, reason)]
    return {frame.strip(): f"sequence {sequence.strip()}" for frame, sequence in rows if frame and sequence}, []
