"""What the masks are worth on test pictures: scores beside trivial masks, by size and place, and single pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from medxai_core.errors import MedxaiError
from medxai_core.evaluation.bands import BandScore
from medxai_core.evaluation.scores import ImageScores
from medxai_core.formats.medico import REAL_TIME_FPS
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.records.speeds import say_timing
from medxai_core.report.blocks import Block, Claim, Figure, Row, Section, Table
from medxai_core.report.charts import Bar, draw_bars
from medxai_core.report.facts import ReportFacts
from medxai_core.report.outlines import list_outline_uses
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.views.failures import list_circumstances, name_failure
from medxai_core.views.recorded_scores import PictureScores, say_comparison, say_exchange
from medxai_core.views.score_details import (
    CLUSTER,
    FIGURE_WORDS,
    KIND_WORDS,
    count_kinds,
    list_band_tables,
    say_polyps,
)
from medxai_core.views.score_groups import say_no_clusters
from medxai_core.views.score_words import METRIC_WORDS, TRIVIAL_WORDS, format_score, format_span
from medxai_core.views.scored_overlay import draw_scored_picture

LONGEST, QUALITY = 360, 82
N_WORST, N_MIDDLE, N_BEST, N_EMPTY = 6, 2, 2, 2
EXCHANGE_AND_DISK = (
    "The disk may score higher than exchanged masks: it is one guess made for all pictures, while each exchanged mask "
    "has the size and the place that it had on its own picture."
)
"""Why the figure of exchanged masks differs from that of the disk."""


def write_results(facts: ReportFacts, *, stage: Stage = silent_stage) -> Section:
    """Return the chapter of the scores."""
    if facts.row is None or facts.pictures is None:
        words = "The masks of this run were not scored on test pictures" + (
            "." if facts.setting else ": no setting is locked."
        )
        return Section(
            "results", "Results on the test pictures", (Claim(words, ("setting", "scores"), is_warning=True),)
        )
    blocks: tuple[Block, ...] = (
        _draw_scores(facts),
        *_tell_scores(facts),
        _tabulate_scores(facts),
        _tabulate_frames(facts),
        *_tabulate_bands(facts, stage=stage),
        *_tell_speed(facts),
    )
    return Section("results", "Results on the test pictures", blocks)


def _draw_scores(facts: ReportFacts) -> Figure:
    """Draw Dice of the run beside the trivial masks."""
    rows = [(f"This run ({facts.run.run_id})", facts.row, True)]
    rows += [(TRIVIAL_WORDS.get(one.name, one.name), one, False) for one in facts.trivial]
    bars = []
    for name, row, is_own in rows:
        dice = row.summary["rows"]["mean.dice"] if row else {"value": None, "low": None, "high": None}
        bars.append(Bar(name, dice["value"], dice["low"], dice["high"], is_own))
    told = "; ".join(f"{bar.name} {format_score(bar.value)}" for bar in bars)
    title = "Overlap (mean Dice) on the test pictures, with 95 % intervals"
    return Figure(title, ("scores", "trivial"), svg=draw_bars(bars, title=told), alt=told)


def _tell_scores(facts: ReportFacts) -> Iterator[Claim]:
    """Tell what masks were used for, and whether the run beats a disk, picture by picture."""
    if facts.row is None or facts.pictures is None:
        return
    yield Claim(" ".join(list_outline_uses(facts)), ("pictures", "run", "setting", "scores"))
    if facts.is_tuned_on_test:
        yield Claim("Tuned on test: all scores of this chapter flatter.", ("setting", "log"), is_warning=True)
    if facts.against_disk is not None:
        words = say_comparison(facts.against_disk, first="this run", second="a disk in the middle")
        yield Claim(words, ("scores", "trivial"), is_warning=facts.against_disk.verdict != "better")
    yield Claim(f"{say_exchange(facts.row)} {EXCHANGE_AND_DISK}", ("scores",))
    words = say_polyps(facts.row.summary["rows"])
    if words:
        yield Claim(f"By polyp: {words}", ("scores",))


def _tabulate_scores(facts: ReportFacts) -> Table:
    """Return mean and pooled scores of the run and of the trivial masks."""
    rows = []
    for row in (facts.row, *facts.trivial):
        if row is None:
            continue
        name = "This run" if row.run_id else TRIVIAL_WORDS.get(row.name, row.name)
        cells = [_cell(row, f"mean.{metric}") for metric in METRIC_WORDS]
        rows.append(Row((name, *cells, _cell(row, "pooled.dice")), "own" if row.run_id else ""))
    n, n_groups = (facts.row.summary[key] for key in ("n_images", "n_groups")) if facts.row else (0, 0)
    return Table(
        "Scores, 95 % interval below",
        ("Masks", *METRIC_WORDS.values(), "Dice of all pixels together"),
        tuple(rows),
        ("scores", "trivial"),
        note=f"{n} test pictures in {n_groups} groups. Means over the pictures that define a score: on a picture "
        "without a polyp only accuracy is defined. 0 is worst, 1 best. Intervals: bootstrap over groups.",
        numeric=True,
    )


def _cell(row: RecordedEvaluation, name: str) -> str:
    """Return a figure with its interval as a cell."""
    one = row.summary["rows"].get(name)
    if one is None or one["value"] is None:
        return "undefined"
    span = format_span(one["low"], one["high"]).replace(" to ", "\u2013")
    return f"{one['value']:.3f}" + (f"\n{span}" if span else "")


def _tabulate_frames(facts: ReportFacts) -> Table:
    """Return the figures by polyp, and those of frames without one."""
    rows, known = [], facts.row.summary["rows"] if facts.row else {}
    for name, words in FIGURE_WORDS.items():
        one = facts.figure(name)
        value = "undefined" if one["value"] is None else f"{one['value']:.3f}"
        if name not in known:
            value = "not recorded"
        rows.append(Row((words, value, format_span(one["low"], one["high"]), f"{one['n_defined']:,}")))
    return Table(
        "By polyp and by frame",
        ("Figure", "Value", "95 % interval", "Pictures that define it"),
        tuple(rows),
        ("scores",),
        numeric=True,
    )


def _tabulate_bands(facts: ReportFacts, *, stage: Stage) -> Iterator[Table | Claim]:
    """Return Dice by size and place of the polyp, by brightness and cluster of the picture."""
    pictures, found = facts.pictures, facts.clustering
    if pictures is None:
        return
    tables = list_band_tables(
        facts.study, pictures, images=facts.images, items=facts.items, clustering=found, stage=stage
    )
    for one in tables:
        rows = tuple(Row((band.label, _band_value(band), _band_span(band), f"{band.n}")) for band in one.bands)
        header = (one.first, "Mean Dice", "95 % interval", "Pictures")
        note = "Below about 10 pictures a mean says little."
        yield Table(one.title, header, rows, ("scores", "pictures"), note=note, numeric=True)
    if found is not None and not any(one.first == CLUSTER for one in tables):
        yield Claim(say_no_clusters(facts.study, pictures, facts.items, found), ("scores", "clusters"))


def _band_value(band: BandScore) -> str:
    """Return the mean of a band."""
    return "no picture" if band.mean is None else f"{band.mean:.3f}"


def _band_span(band: BandScore) -> str:
    """Return the interval of a band."""
    return format_span(band.interval.low, band.interval.high)


def _tell_speed(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how fast masks are made."""
    speed = facts.speed
    if speed is None or facts.row is None or speed.setting != facts.row.setting:
        return
    fps = 1 / speed.summary["mean_seconds"]
    yield Claim(
        f"One picture at a time, from the decoded frame to the mask: {fps:.1f} pictures a second; live video shows "
        f"{REAL_TIME_FPS:.0f}. {say_timing(speed)}",
        ("speed",),
    )


