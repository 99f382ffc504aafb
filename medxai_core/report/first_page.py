"""The first page: what was done and how far to trust it, for readers who know nothing of machine learning."""

from __future__ import annotations

from collections.abc import Iterator

from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.report.blocks import Claim, Section, say_count
from medxai_core.report.facts import ReportFacts, say_broken_log, say_unlocked
from medxai_core.report.outlines import list_outline_uses
from medxai_core.report.segmenter import CUT_FROM_HEAT, tell_plainly
from medxai_core.views.score_details import say_polyps

OVERLAP = "Overlap goes from 0 (the mask misses the polyp) to 1 (mask and outline are the same)."
"""What Dice is, in one sentence."""

MISSED = "A touched polyp has a part of it in the mask, but less than half."
"""What the counts of polyps mean, in one sentence."""

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Mask", "The part of a picture that the computer marks as polyp."),
    (
        "Overlap (Dice)",
        "Twice the area that mask and polyp share, divided by the sum of both areas. 0 to 1; 1 is best.",
    ),
    ("Heat map", "A picture of how much each place counts for the computer's answer."),
    ("Threshold", "Places of the map above this value become the mask."),
    ("Cluster", "A group of pictures that look alike in edges, texture, brightness and colour."),
    ("Proposed label", "'Polyp' or 'no polyp', guessed for a picture because it looks like labelled ones."),
    ("Network", "The part that learns from labels: it answers how much a picture looks like a polyp."),
    ("Layer", "One of the network's steps. Maps of late layers are coarse, maps of early ones are fine."),
    ("Training, tuning, test pictures", "To learn from; to choose the setting on; to measure with, once, at the end."),
    ("95 % interval", "If the study were repeated with other pictures, the figure would mostly fall in this range."),
    ("Group", "Pictures of one patient, one procedure, or near copies. A group is never split between splits."),
    (
        "Sensitivity per polyp",
        "The share of polyps that are found: at least half of their pixels are in the mask. A polyp that is only "
        "touched has fewer of its pixels in it, but at least one.",
    ),
)
"""Words of this report."""


def write_first_page(facts: ReportFacts) -> Section:
    """Return what a reader must know first: short sentences, no unexplained term."""
    parts = (_tell_first, _tell_pictures, _tell_way, _tell_result, _tell_tests, _tell_gaps)
    return Section("in-short", "In short", tuple(claim for tell in parts for claim in tell(facts)))


def _tell_first(facts: ReportFacts) -> Iterator[Claim]:
    """Tell what takes all else back: a control that learned nothing, a log that was changed."""
    if facts.is_control:
        words = (
            "This is a control, and it learned nothing on purpose. Its labels were given out in random order. What its "
            "masks hit, they hit without knowing."
        )
        yield Claim(words, ("run",), is_warning=True)
    if not facts.log.is_whole:
        yield Claim(say_broken_log(facts), ("log",), is_warning=True)


