"""The direction of imports, the size of pages, and what the core must not know."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "medxai_core"

ORDER = [
    ["errors", "config", "readers", "progress", "provenance", "json_values", "memory", "parallel"],
    ["images", "phantom", "near_duplicates", "formats"],
    ["features", "clusters", "pseudo_labels", "review", "embedding"],
    ["models", "datasets", "checkpoints", "training", "students", "heatmaps", "masks"],
    ["evaluation", "sanity", "surrogate"],
    ["store", "arrays", "study", "events", "records", "studies"],
    ["jobs", "stages", "views", "life_story", "report"],
    ["pipeline", "demo", "making"],
    ["commands", "__main__"],
]
RANK = {name: (group, place) for group, names in enumerate(ORDER) for place, name in enumerate(names)}


def find_room(path: Path) -> str:
    """Return the module or package of the core that a file belongs to."""
    first = path.relative_to(CORE).parts[0]
    return first.removesuffix(".py")


def list_imports(path: Path) -> set[str]:
    """Return the rooms of the core that a file imports, wherever in the file."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module == "medxai_core":
            names = [f"medxai_core.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("medxai_core.")}
    return rooms - {"__version__"}


CORE_FILES = sorted(path for path in CORE.rglob("*.py") if path != CORE / "__init__.py")


@pytest.mark.parametrize("path", CORE_FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_core_imports_only_from_its_left(path: Path) -> None:
    room = find_room(path)
    assert room in RANK, f"{room} has no place in the order of imports"
    wrong = {other for other in list_imports(path) - {room} if RANK[other] > RANK[room]}
    assert not wrong, f"{path.name} imports {wrong}, which come later"


@pytest.mark.parametrize("path", CORE_FILES, ids=lambda path: str(path.relative_to(CORE)))
def test_core_knows_nothing_of_the_app(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "import streamlit" not in text
    assert "from pages" not in text


def test_pages_are_thin() -> None:
    for page in (ROOT / "pages").glob("*.py"):
        lines = page.read_text(encoding="utf-8").count("\n")
        assert lines <= 80, f"{page.name} has {lines} lines; move widgets to pages/components"
    assert (ROOT / "app.py").read_text(encoding="utf-8").count("\n") <= 60


def test_caches_live_in_one_file() -> None:
    for path in (ROOT / "pages").rglob("*.py"):
        if path.name != "cached.py":
            assert "st.cache_" not in path.read_text(encoding="utf-8"), f"{path.name} holds a cache"


def test_no_module_is_too_long() -> None:
    for path in [*CORE.rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines"


def test_the_command_line_starts_without_heavy_libraries() -> None:
    import subprocess
    import sys

    code = (
        "import sys; import medxai_core.__main__; "
        "print([m for m in ('torch', 'sklearn', 'umap', 'numba', 'streamlit', 'skimage') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
