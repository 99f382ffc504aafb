"""Which class names of other people's data sets mean polyp, which mean polyp-free, and which neither.

Kvasir and HyperKvasir give each picture one class. Here:

* ``polyps`` and ``dyed-lifted-polyps`` are "polyp". A lifted polyp is still in view, though dyed blue and
  about to be removed; it looks unlike the polyps of Kvasir-SEG, so notes state how many there are.
* ``dyed-resection-margins`` is unknown (None): the polyp has been cut off, but a rest may be left; the class
  is there for looking for it.
* Every other class (landmarks, inflammation, quality of the view) is "non_polyp". Nobody searched those
  pictures for a second finding, so this is what the class name says and no more.

References
----------
K. Pogorelov et al., "KVASIR: a multi-class image dataset for computer aided gastrointestinal disease
detection", MMSys 2017, doi:10.1145/3083187.3083212.
H. Borgli et al., "HyperKvasir, a comprehensive multi-class image and video dataset for gastrointestinal
endoscopy", Scientific Data 7, 283 (2020), doi:10.1038/s41597-020-00622-y.
"""

from __future__ import annotations

import re
from collections.abc import Callable

KVASIR_POLYP_CLASSES = frozenset({"polyp", "polyps", "dyed-lifted-polyps"})
KVASIR_UNKNOWN_CLASSES = frozenset({"dyed-resection-margins"})
KVASIR_OTHER_CLASSES = frozenset({
    "cecum", "ileum", "pylorus", "z-line", "hemorrhoids", "haemorrhoids", "impacted-stool", "esophagitis",
    "oesophagitis", "ulcerative-colitis", "barretts", "barrett's", "short-segment-barretts",
})  # fmt: skip
KVASIR_OTHER_FAMILIES = (
    "normal-",
    "ulcerative-colitis-",
    "esophagitis-",
    "oesophagitis-",
    "barrett",
    "bbps-",
    "retroflex-",
)

PLAIN_NAMES: dict[str, str] = {
    "polyp": "polyp",
    "polyps": "polyp",
    "with-polyp": "polyp",
    "with-polyps": "polyp",
    "non-polyp": "non_polyp",
    "non-polyps": "non_polyp",
    "nonpolyp": "non_polyp",
    "nonpolyps": "non_polyp",
    "no-polyp": "non_polyp",
    "no-polyps": "non_polyp",
    "not-polyp": "non_polyp",
    "without-polyp": "non_polyp",
    "without-polyps": "non_polyp",
    "polyp-free": "non_polyp",
    "normal": "non_polyp",
}
"""Names of the two classes as people write them, after `simplify_class_name`."""


def simplify_class_name(name: str) -> str:
    """Write a class name in lower case, with one hyphen for every gap.

    Examples
    --------
    >>> simplify_class_name(" Non_Polyp ")
    'non-polyp'
    """
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())


def is_kvasir_class(name: str) -> bool:
    """Return whether this is the name of a class of Kvasir or HyperKvasir.

    Examples
    --------
    >>> is_kvasir_class("dyed-resection-margins"), is_kvasir_class("patient 7")
    (True, False)
    """
    name = simplify_class_name(name)
    known = KVASIR_POLYP_CLASSES | KVASIR_UNKNOWN_CLASSES | KVASIR_OTHER_CLASSES
    return name in known or name.startswith(KVASIR_OTHER_FAMILIES)


def label_kvasir_class(name: str) -> str | None:
    """Return the label that a class of Kvasir or HyperKvasir stands for.

    Returns
    -------
    {"polyp", "non_polyp"} or None
        None: the class does not tell, or is none of theirs.

    Examples
    --------
    >>> label_kvasir_class("normal-cecum"), label_kvasir_class("dyed-resection-margins")
    ('non_polyp', None)
    """
    name = simplify_class_name(name)
    if name in KVASIR_POLYP_CLASSES:
        return "polyp"
    return "non_polyp" if is_kvasir_class(name) and name not in KVASIR_UNKNOWN_CLASSES else None


def label_plain_class(name: str) -> str | None:
    """Return the label of a class named polyp or non_polyp, or an obvious synonym; None for others.

    Examples
    --------
    >>> label_plain_class("Non-Polyp"), label_plain_class("images")
    ('non_polyp', None)
    """
    return PLAIN_NAMES.get(simplify_class_name(name))


def find_class_folder(relative_path: str, is_class: Callable[[str], bool]) -> str | None:
    """Return the nearest folder above a file whose name is a class name, or None.

    Examples
    --------
    >>> find_class_folder("train/polyps/patient 7/a.jpg", is_kvasir_class)
    'polyps'
    """
    return next((name for name in reversed(relative_path.split("/")[:-1]) if is_class(name)), None)
