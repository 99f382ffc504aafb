"""What a report says of itself to machines: the run it is about, and digests to compare."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from medxai_core.errors import LayoutError

FACTS_ID = "medxai-facts"
"""Id of the script element, of type application/json, that holds the facts of a report."""

_REMEDY = "Give the .html file that `report` wrote."


@dataclass(frozen=True)
class ReportDigests:
    """Hold the facts of a report that a replay compares.

    Attributes
    ----------
    run_id : str
    masks_digest, dataset_digest : str or None
        See `masks.compute_masks_digest` and `records.pictures.compute_dataset_digest`; None: the report has none.
    """

    run_id: str
    masks_digest: str | None
    dataset_digest: str | None


class _FactsParser(HTMLParser):
    """Collect the text of the one element that holds the facts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the facts begin."""
        if tag == "script" and dict(attrs).get("id") == FACTS_ID:
            self._is_inside = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Note where they end."""
        if tag == "script":
            self._is_inside = False

    def handle_data(self, data: str) -> None:
        """Keep them."""
        if self._is_inside:
            self.texts[-1] += data


def read_report_digests(path: Path) -> ReportDigests:
    """Read the facts out of a report.

    Raises
    ------
    LayoutError
        The file cannot be read, or is no report of this software.
    """
    parser = _FactsParser()
    try:
        parser.feed(path.read_text(encoding="utf-8"))
        parser.close()
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(f"{path.name} cannot be read as a report ({error}).", _REMEDY) from error
    if len(parser.texts) != 1:
        raise LayoutError(f"{path.name} is no report of this software: it holds no facts for machines.", _REMEDY)
    try:
        values = json.loads(parser.texts[0])
        found = ReportDigests(values["run_id"], values.get("masks_digest"), values.get("dataset_digest"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"the facts in {path.name} cannot be read: the report was changed by hand."
        raise LayoutError(message, _REMEDY) from error
    if not isinstance(found.run_id, str):
        raise LayoutError(f"the facts in {path.name} name no run: the report was changed by hand.", _REMEDY)
    return found
