"""Labels and groups of pictures from a table: ``filename,label`` and any other columns.

Comma, semicolon or tab; UTF-8 (with or without byte order mark) or UTF-16 with one. The first line names the
columns; upper and lower case, spaces, hyphens and underscores make no difference in those names.
"""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medxai_core.errors import Failure, LayoutError
from medxai_core.formats.class_names import is_kvasir_class, label_kvasir_class, label_plain_class
from medxai_core.formats.listing import ImageRecord, Listing
from medxai_core.images.opening import make_printable_name

FILENAME_COLUMNS = ("filename", "file", "image", "imagename", "videofile", "relativepath", "path")
LABEL_COLUMNS = ("label", "class", "classname", "finding")
_NUMBERED_CLASSES = {"0": "non_polyp", "1": "polyp"}


@dataclass(frozen=True)
class LabelRow:
    """Hold one row of a table of labels, as written.

    Attributes
    ----------
    line : int
        Line in the file, from 1.
    filename, label : str
        Stripped of blanks. An empty label: unknown.
    group : str or None
        None: no group column, or empty.
    """

    line: int
    filename: str
    label: str
    group: str | None


def read_label_rows(path: Path, *, group_column: str | None = None) -> list[LabelRow]:
    """Read a table of labels.

    Parameters
    ----------
    path : Path
    group_column : str or None, default None
        Name of the column of patients, procedures or videos. With it, the label column may be missing.

    Returns
    -------
    rows : list of LabelRow
        In the order of the file; rows without a file name are left out.

    Raises
    ------
    LayoutError
        The file cannot be read as such a table, or a column is missing.
    """
    lines = _split_cells(_read_text(path), path)
    if not lines:
        raise LayoutError(f"{make_printable_name(path.name)} is empty.", "Give columns filename and label.")
    header = lines[0][1]
    filenames = _find_column(header, FILENAME_COLUMNS, path)
    groups = None if group_column is None else _find_column(header, (group_column,), path)
    needs_label = groups is None or _has_column(header, LABEL_COLUMNS)
    labels = _find_column(header, LABEL_COLUMNS, path) if needs_label else None
    rows = [
        LabelRow(
            line=line,
            filename=_get_cell(cells, filenames),
            label=_get_cell(cells, labels),
            group=_get_cell(cells, groups) or None,
        )
        for line, cells in lines[1:]
    ]
    return [row for row in rows if row.filename]


def apply_label_table(listing: Listing, path: Path, *, group_column: str | None = None) -> Listing:
    """Return a listing with the labels and groups of a table.

    Parameters
    ----------
    listing : Listing
    path : Path
    group_column : str or None, default None
        As in `read_label_rows`.

    Returns
    -------
    Listing
        The table overrules folder names. Pictures it does not name keep their label. Rows whose file or
        label is not known, that are ambiguous, or that contradict one another are listed failures.

    Notes
    -----
    A file name may be the path from the image root, the bare name, or the name without extension, whichever
    is unique. Known labels: polyp and non_polyp with their synonyms, the classes of Kvasir and HyperKvasir,
    and 0 (non_polyp) and 1 (polyp).
    """
    rows = read_label_rows(path, group_column=group_column)
    rows_by_picture, failures = _match_rows(rows, listing.records, path.name)
    records = []
    n_changed = 0
    for record in listing.records:
        merged, reasons = _merge_rows(record, rows_by_picture.get(record.relative_path, []))
        failures += [Failure(make_printable_name(record.relative_path), reason) for reason in reasons]
        n_changed += record.reference_label is not None and merged.reference_label != record.reference_label
        records.append(merged)
    table = make_printable_name(path.name)
    notes = [f"{len(rows_by_picture)} of {len(records)} pictures are named in {table}."]
    notes += [f"{n_changed} labels by folder name were replaced by those of {table}."] if n_changed else []
    return replace(listing, records=records, failures=listing.failures + failures, notes=listing.notes + notes)


def parse_label(text: str) -> str | None:
    """Return the label a user means.

    Parameters
    ----------
    text : str

    Returns
    -------
    {"polyp", "non_polyp"} or None
        None: empty, or a class that does not tell.

    Raises
    ------
    ValueError
        The text is no known label.

    Examples
    --------
    >>> parse_label("Non-Polyp"), parse_label("1"), parse_label("")
    ('non_polyp', 'polyp', None)
    """
    text = text.strip()
    label = _NUMBERED_CLASSES.get(text) or label_plain_class(text) or label_kvasir_class(text)
    if label is None and text and not is_kvasir_class(text):
        raise ValueError(f"label '{make_printable_name(text)}' is not known. Write polyp, non_polyp or nothing.")
    return label


