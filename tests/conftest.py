"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
