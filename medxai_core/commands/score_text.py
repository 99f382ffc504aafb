"""What `score` prints of a run below the table: comparison with a disk, polyps, frames, failures, bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medxai_core.commands.console import format_number, format_table

if TYPE_CHECKING:
    from medxai_core.progress import Stage
    from medxai_core.records.masks import RecordedEvaluation
    from medxai_core.study import Study

TUNED = (
    "Tuned on test: the setting was changed, or chosen by eye, after test pictures had been open. Its scores flatter."
)
"""What is said below every figure of such a setting."""


def collect_score_details(study: Study, row: RecordedEvaluation, *, stage: Stage) -> dict[str, Any]:
    """Return what stands behind the mean of a scored run, as plain values.

    Parameters
    ----------
    row : RecordedEvaluation
        Of a run, as `score_study` returned it.

    Returns
    -------
    dict
        "figures" and "kinds" by name, "bands" by title, and in words "against_disk", "exchanged", "polyps".
    """
    from medxai_core.records.clusterings import get_clustering
    from medxai_core.records.labellings import find_labelling, get_labelling
    from medxai_core.records.pictures import list_images, list_items
    from medxai_core.records.runs import get_run
    from medxai_core.views.recorded_scores import (
        compare_rows,
        find_trivial_row,
        get_picture_scores,
        say_comparison,
        say_exchange,
    )
    from medxai_core.views.score_details import FIGURE_WORDS, KIND_WORDS, count_kinds, list_band_tables, say_polyps

    images, items, run = list_images(study), list_items(study), get_run(study, row.run_id)
    labelling = get_labelling(study, run.labelling_id) if run.labelling_id else find_labelling(study)
    clustering = get_clustering(study, labelling.clustering_id) if labelling else None
    pictures, disk = get_picture_scores(study, row, images=images), find_trivial_row(study, row.split)
    tables = list_band_tables(study, pictures, images=images, items=items, clustering=clustering, stage=stage)
    found = None if disk is None else compare_rows(pictures, get_picture_scores(study, disk, images=images))
    return {
        "against_disk": "" if found is None else say_comparison(found, first="this run", second="a disk in the middle"),
        "exchanged": say_exchange(row),
        "polyps": say_polyps(row.summary["rows"]),
        "figures": {words: row.summary["rows"].get(name) for name, words in FIGURE_WORDS.items()},
        "kinds": {KIND_WORDS[kind]: n for kind, n in count_kinds(pictures).items()},
        "bands": {table.title: [_describe_band(band) for band in table.bands] for table in tables},
    }


def _describe_band(band: Any) -> dict[str, Any]:
    """Return a band as plain values."""
    return {
        "band": band.label,
        "mean": band.mean,
        "low": band.interval.low,
        "high": band.interval.high,
        "n": band.n,
    }


def format_score_details(details: dict[str, Any]) -> str:
    """Return the details as lines and tables."""
    said = [details[name] for name in ("against_disk", "exchanged", "polyps") if details[name]]
    figures = [
        [words, format_number(one["value"]), _span(one), str(one["n_defined"])]
        for words, one in details["figures"].items()
        if one is not None
    ]
    parts = ["\n".join(said), format_table(["by polyp and by frame", "value", "95 %", "pictures"], figures)]
    kinds = [[words, str(n)] for words, n in details["kinds"].items()]
    parts.append(format_table(["what went wrong", "pictures"], kinds))
    for title, bands in details["bands"].items():
        rows = [[band["band"], format_number(band["mean"]), _span(band), str(band["n"])] for band in bands]
        parts.append(format_table([title, "dice", "95 %", "pictures"], rows))
    return "\n\n".join(parts)


def _span(one: dict[str, Any]) -> str:
    """Return an interval as text."""
    return f"{format_number(one['low'], 3)}..{format_number(one['high'], 3)}"
