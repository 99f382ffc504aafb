"""When and with what a result was made: moments as text, library versions."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from medxai_core import __version__


def now_text() -> str:
    """Return this moment in UTC as ISO 8601 text with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@cache
def compute_code_digest() -> str:
    """Return the first 12 digits of the SHA-256 over the modules of this package: between two releases code changes."""
    root, digest = Path(__file__).resolve().parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def get_versions(*packages: str) -> dict[str, Any]:
    """Return the versions that a result depends on.

    >>> get_versions("numpy")["medxai_core"] == __version__
    True
    """
    versions: dict[str, Any] = {name: metadata.version(name) for name in packages}
    versions |= {
        "medxai_core": __version__,
        "code": compute_code_digest(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "n_cpus": os.cpu_count(),
    }
    return versions
