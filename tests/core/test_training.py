"""Facts about training: it learns, it repeats itself exactly, it keeps the best epoch, it leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from medxai_core.checkpoints import CheckpointManifest, load_checkpoint, load_optimizer_state, save_checkpoint
from medxai_core.datasets import LabelledInputs, Loaders
from medxai_core.errors import NoSeedsError, StopRequested
from medxai_core.models import Preprocessing, build_model, default_preprocessing
from medxai_core.training import (
    PRESETS,
    BestWeights,
    EpochResult,
    History,
    TrainingConfig,
    TrainingDivergedError,
    estimate_cost,
    evaluate,
    fit,
    make_loaders,
    make_optimizer,
    measure_seconds_per_batch,
    predict,
    train_one_epoch,
)
from medxai_core.training.results import is_best_epoch

SMALL = Preprocessing(input_size=32)
RECIPE = TrainingConfig(network="b1", epochs=4, batch_size=8, learning_rate=0.03, input_size=32, seed=1)


class TinyNetwork(nn.Module):
    """Two small blocks with batch normalisation and dropout, one logit."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.stem = nn.Conv2d(3, 4, 3, stride=4)
            self.blocks = nn.ModuleList(
                nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.ReLU()) for _ in range(2)
            )
            self.dropout = nn.Dropout(0.3)
            self.head = nn.Linear(4, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        maps = self.stem(inputs)
        for block in self.blocks:
            maps = block(maps)
        return self.head(self.dropout(maps.mean((2, 3)))).squeeze(1)


def red_and_green(n_items: int, seed: int = 0) -> LabelledInputs:
    """Return noisy pictures: polyp items are red, the others green."""
    rng = np.random.default_rng(seed)
    cached = rng.integers(0, 120, (n_items, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(n_items) % 2
    cached[labels == 1, ..., 0] += 100
    cached[labels == 0, ..., 1] += 100
    return LabelledInputs(cached, np.arange(n_items), labels)


def toy_loaders(config: TrainingConfig = RECIPE, n_items: int = 41) -> Loaders:
    """Return loaders of the red-and-green problem."""
    return make_loaders(red_and_green(n_items), red_and_green(12, seed=9), preprocessing=SMALL, config=config)


def same_weights(first: nn.Module, second: nn.Module) -> bool:
    """Say whether all weights and statistics are the same bit for bit."""
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


# -- learning


def test_a_separable_problem_is_learned_and_class_1_is_polyp() -> None:
    model, loaders = TinyNetwork(), toy_loaders(replace(RECIPE, epochs=8))
    history = fit(model, loaders, replace(RECIPE, epochs=8))
    assert history.epochs[-1].validation_accuracy == 1
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss
    red, green = torch.zeros(2, 3, 32, 32).unbind()
    red[0], green[1] = 0.7, 0.7
    polyp, non_polyp = predict(model, torch.stack([red, green]))
    assert non_polyp < 0.5 < polyp


def test_a_model_that_knows_nothing_has_loss_ln_2() -> None:
    model = TinyNetwork()
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    scores = evaluate(model, toy_loaders().validation)
    assert scores.loss == pytest.approx(math.log(2))
    assert (scores.accuracy, scores.balanced_accuracy, scores.n_items) == (0.5, 0.5, 12)


def test_saying_polyp_always_has_balanced_accuracy_one_half() -> None:
    model = TinyNetwork()
    nn.init.zeros_(model.head.weight)
    nn.init.constant_(model.head.bias, 3.0)
    data = red_and_green(10)
    mostly_polyp = LabelledInputs(data.cached, [0, 1, 3, 5, 7], [0, 1, 1, 1, 1])
    only_polyp = LabelledInputs(data.cached, [1, 3, 5], [1, 1, 1])
    scores = [
        evaluate(model, make_loaders(data, items, preprocessing=SMALL, config=RECIPE).validation)
        for items in (mostly_polyp, only_polyp)
    ]
    assert scores[0].accuracy == pytest.approx(0.8)
    assert scores[0].balanced_accuracy == pytest.approx(0.5)
    assert scores[1].accuracy == 1
    assert scores[1].balanced_accuracy is None


def test_balanced_classes_pull_equally() -> None:
    data = red_and_green(20)
    one_in_five = LabelledInputs(data.cached, [0, 2, 4, 6, 1], [0, 0, 0, 0, 1])
    config = replace(RECIPE, balance_classes=True, epochs=1, learning_rate=1e-12)
    model = TinyNetwork()
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    loaders = make_loaders(one_in_five, None, preprocessing=SMALL, config=config)
    history = fit(model, loaders, config)
    assert history.epochs[0].train_loss == pytest.approx((4 * 1 + 1 * 4) * math.log(2) / 5)


def test_probabilities_do_not_depend_on_how_inputs_come() -> None:
    model = TinyNetwork()
    inputs = torch.rand(7, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    at_once = predict(model, inputs)
    np.testing.assert_allclose(predict(model, iter([inputs[:3], inputs[3:]])), at_once, atol=1e-7)
    assert at_once.shape == (7,)
    assert at_once.dtype == np.float64
    assert predict(model, []).shape == (0,)


# -- repeating


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before() -> None:
    first, second, other = TinyNetwork(), TinyNetwork(), TinyNetwork()
    fit(first, toy_loaders(), RECIPE)
    torch.rand(3)
    fit(second, toy_loaders(), RECIPE)
    fit(other, toy_loaders(replace(RECIPE, seed=2)), replace(RECIPE, seed=2))
    assert same_weights(first, second)
    assert not same_weights(first, other)


def test_a_stopped_and_resumed_training_ends_with_the_same_bits() -> None:
    whole = TinyNetwork()
    uninterrupted = fit(whole, toy_loaders(), RECIPE)

    stopped, optimizer = TinyNetwork(), make_optimizer(TinyNetwork(), RECIPE)
    optimizer = make_optimizer(stopped, RECIPE)
    saved: dict = {}

    def stop_after_two(result: EpochResult) -> bool:
        saved.update(weights={k: v.clone() for k, v in stopped.state_dict().items()})
        saved.update(optimizer=optimizer.state_dict())
        return result.epoch < 2

    begun = fit(stopped, toy_loaders(), RECIPE, optimizer=optimizer, on_epoch_end=stop_after_two)
    assert begun.stopped
    assert len(begun.epochs) == 2

    resumed = TinyNetwork(seed=99)
    resumed.load_state_dict(saved["weights"])
    optimizer = make_optimizer(resumed, RECIPE)
    optimizer.load_state_dict(saved["optimizer"])
    history = fit(resumed, toy_loaders(), RECIPE, optimizer=optimizer, start_epoch=2, earlier=begun.epochs)
    assert same_weights(whole, resumed)
    assert [replace(e, seconds=0) for e in history.epochs] == [replace(e, seconds=0) for e in uninterrupted.epochs]


def test_lite1_resumes_exactly_from_a_checkpoint_file(tmp_path: Path) -> None:
    config = replace(PRESETS["quick"], epochs=2, batch_size=4, input_size=64, frozen_blocks=12)
    preprocessing = default_preprocessing("lite1", 64)
    rng = np.random.default_rng(0)
    cached = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    data = LabelledInputs(cached, np.arange(8), np.arange(8) % 2)
    whole = build_model("lite1", weights="pretrained")
    optimizer = make_optimizer(whole, config)
    path = tmp_path / "epoch-1.safetensors"

    def save_first(result: EpochResult) -> None:
        if result.epoch == 1:
            save_checkpoint(path, whole, CheckpointManifest("lite1", preprocessing), optimizer=optimizer)

    loaders = make_loaders(data, data, preprocessing=preprocessing, config=config)
    history = fit(whole, loaders, config, optimizer=optimizer, on_epoch_end=save_first)

    resumed, _ = load_checkpoint(path)
    optimizer = make_optimizer(resumed, config)
    load_optimizer_state(path, optimizer)
    loaders = make_loaders(data, data, preprocessing=preprocessing, config=config)
    fit(resumed, loaders, config, optimizer=optimizer, start_epoch=1, earlier=history.epochs[:1])
    assert same_weights(whole, resumed)


def test_a_resume_without_the_earlier_epochs_is_refused() -> None:
    with pytest.raises(ValueError, match="earlier must hold the 2 epochs"):
        fit(TinyNetwork(), toy_loaders(), RECIPE, start_epoch=2)


# -- the best epoch


def test_the_best_epochs_weights_are_kept() -> None:
    inverted = red_and_green(12, seed=9)
    inverted.labels = 1 - inverted.labels  # the better it learns, the worse it does here
    model = TinyNetwork(seed=3)
    nn.init.constant_(model.head.bias, -0.2)
    config = replace(RECIPE, epochs=8, learning_rate=0.01)
    loaders = make_loaders(red_and_green(40), inverted, preprocessing=SMALL, config=config)
    keeper = BestWeights(model)
    history = fit(model, loaders, config, on_epoch_end=keeper)
    assert history.best is not None
    assert history.best.epoch == keeper.epoch < len(history.epochs)
    assert history.best.validation_accuracy == max(e.validation_accuracy or 0 for e in history.epochs)
    assert evaluate(model, loaders.validation).accuracy == history.epochs[-1].validation_accuracy
    keeper.restore()
    assert evaluate(model, loaders.validation).accuracy == history.best.validation_accuracy
    assert evaluate(model, loaders.validation).loss == history.best.validation_loss


def test_of_equal_epochs_the_earliest_is_the_best() -> None:
    results: list[EpochResult] = []
    for accuracy in (0.5, 0.75, 0.75, 0.6):
        result = EpochResult(len(results) + 1, 0.6, 0.7, 0.6, accuracy, None, 1.0, is_best_epoch(accuracy, results))
        results.append(result)
    best = History(tuple(results)).best
    assert best is not None
    assert best.epoch == 2


def test_without_validation_items_the_last_epoch_is_kept_and_it_is_said() -> None:
    loaders = make_loaders(red_and_green(16), None, preprocessing=SMALL, config=RECIPE)
    history = fit(TinyNetwork(), loaders, RECIPE)
    assert history.best == history.epochs[-1]
    assert history.best.validation_accuracy is None
    assert "no validation items" in history.best_rule


# -- frozen weights


def test_frozen_blocks_keep_weights_and_statistics_and_the_rest_learns() -> None:
    config = replace(RECIPE, frozen_blocks=1, epochs=1)
    model, untouched = TinyNetwork(), TinyNetwork()
    fit(model, toy_loaders(config), config)
    assert same_weights(model.stem, untouched.stem)
    assert same_weights(model.blocks[0], untouched.blocks[0])
    assert not torch.equal(model.blocks[1][0].weight, untouched.blocks[1][0].weight)
    assert not torch.equal(model.blocks[1][1].running_mean, untouched.blocks[1][1].running_mean)
    assert not torch.equal(model.head.weight, untouched.head.weight)


def test_more_frozen_blocks_than_there_are_is_refused() -> None:
    config = replace(RECIPE, frozen_blocks=3)
    with pytest.raises(ValueError, match=r"0\.\.2"):
        fit(TinyNetwork(), toy_loaders(config), config)


# -- stopping and errors: everything is left as found


@pytest.mark.parametrize("config", [RECIPE, replace(RECIPE, frozen_blocks=1, n_threads=1)])
def test_a_stop_in_mid_epoch_leaves_modes_gradients_chance_and_threads_as_found(
    config: TrainingConfig,
) -> None:
    model = TinyNetwork()
    model.blocks[1].eval()
    modes = [module.training for module in model.modules()]
    state, n_threads = torch.get_rng_state(), torch.get_num_threads()

    def stop(done: int, total: int) -> None:
        assert total == 4 * 5
        if done == 7:
            raise StopRequested

    results: list[EpochResult] = []
    with pytest.raises(StopRequested):
        fit(model, toy_loaders(config), config, on_progress=stop, on_epoch_end=results.append)
    assert [result.epoch for result in results] == [1]
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == n_threads


def test_scoring_leaves_the_statistics_alone() -> None:
    model, untouched = TinyNetwork(), TinyNetwork()
    evaluate(model, toy_loaders().validation)
    predict(model, torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert same_weights(model, untouched)
    assert model.training


def test_one_class_only_is_refused_with_a_remedy() -> None:
    data = red_and_green(10)
    only_polyp = LabelledInputs(data.cached, [1, 3, 5], [1, 1, 1])
    loaders = make_loaders(only_polyp, None, preprocessing=SMALL, config=RECIPE)
    with pytest.raises(NoSeedsError, match="0 non_polyp and 3 polyp. Label or accept"):
        fit(TinyNetwork(), loaders, RECIPE)


def test_a_loss_that_is_no_number_names_the_epoch_and_the_remedy() -> None:
    model, config = TinyNetwork(), replace(RECIPE, learning_rate=1e30)
    with pytest.raises(TrainingDivergedError, match=r"epoch 1, batch 2 of 5.*smaller learning rate \(now 1e\+30\)"):
        fit(model, toy_loaders(config), config)


# -- recipes and costs


def test_the_paper_recipe_is_the_papers() -> None:
    recipe = PRESETS["paper"]
    assert (recipe.network, recipe.weights, recipe.input_size) == ("b1", "scratch", 224)
    assert (recipe.epochs, recipe.batch_size, recipe.optimizer, recipe.learning_rate) == (25, 16, "adam", 1e-3)
    assert (recipe.loss, recipe.balance_classes, recipe.frozen_blocks) == ("bce_with_logits", False, 0)
    assert recipe.augmentation == "none"
    (group,) = make_optimizer(TinyNetwork(), recipe).param_groups
    assert (group["betas"], group["eps"], group["weight_decay"]) == ((0.9, 0.999), 1e-8, 0)


@pytest.mark.parametrize(
    "change",
    [{"network": "b7"}, {"epochs": 0}, {"batch_size": 1}, {"learning_rate": -1.0}, {"augmentation": "crop"}],
)
def test_an_impossible_recipe_is_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(RECIPE, **change)


def test_the_estimate_counts_the_batches_that_are_reported() -> None:
    calls: list[tuple[int, int]] = []
    fit(TinyNetwork(), toy_loaders(), RECIPE, on_progress=lambda *call: calls.append(call))
    assert calls[-1] == (estimate_cost(RECIPE, 41, 1.0).n_batches,) * 2
    assert [done for done, _ in calls] == list(range(1, len(calls) + 1))


def test_the_papers_thousand_items_are_1575_batches() -> None:
    assert estimate_cost(PRESETS["paper"], 1000, 2.0).seconds == 25 * 63 * 2.0
    assert estimate_cost(PRESETS["paper"], 1000, 2.0, n_validation=60).seconds > 25 * 63 * 2.0


def test_measuring_a_batch_changes_nothing() -> None:
    model, untouched, state = TinyNetwork(), TinyNetwork(), torch.get_rng_state()
    assert measure_seconds_per_batch(model, RECIPE) > 0
    assert same_weights(model, untouched)
    assert torch.equal(torch.get_rng_state(), state)


def test_an_epoch_takes_one_step_a_batch() -> None:
    model, loaders = TinyNetwork(), toy_loaders()
    optimizer = make_optimizer(model, RECIPE)
    done: list[int] = []
    on_batch: Callable[[int, int], None] = lambda count, total: done.append(count)  # noqa: E731
    scores = train_one_epoch(model, loaders.train, optimizer, nn.BCEWithLogitsLoss(), on_batch=on_batch)
    assert scores.n_items == 41
    assert done == [1, 2, 3, 4, 5]  # 8 + 8 + 8 + 8 + 9: the single last item joined
    assert {int(state["step"]) for state in optimizer.state.values()} == {5}
