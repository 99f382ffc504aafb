"""Facts about the report: it is whole HTML, loads nothing, every statement names its evidence, and numbers are true."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import html5lib
import pytest
from scored_study import RUN, SETTING
from small_studies import make_small_study
from trained_study import record_untrained_run

from medxai_core.config import RESEARCH_USE
from medxai_core.errors import RunNotFoundError, SettingError
from medxai_core.evaluation.baselines import CENTRED_DISK
from medxai_core.events import list_events
from medxai_core.records.masks import record_lock, record_unlock
from medxai_core.report import (
    FACTS_ID,
    Report,
    find_report,
    get_report_folder,
    make_report,
    render_report,
    render_visitor_page,
    write_report_files,
    write_transparency_text,
)
from medxai_core.report.blocks import Claim, Figure, Table
from medxai_core.report.claim_checklist import fill_checklist
from medxai_core.report.facts import read_facts
from medxai_core.report.result_chapter import choose_places
from medxai_core.stages.scores import measure_speed
from medxai_core.study import Study, open_study
from medxai_core.views.recorded_scores import find_current_row, find_trivial_row, get_picture_scores

JARGON = (
    "Grad-CAM", "epoch", "AUC", "k-means", "logit", "Jaccard", "IoU", "ROC", "CNN", "EfficientNet", "softmax",
    "saliency", "hyperparameter", "checkpoint", "bootstrap", "calibrat", "SSIM", "pixel-wise", "embedding", "pseudo",
)  # fmt: skip
LONGEST_SENTENCE = 25


@pytest.fixture(scope="module")
def scored_folder(scored_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a scored study whose speed was measured. Copy, don't change."""
    study = open_study(shutil.copytree(scored_once, tmp_path_factory.mktemp("reported") / "small"))
    measure_speed(study, RUN, SETTING, n_images=3)
    study.engine.dispose()
    return study.folder


@pytest.fixture(scope="module")
def report(scored_folder: Path) -> Report:
    """Return the report of the scored study."""
    return make_report(open_study(scored_folder, read_only=True))


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    """Return that report as HTML."""
    return render_report(report)


@pytest.fixture
def study(scored_folder: Path, tmp_path: Path) -> Study:
    """Return a scored study of one's own."""
    shutil.copytree(scored_folder, tmp_path / "small")
    return open_study(tmp_path / "small")


def list_attributes(page: str, name: str) -> list[str]:
    """Return all values of an attribute."""
    return re.findall(rf'\s{name}="([^"]*)"', page)


def test_the_pages_are_html_without_any_error(page: str, report: Report) -> None:
    for one in (page, render_visitor_page(report)):
        html5lib.HTMLParser(strict=True).parse(one)


def test_the_html_check_finds_errors(page: str) -> None:
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse(page.replace("</table>", "", 1))


def test_ids_stand_once_and_every_link_leads_somewhere(page: str) -> None:
    ids = list_attributes(page, "id")
    assert len(ids) == len(set(ids))
    links = [link for link in list_attributes(page, "href")]
    assert links and all(link.startswith("#") and link[1:] in ids for link in links)


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    assert all(source.startswith("data:image/jpeg;base64,") for source in list_attributes(page, "src"))
    outside = page.replace("http://www.w3.org/2000/svg", "")  # a name, not an address
    assert "http://" not in outside and "https://" not in outside
    assert "@import" not in page and "url(" not in page
    assert re.findall(r"<script[^>]*>", page) == [f'<script type="application/json" id="{FACTS_ID}">']
    assert "default-src 'none'" in page


def test_every_statement_names_evidence_that_is_listed(report: Report) -> None:
    listed = {source.key for _, source in report.sources}
    for section in report.sections:
        assert section.blocks, section.key
        for block in section.blocks:
            assert block.sources and set(block.sources) <= listed, block
    assert [number for number, _ in report.sources] == list(range(1, len(listed) + 1))


def test_the_first_page_has_short_sentences_and_no_jargon(report: Report) -> None:
    first = report.sections[0]
    assert first.key == "in-short"
    told = " ".join(claim.words for claim in first.list_claims())
    assert not [word for word in JARGON if word.casefold() in told.casefold()]
    sentences = re.split(r"(?<=[.!?:])\s+(?=[A-Z0-9])", told)
    lengths = {len(sentence.split()): sentence for sentence in sentences}
    assert max(lengths) <= LONGEST_SENTENCE, lengths[max(lengths)]
    assert sum(len(sentence.split()) for sentence in sentences) / len(sentences) < 14


def test_the_figures_are_those_that_are_recorded(study: Study, report: Report) -> None:
    row, disk = find_current_row(study, RUN, "test"), find_trivial_row(study, "test", CENTRED_DISK)
    assert row is not None and disk is not None
    told = " ".join(claim.words for claim in report.sections[0].list_claims())
    dice, n = row.summary["rows"]["mean.dice"]["value"], row.summary["rows"]["mean.dice"]["n_defined"]
    pictures = "1 test picture" if n == 1 else f"{n} test pictures"
    assert f"On {pictures} with a polyp, masks and experts' outlines overlap by {dice:.2f}" in told
    assert f"reaches {disk.summary['rows']['mean.dice']['value']:.2f}" in told
    table = find_table(report, "results", "Scores")
    assert table.rows[0].mark == "own" and table.rows[0].cells[3].startswith(f"{dice:.3f}")
    assert len(table.rows) == 4  # the run and three masks that ignore the picture


def find_table(report: Report, chapter: str, title: str) -> Table:
    """Return the table of a chapter whose title begins so."""
    section = next(one for one in report.sections if one.key == chapter)
    return next(block for block in section.blocks if isinstance(block, Table) and block.title.startswith(title))


