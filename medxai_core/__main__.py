"""Command line of the method: ``python -m medxai_core --help``."""

from __future__ import annotations

import json
import sys

import typer

from medxai_core.commands import (
    clusters,
    compare,
    demo,
    evaluation,
    features,
    heatmaps,
    log,
    pipeline,
    prepare,
    replay,
    report,
    review,
    sanity,
    segment,
    story,
    study,
    surrogate,
    sweep,
    training,
)
from medxai_core.config import RESEARCH_USE
from medxai_core.errors import MedxaiError, StopRequested

app = typer.Typer(
    name="medxai_core",
    help=f"From endoscopy pictures to masks that no one drew. {RESEARCH_USE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.add_typer(study.app, name="study")
app.command("prepare", epilog=prepare.EXAMPLE)(prepare.prepare)
app.command("features", epilog=features.EXAMPLE)(features.features)
app.command("cluster", epilog=clusters.CLUSTER_EXAMPLE)(clusters.cluster)
app.command("pseudo-label", epilog=clusters.PSEUDO_LABEL_EXAMPLE)(clusters.pseudo_label)
app.command("embed", epilog=clusters.EMBED_EXAMPLE)(clusters.embed)
app.add_typer(review.app, name="review")
app.command("train", epilog=training.TRAIN_EXAMPLE)(training.train)
app.command("stop", epilog=training.STOP_EXAMPLE)(training.stop)
app.command("evaluate-classifier", epilog=training.EVALUATE_EXAMPLE)(training.evaluate_classifier)
app.command("heatmaps", epilog=heatmaps.HEATMAPS_EXAMPLE)(heatmaps.heatmaps)
app.command("sweep", epilog=sweep.EXAMPLE)(sweep.sweep)
app.command("masks", epilog=heatmaps.MASKS_EXAMPLE)(heatmaps.masks)
app.command("lock", epilog=heatmaps.LOCK_EXAMPLE)(heatmaps.lock)
app.command("segment", epilog=segment.EXAMPLE)(segment.segment)
app.command("evaluate", epilog=evaluation.EXAMPLE)(evaluation.evaluate)
app.command("score", epilog=evaluation.SCORE_EXAMPLE)(evaluation.score)
app.command("compare", epilog=compare.EXAMPLE)(compare.compare)
app.command("speed", epilog=evaluation.SPEED_EXAMPLE)(evaluation.speed)
app.command("sanity", epilog=sanity.EXAMPLE)(sanity.sanity)
app.command("explain-features", epilog=surrogate.EXAMPLE)(surrogate.explain_features)
app.command("report", epilog=report.EXAMPLE)(report.report)
app.add_typer(log.app, name="log")
app.command("replay", epilog=replay.EXAMPLE)(replay.replay)
app.command("story", epilog=story.EXAMPLE)(story.story)
app.command("pipeline", epilog=pipeline.EXAMPLE)(pipeline.pipeline)


def main() -> int:
    """Run one command; return 0 when it did its work, 1 on an error, 2 on a wrong call."""
    try:
        app()
    except MedxaiError as error:
        return _tell(error.message, error.remedy)
    except StopRequested as stop:
        sys.stderr.write(f"stopped as asked; what was finished is kept. {stop.remedy}".strip() + "\n")
        return 1
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 1
    return 0


def _tell(message: str, remedy: str) -> int:
    """Write an error to standard error, as JSON too when that was asked for."""
    sys.stderr.write(f"error: {message} {remedy}\n")
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps({"error": message, "remedy": remedy}) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
