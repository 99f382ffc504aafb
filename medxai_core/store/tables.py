"""The tables of one study's database."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
)
from sqlalchemy.types import JSON

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

chain = Table(
    "chain",
    tables,
    Column("number", Integer, primary_key=True),
    Column("log", String, nullable=False),
    Column("row_key", Integer, nullable=False),
    Column("software", String, nullable=False),
    Column("digest", String, nullable=False),
    UniqueConstraint("log", "row_key"),
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

for log in (decisions, events, operating_points, chain):
    for verb in ("UPDATE", "DELETE"):
        event.listen(
            log,
            "after_create",
            DDL(
                f"CREATE TRIGGER {log.name}_no_{verb.lower()} BEFORE {verb} ON {log.name} "
                f"BEGIN SELECT RAISE(ABORT, 'the {log.name} log is append-only'); END"
            ),
        )
