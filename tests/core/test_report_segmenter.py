"""Facts about what is said of a run of the recommended mode: the way its masks come about, and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scored_study import RUN
from small_studies import make_small_study
from test_report import JARGON, LONGEST_SENTENCE
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core.evaluation.scores import PixelCounts, score_counts
from medxai_core.life_story import tell_life_story
from medxai_core.records.masks import MaskSetting, record_lock
from medxai_core.records.pictures import list_images
from medxai_core.records.runs import get_run
from medxai_core.report.blocks import Claim, Table
from medxai_core.report.claim_checklist import fill_checklist
from medxai_core.report.facts import ReportFacts, read_facts
from medxai_core.report.first_page import write_first_page
from medxai_core.report.flow import draw_flow
from medxai_core.report.method_chapter import write_method
from medxai_core.report.model_facts import write_model_facts
from medxai_core.report.outlines import list_outline_uses
from medxai_core.report.segmenter import say_sure_picture, tell_in_full, tell_plainly
from medxai_core.report.trust_chapter import write_departures
from medxai_core.stages.heatmaps import compute_study_heatmaps
from medxai_core.stages.masks import recommended_setting
from medxai_core.study import Study
from medxai_core.views.failures import name_failure
from medxai_core.views.limits import list_limits

SEGMENTER_RUN = "recommended-lite1-fpn-abc123"
HEAT = MaskSetting(14, "gradcam", 0.4, None)


@pytest.fixture(scope="module")
def study(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study with a classifier and a segmenter whose own setting is locked. Read, don't change."""
    made = make_small_study(tmp_path_factory.mktemp("segmenter") / "small", phantom_folder)
    record_untrained_run(made, RUN)
    run = record_untaught_segmenter(made, SEGMENTER_RUN)
    record_lock(made, run.run_id, recommended_setting(run), reader="reader-1")
    return made


@pytest.fixture(scope="module")
def facts(study: Study) -> ReportFacts:
    """Return what the report of a segmenter after all three rounds is written from."""
    facts = read_facts(study, SEGMENTER_RUN)
    return replace(facts, run=replace(facts.run, best_epoch=4))


def join(blocks: tuple) -> str:
    """Return the words of the statements of a chapter."""
    return " ".join(block.words for block in blocks if isinstance(block, Claim))


def test_the_first_page_tells_of_drawn_pictures_and_rounds(facts: ReportFacts) -> None:
    told = join(write_first_page(facts).blocks)
    assert "320 pictures that a program drew, with their exact masks" in told
    assert "It learned no outline of a picture of this study" in told
    assert "and then twice more what it said itself" in told
    assert "above 0.5" in told and "only if its surest places together are above 73%" in told
    assert "second network" not in told and "counted most" not in told and "learned from no outline" not in told


def test_the_first_page_of_a_segmenter_is_plain(facts: ReportFacts) -> None:
    told = join(write_first_page(facts).blocks)
    assert not [word for word in JARGON if word.casefold() in told.casefold()]
    sentences = re.split(r"(?<=[.!?:])\s+(?=[A-Z0-9])", told)
    assert max(len(sentence.split()) for sentence in sentences) <= LONGEST_SENTENCE
    assert sum(len(sentence.split()) for sentence in sentences) / len(sentences) < 14


def test_numbers_are_those_of_the_run(facts: ReportFacts) -> None:
    config = facts.run.manifest["config"] | {"n_drawn": [7, 4], "rounds": [9, 9]}
    run = replace(facts.run, best_epoch=3, manifest=facts.run.manifest | {"config": config})
    other = replace(facts, run=run)
    assert "11 frames that a program drew, with their exact masks (7 with polyp, 4 without" in tell_in_full(other)
    assert "and then once more what it said itself" in tell_in_full(other)
    bare = replace(facts, run=replace(run, manifest={}))
    assert "from frames that a program drew, with their exact masks (no patient" in tell_in_full(bare)
    alone = replace(run, manifest={"config": config | {"shape_steps": 0}})
    assert "The class map alone made pseudo-masks" in tell_in_full(replace(facts, run=alone))


