"""From global to deep features: which global features explain what a run's network separates, and how far."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from medxai_core.config import CLASS_NAMES, RESEARCH_USE
from medxai_core.errors import ImageNotFoundError, SettingError, StageMissingError
from medxai_core.events import record_event
from medxai_core.json_values import to_plain
from medxai_core.memory import keep_freed_memory
from medxai_core.progress import Stage, silent_stage
from medxai_core.provenance import get_versions, now_text
from medxai_core.records.clusterings import get_features
from medxai_core.records.pictures import list_items
from medxai_core.records.result_digests import SURROGATE_FILE, digest_results
from medxai_core.records.runs import RecordedRun, get_probabilities, get_run
from medxai_core.stages.surrogate_record import SurrogateRecord, pack_models, read_record
from medxai_core.stages.surrogate_subject import FEATURE_SET, SurrogateSubject, choose_surrogate_subject
from medxai_core.study import Study
from medxai_core.surrogate import (
    ClassContribution,
    CrossFit,
    FittedSurrogate,
    ItemExplanation,
    Material,
    Part,
    Refits,
    WordedContribution,
    average_parts,
    compare_aspects,
    cross_fit,
    explain_classes,
    explain_row,
    find_overlaps,
    fit_feature_scale,
    group_columns,
    judge_order,
    list_parts,
    list_subsets,
    measure_fidelity,
    refit,
)
from medxai_core.surrogate.space import DeepSpace, describe_space

FILE = SURROGATE_FILE


def explain_deep_features(
    study: Study, run_id: str | None = None, *, seed: int = 0, stage: Stage = silent_stage
) -> SurrogateRecord:
    """Ask how far the global features explain what a run's network separates, and keep the answer with the run.

    Parameters
    ----------
    seed : int, default 0
        Of the folds, the draws and the shuffled features.

    Raises
    ------
    NotEnoughImagesError
        Too few training and validation items.
    SettingError
        The network answers all pictures alike: there is nothing to explain.
    StageMissingError
        The global features were not extracted.

    Notes
    -----
    Test pictures take no part. Up to 2000 items, about one to two minutes on two cores.
    """
    keep_freed_memory()
    run = get_run(study, run_id)
    subject = choose_surrogate_subject(study, run, seed=seed, stage=stage)
    _check_answers(run, subject.logits)
    space = describe_space(subject.deep_features, subject.logits > 0)
    parts = list_parts(subject.widths)
    scale = fit_feature_scale(subject.features, group_columns(parts).values())
    material = _gather(subject, space, scale.apply(subject.features), parts)
    found = cross_fit(material, list_subsets(material.everything), seed=seed, on_progress=stage("Fitting surrogates"))
    refits = refit(material, found, seed=seed, on_progress=stage("Fitting anew on other draws"))
    against = stage("Holding against chance")
    fidelities = measure_fidelity(material, found, is_polyp=subject.logits > 0, seed=seed, on_progress=against)
    numbers = average_parts(subject.features, parts)
    surrogate = FittedSurrogate(parts, scale, numbers.mean(axis=0), numbers.std(axis=0), found.models, refits.models)
    classes, words = _explain_classes(subject, surrogate, numbers, found, refits)
    shares = compare_aspects(material, found, refits)
    record = SurrogateRecord(
        run_id=run.run_id,
        best_epoch=int(run.best_epoch or 0),
        seed=seed,
        n_items=len(subject.positions),
        n_groups=material.n_groups,
        n_left_out=subject.n_left_out,
        class_counts=dict(zip(CLASS_NAMES, np.bincount(subject.logits > 0, minlength=2).tolist(), strict=True)),
        space=_describe(space),
        fidelities=fidelities,
        shares=shares,
        overlaps=find_overlaps(material, found, shares),
        stabilities=judge_order(material, found, refits),
        classes=classes,
        words=words if fidelities[0].is_beyond_chance else [],
        models=pack_models(surrogate, subject.widths),
        items={
            one: [int(fold), round(float(logit), 5)]
            for one, fold, logit in zip(subject.item_ids, found.folds, subject.logits, strict=True)
        },
        created_at=now_text(),
        versions=get_versions("torch", "numpy", "scikit-learn"),
    )
    _keep(study, record)
    return record


def find_surrogate(study: Study, run: RecordedRun) -> SurrogateRecord | None:
    """Return the surrogate of a run; None when there is none, or when the run was trained on since."""
    try:
        values = json.loads((study.run_folder(run.run_id) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    record = read_record(values)
    return record if record.best_epoch == run.best_epoch else None


def explain_item(study: Study, record: SurrogateRecord, item_id: str) -> ItemExplanation:
    """Take the network's answer to one picture or tile apart, aspect by aspect.

    Parameters
    ----------
    item_id : str
        Of any split: one that the surrogate was made of is told by the fold that never saw its group.

    Returns
    -------
    ItemExplanation
        Without words where the surrogate explains nothing that could be told from chance.

    Raises
    ------
    ImageNotFoundError
        No such item.
    StageMissingError
        It has no global features.
    """
    items = list_items(study)
    if item_id not in items.rows_by_id:
        raise ImageNotFoundError(f"no picture or tile has the id {item_id!r}.", "Give a whole id.")
    row = items.rows_by_id[item_id]
    features = np.concatenate([np.array(values[row], float) for values in get_features(study, FEATURE_SET).values()])
    if not np.isfinite(features).all():
        raise StageMissingError(f"{item_id} has no global features.", f"Run `features {study.name}` again.")
    fold, logit = record.items.get(item_id, (None, _find_logit(study, record.run_id, row)))
    found = explain_row(
        record.surrogate, features, item_id=item_id, fold=None if fold is None else int(fold), logit=logit
    )  # fmt: skip
    return found if record.fidelity_of("answer").is_beyond_chance else replace(found, words=[])


def _find_logit(study: Study, run_id: str, row: int) -> float | None:
    """Return the network's answer to an item as it was recorded; None where it was not, or is 0 or 1 to all digits."""
    probabilities = get_probabilities(study, run_id)
    if probabilities is None or not 0 < probabilities[row] < 1:
        return None
    return float(np.log(probabilities[row]) - np.log1p(-probabilities[row]))


