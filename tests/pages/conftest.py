"""A small study made by the real core, and the app opened on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_once import make_once
from PIL import Image
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from medxai_core.clusters import scale_features
from medxai_core.readers import get_default_reader
from medxai_core.records.clusterings import get_features, record_embedding
from medxai_core.stages.clusters import pseudo_label_study
from medxai_core.stages.features import extract_study_features
from medxai_core.studies.importing import ImportOptions, create_study
from medxai_core.study import Study, open_study

ROOT = Path(__file__).resolve().parents[2]
N_PICTURES = 24
SIDE = 96
STUDY = "small"


def draw_picture(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of SIDE x SIDE and its mask: even numbers hold a bright disc, the polyp."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    mask = (rows - rng.integers(20, 70)) ** 2 + (columns - rng.integers(20, 70)) ** 2 < 18**2
    mask &= number % 2 == 0
    image = np.stack([150 + rows // 2, 60 + columns // 3, np.full_like(rows, 50)], axis=-1)
    image = image + rng.integers(-25, 25, image.shape) + 50 * mask[..., None]
    return np.clip(image, 0, 255).astype(np.uint8), mask


def write_pictures(folder: Path) -> None:
    """Write pictures and masks below a folder."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number in range(N_PICTURES):
        image, mask = draw_picture(number)
        Image.fromarray(image).save(folder / "images" / f"patient-smith-{number:02d}.png")
        Image.fromarray((mask * 255).astype(np.uint8)).save(folder / "masks" / f"patient-smith-{number:02d}.png")


@pytest.fixture(scope="session")
def imported_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study that was just imported: 24 pictures as 2x2 tiles, masks, seeds."""

    def make(root: Path) -> None:
        write_pictures(root / "pictures")
        options = ImportOptions(
            root / "pictures" / "images", root / "pictures" / "masks", tiles=(2, 2), seeds=6, validation=8, seed=1
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MEDXAI_HOME", str(root))
            create_study(root / "studies" / STUDY, options).engine.dispose()

    return make_once(tmp_path_factory, "imported", make) / "studies" / STUDY


@pytest.fixture(scope="session")
def clustered_study(imported_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a study with features, clusters, proposals and a map (of two features, not UMAP)."""

    def make(root: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MEDXAI_HOME", str(root))
            study = open_study(shutil.copytree(imported_study, root / "studies" / STUDY))
            extract_study_features(study, n_jobs=1)
            pseudo_label_study(study, k=10, target=1000)
            points = scale_features(get_features(study))[:, 80:82].astype(np.float32)
            record_embedding(study, points, feature_set="lire", trustworthiness=0.91, manifest={})
            study.engine.dispose()

    return make_once(tmp_path_factory, "clustered", make) / "studies" / STUDY


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep everything in a temporary home without a study."""
    monkeypatch.setenv("MEDXAI_HOME", str(tmp_path))
    return tmp_path


def _copy(source: Path, home: Path) -> Study:
    """Copy a study into a home: what one test does to it no other sees."""
    return open_study(shutil.copytree(source, home / "studies" / STUDY))


@pytest.fixture
def fresh_study(home: Path, imported_study: Path) -> Study:
    """Return a study of one's own that was just imported."""
    return _copy(imported_study, home)


@pytest.fixture
def small_study(home: Path, clustered_study: Path) -> Study:
    """Return a study of one's own with features, clusters, proposals and a map."""
    return _copy(clustered_study, home)


OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _through_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run app.py in every run: AppTest takes a pages folder for pages that stand alone."""
    make = PagesManager.__init__

    def make_without_folder(self, *args, **options):
        make(self, *args, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", make_without_folder)


@pytest.fixture
def open_page(home: Path) -> OpenPage:
    """Return a function that opens app.py and goes to a page, with what stands in the address; a reader is said."""

    def go(page: str, *, reader: str | None = None, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.session_state["reader"], app.session_state["reader_said"] = reader or get_default_reader(), True
        for name, value in query.items():
            app.query_params[name] = value
        app._page_hash = calc_hash(page)  # as a browser asks that opens the address of the page
        return app.run()

    return go


@pytest.fixture
def read_page() -> Callable[[AppTest], str]:
    """Return a function that returns all that a page says, as one text."""

    def read(app: AppTest) -> str:
        kinds = ("title", "markdown", "caption", "text", "info", "error", "warning", "success", "metric")
        found = [element for kind in kinds for element in getattr(app, kind)]
        return "\n".join(f"{getattr(element, 'label', '')} {element.value}" for element in found)

    return read