def test_the_splits_add_up(report: Report, study: Study) -> None:
    table = find_table(report, "data", "Splits")
    facts = read_facts(study)
    assert sum(int(row.cells[1]) for row in table.rows) == int(facts.images.is_present.sum())
    flow = next(block for block in report.sections[2].blocks if isinstance(block, Figure))
    for count in facts.counts:
        assert f"{count.n_images:,} pictures</text>" in flow.svg


def test_every_failure_is_counted_once(report: Report, study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    assert row is not None
    scores = get_picture_scores(study, row).scores
    table = find_table(report, "pictures", "What went wrong")
    assert sum(int(row.cells[1]) for row in table.rows) == len(scores)
    chosen = [place for _, place in choose_places(scores)]
    assert len(chosen) == len(set(chosen)) > 0
    pictures = [one for section in report.sections for one in section.blocks if isinstance(one, Figure) and one.uri]
    assert len(pictures) == len(chosen)


def test_without_pictures_there_is_none(study: Study) -> None:
    page = render_report(make_report(study, with_pictures=False))
    assert "data:image" not in page
    assert "left out of this report as asked" in page


def test_before_a_lock_no_test_score_is_told(study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    assert row is not None
    record_unlock(study, RUN, reader="reader-1")
    page = render_report(make_report(study, RUN))
    html5lib.HTMLParser(strict=True).parse(page)
    for name in ("mean.dice", "pooled.dice", "mean.accuracy"):
        assert f"{row.summary['rows'][name]['value']:.3f}" not in page
    assert "hidden" in page and "data:image" not in page
    assert "How good the masks are is not known" in page


def test_tuned_on_test_is_said_wherever_a_score_stands(study: Study) -> None:
    row = find_current_row(study, RUN, "test")
    record_unlock(study, RUN, reader="reader-1")
    record_lock(study, RUN, SETTING, reader="reader-1")
    assert row is not None
    report = make_report(study, RUN)
    for key in ("in-short", "choice", "results"):
        section = next(one for one in report.sections if one.key == key)
        assert any(claim.is_warning and "test" in claim.words for claim in section.list_claims()), key
    assert report.facts["tuned_on_test"] is True


def test_a_changed_log_is_said(study: Study) -> None:
    with sqlite3.connect(study.folder / "study.db") as database:
        database.execute("DROP TRIGGER events_no_update")
        database.execute("UPDATE events SET actor = 'someone' WHERE event_number = 2")
    section = next(one for one in make_report(study).sections if one.key == "reproduce")
    assert any(claim.is_warning and "NOT whole" in claim.words for claim in section.list_claims())


def test_names_from_outside_are_escaped(phantom_folder: Path, tmp_path: Path) -> None:
    study = make_small_study(tmp_path / "<b>x&'", phantom_folder)
    record_untrained_run(study, RUN)
    report = make_report(study)
    page = render_report(report)
    html5lib.HTMLParser(strict=True).parse(page)
    assert "<b>x" not in page
    facts = re.search(rf'id="{FACTS_ID}">(.*?)</script>', page, re.DOTALL)
    assert facts is not None and json.loads(facts[1])["study"] == "<b>x&'"
    assert "python -m medxai_core study check &#39;&lt;b&gt;x&amp;&#39;" in page


def test_a_run_without_features_clusters_or_scores_has_a_report(phantom_folder: Path, tmp_path: Path) -> None:
    study = make_small_study(tmp_path / "small", phantom_folder)
    with pytest.raises(RunNotFoundError):
        make_report(study)
    record_untrained_run(study, RUN)
    report = make_report(study)
    html5lib.HTMLParser(strict=True).parse(render_report(report))
    assert "No labels were proposed" in write_transparency_text(report)


def test_the_checklist_has_all_44_items_and_says_what_is_missing(study: Study, report: Report) -> None:
    items = fill_checklist(read_facts(study))
    assert [item.number for item in items] == list(range(1, 45))
    assert all(item.answer for item in items)
    chapters = {section.key for section in report.sections}
    assert {item.chapter for item in items if item.chapter} <= chapters
    missing = {item.number for item in items if item.status == "missing"}
    assert {4, 5, 13, 33, 36, 44} <= missing  # what no software can know


def test_the_visitors_page_is_about_nobodys_examination(report: Report) -> None:
    page = render_visitor_page(report)
    assert "nothing about any person&#39;s own examination" in page
    assert RESEARCH_USE in page
    assert "#source" not in page and "<table" not in page


def test_the_files_are_written_whole_and_the_log_says_so(study: Study, report: Report, tmp_path: Path) -> None:
    folder = get_report_folder(study, RUN)
    assert find_report(study, RUN) is None
    written = write_report_files(
        study, report, folder / "report.html", visitor=folder / "visitor.html", text=folder / "transparency.txt"
    )
    assert set(written) == {"report", "visitor", "text"}
    found = find_report(study, RUN)
    assert found is not None and found.created_at == report.created_at
    assert (found.report.stat().st_mode & 0o777) == 0o600
    told = [event["details"]["what"] for event in list_events(study, kind="export")]
    assert told == ["report", "visitor", "text"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingError, match="cannot be written"):
        write_report_files(study, report, tmp_path / "file" / "report.html")


def test_the_text_of_task_3_holds_the_statements(report: Report) -> None:
    written = write_transparency_text(report)
    first = [claim.words for claim in report.sections[0].blocks if isinstance(claim, Claim)]
    assert all(words in written for words in first)
    assert RESEARCH_USE in written and "<p" not in written


def test_figures_do_not_change_from_one_report_to_the_next(study: Study, report: Report) -> None:
    again = make_report(study, RUN)
    same = [one for one in again.sections if one.key not in ("reproduce",)]
    assert same == [one for one in report.sections if one.key not in ("reproduce",)]
