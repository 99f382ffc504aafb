"""Facts about masks of pictures in no study: which setting is used, what is left out, what cannot be written."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from medxai_core import __main__
from medxai_core.checkpoints import CheckpointManifest, OperatingPoint, load_checkpoint, save_checkpoint
from medxai_core.config import SEGMENTER
from medxai_core.errors import IncompatibleCheckpointError, LayoutError, SettingError
from medxai_core.formats.layouts import ImageRecord
from medxai_core.images import load_image, load_mask
from medxai_core.models import build_model, build_segmenter, default_preprocessing, preprocess
from medxai_core.models.segmentation import LEAST_PICTURE_LOGIT
from medxai_core.phantom.frames import draw_frame
from medxai_core.stages.heatmaps import make_map_maker
from medxai_core.stages.segment import segment_pictures
from medxai_core.studies.examining import examine_images

POINT = OperatingPoint(layer=14, method="gradcam", low=0.3, high=0.7, inverted=False)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a checkpoint that carries an operating point, and one that does not."""
    folder, model = tmp_path_factory.mktemp("checkpoints"), build_model("lite1", weights="pretrained", seed=3)
    manifest = CheckpointManifest("lite1", default_preprocessing("lite1", 224))
    save_checkpoint(folder / "bare.safetensors", model, manifest)
    manifest = CheckpointManifest("lite1", default_preprocessing("lite1", 224), operating_point=POINT)
    save_checkpoint(folder / "ready.safetensors", model, manifest)
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder with one drawn frame."""
    (tmp_path / "in").mkdir()
    Image.fromarray(draw_frame(1, width=160, height=128, with_polyp=True).image).save(tmp_path / "in" / "a b\u00e9.png")
    return tmp_path / "in"


def test_what_is_not_asked_for_stays_as_it_was_locked(checkpoints: Path, pictures: Path, tmp_path: Path) -> None:
    ready = checkpoints / "ready.safetensors"
    found = segment_pictures(ready, [pictures], tmp_path / "out")
    assert (found.setting.layer, found.setting.low, found.setting.high) == (14, 0.3, 0.7)
    lower = segment_pictures(ready, [pictures], tmp_path / "out", low=0.2).setting
    assert (lower.layer, lower.low, lower.high) == (14, 0.2, 0.7)
    with pytest.raises(SettingError):
        segment_pictures(ready, [pictures], tmp_path / "out", low=0.8)


def test_a_threshold_of_one_layer_is_not_taken_for_another(checkpoints: Path, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="chosen for layer 14"):
        segment_pictures(checkpoints / "ready.safetensors", [pictures], tmp_path / "out", layer=3)
    found = segment_pictures(checkpoints / "ready.safetensors", [pictures], tmp_path / "out", layer=3, low=0.5)
    assert (found.setting.layer, found.setting.low) == (3, 0.5)
    with pytest.raises(IncompatibleCheckpointError, match="no operating point"):
        segment_pictures(checkpoints / "bare.safetensors", [pictures], tmp_path / "out")


def test_masks_of_an_earlier_call_are_no_pictures_of_the_next(checkpoints: Path, pictures: Path) -> None:
    for _ in range(2):
        found = segment_pictures(checkpoints / "ready.safetensors", [pictures], pictures / "masks")
        assert found.names == ["a b\u00e9.png"]
    with pytest.raises(LayoutError, match="only pictures are in the folder of the masks"):
        segment_pictures(checkpoints / "ready.safetensors", [pictures / "masks"], pictures / "masks")


def test_an_empty_mask_is_told_from_a_blank_map(checkpoints: Path, pictures: Path, tmp_path: Path) -> None:
    ready = checkpoints / "ready.safetensors"
    found = segment_pictures(
        ready, [pictures], tmp_path / "out", layer=20, low=0.500009, high=0.50002
    )  # between levels
    assert found.empty == found.names and not found.blank
    with Image.open(tmp_path / "out" / found.names[0]) as mask:
        assert mask.mode == "L" and mask.size == (160, 128) and not np.asarray(mask).any()


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of a segmenter whose decoder is random, about as likely as not to see polyps."""
    path = tmp_path_factory.mktemp("segmenter") / "sure.safetensors"
    save_segmenter(path, bias=LEAST_PICTURE_LOGIT)
    return path


def save_segmenter(path: Path, *, bias: float) -> None:
    """Save a segmenter with a random decoder, every logit raised by as much."""
    model = build_segmenter(seed=1)
    torch.nn.init.constant_(model.decoder.head[-1].bias, bias)
    point = OperatingPoint(layer=21, method="segmentation", low=0.5, high=None, inverted=False)
    save_checkpoint(
        path, model, CheckpointManifest(SEGMENTER, default_preprocessing(SEGMENTER, 96), operating_point=point)
    )