def write_pictures(facts: ReportFacts, *, stage: Stage = silent_stage, with_pictures: bool = True) -> Section:
    """Return the chapter of single pictures: what went wrong how often, the worst, and some others."""
    title = "Where it fails, picture by picture"
    if facts.pictures is None or facts.row is None:
        words = "No picture can be shown beside its truth: test pictures are not scored."
        return Section("pictures", title, (Claim(words, ("scores",)),))
    notes = list_circumstances(facts.study, facts.pictures)
    blocks: list[Block] = [_tabulate_kinds(facts.pictures)]
    if with_pictures:
        blocks += list(_draw_pictures(facts, notes, stage=stage))
    else:
        blocks.append(Claim("Pictures were left out of this report as asked.", ("scores",)))
    return Section("pictures", title, tuple(blocks))


def _tabulate_kinds(pictures: PictureScores) -> Table:
    """Count what went wrong."""
    rows = tuple(
        Row((KIND_WORDS[kind], f"{n}", f"{n / len(pictures):.0%}")) for kind, n in count_kinds(pictures).items()
    )
    return Table(
        "What went wrong, and how often",
        ("What is to be seen", "Pictures", "Share"),
        rows,
        ("scores",),
        note=f"Read from pixel counts of {len(pictures)} test pictures. Good: Dice of 0.7 or more.",
        numeric=True,
    )


