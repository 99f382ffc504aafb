"""What a report is made of: statements that name their evidence, tables, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """Hold one statement, and where it comes from.

    Attributes
    ----------
    words : str
        One or a few sentences.
    sources : tuple of str
        Keys of `Source`; never empty in a report.
    is_warning : bool
        Set apart: a reader must not miss it.
    """

    words: str
    sources: tuple[str, ...]
    is_warning: bool = False


@dataclass(frozen=True)
class Row:
    """Hold one row of a table: its cells, and how it is marked ("" plain, "own", or a colour of a light)."""

    cells: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """Hold one table; the first column names the row.

    Attributes
    ----------
    title : str
    header : tuple of str
    rows : tuple of Row
    sources : tuple of str
    note : str
        What the cells rest on.
    numeric : bool
        All columns after the first are numbers, and stand at the right.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    sources: tuple[str, ...]
    note: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Figure:
    """Hold one drawing as SVG, made here from numbers, or one picture as a data URI.

    Attributes
    ----------
    title : str
    svg : str
        Empty for a picture.
    uri : str
        JPEG as ``data:image/jpeg;base64,...``; empty for a drawing.
    alt : str
        What is to be seen, for readers who do not see it.
    words : str
        Below the picture.
    """

    title: str
    sources: tuple[str, ...]
    svg: str = ""
    uri: str = ""
    alt: str = ""
    words: str = ""


Block = Claim | Table | Figure


@dataclass(frozen=True)
class Section:
    """Hold one chapter.

    Attributes
    ----------
    key : str
        Anchor in the page.
    title : str
    blocks : tuple of Claim, Table or Figure
        In reading order.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]

    def list_claims(self) -> list[Claim]:
        """Return the statements of this chapter in order."""
        return [block for block in self.blocks if isinstance(block, Claim)]


@dataclass(frozen=True)
class Source:
    """Hold one piece of evidence.

    Attributes
    ----------
    key : str
    title : str
        What it is.
    where : str
        Table, file or array of the study that holds it, with its id or SHA-256.
    command : str
        What shows or makes it; empty where nothing does.
    """

    key: str
    title: str
    where: str
    command: str = ""


def list_cited(blocks: Sequence[Block]) -> list[str]:
    """Return the keys of all evidence that blocks name, each once, in order.

    >>> list_cited([Claim("a", ("scores", "run")), Claim("b", ("run",))])
    ['scores', 'run']
    """
    return list(dict.fromkeys(key for block in blocks for key in block.sources))


def say_count(n: int, one: str, several: str | None = None) -> str:
    """Say how many there are of something.

    >>> say_count(1, "picture"), say_count(1200, "picture"), say_count(2, "study", "studies")
    ('1 picture', '1,200 pictures', '2 studies')
    """
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def say_span(low: float | None, high: float | None, digits: int = 3) -> str:
    """Return a 95 % interval in brackets, or nothing where it is not known.

    >>> say_span(0.31, 0.4567), say_span(None, None)
    (' [0.310, 0.457]', '')
    """
    return "" if low is None or high is None else f" [{low:.{digits}f}, {high:.{digits}f}]"
