"""Read a folder of pictures, whoever laid it out: find out the layout, then list what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from medxai_core.errors import LayoutError
from medxai_core.formats.class_names import is_kvasir_class, label_plain_class
from medxai_core.formats.cvc_clinicdb import find_cvc_parts, read_cvc_clinicdb
from medxai_core.formats.folders import read_folders
from medxai_core.formats.hyperkvasir import find_parts, read_hyperkvasir
from medxai_core.formats.kvasir import read_kvasir
from medxai_core.formats.kvasir_seg import read_kvasir_seg
from medxai_core.formats.labels_csv import apply_label_table
from medxai_core.formats.listing import ImageRecord, Listing, check_folder, is_folder
from medxai_core.images import IMAGE_SUFFIXES
from medxai_core.images.opening import make_printable_name

__all__ = ["LAYOUTS", "ImageRecord", "Listing", "detect_layout", "read_layout"]

_READERS: dict[str, Callable[..., Listing]] = {
    "kvasir-seg": read_kvasir_seg,
    "hyperkvasir": read_hyperkvasir,
    "cvc-clinicdb": read_cvc_clinicdb,
    "kvasir": read_kvasir,
    "folders": read_folders,
}
LAYOUTS = ("auto", *_READERS)


def read_layout(
    images: Path,
    *,
    masks: Path | None = None,
    layout: str = "auto",
    labels: Path | None = None,
    group_column: str | None = None,
) -> Listing:
    """List the pictures of a folder with what it tells about them: masks, labels, groups, roles.

    Parameters
    ----------
    images : Path
        The image root: a folder; relative paths start here.
    masks : Path or None, default None
        Folder of masks, named as the pictures.
    layout : {"auto", "kvasir-seg", "hyperkvasir", "cvc-clinicdb", "kvasir", "folders"}, default "auto"
    labels : Path or None, default None
        Table of labels (see ``labels_csv``). It overrules folder names.
    group_column : str or None, default None
        Column of `labels` with the patient, procedure or video.

    Returns
    -------
    Listing
        Nothing is decoded. With at least one record.

    Raises
    ------
    LayoutError
        The folder is missing, holds no picture, or is not laid out as asked; or the table of labels cannot
        be used.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}; got {layout!r}.")
    if group_column is not None and labels is None:
        raise LayoutError(
            f"A group column ({make_printable_name(group_column)}) was named without a table.",
            "Give the table of labels that has this column.",
        )
    image_root = check_folder(images, "pictures")
    mask_root = None if masks is None else _check_apart(image_root, masks)
    name, why = detect_layout(image_root) if layout == "auto" else (layout, "asked for")
    listing = replace(_READERS[name](image_root, masks=mask_root), why=why)
    if not listing.records:
        raise _make_empty_error(listing)
    return listing if labels is None else apply_label_table(listing, Path(labels), group_column=group_column)


def detect_layout(image_root: Path) -> tuple[str, str]:
    """Tell the layout of a folder by the names in it.

    Parameters
    ----------
    image_root : Path

    Returns
    -------
    layout : str
    why : str
        One sentence for the user.

    Notes
    -----
    In this order: a part of HyperKvasir; ``Original/`` and ``Ground Truth/``; ``images/`` and ``masks/``; folders
    named like classes of Kvasir (others than ``polyps``, which may be anyone's); else plain folders. When the folder
    holds nothing but one folder, that one is looked at too.
    """
    parts = find_parts(image_root)
    if parts:
        names = ", ".join(sorted(make_printable_name(path.name) for path in parts.values()))
        return "hyperkvasir", f"found HyperKvasir's {names}"
    if find_cvc_parts(image_root) is not None:
        return "cvc-clinicdb", "found CVC-ClinicDB's Original/ and Ground Truth/ side by side"
    folders, has_pictures = _look_into(image_root)
    if {"images", "masks"} <= set(folders):
        return "kvasir-seg", "found images/ and masks/ side by side"
    if len(folders) == 1 and not has_pictures:
        folders += _look_into(image_root / folders[0])[0]
    classes = [name for name in folders if is_kvasir_class(name) and label_plain_class(name) is None]
    if classes:
        return "kvasir", f"found folders named like classes of Kvasir ({', '.join(sorted(classes)[:3])})"
    return "folders", "found no known data set: read as plain folders"


def _look_into(folder: Path) -> tuple[list[str], bool]:
    """Return the names of the folders in a folder, sorted, and whether pictures lie beside them."""
    try:
        with os.scandir(folder) as scan:
            entries = [entry for entry in scan if not entry.name.startswith((".", "__MACOSX"))]
    except OSError:
        return [], False
    has_pictures = any(os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES for entry in entries)
    return sorted(entry.name for entry in entries if is_folder(entry)), has_pictures


def _make_empty_error(listing: Listing) -> LayoutError:
    """Make the error for a folder without pictures; name what was there."""
    name = make_printable_name(str(listing.image_root))
    seen = [f"{listing.n_ignored} other files"] if listing.n_ignored else []
    if listing.failures:
        first = listing.failures[0]
        seen.append(f"{len(listing.failures)} that fail, first {first.item}: {first.reason}")
    return LayoutError(
        f"{name} holds no pictures (read as {listing.layout}; there: {'; '.join(seen) or 'nothing'}).",
        f"Name a folder that holds files ending in {', '.join(IMAGE_SUFFIXES)}.",
    )


def _check_apart(image_root: Path, masks: Path) -> Path:
    """Return the absolute folder of masks; it must not hold the pictures themselves."""
    mask_root = check_folder(masks, "masks")
    if Path(os.path.realpath(image_root)).is_relative_to(os.path.realpath(mask_root)):
        raise LayoutError(
            f"The folder of masks, {make_printable_name(str(mask_root))}, holds the pictures too.",
            "Give a folder that holds only masks.",
        )
    return mask_root