def choose_places(scores: tuple[ImageScores, ...]) -> list[tuple[str, int]]:
    """Choose pictures to show: the worst, some in the middle, the best, and frames with a false mask.

    Returns
    -------
    list of (str, int)
        Why it is shown, and its place among the scores; no picture twice.
    """
    dice = np.array([np.nan if score.dice is None else score.dice for score in scores])
    order = [int(place) for place in np.argsort(dice, kind="stable")[: int(np.isfinite(dice).sum())]]
    worst, rest = order[:N_WORST], order[N_WORST:]
    start = max(0, (len(rest) - N_MIDDLE) // 2)
    middle, best = rest[start : start + N_MIDDLE], rest[-N_BEST:]
    false = [place for place, score in enumerate(scores) if not score.counts.has_polyp and score.counts.has_mask]
    false.sort(key=lambda place: -scores[place].counts.fp / scores[place].counts.n_pixels)
    parts = (("worst", worst), ("mask without polyp", false[:N_EMPTY]), ("in the middle", middle), ("best", best))
    chosen: dict[int, str] = {}
    for why, places in parts:
        for place in places:
            chosen.setdefault(place, why)
    return [(why, place) for place, why in chosen.items()]


def _draw_pictures(facts: ReportFacts, notes: dict[str, list[str]], *, stage: Stage) -> Iterator[Claim | Figure]:
    """Draw the chosen pictures with mask and truth."""
    if facts.pictures is None or facts.row is None:
        return
    yield Claim(
        f"Pictures of the test split with the mask and {facts.whose} outline. Green: both. Yellow: polyp that the mask "
        "misses. Blue: mask where there is no polyp. What may matter is a circumstance, not a proven cause.",
        ("scores", "pictures"),
    )
    chosen = choose_places(facts.pictures.scores)
    maker, on_progress = load_map_maker(facts.study, facts.run.run_id), stage("Drawing pictures")
    setting = MaskSetting(**facts.row.setting)
    for done, (why, place) in enumerate(chosen, 1):
        score, position = facts.pictures.scores[place], int(facts.pictures.positions[place])
        failure, near = name_failure(score, setting), notes[score.item]
        words = failure.words + (f" May matter: {', '.join(near)}." if near else "")
        title = f"{why.capitalize()}: picture {score.item[:8]}" + (
            "" if score.dice is None else f", Dice {score.dice:.3f}"
        )
        try:
            drawn = draw_scored_picture(
                facts.study, maker, facts.run.run_id, facts.images, position, setting=setting, longest=LONGEST
            )
        except MedxaiError as error:
            yield Claim(f"{title}: it cannot be drawn now. {error.message}", ("scores",))
        else:
            alt = f"Picture {score.item[:8]} with mask and truth. {words}"
            yield Figure(title, ("scores", "pictures"), uri=to_data_uri(drawn), alt=alt, words=words)
        on_progress(done, len(chosen))


def to_data_uri(image: np.ndarray) -> str:
    """Return a picture, (h, w, 3) uint8, as JPEG inside a page.

    >>> to_data_uri(np.zeros((2, 2, 3), np.uint8))[:23]
    'data:image/jpeg;base64,'
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
