"""Do the same to many things, several at a time, through joblib (so that another backend can take it)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed

from medxai_core.progress import OnProgress

THINGS_A_ROUND = 64
"""Results held at a time: bounds the memory, and lets a stop take effect between two rounds."""


def map_parallel(
    function: Callable[..., Any],
    arguments: Sequence[tuple[Any, ...]],
    *,
    n_jobs: int = -1,
    on_progress: OnProgress | None = None,
) -> Iterator[Any]:
    """Yield ``function(*arguments[i])`` in order.

    Parameters
    ----------
    n_jobs : int
        Things worked on at a time; -1: one a core. Threads do: decoding and the features' loops work outside
        Python's lock.
    on_progress : callable, optional
        Called as on_progress(done, total) after each result was taken; may raise to stop.

    Examples
    --------
    >>> list(map_parallel(pow, [(2, 3), (3, 2)]))
    [8, 9]
    """
    with Parallel(n_jobs=n_jobs, prefer="threads") as parallel:
        for start in range(0, len(arguments), THINGS_A_ROUND):
            part = arguments[start : start + THINGS_A_ROUND]
            for done, result in enumerate(parallel(delayed(function)(*one) for one in part), start + 1):
                yield result
                if on_progress is not None:
                    on_progress(done, len(arguments))
