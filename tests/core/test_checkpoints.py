"""Checkpoints: the same network comes back, training goes on exactly, and nothing foreign is taken in."""

from __future__ import annotations

import json
import os
import pickle
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from medxai_core.checkpoints import (
    CheckpointManifest,
    OperatingPoint,
    load_checkpoint,
    load_optimizer_state,
    save_checkpoint,
    save_operating_point,
)
from medxai_core.errors import IncompatibleCheckpointError
from medxai_core.models import NETWORKS, PolypClassifier, build_model, default_preprocessing


def make_manifest(network: str) -> CheckpointManifest:
    """Return a manifest with something in every field."""
    return CheckpointManifest(
        network=network,
        preprocessing=default_preprocessing(network),
        training={"epoch": 3, "best_validation_accuracy": 0.71, "note": None},
        operating_point=OperatingPoint(layer=14, method="gradcam", low=0.4, high=0.7, inverted=False),
        learned_shifts=((-5.5, 0.25), (0.0, -12.125)),
    )


def test_a_manifest_from_before_shifts_were_measured_has_none() -> None:
    values = json.loads(make_manifest("lite1").to_json())
    assert CheckpointManifest.from_json(json.dumps(values)).learned_shifts == ((-5.5, 0.25), (0.0, -12.125))
    del values["learned_shifts"]
    assert CheckpointManifest.from_json(json.dumps(values)).learned_shifts == ()


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, *, seed: int) -> float:
    """Take one training step on noise and return the loss."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.rand(2, 3, 64, 64, generator=generator)
    torch.manual_seed(seed)  # dropout
    optimizer.zero_grad()
    loss = nn.functional.binary_cross_entropy_with_logits(model.train()(inputs), torch.tensor([0.0, 1.0]))
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a good checkpoint of lite1."""
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    save_checkpoint(path, build_model("lite1", seed=1), make_manifest("lite1"))
    return path


@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_network_comes_back_bit_for_bit(network: str, tmp_path: Path) -> None:
    model = build_model(network, seed=3)
    optimizer = torch.optim.Adam(model.parameters())
    train_step(model, optimizer, seed=0)  # batch norm statistics move too
    written = save_checkpoint(tmp_path / "a.safetensors", model, make_manifest(network))
    loaded, manifest = load_checkpoint(tmp_path / "a.safetensors")
    assert manifest == written == replace(make_manifest(network), sha256=written.sha256)
    assert isinstance(loaded, PolypClassifier) and not any(module.training for module in loaded.modules())
    inputs = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(loaded(inputs), model.eval()(inputs))
    assert all(torch.equal(t, loaded.state_dict()[name]) for name, t in model.state_dict().items())


def test_the_same_checkpoint_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    model, manifest = load_checkpoint(saved)
    save_checkpoint(tmp_path / "again.safetensors", model, manifest)
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()


def test_the_readable_copy_says_what_the_file_says(saved: Path) -> None:
    _, manifest = load_checkpoint(saved)
    text = saved.with_suffix(".json").read_text()
    assert CheckpointManifest.from_json(text) == manifest
    assert json.loads(text)["class_names"] == ["non_polyp", "polyp"]
    assert json.loads(text)["versions"]["torch"] == torch.__version__


