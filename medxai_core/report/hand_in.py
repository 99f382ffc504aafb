"""Files for the organisers of the Medico task: scores, times and masks of one run."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from medxai_core.config import RESEARCH_USE
from medxai_core.formats.medico import average_scores, write_averages, write_scores, write_times
from medxai_core.records.masks import MaskSetting, describe_setting
from medxai_core.records.pictures import Images
from medxai_core.records.speeds import RecordedSpeed
from medxai_core.stages.masks import name_masks
from medxai_core.study import Study
from medxai_core.views.recorded_scores import PictureScores

NAMINGS = ("file", "id")
"""``file``: by the picture's file name, as the organisers match them. ``id``: by the id of the picture."""

_README = """MedXAI Explorer: files for the organisers of the Medico task
{use}

Study {study}, run {run}, split {split}.
Masks: {setting}. What masks were used for on the way: {uses}.{tuned}

scores.csv    one line a picture, the organisers' six scores by their rules
averages.csv  plain means of these lines
times.csv     task 2: seconds a picture, one at a time, from the decoded frame to the mask
masks.zip     task 1: one PNG a picture, 0 and 255, of the picture's size
transparency.txt  task 3: how the masks came about, scores, failures, tests of the maps, limits
Files that were not made are left out.
"""


@dataclass(frozen=True)
class HandIn:
    """Hold the files of one hand-in, as they go on disk.

    Attributes
    ----------
    files : dict of str to bytes
        scores.csv and averages.csv, and what else was made: times.csv, masks.zip, transparency.txt.
    readme : str
        What they are, of which run, and the intended use.
    """

    files: dict[str, bytes]
    readme: str

    def to_zip(self) -> bytes:
        """Return all files and README.txt in one zip."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", self.readme)
            for name, content in self.files.items():
                archive.writestr(name, content)
        return buffer.getvalue()


def make_hand_in(
    study: Study,
    images: Images,
    pictures: PictureScores,
    *,
    naming: str = "file",
    speed: RecordedSpeed | None = None,
    masks_zip: Path | None = None,
    transparency: str | None = None,
) -> HandIn:
    """Make the hand-in of one scored run.

    Parameters
    ----------
    pictures : PictureScores
        Of a run, not of a trivial mask.
    naming : {"file", "id"}
        How the tables name pictures.
    speed : RecordedSpeed, optional
        Times of the run; left out when they are of another setting.
    masks_zip : Path, optional
        From `find_masks_zip`.
    transparency : str, optional
        The text of task 3, from `write_transparency_text`.

    Raises
    ------
    ValueError
        `naming` is unknown, or the row is that of a trivial mask.
    """
    if naming not in NAMINGS:
        raise ValueError(f"naming must be one of {NAMINGS}; got {naming!r}.")
    row = pictures.row
    if row.run_id is None:
        raise ValueError(f"a hand-in is of a run; {row.name!r} is a trivial mask.")
    rows = [
        (name, score.organisers)
        for name, score in zip(_name_pictures(images, pictures.positions, naming), pictures.scores, strict=True)
    ]
    files = {
        "scores.csv": _write(lambda path: write_scores(rows, path)),
        "averages.csv": _write(lambda path: write_averages(average_scores(rows), path)),
    }
    setting = MaskSetting(**row.setting)
    if speed is not None and speed.setting == row.setting and speed.split == row.split:
        files["times.csv"] = _make_times(images, speed, naming)
    if masks_zip is not None:
        files["masks.zip"] = masks_zip.read_bytes()
    if transparency is not None:
        files["transparency.txt"] = transparency.encode()
    tuned = " The setting was chosen after test scores had been seen (tuned on test)." if row.tuned_on_test else ""
    readme = _README.format(
        use=RESEARCH_USE,
        study=study.name,
        run=row.run_id,
        split=row.split,
        setting=describe_setting(setting),
        uses=row.masks_used_for.replace("_", " "),
        tuned=tuned,
    )
    return HandIn(files, readme)


def get_masks_folder(study: Study, run_id: str, setting: MaskSetting, *, split: str = "test") -> Path:
    """Return where the masks of a run under one setting are written: another setting has another folder."""
    limits = "-".join("x" if limit is None else f"{limit:g}" for limit in (setting.low, setting.high))
    inverted = "-inverted" if setting.inverted else ""
    name = f"masks-{run_id}-{split}-{setting.method}-L{setting.layer}-{limits}{inverted}"
    return study.folder / "reports" / name


def find_masks_zip(study: Study, run_id: str, setting: MaskSetting, *, split: str = "test") -> Path | None:
    """Return the zip of masks of a run under one setting, or None when it was not made."""
    path = get_masks_folder(study, run_id, setting, split=split) / "masks.zip"
    return path if path.is_file() else None


def _make_times(images: Images, speed: RecordedSpeed, naming: str) -> bytes:
    """Return the task-2 table; pictures that were removed since are left out."""
    known = {str(image_id): position for position, image_id in enumerate(images.image_ids)}
    timed = [
        (known[image_id], seconds)
        for image_id, seconds in zip(speed.image_ids, speed.seconds, strict=True)
        if image_id in known and images.is_present[known[image_id]]
    ]
    names = [
        image_id if naming == "id" else PurePosixPath(str(images.relative_paths[position])).name
        for position, image_id in ((position, str(images.image_ids[position])) for position, _ in timed)
    ]
    return _write(lambda path: write_times(zip(names, (seconds for _, seconds in timed), strict=True), path))


def _name_pictures(images: Images, positions, naming: str) -> list[str]:
    """Return the name of each picture in a table, without ending."""
    if naming == "id":
        return [str(image_id) for image_id in images.image_ids[positions]]
    return [name.removesuffix(".png") for name in name_masks([str(p) for p in images.relative_paths[positions]])]


def _write(write: Callable[[Path], None]) -> bytes:
    """Return what a writer of files writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write(path)
        return path.read_bytes()
