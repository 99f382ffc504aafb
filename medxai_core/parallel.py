"""Do the same to many things, several at a time, through joblib (so that another backend can take it)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing
from itertools import takewhile
from typing import Any

from joblib import Parallel, delayed

from medxai_core.progress import OnProgress

MOST_AT_ONCE = 8
"""Things handed to a thread at once, where there are many: handing over costs about 0.1 ms."""


def map_parallel(
    function: Callable[..., Any],
    arguments: Collection[tuple[Any, ...]],
    *,
    n_jobs: int = -1,
    on_progress: OnProgress | None = None,
) -> Iterator[Any]:
    """Yield ``function(*arguments[i])`` in order, as soon as it is there.

    Whoever stops taking results ends the work: nothing new is begun. Take them quickly: results that are not
    taken yet are held.

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
    size = min(MOST_AT_ONCE, 1 + len(arguments) // 32)
    calls = (delayed(function)(*one) for one in arguments)
    with closing(run_parallel(calls, n_jobs=n_jobs, batch_size=size)) as results:
        for done, result in enumerate(results, start=1):
            yield result
            if on_progress is not None:
                on_progress(done, len(arguments))


def run_parallel(calls: Iterable[Any], *, n_jobs: int = -1, batch_size: int = 1) -> Generator[Any, None, None]:
    """Yield the results of joblib's delayed calls, in order, as soon as they are there.

    Close it when no more results are wanted: nothing new is begun, and what was begun is waited for.

    Parameters
    ----------
    calls : iterable of joblib.delayed(function)(...)
        Drawn one after the other, when a thread is about to be free.
    n_jobs : int
        As for `map_parallel`.
    batch_size : int
        Calls handed to a thread at once.

    Examples
    --------
    >>> list(run_parallel(delayed(abs)(one) for one in (-2, 3)))
    [2, 3]
    """
    is_wanted = True
    wanted = takewhile(lambda _: is_wanted, calls)
    results = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator", batch_size=batch_size)(wanted)
    try:
        for one in results:  # noqa: UP028 - "yield from" would close joblib's generator before it is emptied
            yield one
    finally:
        is_wanted = False
        for _ in results:  # joblib warns of work that was begun and is not waited for
            pass
