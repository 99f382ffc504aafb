"""Plain folders of pictures: classes by folder name, masks beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from medxai_core.formats.class_names import find_class_folder, label_plain_class, simplify_class_name
from medxai_core.formats.listing import (
    ImageRecord,
    Listing,
    PictureFiles,
    list_pictures,
    make_listing,
)
from medxai_core.formats.mask_matching import add_masks
from medxai_core.images.opening import make_printable_name

_POOL_FOLDER_NAMES = frozenset({"unlabelled", "unlabeled"})


def read_folders(image_root: Path, *, masks: Path | None = None) -> Listing:
    """List the pictures of a folder and of all folders below it.

    Parameters
    ----------
    image_root : Path
        Absolute.
    masks : Path or None, default None
        Folder of masks, matched by relative path, stem, or file stem (see ``match_masks``). It may lie
        inside the image root.

    Returns
    -------
    Listing

    Notes
    -----
    The nearest folder named polyp or non_polyp (or an obvious synonym: ``class_names.PLAIN_NAMES``) gives the
    reference label. Below a folder named ``unlabelled`` pictures get the role "unlabelled_pool" and no label.
    Folders named ``masks`` and the like are not read as pictures.
    """
    files = list_pictures(image_root, leave_out=[masks] if masks else [])
    records = [_make_record(image_root, path) for path in files.relative_paths]
    listing = make_listing("folders", image_root, files=files, records=records)
    return add_masks(listing, masks) if masks else _warn_of_mask_folders(listing, files)


def _warn_of_mask_folders(listing: Listing, files: PictureFiles) -> Listing:
    """Return a listing with a note on folders of masks that were passed over."""
    names = ", ".join(make_printable_name(name) for name in files.mask_folders[:3])
    note = f"{len(files.mask_folders)} folders of masks were not used ({names}): name one to use its masks."
    return replace(listing, notes=[note, *listing.notes]) if files.mask_folders else listing


def _make_record(image_root: Path, relative_path: str) -> ImageRecord:
    """Make the record of one picture, with label and role from the names of its folders."""
    folders = [simplify_class_name(name) for name in relative_path.split("/")[:-1]]
    if not _POOL_FOLDER_NAMES.isdisjoint(folders):
        return ImageRecord(image_root / relative_path, relative_path, role="unlabelled_pool")
    class_name = find_class_folder(relative_path, lambda name: label_plain_class(name) is not None)
    label = label_plain_class(class_name) if class_name is not None else None
    return ImageRecord(image_root / relative_path, relative_path, reference_label=label)
