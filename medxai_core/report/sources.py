"""The evidence that a report leans on, each piece with the place where it can be looked at."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Sequence

from medxai_core.report.blocks import Source
from medxai_core.report.facts import ReportFacts
from medxai_core.stages.runs import BEST
from medxai_core.stages.sanity import FILE as SANITY_FILE
from medxai_core.stages.surrogate import FILE as SURROGATE_FILE

PAPER = (
    "A. M. Storås, Unsupervised Image Segmentation via Self-Supervised Learning Image Classification, MediaEval "
    "Medico 2021"
)


def list_sources(facts: ReportFacts) -> dict[str, Source]:
    """Return all evidence by key; a report prints those that it names."""
    found = [
        *_list_pictures(facts),
        *_list_labels(facts),
        *_list_run(facts),
        *_list_scores(facts),
        *_list_others(facts),
    ]
    return {one.key: one for one in found}


def number_sources(cited: Sequence[str], known: dict[str, Source]) -> dict[str, int]:
    """Number the evidence in the order in which it is first named.

    Raises
    ------
    KeyError
        A statement names evidence that there is not.

    >>> number_sources(["b", "a", "b"], {"a": Source("a", "", ""), "b": Source("b", "", "")})
    {'b': 1, 'a': 2}
    """
    return {known[key].key: number for number, key in enumerate(dict.fromkeys(cited), 1)}


def _call(facts: ReportFacts, *words: str) -> str:
    """Return a command of this software on the study, as it is typed."""
    name = shlex.quote(str(facts.study.name))
    return "python -m medxai_core " + " ".join(name if word == "STUDY" else shlex.quote(word) for word in words)


def _replay(facts: ReportFacts) -> str:
    """Return the command that computes features, clusters and rounds anew and compares; it changes none of them."""
    return _call(facts, "replay", "STUDY", "--run", facts.run.run_id, "--no-training")


def _list_pictures(facts: ReportFacts) -> list[Source]:
    """Return what is known of the pictures."""
    n = int(facts.images.is_present.sum())
    return [
        Source(
            "pictures",
            "The pictures, their tiles, groups and splits",
            f"study.db, tables images and items: {n} pictures; SHA-256 over their digests {facts.dataset_digest}",
            _call(facts, "study", "check", "STUDY"),
        ),
        Source(
            "import",
            "The import: options, files left out, notes",
            "study.db, tables study_facts (options, notes) and import_failures, event 'import'",
            _call(facts, "study", "check", "STUDY"),
        ),
    ]


def _list_labels(facts: ReportFacts) -> list[Source]:
    """Return what the labels came from."""
    digest = hashlib.sha256(json.dumps(facts.feature_arrays, sort_keys=True).encode()).hexdigest()
    clustering, labelling = facts.clustering, facts.labelling
    return [
        Source(
            "features",
            "Global features of the pictures",
            f"arrays/, {len(facts.feature_arrays)} descriptors named by their SHA-256; SHA-256 over the names {digest}",
            _replay(facts),
        ),
        Source(
            "clusters",
            "Clusters",
            f"study.db, table clusterings, {clustering.clustering_id}" if clustering else "no clusters are recorded",
            _replay(facts),
        ),
        Source(
            "rounds",
            "Rounds that proposed labels, with the reason of each",
            f"study.db, tables rounds and proposals, {labelling.labelling_id}"
            if labelling
            else "no rounds are recorded",
            _replay(facts),
        ),
        Source(
            "decisions",
            "Decisions of the readers: who, when, what",
            f"study.db, table decisions, {len(facts.decisions)} lines",
            _call(facts, "log", "export", "STUDY", "--out", "log.jsonl"),
        ),
    ]


def _list_run(facts: ReportFacts) -> list[Source]:
    """Return what is kept of the training."""
    run_id = facts.run.run_id
    return [
        Source(
            "run",
            "The training: settings, labels, epochs",
            f"study.db, tables runs and epochs, {run_id}",
            _call(facts, "replay", "STUDY", "--run", run_id),
        ),
        Source(
            "checkpoint",
            "The trained network",
            f"runs/{run_id}/{BEST}, SHA-256 {facts.checkpoint_digest or 'unknown: the file is not there'}",
            _replay(facts),
        ),
        Source(
            "validation",
            "The classifier on the validation items",
            f"study.db, table classifier_scores, {run_id}",
            _call(facts, "evaluate-classifier", "STUDY", "--run", run_id),
        ),
        Source(
            "setting",
            "The locked setting",
            f"study.db, table operating_points, line {facts.lock.number}" if facts.lock else "nothing is locked",
            _call(facts, "log", "export", "STUDY", "--out", "log.jsonl"),
        ),
        Source(
            "tuning",
            "Scores of every layer and threshold on the tuning pictures",
            f"study.db, table study_facts, tuning-table:{run_id}",
            _call(facts, "sweep", "STUDY", "--run", run_id),
        ),
    ]


def _list_scores(facts: ReportFacts) -> list[Source]:
    """Return where scores, tests of the maps and times are kept."""
    run_id, row = facts.run.run_id, facts.row
    trivial = "; ".join(one.evaluation_id for one in facts.trivial) or "not scored"
    layer = str(facts.setting.layer) if facts.setting else ""
    return [
        Source(
            "shift",
            "Where the maps lie on the pictures",
            f"computed from runs/{run_id}/{BEST}, and measured on tuning pictures",
            _call(facts, "heatmaps", "STUDY", "--run", run_id, "--layers", layer),
        ),
        Source(
            "scores",
            "Scores of the masks on the test pictures",
            f"study.db, table evaluations, {row.evaluation_id if row else 'not scored'}",
            _call(facts, "score", "STUDY", "--run", run_id),
        ),
        Source(
            "trivial",
            "Scores of masks that ignore the picture",
            f"study.db, table evaluations, {trivial}",
            _call(facts, "score", "STUDY", "--run", run_id),
        ),
        Source(
            "sanity",
            "Tests of the maps",
            f"runs/{run_id}/{SANITY_FILE}" if facts.sanity else "not made yet",
            _call(facts, "sanity", "STUDY", "--run", run_id),
        ),
        Source(
            "surrogate",
            "Which global features explain what the network separates",
            f"runs/{run_id}/{SURROGATE_FILE}" if facts.surrogate else "not asked yet",
            _call(facts, "explain-features", "STUDY", "--run", run_id),
        ),
        Source(
            "speed",
            "Times of single pictures",
            f"study.db, table study_facts, speed:{run_id}" if facts.speed else "not measured yet",
            _call(facts, "speed", "STUDY", "--run", run_id),
        ),
    ]


def _list_others(facts: ReportFacts) -> list[Source]:
    """Return the log, the software, and the paper."""
    head = facts.log.head
    return [
        Source(
            "log",
            "The chained log of all that happened",
            f"study.db, {facts.log.n_lines} lines; last line {head.number}:{head.digest}" if head else "an empty log",
            _call(facts, "log", "verify", "STUDY", *(["--head", f"{head.number}:{head.digest}"] if head else [])),
        ),
        Source("software", "This software", f"MedXAI Explorer {facts.versions['medxai_core']}", ""),
        Source("paper", "The method as published", PAPER, ""),
    ]
