"""The database of one study: tables, connection, and errors in the user's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    exc,
    text,
)
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import JSON

from medxai_core.errors import (
    SchemaVersionError,
    StudyDamagedError,
    StudyNotFoundError,
    StudyNotWritableError,
)

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0

tables = MetaData()


def _moment(name: str = "at") -> Column[str]:
    """Return a column for a moment as ISO 8601 text in UTC."""
    return Column(name, String, nullable=False)


study_facts = Table(
    "study_facts", tables, Column("key", String, primary_key=True), Column("value", JSON, nullable=False)
)

images = Table(
    "images",
    tables,
    Column("image_id", String, primary_key=True),
    Column("position", Integer, nullable=False, unique=True),
    Column("sha256", String, nullable=False),
    Column("relative_path", String),
    Column("mask_path", String),
    Column("width", Integer),
    Column("height", Integer),
    Column("brightness", Float),
    Column("contrast", Float),
    Column("sharpness", Float),
    Column("group_name", String),
    Column("split", String, nullable=False),
    Column("reference_label", String),
    Column("removed_at", String),
)

items = Table(
    "items",
    tables,
    Column("item_id", String, primary_key=True),
    Column("position", Integer, nullable=False, unique=True),
    Column("image_id", ForeignKey("images.image_id"), nullable=False, index=True),
    Column("tile_row", Integer, nullable=False),
    Column("tile_column", Integer, nullable=False),
    Column("x0", Integer, nullable=False),
    Column("y0", Integer, nullable=False),
    Column("x1", Integer, nullable=False),
    Column("y1", Integer, nullable=False),
    Column("reference_label", String),
    Column("polyp_share", Float),
    Column("is_seed", Boolean, nullable=False),
    Column("is_labelled", Boolean, nullable=False),
)

import_failures = Table(
    "import_failures",
    tables,
    Column("item", String, nullable=False),
    Column("reason", String, nullable=False),
)

arrays = Table(
    "arrays",
    tables,
    Column("array_id", String, primary_key=True),
    Column("rows", String, nullable=False),
    Column("manifest", JSON, nullable=False),
    _moment("created_at"),
)

features = Table(
    "features",
    tables,
    Column("feature_set", String, primary_key=True),
    Column("descriptor", String, primary_key=True),
    Column("array_id", ForeignKey("arrays.array_id"), nullable=False),
)

clusterings = Table(
    "clusterings",
    tables,
    Column("clustering_id", String, primary_key=True),
    Column("feature_set", String, nullable=False),
    Column("scaling", String, nullable=False),
    Column("k", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("inertia", Float, nullable=False),
    Column("ids_array", ForeignKey("arrays.array_id"), nullable=False),
    Column("distances_array", ForeignKey("arrays.array_id"), nullable=False),
    Column("manifest", JSON, nullable=False),
    _moment("created_at"),
)

labellings = Table(
    "labellings",
    tables,
    Column("labelling_id", String, primary_key=True),
    Column("clustering_id", ForeignKey("clusterings.clustering_id"), nullable=False),
    Column("target", Integer, nullable=False),
    Column("stop_reason", String, nullable=False),
    Column("n_seeds", Integer, nullable=False),
    Column("n_labelled", Integer, nullable=False),
    Column("manifest", JSON, nullable=False),
    _moment("created_at"),
)

rounds = Table(
    "rounds",
    tables,
    Column("labelling_id", ForeignKey("labellings.labelling_id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("cluster_id", Integer, nullable=False),
    Column("label", String, nullable=False),
    Column("n_labelled_members", Integer, nullable=False),
    Column("n_given", Integer, nullable=False),
    Column("n_labelled_after", Integer, nullable=False),
    Column("why", String, nullable=False),
    Column("runners_up", JSON, nullable=False),
)

proposals = Table(
    "proposals",
    tables,
    Column("labelling_id", ForeignKey("labellings.labelling_id"), primary_key=True),
    Column("item_id", ForeignKey("items.item_id"), primary_key=True),
    Column("label", String, nullable=False),
    Column("round", Integer, nullable=False),
    Column("cluster_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
)

decisions = Table(
    "decisions",
    tables,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String, nullable=False, unique=True),
    Column("reader", String, nullable=False),
    _moment(),
    Column("item_id", String, nullable=False, index=True),
    Column("action", String, nullable=False),
    Column("label", String),
    Column("label_before", String),
    Column("label_after", String),
    Column("reason", String, nullable=False),
    Column("clustering_id", String),
    Column("undoes", String),
)

events = Table(
    "events",
    tables,
    Column("event_number", Integer, primary_key=True, autoincrement=True),
    _moment(),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("details", JSON, nullable=False),
)

embeddings = Table(
    "embeddings",
    tables,
    Column("embedding_id", String, primary_key=True),
    Column("feature_set", String, nullable=False),
    Column("points_array", ForeignKey("arrays.array_id"), nullable=False),
    Column("trustworthiness", Float),
    Column("manifest", JSON, nullable=False),
    _moment("created_at"),
)

runs = Table(
    "runs",
    tables,
    Column("run_id", String, primary_key=True),
    Column("preset", String, nullable=False),
    Column("network", String, nullable=False),
    Column("n_blocks", Integer, nullable=False),
    Column("labelling_id", String),
    Column("labels", String, nullable=False),
    Column("status", String, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("best_epoch", Integer),
    Column("manifest", JSON, nullable=False),
    _moment("created_at"),
)

epochs = Table(
    "epochs",
    tables,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("train_loss", Float, nullable=False),
    Column("train_accuracy", Float),
    Column("validation_loss", Float),
    Column("validation_accuracy", Float),
    Column("validation_balanced_accuracy", Float),
    Column("seconds", Float, nullable=False),
    Column("is_best", Boolean, nullable=False),
)

classifier_scores = Table(
    "classifier_scores",
    tables,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("split", String, primary_key=True),
    Column("scores", JSON, nullable=False),
    Column("scores_array", ForeignKey("arrays.array_id"), nullable=False),
    _moment("created_at"),
)

heatmaps = Table(
    "heatmaps",
    tables,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("method", String, primary_key=True),
    Column("layer", Integer, primary_key=True),
    Column("maps_array", ForeignKey("arrays.array_id"), nullable=False),
    Column("n_images", Integer, nullable=False),
    Column("seconds_per_image", Float, nullable=False),
    _moment("created_at"),
)

operating_points = Table(
    "operating_points",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("action", String, nullable=False),
    Column("layer", Integer),
    Column("method", String),
    Column("low", Float),
    Column("high", Float),
    Column("inverted", Boolean),
    Column("chosen_on", String),
    Column("reader", String, nullable=False),
    _moment(),
)

evaluations = Table(
    "evaluations",
    tables,
    Column("evaluation_id", String, primary_key=True),
    Column("run_id", String),
    Column("name", String, nullable=False),
    Column("split", String, nullable=False),
    Column("masks_used_for", String, nullable=False),
    Column("tuned_on_test", Boolean, nullable=False),
    Column("setting", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("per_image_array", ForeignKey("arrays.array_id")),
    _moment("created_at"),
)

jobs = Table(
    "jobs",
    tables,
    Column("job_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("status", String, nullable=False),
    Column("pid", Integer),
    Column("host", String),
    Column("run_id", String),
    Column("stage", String, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("stop_requested", Boolean, nullable=False),
    Column("error", String),
    Column("started_at", Float),
    Column("stage_started_at", Float),
    Column("heartbeat_at", Float),
    Column("ended_at", Float),
    _moment("created_at"),
)

for log in (decisions, events, operating_points):
    for verb in ("UPDATE", "DELETE"):
        event.listen(
            log,
            "after_create",
            DDL(
                f"CREATE TRIGGER {log.name}_no_{verb.lower()} BEFORE {verb} ON {log.name} "
                f"BEGIN SELECT RAISE(ABORT, 'the {log.name} log is append-only'); END"
            ),
        )


def open_engine(database: Path, *, read_only: bool = False) -> Engine:
    """Return a connection pool to a study's database.

    Parameters
    ----------
    database : Path
        File ``study.db``.
    read_only : bool
        Open without writing anything, for a folder that cannot be written.
    """
    target = f"{database.resolve().as_uri()}?mode={'ro&immutable=1' if read_only else 'rwc'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(target, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        if not read_only:
            connection.execute("PRAGMA synchronous=NORMAL")
        connection.isolation_level = None  # transactions are opened by `begin`, as IMMEDIATE
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=5, max_overflow=20)


def create_tables(engine: Engine) -> None:
    """Write the empty tables and the schema version, with write-ahead logging on."""
    with translate_errors("the study"):
        with engine.connect() as connection:
            mode = connection.execute(text("PRAGMA journal_mode=WAL")).scalar()
        if mode != "wal":
            raise StudyNotWritableError(
                f"write-ahead logging is not possible here (got {mode!r}), as on most network drives.",
                "Put the study folder on a local disk.",
            )
        with begin(engine, "the study") as connection:
            tables.create_all(connection)
            connection.execute(study_facts.insert(), {"key": "schema_version", "value": SCHEMA_VERSION})


def check_schema(engine: Engine, name: str) -> None:
    """Raise unless the database was written by this version of the schema.

    Raises
    ------
    StudyDamagedError
        The file is no database, or its tables are missing.
    SchemaVersionError
        The schema is of another version.
    """
    try:
        with engine.connect() as connection:
            found = connection.execute(
                study_facts.select().where(study_facts.c.key == "schema_version")
            ).one_or_none()
            complete = connection.execute(
                study_facts.select().where(study_facts.c.key == "created_at")
            ).one_or_none()
    except exc.DatabaseError as error:
        raise StudyDamagedError(
            f"study {name!r}: study.db cannot be read ({error.orig}).",
            "Restore the folder from a copy, or create the study again.",
        ) from error
    if found is None:
        raise StudyDamagedError(
            f"study {name!r} is half-written.", "Delete its folder and create the study again."
        )
    if found.value != SCHEMA_VERSION:
        raise SchemaVersionError(
            f"study {name!r} has schema version {found.value}; this software reads version {SCHEMA_VERSION}.",
            "Create the study again with this version, or open it with the version that wrote it.",
        )
    if complete is None:
        raise StudyDamagedError(
            f"study {name!r} is half-written.", "Delete its folder and create the study again."
        )


@contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Turn what SQLite and the disk say into errors that a user can act on."""
    try:
        yield
    except exc.OperationalError as error:
        raise _explain_operational_error(str(error.orig), name) from error
    except OSError as error:
        if error.errno in {28, 30, 13, 122}:
            raise StudyNotWritableError(
                f"{name} cannot be written ({error.strerror}).",
                "Free space on the disk, or make the folder writable; nothing that was there is lost.",
            ) from error
        raise


def _explain_operational_error(words: str, name: str) -> Exception:
    """Return the error that fits what SQLite said."""
    if "readonly" in words or "disk is full" in words or "unable to open" in words:
        return StudyNotWritableError(
            f"{name} cannot be written ({words}).",
            "Free space on the disk, or make the folder writable; nothing that was there is lost.",
        )
    if "locked" in words:
        return StudyNotWritableError(
            f"{name} is busy: another program has been writing to it for {BUSY_SECONDS:.0f} s.",
            "Wait for the other job, then try again.",
        )
    if "malformed" in words or "not a database" in words or "no such table" in words:
        return StudyDamagedError(f"{name} is damaged ({words}).", "Restore the folder from a copy.")
    return StudyNotFoundError(f"{name} cannot be read ({words}).", "Check the folder.")


@contextmanager
def begin(engine: Engine, name: str) -> Iterator[Connection]:
    """Open one transaction: all of it is recorded, or nothing.

    Notes
    -----
    ``BEGIN IMMEDIATE`` takes the write lock first, so that two writers wait for each other instead of
    failing half-way (SQLite cannot upgrade a read snapshot once another writer has committed).
    """
    with translate_errors(name), engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
