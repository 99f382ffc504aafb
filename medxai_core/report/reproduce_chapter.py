"""How to do it again, with what it was done, and how to see that nothing was changed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from medxai_core.report.blocks import Block, Claim, Row, Section, Table
from medxai_core.report.facts import ReportFacts, say_broken_log


def write_reproduce(facts: ReportFacts) -> Section:
    """Return the chapter of versions, digests and commands."""
    blocks: tuple[Block, ...] = (
        *_tell_log(facts),
        _tabulate_digests(facts),
        _tabulate_versions(facts),
        *_tell_commands(facts),
    )
    return Section("reproduce", "How to check and to do it again", blocks)


def _tell_log(facts: ReportFacts) -> Iterator[Claim]:
    """Tell whether the log is whole."""
    log = facts.log
    if not log.is_whole:
        yield Claim(say_broken_log(facts), ("log",), is_warning=True)
    elif log.head is not None:
        yield Claim(
            f"The log is whole: {log.n_lines} lines, each linked to the one before. Keep its head with this report: "
            f"{log.head}. Whoever has it can show later that nothing before it was changed.",
            ("log",),
        )


def _tabulate_digests(facts: ReportFacts) -> Table:
    """Return the digests of what went in and came out."""
    rows = [
        ("Pictures (ids and SHA-256 of all)", facts.dataset_digest),
        ("Trained network", facts.checkpoint_digest or "the file is not there"),
        (
            "Masks of the tuning and test pictures",
            facts.masks_digest or "not known: nothing is locked, or maps are missing",
        ),
        *((f"Features: {name}", array_id) for name, array_id in facts.feature_arrays.items()),
    ]
    return Table(
        "Digests (SHA-256)",
        ("What", "Digest"),
        tuple(Row(row) for row in rows),
        ("pictures", "checkpoint", "features"),
    )


def _tabulate_versions(facts: ReportFacts) -> Table:
    """Return versions when the run was trained, and now."""
    then = facts.run.manifest.get("versions", {})
    names = dict.fromkeys((*facts.versions, *then))
    rows = tuple(
        Row((name, str(then.get(name, "not recorded")), str(facts.versions.get(name, "not recorded"))))
        for name in sorted(names, key=str.casefold)
    )
    note = "Not recorded: it was not kept at that time."
    return Table("Versions", ("What", "At the training", "At this report"), rows, ("run", "software"), note=note)


def _tell_commands(facts: ReportFacts) -> Iterator[Claim]:
    """Tell the commands."""
    study, run = shlex.quote(facts.study.name), facts.run.run_id
    yield Claim(
        f"To do all of it again from the recorded inputs and compare: `python -m medxai_core replay {study} --run "
        f"{run}`. To follow one picture from its file to its mask: `python -m medxai_core story {study} IMAGE --run "
        f"{run}`.",
        ("run", "log"),
    )