def test_a_training_that_stopped_early_is_told_as_far_as_it_came(facts: ReportFacts) -> None:
    first = replace(facts, run=replace(facts.run, best_epoch=2))
    assert "1 of 3 rounds" in tell_in_full(first) and "what it said itself" not in tell_in_full(first)
    none = replace(facts, run=replace(facts.run, best_epoch=1))
    assert "ended before it learned from the pictures of this study" in tell_plainly(none)


def test_outlines_name_the_drawn_ones_first(facts: ReportFacts, study: Study) -> None:
    assert "with their exact masks" in list_outline_uses(facts)[0]
    assert not [words for words in list_outline_uses(read_facts(study, RUN)) if "program drew" in words]


def test_model_facts_and_method_tell_the_recommended_mode(facts: ReportFacts) -> None:
    [table] = [block for block in write_model_facts(facts).blocks if isinstance(block, Table)]
    label = dict(row.cells for row in table.rows)
    method = join(write_method(facts).blocks)
    for told in (label["How it works"], method):
        assert "A class map was learned from labels" in told and "Both together made pseudo-masks" in told
        assert "No outline that a person drew of a real picture was learned" in told
        assert "above 73%" in told
    assert "320 frames that a program drew" in label["What it learned from"]
    assert "not the paper's" in method and "follows the paper" not in method
    assert "none was chosen by scores" in method and "best on the validation" not in method
    assert "which the published code does not have" in join(write_departures(facts).blocks)
    assert "when it is used: 352" in method and "steps of each round: 400 / 300 / 300" in method


def test_the_checklist_and_the_flow_name_the_last_round(facts: ReportFacts, study: Study) -> None:
    answers = {item.number: item.answer for item in fill_checklist(facts)}
    assert answers[1].startswith("Segmenter taught by labels, and by frames that a program drew")
    assert answers[26].startswith("The last round") and answers[24].startswith("ImageNet")
    drawing = draw_flow(facts)
    assert "320 drawn frames" in drawing and "chose nothing" in drawing and "fixed beforehand" in drawing
    classifier = read_facts(study, RUN)
    assert "Chose the best epoch" in draw_flow(classifier) and "drawn frames" not in draw_flow(classifier)
    assert fill_checklist(classifier)[25].answer.startswith("Best epoch")


def test_only_a_threshold_above_what_is_held_back_asks_for_a_sure_picture(facts: ReportFacts) -> None:
    assert facts.setting is not None and "73%" in say_sure_picture(facts.setting)
    low = replace(facts.setting, low=0.02)
    assert say_sure_picture(low) == "" == say_sure_picture(HEAT)
    assert "73%" not in tell_plainly(replace(facts, setting=low))
    assert "above 0.02" in tell_plainly(replace(facts, setting=low))
    assert "counted most for its answer" in tell_plainly(replace(facts, setting=HEAT))


def test_limits_of_a_segmenter_are_its_own(study: Study) -> None:
    told = " ".join(f"{one.title}. {one.words}" for one in list_limits(study, get_run(study, SEGMENTER_RUN)))
    assert "squeezed to 352 x 352 pixels" in told and "None" not in told
    assert "one place for 4 x 4 of these pixels" in told and "coarse map" not in told
    assert "320 frames that a program drew" in told
    heat = " ".join(one.words for one in list_limits(study, get_run(study, RUN)))
    assert "coarse map" in heat and "squeezed to 224 x 224 pixels" in heat


def test_why_a_polyp_got_no_mask_depends_on_the_map() -> None:
    missed = score_counts(PixelCounts(tp=0, fp=0, fn=30, tn=70), item="a")
    own = MaskSetting(21, "segmentation", 0.5, None)
    assert "not above 73%" in name_failure(missed, own).words and "hot" not in name_failure(missed, own).words
    assert "no place passed the threshold" in name_failure(missed, replace(own, low=0.02)).words
    assert "no place was hot enough" in name_failure(missed, HEAT).words


def test_the_story_says_what_taught_outlines(study: Study) -> None:
    images = list_images(study)
    position = int(images.positions_in("tuning")[0])
    compute_study_heatmaps(study, SEGMENTER_RUN, layers=[21], splits=["tuning"])
    story = tell_life_story(study, str(images.image_ids[position]), SEGMENTER_RUN)
    not_proof = {step.key: step.not_proof for step in story.steps}
    assert "no mask of a real picture taught it" in not_proof["heatmap"]
    assert "4 x 4 pixels" in not_proof["mask"]
