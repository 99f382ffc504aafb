"""The method: from endoscopy pictures to segmentation masks that no one drew."""

import os

__version__ = "0.1.0"

# PyTorch's threads wait for each other at the end of every operation, by default in a loop that keeps their core busy
# for milliseconds. Where another process wants that core (a browser, a colleague's training), work then takes much
# longer (docs/performance.md, "Beside other programs"). Read once by GNU OpenMP, when PyTorch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