def _check_answers(run: RecordedRun, logits: np.ndarray) -> None:
    """Raise when all answers are alike."""
    if np.ptp(logits) <= 1e-6:
        raise SettingError(
            f"run {run.run_id!r} gives every picture the same answer ({logits[0]:.3f}): nothing is separated.",
            "Choose another run, or train longer.",
        )


def _gather(subject: SurrogateSubject, space: DeepSpace, scaled: np.ndarray, parts: Sequence[Part]) -> Material:
    """Put together what is explained and by what; the line between the answers only where there are two."""
    targets = {"answer": subject.logits[:, None], "line": space.line, "space": space.points}
    known = {name: values for name, values in targets.items() if values is not None}
    return Material(scaled, group_columns(parts), known, subject.groups)


def _explain_classes(
    subject: SurrogateSubject, surrogate: FittedSurrogate, numbers: np.ndarray, found: CrossFit, refits: Refits
) -> tuple[list[ClassContribution], list[WordedContribution]]:
    """Return what moves the surrogate's answer for the pictures of each class."""
    features = subject.features
    by_part = np.empty((len(features), len(surrogate.parts)))
    for fold, model in enumerate(found.models):
        held = found.folds == fold
        by_part[held] = surrogate.contribute(features[held], model)
    refitted = np.stack([surrogate.contribute(features, model) for model in refits.models])
    labels = np.array(CLASS_NAMES)[(subject.logits > 0).astype(int)]
    return explain_classes(by_part, refitted, numbers, parts=surrogate.parts, labels=labels, refits=refits)


def _describe(space: DeepSpace) -> dict[str, float | int | None]:
    """Return what is said of the deep features."""
    return {
        "n_features": space.n_features,
        "n_directions": space.points.shape[1],
        "kept_share": space.kept_share,
        "line_share": space.line_share,
    }


def _keep(study: Study, record: SurrogateRecord) -> None:
    """Write the surrogate into the folder of the run, and a line into the log."""
    path = study.run_folder(record.run_id) / FILE
    unfinished = path.with_name(f"{FILE}.{os.getpid()}.part")
    unfinished.touch(mode=0o600)
    text = json.dumps({"notice": RESEARCH_USE} | to_plain(asdict(record)), ensure_ascii=False)
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
    answer = record.fidelity_of("answer")
    details = {"run_id": record.run_id, "amount": answer.amount, "r2": round(answer.r2.value, 4), "seed": record.seed}
    with study.begin() as connection:
        digests = digest_results(connection, study.folder, [f"surrogate:{record.run_id}"])
        record_event(connection, "surrogate", details | {"digests": digests})
