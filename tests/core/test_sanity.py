"""Each test of the maps on maps and networks whose answer is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from medxai_core.models import build_model, build_segmenter
from medxai_core.sanity import (
    compare_maps,
    compare_random_pairs,
    compute_border_ratio,
    judge,
    judge_border,
    judge_same_map,
    list_weight_stages,
    make_grey,
    perturb,
    randomize_weights,
    score_localization,
)
from medxai_core.sanity.localization import find_peak
from medxai_core.sanity.perturbation import _replace, _solve

SQUARE = np.zeros((20, 20), bool)
SQUARE[:10, :10] = True


class TestSimilarity:
    def test_a_map_is_like_itself_and_not_like_its_inverse(self):
        ramp = np.linspace(0, 1, 400).reshape(20, 20)
        assert compare_maps(ramp, ramp) == (pytest.approx(1.0), 1.0)
        assert compare_maps(ramp, 1 - ramp).rank_correlation == -1.0
        assert compare_maps(ramp, 1 - ramp).ssim < 0

    def test_a_constant_map_has_no_ranks(self):
        assert np.isnan(compare_maps(np.zeros((20, 20)), np.linspace(0, 1, 400).reshape(20, 20)).rank_correlation)

    def test_random_pairs_are_of_different_pictures(self):
        maps = np.stack([np.eye(9), np.zeros((9, 9))])
        between = compare_maps(maps[0], maps[1]).ssim
        np.testing.assert_allclose(compare_random_pairs(maps, n_pairs=6), between)

    @pytest.mark.parametrize("shapes", [((9, 9), (8, 9)), ((5, 5), (5, 5))])
    def test_sizes_that_cannot_be_compared_are_refused(self, shapes):
        with pytest.raises(ValueError, match="one size"):
            compare_maps(np.zeros(shapes[0]), np.zeros(shapes[1]))


class TestLocalization:
    def test_the_truth_itself_is_perfect(self):
        assert score_localization(SQUARE.astype(float), SQUARE) == (1.0, True, 1.0, 1.0, 0.25)

    def test_a_constant_map_reaches_the_share_of_the_polyp(self):
        found = score_localization(np.full((20, 20), 0.5), SQUARE)
        assert found.auprc == found.relevance_mass == found.relevance_rank == 0.25

    def test_a_map_beside_the_polyp_finds_nothing(self):
        found = score_localization((~SQUARE).astype(float), SQUARE)
        assert not found.is_hit and found.relevance_mass == found.relevance_rank == 0.0 and found.auprc < 0.26

    def test_half_on_and_half_beside(self):
        half = np.zeros((20, 20))
        half[:10, 5:15] = 1.0  # 50 pixels in the polyp, 50 beside it
        found = score_localization(half, SQUARE)
        assert found.relevance_mass == found.relevance_rank == 0.5

    def test_the_highest_of_equals_is_the_one_in_their_middle(self):
        assert find_peak(np.ones((5, 5))) == (2, 2)

    @pytest.mark.parametrize("truth", [np.zeros((20, 20), bool), np.ones((20, 20), bool)])
    def test_nothing_can_be_located_without_polyp_or_without_the_rest(self, truth):
        with pytest.raises(ValueError, match="nothing can be located"):
            score_localization(np.ones((20, 20)), truth)

    def test_the_rim_of_a_map(self):
        rim = np.ones((20, 20))
        rim[2:-2, 2:-2] = 0
        assert compute_border_ratio(rim) == pytest.approx(1 / 0.36)
        assert compute_border_ratio(1 - rim) == 0.0
        assert np.isnan(compute_border_ratio(np.zeros((20, 20))))


class TestPerturbation:
    """The network is known: its probability is the mean red of the upper left quarter."""

    image = np.zeros((56, 56, 3), np.uint8)
    image[:28, :28, 0] = 255
    quarter = np.zeros((56, 56))
    quarter[:28, :28] = 1.0

    @staticmethod
    def predict(pictures: np.ndarray) -> np.ndarray:
        return pictures[:, :28, :28, 0].mean(axis=(1, 2)) / 255

    def test_the_true_map_beats_its_inverse_at_all_three(self):
        true, false = (perturb(self.image, one, self.predict) for one in (self.quarter, 1 - self.quarter))
        assert true.deletion < 0.2 < 0.8 < false.deletion
        assert true.insertion > false.insertion
        assert true.road > 0.3 > 0 > false.road

    def test_deletion_is_the_area_under_the_known_curve(self):
        found = perturb(self.image, self.quarter, self.predict)
        steps = np.linspace(0, 1, 15)
        expected = np.trapezoid(np.clip(1 - 4 * steps, 0, 1), steps)
        assert found.deletion == pytest.approx(expected, abs=0.01)

    def test_a_map_without_order_gains_nothing_by_road(self):
        found = perturb(self.image, np.zeros((56, 56)), self.predict)
        assert abs(found.road) < 0.1

    def test_what_is_replaced_has_the_colour_of_its_surroundings(self):
        grey = np.full((56, 56, 3), 90, np.uint8)
        grey[20:30, 20:30] = 255
        gone = np.zeros((56, 56), bool)
        gone[20:30, 20:30] = True
        filled = _replace(grey, gone)
        assert np.abs(filled[20:30, 20:30].astype(int) - 90).max() < 15
        np.testing.assert_array_equal(filled[~gone], grey[~gone])

    def test_a_ramp_is_filled_as_a_ramp(self):
        ramp = np.broadcast_to(np.arange(9.0)[:, None, None], (9, 9, 1)).copy()
        missing = np.zeros((9, 9), bool)
        missing[3:6, 3:6] = True
        np.testing.assert_allclose(_solve(np.where(missing[..., None], -5.0, ramp), missing), ramp, atol=1e-9)

    def test_nothing_left_is_filled_with_the_mean(self):
        assert _solve(np.arange(9.0).reshape(3, 3, 1), np.ones((3, 3), bool)).tolist() == [[[4.0]] * 3] * 3


class TestWeights:
    @pytest.mark.parametrize(
        "model", [build_model("b1", weights="scratch", seed=0), build_segmenter(weights="scratch")]
    )
    def test_every_weight_is_in_one_stage(self, model):
        held = [
            id(weight)
            for stage in list_weight_stages(model)
            for module in stage.modules
            for weight in module.parameters()
        ]
        assert sorted(held) == sorted(id(weight) for weight in model.parameters())

    def test_stages_go_from_the_output_to_the_input(self):
        names = [stage.name for stage in list_weight_stages(build_model("b1", weights="scratch", seed=0))]
        assert names == [
            "head", "blocks 21 to 22", "blocks 16 to 20", "blocks 12 to 15", "blocks 8 to 11", "blocks 5 to 7",
            "blocks 2 to 4", "blocks 0 to 1", "stem",
        ]  # fmt: skip

    def test_only_the_asked_stages_change_and_their_numbers_stay(self):
        model = build_model("b1", weights="scratch", seed=0)
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        changed = randomize_weights(model, ["blocks 8 to 11"], seed=1)
        for name, weight in changed.state_dict().items():
            is_asked = any(f"_blocks.{number}." in name for number in range(8, 12))
            if is_asked and weight.numel() > 100 and weight.unique().numel() > 1:
                assert not torch.equal(weight, before[name]), name
            elif not is_asked:
                assert torch.equal(weight, before[name]), name
            torch.testing.assert_close(weight.flatten().sort().values, before[name].flatten().sort().values)
        assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())

    def test_a_stage_gets_the_same_order_alone_and_with_others(self):
        model = build_model("b1", weights="scratch", seed=0)
        alone, both = randomize_weights(model, ["stem"], seed=1), randomize_weights(model, ["stem", "head"], seed=1)
        assert torch.equal(alone.backbone._conv_stem.weight, both.backbone._conv_stem.weight)
        assert not torch.equal(alone.backbone._conv_head.weight, both.backbone._conv_head.weight)

    def test_a_stage_that_is_not_there_is_named(self):
        with pytest.raises(KeyError, match="block 99"):
            randomize_weights(build_model("b1", weights="scratch", seed=0), ["block 99"])


def ask(first, second, **changes):
    """Judge with names that do not matter."""
    return judge(
        "key", "Question?", first, second, **{"better": "higher", "what": "A", "against": "B", "source": "S"} | changes
    )


class TestLights:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 40)

    @pytest.mark.parametrize(
        ("shift", "better", "color"),
        [(0.2, "higher", "green"), (-0.2, "higher", "red"), (-0.2, "lower", "green"), (0.2, "lower", "red")],
    )
    def test_a_clear_difference_is_green_on_the_good_side_and_red_on_the_bad(self, shift, better, color):
        assert ask(0.5 + shift + self.noise, 0.5, better=better).color == color

    def test_a_difference_that_may_be_chance_is_yellow_and_says_so(self):
        light = ask(0.505 + self.noise - self.noise.mean(), 0.5)
        assert light.color == "yellow" and "may be chance" in light.words

    def test_pictures_are_compared_with_themselves(self):
        hard = self.rng.random(40)  # pictures differ much more than the two maps of each
        assert ask(hard + 0.02, hard).color == "green"

    def test_what_is_undefined_is_left_out_and_too_few_are_grey(self):
        assert ask([0.9] * 20 + [np.nan], [0.5] * 21).n == 20
        light = ask([0.9] * 7, 0.5)
        assert light.color == "grey" and light.value is None and "8 are needed" in light.words

    def test_groups_are_drawn_as_a_whole(self):
        values = np.repeat([0.4, 0.8], 20)
        assert ask(values, 0.5).color == "green"
        assert ask(values, 0.5, groups=["a"] * 20 + ["b"] * 20).color == "yellow"

    @pytest.mark.parametrize(("correlation", "color"), [(0.5, "green"), (0.9, "yellow"), (0.99, "red"), (None, "grey")])
    def test_the_same_map_everywhere(self, correlation, color):
        assert judge_same_map(correlation, 20).color == color

    @pytest.mark.parametrize(("ratio", "color"), [(1.0, "green"), (1.3, "yellow"), (2.5, "red")])
    def test_maps_that_hug_the_border(self, ratio, color):
        assert judge_border([ratio] * 10).color == color
        assert judge_border([ratio] * 3).color == "grey"

    def test_grey_says_why(self):
        assert make_grey("k", "q", "No masks.", "-").words == "No masks."


def test_a_network_is_left_in_the_mode_it_was_in():
    model = build_model("lite1", weights="scratch", seed=0).train()
    assert all(
        module.training for module in randomize_weights(model, ["stem"]).modules() if isinstance(module, nn.Conv2d)
    )
