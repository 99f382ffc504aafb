"""Labels that clusters propose: rounds, proposals, and the reason of each.

A pseudo-label is a proposal for a reader to judge. It is not ground truth.
"""

from __future__ import annotations

from medxai_core.pseudo_labels.reasons import (
    Neighbour,
    ProposalReason,
    explain_proposal,
    explain_unlabelled,
)
from medxai_core.pseudo_labels.rounds import (
    Proposals,
    PseudoLabelling,
    Round,
    RunnerUp,
    propose_labels,
    select_training_rows,
)

__all__ = [
    "Neighbour",
    "ProposalReason",
    "Proposals",
    "PseudoLabelling",
    "Round",
    "RunnerUp",
    "explain_proposal",
    "explain_unlabelled",
    "propose_labels",
    "select_training_rows",
]
