"""What the masks are worth on test pictures: scores beside trivial masks, by size and place, and single pictures."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterator

import numpy as np
from PIL import Image

from medxai_core.errors import MedxaiError
from medxai_core.evaluation.bands import (
    AREA_EDGES,
    AREA_LABELS,
    DISTANCE_EDGES,
    DISTANCE_LABELS,
    BandScore,
    score_bands,
)
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.evaluation.scores import ImageScores
from medxai_core.formats.medico import REAL_TIME_FPS
from medxai_core.progress import Stage, silent_stage
from medxai_core.records.masks import MaskSetting, RecordedEvaluation
from medxai_core.report.blocks import Block, Claim, Figure, Row, Section, Table
from medxai_core.report.charts import Bar, draw_bars
from medxai_core.report.facts import ReportFacts
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.views.failures import Kind, list_circumstances, name_failure
from medxai_core.views.polyp_places import measure_centre_distances
from medxai_core.views.recorded_scores import (
    MASK_USE_WORDS,
    compare_rows,
    get_picture_scores,
    say_comparison,
    say_exchange,
)
from medxai_core.views.score_groups import score_by_brightness, score_by_cluster
from medxai_core.views.score_words import METRIC_WORDS, TRIVIAL_WORDS, format_score, format_span
from medxai_core.views.scored_overlay import draw_scored_picture

LONGEST, QUALITY = 360, 82
N_WORST, N_MIDDLE, N_BEST, N_EMPTY = 6, 2, 2, 2
KIND_WORDS: dict[Kind, str] = {
    "none": "good, or rightly empty",
    "no_mask": "polyp without a mask",
    "elsewhere": "mask at another place",
    "too_small": "mask too small",
    "too_large": "mask too large",
    "beside": "mask partly beside the polyp",
    "no_polyp": "mask without a polyp",
}


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
    yield Claim(MASK_USE_WORDS[facts.row.masks_used_for], ("scores", "setting"))
    if facts.is_tuned_on_test:
        yield Claim("Tuned on test: all scores of this chapter flatter.", ("setting", "log"), is_warning=True)
    for row in facts.trivial:
        if row.name != CENTRED_DISK:
            continue
        disk = get_picture_scores(facts.study, row, images=facts.images)
        found = compare_rows(facts.pictures, disk)
        words = say_comparison(found, first="this run", second="a disk in the middle")
        yield Claim(words, ("scores", "trivial"), is_warning=found.verdict != "better")
    yield Claim(say_exchange(facts.row), ("scores",))


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
    names = {
        "polyps.polyps_found": "Polyps found (sensitivity per polyp)",
        "polyps.false_positives_per_frame": "Pieces of mask without a polyp, per frame",
        "frames.false_positive_frames": "Frames without a polyp that get a mask",
        "frames.correctly_empty_frames": "Frames without a polyp that stay empty",
        "frames.false_positive_area": "Area of such false masks, share of the picture",
    }
    rows = []
    for name, words in names.items():
        one = facts.figure(name)
        value = "undefined" if one["value"] is None else f"{one['value']:.3f}"
        rows.append(Row((words, value, format_span(one["low"], one["high"]), f"{one['n_defined']:,}")))
    return Table(
        "By polyp and by frame",
        ("Figure", "Value", "95 % interval", "Pictures that define it"),
        tuple(rows),
        ("scores",),
        numeric=True,
    )


def _tabulate_bands(facts: ReportFacts, *, stage: Stage) -> Iterator[Table]:
    """Return Dice by size and place of the polyp, by brightness and cluster of the picture."""
    pictures = facts.pictures
    if pictures is None:
        return
    shares = np.where(pictures.polyp_shares > 0, pictures.polyp_shares, np.nan)
    dice = pictures.values("dice")
    on_progress = stage("Measuring where the polyps lie")
    distances = measure_centre_distances(facts.study, pictures, images=facts.images, on_progress=on_progress)
    sizes = score_bands(dice, shares, pictures.groups, edges=AREA_EDGES, labels=AREA_LABELS)
    places = score_bands(dice, distances, pictures.groups, edges=DISTANCE_EDGES, labels=DISTANCE_LABELS)
    bright = score_by_brightness(facts.study, pictures)
    found = facts.clustering
    clusters = [] if found is None else score_by_cluster(facts.study, pictures, facts.items, found)
    for title, first, bands in (
        ("Dice by size of the polyp", "Share of the picture", sizes),
        ("Dice by place of the polyp (0 centre, 1 corner)", "Distance from the centre", places),
        ("Dice by brightness of the picture (0 black, 255 white)", "Mean brightness", bright),
        ("Dice by nearest cluster, worst first; clusters with five pictures or more", "Cluster", clusters),
    ):
        if not bands:
            continue
        rows = tuple(Row((band.label, _band_value(band), _band_span(band), f"{band.n}")) for band in bands)
        note = "Below about 10 pictures a mean says little."
        header = (first, "Mean Dice", "95 % interval", "Pictures")
        yield Table(title, header, rows, ("scores", "pictures"), note=note, numeric=True)


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
    machine = f"{speed.machine.get('device', '?')}, {speed.machine.get('n_cpus', '?')} cores"
    live = "enough" if fps >= REAL_TIME_FPS else "too slow"
    yield Claim(
        f"One picture at a time, from the decoded frame to the mask: {fps:.1f} pictures a second "
        f"({speed.summary['n']:.0f} "
        f"pictures, {machine}). Video has {REAL_TIME_FPS:.0f}: that is {live}.",
        ("speed",),
    )


def write_pictures(facts: ReportFacts, *, stage: Stage = silent_stage, with_pictures: bool = True) -> Section:
    """Return the chapter of single pictures: what went wrong how often, the worst, and some others."""
    title = "Where it fails, picture by picture"
    if facts.pictures is None or facts.row is None:
        words = "No picture can be shown beside its truth: test pictures are not scored."
        return Section("pictures", title, (Claim(words, ("scores",)),))
    notes = list_circumstances(facts.study, facts.pictures)
    blocks: list[Block] = [_tabulate_kinds(facts.pictures.scores)]
    if with_pictures:
        blocks += list(_draw_pictures(facts, notes, stage=stage))
    else:
        blocks.append(Claim("Pictures were left out of this report as asked.", ("scores",)))
    return Section("pictures", title, tuple(blocks))


def _tabulate_kinds(scores: tuple[ImageScores, ...]) -> Table:
    """Count what went wrong."""
    kinds = Counter(name_failure(score).kind for score in scores)
    rows = tuple(
        Row((words, f"{kinds[kind]}", f"{kinds[kind] / len(scores):.0%}")) for kind, words in KIND_WORDS.items()
    )
    return Table(
        "What went wrong, and how often",
        ("What is to be seen", "Pictures", "Share"),
        rows,
        ("scores",),
        note=f"Read from pixel counts of {len(scores)} test pictures. Good: Dice of 0.7 or more.",
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
        "Pictures of the test split with the mask and the experts' outline. Green: both. Yellow: polyp that the mask "
        "misses. Blue: mask where there is no polyp. What may matter is a circumstance, not a proven cause.",
        ("scores", "pictures"),
    )
    chosen = choose_places(facts.pictures.scores)
    maker, on_progress = load_map_maker(facts.study, facts.run.run_id), stage("Drawing pictures")
    setting = MaskSetting(**facts.row.setting)
    for done, (why, place) in enumerate(chosen, 1):
        score, position = facts.pictures.scores[place], int(facts.pictures.positions[place])
        failure, near = name_failure(score), notes[score.item]
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
