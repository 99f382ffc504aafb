"""A run that is done again: what comes out the same, and that each kind of change is found where it is."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from small_studies import learn_for_a_moment, make_small_study, train_on_small_pictures
from trained_study import record_untrained_run

from medxai_core.checkpoints import load_checkpoint, save_checkpoint
from medxai_core.config import RESEARCH_USE, SHUFFLED
from medxai_core.errors import LayoutError, RunNotFoundError, StopRequested
from medxai_core.events import list_events
from medxai_core.formats.report_facts import ReportDigests, read_report_digests
from medxai_core.masks import compute_masks_digest
from medxai_core.models import build_model
from medxai_core.records.clusterings import find_feature_arrays
from medxai_core.records.decisions import append_decisions, list_decisions_before
from medxai_core.records.labellings import get_labelling
from medxai_core.records.log_check import check_log
from medxai_core.records.masks import MaskSetting, record_unlock
from medxai_core.records.pictures import compute_dataset_digest, list_file_hashes, list_images, list_items
from medxai_core.records.runs import get_run
from medxai_core.review import Decision
from medxai_core.stages.class_map_labels import propose_by_class_map
from medxai_core.stages.clusters import pseudo_label_study
from medxai_core.stages.features import extract_study_features
from medxai_core.stages.heatmaps import compute_study_heatmaps
from medxai_core.stages.labels import decide
from medxai_core.stages.masks import digest_run_masks, lock_setting
from medxai_core.stages.replay import FILE, Replay, find_replay, replay_run
from medxai_core.stages.replay.steps import compare_arrays, list_changes
from medxai_core.stages.replay.training import compare_weights
from medxai_core.stages.runs import BEST
from medxai_core.stages.scores import score_study
from medxai_core.stages.students import train_student
from medxai_core.stages.training import train_study
from medxai_core.students.curriculum import Curriculum
from medxai_core.studies.removal import remove_image
from medxai_core.study import Study, open_study, set_image_root

STEPS = ("pictures", "features", "clusters", "proposals", "labels", "training", "heat maps", "masks", "scores")
SETTING = MaskSetting(14, "gradcam", 0.4, None, chosen_on="tuning")


@pytest.fixture(scope="module", autouse=True)
def small_pictures() -> Iterator[None]:
    """Train on small pictures."""
    with pytest.MonkeyPatch.context() as patch:
        train_on_small_pictures(patch)
        yield


@pytest.fixture(scope="module")
def finished_folder(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small study that was taken from pictures to scores. Copy, don't change."""
    study = make_small_study(tmp_path_factory.mktemp("finished") / "small", phantom_folder, tuning_share=0.2)
    extract_study_features(study)
    decide(study, str(list_items(study).item_ids[list_open(study)[0]]), "label", reader="r1", label="polyp")
    pseudo_label_study(study, k=12)
    run = train_study(study, preset="quick", epochs=2, seed=3)
    compute_study_heatmaps(study, run.run_id, layers=[SETTING.layer], splits=["tuning"])
    lock_setting(study, run.run_id, SETTING, reader="r1")
    score_study(study, run.run_id, split="test")
    study.engine.dispose()
    return study.folder


def list_open(study: Study) -> np.ndarray:
    """Return training items that are no seeds."""
    items = list_items(study)
    return np.flatnonzero((items.splits == "train") & ~items.is_seed)


@pytest.fixture
def study(finished_folder: Path, tmp_path: Path) -> Study:
    """Return a finished study of one's own."""
    return open_study(shutil.copytree(finished_folder, tmp_path / "small"))


def change_by_hand(study: Study, statement: str, *values: object) -> None:
    """Change the database past the application."""
    with sqlite3.connect(study.folder / "study.db") as database:
        assert database.execute(statement, values).rowcount > 0


def change_manifest(study: Study, change: Callable[[dict], None]) -> None:
    """Change what is recorded of the run by hand."""
    manifest = dict(get_run(study).manifest)
    change(manifest)
    change_by_hand(study, "UPDATE runs SET manifest = ?", json.dumps(manifest))


def list_outcomes(found: Replay) -> dict[str, str]:
    """Return the outcome by step."""
    return {step.name: step.outcome for step in found.steps}


