"""Look for what could spoil a study before anyone trusts it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select

from medxai_core import store
from medxai_core.errors import Failure
from medxai_core.images import compute_file_hash
from medxai_core.progress import OnProgress
from medxai_core.records.pictures import Images, compute_dataset_digest, list_images, list_items
from medxai_core.studies.pictures_with_text import (
    TEXT_ADVICE,
    TEXT_FINDING,
    TEXT_NO_PROOF,
    TEXT_NOT_LOOKED_FOR,
    list_pictures_with_text,
)
from medxai_core.study import Study

SMALL_SIDE = 224
DARK_BELOW = 40.0
BLURRED_BELOW = 10.0


@dataclass(frozen=True)
class Health:
    """Hold counts and findings of a study.

    Attributes
    ----------
    counts : dict
        Pictures and items by split, labels, masks, seeds.
    findings : dict of str to list of str
        What was found, by kind; each entry names its picture.
    notes : list of str
        What the import decided, in plain words.
    failures : list of Failure
        What was not imported.
    origin : dict
        Digest of all pictures (SHA-256), groups in all and by split, options of the import.
    is_healthy : bool
        False when a picture is missing or changed, or a group is in two splits.
    text_was_looked_for : bool
        False for a study that was made before the import looked for burned-in text.
    """

    counts: dict[str, Any]
    findings: dict[str, list[str]]
    notes: list[str]
    failures: list[Failure]
    origin: dict[str, Any]
    is_healthy: bool
    text_was_looked_for: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        failures = [failure.__dict__ for failure in self.failures]
        return self.__dict__ | {"failures": failures}

    def to_text(self) -> str:
        """Return lines for people."""
        lines = [f"{name}: {value}" for name, value in (self.counts | self.origin).items()]
        lines += [f"note: {note}" for note in self.notes]
        for kind, entries in self.findings.items():
            lines.append(f"{kind}: {len(entries)}")
            lines += [f"  {entry}" for entry in entries[:5]]
            if kind == TEXT_FINDING:
                lines.append(f"  {TEXT_ADVICE}")
        lines.append(TEXT_NO_PROOF if self.text_was_looked_for else f"{TEXT_NOT_LOOKED_FOR} Do so with --text.")
        if self.failures:
            lines.append(f"problems at the import: {len(self.failures)}")
            lines += [f"  {failure.item}: {failure.reason}" for failure in self.failures[:10]]
        n_odd = len(self.findings) + bool(self.failures)
        verdict = "no damaged picture and no leak" if self.is_healthy else "NOT HEALTHY: pictures changed, or a leak"
        lines.append(f"{verdict}; {n_odd or 'no'} kind{'' if n_odd == 1 else 's'} of finding to look at")
        return "\n".join(lines)


def check_health(study: Study, *, with_hashes: bool = False, on_progress: OnProgress | None = None) -> Health:
    """Count what a study holds and list what looks wrong.

    Parameters
    ----------
    with_hashes : bool
        Read every picture and compare its hash with the imported one.
    """
    images, items = list_images(study), list_items(study)
    changed = _find_changed(study, with_hashes=with_hashes, on_progress=on_progress)
    leaks = _find_leaks(images.groups[images.is_present], images.splits[images.is_present])
    with_text = list_pictures_with_text(study, images.image_ids[images.is_present])
    findings = {
        "missing or changed since the import": changed,
        "groups in two splits (leak)": leaks,
        TEXT_FINDING: with_text or [],
        "near copies (kept in one split)": [
            f"{first} and {second}" for first, second in study.get_fact("near_duplicates", [])
        ],
        **_find_odd_pictures(study),
    }
    return Health(
        counts=_count(images, items),
        findings={kind: entries for kind, entries in findings.items() if entries},
        notes=study.get_fact("notes", []),
        failures=study.list_failures(),
        origin=_describe_origin(study, images),
        is_healthy=not changed and not leaks,
        text_was_looked_for=with_text is not None,
    )


def _count(images: Any, items: Any) -> dict[str, Any]:
    """Return pictures and items by split, labels, masks and seeds."""
    present = items.is_present
    return {
        "pictures": int(images.is_present.sum()),
        "pictures with a mask": int(sum(path is not None for path in images.mask_paths[images.is_present])),
        "items": int(present.sum()),
        "pictures by split": dict(Counter(images.splits[images.is_present])),
        "items by split": dict(Counter(items.splits[present])),
        "items by reference label": {str(label): n for label, n in Counter(items.reference_labels[present]).items()},
        "seeds": dict(Counter(items.reference_labels[present & items.is_seed])),
        "labelled validation items": int(
            (present & items.is_labelled & (items.splits.astype(str) == "validation")).sum()
        ),
    }


def _describe_origin(study: Study, images: Images) -> dict[str, Any]:
    """Return digest, groups and import options: what a report says of the pictures."""
    groups, splits = images.groups[images.is_present].astype(str), images.splits[images.is_present].astype(str)
    by_split = {str(split): len(np.unique(groups[splits == split])) for split in dict.fromkeys(splits.tolist())}
    return {
        "groups (patients, procedures, near copies)": len(np.unique(groups)),
        "groups by split": by_split,
        "tiles a picture": study.get_fact("tiles", [1, 1]),
        "options of the import": study.get_fact("options", {}),
        "labels read off masks": bool(study.get_fact("labels_from_masks")),
        "SHA-256 over the pictures": compute_dataset_digest(study),
    }


def _find_changed(study: Study, *, with_hashes: bool, on_progress: OnProgress | None) -> list[str]:
    """Return pictures that are gone or are not what was imported."""
    c = store.images.c
    rows = study.read(select(c.image_id, c.relative_path, c.sha256).where(c.removed_at.is_(None)))
    root, found = study.image_root, []
    for done, row in enumerate(rows, 1):
        path = root / row.relative_path
        if not path.is_file():
            found.append(f"{row.image_id}: {row.relative_path} is gone")
        elif with_hashes and compute_file_hash(path) != row.sha256:
            found.append(f"{row.image_id}: {row.relative_path} has changed")
        if on_progress is not None:
            on_progress(done, len(rows))
    return found


def _find_leaks(groups: np.ndarray, splits: np.ndarray) -> list[str]:
    """Return groups that lie in more than one split."""
    seen: dict[str, set[str]] = {}
    for group, split in zip(groups, splits, strict=True):
        seen.setdefault(str(group), set()).add(str(split))
    return [f"{group}: {', '.join(sorted(where))}" for group, where in seen.items() if len(where) > 1]


def _find_odd_pictures(study: Study) -> dict[str, list[str]]:
    """Return pictures that are small, dark or blurred, and those without a mask among masked ones."""
    c = store.images.c
    rows = study.read(
        select(c.image_id, c.width, c.height, c.brightness, c.sharpness, c.mask_path).where(c.removed_at.is_(None))
    )
    small = [row for row in rows if min(row.width, row.height) < SMALL_SIDE]
    dark = [row for row in rows if row.brightness is None or row.brightness < DARK_BELOW]
    blurred = [row for row in rows if row.sharpness is not None and row.sharpness < BLURRED_BELOW]
    maskless = [row for row in rows if row.mask_path is None]
    odd = {
        f"smaller than {SMALL_SIDE} pixels": [f"{row.image_id}: {row.width}x{row.height}" for row in small],
        "very dark": [row.image_id for row in dark],
        "blurred or flat": [row.image_id for row in blurred],
    }
    if len(maskless) < len(rows):
        odd["without a mask"] = [row.image_id for row in maskless]
    return odd
