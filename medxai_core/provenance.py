"""When and with what a result was made: moments as text, library versions."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from medxai_core import __version__


def now_text() -> str:
    """Return this moment in UTC as ISO 8601 text with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def get_versions(*packages: str) -> dict[str, Any]:
    """Return the versions that a result depends on.

    >>> get_versions("numpy")["medxai_core"] == __version__
    True
    """
    versions: dict[str, Any] = {name: metadata.version(name) for name in packages}
    versions |= {
        "medxai_core": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "n_cpus": os.cpu_count(),
    }
    return versions