def list_differing(found: Replay) -> list[str]:
    """Return the steps that differ."""
    return [step.name for step in found.steps if step.outcome == "differs"]


def get_words(found: Replay, name: str) -> str:
    """Return the words of a step."""
    return next(step.words for step in found.steps if step.name == name)


def list_files(study: Study) -> dict[str, str]:
    """Return the SHA-256 of every file of a study but the database and the head of its log."""
    files = [path for path in study.folder.rglob("*") if path.is_file()]
    kept = [path for path in files if not path.name.startswith(("study.db", "log_head"))]
    return {str(path.relative_to(study.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def dump(study: Study) -> list[str]:
    """Return the whole database as text, but for the log."""
    with sqlite3.connect(study.folder / "study.db") as database:
        lines = list(database.iterdump())
    return [line for line in lines if not line.startswith(('INSERT INTO "events"', 'INSERT INTO "chain"'))]


def test_every_step_of_a_run_comes_out_the_same_and_nothing_else_is_changed(study: Study) -> None:
    run_id, files, database = get_run(study).run_id, list_files(study), dump(study)
    n_threads, titles = torch.get_num_threads(), []

    def stage(title: str):
        titles.append(title)
        return lambda done, total: None

    found = replay_run(study, stage=stage)
    assert list_outcomes(found) == dict.fromkeys(STEPS, "same"), [step.words for step in found.steps]
    assert found.is_same and found.changes == () and torch.get_num_threads() == n_threads
    assert found.masks_digest == digest_run_masks(study, run_id)  # made with the network that was trained again
    assert {"Extracting features", "Training again", "Making masks"} <= set(titles)
    kept = f"runs/{run_id}/{FILE}"
    now = list_files(study)
    now_kept = hashlib.sha256((study.folder / kept).read_bytes()).hexdigest()
    assert now.pop(kept) and now == files and dump(study) == database
    assert (study.folder / kept).stat().st_mode & 0o077 == 0
    assert json.loads((study.folder / kept).read_text())["notice"] == RESEARCH_USE
    assert find_replay(study, get_run(study)) == found
    event = list_events(study)[-1]
    digests = {f"replay:{run_id}": now_kept}
    assert event["kind"] == "replay" and event["details"] == {
        "run_id": run_id, "masks_digest": found.masks_digest, "same": 9, "differs": 0, "not_replayed": 0,
        "digests": digests,
    }  # fmt: skip
    assert check_log(study).is_whole


def test_two_people_get_the_same_masks(study: Study, finished_folder: Path, tmp_path: Path) -> None:
    other = open_study(shutil.copytree(finished_folder, tmp_path / "elsewhere"))
    found = [replay_run(one, with_training=False) for one in (study, other)]
    assert found[0].masks_digest == found[1].masks_digest == digest_run_masks(study, get_run(study).run_id)
    assert found[0].dataset_digest == found[1].dataset_digest


def test_a_picture_that_changed_is_named_and_so_are_the_features_of_its_tiles(
    study: Study, phantom_folder: Path, tmp_path: Path
) -> None:
    drawn = shutil.copytree(phantom_folder, tmp_path / "drawn")
    set_image_root(study, drawn / "images", drawn / "masks")
    images = list_images(study)
    at = images.positions_in("train")[2]
    others = images.positions_in("train")[3]
    shutil.copyfile(study.image_root / images.relative_paths[others], study.image_root / images.relative_paths[at])
    (study.image_root / images.relative_paths[images.positions_in("validation")[0]]).unlink()
    found = replay_run(study, with_training=False)
    assert list_differing(found) == ["pictures", "features"]
    assert "1 of 24 files changed since the import and 1 of 24 files gone" in get_words(found, "pictures")
    assert str(images.image_ids[at]) in get_words(found, "pictures")
    assert get_words(found, "features").startswith("Other features for 8 of 96 items")
    assert "of pictures whose files changed" in get_words(found, "features")


def test_a_proposal_that_was_changed_by_hand_is_found_with_the_label_that_was_learned(study: Study) -> None:
    item_id = str(get_labelling(study).proposals.item_ids[0])
    label = {"polyp": "non_polyp", "non_polyp": "polyp"}[get_labelling(study).proposals[item_id]["label"]]
    change_by_hand(study, "UPDATE proposals SET label = ? WHERE item_id = ?", label, item_id)
    found = replay_run(study, with_training=False)
    assert list_differing(found) == ["proposals", "labels"]
    assert get_words(found, "proposals").startswith("1 of ") and "with another label" in get_words(found, "proposals")
    assert f"1 item learned with another label than is recorded now ({item_id})" in get_words(found, "labels")


def test_a_seed_whose_label_was_changed_is_found(study: Study) -> None:
    items = list_items(study)
    seed = str(items.item_ids[np.flatnonzero(items.is_seed & (items.reference_labels == "polyp"))[0]])
    change_by_hand(study, "UPDATE items SET reference_label = 'non_polyp' WHERE item_id = ?", seed)
    found = replay_run(study, with_training=False)
    assert "labels" in list_differing(found) and seed in get_words(found, "labels")


def test_another_seed_in_the_record_gives_other_weights_and_says_what_follows(study: Study) -> None:
    change_manifest(study, lambda manifest: manifest["config"].update(seed=4))
    found = replay_run(study)
    assert list_differing(found) == ["training", "heat maps", "masks", "scores"]
    assert "tensors of the weights differ" in get_words(found, "training")
    assert "the figures differ in epoch 1, 2" in get_words(found, "training")
    assert "not the cause: something that is recorded here was changed" in get_words(found, "training")
    assert "follows from the weights" in get_words(found, "heat maps")
    assert found.masks_digest != digest_run_masks(study, found.run_id)


def test_a_label_in_the_runs_own_list_that_was_changed_is_found(study: Study) -> None:
    def flip(manifest: dict) -> None:
        manifest["labels"][0] = 1 - manifest["labels"][0]

    change_manifest(study, flip)
    assert list_differing(replay_run(study, with_training=False)) == ["labels"]


def test_versions_that_changed_are_named_first(study: Study) -> None:
    change_manifest(study, lambda manifest: manifest["versions"].update(torch="1.0", n_cpus=99))
    found = replay_run(study, with_training=False)
    assert found.is_same and found.changes == (f"torch 1.0, now {found.versions_now['torch']}",)


@pytest.mark.parametrize(("what", "step"), [("features", "features"), ("heatmaps", "heat maps")])
def test_an_array_that_was_changed_on_disk_is_found_by_its_name(study: Study, what: str, step: str) -> None:
    if what == "features":
        array_id = next(iter(find_feature_arrays(study).values()))
    else:
        with sqlite3.connect(study.folder / "study.db") as database:
            (array_id,) = database.execute("SELECT maps_array FROM heatmaps").fetchone()
    path = study.arrays_folder / f"{array_id}.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    found = replay_run(study, with_training=False)
    assert step in list_differing(found) and "was changed or is gone" in get_words(found, step)


def test_weights_that_were_exchanged_are_found(study: Study) -> None:
    path = study.run_folder(get_run(study).run_id) / BEST
    _, manifest = load_checkpoint(path)
    save_checkpoint(path, build_model("lite1", weights="pretrained", seed=9), manifest)
    assert "training" in list_differing(replay_run(study))


def test_a_network_that_is_gone_is_said_and_the_digest_is_made_by_training_again(study: Study) -> None:
    run_id = get_run(study).run_id
    expected = digest_run_masks(study, run_id)
    (study.run_folder(run_id) / BEST).unlink()
    lost = replay_run(study, with_training=False)
    assert list_differing(lost) == ["training"] and lost.masks_digest is None
    again = replay_run(study)
    assert list_differing(again) == ["training"] and again.masks_digest == expected


def test_scores_that_were_changed_by_hand_are_found(study: Study) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        row = database.execute("SELECT summary FROM evaluations WHERE run_id IS NOT NULL").fetchone()
    summary = json.loads(row[0])
    summary["rows"]["mean.dice"]["value"] = 0.99
    change_by_hand(study, "UPDATE evaluations SET summary = ? WHERE run_id IS NOT NULL", json.dumps(summary))
    found = replay_run(study, with_training=False)
    assert list_differing(found) == ["scores"]
    assert "mean.dice" in get_words(found, "scores") and "0.9900 recorded" in get_words(found, "scores")


def test_truth_that_was_changed_is_told_from_masks_that_changed(
    study: Study, phantom_folder: Path, tmp_path: Path
) -> None:
    drawn = shutil.copytree(phantom_folder, tmp_path / "drawn")
    set_image_root(study, drawn / "images", drawn / "masks")
    images = list_images(study)
    first, second = images.positions_in("test", with_truth=True)[:2]
    assert study.mask_root is not None
    shutil.copyfile(study.mask_root / images.mask_paths[first], study.mask_root / images.mask_paths[second])
    found = replay_run(study, with_training=False)
    assert list_differing(found) == ["scores"]
    assert "The masks are the same: the truth" in get_words(found, "scores")


def test_decisions_that_came_after_the_run_do_not_count(study: Study) -> None:
    for row in list_open(study)[1:6]:
        decide(study, str(list_items(study).item_ids[row]), "label", reader="r1", label="polyp")
    assert replay_run(study, with_training=False).is_same


def test_the_log_knows_what_was_decided_before_a_run_whatever_moment_an_imported_decision_bears(study: Study) -> None:
    run_id = get_run(study).run_id
    before = list_decisions_before(study, "train", "run_id", run_id)
    item_id = str(list_items(study).item_ids[list_open(study)[3]])
    early = Decision(99, "imported", "r2", "2001-01-01T00:00:00+00:00", item_id, "label", "polyp")
    append_decisions(study, [(early, None, "polyp")])
    assert list_decisions_before(study, "train", "run_id", run_id) == before and len(before) == 1


def test_what_cannot_be_done_again_without_a_removed_picture_is_not_done_and_said(study: Study) -> None:
    remove_image(study, str(list_images(study).image_ids[list_images(study).positions_in("train")[0]]))
    found = replay_run(study)
    assert [name for name, outcome in list_outcomes(found).items() if outcome == "not replayed"] == [
        "clusters", "proposals", "labels", "training",
    ]  # fmt: skip
    assert found.is_same and "removed from the study since" in get_words(found, "training")
    assert "after this run began: 1 picture." in get_words(found, "pictures")


def test_removing_a_training_picture_keeps_the_arrays_that_hold_nothing_of_it(study: Study) -> None:
    remove_image(study, str(list_images(study).image_ids[list_images(study).positions_in("train")[0]]))
    with sqlite3.connect(study.folder / "study.db") as database:
        listed = {array_id for (array_id,) in database.execute("SELECT array_id FROM arrays")}
    assert {path.stem for path in study.arrays_folder.glob("*.npy")} == listed


def test_without_a_locked_setting_there_are_maps_but_no_masks_and_no_truth(study: Study) -> None:
    record_unlock(study, get_run(study).run_id, reader="r1")
    found = replay_run(study, with_training=False)
    outcomes = list_outcomes(found)
    assert outcomes["masks"] == outcomes["scores"] == "not replayed" and found.masks_digest is None
    assert "stays hidden" in get_words(found, "scores")
    assert "layer 20" in get_words(found, "heat maps")


def test_a_run_without_rounds_and_without_maps_says_what_is_missing(phantom_folder: Path, tmp_path: Path) -> None:
    made = make_small_study(tmp_path / "bare", phantom_folder)
    record_untrained_run(made)
    found = replay_run(made, with_training=False)
    outcomes = list_outcomes(found)
    assert outcomes["features"] == outcomes["clusters"] == outcomes["proposals"] == "not replayed"
    assert outcomes["heat maps"] == "not replayed" and "are recorded to compare" in get_words(found, "heat maps")


def test_a_resumed_control_on_shuffled_labels_is_done_again_in_one_go(phantom_folder: Path, tmp_path: Path) -> None:
    made = make_small_study(tmp_path / "resumed", phantom_folder)

    def stop_in_epoch_2(title: str):
        def report(done: int, total: int) -> None:
            if title == "Training" and done > total // 2:
                raise StopRequested("x")

        return report

    with pytest.raises(StopRequested):
        train_study(made, preset="quick", epochs=2, shuffle_labels=True, seed=2, stage=stop_in_epoch_2)
    run = get_run(made)
    assert run.labels == SHUFFLED
    assert list_outcomes(replay_run(made, run.run_id))["training"] == "same"  # the one epoch that was done
    train_study(made, resume=run.run_id)
    found = replay_run(made, run.run_id)
    assert list_outcomes(found)["labels"] == list_outcomes(found)["training"] == "same"
    assert "2 epochs" in get_words(found, "training")


def test_stopping_leaves_nothing(study: Study) -> None:
    files, n_events = list_files(study), len(list_events(study))

    def stop(title: str):
        def report(done: int, total: int) -> None:
            if title == "Training again":
                raise StopRequested("x")

        return report

    with pytest.raises(StopRequested):
        replay_run(study, stage=stop)
    assert list_files(study) == files and len(list_events(study)) == n_events
    assert not list(study.folder.glob("replaying-*"))


@pytest.fixture
def quick_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn for a moment, and propose what is hardly sure."""
    learn_for_a_moment(monkeypatch)
    monkeypatch.setattr("medxai_core.pseudo_labels.bands.LEAST_SURE", 0.55)


@pytest.mark.usefixtures("quick_lessons")
def test_a_class_map_and_a_segmenter_are_done_again_bit_by_bit(phantom_folder: Path, tmp_path: Path) -> None:
    made = make_small_study(tmp_path / "taught", phantom_folder, seeds=16)
    propose_by_class_map(made, target=60)
    small = Curriculum(side=64, use_side=96, n_drawn=(4, 2), shape_steps=2, rounds=(2, 2), batch=(2, 1, 1))
    run = train_student(made, labels="all", curriculum=small)
    compute_study_heatmaps(made, run.run_id, layers=[21])
    found = replay_run(made, run.run_id)
    expected = dict.fromkeys(STEPS, "same") | {"scores": "not replayed"}
    assert list_outcomes(found) == expected, [step.words for step in found.steps]
    assert "3 rounds" in get_words(found, "training") and "bands" in get_words(found, "clusters")
    left_out = replay_run(made, run.run_id, with_training=False)
    assert list_outcomes(left_out)["features"] == list_outcomes(left_out)["training"] == "not replayed"
    assert left_out.masks_digest == found.masks_digest
    propose_by_class_map(made, target=60, seed=1)
    assert "made anew since" in get_words(replay_run(made, run.run_id, with_training=False), "clusters")


def write_report(path: Path, facts: object) -> Path:
    """Write what a replay reads of a report."""
    text = f'<html><script>let a = "<b>";</script><script type="application/json" id="medxai-facts">{facts}</script>'
    path.write_text(text, encoding="utf-8")
    return path


def test_the_digests_of_a_report_are_compared(study: Study, tmp_path: Path) -> None:
    run_id = get_run(study).run_id
    digest, pictures = digest_run_masks(study, run_id), compute_dataset_digest(study)
    facts = {"run_id": run_id, "masks_digest": digest, "dataset_digest": pictures, "more": 1}
    report = read_report_digests(write_report(tmp_path / "r.html", json.dumps(facts)))
    assert report == ReportDigests(run_id, digest, pictures)
    found = replay_run(study, report=report, with_training=False)
    assert found.is_same and list_outcomes(found)["report"] == "same"
    unlike = replay_run(study, report=ReportDigests(run_id, "0" * 64, pictures), with_training=False)
    assert list_differing(unlike) == ["report"] and "The masks are not those" in get_words(unlike, "report")
    silent = replay_run(study, report=ReportDigests(run_id, None, None), with_training=False)
    assert list_outcomes(silent)["report"] == "not replayed"
    with pytest.raises(RunNotFoundError, match="is about run"):
        replay_run(study, "another", report=report)


@pytest.mark.parametrize("facts", ["", "[1]", "{}", '{"run_id": 3}', "{'run_id': 'a'}"])
def test_what_is_no_report_is_refused(tmp_path: Path, facts: str) -> None:
    with pytest.raises(LayoutError, match="cannot be read|name no run"):
        read_report_digests(write_report(tmp_path / "r.html", facts))


def test_a_page_without_facts_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>medxai-facts</p>", encoding="utf-8")
    (tmp_path / "picture.html").write_bytes(b"\xff\xd8\xff")
    for name in ("page.html", "picture.html", "none.html"):
        with pytest.raises(LayoutError, match="report"):
            read_report_digests(tmp_path / name)


def test_the_command_prints_one_line_a_step_and_returns_1_when_something_differs(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    from medxai_core.__main__ import main

    def call(*arguments: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["medxai_core", "replay", str(study.folder), "--no-training", *arguments])
            return main()

    assert call() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("nothing differs.") and lines[-2].startswith("Masks: ")
    assert any(line.startswith("recorded network: SHA-256 ") for line in lines)
    assert any(line.startswith("recorded proposals: ") and "wrong" in line for line in lines)
    item_id = str(get_labelling(study).proposals.item_ids[0])
    change_by_hand(study, "UPDATE proposals SET round = 99 WHERE item_id = ?", item_id)
    assert call("--json") == 1
    result = json.loads(capsys.readouterr().out)
    assert result["same"] is False and [one["name"] for one in result["steps"]] == list(STEPS)


def test_the_digest_over_masks_is_the_sha_256_of_what_its_docstring_says() -> None:
    first, second = np.zeros((3, 3), bool), np.ones((1, 2), bool)
    first[0, 0] = first[2, 2] = True
    expected = hashlib.sha256(b"a 3 3\n" + bytes([0b10000000, 0b10000000]) + b"b 1 2\n" + bytes([0b11000000]))
    assert compute_masks_digest([("a", first), ("b", second)]) == expected.hexdigest()
    assert compute_masks_digest([]) == hashlib.sha256().hexdigest()


def test_the_digest_over_masks_tells_pixels_sizes_and_pictures_apart_and_wants_an_order() -> None:
    mask = np.zeros((2, 8), bool)
    other = mask.copy()
    other[1, 7] = True
    pairs = [[("a", mask)], [("a", other)], [("a", mask.reshape(8, 2))], [("b", mask)], [("a", mask), ("b", mask)]]
    assert len({compute_masks_digest(one) for one in pairs}) == len(pairs)
    for wrong in ([("b", mask), ("a", mask)], [("a", mask), ("a", mask)]):
        with pytest.raises(ValueError, match="rising order"):
            compute_masks_digest(wrong)
    with pytest.raises(TypeError, match="bool"):
        compute_masks_digest([("a", mask.astype(np.uint8))])


def test_the_digest_over_pictures_is_that_of_their_sorted_lines(study: Study) -> None:
    hashes = list_file_hashes(study)
    assert list(hashes) == sorted(hashes) and len(hashes) == 24
    lines = "".join(f"{image_id} {digest}\n" for image_id, digest in hashes.items())
    assert compute_dataset_digest(study) == hashlib.sha256(lines.encode()).hexdigest()
    before = compute_dataset_digest(study)
    remove_image(study, next(iter(hashes)))
    assert compute_dataset_digest(study) != before


def test_arrays_are_compared_to_the_last_bit() -> None:
    one = np.array([[0.0, np.nan], [1.0, 2.0], [3.0, 4.0]])
    assert compare_arrays(one, one.copy()).is_same
    other = one.copy()
    other[1, 1] = np.nextafter(2.0, 3.0)
    other[0, 0] = -0.0
    found = compare_arrays(one, other)
    assert found.n_rows_different == 2 and 0 < found.greatest < 1e-15
    other[2, 0] = np.nan
    assert compare_arrays(one, other).greatest == float("inf")
    assert compare_arrays(one, one[:2]).n_rows_different == 3


def test_weights_are_compared_tensor_by_tensor() -> None:
    one, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    other.load_state_dict(one.state_dict())
    assert compare_weights(one, other) == ([], 0.0)
    with torch.no_grad():
        other.bias[1] += 0.5
    names, greatest = compare_weights(one, other)
    assert names == ["bias"] and greatest == pytest.approx(0.5)


def test_what_changes_no_bit_is_no_cause() -> None:
    assert list_changes({"n_cpus": 1, "numpy": "1"}, {"n_cpus": 2, "numpy": "1"}) == []
    assert list_changes({"code": "a"}, {"code": "b"}) == ["the code of this software a, now b"]
