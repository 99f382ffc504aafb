"""Kvasir: a folder per class, such as ``polyps`` and ``normal-cecum``."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from medxai_core.formats.class_names import (
    find_class_folder,
    is_kvasir_class,
    label_kvasir_class,
    simplify_class_name,
)
from medxai_core.formats.listing import ImageRecord, Listing, list_pictures, make_listing
from medxai_core.formats.mask_matching import add_masks
from medxai_core.images.opening import make_printable_name


def read_kvasir(image_root: Path, *, masks: Path | None = None) -> Listing:
    """List the pictures of Kvasir (v1, v2) or of any folder whose folders are named like its classes.

    Parameters
    ----------
    image_root : Path
        Absolute.
    masks : Path or None, default None
        Folder of masks, when some were drawn.

    Returns
    -------
    Listing
        Labels by ``class_names.label_kvasir_class``; the notes say how many pictures of which class became
        what.
    """
    files = list_pictures(image_root, leave_out=[masks] if masks else [])
    classes = {path: find_class_folder(path, is_kvasir_class) for path in files.relative_paths}
    records = [
        ImageRecord(image_root / path, path, reference_label=label_kvasir_class(name) if name else None)
        for path, name in classes.items()
    ]
    listing = make_listing("kvasir", image_root, files=files, records=records)
    listing = replace(listing, notes=describe_classes(Counter(classes.values())) + listing.notes)
    return add_masks(listing, masks) if masks else listing


def describe_classes(counts: Counter[str | None]) -> list[str]:
    """Say in notes which classes were taken as polyp, as polyp-free and as unknown, with their counts.

    Parameters
    ----------
    counts : Counter of str or None
        Pictures by class name; None: no class name known.
    """
    names: dict[str | None, list[str]] = {"polyp": [], "non_polyp": [], None: []}
    for name, count in sorted(counts.items(), key=lambda pair: (pair[0] is None, pair[0] or "")):
        label = None if name is None else label_kvasir_class(name)
        names[label].append(f"{make_printable_name(name) if name else 'no known class'} {count}")
    kinds = {"polyp": "polyp", "non_polyp": "polyp-free by the class name", None: "unknown"}
    notes = [f"Taken as {kinds[label]}: {', '.join(found)}." for label, found in names.items() if found]
    n_dyed = sum(n for name, n in counts.items() if name and simplify_class_name(name) == "dyed-lifted-polyps")
    if n_dyed:
        notes.append(f"{n_dyed} of the polyps are lifted and dyed blue: they look unlike undyed polyps.")
    return notes
