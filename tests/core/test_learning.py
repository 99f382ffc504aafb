"""What is said about a training follows from its figures."""

from __future__ import annotations

from typing import Any

import pytest

from medxai_core.views.learning import describe_learning


def make_epochs(accuracies: list[float | None], *, train: float = 0.9, losses: list[float] | None = None) -> list[dict]:
    best, epochs = -1.0, []
    for number, accuracy in enumerate(accuracies, start=1):
        is_best = accuracy is None or accuracy > best
        best = max(best, accuracy or 0.0)
        epoch: dict[str, Any] = {"epoch": number, "train_accuracy": train, "train_loss": 0.3, "is_best": is_best}
        epoch |= {"validation_accuracy": accuracy, "validation_balanced_accuracy": accuracy}
        epochs.append(epoch | {"validation_loss": losses[number - 1] if losses else 0.5})
    return epochs


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ([], "too_early"),
        ([0.7], "too_early"),
        ([0.6, 0.7], "improving"),
        ([0.6, 0.7, 0.7], "paused"),
        ([0.6, 0.85, 0.8, 0.8, 0.8], "no_longer"),
        ([0.5, 0.55, 0.5], "guessing"),
        ([None, None], "unknown"),
    ],
)
def test_the_verdict(accuracies: list[float | None], verdict: str) -> None:
    assert describe_learning(make_epochs(accuracies), n_validation=20).verdict == verdict


def test_good_on_its_own_pictures_and_worse_on_others_is_learning_by_heart() -> None:
    epochs = make_epochs([0.6, 0.8, 0.7, 0.7, 0.7], train=0.99, losses=[0.6, 0.5, 0.7, 0.9, 1.1])
    found = describe_learning(epochs, n_validation=20)
    assert found.verdict == "learns_by_heart"
    assert "99 %" in found.details[-1] and "70 %" in found.details[-1]


def test_the_best_pass_is_the_earliest_of_equals_and_comes_with_its_uncertainty() -> None:
    found = describe_learning(make_epochs([0.5, 0.75, 0.75]), n_validation=12)
    assert found.details[0].startswith("Pass 2 got 9 of 12 check pictures right (75 %)")
    assert "47 % to 91 %" in found.details[0]  # Wilson's interval of 9 of 12


def test_a_training_that_is_over_is_told_in_the_past() -> None:
    assert "was still improving" in describe_learning(make_epochs([0.6, 0.7]), n_validation=20, is_over=True).headline
