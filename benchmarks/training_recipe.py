"""Pictures a second in training by the paper's recipe, against the loop as the published code has it.

The recipe: EfficientNet-b1 from scratch, 224 x 224, batches of 16, Adam 1e-3, binary cross-entropy. The published way
is written out here: the network as `efficientnet-pytorch` builds it, float32 in its plain memory layout, every picture
opened and resized with Pillow in every epoch. Ours decodes and resizes once, keeps the pictures in a mapped file, and
trains in channels-last. Same pictures, same order, same first weights, in turn; the decoding that is done once is a row
of its own. Before the timing the losses of both ways over the same first steps are compared, with dropout off (each
draws its own).

bf16 is measured as an option where the processor has it, and is not used by the product: a step rounds to 3 digits. So
is torch.compile, where there is a C++ compiler: its compilation takes minutes, and readers' computers lack one.

Run ``python benchmarks/training_recipe.py``: about 8 minutes on two cores. Writes the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from efficientnet_pytorch import EfficientNet
from PIL import Image
from torch import nn

sys.path.append(str(Path(__file__).resolve().parents[1]))

import tables
import turns
from drawn_files import HEIGHT, WIDTH, use_pictures

from medxai_core.datasets import BatchLoader, LabelledInputs, cache_inputs
from medxai_core.memory import keep_freed_memory
from medxai_core.models import build_model, default_preprocessing
from medxai_core.training import PRESETS
from medxai_core.training.loop import train_one_epoch
from medxai_core.training.preparation import make_loss, make_optimizer, ready_to_train

N_PICTURES, BATCH, SIZE, N_TURNS, N_COMPARED = 64, 16, 224, 5, 4
TARGET = 2.0
PUBLISHED, CACHED, OURS, HALF, COMPILED = "published", "cached", "ours", "half", "compiled"
NAMES = {
    PUBLISHED: "the published way",
    CACHED: "the published way, pictures decoded once",
    OURS: "here",
    HALF: "here, bf16 (an option, not used)",
    COMPILED: "here, torch.compile (an option, not used)",
}


def build_published() -> nn.Module:
    """Return the network as the package builds it, with the weights that ours starts from."""
    network = EfficientNet.from_name("efficientnet-b1", num_classes=1)
    network.load_state_dict(build_model("b1", weights="scratch", seed=0).backbone.state_dict())
    return network


def open_plainly(path: Path) -> torch.Tensor:
    """Open and resize one picture as a plain script does, (3, S, S) float32 in [0, 1]."""
    with Image.open(path) as image:
        small = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1).contiguous().float() / 255


def train_plainly(load: Callable[[int], torch.Tensor], labels: Sequence[int], network: nn.Module) -> list[float]:
    """Train one epoch as the published loop does; return the loss of each step."""
    optimizer, loss = torch.optim.Adam(network.parameters(), lr=1e-3), nn.BCEWithLogitsLoss()
    network.train()
    losses = []
    for start in range(0, len(labels), BATCH):
        rows = range(start, min(start + BATCH, len(labels)))
        inputs = torch.stack([load(row) for row in rows])
        targets = torch.tensor([float(labels[row]) for row in rows])
        optimizer.zero_grad()
        value = loss(network(inputs).squeeze(1), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


class NoteLoss(nn.Module):
    """Pass a loss on and note its value, so that the steps can be compared."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss, self.values = loss, []

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss."""
        value = self.loss(logits, targets)
        self.values.append(value.item())
        return value


def train_here(items: LabelledInputs, model: nn.Module, *, is_half: bool = False) -> list[float]:
    """Train one epoch with the product's loop, in the order of the pictures; return the loss of each step."""
    config = PRESETS["paper"]
    loader = BatchLoader(items, default_preprocessing("b1", SIZE), batch_size=BATCH)
    loss = NoteLoss(make_loss(config, items.class_counts))
    with ready_to_train(model, config), torch.autocast("cpu", torch.bfloat16, enabled=is_half):
        train_one_epoch(model, loader, make_optimizer(model, config), loss)
    return loss.values


