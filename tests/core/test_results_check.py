"""A result that was changed past the application is not the one that the log saw: it is named, with what to do."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features, record_small_run
from test_log_check import tamper

from medxai_core import store
from medxai_core.checkpoints import CheckpointManifest, OperatingPoint, save_checkpoint, save_operating_point
from medxai_core.events import list_events, record_event
from medxai_core.models import build_model, default_preprocessing
from medxai_core.records.labellings import RecordedProposals, get_labelling, record_labelling
from medxai_core.records.log_check import check_log
from medxai_core.records.masks import RecordedEvaluation, record_evaluation
from medxai_core.records.pictures import list_images
from medxai_core.records.result_digests import SANITY_FILE, WEIGHTS_FILE, digest_results
from medxai_core.records.runs import record_classifier_scores, record_epoch, update_run
from medxai_core.records.speeds import RecordedSpeed, record_speed
from medxai_core.studies.removal import remove_image
from medxai_core.study import Study, open_study

RUN = "quick-lite1-abc123"


def score(study: Study, dice: float) -> None:
    """Record scores of the run on the test pictures."""
    row = RecordedEvaluation(
        evaluation_id="test-run", run_id=RUN, name="run", split="test", masks_used_for="nothing", tuned_on_test=False,
        setting={}, summary={"rows": {"mean.dice": {"value": dice}}}, created_at="2030-01-01T00:00:00+00:00",
    )  # fmt: skip
    record_evaluation(study, row, per_image=np.full((24, 4), 7.0))


@pytest.fixture(scope="module")
def finished(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study with clusters, proposals, a trained run with weights, tests of its maps, scores and times."""
    made = make_small_study(tmp_path_factory.mktemp("finished") / "small", phantom_folder)
    record_plain_features(made)
    propose(made)
    folder = made.run_folder(RUN)
    folder.mkdir(parents=True)
    manifest = CheckpointManifest("lite1", default_preprocessing("lite1", 224))
    save_checkpoint(folder / WEIGHTS_FILE, build_model("lite1", weights="scratch", seed=0), manifest)
    record_small_run(made)
    record_classifier_scores(made, RUN, "test", scores={"accuracy": 0.5}, probabilities=np.full(96, 0.5))
    (folder / SANITY_FILE).write_text(json.dumps({"lights": [{"color": "red"}]}))
    with made.begin() as connection:
        digests = digest_results(connection, made.folder, [f"sanity:{RUN}"])
        record_event(connection, "sanity", {"run_id": RUN, "digests": digests})
    score(made, 0.4)
    record_speed(made, RecordedSpeed(RUN, "test", ["a"], [0.5], {}, {}, "2030-01-01T00:00:00+00:00"))
    made.engine.dispose()
    return made.folder


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Study:
    """Return a copy of the finished study."""
    return open_study(shutil.copytree(finished, tmp_path / "small"))


def test_results_as_they_were_recorded_are_compared_and_whole(study: Study) -> None:
    found = check_log(study)
    assert found.is_whole and found.notices == () and found.n_not_compared == 0
    # clustering, ids, distances; rounds, proposals; run, epochs, weights; scores and answers twice; lights; times
    assert found.n_compared == 14


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            'UPDATE evaluations SET summary = \'{"rows": {"mean.dice": {"value": 0.91}}}\'',
            "The scores recorded as test-run are not those that the log saw",
        ),
        ("UPDATE evaluations SET tuned_on_test = 1", "The scores recorded as test-run"),
        ("UPDATE evaluations SET summary = '{'", "The scores recorded as test-run cannot be read any more"),
        ("DELETE FROM evaluations", "The scores recorded as test-run are not there any more"),
        (
            "UPDATE evaluations SET per_image_array = (SELECT ids_array FROM clusterings)",
            "The scores by picture of test-run",
        ),
        ("UPDATE classifier_scores SET scores = '{}'", f"The classifier scores of {RUN}/test"),
        ("UPDATE epochs SET validation_accuracy = 1 WHERE epoch = 2", f"The figures of the epochs of {RUN}"),
        ("UPDATE runs SET labels = 'reviewed'", f"The facts of the run {RUN}"),
        ("UPDATE labellings SET n_labelled = 99", "The rounds of proposals labels-"),
        ("UPDATE rounds SET label = 'polyp'", "The rounds of proposals labels-"),
        ("UPDATE clusterings SET inertia = 0", "The facts of the clustering k12-"),
        (f"UPDATE study_facts SET value = '{{}}' WHERE key = 'speed:{RUN}'", f"The times of single pictures of {RUN}"),
    ],
)
def test_a_result_that_was_changed_is_named(study: Study, statement: str, words: str) -> None:
    found = tamper(study, statement)
    assert found.is_chain_whole and any(one.startswith(words) for one in found.result_problems), found.problems
    assert not found.is_whole and all("restore the study from a copy" in one for one in found.result_problems)


