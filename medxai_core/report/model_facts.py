"""The Model Facts label: one box that says what the model is for, what it learned from, how good it is, its dangers.

Its headings follow Sendak and others, Presenting machine learning model information to clinical end users with model
facts labels, npj Digital Medicine 2020, doi:10.1038/s41746-020-0253-3.
"""

from __future__ import annotations

from medxai_core.config import RESEARCH_USE
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.records.masks import describe_setting
from medxai_core.report.blocks import Row, Section, Table, say_span
from medxai_core.report.facts import ReportFacts, say_broken_log, say_unlocked
from medxai_core.report.outlines import list_outline_uses
from medxai_core.report.segmenter import say_sure_picture, tell_in_full
from medxai_core.report.trust_chapter import count_lights
from medxai_core.views.own_masks import say_drawn_frames

CONTROL, LOG = "A control", "The log"
NOT_SAID = "The study does not say."


def write_model_facts(facts: ReportFacts) -> Section:
    """Return the label as a chapter with one table."""
    rows = (
        *_list_warnings(facts),
        ("Model", f"{facts.run.run_id} of study {facts.study.name}, MedXAI Explorer {facts.versions['medxai_core']}"),
        ("What it does", "Marks the places of an endoscopy picture that look like a polyp, as a mask."),
        ("What goes in", "One still picture in colour, of any size. Nothing about the patient."),
        ("What comes out", _say_output(facts)),
        ("How it works", _say_mechanism(facts)),
        ("What it learned from", _say_training(facts)),
        ("What outlines of polyps were used for", " ".join(list_outline_uses(facts))),
        ("Where and when those pictures were taken", NOT_SAID),
        ("How good it was on test pictures", _say_performance(facts)),
        ("Against masks that ignore the picture", _say_trivial(facts)),
        ("On pictures without a polyp", _say_frames(facts)),
        ("Tests of its heat maps", _say_lights(facts)),
        ("Use it for", "Research: to look at what such a method learns, and at where it fails."),
        ("Do not use it for", "Diagnosis, treatment, measurement, live endoscopy, or to tell that there is no polyp."),
        ("Tested in other hospitals", "No."),
        ("Tested in daily work with clinicians", "No."),
        ("Differences between groups of patients", "Not known: the study holds nothing about patients."),
        ("Warning", RESEARCH_USE),
    )
    marks = {name: "red" for name in ("Do not use it for", "Warning", CONTROL, LOG)}
    table = Table(
        "Model facts",
        ("", ""),
        tuple(Row(row, "grey" if row[1] == NOT_SAID else marks.get(row[0], "")) for row in rows),
        ("run", "checkpoint", "pictures", "scores", "trivial", "sanity", "log"),
    )
    return Section("model-facts", "Model facts", (table,))


def _list_warnings(facts: ReportFacts) -> list[tuple[str, str]]:
    """List what takes all else back: a control that learned nothing, a log that was changed."""
    control = "Its labels were given out in random order: it learned nothing, on purpose, and is there to compare with."
    rows = [(CONTROL, control)] if facts.is_control else []
    return rows if facts.log.is_whole else [*rows, (LOG, say_broken_log(facts))]


def _say_output(facts: ReportFacts) -> str:
    """Say what comes out, under which setting."""
    how = f" ({describe_setting(facts.setting)})" if facts.setting else " (no setting is locked yet)"
    return f"A mask of the picture's size{how}, a heat map, and a score for 'polyp' that is not a probability."


def _say_mechanism(facts: ReportFacts) -> str:
    """Say by what kind of model."""
    if facts.run.mask_head is not None:
        sure = say_sure_picture(facts.setting)
        how = f"A network ({facts.run.network}) that says of every place how likely it is polyp."
        return " ".join(words for words in (how, tell_in_full(facts), sure) if words)
    return (
        f"A network ({facts.run.network}) that learned 'polyp' or 'no polyp'; the mask is where its answer comes from."
    )


def _say_training(facts: ReportFacts) -> str:
    """Say how many labels of which source."""
    counts = facts.run.manifest.get("label_counts", {})
    n = {source: sum(by_class.values()) for source, by_class in counts.items()}
    total = sum(n.values())
    order = "Labels in random order. " if facts.is_control else ""
    drawn = (
        "" if facts.run.mask_head is None else f" And {say_drawn_frames(facts.run)} that a program drew, with masks."
    )
    return (
        f"{order}{total:,} labelled items: {n.get('reference', 0):,} given, {n.get('review', 0):,} by readers, "
        f"{n.get('cluster', 0):,} guessed by likeness and checked by nobody.{drawn}"
    )


def _say_performance(facts: ReportFacts) -> str:
    """Say Dice with its interval."""
    dice = facts.figure("mean.dice")
    if dice["value"] is None:
        opened = say_unlocked(facts) if facts.setting is None else ""
        return f"Not known: not scored. {opened}".rstrip()
    tuned = " The setting was tuned on these pictures: this flatters." if facts.is_tuned_on_test else ""
    span = say_span(dice["low"], dice["high"])
    return f"Overlap (Dice) {dice['value']:.3f}{span} on {dice['n_defined']} pictures with a polyp.{tuned}"


def _say_trivial(facts: ReportFacts) -> str:
    """Say what a disk reaches."""
    disk = next((one for one in facts.trivial if one.name == CENTRED_DISK), None)
    if disk is None or disk.summary["rows"]["mean.dice"]["value"] is None:
        return "Not known: not scored."
    dice = disk.summary["rows"]["mean.dice"]
    verdict = "undefined" if facts.against_disk is None else facts.against_disk.verdict
    told = {"better": "This model is better", "worse": "This model is worse", "unclear": "Not shown to differ"}.get(
        verdict
    )
    differs = f" {told} (paired difference)." if told else ""
    return f"A disk in the middle of every picture: {dice['value']:.3f}{say_span(dice['low'], dice['high'])}.{differs}"


def _say_frames(facts: ReportFacts) -> str:
    """Say how often it marks something where there is nothing."""
    one = facts.figure("frames.false_positive_frames")
    if facts.row is None:
        return "Not known: not scored."
    if not one["n_defined"]:
        return "Not tested: every scored test picture shows a polyp."
    return f"A mask in {one['value']:.0%} of {one['n_defined']} such pictures."


def _say_lights(facts: ReportFacts) -> str:
    """Say how the tests of the maps came out."""
    if facts.sanity is None:
        return "Not made."
    counts = count_lights(facts.sanity.lights)
    return f"{counts['green']} passed, {counts['yellow']} unclear, {counts['red']} failed, {counts['grey']} not made."
