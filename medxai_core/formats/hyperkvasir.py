"""HyperKvasir: labelled, unlabelled and segmented pictures, each in a folder of its own.

::

    labeled-images/image-labels.csv          with columns Video file, Organ, Finding, Classification
    labeled-images/lower-gi-tract/pathological-findings/polyps/*.jpg, and a folder per other class
    unlabeled-images/images/*.jpg
    segmented-images/{images,masks}/*.jpg, bounding-boxes.json

The segmented pictures are copies of labelled polyp pictures under other names. They are listed as both; the
content hash and the near duplicates join them, so that they fall into one split.

References
----------
H. Borgli et al., "HyperKvasir, a comprehensive multi-class image and video dataset for gastrointestinal
endoscopy", Scientific Data 7, 283 (2020), doi:10.1038/s41597-020-00622-y.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from medxai_core.errors import Failure, LayoutError
from medxai_core.formats.class_names import find_class_folder, is_kvasir_class, label_kvasir_class
from medxai_core.formats.kvasir import describe_classes
from medxai_core.formats.kvasir_seg import read_kvasir_seg
from medxai_core.formats.labels_csv import read_label_rows
from medxai_core.formats.listing import ImageRecord, Listing, is_folder, list_pictures, make_listing
from medxai_core.images.opening import make_printable_name

LABELS_NAME = "image-labels.csv"
_PARTS = {"labeled-images": "labelled", "unlabeled-images": "unlabelled", "segmented-images": "segmented"}


def find_parts(image_root: Path) -> dict[str, Path]:
    """Find the parts of HyperKvasir in a folder, or one folder further down.

    Parameters
    ----------
    image_root : Path

    Returns
    -------
    parts : dict of str to Path
        Some of "labelled", "unlabelled", "segmented". Both the names inside the one large archive and those
        of the archives of each part (``hyper-kvasir-labeled-images``) are known.
    """
    if (image_root / LABELS_NAME).is_file():
        return {"labelled": image_root}
    parts: dict[str, Path] = {}
    folders = list(_iter_folders(image_root))
    for folder in [*folders, *(inner for outer in folders for inner in _iter_folders(outer))]:
        name = re.sub(r"^hyper-?kvasir-", "", re.sub(r"[\s_]+", "-", folder.name.lower()))
        part = _PARTS.get(name.replace("labelled", "labeled"))
        if part is not None:
            parts.setdefault(part, folder)
    return parts


def read_hyperkvasir(image_root: Path, *, masks: Path | None = None) -> Listing:
    """List the pictures of HyperKvasir, of whichever parts are there.

    Parameters
    ----------
    image_root : Path
        Absolute. Holds at least one of the three parts.
    masks : Path or None, default None
        Must be None: the data set brings its masks.

    Returns
    -------
    Listing
        Roles: labelled pictures "any", unlabelled ones "unlabelled_pool", segmented ones "segmented" with
        label "polyp" and a mask. Labels by ``image-labels.csv``, else by class folder; where the two
        contradict each other, None and a listed failure.

    Raises
    ------
    LayoutError
        No part is there; or masks were given.
    """
    if masks is not None:
        raise LayoutError("HyperKvasir brings its own masks.", "Leave the folder of masks out.")
    parts = find_parts(image_root)
    if not parts:
        raise LayoutError(
            f"{make_printable_name(str(image_root))} holds none of {', '.join(_PARTS)}.",
            "Name the folder into which HyperKvasir was unpacked.",
        )
    readers = {"labelled": _read_labelled, "unlabelled": _read_unlabelled, "segmented": _read_segmented}
    listings = [_move_below(readers[part](folder), image_root) for part, folder in sorted(parts.items())]
    return Listing(
        layout="hyperkvasir",
        records=sorted((r for listing in listings for r in listing.records), key=lambda r: r.relative_path),
        failures=[failure for listing in listings for failure in listing.failures],
        image_root=image_root,
        mask_root=next((listing.mask_root for listing in listings if listing.mask_root), None),
        notes=[f"Found: {', '.join(sorted(parts))} pictures."] + [n for part in listings for n in part.notes],
        n_ignored=sum(listing.n_ignored for listing in listings),
    )


def _iter_folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder, sorted by name; none when it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name for e in entries if is_folder(e) and not e.name.startswith("."))
    except OSError:
        return
    yield from (folder / name for name in names)


def _move_below(listing: Listing, image_root: Path) -> Listing:
    """Return the listing of a part with names that start at the image root."""
    prefix = listing.image_root.relative_to(image_root).as_posix() + "/"
    prefix = "" if prefix == "./" else prefix
    return replace(
        listing,
        records=[replace(r, relative_path=prefix + r.relative_path) for r in listing.records],
        failures=[Failure(make_printable_name(prefix) + f.item, f.reason) for f in listing.failures],
        image_root=image_root,
    )


def _read_labelled(folder: Path) -> Listing:
    """List the labelled pictures."""
    files = list_pictures(folder)
    findings, note = _read_findings(folder)
    records, doubts = [], []
    classes: Counter[str | None] = Counter()
    for path in files.relative_paths:
        class_folder = find_class_folder(path, is_kvasir_class)
        finding = findings.get(PurePosixPath(path).stem, class_folder)
        if _is_contradiction(finding, class_folder):
            reason = f"{LABELS_NAME} says {finding}, the folder {class_folder}; taken without label."
            doubts.append(Failure(make_printable_name(path), make_printable_name(reason)))
            finding = None
        classes[finding] += 1
        label = label_kvasir_class(finding) if finding else None
        records.append(ImageRecord(folder / path, path, reference_label=label))
    listing = make_listing("hyperkvasir", folder, files=files, records=records)
    return replace(
        listing,
        failures=listing.failures + doubts,
        notes=[note, *describe_classes(classes), *listing.notes],
    )


def _is_contradiction(finding: str | None, class_folder: str | None) -> bool:
    """Return whether table and folder name classes of different labels."""
    if not finding or not class_folder:
        return False
    return label_kvasir_class(finding) != label_kvasir_class(class_folder)


def _read_findings(folder: Path) -> tuple[dict[str, str], str]:
    """Return the finding by picture stem from ``image-labels.csv``, and a note on where labels come from."""
    candidates = [path / LABELS_NAME for path in (folder, *_iter_folders(folder))]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        return {}, f"{LABELS_NAME} is missing: labels are the names of the class folders."
    rows = read_label_rows(path)
    findings = {PurePosixPath(row.filename).stem: row.label for row in rows}
    return findings, f"Labels are those of {LABELS_NAME}, which names {len(findings)} pictures."


def _read_unlabelled(folder: Path) -> Listing:
    """List the unlabelled pictures."""
    files = list_pictures(folder)
    records = [ImageRecord(folder / path, path, role="unlabelled_pool") for path in files.relative_paths]
    return make_listing("hyperkvasir", folder, files=files, records=records)


def _read_segmented(folder: Path) -> Listing:
    """List the segmented pictures; every one of them shows a polyp."""
    inner = [path for path in (folder, *_iter_folders(folder)) if (path / "masks").is_dir()]
    listing = read_kvasir_seg(inner[0] if inner else folder)
    return replace(listing, records=[replace(r, role="segmented", reference_label="polyp") for r in listing.records])
