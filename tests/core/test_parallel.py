"""Work on many things at a time: in order, stopped when asked, errors passed on."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from medxai_core.parallel import MOST_AT_ONCE, map_parallel

ROOT = Path(__file__).resolve().parents[2]


class StopRequested(Exception):
    """Raised by a caller that wants no more."""


@pytest.mark.parametrize("n_things", [0, 1, 7, 200])
@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_results_come_in_order(n_things: int, n_jobs: int) -> None:
    def work(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return number * number

    seen: list[tuple[int, int]] = []
    arguments = [(number,) for number in range(n_things)]
    found = list(map_parallel(work, arguments, n_jobs=n_jobs, on_progress=lambda *one: seen.append(one)))
    assert found == [number * number for number in range(n_things)]
    assert seen == [(done, n_things) for done in range(1, n_things + 1)]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_after_a_stop_nothing_new_is_begun_and_nothing_goes_on(n_jobs: int) -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.002)

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise StopRequested

    before = threading.active_count()
    with pytest.raises(StopRequested):
        for _ in map_parallel(work, [(number,) for number in range(1000)], n_jobs=n_jobs, on_progress=stop):
            pass
    assert len(begun) <= 8 * n_jobs * MOST_AT_ONCE
    n_begun = len(begun)
    time.sleep(0.02)
    assert len(begun) == n_begun and threading.active_count() <= before


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_reaches_the_caller(n_jobs: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_parallel(divmod, [(1, 1), (1, 0), (2, 1)], n_jobs=n_jobs))


@pytest.mark.parametrize(("given", "kept"), [({}, "1000"), ({"GOMP_SPINCOUNT": "0"}, "0")])
def test_threads_that_wait_give_their_core_away_unless_the_user_says_otherwise(given, kept):
    before = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    show = "import os, medxai_core; print(os.environ['GOMP_SPINCOUNT'])"
    told = subprocess.run([sys.executable, "-c", show], env=before | given, cwd=ROOT, capture_output=True, text=True)
    assert told.stdout.strip() == kept, told.stderr
