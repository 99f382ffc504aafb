"""How many heat maps a second: one pass for all layers, against the packages ``grad-cam`` and ``torchcam``.

The same weights (EfficientNet-b1, 224 x 224, random: they change nothing of the time), the same pictures, in turn. The
peers get the network as `efficientnet-pytorch` builds it, and as this software builds it; here it is the copy that the
app looks through, with batch normalisation folded into the convolutions. Before the timing the maps are compared. One
layer is block 14, of 14 x 14 cells. Timed are the network's pass and the raw map; "frame to the map of its size" adds
what the app does: resize a decoded frame of 622x530, normalise, enlarge the map to the frame with alignment. For all
layers the peers have no way but one pass a layer.

Run ``python benchmarks/grad_cam_peers.py``: about 3 minutes on two cores. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytorch_grad_cam
import torch
import torchcam.methods
from efficientnet_pytorch import EfficientNet
from torch import nn

sys.path.append(str(Path(__file__).resolve().parents[1]))

import tables
import turns

from medxai_core.checkpoints import CheckpointManifest
from medxai_core.heatmaps import GradCAM
from medxai_core.memory import keep_freed_memory
from medxai_core.models import PolypClassifier, build_model, default_preprocessing, get_blocks, preprocess
from medxai_core.models.folding import fold_batch_norms
from medxai_core.phantom.frames import draw_frame
from medxai_core.stages.heatmaps import make_map_maker

LAYER, BATCH, N_TURNS = 14, 8, 9
OURS, GRAD_CAM, TORCHCAM = "here", "grad-cam", "torchcam"
SAME = ", our network"
PAPER_FPS, REAL_TIME_FPS = 11, 30
TARGETS = {"one": 2.5, "batch": 4.0, "all": 25.0}


def run_here(model: nn.Module, inputs: torch.Tensor, layers: Sequence[int]) -> dict[int, np.ndarray]:
    """Return raw maps by layer, (n, h, w), all in one pass."""
    with GradCAM(model, list(layers)) as cam:
        return cam(inputs)


def run_grad_cam(model: nn.Module, inputs: torch.Tensor, layers: Sequence[int]) -> dict[int, np.ndarray]:
    """Return maps by layer as the package ``grad-cam`` gives them, (n, S, S), one pass a layer."""
    found = {}
    targets: list[Callable[[torch.Tensor], torch.Tensor]] = [lambda logit: logit] * len(inputs)
    for layer in layers:
        with pytorch_grad_cam.GradCAM(model=model, target_layers=[get_blocks(model)[layer]]) as cam:
            found[layer] = cam(input_tensor=inputs, targets=targets)
    return found


def run_torchcam(model: nn.Module, inputs: torch.Tensor, layers: Sequence[int]) -> dict[int, np.ndarray]:
    """Return raw maps by layer as ``torchcam`` gives them, (n, h, w), one pass a layer."""
    two_dimensional = nn.Sequential(model, nn.Unflatten(0, (-1, 1)))  # (N,) -> (N, 1), as torchcam expects
    found = {}
    for layer in layers:
        with torchcam.methods.GradCAM(two_dimensional, target_layer=get_blocks(model)[layer]) as extractor:
            (cam,) = extractor(0, two_dimensional(inputs), normalized=False)
        found[layer] = cam.detach().numpy()
        model.zero_grad(set_to_none=True)
    return found


def check_same(model: PolypClassifier, inputs: torch.Tensor) -> float:
    """Return the largest difference to torchcam's maps, each scaled by its maximum; end the run if it is large."""
    layers = range(len(get_blocks(model)))
    ours, theirs = run_here(fold_batch_norms(model), inputs, layers), run_torchcam(model, inputs, layers)
    worst = 0.0
    for layer in layers:
        shown = theirs[layer].max(axis=(1, 2)) > 0
        scaled = [one[layer][shown] / one[layer][shown].max(axis=(1, 2), keepdims=True) for one in (ours, theirs)]
        worst = max(worst, float(np.abs(scaled[0] - scaled[1]).max(initial=0)))
    if worst > 1e-3:
        raise SystemExit(f"the maps differ by {worst:.2g} of their maximum")
    return worst


