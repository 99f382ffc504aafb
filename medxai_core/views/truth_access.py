"""Who may see the truth of a picture: that of test pictures is hidden until a setting is locked."""

from __future__ import annotations

import numpy as np

from medxai_core.errors import TestSplitLockedError
from medxai_core.records.masks import MaskSetting, get_locked_setting
from medxai_core.records.pictures import Images, load_study_mask
from medxai_core.study import Study
from medxai_core.views.mask_view import describe_plainly, is_same_mask


def explain_hidden_truth(
    study: Study, run_id: str, *, split: str, setting: MaskSetting, align: bool = True
) -> str | None:
    """Say why the truth of a picture must not be shown beside a mask, or return None when it may.

    Parameters
    ----------
    split : str
        Of the picture. Only "test" is ever hidden.
    setting : MaskSetting
        That makes the mask. On test pictures only the locked one is compared with the truth: every
        other comparison would be tuning on test.
    align : bool
        Locked masks are aligned; a map that is not is another setting.
    """
    if split != "test":
        return None
    locked = get_locked_setting(study, run_id)
    if locked is None:
        return "Truth and scores of test pictures stay hidden until a setting is locked."
    if not align or not is_same_mask(setting, locked):
        return (
            "On test pictures truth and scores are shown for the locked setting only "
            f"({describe_plainly(locked)}); you are looking at another one."
        )
    return None


def load_open_truth(
    study: Study,
    run_id: str,
    images: Images,
    position: int,
    *,
    setting: MaskSetting,
    align: bool = True,
) -> np.ndarray | None:
    """Load the truth of one picture, (H, W) bool, when it may be seen; None when the study has none.

    Raises
    ------
    TestSplitLockedError
        It is a test picture and its truth is hidden, see `explain_hidden_truth`.
    """
    reason = explain_hidden_truth(study, run_id, split=str(images.splits[position]), setting=setting, align=align)
    if reason is not None:
        raise TestSplitLockedError(reason, "Lock the setting first.")
    size = (int(images.widths[position]), int(images.heights[position]))
    return load_study_mask(study, images.mask_paths[position], size=size)
