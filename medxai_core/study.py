"""An open study: its folder, its database, its arrays."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, select
from sqlalchemy.sql import Executable

from medxai_core import arrays, store
from medxai_core.config import get_home, resolve_study_folder
from medxai_core.errors import Failure, ImageChangedError, StudyNotFoundError, StudyNotWritableError
from medxai_core.provenance import now_text

ROWS_AT_ONCE = 10_000
ACTOR = "actor"
"""Where a connection keeps who records."""
SUBFOLDERS = ("arrays", "runs", "thumbnails", "reports")


@dataclass
class Study:
    """Hold the connection to one study folder.

    Attributes
    ----------
    folder : Path
        Absolute path of the study folder.
    engine : sqlalchemy.Engine
        Connections to ``study.db``.
    read_only : bool
        True when the folder cannot be written: everything can be looked at, nothing recorded.
    actor : str
        Who stands in the log beside what is recorded here: pseudonym of a reader, or "system".
    """

    folder: Path
    engine: Engine
    read_only: bool = False
    actor: str = "system"

    @property
    def name(self) -> str:
        """Name shown to the user: that of the folder."""
        return self.folder.name

    @property
    def arrays_folder(self) -> Path:
        """Folder of the content-addressed arrays."""
        return self.folder / "arrays"

    def run_folder(self, run_id: str) -> Path:
        """Folder of one training run."""
        return self.folder / "runs" / run_id

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open one transaction; refuse when the folder is read-only."""
        if self.read_only:
            raise StudyNotWritableError(
                f"study {self.name!r} is opened read-only: its folder cannot be written.",
                "Free space on the disk, or make the folder writable, or copy it; then open it again.",
            )
        with store.begin(self.engine, f"study {self.name!r}") as connection:
            connection.info.pop(store.HEAD_BEFORE, None)
            connection.info[ACTOR] = self.actor
            yield connection
            has_lines = store.announce_head(self.folder, connection, at=now_text())
        if has_lines:
            store.confirm_head(self.folder, self.engine)

    def read(self, statement: Executable) -> list[Any]:
        """Return all rows of a query."""
        with store.translate_errors(f"study {self.name!r}"), self.engine.connect() as connection:
            return list(connection.execute(statement).all())

    def read_columns(self, *columns: Any, where: Any = None, order_by: Any = None) -> list[np.ndarray]:
        """Return columns of a query as arrays, one an asked column (objects, None where unknown).

        Equal texts are one object, here and in all other columns: a study of 110,000 pictures names each of them in
        several columns, and has a handful of splits and classes.
        """
        statement = select(*columns)
        if where is not None:
            statement = statement.where(where)
        if order_by is not None:
            statement = statement.order_by(order_by)
        parts: list[list[np.ndarray]] = [[np.empty(0, object)] for _ in columns]
        with store.translate_errors(f"study {self.name!r}"), self.engine.connect() as connection:
            for rows in connection.execute(statement).partitions(ROWS_AT_ONCE):
                for part, values in zip(parts, zip(*rows, strict=True), strict=True):
                    part.append(_share_texts(values))
        return [np.concatenate(part) for part in parts]

    def get_fact(self, key: str, default: Any = None) -> Any:
        """Return one fact of the study (image root, tiles, seed, ...)."""
        rows = self.read(select(store.study_facts.c.value).where(store.study_facts.c.key == key))
        return rows[0][0] if rows else default

    def set_fact(self, key: str, value: Any) -> None:
        """Record one fact of the study."""
        with self.begin() as connection:
            write_fact(connection, key, value)

    def save_array(self, connection: Connection, values: np.ndarray, *, rows: str, manifest: dict[str, Any]) -> str:
        """Write an array, list it, and return its id."""
        with store.translate_errors(f"study {self.name!r}"):
            array_id = arrays.save_array(self.arrays_folder, values)
        arrays.record_array(connection, array_id, rows=rows, manifest=manifest)
        return array_id

    def load_array(self, array_id: str) -> np.ndarray:
        """Open an array as a read-only memory map."""
        return arrays.load_array(self.arrays_folder, array_id)

    @property
    def image_root(self) -> Path:
        """Folder that the pictures' relative paths start from."""
        return (self.folder / self.get_fact("image_root")).resolve()

    @property
    def mask_root(self) -> Path | None:
        """Folder that the masks' relative paths start from; None without masks."""
        root = self.get_fact("mask_root")
        return (self.folder / root).resolve() if root else None

    def list_failures(self) -> list[Failure]:
        """Return what could not be imported, and why."""
        rows = self.read(select(store.import_failures.c.item, store.import_failures.c.reason))
        return [Failure(row.item, row.reason) for row in rows]