def run_segment(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    """Run the command."""
    monkeypatch.setattr(sys, "argv", ["medxai_core", "segment", *map(str, words)])
    assert __main__.main() == 0


def test_a_segmenter_says_which_of_two_reasons_left_a_mask_empty(
    segmenter: Path, pictures: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    asked = ["--out", tmp_path / "out", pictures]
    run_segment(monkeypatch, "--checkpoint", segmenter, "--low", 0.99, *asked)
    told = capsys.readouterr().out
    assert "1 of them are empty (no place is above the threshold, 0.99)" in told and "as a whole" not in told
    save_segmenter(tmp_path / "unsure.safetensors", bias=-1)
    run_segment(monkeypatch, "--checkpoint", tmp_path / "unsure.safetensors", *asked)
    told = capsys.readouterr().out
    assert "the picture as a whole does not speak clearly enough for a polyp, its probability is not above 73%" in told
    assert "no place" not in told


def test_a_classifier_keeps_its_reason(checkpoints: Path, pictures: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    asked = ["--layer", 20, "--low", 0.500009, "--high", 0.50002, "--out", tmp_path / "out", "--json", pictures]
    run_segment(monkeypatch, "--checkpoint", checkpoints / "ready.safetensors", *asked)
    found = json.loads(capsys.readouterr().out)
    assert found["empty"] and found["unsure"] == [] and found["answers"] is None
    run_segment(
        monkeypatch, "--checkpoint", checkpoints / "ready.safetensors", *[one for one in asked if one != "--json"]
    )
    assert "no place is in the band, or the network is not sure enough" in capsys.readouterr().out


def test_a_segmenter_answers_for_the_picture_and_for_the_mask(
    segmenter: Path, pictures: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    asked = ["--out", tmp_path / "out", "--json", pictures]
    run_segment(monkeypatch, "--checkpoint", segmenter, *asked)
    [answer] = json.loads(capsys.readouterr().out)["answers"]
    model, manifest = load_checkpoint(segmenter)
    [path] = pictures.glob("*.png")
    image = load_image(path)
    with torch.no_grad():
        logit = float(model.eval()(preprocess([image], manifest.preprocessing)))
    assert logit > LEAST_PICTURE_LOGIT and not answer["is_held_back"]
    assert answer["polyp_probability"] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-5)
    maker = make_map_maker(model, manifest)
    heatmap, _ = maker.finish(maker.compute_raw([image], [21])[0][21][0], 21, image.shape[:2])
    mask = load_mask(tmp_path / "out" / answer["name"])
    expected = 2 * heatmap[mask].sum() / (mask.sum() + heatmap.sum())
    assert answer["expected_dice"] == pytest.approx(expected, abs=1e-4)
    save_segmenter(tmp_path / "unsure.safetensors", bias=-1)
    run_segment(monkeypatch, "--checkpoint", tmp_path / "unsure.safetensors", *asked)
    found = json.loads(capsys.readouterr().out)
    assert found["unsure"] == found["empty"] == found["masks"]
    assert found["answers"][0]["is_held_back"] and found["answers"][0]["expected_dice"] is None
    run_segment(monkeypatch, "--checkpoint", segmenter, "--layer", 14, "--low", 0.4, *asked)
    [answer] = json.loads(capsys.readouterr().out)["answers"]
    assert answer["expected_dice"] is None and answer["polyp_probability"] == pytest.approx(
        1 / (1 + math.exp(-logit)), abs=1e-5
    )


def test_a_folder_that_cannot_be_made_is_named(checkpoints: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingError, match="cannot be made"):
        segment_pictures(checkpoints / "ready.safetensors", [pictures], tmp_path / "file" / "out")


def test_import_and_segment_judge_12_bits_in_a_16_bit_file_alike(checkpoints: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (80, 96)).astype(np.uint16)
    (tmp_path / "in").mkdir()
    Image.fromarray(values).save(tmp_path / "in" / "untold.tif")
    for number in range(4):
        Image.fromarray(values + number % 2).save(tmp_path / "in" / f"told{number}.tif", tiffinfo={281: 4096 + number})
    found = segment_pictures(checkpoints / "ready.safetensors", [tmp_path / "in"], tmp_path / "out", layer=20, low=0.5)
    assert len(found.names) == 4
    [refused] = found.failures
    records = [ImageRecord(path, path.name) for path in sorted((tmp_path / "in").iterdir())]
    (tmp_path / "thumbnails").mkdir()
    examined, failures = examine_images(
        records, tiles=(1, 1), thumbnails=tmp_path / "thumbnails", on_progress=lambda done, total: None
    )
    assert [one.reason for one in failures] == [refused.reason] and "nearly black" in refused.reason
    assert len(examined) == 4 and all((one.quality.brightness or 0) > 50 for one in examined)
