"""A folded network gives what the network gives, and leaves it as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from medxai_core.heatmaps import GradCAM
from medxai_core.models import PolypClassifier, PolypSegmenter, build_model, build_segmenter, get_blocks
from medxai_core.models.folding import fold_batch_norms


def make_trained(model: PolypClassifier) -> PolypClassifier:
    """Return a network whose normalisations have seen data: their statistics are no longer 0 and 1."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(1)  # also for the blocks that training leaves out by chance
        model.train()(torch.rand(4, 3, 96, 96, generator=generator))
    return model.eval()


@pytest.fixture(scope="module", params=["b1", "lite1", "segmenter"])
def model(request: pytest.FixtureRequest) -> PolypClassifier:
    """Return one of the networks."""
    if request.param == "segmenter":
        return make_trained(build_segmenter(weights="pretrained"))
    return make_trained(
        build_model(request.param, weights="scratch" if request.param == "b1" else "pretrained", seed=0)
    )


def test_logits_and_maps_of_all_layers_stay_the_same(model: PolypClassifier) -> None:
    inputs = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(2))
    folded = fold_batch_norms(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in get_blocks(folded)[0].modules())
    with torch.no_grad():
        torch.testing.assert_close(folded(inputs), model(inputs), rtol=1e-3, atol=1e-4)
        if isinstance(model, PolypSegmenter) and isinstance(folded, PolypSegmenter):
            torch.testing.assert_close(folded.segment(inputs), model.segment(inputs), rtol=1e-3, atol=1e-3)
    with GradCAM(model) as cam:
        before = cam(inputs)
    with GradCAM(folded) as cam:
        after = cam(inputs)
    for layer, maps in before.items():
        scale = max(float(maps.max()), 1e-12)
        torch.testing.assert_close(torch.tensor(after[layer] / scale), torch.tensor(maps / scale), rtol=0, atol=1e-3)


def test_the_network_itself_is_left_as_it_was(model: PolypClassifier) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    folded = fold_batch_norms(model)
    assert model.training and not folded.training
    model.eval()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