def write_fact(connection: Connection, key: str, value: Any) -> None:
    """Record one fact of a study in an open transaction; it takes the place of the earlier one."""
    connection.execute(store.study_facts.delete().where(store.study_facts.c.key == key))
    connection.execute(store.study_facts.insert(), {"key": key, "value": value})


def to_objects(values: Sequence[Any]) -> np.ndarray:
    """Return a 1-d object array; never a 2-d one, whatever the values are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _share_texts(values: Sequence[Any]) -> np.ndarray:
    """Return a 1-d object array whose texts are shared with all other arrays."""
    return to_objects([sys.intern(value) if type(value) is str else value for value in values])


def open_study(name: str | Path, *, read_only: bool = False) -> Study:
    """Open a study by its folder or by its name.

    Raises
    ------
    StudyNotFoundError
        There is no study there.
    SchemaVersionError, StudyDamagedError
        It was written by another version, or is half-written.
    """
    folder = resolve_study_folder(name)
    database = folder / "study.db"
    if not database.is_file():
        raise StudyNotFoundError(
            f"no study at {folder}.", "List studies with `study list`, or create one with `study create`."
        )
    read_only = read_only or not os.access(folder, os.W_OK) or not os.access(database, os.W_OK)
    study = Study(folder, store.open_engine(database, read_only=read_only), read_only)
    try:
        store.check_schema(study.engine, study.name)
    except StudyNotWritableError:
        if read_only:
            raise
        study.engine.dispose()
        return open_study(folder, read_only=True)
    if not read_only:
        register_study(folder)
    return study


def create_study_folder(folder: Path) -> Study:
    """Make the folders (0700) and the empty database of a new study."""
    database = folder / "study.db"
    try:
        folder.mkdir(parents=True, mode=0o700)
        for sub in SUBFOLDERS:
            (folder / sub).mkdir(mode=0o700)
        database.touch(mode=0o600)
    except OSError as error:
        raise StudyNotWritableError(
            f"{folder.parent} cannot hold a study ({error.strerror}).", "Choose a folder that you can write to."
        ) from error
    engine = store.open_engine(database)
    store.create_tables(engine)
    return Study(folder, engine)


def register_study(folder: Path) -> None:
    """Add a study folder to the list in ``MEDXAI_HOME``; a list that cannot be written is left as it is."""
    listed = _read_register()
    if str(folder) in listed:
        return
    try:
        get_home().mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = get_home() / f"studies.json.{os.getpid()}.part"
        unfinished.write_text(json.dumps([*listed, str(folder)], indent=1), encoding="utf-8")
        os.replace(unfinished, get_home() / "studies.json")
    except OSError:
        return


def list_studies() -> list[Path]:
    """Return the known study folders that still exist, by name."""
    inside = (get_home() / "studies").glob("*/study.db")
    known = {Path(path) for path in _read_register()} | {path.parent.resolve() for path in inside}
    return sorted((path for path in known if (path / "study.db").is_file()), key=lambda path: path.name)


def _read_register() -> list[str]:
    """Return the registered folders; an unreadable list counts as empty."""
    try:
        listed = json.loads((get_home() / "studies.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [path for path in listed if isinstance(path, str)] if isinstance(listed, list) else []


def set_image_root(study: Study, image_root: Path, mask_root: Path | None = None) -> None:
    """Say where the pictures are now, after they or the study moved.

    Raises
    ------
    ImageChangedError
        The first pictures are not found there.
    """
    sample = study.read(select(store.images.c.relative_path).where(store.images.c.removed_at.is_(None)).limit(5))
    missing = [row.relative_path for row in sample if not (image_root / row.relative_path).is_file()]
    if missing:
        raise ImageChangedError(
            f"{image_root} does not hold the study's pictures ({missing[0]!r} is not there).",
            "Give the folder that was imported, at its new place.",
        )
    study.set_fact("image_root", relative_to_study(study.folder, image_root))
    if mask_root is not None:
        study.set_fact("mask_root", relative_to_study(study.folder, mask_root))


def relative_to_study(folder: Path, path: Path) -> str:
    """Return a path as text, relative when it lies inside the study (so that a copy still works)."""
    path = path.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
