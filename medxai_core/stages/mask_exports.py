"""The masks that were written for a run: where they lie, and whether they are of the locked setting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medxai_core.config import SPLITS
from medxai_core.events import list_events
from medxai_core.study import Study

ALL_SPLITS = ",".join(SPLITS)


@dataclass(frozen=True)
class MaskExport:
    """Hold what was written.

    Attributes
    ----------
    archive : Path
        The zip with all masks.
    n_masks : int
    made_at : datetime
        In UTC.
    is_current : bool
        False when a setting was locked or unlocked after the masks were written.
    """

    archive: Path
    n_masks: int
    made_at: datetime
    is_current: bool


def get_export_folder(study: Study, run_id: str) -> Path:
    """Return where the masks of a run are written."""
    return study.folder / "reports" / f"masks-{run_id}"


def list_export_arguments(study: Study, run_id: str) -> list[str]:
    """Return the command line that writes the masks of all pictures under the locked setting."""
    out = get_export_folder(study, run_id)
    return ["masks", str(study.folder), "--run", run_id, "--split", ALL_SPLITS, "--out", str(out)]


def find_mask_export(study: Study, run_id: str) -> MaskExport | None:
    """Return the masks that were written for a run, or None."""
    folder = get_export_folder(study, run_id)
    archive = folder / "masks.zip"
    if not archive.is_file():
        return None
    made_at = datetime.fromtimestamp(archive.stat().st_mtime, UTC)
    changes = [
        datetime.fromisoformat(event["at"])
        for kind in ("lock", "unlock")
        for event in list_events(study, kind=kind)
        if event["details"].get("run_id") == run_id
    ]
    n_masks = sum(1 for _ in folder.glob("*.png"))
    return MaskExport(archive, n_masks, made_at, all(change <= made_at for change in changes))
