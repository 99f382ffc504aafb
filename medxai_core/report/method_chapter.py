"""The method with the parameters that were used, the labels it learned from, and how the setting was chosen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from medxai_core.features.registry import get_feature_set
from medxai_core.records.masks import describe_setting
from medxai_core.report.blocks import Claim, Row, Section, Table, say_count, say_span
from medxai_core.report.facts import ReportFacts, say_unlocked
from medxai_core.report.segmenter import say_rounds_kept, say_sure_picture, tell_in_full
from medxai_core.stages.tuning_sweep import LayerSweep
from medxai_core.views.map_shifts import say_map_shift
from medxai_core.views.review_audit import list_caveats, say_error
from medxai_core.views.score_words import format_span

SHOWN_CELLS = 8
STOP_WORDS = {
    "no_pure_cluster_left": "no cluster with one class of labels and unlabelled pictures was left",
    "target_reached": "the wanted number of labels was reached",
    "round_limit": "the limit of rounds was reached",
}


def write_method(facts: ReportFacts) -> Section:
    """Return the methods paragraph, with the actual parameters."""
    claims = (*_tell_features(facts), *_tell_rounds(facts), *_tell_training(facts), *_tell_maps(facts))
    return Section("method", "How the masks were made", claims)


def _tell_features(facts: ReportFacts) -> Iterator[Claim]:
    """Tell what describes the pictures and how they were clustered."""
    if facts.run.mask_head is not None:
        yield Claim(
            "The method is this software's recommended mode (docs/masks.md), not the paper's. " + tell_in_full(facts),
            ("run", "software"),
        )
    else:
        yield from _tell_paper()
    if facts.feature_arrays:
        one = get_feature_set("lire")
        parts = ", ".join(f"{d.name} ({d.n_features})" for d in one.descriptors)
        yield Claim(
            f"Every item is described by {sum(d.n_features for d in one.descriptors)} numbers: {parts}. They "
            "describe edges, "
            "texture, brightness and colour, not tissue.",
            ("features",),
        )
    found = facts.clustering
    if found is None:
        return
    if found.is_bands:
        yield Claim(
            f"Items were ordered by a probe on a pretrained network's features, into {found.k} bands of its "
            "probability.",
            ("clusters",),
        )
        return
    values = found.manifest.get("parameters", {})
    n = int((found.cluster_ids >= 0).sum())
    yield Claim(
        f"{say_count(n, 'training item')} were put into {found.k} clusters by k-means (features: {found.feature_set}, "
        f"scaling: {found.scaling}, {values.get('n_init', '?')} starts, seed {found.seed}, "
        f"scikit-learn {values.get('scikit-learn', '?')}).",
        ("clusters",),
    )


def _tell_paper() -> Iterator[Claim]:
    """Tell that the method is the paper's."""
    yield Claim(
        "The method follows the paper of team Medical-XAI (MediaEval Medico 2021): global features, clusters, proposed "
        "labels, a classifier, a heat map, a threshold. Where this software departs from the published code is said "
        "in its own chapter.",
        ("paper",),
    )


