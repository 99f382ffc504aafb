"""Facts about the tab "From global to deep features": how far to believe it comes first, and no words without proof."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from small_studies import record_small_run

from medxai_core.json_values import to_plain
from medxai_core.records.runs import RecordedRun
from medxai_core.stages.surrogate_record import SurrogateRecord
from medxai_core.study import Study
from medxai_core.surrogate import (
    AspectShare,
    ClassContribution,
    Estimate,
    Fidelity,
    Overlap,
    Stability,
    WordedContribution,
)

TAB = "From global to deep features"
ASPECTS = ["edges", "texture", "brightness", "colour"]


@pytest.fixture
def run(small_study: Study) -> RecordedRun:
    """Return a run of a small study, without a surrogate."""
    run = record_small_run(small_study)
    small_study.run_folder(run.run_id).mkdir(parents=True)
    return run


def keep(study: Study, run: RecordedRun, r2: Estimate, *, overlap: bool = False) -> Path:
    """Keep a made-up surrogate with a run; edges is stable, nothing else."""
    shares = [
        AspectShare(target, name, Estimate(0.1, 0.05 if name == "edges" else -0.05, 0.2), 0.1, 0.1, name == "edges")
        for target in ("answer", "space")
        for name in ASPECTS
    ]
    answer = Fidelity("answer", r2, 0.0, 0.01, 0.5, 0.2, Estimate(0.4, 0.3, 0.5), Estimate(0.6, 0.5, 0.7), 0.5)
    words = [WordedContribution("polyp", "edges", "EdgeHistogram", "more **edges**", 0.5, Estimate(0.2, 0.1, 0.3))]
    record = SurrogateRecord(
        run_id=run.run_id,
        best_epoch=int(run.best_epoch or 0),
        seed=0,
        n_items=40,
        n_groups=20,
        n_left_out=2,
        class_counts={"non_polyp": 15, "polyp": 25},
        space={"n_features": 8, "n_directions": 4, "kept_share": 0.99, "line_share": 0.2},
        fidelities=[answer, Fidelity("space", Estimate(0.1, 0.05, 0.15), 0.0, 0.01)],
        shares=shares,
        overlaps=[Overlap("answer", "edges", "texture", 0.9, 0.8, False)] if overlap else [],
        stabilities=[Stability(target, 50, ASPECTS, 41, 12) for target in ("answer", "space")],
        classes=[
            ClassContribution(label, name, Estimate(0.1, -0.1, 0.3))
            for label in ("polyp", "non_polyp")
            for name in ASPECTS
        ],
        words=words if answer.is_beyond_chance else [],
        models={
            "descriptors": {"tamura": 18},
            **{name: [1.0] * 18 for name in ("mean", "spread", "centre", "size")},
            "part_means": [0.0] * 7, "part_spreads": [1.0] * 7, "folds": [], "refits": [],
        },
        items={},
        created_at=run.created_at,
        versions={},
    )  # fmt: skip
    path = study.run_folder(run.run_id) / "surrogate.json"
    path.write_text(json.dumps(to_plain(asdict(record))))
    return path


def test_how_far_to_believe_it_comes_before_what_it_says(small_study: Study, run, open_page, read_page) -> None:
    keep(small_study, run, Estimate(0.14, 0.08, 0.2), overlap=True)
    app = open_page("transparency", transparency_part=TAB)
    assert not app.exception
    assert "explain little of the network's answer: 14 %" in app.warning[0].value.replace("\\", "")
    text = read_page(app).replace("\\", "")
    assert text.index("Held against") and "2 could not be read" in text
    assert "Texture, brightness and colour are not stable" in text and "edges came first 41 times" in text
    assert "Edges and texture cannot be told apart here" in text
    assert "more **edges**" in text and "towards polyp" in text and "by chance alone" in text
    table = app.table[0].value
    assert set(table["Aspect"]) == set(ASPECTS) and "not stable" in table["25 answered polyp"].iloc[0]


def test_no_words_where_chance_would_do_as_well(small_study: Study, run, open_page, read_page) -> None:
    keep(small_study, run, Estimate(0.01, -0.05, 0.04))
    app = open_page("transparency", transparency_part=TAB)
    assert not app.exception
    text = read_page(app).replace("\\", "")
    assert "nothing of the network's answer that could be told from chance" in text
    assert "No words are given" in text and "Pictures answered" not in text


def test_what_is_well_explained_is_no_warning(small_study: Study, run, open_page) -> None:
    keep(small_study, run, Estimate(0.85, 0.8, 0.9))
    app = open_page("transparency", transparency_part=TAB)
    assert not app.exception and not app.warning
    assert "most of the network's answer" in app.info[0].value


def test_a_run_that_was_not_asked_about_says_so_and_offers_to(small_study: Study, run, open_page, read_page) -> None:
    app = open_page("transparency", transparency_part=TAB)
    assert not app.exception and "Not asked yet" in read_page(app)
    assert app.button(key="start-surrogate").label == "Ask what explains this run"


def test_without_a_run_it_leads_to_training(small_study: Study, open_page, read_page) -> None:
    app = open_page("transparency", transparency_part=TAB)
    assert not app.exception and "No classifier is trained yet" in read_page(app)
