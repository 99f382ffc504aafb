"""Memory that was freed is kept for the next batch instead of being given back to the system each time."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_KEPT_BLOCK = 1 << 30
_NEVER = (1 << 31) - 1


def keep_freed_memory() -> bool:
    """Let the process keep blocks of up to 1 GB that it frees; for one that does the same again and again.

    glibc gives each large block back to the system when it is freed, and a training takes the same ones again in the
    next step: each page is then cleared anew, about 120,000 of them a step of the segmenter. With batches of pictures
    it is the same.

    Returns
    -------
    bool
        False where there is no glibc: nothing is changed then.

    References
    ----------
    .. [1] ``man 3 mallopt``.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _KEPT_BLOCK)) and bool(mallopt(_M_TRIM_THRESHOLD, _NEVER))
