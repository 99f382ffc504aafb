"""A choice of items as a table: ids, cluster, label in force. No file names, no reference labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from medxai_core.config import RESEARCH_USE

SELECTION_COLUMNS = ("item_id", "image_id", "split", "cluster_id", "label", "label_source")


def format_selection_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return a table of items, after one comment line that states the intended use.

    Parameters
    ----------
    rows : iterable of (item_id, image_id, split, cluster_id, label, label_source)
        None becomes an empty cell; so does a cluster of -1, which means not clustered. The source "hidden" says that
        another reader has decided and that this one has not yet: the label is withheld.

    Examples
    --------
    >>> print(format_selection_csv([("a-r0c1", "a", "train", 3, None, None)]).splitlines()[2])
    a-r0c1,a,train,3,,
    """
    table = io.StringIO(newline="")
    table.write(f"# {RESEARCH_USE}\r\n")
    writer = csv.writer(table)
    writer.writerow(SELECTION_COLUMNS)
    for row in rows:
        cells = ["" if cell is None else cell for cell in row]
        cells[3] = "" if cells[3] == -1 else cells[3]
        writer.writerow(cells)
    return table.getvalue()
