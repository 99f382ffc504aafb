"""Where the tables of the benchmarks stand in the documents."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def write_table(page: str, name: str, table: str) -> None:
    """Put a table into docs/PAGE, between the marks of the benchmark of this name.

    Raises
    ------
    ValueError
        The page lacks the marks.
    """
    begin, end = f"<!-- {name}: written by benchmarks/{name}.py -->", f"<!-- end of {name} -->"
    head, rest = (DOCS / page).read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    (DOCS / page).write_text(f"{head}{begin}\n{table}{end}{after}", encoding="utf-8")
