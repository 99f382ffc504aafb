"""Which pictures of a study may hold burned-in text: recorded by the import, looked for again when asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medxai_core.errors import MedxaiError
from medxai_core.progress import OnProgress
from medxai_core.records.pictures import list_images, load_study_image
from medxai_core.studies.burned_in_text import find_burned_in_text
from medxai_core.study import Study

TEXT_FACT = "burned_in_text"
TEXT_FINDING = "text may be burned in"
MARGIN = 0.03
"""Share of the picture that is shown around text."""

TEXT_ADVICE = (
    "Names, dates of birth and numbers of patients may be legible, here and in every export. Look at these pictures: "
    "what names a patient must be cut off or blacked out in the originals. Import those anew then, and delete this "
    "study."
)
TEXT_NO_PROOF = (
    "Looked for by rows of small bright strokes. Some text is missed, red text nearly always: "
    "finding none is no proof that there is none."
)
TEXT_NOT_LOOKED_FOR = "Text burned into the pictures was not looked for: an earlier version made this study."


def list_pictures_with_text(study: Study, present: Sequence[str]) -> list[str] | None:
    """Return the ids of the pictures that may hold burned-in text; None when it was not looked for.

    Parameters
    ----------
    present : sequence of str
        Ids of the pictures that were not removed since.
    """
    found = study.get_fact(TEXT_FACT)
    if not found:
        return found
    known = set(present)
    return [image_id for image_id in found if image_id in known]


def cut_out_text(image: np.ndarray) -> np.ndarray | None:
    """Cut out of a picture (H, W, 3) uint8 what looks like text, with a margin; None when nothing does."""
    rows = find_burned_in_text(image)
    if not rows:
        return None
    height, width = image.shape[:2]
    x0, y0 = min(row.x0 for row in rows) - MARGIN, min(row.y0 for row in rows) - MARGIN
    x1, y1 = max(row.x1 for row in rows) + MARGIN, max(row.y1 for row in rows) + MARGIN
    return image[int(max(0, y0) * height) : int(y1 * height) + 1, int(max(0, x0) * width) : int(x1 * width) + 1]


def look_for_text(study: Study, *, on_progress: OnProgress | None = None) -> list[str]:
    """Read every picture again, look for burned-in text, record and return the ids.

    Notes
    -----
    A picture that cannot be read any more keeps what was found in it before.
    """
    images = list_images(study)
    before, found = set(study.get_fact(TEXT_FACT) or ()), []
    for position, image_id in enumerate(images.image_ids):
        if images.is_present[position]:
            try:
                has_text = bool(find_burned_in_text(load_study_image(study, images.relative_paths[position])))
            except MedxaiError:
                has_text = image_id in before
            found += [str(image_id)] if has_text else []
        if on_progress is not None:
            on_progress(position + 1, len(images))
    study.set_fact(TEXT_FACT, found)
    return found
