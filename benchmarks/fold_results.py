"""What the folds of `masks.py` gave, and the table that they make together."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

sys.path.append(str(Path(__file__).resolve().parents[1]))

from medxai_core.evaluation.intervals import bootstrap_mean
from medxai_core.evaluation.scores import score_mask
from medxai_core.students.curriculum import Curriculum

N_CHECKED = 40
"""Pictures of a fold that only say how far to trust the masks."""

METRICS = ("dice", "jaccard", "recall", "precision")
SIZES = (0.0, 0.03, 0.08, 0.15, 0.3, 1.0)
DISTANCES = (0.0, 0.15, 0.3, 0.5, 1.0)
AFTER_ROUND = "round {}, probability > .5"
FINAL = AFTER_ROUND.format(len(Curriculum().rounds))
HEAD = ("| masks | pictures | Dice | Jaccard | recall | precision |", "|---|---|---|---|---|---|")


@dataclass
class Results:
    """Hold what one fold gave.

    Attributes
    ----------
    scores : dict
        Step -> one dict a picture: item, area of its polyp (share), how far its middle lies from that of the picture (0
        there, 1 in a corner), the four scores; of the last round also the Dice that its own probabilities make
        expected, and what was reached where as much was expected.
    empty : dict
        Kind of pictures without polyp -> one [is there a mask, its area] a picture.
    reliability : list
        Of the last round, on the scored pictures and on those kept to check it: shares, mean probabilities and
        shares of polyp by tenths of the probability, each (10,).
    """

    scores: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    empty: dict[str, list[tuple[bool, float]]] = field(default_factory=dict)
    reliability: list[list[list[float]]] = field(default_factory=list)
    learned: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, mask: np.ndarray, truth: np.ndarray, item: str, **facts: float) -> None:
        """Score one mask, (H, W) bool."""
        scored = score_mask(mask, truth, item=item)
        row: dict[str, Any] = {"item": item, "area": float(truth.mean()), "off": measure_distance(truth)}
        self.scores.setdefault(name, []).append(row | {one: scored.value(one) for one in METRICS} | facts)


def measure_distance(truth: np.ndarray) -> float:
    """Return how far the middle of a polyp lies from that of its picture (H, W), 0 to 1 in a corner."""
    places = np.argwhere(truth)
    offset = (places.mean(axis=0) + 0.5) / truth.shape - 0.5 if len(places) else np.zeros(2)
    return float(np.hypot(*offset) / np.hypot(0.5, 0.5))


def write_table(folds: Sequence[Results]) -> str:
    """Return what the folds say together: each step, sizes, pictures without polyp, the worst pictures, the cost."""
    scores: dict[str, list[dict[str, Any]]] = {}
    empty: dict[str, list[tuple[bool, float]]] = {}
    for one in folds:
        for name, rows in one.scores.items():
            scores.setdefault(name, []).extend(rows)
        for kind, seen in one.empty.items():
            empty.setdefault(kind, []).extend(seen)
    lines = list(HEAD)
    lines += [write_row(name, rows) for name, rows in scores.items()]
    final = scores.get(FINAL, [])
    lines += _write_bands("The last round by the share of the picture that is polyp", final, "area", SIZES)
    lines += _write_bands("By how far the polyp lies from the middle (100%: in a corner)", final, "off", DISTANCES)
    lines += ["", "| pictures without polyp | seen | with a mask | mean area of the masks |", "|---|---|---|---|"]
    for kind, seen in empty.items():
        found = np.array(seen, float)
        lines.append(f"| {kind} | {len(found)} | {found[:, 0].mean():.1%} | {found[:, 1].mean():.1%} |")
    worst = sorted(final, key=lambda row: row["dice"])[:12]
    learned = [one.learned for one in folds if one.empty]
    lines += _write_trust(folds, final)
    lines += [
        "",
        f"Dice below .5: {np.mean([row['dice'] < 0.5 for row in final]):.1%} of the pictures. The worst: "
        + ", ".join(f"{row['item']} ({row['dice']:.2f})" for row in worst)
        + ".",
        "",
        f"Learning took {_list_costs(learned, 'seconds')} s a fold ({_list_costs(learned, 'processor')} s of the "
        f"processor); peak memory {_list_costs(learned, 'peak')} MB; {torch.get_num_threads()} cores, "
        f"{platform.machine()}.",
    ]
    return "\n".join(lines) + "\n"


def _write_bands(words: str, rows: Sequence[dict[str, Any]], by: str, limits: Sequence[float]) -> list[str]:
    """Return a table of the pictures by a figure of theirs."""
    lines = ["", f"{words}:", "", *HEAD]
    for low, high in pairwise(limits):
        chosen = [row for row in rows if low <= row[by] < high]
        if chosen:
            lines.append(write_row(f"{low:.0%} to {high:.0%}", chosen))
    return lines


def _list_costs(learned: Sequence[dict[str, Any]], name: str) -> str:
    """Return one figure of each fold."""
    return ", ".join(f"{one[name]:.0f}" for one in learned)


def _write_trust(folds: Sequence[Results], final: Sequence[dict[str, Any]]) -> list[str]:
    """Return how far the probabilities of the last round can be trusted: by place, and by picture."""
    seen, known = (np.array([one.reliability[kind] for one in folds if one.empty]) for kind in (0, 1))
    # (n_folds, 10): what a place with such a probability was on the pictures kept to check it
    mended = np.array([np.interp(ours[1], theirs[1], theirs[2]) for ours, theirs in zip(seen, known, strict=True)])
    shares, said, polyp = seen.swapaxes(0, 1)
    head = "| probability of a place | share of all places | mean | of these are polyp | of such were polyp on the {} |"
    lines = ["", head.format(N_CHECKED), "|---|---|---|---|---|"]
    for tenth in range(shares.shape[1]):
        means = (np.average(one[:, tenth], weights=shares[:, tenth]) for one in (said, polyp, mended))
        cells = [f"{tenth / 10:.1f} to {tenth / 10 + 0.1:.1f}", f"{shares[:, tenth].mean():.1%}"]
        lines.append("| " + " | ".join(cells + [f"{one:.2f}" for one in means]) + " |")
    gaps = [(shares * np.abs(one - polyp)).sum(axis=1).mean() for one in (said, mended)]
    return [
        *lines,
        "",
        f"Expected calibration error of a place: {gaps[0]:.3f}; {gaps[1]:.3f} when read as what such places were on "
        f"the {N_CHECKED} pictures.",
        "",
        _describe_promises(final),
    ]


def _describe_promises(final: Sequence[dict[str, Any]]) -> str:
    """Return what the probabilities promise of each picture, and what is reached."""
    masked = [row for row in final if row["expected"] is not None]
    expected, reached = (np.array([row[name] for row in masked]) for name in ("expected", "dice"))
    is_told = np.array([row["alike"] is not None for row in masked])
    alike = [row["alike"] for row in masked if row["alike"] is not None]
    median, low, high = (np.array([one[name] for one in alike]) for name in ("median", "low", "high"))
    told = reached[is_told]
    doubtful = expected <= np.quantile(expected, 0.2)
    return (
        f"Of {len(masked)} pictures with a mask the probabilities make a Dice of {expected.mean():.3f} expected; masks "
        f"of about the same promise reached {median.mean():.3f} on the {N_CHECKED} pictures (median; known of "
        f"{len(alike)}); {reached.mean():.3f} is reached, {told.mean():.3f} by those. Mean error by picture "
        f"{np.abs(expected - reached).mean():.3f} and {np.abs(median - told).mean():.3f}; between the quartiles that "
        f"are told lie {((low <= told) & (told <= high)).mean():.0%} (of 50 %). Rank correlation "
        f"{spearmanr(expected, reached).statistic:.2f}; the fifth of which the least is expected reaches "
        f"{reached[doubtful].mean():.3f}, the others {reached[~doubtful].mean():.3f}. {len(final) - len(masked)} "
        "pictures have no mask."
    )


def write_row(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return one line of means with 95 % intervals."""
    cells = [name, str(len(rows))]
    for metric in METRICS:
        values = [row[metric] for row in rows if row[metric] is not None]
        if not values:
            cells.append("-")
            continue
        interval = bootstrap_mean(values)
        limits = "" if interval.low is None else f" [{interval.low:.3f}, {interval.high:.3f}]"
        cells.append(f"{np.mean(values):.3f}{limits}")
    return "| " + " | ".join(cells) + " |"