def _tell_rounds(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how labels were proposed."""
    found = facts.labelling
    if found is None:
        learner = "classifier" if facts.run.mask_head is None else "network"
        yield Claim(f"No labels were proposed: the {learner} learned from given labels only.", ("rounds", "run"))
        return
    why = STOP_WORDS.get(found.stop_reason, found.stop_reason.replace("_", " "))
    yield Claim(
        f"From {say_count(found.n_seeds, 'labelled item')}, {say_count(len(found.rounds), 'round')} proposed labels "
        f"for {len(found.proposals):,} more: each round takes the cluster with the most labels among those that hold "
        f"one class only. The rounds ended because {why}.",
        ("rounds",),
    )


def _tell_training(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how the network was trained."""
    run, config = facts.run, facts.run.manifest.get("config", {})
    n_items = len(run.manifest.get("labels", []))
    names = {
        "weights": "weights at the start",
        "input_size": "input size in pixels",
        "side": "side of the input while it learns, in pixels",
        "use_side": "when it is used",
        "n_drawn": "drawn frames with polyp / without",
        "shape_steps": "steps on drawn frames alone",
        "rounds": "steps of each round",
        "batch": "views a step, of pictures / drawn frames / tiles without polyp",
        "batch_size": "batch",
        "learning_rate": "learning rate",
        "optimizer": "optimiser",
        "loss": "loss",
        "frozen_blocks": "blocks kept as they were",
        "augmentation": "changes to the pictures",
        "seed": "seed",
    }
    told = ", ".join(f"{words}: {_plain(config[name])}" for name, words in names.items() if name in config)
    kept = (
        f"Epoch {run.best_epoch} of {len(facts.epochs)} was kept: the best on the validation items."
        if run.mask_head is None
        else say_rounds_kept(facts)
    )
    yield Claim(
        f"A network ({run.network}, {run.n_blocks} layers) learned from {say_count(n_items, 'item')} by the recipe "
        f"'{run.preset}' ({told}). {kept}",
        ("run", "checkpoint"),
    )
    if run.labels == "shuffled":
        words = "This is a control: its labels were given out in random order. It must learn nothing."
        yield Claim(words, ("run",), is_warning=True)
    scores = facts.validation
    if scores and scores["roc_auc"]["value"] is not None:
        auc, balanced = scores["roc_auc"], scores.get("balanced_accuracy", {})
        span = say_span(auc["interval"]["low"], auc["interval"]["high"], 2)
        chosen = (
            "The epoch was chosen on these items, so this flatters."
            if run.mask_head is None
            else "No round was chosen on these items."
        )
        part = f", balanced accuracy {balanced['value']:.2f}" if balanced and balanced.get("value") is not None else ""
        yield Claim(
            f"On {auc['n']} validation items it tells the classes apart with an AUC of {auc['value']:.2f}{span}{part}. "
            f"{chosen} Its probabilities are not calibrated.",
            ("validation",),
        )


def _plain(value: object) -> str:
    """Return a setting as a reader writes it."""
    if isinstance(value, list | tuple):
        return " / ".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def _tell_maps(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how the map becomes a mask."""
    if facts.setting is None:
        yield Claim("No setting is locked, so no mask of this run counts as its result.", ("setting",), is_warning=True)
        return
    is_head = facts.setting.layer == facts.run.mask_head
    scale = "the probability of each place" if is_head else "the map divided by its highest value"
    empty = "A picture without such a place" if is_head else "A map without a positive value is blank, and"
    sure = say_sure_picture(facts.setting) if is_head else ""
    yield Claim(
        f"Mask: {describe_setting(facts.setting)}, where h is {scale}. {empty} gives no mask. {sure}{' ' * bool(sure)}"
        "The place of every cell of the map is computed from the network's geometry and from where its weights look.",
        ("setting",),
    )
    if facts.shift is not None:
        yield Claim(say_map_shift(facts.shift), ("shift",))


def write_labels(facts: ReportFacts) -> Section:
    """Return the chapter about the quality of the labels: readers, agreement, error."""
    return Section(
        "labels", "The labels, and who stands behind them", (_tabulate_sources(facts), *_tell_quality(facts))
    )


def _tabulate_sources(facts: ReportFacts) -> Table:
    """Return the labels of the run by source and class."""
    counts = facts.run.manifest.get("label_counts", {})
    words = {
        "reference": "given with the pictures",
        "review": "decided by readers",
        "cluster": "proposed by clusters, decided on by nobody",
    }
    rows = [
        Row((words.get(source, source), *(f"{by_class.get(name, 0):,}" for name in ("non_polyp", "polyp"))))
        for source, by_class in counts.items()
    ]
    return Table(
        "Labels that the network learned from",
        ("Source", "No polyp", "Polyp"),
        tuple(rows),
        ("run", "rounds", "decisions"),
        numeric=True,
    )


def _tell_quality(facts: ReportFacts) -> Iterator[Claim]:
    """Tell how right the labels are, as far as it is known."""
    last = facts.round_errors[-1] if facts.round_errors else None
    if last is not None and last.error_so_far is not None:
        n = sum(one.n_compared for one in facts.round_errors)
        yield Claim(
            f"Of {say_count(n, 'proposed label')} that can be compared with a reference, {last.error_so_far:.0%} are "
            f"wrong{_percents(last.interval_so_far.low, last.interval_so_far.high)}. The method never saw these "
            f"references. To call all of them polyp would be wrong in {last.error_always_polyp:.0%}.",
            ("rounds", "pictures"),
        )
    review = facts.review
    if not facts.decisions:
        yield Claim("No reader has decided on any label.", ("decisions",), is_warning=True)
    else:
        readers = review.summary.n_by_reader
        listed = ", ".join(f"{name}: {n}" for name, n in sorted(readers.items()))
        s = review.summary
        yield Claim(
            f"{say_count(len(readers), 'reader')} took {sum(readers.values()):,} decisions that stand ({listed}). Of "
            f"{s.n_proposals:,} proposals, {s.n_accepted:,} were accepted, {s.n_wrong:,} found wrong, {s.n_open:,} "
            "are open.",
            ("decisions",),
        )
    audit = review.audit[-1] if review.audit else None
    if audit is not None:
        yield Claim("Wrong proposals, by those judged in random order: " + say_error(audit), ("decisions",))
        for words in list_caveats(audit):
            yield Claim(words, ("decisions",))
    for pair in review.pairs:
        yield Claim(f"{pair.readers[0]} and {pair.readers[1]}: {pair.headline}", ("decisions",))
    if facts.decisions and not review.pairs:
        yield Claim("No two readers judged the same picture: how readers agree is not known.", ("decisions",))


def _percents(low: float | None, high: float | None) -> str:
    """Return an interval of shares in brackets."""
    return "" if low is None or high is None else f" (95 % interval {low:.0%} to {high:.0%})"


def write_choice(facts: ReportFacts) -> Section:
    """Return the chapter about layer and threshold: what was tried, what was chosen, and on which pictures."""
    return Section("choice", "How layer and threshold were chosen", (*_tell_choice(facts), *_tabulate_tuning(facts)))


def _tell_choice(facts: ReportFacts) -> Iterator[Claim]:
    """Tell who locked which setting, and whether test scores were known then."""
    if facts.setting is None or facts.lock is None:
        yield Claim("Nothing is locked now, and no test score of this run is in this report.", ("setting",))
        words = say_unlocked(facts) or "The test pictures have never been open."
        yield Claim(words, ("setting", "log"), is_warning=facts.n_tests_opened > 0)
        return
    on = {
        "tuning": "the tuning pictures",
        "eye": "no figures: by eye",
        "paper": "no pictures: it is the paper's",
        "recommended": "no pictures: it comes with the checkpoint",
        "test": "test pictures",
    }[facts.setting.chosen_on]
    yield Claim(
        f"{describe_setting(facts.setting)} was locked by {facts.lock.reader} on "
        f"{facts.lock.at[:16].replace('T', ' ')} UTC, "
        f"chosen on {on}." + ("" if facts.is_tuned_on_test else " Test scores opened only after this lock."),
        ("setting", "log"),
    )
    if facts.is_tuned_on_test:
        yield Claim(
            "Tuned on test: a setting of this run was unlocked, or chosen while the test pictures were open. Its test "
            "scores flatter.",
            ("setting", "log"),
            is_warning=True,
        )
    else:
        yield Claim(
            "No setting of this run was ever unlocked: the test pictures did not take part in the choice.",
            ("setting", "log"),
        )
    if facts.n_tests_opened > 1:
        yield Claim(
            f"{facts.n_tests_opened} runs of this study were scored on the same test pictures. Choosing among them by "
            "these scores would flatter too.",
            ("log",),
        )


def _tabulate_tuning(facts: ReportFacts) -> Iterator[Table | Claim]:
    """Return the best thresholds of the best layers."""
    table = facts.tuning
    if table is None or not table.has_polyps:
        yield Claim("No table of layers and thresholds is recorded for this run.", ("tuning",))
        return
    sweep = table.sweep
    best = np.nanmax(np.where(np.isfinite(sweep.dice), sweep.dice, -1), axis=1)
    order = np.argsort(-best, kind="stable")[:SHOWN_CELLS]
    rows, outside = [], []
    for row in order:
        column = int(np.nanargmax(sweep.dice[row])) if np.isfinite(sweep.dice[row]).any() else 0
        is_own = facts.setting is not None and sweep.layers[row] == facts.setting.layer
        near = None if sweep.is_near_best is None else sweep.is_near_best[row]
        flat = _say_flat(sweep.thresholds, near)
        cells = (f"layer {sweep.layers[row]}", f"{sweep.thresholds[column]:g}", f"{best[row]:.3f}")
        rows.append(Row((*cells, _say_interval(sweep, row, column), flat), "own" if is_own else ""))
        if near is not None and near.any() and not near[column]:
            outside.append((sweep.layers[row], sweep.thresholds[column]))
    disk = f" A centred disk has {table.disk_dice:.3f} on them." if table.disk_dice is not None else ""
    yield Table(
        "Best layers on the tuning pictures",
        (
            "Layer",
            "Best threshold",
            "Mean Dice",
            "95 % interval",
            "Thresholds not shown to be worse than the best cell",
        ),
        tuple(rows),
        ("tuning",),
        note=f"{table.n_polyp} tuning pictures with a polyp, {len(sweep.layers)} layers x {len(sweep.thresholds)} "
        f"thresholds.{disk} The best of many cells flatters; that is why the test pictures are others.",
        numeric=True,
    )
    for layer, threshold in outside:
        yield Claim(
            f"Layer {layer}: its best threshold, {threshold:g}, is shown to be worse than the best cell of the table, "
            "while others of this layer with a lower mean are not. The last column compares picture by picture: at "
            "those thresholds the difference to the best cell varies more, so it may be chance.",
            ("tuning",),
        )


def _say_interval(sweep: LayerSweep, row: int, column: int) -> str:
    """Return the interval of a cell of the table; where it was not recorded, that is said."""
    if sweep.dice_low is None or sweep.dice_high is None:
        return "not recorded"
    return format_span(float(sweep.dice_low[row, column]), float(sweep.dice_high[row, column]))


def _say_flat(thresholds: list[float], is_near: np.ndarray | None) -> str:
    """Say which thresholds of a layer lie in the flat region around the best cell of the table.

    >>> _say_flat([0.2, 0.3, 0.4, 0.5], np.array([False, True, True, False])), _say_flat([0.2], np.array([False]))
    ('0.3 to 0.4', 'none')
    """
    if is_near is None:
        return "not known"
    found = [threshold for threshold, near in zip(thresholds, is_near, strict=True) if near]
    if not found:
        return "none"
    return f"{found[0]:g}" if len(found) == 1 else f"{found[0]:g} to {found[-1]:g}"
