"""Facts about what the mask viewer says and shows: how far the published code is off, which settings a network has."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.heatmaps import upsample_heatmap
from medxai_core.models import BlockFacts
from medxai_core.views.mask_view import (
    compute_published_shift,
    list_paper_settings,
    sample_nearest,
    shrink_picture,
)

FACTS = BlockFacts(8, 4, (14, 14), 80, 16, 15.0, 300)


def test_the_published_shift_is_how_far_a_single_hot_cell_is_drawn_off():
    raw = np.zeros((14, 14), np.float32)
    raw[6, 9] = 1
    size = (448, 672)
    centres = []
    for align in (True, False):
        drawn = upsample_heatmap(raw, size, facts=FACTS, input_size=224, align=align)
        centres.append(np.array([(place * drawn).sum() / drawn.sum() for place in np.indices(size)]))
    assert centres[1] - centres[0] == pytest.approx(compute_published_shift(FACTS, size, 224), abs=0.01)


def test_a_network_is_offered_only_the_papers_layers_that_it_has():
    assert {setting.layer for setting in list_paper_settings(23).values()} == {13, 14, 20, 22}
    assert all(setting.layer < 21 and setting.chosen_on == "paper" for setting in list_paper_settings(21).values())


def test_a_shrunk_mask_is_still_a_mask_and_keeps_its_place():
    rows, columns = np.mgrid[:120, :150]
    truth = (rows - 50) ** 2 + (columns - 90) ** 2 < 30**2
    small = sample_nearest(truth, (60, 75))
    assert small.dtype == bool
    assert small.mean() == pytest.approx(truth.mean(), abs=0.01)
    assert np.argwhere(small).mean(axis=0) * 2 == pytest.approx(np.argwhere(truth).mean(axis=0), abs=1)


def test_a_picture_is_made_smaller_but_never_larger():
    image = np.full((300, 600, 3), 80, np.uint8)
    assert shrink_picture(image, 200).shape == (100, 200, 3)
    assert shrink_picture(image, 900) is image
