"""The pictures: where they come from, how they were divided, what is not known about them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from medxai_core.report.blocks import Claim, Figure, Row, Section, Table, say_count
from medxai_core.report.facts import ReportFacts
from medxai_core.report.flow import draw_flow

UNKNOWN = "The study does not say."
SPLIT_WORDS = {
    "train": "training (labels, network)",
    "validation": "validation (best epoch)",
    "tuning": "tuning (layer, threshold)",
    "test": "test (final scores)",
}
NOTHING_CHOSEN = "validation (looked at each round)"
"""Of a segmenter, whose last round is used."""


def write_data(facts: ReportFacts) -> Section:
    """Return the chapter about the pictures."""
    return Section(
        "data",
        "The pictures",
        (
            Figure(
                "From files to scores: how many at each step",
                ("pictures", "import", "run", "scores"),
                svg=draw_flow(facts),
                alt="Flow diagram; its numbers are in the table of splits and in the text",
            ),
            _tabulate_splits(facts),
            *_tell_import(facts),
            _tell_partition(facts),
            _tabulate_sheet(facts),
        ),
    )


def _tabulate_splits(facts: ReportFacts) -> Table:
    """Return the pictures by split."""
    rows, is_segmenter = [], facts.run.mask_head is not None
    for one in facts.counts:
        by_class = "hidden" if one.n_by_class is None else " / ".join(f"{n:,}" for n in one.n_by_class.values())
        split = NOTHING_CHOSEN if is_segmenter and one.split == "validation" else SPLIT_WORDS[one.split]
        cells = (split, f"{one.n_images:,}", f"{one.n_items:,}", f"{one.n_masks:,}", by_class)
        rows.append(Row((*cells, f"{one.n_labelled:,}")))
    masks, labels = f"With {facts.whose} mask", "Reference labels: no polyp / polyp"
    return Table(
        "Splits",
        ("Split", "Pictures", "Items", masks, labels, "Labels in use"),
        tuple(rows),
        ("pictures",),
        note="An item is what gets one label: a picture, or a tile of it. Labels in use: known to the method.",
        numeric=True,
    )


def _tell_import(facts: ReportFacts) -> list[Claim]:
    """Tell what was left out on import."""
    failures = facts.study.list_failures()
    removed = int((~facts.images.is_present).sum())
    by_reason = Counter(one.reason.split(":")[0].split(" of ")[0] for one in failures)
    listed = "; ".join(f"{n} x {reason}" for reason, n in by_reason.most_common(5))
    words = f"{say_count(len(failures), 'file')} could not be used" + (f" ({listed})." if listed else ".")
    if removed:
        words += f" {say_count(removed, 'picture')} were removed later; their ids stay in the log."
    claims = [Claim(words, ("import",))]
    notes = [str(note) for note in facts.study.get_fact("notes", [])]
    if notes:
        claims.append(Claim("Notes of the import: " + " ".join(notes), ("import",)))
    texts = facts.study.get_fact("burned_in_text", [])
    if texts:
        words = f"{say_count(len(texts), 'picture')} may have writing burned in. Look at them before passing them on."
        claims.append(Claim(words, ("import",), is_warning=True))
    return claims


def _tell_partition(facts: ReportFacts) -> Claim:
    """Tell on which level the splits are apart."""
    n, n_near = int(facts.images.is_present.sum()), len(facts.study.get_fact("near_duplicates", []))
    level = (
        f"Its {n:,} pictures form {facts.n_groups:,} groups (patient, procedure, or near copies); a group is in one "
        "split only."
        if facts.has_groups
        else f"Each of its {n:,} pictures is a group of its own: which are of one patient is not known."
    )
    seed = facts.study.get_fact("options", {}).get("seed", 0)
    return Claim(
        f"Splits were drawn at random by group, in proportion to the classes (seed {seed}). {level} "
        f"{say_count(n_near, 'pair')} of near copies were found and kept on one side.",
        ("pictures", "import"),
    )


def _tabulate_sheet(facts: ReportFacts) -> Table:
    """Return the data sheet: what is known, and what the study does not say."""
    present = facts.images.is_present
    widths, heights = facts.images.widths[present].astype(float), facts.images.heights[present].astype(float)
    size = (
        f"{np.nanmin(widths):.0f} x {np.nanmin(heights):.0f} to {np.nanmax(widths):.0f} x {np.nanmax(heights):.0f} px"
    )
    tiles = tuple(facts.study.get_fact("tiles", [1, 1]))
    rows = (
        ("Why the pictures were collected", "Drawn by a program, to show the software." if facts.is_drawn else UNKNOWN),
        ("Where, when, with which endoscopes", UNKNOWN),
        ("Patients: number, age, sex, indication", UNKNOWN),
        ("Consent and ethics approval", UNKNOWN),
        ("Picture size", size),
        ("Tiles", "whole pictures" if tiles == (1, 1) else f"{tiles[0]} x {tiles[1]} a picture"),
        (
            "Where reference labels come from",
            f"from {facts.whose} masks: an item with polyp pixels is polyp"
            if facts.are_labels_from_masks
            else "given with the pictures",
        ),
        (
            "Who drew the masks of the pictures, how many, how they agreed",
            "The program that drew the pictures." if facts.is_drawn else UNKNOWN,
        ),
        ("Names and identifiers", "Pictures are stored under the SHA-256 of their content. Metadata is not kept."),
        (
            "What the study stores of patients",
            "The pictures' small copies (thumbnails), in folders only the owner reads.",
        ),
    )
    return Table(
        "Data sheet",
        ("Question", "Answer"),
        tuple(Row(row, "grey" if row[1] == UNKNOWN else "") for row in rows),
        ("pictures", "import"),
        note="Questions after Gebru and others, Datasheets for Datasets, 2021. What the study does not say, its "
        "owner must answer before others rely on this report.",
    )
