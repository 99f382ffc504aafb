"""The demo: a finished study of drawn frames, to look at before one has pictures of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from medxai_core.config import PIPELINE_PRESETS
from medxai_core.errors import StudyExistsError
from medxai_core.phantom import draw_study
from medxai_core.pipeline import run_pipeline
from medxai_core.progress import Stage, silent_stage
from medxai_core.stages.clusters import embed_study
from medxai_core.stages.heatmaps import compute_study_heatmaps
from medxai_core.studies.importing import ImportOptions, import_pictures, study_in_the_making
from medxai_core.study import Study, open_study, register_study

PICTURES = "pictures"


@dataclass(frozen=True)
class Demo:
    """Say where the demo is, and whether it was made just now."""

    folder: Path
    run_id: str
    is_new: bool


def make_demo(folder: Path, *, n_images: int, seed: int = 0, stage: Stage = silent_stage) -> Demo:
    """Draw the frames, import them and run the whole line; a finished demo is left as it is.

    Parameters
    ----------
    folder : Path
        Study folder to make. It appears when it is finished, or not at all.
    n_images : int
        Frames; half show a polyp.

    Raises
    ------
    StudyExistsError
        Another study is in this folder.
    """
    if (folder / "study.db").is_file():
        run_id = open_study(folder).get_fact("demo_run")
        if run_id is None:
            raise StudyExistsError(f"{folder} holds a study that is no demo.", "Choose another name.")
        return Demo(folder, run_id, is_new=False)
    with study_in_the_making(folder) as study:
        run_id = _fill_demo(study, n_images=n_images, seed=seed, stage=stage)
    register_study(folder)
    return Demo(folder, run_id, is_new=True)


def _fill_demo(study: Study, *, n_images: int, seed: int, stage: Stage) -> str:
    """Draw, import, run every stage; return the training run."""
    drawn = study.folder / PICTURES
    draw_study(drawn, n_images=n_images, seed=seed, on_progress=stage("Drawing frames"))
    options = ImportOptions(
        images=drawn / "images",
        masks=drawn / "masks",
        labels=drawn / "labels.csv",
        group_column="group",
        layout="folders",
        seeds=max(4, n_images // 12),
        validation=max(8, n_images // 6),
        tuning_share=0.15,
        test_share=0.2,
        seed=seed,
    )
    import_pictures(study, options, stage=stage)
    preset = replace(PIPELINE_PRESETS["quick"], n_clusters=max(4, n_images // 12))
    found = run_pipeline(study, preset, stage=stage)
    embed_study(study, stage=stage)
    shown = ["validation", "tuning", "test"]
    layers = sorted({found.setting.layer, 10, 14, 20})
    compute_study_heatmaps(study, found.run_id, layers=layers, splits=shown, stage=stage)
    study.set_fact("demo_run", found.run_id)
    return found.run_id
