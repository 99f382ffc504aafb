"""Facts about what a report says: only what is so, and what its evidence prints."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scored_study import RUN, SETTING
from small_studies import make_small_study, record_small_run
from trained_study import record_untaught_segmenter, record_untrained_run

from medxai_core.clusters import DescriptorShare
from medxai_core.config import SHUFFLED
from medxai_core.errors import SettingError
from medxai_core.evaluation.paired import compare_paired
from medxai_core.json_values import to_plain
from medxai_core.records.masks import RecordedEvaluation, record_lock, record_unlock
from medxai_core.records.pictures import list_images
from medxai_core.records.runs import get_run
from medxai_core.records.speeds import RecordedSpeed, record_speed
from medxai_core.report import (
    Report,
    check_report_names,
    make_report,
    render_report,
    render_visitor_page,
    write_transparency_text,
)
from medxai_core.report.blocks import Claim, Table
from medxai_core.report.facts import ReportFacts, read_facts
from medxai_core.report.first_page import write_first_page
from medxai_core.report.method_chapter import write_choice
from medxai_core.report.model_facts import write_model_facts
from medxai_core.report.result_chapter import write_results
from medxai_core.report.sources import list_sources
from medxai_core.sanity import Light, judge_blank
from medxai_core.stages.heatmaps import load_map_maker
from medxai_core.stages.sanity import SanityRecord
from medxai_core.stages.tuning_sweep import LayerSweep
from medxai_core.stages.tuning_table import TuningTable
from medxai_core.study import Study, open_study
from medxai_core.views.departures import DEPARTURES, list_departures
from medxai_core.views.limits import list_limits
from medxai_core.views.map_shifts import measure_map_shift
from medxai_core.views.recorded_scores import find_current_row
from medxai_core.views.run_evidence import list_run_evidence


@pytest.fixture(scope="module")
def facts(scored_once: Path) -> ReportFacts:
    """Return what the report of the scored study is written from."""
    return read_facts(open_study(scored_once, read_only=True))


@pytest.fixture
def study(scored_once: Path, tmp_path: Path) -> Study:
    """Return a scored study of one's own."""
    shutil.copytree(scored_once, tmp_path / "small")
    return open_study(tmp_path / "small")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that calls a command in this process and returns what it prints."""
    from medxai_core.__main__ import main

    def run(*arguments: object) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["medxai_core", *map(str, arguments)])
            assert main() == 0
        return capsys.readouterr().out

    return run


def tell_first(facts: ReportFacts) -> str:
    """Return the words of the first page."""
    return " ".join(claim.words for claim in write_first_page(facts).list_claims())


def read_label(facts: ReportFacts) -> dict[str, str]:
    """Return the Model Facts label."""
    [table] = [block for block in write_model_facts(facts).blocks if isinstance(block, Table)]
    return dict(row.cells for row in table.rows)


def test_both_first_pages_say_what_outlines_were_used_for(study: Study, facts: ReportFacts) -> None:
    report = make_report(study, with_pictures=False)
    n = facts.count("tuning").n_masks
    for told in (tell_first(facts), render_visitor_page(report), str(read_label(facts))):
        assert "no outline, but experts" in told
        assert f"{n} tuning pictures chose layer and threshold" in told
        assert "say how good the masks are" in told
    assert "nobody drew any" not in render_visitor_page(report)
    assert facts.are_labels_from_masks == ("The labels that came with the pictures were read off" in tell_first(facts))


def test_a_drawn_study_has_no_experts(study: Study) -> None:
    study.set_fact("demo_run", RUN)
    report = make_report(study, with_pictures=False)
    assert "the program's own outlines" in write_transparency_text(report)
    for page in (render_report(report), render_visitor_page(report)):
        assert "experts&#39;" not in page and "expert&#39;s" not in page


def test_not_scored_is_not_none(phantom_folder: Path, tmp_path: Path) -> None:
    study = make_small_study(tmp_path / "small", phantom_folder)
    record_untrained_run(study, RUN)
    label = read_label(read_facts(study))
    assert label["On pictures without a polyp"] == label["How good it was on test pictures"] == "Not known: not scored."


def test_polyps_are_covered_touched_or_missed(facts: ReportFacts) -> None:
    assert facts.row is not None
    rows = facts.row.summary["rows"]
    found, touched = rows["polyps.polyps_found"], rows["polyps.polyps_touched"]
    assert found["out_of"] == touched["out_of"] and found["total"] <= touched["total"] <= touched["out_of"]
    numbers = re.search(r"Of (\d+) polyps?, (\d+) .*? (\d+) (?:is|are) only touched, and (\d+)", tell_first(facts))
    assert numbers is not None
    n, n_found, n_touched, n_missed = map(int, numbers.groups())
    assert (n, n_found) == (found["out_of"], found["total"]) and n_found + n_touched + n_missed == n


def test_scores_of_before_say_that_touched_polyps_were_not_counted(facts: ReportFacts) -> None:
    assert facts.row is not None
    summary = facts.row.summary | {"rows": dict(facts.row.summary["rows"])}
    del summary["rows"]["polyps.polyps_touched"]
    older = replace(facts, row=RecordedEvaluation(**facts.row.__dict__ | {"summary": summary}))
    assert "is not recorded: score the masks again" in tell_first(older)
    table = next(
        one for one in write_results(older).blocks if isinstance(one, Table) and one.title.startswith("By pol")
    )
    assert [row.cells[1] for row in table.rows].count("not recorded") == 1


@pytest.mark.parametrize(
    ("first", "words"),
    [([0.9, 0.8], "The masks beat it"), ([0.1, 0.2], "are worse than it"), ([0.1, 0.9], "not shown to differ from it")],
)
def test_the_first_page_says_whether_the_disk_was_beaten(facts: ReportFacts, first: list[float], words: str) -> None:
    assert words in tell_first(replace(facts, against_disk=compare_paired(first * 20, [0.5, 0.5] * 20)))


def test_a_control_is_said_first_and_everywhere(phantom_folder: Path, tmp_path: Path) -> None:
    study = make_small_study(tmp_path / "small", phantom_folder)
    record_untrained_run(study, RUN)
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("UPDATE runs SET labels = ?", (SHUFFLED,))
    report = make_report(study, RUN)
    first = report.sections[0].list_claims()[0]
    assert first.is_warning and "learned nothing on purpose" in first.words
    assert write_transparency_text(report).split("\n\n")[1].endswith(first.words)
    assert first.words in render_visitor_page(report)
    label = report.sections[1].blocks[0]
    assert isinstance(label, Table) and label.rows[0].cells[0] == "A control" and label.rows[0].mark == "red"
    assert list_limits(study, get_run(study, RUN))[0].title == "It learned nothing, on purpose"


def test_the_departures_name_the_data_of_their_shares_and_the_studys_own(facts: ReportFacts) -> None:
    [fixed] = [one for one in DEPARTURES if "82 %" in one.published]
    assert "4,000 tiles" in fixed.published and list_departures() == DEPARTURES
    shares = [DescriptorShare("a", "colour", 0.53, 0.5, 0.9), DescriptorShare("b", "texture", 0.45, 0.47, 0.9)]
    told = next(one.here for one in list_departures(shares) if one.title == fixed.title)
    assert "colour 50 %, texture 47 %" in told and "parts its clusters, colour 53 %, texture 45 %" in told
    assert facts.shares and sum(one.total_share or 0 for one in facts.shares) == pytest.approx(1)


def test_an_unlocked_run_says_that_the_test_pictures_had_been_open(study: Study) -> None:
    record_unlock(study, RUN, reader="reader-1")
    report = make_report(study, RUN)
    for key in ("in-short", "choice"):
        section = next(one for one in report.sections if one.key == key)
        assert any("had been open" in claim.words and claim.is_warning for claim in section.list_claims()), key
    assert "had been open" in read_label(read_facts(study, RUN))["How good it was on test pictures"]


def test_only_a_first_lock_is_said_to_have_opened_the_scores(study: Study, facts: ReportFacts) -> None:
    told = "Test scores opened only after this lock"
    assert told in " ".join(one.words for one in write_choice(facts).list_claims())
    record_unlock(study, RUN, reader="reader-1")
    record_lock(study, RUN, SETTING, reader="reader-1")
    assert told not in write_transparency_text(make_report(study, RUN))


def test_a_changed_log_is_said_on_the_first_page_and_on_the_label(study: Study) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("DROP TRIGGER events_no_update")
        database.execute("UPDATE events SET actor = 'someone' WHERE event_number = 2")
    facts = read_facts(study)
    assert "event 2" in facts.log.problems[0]
    first = write_first_page(facts).list_claims()[0]
    assert first.is_warning and facts.log.problems[0] in first.words
    assert facts.log.problems[0] in read_label(facts)["The log"]


def test_a_table_by_cluster_that_is_not_there_is_explained(facts: ReportFacts) -> None:
    words = [claim.words for claim in write_results(facts).list_claims()]
    [told] = [one for one in words if one.startswith("Scores by cluster: none")]
    n = re.search(r"The (\d+) pictures with a polyp lie nearest to (\d+) of the (\d+) clusters, at most (\d+)", told)
    assert n is not None and facts.pictures is not None and facts.clustering is not None
    assert int(n[1]) == int(np.isfinite(facts.pictures.values("dice")).sum()) and int(n[3]) == facts.clustering.k
    assert int(n[4]) < 5


def test_the_table_of_layers_has_intervals_and_says_where_a_best_threshold_is_worse(facts: ReportFacts) -> None:
    dice = np.array([[0.5, 0.6], [0.4, 0.3]])
    near = np.array([[True, True], [False, True]])
    sweep = LayerSweep([14, 15], [0.2, 0.4], dice, dice, 9, None, dice - 0.1, dice + 0.1, near)
    section = write_choice(replace(facts, tuning=TuningTable(sweep, "gradcam", 0.3, 9, "2030-01-01")))
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    assert [row.cells[:4] for row in table.rows] == [
        ("layer 14", "0.4", "0.600", "0.500 to 0.700"),
        ("layer 15", "0.2", "0.400", "0.300 to 0.500"),
    ]
    told = [claim.words for claim in section.list_claims() if claim.words.startswith("Layer ")]
    assert len(told) == 1 and told[0].startswith("Layer 15: its best threshold, 0.2, is shown to be worse")


def test_maps_lie_off_by_what_the_network_is_said_to_have_learned_wrongly(study: Study) -> None:
    maker, images = load_map_maker(study, RUN), list_images(study)
    found = measure_map_shift(study, maker, images, 14)
    assert found is not None and found.before > 0 and found.after is None  # this checkpoint knows of no learned shift
    known = replace(maker, manifest=replace(maker.manifest, learned_shifts=((0.0, 0.0),) * len(maker.blocks)))
    off = measure_map_shift(study, known, images, 14)
    assert off is not None and off.after is not None
    learned = replace(known, blocks=[replace(one, learned_shift=(-5.0, -5.0)) for one in maker.blocks])
    less = measure_map_shift(study, learned, images, 14)
    assert less is not None and less.after is not None and less.after < off.after  # pretrained weights look up and left
    assert less.before != found.before  # what is learned moves a map that is not aligned, too


def test_limits_say_when_a_mask_appears(study: Study) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("UPDATE items SET polyp_share = 0.1 WHERE polyp_share IS NOT NULL")
        database.execute("DELETE FROM evaluations")
    heat = next(one.words for one in list_limits(study, get_run(study, RUN)) if "without a polyp" in one.title)
    assert "Only a map without any positive value gives no mask" in heat and "whatever is there" not in heat
    segmenter = record_untaught_segmenter(study)
    places = next(one.words for one in list_limits(study, segmenter) if "without a polyp" in one.title)
    assert "probability passes the threshold" in places


def test_a_slow_measurement_is_no_verdict(study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    assert row is not None
    machine = {"device": "cpu", "n_cpus": 2}
    record_speed(study, RecordedSpeed(RUN, "test", ["a"], [0.5], row.setting, machine, "2030-01-01T10:00:00"))
    told = write_transparency_text(make_report(study, with_pictures=False))
    assert "2.0 pictures a second; live video shows 30" in told and "Other work on the machine" in told
    assert "too slow" not in told


def test_tests_of_maps_that_are_older_than_a_training_say_so(study: Study) -> None:
    run, light = get_run(study, RUN), Light("a", "Is it?", "green", 0.5, 0.4, 0.6, 0.3, "Words.", "A paper.", 20)
    record = SanityRecord(RUN, run.best_epoch or 0, 14, "gradcam", 20, 3, [light], [], [], 0.3, "2000-01-01", {})
    (study.run_folder(RUN) / "sanity.json").write_text(json.dumps(to_plain(asdict(record))))
    assert read_facts(study, RUN).newer_runs == []
    record_small_run(study, "quick-lite1-second")
    section = next(one for one in make_report(study, RUN).sections if one.key == "tests")
    assert any("before the training of quick-lite1-second ended" in one.words for one in section.list_claims())
    assert not any("No kind of heat map" in one.words for one in section.list_claims())


def test_the_light_of_blank_maps_says_of_which_pictures() -> None:
    light = judge_blank([False] * 15 + [True], of="pictures with a polyp")
    assert light.words.startswith("94% of 16 pictures with a polyp have a map")


@pytest.mark.parametrize("name", ["x.pdf", "x.docx", "x"])
def test_a_report_is_not_written_under_the_name_of_another_kind_of_file(name: str) -> None:
    with pytest.raises(SettingError, match="HTML page") as refused:
        check_report_names(Path(name))
    assert "x.html" in str(refused.value) or "x.html" in refused.value.remedy
    with pytest.raises(SettingError, match="plain text"):
        check_report_names(Path("a.html"), text=Path("a.pdf"))


def test_tables_of_the_text_have_heads(study: Study) -> None:
    report: Report = make_report(study, with_pictures=False)
    text = write_transparency_text(report)
    tables = [block for section in report.sections if section.key == "results" for block in section.blocks]
    assert all(" | ".join(one.header) in text for one in tables if isinstance(one, Table))


def test_evidence_that_holds_commas_is_told_apart(facts: ReportFacts) -> None:
    trivial = list_sources(facts)["trivial"].where
    assert trivial.count("; ") == len(facts.trivial) - 1 and "disk, radius" in trivial


def test_score_prints_what_the_report_cites_it_for(study: Study, facts: ReportFacts, call: Callable[..., str]) -> None:
    printed = call("score", study.folder, "--run", RUN)
    claims = [one.words for one in write_results(facts).list_claims() if one.sources == ("scores",)]
    assert facts.pictures is not None
    for words in ("Not shown to differ", "Better than", "Worse than"):
        assert (words in printed) == any(words in one.words for one in write_results(facts).list_claims())
    assert any(one.split(" The disk may")[0] in printed for one in claims)  # the exchanged masks
    for block in write_results(facts).blocks:
        if isinstance(block, Table) and block.title.startswith("Dice by"):
            assert block.title in printed and all(row.cells[0] in printed for row in block.rows)
    result = json.loads(call("score", study.folder, "--run", RUN, "--json"))
    assert sum(result["details"]["kinds"].values()) == len(facts.pictures)
    assert result["tuned_on_test"] is False and "uned on test" not in printed


def test_study_check_prints_digest_groups_and_import(
    study: Study, facts: ReportFacts, call: Callable[..., str]
) -> None:
    printed = call("study", "check", study.folder)
    assert facts.dataset_digest in printed and f"near copies): {facts.n_groups}" in printed
    assert "'seeds': 6" in printed
    for key in ("pictures", "import"):
        assert "study check" in list_sources(facts)[key].command


def test_replay_prints_wrong_proposals_and_the_digest_of_the_network(study: Study, facts: ReportFacts) -> None:
    told = list_run_evidence(study, RUN)
    assert told["network"] == f"SHA-256 {facts.checkpoint_digest}"
    n = sum(one.n_compared for one in facts.round_errors)
    assert told["proposals"].startswith(f"{n} can be compared with a reference label, ")
    assert f"{facts.round_errors[-1].error_so_far:.0%} of them are wrong" in told["proposals"]
    assert told["clusters"].startswith("In this study") and "--no-training" in list_sources(facts)["checkpoint"].command


def test_heatmaps_prints_the_shift(study: Study, facts: ReportFacts, call: Callable[..., str]) -> None:
    assert facts.shift is not None
    command = list_sources(facts)["shift"].command
    assert command.endswith("--layers 14")
    assert f"lie {facts.shift.before:.1f} pixels" in call("heatmaps", study.folder, "--run", RUN, "--layers", 14)


def test_commands_say_tuned_on_test(study: Study, tmp_path: Path, call: Callable[..., str]) -> None:
    record_unlock(study, RUN, reader="reader-1")
    record_lock(study, RUN, SETTING, reader="reader-1")
    for command in (["score"], ["speed", "--images", 1], ["masks", "--out", tmp_path / "masks"]):
        arguments = (command[0], study.folder, "--run", RUN, *command[1:])
        assert "Tuned on test" in call(*arguments), command
        assert json.loads(call(*arguments, "--json"))["tuned_on_test"] is True, command


def test_the_disk_is_claimed_from_both_rows_of_scores(facts: ReportFacts) -> None:
    claims = [one for one in write_first_page(facts).blocks if isinstance(one, Claim)]
    assert {"scores", "trivial"} <= set(next(one for one in claims if "plain disk" in one.words).sources)
