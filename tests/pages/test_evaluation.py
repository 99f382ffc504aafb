"""Facts about the Evaluation page: recorded numbers beside trivial masks, and nothing that must stay hidden."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scored_study import RUN, SETTING
from small_studies import make_small_study
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core.config import PAPER_ROWS, RESEARCH_USE
from medxai_core.evaluation.baselines import ALL_POLYP, CENTRED_DISK
from medxai_core.evaluation.classifier import score_classifier
from medxai_core.json_values import to_plain
from medxai_core.records.masks import record_evaluation, record_lock, record_unlock
from medxai_core.records.pictures import list_images
from medxai_core.records.runs import record_classifier_scores
from medxai_core.stages.scores import measure_speed, score_study
from medxai_core.study import Study, open_study
from medxai_core.views.recorded_scores import (
    compare_rows,
    find_current_row,
    find_trivial_row,
    get_picture_scores,
    say_comparison,
)
from medxai_core.views.round_errors import score_study_rounds

TABS = ("Scores", "Pictures", "By kind of picture", "Classifier", "Proposed labels", "Speed", "Hand-in files")


@pytest.fixture(scope="module")
def scored_folder(scored_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a scored study whose speed was measured. Copy, don't change."""
    root = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDXAI_HOME", str(root))
        study = open_study(shutil.copytree(scored_once, root / "studies" / "small"))
        measure_speed(study, RUN, SETTING, n_images=None)
        study.engine.dispose()
    return study.folder


@pytest.fixture
def study(home: Path, scored_folder: Path) -> Study:
    """Return a scored study of one's own."""
    return open_study(shutil.copytree(scored_folder, home / "studies" / "small"))


def read_tables(app) -> str:
    """Return the text of all tables of a page."""
    return "\n".join(
        str(cell) for table in app.table for column in table.value.to_dict("list").values() for cell in column
    )


def test_the_page_says_first_whether_the_run_beats_a_disk(study: Study, open_page, read_page) -> None:
    app = open_page("evaluation")
    assert not app.exception
    mine = get_picture_scores(study, find_current_row(study, RUN, "test"))
    disk = get_picture_scores(study, find_trivial_row(study, "test", CENTRED_DISK))
    sentence = say_comparison(compare_rows(mine, disk), first="this run", second="the centred disk")
    assert sentence in read_page(app).replace("\\", "")


def test_the_table_holds_the_run_the_trivial_masks_and_the_papers_rows(study: Study, open_page) -> None:
    row = find_current_row(study, RUN, "test")
    dice, accuracy = row.summary["rows"]["mean.dice"], row.summary["rows"]["mean.accuracy"]
    accuracy |= {"value": 0.512, "low": 0.111, "high": 0.888}
    record_evaluation(study, row)
    table = open_page("evaluation").table[0].value
    assert len(table) == 4 + len(PAPER_ROWS)
    shown = table["Pixels right (accuracy)"]
    assert shown[0].startswith("**0.512**") and "0.111\u20130.888" in shown[0]
    assert f"{dice['n_defined']} of {dice['n']}" == table["Pictures"][0]
    assert [row.startswith(":gray-badge[trivial]") for row in table["Masks"][:4]] == [False, True, True, True]
    assert list(shown[4:]) == [f"{row.accuracy:.3f}" for row in PAPER_ROWS]


def test_a_run_is_held_against_any_other_row_picture_by_picture(study: Study, open_page, read_page) -> None:
    app = open_page("evaluation")
    row, everything = find_current_row(study, RUN, "test"), find_trivial_row(study, "test", ALL_POLYP)
    assert row is not None and everything is not None
    chooser = app.selectbox(key=f"evaluation_other_{row.evaluation_id}")
    assert not any("disk" in one for one in chooser.options)  # it stands above
    chooser.select(everything.evaluation_id).run()
    found = compare_rows(get_picture_scores(study, row), get_picture_scores(study, everything))
    assert say_comparison(found, first="this run", second="the other") in read_page(app).replace("\\", "")


def test_the_page_opens_with_the_run_that_was_locked_however_new_others_are(study: Study, open_page) -> None:
    record_untrained_run(study, "quick-lite1-newer1")
    app = open_page("evaluation")
    assert app.selectbox(key="evaluation_run").value == RUN


def test_without_a_lock_no_test_score_is_shown_and_the_way_to_masks_is(study: Study, open_page, read_page) -> None:
    row = find_current_row(study, RUN, "test")
    record_unlock(study, RUN, reader="reader-1")
    value = f"{row.summary['rows']['mean.dice']['value']:.3f}"
    for tab in TABS:
        app = open_page("evaluation", evaluation_part=tab)
        assert not app.exception, tab
        assert value not in read_page(app) + read_tables(app), tab
    assert "Test items are hidden" in read_page(open_page("evaluation", evaluation_part="Classifier"))
    app = open_page("evaluation")
    assert "Choose and lock a setting" in [button.label for button in app.button]
    assert len(app.table[0].value) == len(PAPER_ROWS)


def test_a_setting_locked_again_is_marked_as_tuned_on_test(study: Study, open_page, read_page) -> None:
    record_unlock(study, RUN, reader="reader-1")
    record_lock(study, RUN, SETTING, reader="reader-1")
    score_study(study, RUN, split="test")
    app = open_page("evaluation")
    assert "Tuned on test" in read_page(app)
    assert "tuned on test" in app.table[0].value["Masks used for"][0]


def test_every_tab_opens_and_names_no_file(study: Study, open_page, read_page) -> None:
    stems = [Path(str(path)).stem for path in list_images(study).relative_paths]
    for tab in TABS:
        app = open_page("evaluation", evaluation_part=tab)
        assert not app.exception, tab
        text = read_page(app) + read_tables(app)
        assert not any(stem in text for stem in stems), tab


def test_of_a_segmenter_no_round_was_chosen_on_validation_items(study: Study, open_page, read_page) -> None:
    run = record_untaught_segmenter(study)
    scores = to_plain(score_classifier([1, 1, 0, 0], [0.9, 0.8, 0.3, 0.1]))
    record_classifier_scores(study, run.run_id, "validation", scores=scores, probabilities=np.zeros(96))
    told = read_page(open_page("evaluation", evaluation_part="Classifier", run=run.run_id))
    assert "none was chosen on them" in told and "was chosen on these items" not in told


def test_single_pictures_are_told_worst_first(study: Study, open_page) -> None:
    app = open_page("evaluation", evaluation_part="Pictures")
    shown = [float(one.value.split()[-1].strip("*")) for one in app.markdown if one.value.startswith("**Dice")]
    assert shown and shown == sorted(shown)


def test_the_error_of_the_proposed_labels_is_that_of_the_core(study: Study, open_page, read_page) -> None:
    app = open_page("evaluation", evaluation_part="Proposed labels")
    error = score_study_rounds(study)[-1].error_so_far
    assert app.metric[-4].value == f"{error:.0%}"
    assert "never saw" in read_page(app)


def test_the_hand_in_offers_the_files_that_were_made(study: Study, open_page, read_page) -> None:
    app = open_page("evaluation", evaluation_part="Hand-in files")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Everything, with README", "Scores by picture", "Averages", "Task 2: times"]
    assert "Make the masks" in [button.label for button in app.button]
    assert RESEARCH_USE in read_page(app)


def test_a_study_without_a_run_leads_to_training(home: Path, phantom_folder: Path, open_page) -> None:
    make_small_study(home / "studies" / "new", phantom_folder)
    app = open_page("evaluation")
    assert not app.exception
    assert "Go to Training" in [button.label for button in app.button]
