"""The decision log as the bytes of a file, out and in: for those who have no path, as in a browser."""

from __future__ import annotations

import tempfile
from pathlib import Path

from medxai_core.errors import Failure
from medxai_core.stages.labels import export_decisions, import_decisions
from medxai_core.study import Study


def dump_decisions(study: Study) -> bytes:
    """Return the whole decision log as the bytes of a CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "decisions.csv"
        export_decisions(study, path)
        return path.read_bytes()


def add_decisions(study: Study, content: bytes, *, is_jsonl: bool = False) -> tuple[int, int, list[Failure]]:
    """Add the decisions of a CSV or JSONL file to the log.

    Parameters
    ----------
    content : bytes
        The file, from `dump_decisions` or ``review export``.
    is_jsonl : bool, default False
        Lines of JSON instead of a table.

    Returns
    -------
    n_added, n_known : int
        New decisions, and those that were in the log already.
    failures : list of Failure
        What could not be read or is about no item of this study.

    Raises
    ------
    LayoutError
        The file does not hold decisions.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("decisions.jsonl" if is_jsonl else "decisions.csv")
        path.write_bytes(content)
        return import_decisions(study, path)
