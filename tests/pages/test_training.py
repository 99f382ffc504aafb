"""Facts about the Training page: it shows what the store holds, also to one who opens it anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from small_studies import record_small_run
from sqlalchemy import text, update

from medxai_core import store
from medxai_core.errors import RunNotFoundError, StopRequested
from medxai_core.evaluation.classifier import score_classifier
from medxai_core.jobs import get_log_path, list_jobs, record_job, running_job
from medxai_core.json_values import to_plain
from medxai_core.readers import get_default_reader
from medxai_core.records.masks import MaskSetting, record_lock
from medxai_core.records.runs import record_classifier_scores
from medxai_core.views.run_states import list_run_states
from pages.components.run_names import name_runs


def labels_of(app):
    """Return the words on all buttons."""
    return [button.label for button in app.button]


def test_without_a_run_the_page_offers_a_new_training(open_page, small_study, read_page):
    app = open_page("training")
    assert not app.exception
    assert "Start training" in labels_of(app)
    assert app.segmented_control(key="training_view").value == "New training"
    [counts] = [table.value for table in app.dataframe]
    assert counts["polyp"].tolist()[0] == counts["non-polyp"].tolist()[0] == 6
    assert counts["polyp"].tolist()[2] == 0  # proposals are left out
    app = app.segmented_control(key="training_recipe").set_value("quick").run()
    assert app.dataframe[0].value["polyp"].tolist()[2] > 0
    app = app.segmented_control(key="training_labels").set_value("reviewed").run()
    assert app.dataframe[0].value["polyp"].tolist()[2] == 0


def test_the_recommended_recipe_comes_first_with_its_time(open_page, small_study, read_page):
    app = open_page("training")
    assert app.segmented_control(key="training_recipe").value == "recommended"
    words = read_page(app)
    assert "minutes** on two cores that do nothing else" in words and "that of another computer" in words
    app = app.segmented_control(key="training_recipe").set_value("quick").run()
    app = app.segmented_control(key="training_labels").set_value("reviewed").run()
    assert app.segmented_control(key="training_recipe").value == "quick"  # what was chosen stays


def test_who_chooses_no_pass_needs_no_check_pictures_and_is_told_of_the_memory(open_page, small_study, read_page):
    of_validation = "image_id IN (SELECT image_id FROM images WHERE split = 'validation')"
    with small_study.begin() as connection:
        connection.exec_driver_sql(f"UPDATE items SET is_labelled = 0 WHERE {of_validation}")
    app = open_page("training")
    words = read_page(app)
    assert "nobody can tell which pass" not in words and "4 to 6 GB of memory" in words
    app = app.segmented_control(key="training_recipe").set_value("quick").run()
    words = read_page(app)
    assert "nobody can tell which pass" in words and "of memory" not in words


def test_a_trial_says_how_long_the_recommended_recipe_takes_here(open_page, small_study, read_page, monkeypatch):
    monkeypatch.setattr("medxai_core.views.training_cost.measure_seconds_per_look", lambda: 0.048)
    app = open_page("training")
    first = re.search(r"About \*\*(\d+) minutes", read_page(app))
    [trial] = [button for button in app.button if button.label == "Try a few steps to estimate it here"]
    app = trial.click().run()
    assert not app.exception
    measured = re.search(r"About \*\*(\d+) minutes\*\* on this computer", read_page(app))
    assert first is not None and measured is not None
    assert int(measured[1]) == pytest.approx(4 * int(first[1]), abs=3)  # four times as slow


def test_a_recommended_training_tells_how_far_the_whole_is(open_page, small_study, read_page):
    run = record_small_run(small_study, n_epochs=1, status="training", epochs=4, network="lite1-fpn")
    with running_job(small_study, "train", title="Training", parameters={}) as job:
        job.set_run(run.run_id)
        report = job.stage("Learning masks, round 1 of 3")
        time.sleep(0.6)
        report(200, 400)
        app = open_page("training")
        assert not app.exception
        told = [one.proto.text for one in app.get("progress")]
        assert len(told) == 2  # the strip and the page
        assert all(re.search(r"\d+ % of the whole · (about|less than) .* left$", one) for one in told)
        assert "Learning masks, round 1 of 3, 200 of 400" in read_page(app)


def test_the_page_opens_on_the_run_at_work(open_page, small_study, read_page):
    old = record_small_run(small_study, "quick-lite1-zzzzzzzzzz", n_epochs=1, status="training", epochs=4)
    new = record_small_run(small_study, "quick-lite1-aaaaaaa")
    assert [state.run.run_id for state in list_run_states(small_study)] == [new.run_id, old.run_id]
    app = open_page("training")
    assert app.selectbox(key="training_run").value == new.run_id
    with running_job(small_study, "train", title="Training goes on", parameters={}) as job:
        job.set_run(old.run_id)
        job.stage("Training")
        assert open_page("training").selectbox(key="training_run").value == old.run_id
        app = app.run()  # a page that stood open turns to it once, and then lets the reader choose
        assert app.selectbox(key="training_run").value == old.run_id
        app = app.selectbox(key="training_run").set_value(new.run_id).run()
        assert app.selectbox(key="training_run").value == new.run_id
        assert "Another training is at work" in read_page(app)
        [show] = [button for button in app.button if button.label == "Show it"]
        assert show.click().run().selectbox(key="training_run").value == old.run_id


def test_the_recommended_recipe_learns_from_reviewed_labels_and_asks_for_no_network(
    open_page, small_study, read_page, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        "pages.components.training.form.start_job", lambda study, kind, arguments, title: asked.append(arguments)
    )
    app = open_page("training")
    assert not app.exception
    assert app.segmented_control(key="training_labels_recommended").value == "reviewed"
    assert "Network" not in [box.label for box in app.selectbox]
    assert "no mask of a real picture takes part" in read_page(app)
    [start] = [button for button in app.button if button.label == "Start training"]
    start.click().run()
    [arguments] = asked
    assert arguments == [
        "train", str(small_study.folder), "--preset", "recommended", "--labels", "reviewed", "--seed", "0",
        f"--reader={get_default_reader()}",
    ]  # fmt: skip


def test_rounds_of_a_segmenter_are_told_as_rounds(open_page, small_study, read_page):
    record_small_run(small_study, n_epochs=3, epochs=4, network="lite1-fpn", status="stopped")
    app = open_page("training")
    assert not app.exception
    words = read_page(app)
    assert "Round 2 of 3 on your pictures is finished." in words
    assert "none is chosen by scores" in words and "Did it improve?" not in words
    [settings] = [table.value for table in app.dataframe if "Setting" in table.value.columns]
    told = dict(zip(settings["Setting"], settings["Value"], strict=True))
    assert told["Drawn frames"] == "260 with polyp, 60 without" and "Augmentation" not in told
    assert told["Last round: right on check pictures"] == "88 %"
    drawing = str(app.get("plotly_chart")[0].proto.spec)
    assert '"unfinished: 2 of 3 rounds"' in drawing and "last round" not in drawing and "best pass" not in drawing
    record_small_run(small_study, "recommended-lite1-fpn-done", n_epochs=4, epochs=4, network="lite1-fpn")
    app = open_page("training")
    app = app.segmented_control(key="training_view").set_value("New training").run()
    app = app.segmented_control(key="training_recipe").set_value("recommended").run()
    assert "as the last one of this kind" in read_page(app)


def test_one_class_only_is_said_and_cannot_be_trained(open_page, fresh_study, read_page):
    with fresh_study.begin() as connection:
        connection.execute(text("UPDATE items SET is_seed = 0 WHERE reference_label = 'polyp'"))
    app = open_page("training")
    assert not app.exception
    assert "both classes" in app.warning[0].value
    assert "Start training" not in labels_of(app)


def test_a_run_at_work_is_shown_to_whoever_opens_the_page_and_can_be_stopped(open_page, small_study, read_page):
    run = record_small_run(small_study, n_epochs=1, status="training", epochs=4)
    with pytest.raises(StopRequested), running_job(small_study, "train", title="Training", parameters={}) as job:
        job.set_run(run.run_id)
        report = job.stage("Training")
        time.sleep(0.6)
        report(3, 8)
        for _ in range(2):  # a reload: nothing is kept but the store
            app = open_page("training")
            assert not app.exception
            assert "Is it improving?" in read_page(app)
            assert "learning" in read_page(app)
        stop = [button for button in app.button if button.label == "Stop"][-1]
        app = stop.click().run()
        assert not app.exception
        assert "stopping" in read_page(app)
        assert list_jobs(small_study)[0]["stop_requested"]
        job.check_stop()


def test_a_lost_run_says_so_and_can_go_on(open_page, small_study, read_page):
    run = record_small_run(small_study, n_epochs=1, status="training", epochs=4)
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    job_id = record_job(small_study, "train", title="Training", parameters={})
    values = {"status": "running", "pid": dead.pid, "host": os.uname().nodename, "run_id": run.run_id}
    with small_study.begin() as connection:
        connection.execute(update(store.jobs).where(store.jobs.c.job_id == job_id).values(**values))
    get_log_path(small_study, job_id).write_text("Reading pictures ...\nout of memory\n")
    app = open_page("training")
    assert "lost" in read_page(app)
    assert "Go on" in labels_of(app)
    assert "out of memory" in app.code[0].value


def test_a_failed_run_without_a_finished_pass_cannot_go_on(open_page, small_study, read_page):
    record_small_run(small_study, n_epochs=0, status="failed", epochs=4)
    app = open_page("training")
    assert "failed" in read_page(app)
    assert "Go on" not in labels_of(app)


def test_test_scores_stay_hidden_until_the_setting_is_locked(open_page, small_study, read_page):
    run = record_small_run(small_study)
    for split, y_score in (("validation", [0.9, 0.8, 0.3, 0.1]), ("test", [0.9, 0.2, 0.7, 0.1])):
        scores = to_plain(score_classifier([1, 1, 0, 0], np.array(y_score)))
        record_classifier_scores(small_study, run.run_id, split, scores=scores, probabilities=np.zeros(96))
    app = open_page("training")
    assert not app.exception
    [table] = [one.value for one in app.table if "Score (100 % is best)" in one.value.columns]
    assert list(table.columns) == ["Score (100 % is best)", "Check pictures (validation)"]
    assert table.iloc[0, 1].startswith("100 %")
    assert "chosen by these pictures" in read_page(app)
    assert "Hidden until layer and threshold" in read_page(app)
    record_lock(small_study, run.run_id, MaskSetting(14, "gradcam", 0.4, 0.7), reader="r1")
    app = open_page("training")
    [table] = [one.value for one in app.table if "Score (100 % is best)" in one.value.columns]
    assert table["Test pictures"][0].startswith("50 %")


def test_no_round_was_chosen_by_the_check_pictures(open_page, small_study, read_page):
    run = record_small_run(small_study, network="lite1-fpn")
    scores = to_plain(score_classifier([1, 1, 0, 0], np.array([0.9, 0.8, 0.3, 0.1])))
    record_classifier_scores(small_study, run.run_id, "validation", scores=scores, probabilities=np.zeros(96))
    told = read_page(open_page("training"))
    assert "none was chosen on them" in told and "chosen by these pictures" not in told


def test_a_segmenter_that_kept_nothing_can_go_on_and_says_how(open_page, small_study, read_page):
    record_small_run(small_study, "recommended-a", n_epochs=0, status="stopped", epochs=4, network="lite1-fpn")
    app = open_page("training")
    assert "Go on" in labels_of(app)
    assert "going on begins it again, with its own labels and seed" in read_page(app)
    record_small_run(small_study, "recommended-bcd", n_epochs=1, status="stopped", epochs=4, network="lite1-fpn")
    app = open_page("training", run="recommended-bcd")
    words = read_page(app)
    assert "What drawn frames taught is kept: go on from there." in words
    assert "It has seen drawn frames only: 0 of 3 rounds on your pictures are learned." in words
    assert '"unfinished: 0 of 3 rounds"' in str(app.get("plotly_chart")[0].proto.spec)


def test_a_remedy_is_said_once(open_page, small_study, read_page):
    with pytest.raises(RunNotFoundError), running_job(small_study, "train", title="Training", parameters={}):
        raise RunNotFoundError("run 'a' cannot go on: it does not exist.", "Start a new training.")
    app = open_page("training")
    [said] = [error.value for error in app.error if "cannot go on" in error.value]
    assert said.count("Start a new training") == 1


def test_lists_of_runs_name_the_last_round_of_a_segmenter(small_study):
    classifier = record_small_run(small_study)
    segmenter = record_small_run(small_study, "recommended-lite1-fpn-a", network="lite1-fpn")
    names = name_runs([classifier, segmenter])
    assert names[classifier.run_id].endswith("best pass 2") and names[segmenter.run_id].endswith("last round")
    early = record_small_run(small_study, "recommended-lite1-fpn-bc", n_epochs=1, epochs=4, network="lite1-fpn")
    assert name_runs([early])[early.run_id].endswith("unfinished: 0 of 3 rounds")


def test_without_known_labels_no_scores_are_offered(open_page, small_study, read_page):
    record_small_run(small_study)
    with small_study.begin() as connection:
        connection.exec_driver_sql("UPDATE items SET reference_label = NULL, is_labelled = 0")
    app = open_page("training")
    assert next(button for button in app.button if button.label == "Compute the scores").disabled
    assert "holds no known labels" in read_page(app)
    assert '"best pass: 2"' in str(app.get("plotly_chart")[0].proto.spec)


def test_runs_are_compared_side_by_side(open_page, small_study):
    record_small_run(small_study, "quick-lite1-aaaaaa")
    record_small_run(small_study, "quick-lite1-bbbbbbb", n_epochs=3, epochs=3)
    app = open_page("training")
    app = app.segmented_control(key="training_view").set_value("Compare runs").run()
    assert not app.exception
    assert set(app.dataframe[0].value["Run"]) == {"quick-lite1-aaaaaa", "quick-lite1-bbbbbbb"}
    assert set(app.dataframe[0].value["Check pictures right"]) == {"75 % of 8", "88 % of 8"}
    assert len(app.get("plotly_chart")) == 1
