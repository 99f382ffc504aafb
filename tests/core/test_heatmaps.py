"""Heat maps: known answers, agreement with two other implementations, place, and leaving things as found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torchcam.methods
from even_network import make_even_network
from PIL import Image
from torch import nn
from torch.nn import functional

from medxai_core.checkpoints import CheckpointManifest
from medxai_core.errors import IncompatibleCheckpointError, StopRequested
from medxai_core.heatmaps import (
    CAM_METHODS,
    GradCAM,
    compute_heatmaps,
    measure_shifts,
    normalize_heatmap,
    pack_heatmap,
    unpack_heatmap,
    upsample_heatmap,
)
from medxai_core.models import (
    NETWORKS,
    BlockFacts,
    build_model,
    default_preprocessing,
    describe_blocks,
    get_blocks,
    preprocess,
)
from medxai_core.stages.heatmaps import make_map_maker

LAYERS = {"b1": [4, 14, 22], "lite1": [3, 13, 20]}


class ToyNetwork(nn.Module):
    """Identity 1x1 convolution, mean pooling, and a head that reads one channel."""

    def __init__(self, channel: int, *, sign: float = 1.0) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(3, 3, 1, bias=False)])
        self.head = nn.Linear(3, 1)
        with torch.no_grad():
            self.blocks[0].weight.copy_(torch.eye(3)[:, :, None, None])
            self.head.weight.zero_()
            self.head.weight[0, channel] = sign

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks[0](inputs).mean(dim=(2, 3)))[:, 0]


@pytest.fixture(scope="module", params=NETWORKS)
def model(request: pytest.FixtureRequest) -> nn.Module:
    """Return each network in turn, in eval mode, with activations of a usual size."""
    weights = "pretrained" if request.param == "lite1" else "scratch"
    model = build_model(request.param, weights=weights, seed=4)
    if request.param == "b1":  # without its own statistics, an untrained b1 shrinks everything to 1e-14
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(1)  # also for the blocks that training leaves out by chance
            model(torch.rand(4, 3, 128, 128))
    return model.eval()


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    """Return two noise pictures, laid out as the engine lays them: the peers then add up in the same order."""
    noise = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    return noise.contiguous(memory_format=torch.channels_last)


def n_hooks(model: nn.Module) -> int:
    """Count the forward hooks of a model."""
    return sum(len(module._forward_hooks) for module in model.modules())


def assert_same_up_to_scale(maps: np.ndarray, expected: np.ndarray, *, atol: float = 1e-5) -> None:
    """Compare maps (N, h, w), each divided by its maximum."""
    assert (expected.max(axis=(1, 2)) > 0).all()
    ours = maps / maps.max(axis=(1, 2), keepdims=True)
    theirs = expected / expected.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(ours, theirs, atol=atol)


def run_peer(peer: type, model: nn.Module, layer: int, inputs: torch.Tensor) -> np.ndarray:
    """Return the raw maps (N, h, w) of a method of the grad-cam package, after the ReLU."""
    block = get_blocks(model)[layer]
    targets: list[Callable[[torch.Tensor], torch.Tensor]] = [lambda logit: logit] * len(inputs)
    cam = peer(model=model, target_layers=[block])
    cam(input_tensor=inputs, targets=targets)
    recorded = cam.activations_and_grads
    activations, gradients = recorded.activations[0].numpy(), recorded.gradients[0].numpy()
    raw = cam.get_cam_image(inputs, block, targets, activations, gradients, False)
    recorded.release()
    model.zero_grad(set_to_none=True)
    return np.maximum(raw, 0)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_the_map_of_a_toy_network_is_the_relu_of_its_channel_over_the_area(channel: int) -> None:
    inputs = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    with GradCAM(ToyNetwork(channel), layers=[0]) as cam:
        raw = cam(inputs)
    np.testing.assert_allclose(raw[0], inputs[:, channel].relu().numpy() / 20, rtol=1e-6)
    assert raw[0].dtype == np.float32


def test_maps_show_what_speaks_for_a_polyp_so_the_heads_sign_matters() -> None:
    inputs = torch.randn(1, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    with GradCAM(ToyNetwork(0, sign=-1.0), layers=[0]) as cam:
        raw = cam(inputs)
    np.testing.assert_allclose(raw[0], (-inputs[:, 0]).relu().numpy() / 20, rtol=1e-6)


@pytest.mark.parametrize("method", ["gradcam", "gradcam++", "xgradcam", "layercam", "hirescam"])
def test_all_methods_agree_where_theory_says_so(method: str) -> None:
    """One active channel with a positive, even gradient: every method shows the channel itself."""
    inputs = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    with GradCAM(ToyNetwork(1), layers=[0], method=method) as cam:
        assert_same_up_to_scale(cam(inputs)[0], inputs[:, 1].numpy())


def test_gradcam_pp_is_the_published_formula() -> None:
    generator = torch.Generator().manual_seed(2)
    activations = torch.rand(1, 2, 3, 3, generator=generator)
    gradients = torch.randn(1, 2, 3, 3, generator=generator)
    expected = np.zeros((3, 3))
    for channel in range(2):
        a, g = activations[0, channel].double().numpy(), gradients[0, channel].double().numpy()
        alpha = g**2 / (2 * g**2 + a.sum() * g**3)
        expected += (alpha * np.maximum(g, 0)).sum() * a
    found = CAM_METHODS["gradcam++"](activations, gradients)
    np.testing.assert_allclose(found[0].numpy(), expected, rtol=1e-4)


def test_eigencam_of_one_pattern_is_that_pattern() -> None:
    pattern = torch.rand(1, 1, 4, 4, generator=torch.Generator().manual_seed(3))
    weights = torch.tensor([-2.0, 0.5, 1.0]).reshape(1, 3, 1, 1)
    found = CAM_METHODS["eigencam"](pattern * weights, torch.zeros(1, 3, 4, 4))
    np.testing.assert_allclose(found[0].numpy(), pattern[0, 0].numpy() * np.sqrt(5.25), rtol=1e-5)


def test_channels_and_gradients_of_zero_give_zero_not_nan() -> None:
    nothing = torch.zeros(1, 2, 3, 3)
    for method in CAM_METHODS.values():
        assert not method(nothing, nothing).any()


@pytest.mark.parametrize(
    ("method", "peer", "atol"),
    [
        ("gradcam", pytorch_grad_cam.GradCAM, 1e-5),
        ("layercam", pytorch_grad_cam.LayerCAM, 1e-5),
        ("hirescam", pytorch_grad_cam.HiResCAM, 1e-5),
        ("xgradcam", pytorch_grad_cam.XGradCAM, 1e-3),  # divides by sums that nearly cancel, plus 1e-7
    ],
)
def test_maps_equal_those_of_the_grad_cam_package(
    model: nn.Module, inputs: torch.Tensor, method: str, peer: type, atol: float
) -> None:
    layers = LAYERS[model.network]
    with GradCAM(model, layers, method=method) as cam:
        raw = cam(inputs)
    for layer in layers:
        assert_same_up_to_scale(raw[layer], run_peer(peer, model, layer, inputs), atol=atol)


@pytest.mark.parametrize(
    ("method", "peer"),
    [("gradcam", torchcam.methods.GradCAM), ("layercam", torchcam.methods.LayerCAM)],
)
def test_maps_equal_those_of_torchcam(model: nn.Module, inputs: torch.Tensor, method: str, peer: type) -> None:
    two_dimensional = nn.Sequential(model, nn.Unflatten(0, (-1, 1)))  # (N,) -> (N, 1), as torchcam expects
    layers = LAYERS[model.network]
    with GradCAM(model, layers, method=method) as cam:
        raw = cam(inputs)
    for layer in layers:
        with peer(two_dimensional, target_layer=get_blocks(model)[layer]) as extractor:
            (expected,) = extractor(0, two_dimensional(inputs), normalized=False)
        assert_same_up_to_scale(raw[layer], expected.detach().numpy())
    model.zero_grad(set_to_none=True)


def test_all_blocks_at_once_equal_one_block_each(model: nn.Module, inputs: torch.Tensor) -> None:
    with GradCAM(model) as cam:
        together = cam(inputs[:1])
    assert list(together) == list(range(len(get_blocks(model))))
    for layer in LAYERS[model.network]:
        with GradCAM(model, [layer]) as cam:
            np.testing.assert_array_equal(cam(inputs[:1])[layer], together[layer])


def test_a_batch_equals_one_picture_at_a_time(model: nn.Module, inputs: torch.Tensor) -> None:
    layers = LAYERS[model.network]
    with GradCAM(model, layers) as cam:
        batch, logits = cam(inputs), cam.logits
        for number in range(len(inputs)):
            single = cam(inputs[number : number + 1])
            assert cam.logits == pytest.approx(logits[number], rel=1e-4)
            for layer in layers:
                one = batch[layer][number : number + 1]
                assert_same_up_to_scale(one, single[layer], atol=1e-4)  # torch sums in another order


def test_the_pass_back_stops_at_the_shallowest_block_asked_for() -> None:
    model, inputs = build_model("lite1"), torch.rand(1, 3, 224, 224)

    def count_saved(layers: list[int]) -> int:
        saved = []
        with (
            GradCAM(model, layers) as cam,
            torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t),
        ):
            cam(inputs)
        return len(saved)

    assert count_saved([20]) < 0.05 * count_saved([0, 20])


def test_model_is_as_found_after_use_and_maps_do_not_depend_on_its_mode(inputs: torch.Tensor) -> None:
    model = build_model("lite1", weights="pretrained")
    model.train()
    model.backbone._bn0.eval()
    model.backbone._conv_stem.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.inference_mode(), GradCAM(model, [13]) as cam:
        assert not model.training
        in_training = cam(inputs)
    assert model.training and not model.backbone._bn0.training and model.backbone._bn1.training
    frozen = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    assert frozen == ["backbone._conv_stem.weight"]
    assert all(weight.grad is None for weight in model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    with GradCAM(model.eval(), [13]) as cam:
        np.testing.assert_array_equal(cam(inputs)[13], in_training[13])


@pytest.mark.parametrize("error", [IndexError, KeyboardInterrupt, StopRequested])
def test_nothing_is_left_behind_and_nothing_swallowed_after_an_error(error: type[BaseException]) -> None:
    model = build_model("lite1").train()
    with pytest.raises(error), GradCAM(model, [3, 20]) as cam:
        cam(torch.rand(1, 3, 224, 224))
        assert n_hooks(model) == 2
        raise error
    assert n_hooks(model) == 0
    assert model.training and all(weight.requires_grad for weight in model.parameters())


def test_an_error_inside_the_network_leaves_nothing_behind() -> None:
    model = build_model("lite1").train()
    model.backbone._fc = nn.Linear(7, 1)
    with pytest.raises(RuntimeError), GradCAM(model, [3]) as cam:
        cam(torch.rand(1, 3, 224, 224))
    assert n_hooks(model) == 0 and model.training


def test_wrong_use_is_named() -> None:
    model = ToyNetwork(0)
    with pytest.raises(ValueError, match=r"block numbers 0..0; got \[1\]"):
        GradCAM(model, [1])
    with pytest.raises(ValueError, match="method must be one of"):
        GradCAM(model, method="scorecam")
    with pytest.raises(ValueError, match="inside a with block"):
        GradCAM(model)(torch.rand(1, 3, 4, 4))
    with GradCAM(model) as cam:
        with pytest.raises(ValueError, match=r"\(N, 3, H, W\) float32; got \(3, 4, 4\)"):
            cam(torch.rand(3, 4, 4))
        with pytest.raises(ValueError, match="in use"), cam:
            pass
        assert n_hooks(model) == 1
    assert n_hooks(model) == 0


def test_many_pictures_equal_one_batch_and_progress_is_told() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, size=(60 + i, 70, 3), dtype=np.uint8) for i in range(3)]
    settings, calls = default_preprocessing("lite1", 64), []
    model = build_model("lite1", weights="pretrained")
    found = compute_heatmaps(
        model,
        images,
        preprocessing=settings,
        layers=[13],
        batch_size=2,
        on_progress=lambda *call: calls.append(call),
    )
    with GradCAM(model, [13]) as cam:
        expected = cam(preprocess(images, settings))[13]
    np.testing.assert_allclose(found.maps[13], expected, rtol=1e-3, atol=1e-3 * expected.max())
    np.testing.assert_allclose(found.logits, cam.logits, rtol=1e-4)
    assert calls == [(2, 3), (3, 3)]


def test_plain_resizing_is_torchs() -> None:
    raw = np.random.default_rng(0).random((14, 14), dtype=np.float32)
    expected = functional.interpolate(torch.from_numpy(raw)[None, None], size=(530, 620), mode="bilinear")
    found = upsample_heatmap(raw, (530, 620), align=False)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected[0, 0].numpy(), atol=1e-5)


@pytest.mark.parametrize("learned_shift", [(0.0, 0.0), (-12.0, 3.0)])
def test_a_map_of_where_cells_look_becomes_a_map_of_where_pixels_lie(
    learned_shift: tuple[float, float],
) -> None:
    """Interpolation of a straight line is exact, so each pixel must read its own input coordinate."""
    facts = BlockFacts(14, 5, (14, 14), 112, 16, 15.0, 415, learned_shift)
    rows = np.float32(15 + learned_shift[0] + 16 * np.arange(14))
    raw = np.repeat(rows[:, None], 14, axis=1)
    found = upsample_heatmap(raw, (530, 620), facts=facts, input_size=224)
    lies_at = (np.arange(530) + 0.5) * 224 / 530 - 0.5
    expected = np.clip(lies_at, rows[0], rows[-1])
    np.testing.assert_allclose(found[:, 300], expected, atol=1e-3)
    columns = upsample_heatmap(
        np.repeat(np.float32(15 + learned_shift[1] + 16 * np.arange(14))[None], 14, axis=0),
        (530, 620),
        facts=facts,
        input_size=224,
    )
    assert columns[200, 310] == pytest.approx((310 + 0.5) * 224 / 620 - 0.5, abs=1e-3)


@pytest.mark.parametrize(("grid", "size"), [((14, 14), (53, 61)), ((1, 1), (3, 2)), ((2, 5), (1, 9)), ((9, 4), (4, 4))])
@pytest.mark.parametrize("align", [False, True])
def test_every_pixel_is_plain_arithmetic_in_a_fixed_order(
    grid: tuple[int, int], size: tuple[int, int], align: bool
) -> None:
    """The browser repeats these operations, in this order, in the same 64 bits: all bits must agree."""
    raw = np.random.default_rng(5).random(grid, dtype=np.float32) * np.float32(1e-3)
    facts = BlockFacts(3, 2, grid, 8, 16, 7.5, 99, (-4.9, 1 / 3))

    def find(pixel: int, axis: int) -> tuple[int, int, float]:
        n_cells, n_pixels = grid[axis], size[axis]
        if align:
            center = 7.5 + facts.learned_shift[axis]
            cell = ((pixel + 0.5) * 224 / n_pixels - 0.5 - center) / 16
        else:
            cell = (pixel + 0.5) * n_cells / n_pixels - 0.5
        cell = min(max(cell, 0.0), n_cells - 1.0)
        first = min(int(cell), max(n_cells - 2, 0))
        return first, min(first + 1, n_cells - 1), cell - first

    found = upsample_heatmap(raw, size, facts=facts, input_size=224, align=align)
    for y in range(size[0]):
        top, bottom, down = find(y, 0)
        for x in range(size[1]):
            left, right, over = find(x, 1)
            upper, lower = (float(raw[row, left]) * (1 - over) + float(raw[row, right]) * over for row in (top, bottom))
            assert found[y, x] == np.float32(upper * (1 - down) + lower * down)


def test_a_map_is_put_where_the_weights_look() -> None:
    model = build_model("lite1", seed=0)
    shifts = tuple((float(index), -float(index)) for index in range(21))
    manifest = CheckpointManifest("lite1", default_preprocessing("lite1"), learned_shifts=shifts)
    maker, plain = make_map_maker(model, manifest), make_map_maker(model, replace(manifest, learned_shifts=()))
    assert [block.learned_shift for block in maker.blocks] == list(shifts)
    assert {block.learned_shift for block in plain.blocks} == {(0.0, 0.0)}
    raw = np.zeros((14, 14), np.float32)
    raw[6, 6] = 1.0
    places = [np.unravel_index(one.finish(raw, 8, (448, 448))[0].argmax(), (448, 448)) for one in (maker, plain)]
    assert np.subtract(*places).tolist() == [16, -16]  # 8 input pixels are 16 of the picture
    with pytest.raises(IncompatibleCheckpointError, match="learned shifts of 2 blocks"):
        make_map_maker(model, replace(manifest, learned_shifts=shifts[:2]))


def test_a_stack_of_maps_is_enlarged_map_by_map() -> None:
    raw = np.random.default_rng(0).random((3, 7, 7), dtype=np.float32)
    stack = upsample_heatmap(raw, (40, 50), align=False)
    for one, expected in zip(stack, raw, strict=True):
        np.testing.assert_allclose(one, upsample_heatmap(expected, (40, 50), align=False), rtol=1e-6)


def test_aligning_needs_the_facts_of_that_block() -> None:
    with pytest.raises(ValueError, match="facts and input_size are needed"):
        upsample_heatmap(np.zeros((7, 7), np.float32), (10, 10))
    facts = BlockFacts(14, 5, (14, 14), 112, 16, 15.0, 415)
    with pytest.raises(ValueError, match=r"\(14, 14\) for block 14; got \(7, 7\)"):
        upsample_heatmap(np.zeros((7, 7), np.float32), (10, 10), facts=facts, input_size=224)


@pytest.mark.parametrize(("network", "layer"), [("b1", 8), ("lite1", 7), ("b1", 5)])
@pytest.mark.parametrize("spot", [(265, 310), (230, 370)])
def test_a_bright_spot_is_hot_where_it_is(network: str, layer: int, spot: tuple[int, int]) -> None:
    rows, columns = np.ogrid[:530, :620]
    image = np.zeros((530, 620, 3), dtype=np.uint8)
    image[(rows - spot[0]) ** 2 + (columns - spot[1]) ** 2 < 12**2] = 255
    settings = default_preprocessing("b1")  # black is 0, so nothing but the spot is seen
    model = make_even_network(network)
    raw = compute_heatmaps(model, [image], preprocessing=settings, layers=[layer]).maps[layer][0]
    facts = describe_blocks(model, 224)[layer]

    def heat_center(heatmap: np.ndarray) -> np.ndarray:
        return np.array([(heatmap * rows).sum(), (heatmap * columns).sum()]) / heatmap.sum()

    aligned = heat_center(upsample_heatmap(raw, (530, 620), facts=facts, input_size=224))
    plain = heat_center(upsample_heatmap(raw, (530, 620), align=False))
    np.testing.assert_allclose(aligned, spot, atol=2)
    half_a_cell = np.array(facts.cell_size_in_image((530, 620), 224)) / 2
    np.testing.assert_allclose(aligned - plain, half_a_cell, atol=2)


def test_even_weights_have_no_learned_shift_and_uneven_ones_are_found_out() -> None:
    model, inputs = make_even_network("lite1"), torch.zeros(1, 3, 224, 224)
    for block in measure_shifts(model, inputs, n_spots=4)[:9]:
        assert block.learned_shift == pytest.approx((0, 0), abs=0.5)
    kernel = get_blocks(model)[7]._depthwise_conv.weight  # 3x3 on a map of stride 8
    with torch.no_grad():
        kernel.zero_()
        kernel[:, :, 0, 0] = 1.0
    facts = measure_shifts(model, inputs, n_spots=4)
    assert facts[6].learned_shift == pytest.approx((0, 0), abs=0.5)
    assert facts[7].learned_shift == pytest.approx((-8, -8), abs=0.5)
    assert n_hooks(model) == 0


def test_the_imagenet_weights_of_lite1_look_above_and_left_of_the_middle(kvasir_seg: Path) -> None:
    paths = sorted((kvasir_seg / "images").iterdir())[:4]
    images = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    model = build_model("lite1", weights="pretrained").train()
    facts = measure_shifts(model, preprocess(images, default_preprocessing("lite1")), n_spots=8)
    assert model.training
    assert all(-8 < shift < -2 for shift in facts[13].learned_shift)
    assert all(-18 < shift < -8 for shift in facts[15].learned_shift)


def test_min_max_scaling_and_scaling_that_keeps_zero() -> None:
    heatmap = np.float32([[2, 4], [6, 10]])
    np.testing.assert_array_equal(normalize_heatmap(heatmap)[0], np.float32([[0, 0.25], [0.5, 1]]))
    kept, is_blank = normalize_heatmap(heatmap, scaling="maximum")
    np.testing.assert_array_equal(kept, np.float32([[0.2, 0.4], [0.6, 1]]))
    assert not is_blank and kept.dtype == np.float32


@pytest.mark.parametrize("factor", [1e-38, 1e-7, 1.0, 1e30])
def test_scaling_a_raw_map_changes_nothing(factor: float) -> None:
    raw = np.random.default_rng(0).random((7, 7))
    expected, _ = normalize_heatmap(raw.astype(np.float32))
    found, is_blank = normalize_heatmap((raw * factor).astype(np.float32))
    assert not is_blank
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 3e-9, 12345.678])
@pytest.mark.parametrize("scaling", ["minmax", "maximum"])
def test_a_constant_map_is_blank_also_after_enlarging(value: float, scaling: str) -> None:
    raw = np.full((14, 14), value, dtype=np.float32)
    facts = BlockFacts(14, 5, (14, 14), 112, 16, 15.0, 415)
    enlarged = upsample_heatmap(raw, (530, 620), facts=facts, input_size=224)
    heatmap, is_blank = normalize_heatmap(enlarged, scaling=scaling)
    assert is_blank and not heatmap.any()


def test_a_map_of_a_diverged_network_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 values are not"):
        normalize_heatmap(np.float32([[1, np.nan]]))
    with pytest.raises(ValueError, match="finite and 0 or above"):
        pack_heatmap(np.float32([[1, np.inf]]))


def test_packing_keeps_maps_too_small_for_float16() -> None:
    raw = np.random.default_rng(0).random((5, 14, 14), dtype=np.float32) * 1e-7
    assert len(np.unique(raw.astype(np.float16))) < 5  # what packing is for
    shares, scale = pack_heatmap(raw)
    assert shares.dtype == np.float16 and shares.max() == 1 and scale.shape == (5,)
    error = np.abs(unpack_heatmap(shares, scale) - raw) / scale[:, None, None]
    assert error.max() <= 2.0**-12 + 1e-7


def test_packing_moves_no_pixel_of_a_mask_but_those_on_its_threshold() -> None:
    raw = np.random.default_rng(1).random((14, 14), dtype=np.float32) * 3e-6
    unpacked = unpack_heatmap(*pack_heatmap(raw))
    exact, packed = (normalize_heatmap(upsample_heatmap(m, (530, 620), align=False))[0] for m in (raw, unpacked))
    clear = np.abs(exact - 0.4) > 1e-3
    np.testing.assert_array_equal(exact[clear] > 0.4, packed[clear] > 0.4)


def test_packing_a_blank_map_keeps_it_blank() -> None:
    shares, scale = pack_heatmap(np.zeros((2, 7, 7), np.float32))
    assert not shares.any() and not scale.any() and not unpack_heatmap(shares, scale).any()