def test_the_file_needs_no_other_file(saved: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(saved.read_bytes())
    assert load_checkpoint(alone)[1] == load_checkpoint(saved)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are those of POSIX")
def test_only_the_owner_can_read_it(saved: Path) -> None:
    for path in (saved, saved.with_suffix(".json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_litter(saved: Path, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(saved.read_bytes())

    def full_disk(descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, build_model("lite1", seed=2), make_manifest("lite1"))
    assert [item.name for item in tmp_path.iterdir()] == ["best.safetensors"]
    assert path.read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD])
def test_training_goes_on_exactly(kind: type, tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    model = build_model("lite1", seed=0)
    optimizer = kind(model.parameters(), lr=1e-3, weight_decay=0.1)
    for seed in (0, 1):
        train_step(model, optimizer, seed=seed)
    save_checkpoint(path, model, make_manifest("lite1"), optimizer=optimizer)
    resumed, _ = load_checkpoint(path)
    resumed_optimizer = kind(resumed.parameters(), lr=0.5)
    load_optimizer_state(path, resumed_optimizer)
    for seed in (2, 3):
        assert train_step(model, optimizer, seed=seed) == train_step(resumed, resumed_optimizer, seed=seed)
    assert all(torch.equal(t, resumed.state_dict()[name]) for name, t in model.state_dict().items())


def test_optimizer_state_that_is_not_there_or_of_another_kind_is_named(saved: Path, tmp_path: Path) -> None:
    model, manifest = load_checkpoint(saved)
    with pytest.raises(IncompatibleCheckpointError, match="without optimizer state"):
        load_optimizer_state(saved, torch.optim.Adam(model.parameters()))
    path = tmp_path / "adam.safetensors"
    save_checkpoint(path, model, manifest, optimizer=torch.optim.Adam(model.parameters()))
    with pytest.raises(IncompatibleCheckpointError, match="the state of Adam, not of SGD"):
        load_optimizer_state(path, torch.optim.SGD(model.parameters()))
    with pytest.raises(IncompatibleCheckpointError, match="of another network"):
        load_optimizer_state(path, torch.optim.Adam(build_model("b1").parameters()))


def test_the_operating_point_can_be_recorded_later(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(saved.read_bytes())
    point = OperatingPoint(layer=20, method="layercam", low=0.28, high=None, inverted=True)
    written = save_operating_point(path, point)
    model, manifest = load_checkpoint(path)
    assert manifest == written and manifest.operating_point == point
    assert manifest.sha256 == load_checkpoint(saved)[1].sha256
    assert save_operating_point(path, None).operating_point is None


class Evil:
    """Run code when unpickled."""

    def __reduce__(self) -> tuple:
        return (os.abort, ())


def write_foreign(path: Path, kind: str, good: Path) -> None:
    """Write a file that is no checkpoint, of a named kind."""
    weights = build_model("lite1").state_dict()
    content = good.read_bytes()
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Evil()))
    elif kind == "torch archive":
        torch.save(weights, path)
    elif kind == "text":
        path.write_text("layer;threshold\n14;0.4\n" * 40)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(content[:-1000])
    elif kind == "truncated header":
        path.write_bytes(content[:400])
    elif kind == "other program":
        save_file(weights, path)
    elif kind == "changed weights":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif kind == "folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "no file there"),
        ("folder", "a folder"),
        ("empty", "an empty file"),
        ("text", "a text file"),
        ("pickle", "a Python pickle"),
        ("torch archive", "a zip archive"),
        ("truncated", "damaged or cut short"),
        ("truncated header", "damaged or cut short"),
        ("other program", "without a manifest"),
        ("changed weights", "changed after it was written"),
    ],
)
def test_a_foreign_file_is_refused_by_name(kind: str, words: str, saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    write_foreign(path, kind, saved)
    with pytest.raises(IncompatibleCheckpointError, match=f"foreign.safetensors must be .*{words}") as caught:
        load_checkpoint(path)
    assert caught.value.remedy


def write_with_manifest(path: Path, good: Path, changes: dict) -> None:
    """Write the weights of a good checkpoint under a manifest with changes."""
    manifest = json.loads(load_checkpoint(good)[1].to_json()) | changes
    save_file(load_file(good), path, metadata={"medxai_manifest": json.dumps(manifest)})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "b1"}, "weights that are not those of b1"),
        ({"network": "b7"}, "a checkpoint of the network 'b7'"),
        ({"format_version": 99}, r"format version 99 \(this software reads 1\)"),
        ({"preprocessing": None}, "a damaged manifest"),
        ({"operating_point": {"layer": 3}}, "a damaged manifest"),
        ({"surprise": 1}, "a damaged manifest"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(changes: dict, words: str, saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    write_with_manifest(path, saved, changes)
    with pytest.raises(IncompatibleCheckpointError, match=words):
        load_checkpoint(path)


def test_a_callers_mistake_is_named(tmp_path: Path) -> None:
    model = build_model("lite1")
    with pytest.raises(ValueError, match=r"must end in .safetensors; got best.pth"):
        save_checkpoint(tmp_path / "best.pth", model, make_manifest("lite1"))
    with pytest.raises(ValueError, match="manifest is of b1, but the model is lite1"):
        save_checkpoint(tmp_path / "best.safetensors", model, make_manifest("b1"))
    unknown = replace(make_manifest("lite1"), training={"accuracy": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_checkpoint(tmp_path / "best.safetensors", model, unknown)
    assert not list(tmp_path.iterdir())