def test_a_proposal_that_was_turned_is_named(study: Study) -> None:
    label = get_labelling(study).proposals.labels[0]
    other = "polyp" if label == "non_polyp" else "non_polyp"
    [problem] = tamper(study, f"UPDATE proposals SET label = '{other}' WHERE position = 0").problems
    assert problem.startswith("The proposed labels of labels-")


def test_proposals_that_are_put_where_the_rounds_made_none_are_named(study: Study) -> None:
    labelling = replace(
        get_labelling(study), labelling_id="empty", rounds=[], proposals=RecordedProposals.from_rows({})
    )
    record_labelling(study, labelling)
    assert check_log(study).is_whole
    columns = "item_id, label, round, cluster_id, position"
    found = tamper(study, f"INSERT INTO proposals SELECT 'empty', {columns} FROM proposals LIMIT 1")
    assert found.problems[0].startswith("The proposed labels of empty")


def test_a_light_that_was_turned_green_is_named(study: Study) -> None:
    path = study.run_folder(RUN) / SANITY_FILE
    path.write_text(path.read_text().replace("red", "green"))
    [problem] = check_log(study).problems
    assert problem.startswith(f"The tests of the maps of {RUN} are not those that the log saw")


def test_other_weights_are_named_and_a_locked_setting_is_not(study: Study) -> None:
    path = study.run_folder(RUN) / WEIGHTS_FILE
    save_operating_point(path, OperatingPoint(14, "gradcam", 0.4, 0.7, False))
    assert check_log(study).is_whole
    manifest = CheckpointManifest("lite1", default_preprocessing("lite1", 224))
    save_checkpoint(path, build_model("lite1", weights="scratch", seed=1), manifest)
    assert check_log(study).problems[0].startswith(f"The weights of {RUN} are not those that the log saw")
    path.write_bytes(b"no weights")
    assert check_log(study).problems[0].startswith(f"The weights of {RUN} cannot be read")


def test_an_array_whose_file_was_written_over_is_named(study: Study) -> None:
    [answers] = study.read(store.classifier_scores.select())
    path = study.arrays_folder / f"{answers.scores_array}.npy"
    np.save(path, np.ones(96))
    [problem] = check_log(study).problems
    assert problem.startswith(f"The answers of the classifier of {RUN}/test")


def test_scores_that_were_recorded_anew_are_compared_with_the_newest_event(study: Study) -> None:
    score(study, 0.5)
    assert check_log(study).is_whole and len(list_events(study, kind="evaluate")) == 2


def test_a_removed_picture_explains_what_changed_and_hides_no_forgery(study: Study) -> None:
    image_id = str(list_images(study).image_ids[0])
    remove_image(study, image_id)
    found = check_log(study)
    assert found.is_whole and list_events(study, kind="remove-image")[0]["details"]["changed"]
    tamper(study, "UPDATE proposals SET label = 'x' WHERE position = (SELECT max(position) FROM proposals)")
    remove_image(study, str(list_images(study).image_ids[1]))
    assert any(one.startswith("The proposed labels of") for one in check_log(study).problems)


def test_a_training_that_goes_on_makes_its_digests_void_until_it_ends(study: Study) -> None:
    update_run(study, RUN, status="stopped")
    update_run(study, RUN, status="training")
    record_epoch(study, RUN, {"epoch": 3, "train_loss": 0.1, "seconds": 1.0, "is_best": True})
    update_run(study, RUN, best_epoch=3)
    at_work = check_log(study)
    assert at_work.is_whole and "a training has not ended" in at_work.notices[0]
    update_run(study, RUN, status="done")
    assert check_log(study).is_whole and check_log(study).n_not_compared == 0


def test_a_run_called_unfinished_by_hand_is_still_compared(study: Study) -> None:
    found = tamper(study, "UPDATE runs SET status = 'training'", "UPDATE epochs SET train_loss = 0")
    assert len(found.result_problems) == 2


def test_results_of_an_earlier_version_are_said_not_to_be_comparable(study: Study) -> None:
    tamper(study)  # the triggers go
    with study.begin() as connection:  # the log as an earlier version wrote it
        rows = [dict(row._mapping) for row in connection.execute(store.events.select())]
        for table in (store.chain, store.events):
            connection.execute(table.delete())
        for row in rows:
            row["details"].pop("digests", None)
            store.append_to_log(connection, "events", [row])
    found = check_log(study)
    assert found.result_problems == () and found.n_compared == 0 and found.n_not_compared == 14
    assert any("14 results could not be compared" in one and "and 9 more" in one for one in found.notices)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("evaluate", "the scores test-run"),
        ("train", f"the training run {RUN}"),
        ("pseudo-label", "the rounds of proposals labels-"),
        ("cluster", "the clustering k12-"),
        ("evaluate-classifier", f"the classifier scores {RUN}, test"),
        ("sanity", f"the tests of the maps of {RUN}"),
    ],
)
def test_what_lies_there_without_an_event_is_named(study: Study, kind: str, words: str) -> None:
    found = tamper(study, f"DELETE FROM events WHERE kind = '{kind}'")
    assert any(f"The study holds {words}" in one for one in found.result_problems), found.problems
