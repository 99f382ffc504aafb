"""A run whose checkpoint can be loaded, without training: what heat maps of tests are made of."""

from __future__ import annotations

import torch
from small_studies import record_small_run

from medxai_core.checkpoints import CheckpointManifest, save_checkpoint
from medxai_core.config import SEGMENTER
from medxai_core.models import build_model, build_segmenter, default_preprocessing
from medxai_core.models.segmentation import LEAST_PICTURE_LOGIT
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.runs import BEST
from medxai_core.study import Study


def record_untrained_run(
    study: Study, run_id: str = "quick-lite1-abc123", *, is_blank: bool = False, side: int = 224
) -> RecordedRun:
    """Record a run of lite1 with ImageNet weights; a blank one has a head of zeros, so no place ever matters."""
    run = record_small_run(study, run_id)
    model = build_model("lite1", weights="pretrained", seed=3)
    if is_blank:
        with torch.no_grad():
            model.backbone._fc.weight.zero_()
    folder = study.run_folder(run_id)
    folder.mkdir(parents=True)
    save_checkpoint(folder / BEST, model, CheckpointManifest("lite1", default_preprocessing("lite1", side)))
    return run


def record_untaught_segmenter(study: Study, run_id: str = "recommended-lite1-fpn-abc123") -> RecordedRun:
    """Record a run of a segmenter whose decoder is random: its map says something of every place, if nothing true."""
    run = record_small_run(study, run_id, network=SEGMENTER)
    folder = study.run_folder(run_id)
    folder.mkdir(parents=True)
    manifest = CheckpointManifest(SEGMENTER, default_preprocessing(SEGMENTER, 96))
    segmenter = build_segmenter(seed=1)
    torch.nn.init.constant_(segmenter.decoder.head[-1].bias, LEAST_PICTURE_LOGIT)  # else every picture is held back
    save_checkpoint(folder / BEST, segmenter, manifest)
    return run
