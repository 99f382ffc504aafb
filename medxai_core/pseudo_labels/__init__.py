"""Labels that clusters, or bands of probability, propose: rounds, proposals, and the reason of each.

A pseudo-label is a proposal for a reader to judge. It is not ground truth.
"""

from __future__ import annotations

from medxai_core.pseudo_labels.band_reasons import explain_band_proposal, explain_unlabelled_by_bands
from medxai_core.pseudo_labels.bands import cut_bands, propose_by_bands, say_chance
from medxai_core.pseudo_labels.calibration import Calibration, adjust_to_share, fit_calibration
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
    "Calibration",
    "Neighbour",
    "ProposalReason",
    "Proposals",
    "PseudoLabelling",
    "Round",
    "RunnerUp",
    "adjust_to_share",
    "cut_bands",
    "explain_band_proposal",
    "explain_proposal",
    "explain_unlabelled",
    "explain_unlabelled_by_bands",
    "fit_calibration",
    "propose_by_bands",
    "propose_labels",
    "say_chance",
    "select_training_rows",
]
