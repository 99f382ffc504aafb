"""What each group of feature columns means to a clinician."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from medxai_core.features.registry import FEATURE_SETS, LEARNED_SETS, Descriptor


@dataclass(frozen=True)
class Concept:
    """Name a group of columns of one descriptor that mean one thing.

    Attributes
    ----------
    more, less : str
        Words for a group of pictures where the mean of the columns is higher, or lower, than elsewhere.
    columns : tuple of int
        Columns within the descriptor.
    """

    more: str
    less: str
    columns: tuple[int, ...]


_QUARTERS = {(0, 0): "upper left", (0, 1): "upper right", (1, 0): "lower left", (1, 1): "lower right"}
_EDGE_KINDS = (
    "vertical edges",
    "horizontal edges",
    "edges rising to the right",
    "edges falling to the right",
    "edges without a direction",
)
# Lines of bin i rise to the right by 11.5 * (i + 0.5) - 90 degrees; bin 0 also counts flat places.
_LINE_BINS = {
    "flat surface or upright lines": (0,),
    "upright fine lines": (1, 14, 15),
    "fine lines falling to the right": (2, 3, 4, 5),
    "level fine lines": (6, 7, 8, 9),
    "fine lines rising to the right": (10, 11, 12, 13),
}
# The 8x8 layout covers the upper left part of the picture only.
_LAYOUT_PLACES = {
    (0, 0): "in the far upper left corner",
    (0, 1): "at the top, a little right of the upper left corner",
    (1, 0): "at the left, a little below the upper left corner",
    (1, 1): "in the upper left, towards the middle",
}
_GREYS = ("black", "dark grey", "light grey", "white")


def find_descriptor(name: str, n_columns: int) -> Descriptor:
    """Return the registered descriptor of this name, or one with the aspect "other".

    >>> find_descriptor("luminance_layout", 64).aspect, find_descriptor("unknown", 3).aspect
    ('brightness', 'other')
    """
    for feature_set in (FEATURE_SETS | LEARNED_SETS).values():
        for descriptor in feature_set.descriptors:
            if descriptor.name == name:
                return descriptor
    return Descriptor(name, n_columns, "other", "", name)


def list_concepts(descriptor: str, n_columns: int) -> list[Concept]:
    """Return the groups of columns of a descriptor that can be said in words.

    Parameters
    ----------
    descriptor : str
        Name, as registered.
    n_columns : int
        Number of its columns. A descriptor without words of its own, or with another number of
        columns, gets one concept for each column.

    Returns
    -------
    list of Concept
        Every column is in exactly one.

    Examples
    --------
    >>> list_concepts("tamura", 18)[0]
    Concept(more='coarser texture', less='finer texture', columns=(0,))
    """
    n_known, build = _BUILDERS.get(descriptor, (None, None))
    if build is not None and n_columns == n_known:
        return build()
    name = find_descriptor(descriptor, n_columns).column_prefix
    return [Concept(f"higher {name} {i}", f"lower {name} {i}", (i,)) for i in range(n_columns)]


def name_color(red: int, green: int, blue: int) -> str:
    """Return a plain name for a colour given in four levels per channel.

    Parameters
    ----------
    red, green, blue : int
        Levels 0..3, as in SimpleColorHistogram.

    Returns
    -------
    str

    Examples
    --------
    >>> name_color(1, 0, 0), name_color(3, 2, 2), name_color(0, 2, 0), name_color(3, 3, 3)
    ('dark red', 'pale red', 'green', 'white')
    """
    high, low = max(red, green, blue), min(red, green, blue)
    if high == low:
        return _GREYS[high]
    tone = "dark " if high == 1 else "pale " if low >= 2 else ""
    return tone + _name_hue(red, green, blue)


def _name_hue(red: int, green: int, blue: int) -> str:
    """Return the hue of a colour that is not grey, from the order of its channels."""
    high = max(red, green, blue)
    if red == high and green == high:
        return "yellow"
    if green == high:
        return "cyan" if blue == high else "green"
    if blue == high:
        return "purple" if red > green else "blue"
    return "red" if green == blue else "orange" if green > blue else "pink"


def _build_edges() -> list[Concept]:
    """Group 4x4 regions x 5 kinds by quarter of the picture and kind."""
    concepts = []
    for (down, right), place in _QUARTERS.items():
        regions = [4 * (2 * down + i) + 2 * right + j for i in (0, 1) for j in (0, 1)]
        for kind, words in enumerate(_EDGE_KINDS):
            columns = tuple(5 * region + kind for region in regions)
            concepts.append(Concept(f"more {words} in the {place}", f"fewer {words} in the {place}", columns))
    return concepts


def _build_texture() -> list[Concept]:
    """Name coarseness and contrast, and group the 16 directions."""
    concepts = [
        Concept("coarser texture", "finer texture", (0,)),
        Concept("stronger light-dark contrast", "weaker light-dark contrast", (1,)),
    ]
    for words, bins in _LINE_BINS.items():
        less = "less" if 0 in bins else "fewer"
        concepts.append(Concept(f"more {words}", f"{less} {words}", tuple(2 + i for i in bins)))
    return concepts


def _build_brightness() -> list[Concept]:
    """Group the 8x8 layout by quarter."""
    concepts = []
    for (down, right), place in _LAYOUT_PLACES.items():
        columns = tuple(8 * (4 * down + i) + 4 * right + j for i in range(4) for j in range(4))
        concepts.append(Concept(f"brighter {place}", f"darker {place}", columns))
    return concepts


def _build_color() -> list[Concept]:
    """Group the 64 colour bins by the name of their colour."""
    columns: dict[str, list[int]] = defaultdict(list)
    for i in range(64):
        columns[name_color(i // 16, i // 4 % 4, i % 4)].append(i)
    return [Concept(f"more {name}", f"less {name}", tuple(bins)) for name, bins in columns.items()]


_BUILDERS: dict[str, tuple[int, Callable[[], list[Concept]]]] = {
    "edge_histogram": (80, _build_edges),
    "tamura": (18, _build_texture),
    "luminance_layout": (64, _build_brightness),
    "simple_color_histogram": (64, _build_color),
    "polyp_evidence": (1, lambda: [Concept("more like the labelled polyps", "less like the labelled polyps", (0,))]),
}
