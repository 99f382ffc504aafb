"""The command line: exit codes, JSON, errors in words, and the same numbers as the core."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "medxai_core", *arguments],
        cwd=ROOT,
        env=os.environ | {"MEDXAI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def call_here(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one command in this process: quick, for what a process of its own has shown once to be said and returned."""
    from medxai_core.__main__ import main

    said, told = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(told):
        patch.setenv("MEDXAI_HOME", str(home))
        patch.setattr("sys.argv", ["medxai_core", *arguments])
        code = main()
    return subprocess.CompletedProcess(list(arguments), code, said.getvalue(), told.getvalue())


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    """Return a copy of the demo's home."""
    shutil.copytree(demo_home / "studies", tmp_path / "home" / "studies")
    return tmp_path / "home"


def test_a_wrong_call_exits_with_2_and_an_error_with_1(tmp_path: Path) -> None:
    assert call("cluster", "demo", "--k", "many", home=tmp_path).returncode == 2
    assert call_here("no-such-command", home=tmp_path).returncode == 2
    failed = call("cluster", "no-such-study", "--json", home=tmp_path)
    assert failed.returncode == 1
    assert "no-such-study" in json.loads(failed.stdout)["error"]
    assert "Traceback" not in failed.stderr


def test_the_demo_is_finished_and_there_at_once_the_next_time(home: Path) -> None:
    again = call_here("demo", "demo", "--json", home=home)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["is_new"] is False
    summary = json.loads(call("review", "summary", "demo", "--json", home=home).stdout)
    assert summary["review"]["n_proposals"] > 0
    check = json.loads(call("study", "check", "demo", "--json", home=home).stdout)
    assert check["is_healthy"] is True


def test_the_demo_beats_the_image_that_says_nothing(home: Path) -> None:
    scores = json.loads(call("evaluate-classifier", "demo", "--json", home=home).stdout)
    assert scores["test"]["confusion"]["tp"] + scores["test"]["confusion"]["fn"] > 0
    assert set(scores) == {"validation", "test"}


def test_masks_of_a_checkpoint_have_the_size_of_the_picture_and_only_two_values(home: Path, tmp_path: Path) -> None:
    pictures = sorted((home / "studies" / "demo" / "pictures" / "images").iterdir())[:3]
    [checkpoint] = (home / "studies" / "demo" / "runs").glob("*/best.safetensors")
    out = tmp_path / "masks"
    made = call("segment", "--checkpoint", str(checkpoint), "--out", str(out), *map(str, pictures), home=home)
    assert made.returncode == 0, made.stderr
    for picture in pictures:
        with Image.open(out / f"{picture.stem}.png") as mask, Image.open(picture) as original:
            assert mask.mode == "L"
            assert mask.size == original.size
            assert set(np.unique(np.asarray(mask))) <= {0, 255}
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(b"no checkpoint")
    refused = call_here("segment", "--checkpoint", str(foreign), "--out", str(out), str(pictures[0]), home=home)
    assert refused.returncode == 1
    assert "foreign.safetensors" in refused.stderr


def test_test_truth_stays_closed_until_the_setting_is_locked(home: Path) -> None:
    assert call_here("lock", "demo", "--unlock", home=home).returncode == 0
    closed = call_here("score", "demo", home=home)
    assert closed.returncode == 1
    assert "hidden until the setting is locked" in closed.stderr
    assert call("lock", "demo", "--layer", "14", "--low", "0.5", home=home).returncode == 0
    opened = call("score", "demo", "--json", home=home)
    assert opened.returncode == 0, opened.stderr
    from medxai_core.records.masks import list_evaluations
    from medxai_core.study import open_study

    rows = [row for row in list_evaluations(open_study(home / "studies" / "demo")) if row.setting.get("low") == 0.5]
    assert rows and all(row.tuned_on_test for row in rows)


def test_runs_2_to_5_ask_for_the_pool(home: Path) -> None:
    refused = call("pipeline", "demo", "--preset", "paper-run-3", home=home)
    assert refused.returncode == 1
    assert "HyperKvasir" in refused.stderr


def test_features_of_pictures_are_written_in_the_published_form(tmp_path: Path) -> None:
    golden = ROOT / "tests" / "golden" / "lire"
    names = ["blobs_200x200.png", "black_640x480.png"]
    paths = [str(next(golden.rglob(name))) for name in names]
    out = tmp_path / "features.csv"
    assert call("features", "--csv", str(out), *paths, home=tmp_path).returncode == 0
    comment, *lines = out.read_text().splitlines()
    assert comment.startswith("% Extracting images in /")
    assert [len(line.split(",")) for line in lines] == [227, 227]
    expected = {row.split(",")[0]: row.split(",")[1:] for row in (golden / "synthetic.csv").read_text().splitlines()}
    for name, line in zip(names, lines, strict=True):
        assert line.split(",")[-1].endswith(name)
        assert np.allclose(np.array(line.split(",")[:-1], float), np.array(expected[name], float), rtol=1e-12, atol=0)


def test_features_names_the_picture_that_fails(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    failed = call_here("features", "--csv", str(tmp_path / "out.csv"), str(tmp_path / "bad.jpg"), home=tmp_path)
    assert failed.returncode == 1
    assert "bad.jpg" in failed.stdout


def test_a_setting_that_cannot_be_used_is_refused_before_anything_is_recorded(home: Path) -> None:
    from medxai_core.records.masks import get_locked_setting
    from medxai_core.records.runs import get_run
    from medxai_core.study import open_study

    study = open_study(home / "studies" / "demo")
    run_id = get_run(study).run_id
    before = get_locked_setting(study, run_id)
    for wrong in (["--layer", "99", "--low", "0.4"], ["--layer", "14", "--low", "0.8", "--high", "0.2"]):
        refused = call_here("lock", "demo", *wrong, home=home)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
    assert get_locked_setting(study, run_id) == before


def test_segment_lists_what_failed_and_exits_with_1(home: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures" / "inner"
    pictures.mkdir(parents=True)
    shutil.copy(next((home / "studies" / "demo" / "pictures" / "images").iterdir()), pictures / "good.jpg")
    (pictures / "bad.jpg").write_bytes(b"")
    [checkpoint] = (home / "studies" / "demo" / "runs").glob("*/best.safetensors")
    options = ["--checkpoint", str(checkpoint), "--out", str(tmp_path / "masks"), "--json"]
    made = call_here("segment", *options, str(tmp_path / "pictures"), home=home)
    assert made.returncode == 1
    result = json.loads(made.stdout)
    assert result["masks"] == ["good.png"]
    assert [failure["item"].endswith("bad.jpg") for failure in result["failures"]] == [True]


def test_after_a_stop_the_run_to_go_on_with_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from medxai_core.__main__ import main
    from medxai_core.errors import StopRequested

    stop = StopRequested("job")

    def stopped() -> None:
        raise stop

    monkeypatch.setattr("medxai_core.__main__.app", stopped)
    assert main() == 1
    assert capsys.readouterr().err == "stopped as asked; what was finished is kept.\n"  # no training: nothing to name
    stop.remedy = "Go on with `train demo --resume r1`."
    assert main() == 1
    assert capsys.readouterr().err.endswith("is kept. Go on with `train demo --resume r1`.\n")
