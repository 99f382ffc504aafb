"""What the Progress view shows, computed once for each state of the log."""

from __future__ import annotations

from dataclasses import dataclass

from medxai_core.records.labellings import list_labellings
from medxai_core.review import Decision, Moment
from medxai_core.stages.label_history import list_label_states_over_time
from medxai_core.study import Study
from medxai_core.views.review_basis import ReviewBasis
from medxai_core.views.review_effects import BlockEffect, describe_block
from medxai_core.views.review_figures import ReviewFigures, compute_review_figures
from medxai_core.views.review_progress import count_log_lines
from pages.components.cached import get_decisions, get_review_basis, get_version, remember
from pages.components.frame import get_reader


@dataclass(frozen=True, eq=False)
class Progress:
    """Hold what the parts of the view share in one run; `state` names it for caches."""

    study: Study
    reader: str
    basis: ReviewBasis
    decisions: list[Decision]
    figures: ReviewFigures
    state: tuple


def load_progress(study: Study) -> Progress:
    """Return the figures of the review as they are now."""
    heads = list_labellings(study)
    version = (heads[0]["labelling_id"] if heads else None, get_version(study))
    folder, reader = str(study.folder), get_reader()
    basis = get_review_basis(study)
    decisions = get_decisions(study)
    state = (*version, count_log_lines(study), reader)
    figures = remember(folder, "review-figures", state, _make=lambda: compute_review_figures(basis, decisions, reader))
    return Progress(study, reader, basis, decisions, figures, state)


def load_moments(progress: Progress) -> list[Moment]:
    """Return the moments that the labels can go back to, oldest first."""
    return remember(
        str(progress.study.folder),
        "label-moments",
        progress.state[:-1],
        _make=lambda: list_label_states_over_time(
            progress.study, decisions=progress.decisions, among=progress.basis.open_items
        ),
    )


def load_last_sitting(progress: Progress) -> BlockEffect:
    """Return what the reader's last sitting changed."""
    return remember(
        str(progress.study.folder),
        "last-sitting",
        progress.state,
        _make=lambda: describe_block(
            progress.study, reader=progress.reader, since=None, basis=progress.basis, decisions=progress.decisions
        ),
    )
