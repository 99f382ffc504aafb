"""The table layer x threshold on the tuning pictures, recorded so that it is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medxai_core.evaluation.baselines import CENTRED_DISK, score_trivial_masks
from medxai_core.evaluation.reliability import Reliability
from medxai_core.events import record_event
from medxai_core.json_values import to_plain
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import now_text
from medxai_core.records.masks import MaskSetting
from medxai_core.records.pictures import list_images, load_study_mask
from medxai_core.records.result_digests import digest_results
from medxai_core.records.runs import get_run
from medxai_core.stages.tuning_sweep import LayerSweep, choose_setting, sweep_tuning
from medxai_core.study import Study, write_fact


@dataclass(frozen=True)
class TuningTable:
    """Hold a recorded sweep beside what a disk scores on the same pictures.

    Attributes
    ----------
    sweep : LayerSweep
        Mean scores of ``h > threshold`` by layer and threshold.
    method : str
        CAM method of the maps.
    disk_dice : float or None
        Mean Dice of the centred disk over the tuning pictures that show a polyp; None when none does.
    n_polyp : int
        Tuning pictures that show a polyp, over which the means go.
    created_at : str
    """

    sweep: LayerSweep
    method: str
    disk_dice: float | None
    n_polyp: int
    created_at: str

    def choose(self) -> MaskSetting:
        """Return the layer and threshold with the best mean Dice."""
        return choose_setting(self.sweep, method=self.method)

    @property
    def has_polyps(self) -> bool:
        """Return True when at least one mean is defined."""
        return bool(np.isfinite(self.sweep.dice).any())

    def holds(self, setting: MaskSetting) -> bool:
        """Return True when a setting is one of the table's cells."""
        is_cell = setting.layer in self.sweep.layers and setting.low in self.sweep.thresholds
        method = self.sweep.name_method(setting.layer, self.method)
        return is_cell and setting.method == method and setting.high is None and not setting.inverted


def record_tuning_table(
    study: Study, run_id: str | None = None, *, method: str = "gradcam", stage: Stage = silent_stage
) -> TuningTable:
    """Score every layer and threshold on the tuning pictures and record the table.

    Raises
    ------
    NotEnoughImagesError
        The tuning split holds no picture with a mask.
    """
    run = get_run(study, run_id)
    sweep = sweep_tuning(study, run.run_id, method=method, stage=stage)
    disk_dice, n_polyp = _score_disk(study, stage=stage)
    values = {
        "best_epoch": run.best_epoch,
        "sweep": sweep,
        "disk_dice": disk_dice,
        "n_polyp": n_polyp,
        "created_at": now_text(),
    }
    key = _key(run.run_id, method)
    details = {"run_id": run.run_id, "method": method, "n_images": sweep.n_images}
    with study.begin() as connection:
        write_fact(connection, key, to_plain(values))
        digests = {"digests": digest_results(connection, study.folder, [key])}
        record_event(connection, "tuning-table", to_plain(details) | digests)
    return TuningTable(sweep, method, disk_dice, n_polyp, str(values["created_at"]))


def find_tuning_table(study: Study, run_id: str, *, method: str = "gradcam") -> TuningTable | None:
    """Return the recorded table of a run; None when there is none, or when the run was trained on since."""
    values: dict[str, Any] | None = study.get_fact(_key(run_id, method))
    run = get_run(study, run_id)
    if values is None or values["best_epoch"] != run.best_epoch:
        return None
    sweep = values["sweep"]
    table = LayerSweep(
        layers=sweep["layers"],
        thresholds=sweep["thresholds"],
        dice=np.array(sweep["dice"], float),  # (n_layers, n_thresholds), NaN for None
        jaccard=np.array(sweep["jaccard"], float),
        n_images=sweep["n_images"],
        mask_head=run.mask_head,
        reliability=_read_reliability(sweep),
        **_read_intervals(sweep),
    )
    return TuningTable(table, method, values["disk_dice"], values["n_polyp"], values["created_at"])


def _read_intervals(sweep: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the intervals of a recorded sweep; nothing for one that was recorded without them."""
    if sweep.get("is_near_best") is None:
        return {}
    bounds = {name: np.array(sweep[name], float) for name in ("dice_low", "dice_high")}
    return bounds | {"is_near_best": np.array(sweep["is_near_best"], bool)}


def _read_reliability(sweep: dict[str, Any]) -> Reliability | None:
    """Return how far probabilities can be trusted; None where it was not measured."""
    values: dict[str, Any] | None = sweep.get("reliability")
    if values is None:
        return None
    read: dict[str, Any] = {
        name: np.array(one, float) if isinstance(one, list) else one for name, one in values.items()
    }
    return Reliability(**read)


def _key(run_id: str, method: str) -> str:
    """Return the name of the study fact that holds a table."""
    return f"tuning-table:{run_id}:{method}"


def _score_disk(study: Study, *, stage: Stage) -> tuple[float | None, int]:
    """Return the mean Dice of the centred disk on the tuning pictures, and how many show a polyp."""
    images = list_images(study)
    positions = images.positions_in("tuning", with_truth=True)
    on_progress = stage("Scoring a disk for comparison")
    values = []
    for done, position in enumerate(positions, 1):
        size = (int(images.widths[position]), int(images.heights[position]))
        truth = load_study_mask(study, images.mask_paths[position], size=size)
        dice = None if truth is None else score_trivial_masks(truth)[CENTRED_DISK].dice
        values += [] if dice is None else [dice]
        on_progress(done, len(positions))
    return (float(np.mean(values)) if values else None), len(values)
