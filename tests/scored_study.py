"""A small study with proposals, a run, a locked setting and recorded scores, made without training."""

from __future__ import annotations

from pathlib import Path

from small_studies import make_small_study, propose, record_plain_features
from trained_study import record_untrained_run

from medxai_core.records.masks import MaskSetting
from medxai_core.stages.classifier import evaluate_study_classifier
from medxai_core.stages.masks import lock_setting
from medxai_core.stages.scores import score_study
from medxai_core.study import Study

RUN = "quick-lite1-abc123"
SETTING = MaskSetting(14, "gradcam", 0.4, None, chosen_on="tuning")


def make_scored_study(folder: Path, drawn: Path) -> Study:
    """Return a study in which everything up to the scores is recorded; the network knows ImageNet only."""
    study = make_small_study(folder, drawn)
    record_plain_features(study)
    propose(study)
    record_untrained_run(study, RUN)
    evaluate_study_classifier(study, RUN)
    lock_setting(study, RUN, SETTING, reader="reader-1")
    score_study(study, RUN, split="test")
    return study
