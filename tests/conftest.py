"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_once import make_once

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("MEDXAI_TEST_SHARED", ROOT.parent / "shared"))


def _folder_or_skip(path: Path) -> Path:
    if not path.is_dir():
        pytest.skip(f"needs the real pictures in {path.name}/, which are not part of the project")
    return path


@pytest.fixture(scope="session")
def kvasir_seg() -> Path:
    """Return the Kvasir-SEG folder (images/, masks/), or skip."""
    return _folder_or_skip(SHARED / "data" / "kvasir_seg")


@pytest.fixture(scope="session")
def cp_child() -> Path:
    """Return the CP-CHILD folder (images/), or skip."""
    return _folder_or_skip(SHARED / "data" / "cp_child")


@pytest.fixture(scope="session")
def lire_golden() -> Path:
    """Return the folder of LIRE's own output, or skip."""
    return _folder_or_skip(SHARED / "lire" / "golden")


@pytest.fixture(scope="session", autouse=True)
def _home_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the user's own list of studies out of the tests."""
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("MEDXAI_HOME")
    os.environ["MEDXAI_HOME"] = str(home)
    yield home
    if before is None:
        del os.environ["MEDXAI_HOME"]
    else:
        os.environ["MEDXAI_HOME"] = before


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 24 drawn frames with exact masks and labels: images/, masks/, labels.csv."""
    from medxai_core.phantom import draw_study

    folder = tmp_path_factory.mktemp("phantom")
    draw_study(folder, n_images=24, seed=5)
    return folder


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a MEDXAI_HOME that holds a small finished demo, made by the command line itself. Copy, don't change."""
    command = [sys.executable, "-m", "medxai_core", "demo", "demo", "--images", "48"]

    def make(home: Path) -> None:
        subprocess.run(command, cwd=ROOT, env=os.environ | {"MEDXAI_HOME": str(home)}, check=True, timeout=400)

    return make_once(tmp_path_factory, "demo-home", make)


@pytest.fixture(scope="session")
def scored_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a scored study of the same drawn frames (see `scored_study`). Copy, don't change."""
    from scored_study import make_scored_study

    from medxai_core.phantom import draw_study

    def make(folder: Path) -> None:
        draw_study(folder / "drawn", n_images=24, seed=5)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MEDXAI_HOME", str(folder))
            make_scored_study(folder / "studies" / "small", folder / "drawn").engine.dispose()

    return make_once(tmp_path_factory, "scored", make) / "studies" / "small"


@pytest.fixture(scope="session")
def proposed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study of the same drawn frames, with features and proposals. Copy, don't change."""
    from medxai_core.phantom import draw_study
    from medxai_core.stages.clusters import pseudo_label_study
    from medxai_core.stages.features import extract_study_features
    from medxai_core.studies.importing import ImportOptions, create_study

    def make(folder: Path) -> None:
        drawn = folder / "drawn"
        draw_study(drawn, n_images=24, seed=5)
        options = ImportOptions(
            drawn / "images", masks=drawn / "masks", layout="folders", tiles=(2, 2), seeds=6, validation=4
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MEDXAI_HOME", str(folder))
            study = create_study(folder / "studies" / "proposed", options)
            extract_study_features(study)
            pseudo_label_study(study, k=12)
            study.engine.dispose()

    return make_once(tmp_path_factory, "proposed", make) / "studies" / "proposed"