def drop_nothing(network: nn.Module) -> nn.Module:
    """Turn off dropout and the skipping of blocks: both ways then compute the same."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "_global_params"):
            module._global_params = module._global_params._replace(drop_connect_rate=0.0)
    return network


def compare_losses(cached: np.ndarray, labels: list[int]) -> tuple[float, list[float]]:
    """Return the largest difference of the losses of the first steps, and ours."""
    rows = np.arange(N_COMPARED * BATCH) % len(labels)
    chosen = [labels[row] for row in rows]
    items = LabelledInputs(cached, rows, np.array(chosen))
    theirs = train_plainly(lambda place: to_tensor(cached[rows[place]]), chosen, drop_nothing(build_published()))
    ours = train_here(items, drop_nothing(build_model("b1", weights="scratch", seed=0)))
    return max(abs(a - b) for a, b in zip(theirs, ours, strict=True)), ours


def to_tensor(picture: np.ndarray) -> torch.Tensor:
    """Return a cached picture, (S, S, 3) uint8, as the plain loop wants it."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float() / 255


def main() -> None:
    """Measure in turn and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    keep_freed_memory()
    with TemporaryDirectory() as folder, use_pictures(None, N_PICTURES) as paths:
        labels = [row % 2 for row in range(len(paths))]
        begun = time.perf_counter()
        items = [(path, None) for path in paths]
        cached, _ = cache_inputs(items, default_preprocessing("b1", SIZE), Path(folder) / "inputs.npy", n_jobs=2)
        once = len(paths) / (time.perf_counter() - begun)
        difference, losses = compare_losses(cached, labels)
        inputs = LabelledInputs(cached, np.arange(len(paths)), np.array(labels))
        published, again = build_published(), build_published()
        ours, half, compiled = (build_model("b1", weights="scratch", seed=0) for _ in range(3))
        ways: dict[str, Callable[[], object]] = {
            PUBLISHED: lambda: train_plainly(lambda row: open_plainly(paths[row]), labels, published),
            CACHED: lambda: train_plainly(lambda row: to_tensor(cached[row]), labels, again),
            OURS: lambda: train_here(inputs, ours),
        }
        if torch.ops.mkldnn._is_mkldnn_bf16_supported():
            ways[HALF] = lambda: train_here(inputs, half, is_half=True)
        if shutil.which("g++"):
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # else an earlier run's compilation is used
            begun = time.perf_counter()
            compiled.compile()
            train_here(inputs, compiled)
            compilation = time.perf_counter() - begun
            ways[COMPILED] = lambda: train_here(inputs, compiled)
        seconds = turns.take_turns(ways, N_TURNS)
    lines = [
        f"`python benchmarks/training_recipe.py`: {turns.describe_computer()}, b1 at {SIZE} x {SIZE}, batches of "
        f"{BATCH}, {N_PICTURES} drawn frames of {WIDTH}x{HEIGHT}; medians of {N_TURNS} turns, ratios with a 95 % "
        f"interval. Without dropout the losses of the first {N_COMPARED} steps differ by at most {difference:.2g} "
        f"(they are about {losses[0]:.2f}).",
        "",
        "| training | pictures a second | against the published way | target | met |",
        "|---|---|---|---|---|",
    ]
    for name, found in seconds.items():
        rate = N_PICTURES / float(np.median(found))
        ratio = None if name == PUBLISHED else turns.compare(seconds[PUBLISHED], found)
        met = "-" if name != OURS or ratio is None else "yes" if ratio.value >= TARGET else "**no**"
        target = f"{TARGET:g}x" if name == OURS else "-"
        lines.append(f"| {NAMES[name]} | {rate:.1f} | {ratio or '-'} | {target} | {met} |")
    lines.append(f"| decoding and resizing once, in two threads | {once:.0f} | - | - | - |")
    if HALF not in seconds:
        lines.append(f"| {NAMES[HALF]} | this processor has no bf16 | - | - | - |")
    if COMPILED in seconds:
        lines += ["", f"torch.compile's first {N_PICTURES} pictures took {compilation:.0f} s, with its compilation."]
    table = "\n".join(lines) + "\n"
    sys.stdout.write(table)
    tables.write_table("performance.md", "training_recipe", table)


if __name__ == "__main__":
    main()
