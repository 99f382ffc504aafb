"""Whether a layer's heat maps depend on the picture at all, or are much the same for every one."""

from __future__ import annotations

import numpy as np

from medxai_core.errors import StageMissingError
from medxai_core.records.masks import get_heatmaps, list_heatmaps
from medxai_core.records.pictures import Images
from medxai_core.sanity.sameness import SAME_LIMIT, Sameness, compute_sameness
from medxai_core.study import Study

MOST_PICTURES = 200


def measure_sameness(
    study: Study, run_id: str, images: Images, *, split: str, method: str = "gradcam"
) -> dict[int, Sameness]:
    """Compare the recorded maps of the pictures of a split, by layer.

    Notes
    -----
    At most `MOST_PICTURES`, spread evenly over the split. Layers without recorded maps are left out.
    """
    positions = images.positions_in(split)
    if len(positions) > MOST_PICTURES:
        positions = positions[np.linspace(0, len(positions) - 1, MOST_PICTURES).round().astype(int)]
    found = {}
    for layer in list_heatmaps(study, run_id, method):
        try:
            maps = get_heatmaps(study, run_id, layer, method=method)
        except StageMissingError:  # removed since it was listed
            continue
        found[layer] = compute_sameness(np.asarray(maps[positions], np.float32))
    return found


def describe_sameness(sameness: Sameness) -> str | None:
    """Say in words that a layer's map is the same for every picture; None when it is not, or cannot be said.

    >>> describe_sameness(Sameness(0.5, 60)) is None
    True
    """
    if not sameness.is_same or sameness.correlation is None:
        return None
    return (
        f"This layer's map is nearly the same for every picture: half of {sameness.n_pictures} maps agree with the "
        f"mean of the others by more than {min(sameness.correlation, 0.999):.3f} (correlation; the limit is "
        f"{SAME_LIMIT:g}). It says little about this one."
    )