def _tell_pictures(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how many pictures there are and what they are for."""
    n = int(facts.images.is_present.sum())
    train, test = facts.count("train"), facts.count("test")
    if facts.is_drawn:
        words = "A program drew the pictures of this study, to show the software. None is of a patient."
        yield Claim(words, ("pictures",), is_warning=True)
    yield Claim(
        f"The study holds {say_count(n, 'picture')}. {train.n_images:,} of them were there to learn from. "
        f"{test.n_images:,} others were kept apart for the test.",
        ("pictures",),
    )


def _tell_way(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how the masks came about."""
    counts = facts.run.manifest.get("label_counts", {})
    reference, review, cluster = (sum(counts.get(one, {}).values()) for one in ("reference", "review", "cluster"))
    told = "The computer was told only whether a picture shows a polyp, not where."
    if facts.is_control:
        told = "The computer was told 'polyp' or 'no polyp' at random."
    elif facts.run.mask_head is not None:
        told = "Of the study's pictures the computer was told only whether they show a polyp, not where."
    yield Claim(
        f"{told} {say_count(reference, 'such label')} came with the pictures. "
        f"Readers gave {review or 'none'}. The computer guessed {cluster:,} more, because pictures look alike.",
        ("run", "rounds", "decisions"),
    )
    yield Claim(" ".join(list_outline_uses(facts)), ("pictures", "run", "setting", "scores"))
    last = facts.round_errors[-1] if facts.round_errors else None
    if last is not None and last.error_so_far is not None:
        n = sum(one.n_compared for one in facts.round_errors)
        words = f"Of {say_count(n, 'guessed label')} that can be checked, {last.error_so_far:.0%} are wrong."
        yield Claim(words, ("rounds", "pictures"))
    if facts.run.mask_head is None:
        yield Claim(CUT_FROM_HEAT, ("run", "paper"))
    else:
        yield Claim(tell_plainly(facts), ("run", "setting"))


def _tell_result(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how good the masks are, beside a mask that ignores the picture."""
    dice, found = facts.figure("mean.dice"), facts.figure("polyps.polyps_found")
    if dice["value"] is None:
        yield Claim(
            "How good the masks are is not known: they were not compared with outlines of the test pictures.",
            ("setting", "scores"),
            is_warning=True,
        )
        if facts.setting is None and say_unlocked(facts):
            yield Claim(say_unlocked(facts), ("setting", "log"), is_warning=True)
        return
    span = (
        f" The true mean probably lies between {dice['low']:.2f} and {dice['high']:.2f}."
        if dice["low"] is not None
        else ""
    )
    yield Claim(
        f"On {say_count(dice['n_defined'], 'test picture')} with a polyp, masks and {facts.whose} outlines overlap by "
        f"{dice['value']:.2f} on average. {OVERLAP}{span}",
        ("scores",),
    )
    if facts.is_tuned_on_test:
        yield Claim(
            "The threshold was changed after test results had been seen. So this figure is too good, and nobody can "
            "say by how much.",
            ("setting", "log"),
            is_warning=True,
        )
    disk = next((one for one in facts.trivial if one.name == CENTRED_DISK), None)
    if disk is not None and disk.summary["rows"]["mean.dice"]["value"] is not None:
        value = disk.summary["rows"]["mean.dice"]["value"]
        yield Claim(
            f"A plain disk in the middle of every picture reaches {value:.2f}, without looking at the picture. "
            f"{_say_beaten(facts)}",
            ("scores", "trivial"),
            is_warning=facts.against_disk is None or facts.against_disk.verdict != "better",
        )
    if facts.row is not None and found["value"] is not None:
        touched = facts.figure("polyps.polyps_touched")["value"]
        words = say_polyps(facts.row.summary["rows"])
        yield Claim(words if touched is None else f"{words} {MISSED}", ("scores",))
    frames = facts.figure("frames.false_positive_frames")
    if frames["n_defined"]:
        yield Claim(
            f"On {say_count(frames['n_defined'], 'test picture')} without a polyp, a mask appeared in "
            f"{frames['value']:.0%}. A mask does not mean that there is a polyp.",
            ("scores",),
        )


def _say_beaten(facts: ReportFacts) -> str:
    """Say whether the disk was beaten, by the paired interval."""
    verdict = "undefined" if facts.against_disk is None else facts.against_disk.verdict
    return {
        "better": "The masks beat it: picture by picture, the difference is too large for chance.",
        "worse": "The masks are worse than it: picture by picture, the difference is too large for chance.",
        "unclear": "The masks are not shown to differ from it: the difference may be chance.",
    }.get(verdict, "Whether the masks beat it is not known.")


def _tell_tests(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how the tests of the maps came out."""
    if facts.sanity is None:
        yield Claim(
            "Whether the heat maps show what the computer learned was not tested for this run.",
            ("sanity",),
            is_warning=True,
        )
        return
    colors = [light.color for light in facts.sanity.lights]
    yield Claim(
        f"{len(colors)} tests ask if the heat maps can be trusted. {colors.count('green')} passed, "
        f"{colors.count('yellow')} are unclear, {colors.count('red')} failed, and {colors.count('grey')} could not be "
        "made. A test that is passed does not show that a mask is right.",
        ("sanity",),
        is_warning="red" in colors,
    )


def _tell_gaps(facts: ReportFacts) -> Iterator[Claim]:
    """Tell what is not shown."""
    if not facts.has_groups:
        yield Claim(
            "The study does not say which pictures are of the same patient. The result for a new patient may be worse.",
            ("pictures",),
        )
    yield Claim(
        "Not shown: how it does in another hospital, with another endoscope, or on video in daily work. "
        "Do not use it on patients.",
        ("pictures", "software"),
        is_warning=True,
    )