def build_as_published(model: PolypClassifier) -> PolypClassifier:
    """Return a network with the same weights as `efficientnet-pytorch` builds it: its own padding and Swish."""
    backbone = EfficientNet.from_name("efficientnet-b1", num_classes=1)
    backbone.load_state_dict(model.backbone.state_dict())
    return PolypClassifier("b1", backbone).eval()


def measure(
    model: PolypClassifier, inputs: torch.Tensor, layers: Sequence[int], *, n_turns: int
) -> dict[str, np.ndarray]:
    """Return the seconds that each package took, (n_turns,)."""
    folded, published = fold_batch_norms(model), build_as_published(model)
    ways: dict[str, Callable[[], object]] = {
        OURS: lambda: run_here(folded, inputs, layers),
        GRAD_CAM: lambda: run_grad_cam(published, inputs, layers),
        TORCHCAM: lambda: run_torchcam(published, inputs, layers),
        f"{GRAD_CAM}{SAME}": lambda: run_grad_cam(model, inputs, layers),
        f"{TORCHCAM}{SAME}": lambda: run_torchcam(model, inputs, layers),
    }
    return turns.take_turns(ways, n_turns)


def measure_to_the_picture(model: PolypClassifier) -> np.ndarray:
    """Return the seconds of one decoded frame to its enlarged map, one at a time, (n_turns,)."""
    maker = make_map_maker(model, CheckpointManifest("b1", default_preprocessing("b1", 224)))
    frames = [draw_frame(seed, width=622, height=530, with_polyp=True).image for seed in range(BATCH)]

    def run() -> None:
        for frame in frames:
            raw, _ = maker.compute_raw([frame], [LAYER])
            maker.finish(raw[LAYER][0], LAYER, (530, 622))

    return turns.take_turns({OURS: run}, N_TURNS)[OURS] / len(frames)


def write_rows(name: str, n: int, seconds: dict[str, np.ndarray], target: float) -> list[str]:
    """Return the rows of one way of asking."""
    rows = []
    for package, found in seconds.items():
        rate = n / float(np.median(found))
        if package == OURS:
            rows.append(f"| {name} | {package} | {rate:.1f} | - | - | - |")
            continue
        ratio = turns.compare(found, seconds[OURS])
        rows.append(
            f"| | {package} | {rate:.1f} | {ratio} | {target:g}x | {'yes' if ratio.value >= target else '**no**'} |"
        )
    return rows


def main() -> None:
    """Measure in turn and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    keep_freed_memory()
    model = build_model("b1", weights="scratch", seed=0).eval()
    frames = [draw_frame(seed, width=622, height=530, with_polyp=True).image for seed in range(BATCH)]
    inputs = preprocess(frames, default_preprocessing("b1", 224))
    worst = check_same(model, inputs[:2])
    every = range(len(get_blocks(model)))
    rows = write_rows("layer 14, one at a time", 1, measure(model, inputs[:1], [LAYER], n_turns=25), TARGETS["one"])
    batch = measure(model, inputs, [LAYER], n_turns=N_TURNS)
    rows += write_rows(f"layer 14, batches of {BATCH}", BATCH, batch, TARGETS["batch"])
    rows += write_rows("all 23 layers, one at a time", 1, measure(model, inputs[:1], every, n_turns=5), TARGETS["all"])
    whole = 1 / float(np.median(measure_to_the_picture(model)))
    table = "\n".join(
        [
            f"`python benchmarks/grad_cam_peers.py`: {turns.describe_computer()}, EfficientNet-b1 at 224 x 224; "
            f"medians, ratios with a 95 % interval. The raw maps of all layers differ from torchcam's by at most "
            f"{worst:.1g} of their maximum.",
            "",
            "| maps | by | pictures a second | here is faster by | target | met |",
            "|---|---|---|---|---|---|",
            *rows,
            f"| layer 14, frame to the map of its size, one at a time | here | {whole:.1f} | - | "
            f"{PAPER_FPS} (the paper), {REAL_TIME_FPS} (real time) | "
            f"{'yes' if whole > PAPER_FPS else '**no**'}, {'yes' if whole >= REAL_TIME_FPS else '**no**'} |",
        ]
    )
    sys.stdout.write(table + "\n")
    tables.write_table("performance.md", "grad_cam_peers", table + "\n")


if __name__ == "__main__":
    main()