def _read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark."""
    name = make_printable_name(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LayoutError(f"{name} cannot be read ({error.strerror}).", "Check path and permissions.") from error
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise LayoutError(f"{name} is not text in UTF-8.", "Save it as 'CSV UTF-8'.") from error


def _split_cells(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """Return (line, cells) of every line that is not blank, with the delimiter that the header shows."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {delimiter: len(next(csv.reader([first], delimiter=delimiter), [])) for delimiter in ",;\t"}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(counts, key=lambda d: counts[d]))
    try:
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        message = f"{make_printable_name(path.name)} is no table ({error}, line {reader.line_num})."
        raise LayoutError(message, "Save it as 'CSV UTF-8'.") from error


def _simplify(name: str) -> str:
    """Return the name of a column without case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def _has_column(header: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether the header has one of the columns."""
    return not {_simplify(cell) for cell in header}.isdisjoint(_simplify(name) for name in names)


def _find_column(header: Sequence[str], names: Sequence[str], path: Path) -> int:
    """Return the position of the first of the names that the header has."""
    simple = [_simplify(cell) for cell in header]
    for name in map(_simplify, names):
        if name in simple:
            return simple.index(name)
    found = ", ".join(make_printable_name(cell.strip()) for cell in header[:12])
    raise LayoutError(
        f"{make_printable_name(path.name)} must have a column '{names[0]}'; its first line has: {found}.",
        f"Name the column '{names[0]}' in the first line.",
    )


def _get_cell(cells: Sequence[str], column: int | None) -> str:
    """Return a cell without blanks around it; empty when the line is too short."""
    return cells[column].strip() if column is not None and column < len(cells) else ""


def _list_names(relative_path: str) -> list[str]:
    """Return the names by which a table may call a picture, the most certain first."""
    path = unicodedata.normalize("NFC", relative_path)
    name = path.rpartition("/")[2]
    return [path, name, os.path.splitext(path)[0], os.path.splitext(name)[0]]


def _match_rows(
    rows: Sequence[LabelRow], records: Sequence[ImageRecord], table: str
) -> tuple[dict[str, list[LabelRow]], list[Failure]]:
    """Return the rows by relative path of the picture they mean, and the rows that mean none."""
    by_name: list[dict[str, list[str]]] = [defaultdict(list) for _ in range(4)]
    for record in records:
        for known, name in zip(by_name, _list_names(record.relative_path), strict=True):
            known[name].append(record.relative_path)
    matched: dict[str, list[LabelRow]] = defaultdict(list)
    failures = []
    for row in rows:
        name = unicodedata.normalize("NFC", row.filename)
        spellings = (name, name.replace("\\", "/").removeprefix("./"))
        found = next((known[s] for known in by_name for s in spellings if s in known), [])
        if len(found) == 1:
            matched[found[0]].append(row)
            continue
        reason = f"{len(found)} pictures have this name; give the path." if found else "no picture has this name."
        item = f"{make_printable_name(table)}, line {row.line}: {make_printable_name(row.filename)}"
        failures.append(Failure(item, reason))
    return dict(matched), failures


def _merge_rows(record: ImageRecord, rows: Sequence[LabelRow]) -> tuple[ImageRecord, list[str]]:
    """Return a record with what its rows say, and what is wrong with them."""
    if not rows:
        return record, []
    labels: set[str] = set()
    groups = {row.group for row in rows if row.group is not None}
    reasons = []
    for row in rows:
        try:
            label = parse_label(row.label)
        except ValueError as error:
            reasons.append(f"line {row.line}: {error}")
        else:
            labels |= {label} if label is not None else set()
    if len(rows) > 1:
        lines = ", ".join(str(row.line) for row in rows)
        is_same = len(labels) <= 1 and len(groups) <= 1
        reasons.append(f"named in lines {lines}" + ("." if is_same else ", which differ: left unknown."))
    if labels:
        record = replace(record, reference_label=labels.pop() if len(labels) == 1 else None)
    return replace(record, group=groups.pop()) if len(groups) == 1 else record, reasons
