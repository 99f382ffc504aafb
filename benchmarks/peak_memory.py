"""The most memory that this process held, with Python and its libraries."""

from __future__ import annotations

from pathlib import Path

KB = 1024  # what Linux calls kB here
MB = 1e6


def read_peak_memory() -> float:
    """Return the peak of the resident memory in MB (Linux only).

    ``resource.getrusage`` is not used: there a process begins with the peak of the one that started it.
    """
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * KB / MB
    raise RuntimeError("this system does not tell the peak memory of a process")
