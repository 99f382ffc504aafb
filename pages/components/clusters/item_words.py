"""What the items of a study are called: pictures, or tiles of pictures."""

from __future__ import annotations

from medxai_core.study import Study
from pages.components.item_views import has_tiles


def name_items(study: Study) -> str:
    """Return "pictures" or "tiles"."""
    return "tiles" if has_tiles(study) else "pictures"
