"""Facts about memory that is kept: the second time the same block is taken, no page is cleared anew."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from medxai_core.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
np.ones(1 << 24)  # 128 MB, freed at once
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(1 << 24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is glibc's, on Linux")
def test_a_block_that_is_taken_again_costs_no_page_faults() -> None:
    faults = {
        kind: int(
            subprocess.run([sys.executable, "-c", COUNT, kind], check=True, capture_output=True, text=True).stdout
        )
        for kind in ("keep", "give back")
    }
    assert faults["keep"] * 10 < faults["give back"]
