"""Training runs in few words, as lists to choose from show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from medxai_core.config import SHUFFLED
from medxai_core.records.runs import RecordedRun
from medxai_core.views.kept_pass import name_kept_pass

NONE_CHOSEN = "The last round is used whatever these scores are: none was chosen on them."
"""What is said of validation scores of a segmenter, where a classifier's best pass was chosen on them."""


def name_runs(runs: Sequence[RecordedRun]) -> dict[str, str]:
    """Return a short name by run id; runs of the same minute are told apart by the end of their id."""
    names = {run.run_id: _name_run(run) for run in runs}
    counts = Counter(names.values())
    return {run_id: name if counts[name] == 1 else f"{name} ({run_id[-6:]})" for run_id, name in names.items()}


def _name_run(run: RecordedRun) -> str:
    """Return recipe, network, day and minute, and the pass whose weights are used."""
    began = datetime.fromisoformat(run.created_at)
    kind = "control, shuffled labels" if run.labels == SHUFFLED else run.preset
    return f"{kind}, {run.network}, {began.day} {began:%b %H:%M}, {name_kept_pass(run)}"
