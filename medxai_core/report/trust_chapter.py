"""How far to trust it: tests of the maps, what the model cannot do, departures from the published code."""

from __future__ import annotations

from collections.abc import Iterator

from medxai_core.report.blocks import Block, Claim, Row, Section, Table
from medxai_core.report.facts import ReportFacts
from medxai_core.sanity import Light
from medxai_core.surrogate import Estimate, say_controls, say_fidelity, say_order
from medxai_core.views.departures import list_departures

PAGE_SOURCES = {
    "training": ("run", "rounds", "decisions"),
    "review": ("decisions", "rounds"),
    "evaluation": ("scores", "validation", "rounds"),
    "study": ("pictures",),
    "masks": ("run", "setting"),
}
"""Which evidence stands behind a limit that a page of the app shows."""


def write_sanity(facts: ReportFacts) -> Section:
    """Return the tests of the maps."""
    title, found = "Tests of the heat maps", facts.sanity
    if found is None:
        words = "The maps of this run were not tested. Do it with the command `sanity`, or on the page Transparency."
        return Section("tests", title, (Claim(words, ("sanity",), is_warning=True),))
    rows = [Row((light.color, light.question, light.words, light.source), light.color) for light in found.lights]
    intro = Claim(
        f"Tested on {found.n_pictures} tuning pictures, layer {found.layer}, {found.method}; "
        f"{found.n_blank} of their maps were blank. The limits were fixed before any network was tested. Green: the 95 "
        "% interval lies on the good side of the limit. Yellow: better in the mean, but it may be chance. Red: not "
        "better. Grey: not tested.",
        ("sanity",),
    )
    table = Table("Lights", ("Light", "Question", "Found", "Source"), tuple(rows), ("sanity",))
    words = (
        "In a study of eight kinds of heat map on X-rays of the chest none passed all of its tests (Arun 2021). A "
        "green light does not say that a mask is right."
    )
    blocks: list[Block] = [intro, *_tell_newer(facts), table, Claim(words, ("sanity",))]
    return Section("tests", title, tuple(blocks))


def _tell_newer(facts: ReportFacts) -> Iterator[Claim]:
    """Tell that the maps were tested before other runs were trained."""
    if facts.sanity is not None and facts.newer_runs:
        yield Claim(
            f"These tests were made on {facts.sanity.created_at[:16].replace('T', ' ')} UTC, before the training of "
            f"{', '.join(facts.newer_runs)} ended. What they say of second trainings, of other networks and of labels "
            "in random order does not know of it: make them again.",
            ("sanity", "run"),
            is_warning=True,
        )


def write_surrogate(facts: ReportFacts) -> Section:
    """Return how far edges, texture, brightness and colour explain what the network separates."""
    title, found = "From global to deep features", facts.surrogate
    if found is None:
        words = "It was not asked which edges, textures, brightness and colours go with the network's answers."
        return Section("surrogate", title, (Claim(words, ("surrogate",)),))
    answer = found.fidelity_of("answer")
    rows = tuple(
        Row((one.aspect, _say_share(one.share), "yes" if one.is_stable else "no: do not read it"))
        for one in found.shares_of("answer")
    )
    blocks: list[Block] = [
        Claim(say_fidelity(answer), ("surrogate",), is_warning=answer.amount in ("nothing", "little")),
        Claim(say_controls(answer), ("surrogate",)),
        Table(
            "What each aspect explains of the answer",
            ("Aspect", "Share of the variance", "Stable"),
            rows,
            ("surrogate",),
            note=f"{found.n_items} training and validation items of {found.n_groups} patients or pictures.",
        ),
    ]
    blocks += [Claim(say_order(one), ("surrogate",)) for one in found.stabilities if one.target == "answer"]
    return Section("surrogate", title, tuple(blocks))


def _say_share(figure: Estimate) -> str:
    """Return a share with its interval."""
    known = figure.low is not None and figure.high is not None
    return f"{figure.value:.3f}" + (f" [{figure.low:.3f}, {figure.high:.3f}]" if known else "")


def write_limits(facts: ReportFacts) -> Section:
    """Return what the model cannot do."""
    claims = tuple(
        Claim(f"{limit.title}. {limit.words}", PAGE_SOURCES.get(limit.page, ("run",))) for limit in facts.limits
    )
    return Section("limits", "What the model cannot do, and what is not known", claims)


def write_departures(facts: ReportFacts) -> Section:
    """Return where this software does not follow the published code."""
    departures = list_departures(facts.shares)
    rows = tuple(Row((one.title, one.published, one.here, one.matters)) for one in departures)
    header = ("What", "The published code", "Here", "What it means")
    table = Table("Known departures", header, rows, ("paper", "software", *(["clusters"] if facts.shares else [])))
    return Section("departures", "Departures from the published code", (*_tell_other_mode(facts), table))


def _tell_other_mode(facts: ReportFacts) -> Iterator[Claim]:
    """Tell that a segmenter is not the published method in a changed form, but another one."""
    if facts.run.mask_head is not None:
        yield Claim(
            "This run is of the recommended mode, which the published code does not have. Of the table, what is said "
            "of the network's training, the best epoch and masks cut out of a heat map is about the paper's mode.",
            ("run", "software"),
        )


def count_lights(lights: list[Light]) -> dict[str, int]:
    """Return how many lights there are of each colour."""
    colors = [light.color for light in lights]
    return {color: colors.count(color) for color in ("green", "yellow", "red", "grey")}
