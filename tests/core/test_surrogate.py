"""Surrogates of answers that are known exactly: what explains them is found, nothing else is, and noise is said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

from medxai_core.models import build_model, build_segmenter
from medxai_core.surrogate import (
    AspectShare,
    Estimate,
    Fidelity,
    FittedSurrogate,
    Material,
    Stability,
    average_parts,
    compare_aspects,
    cross_fit,
    explain_classes,
    explain_row,
    extract_deep_features,
    find_overlaps,
    fit_feature_scale,
    group_columns,
    judge_order,
    list_parts,
    list_subsets,
    measure_fidelity,
    refit,
    say_controls,
    say_fidelity,
    say_item,
    say_order,
    say_unstable,
)
from medxai_core.surrogate.crossfit import cut_folds
from medxai_core.surrogate.refits import estimate
from medxai_core.surrogate.ridge import compute_moments
from medxai_core.surrogate.shares import share_out
from medxai_core.surrogate.space import describe_space

ASPECTS = {"edges": np.arange(0, 6), "texture": np.arange(6, 9), "brightness": np.arange(9, 13)}
N_GROUPS, N_EACH = 60, 5


def draw_features(seed: int = 0) -> np.ndarray:
    """Return 13 features of 300 pictures that have nothing to do with each other."""
    return np.random.default_rng(seed).normal(size=(N_GROUPS * N_EACH, 13))


def gather(features: np.ndarray, answer: np.ndarray, aspects: Mapping[str, np.ndarray] = ASPECTS) -> Material:
    """Return what is explained: one answer, five pictures a group."""
    scale = fit_feature_scale(features, aspects.values())
    groups = np.repeat(np.arange(N_GROUPS), N_EACH)
    return Material(scale.apply(features), aspects, {"answer": answer[:, None]}, groups)


def explain(material: Material, *, n_refits: int = 20):
    """Return cross-fit, shares by aspect, refits."""
    found = cross_fit(material, list_subsets(list(material.aspects)))
    refits = refit(material, found, n_refits=n_refits)
    return found, {one.aspect: one for one in compare_aspects(material, found, refits)}, refits


@pytest.fixture(scope="module")
def by_brightness() -> tuple[np.ndarray, Material]:
    """Return features, and an answer that is a sum of brightness only."""
    features = np.clip(draw_features(), -1.5, 1.5)
    answer = features[:, 9:] @ np.array([1.0, -2.0, 0.5, 1.0])
    return features, gather(features, answer)


def test_an_answer_made_of_brightness_is_explained_by_brightness_and_nothing_else(by_brightness) -> None:
    _, material = by_brightness
    found, shares, refits = explain(material)
    assert found.score(0)[material.everything] > 0.999
    assert shares["brightness"].share.value == pytest.approx(1, abs=0.02) and shares["brightness"].is_stable
    assert shares["brightness"].unique == pytest.approx(1, abs=0.03)
    for name in ("edges", "texture"):
        assert abs(shares[name].share.value) < 0.02 and abs(shares[name].unique) < 0.01
        assert not shares[name].is_stable
    [stability] = judge_order(material, found, refits)
    assert stability.order[0] == "brightness" and stability.same_first == stability.n_refits == 20


def test_noise_is_not_explained_and_this_is_said() -> None:
    answer = np.random.default_rng(5).normal(size=N_GROUPS * N_EACH)
    material = gather(draw_features(), answer)
    found, shares, _ = explain(material)
    [fidelity] = measure_fidelity(material, found, is_polyp=answer > 0)
    assert abs(fidelity.r2.value) < 0.05 and fidelity.amount == "nothing"
    assert "nothing of the network's answer that could be told from chance" in say_fidelity(fidelity)
    assert not any(one.is_stable for one in shares.values())


def test_two_aspects_that_are_copies_share_what_they_explain_and_cannot_be_told_apart() -> None:
    features = draw_features()
    features[:, 6:9] = features[:, 9:12]
    aspects = ASPECTS | {"brightness": np.arange(9, 12), "other": np.arange(12, 13)}
    material = gather(features, features[:, 9:12].sum(axis=1), aspects)
    found, shares, refits = explain(material)
    for name in ("texture", "brightness"):
        assert shares[name].alone > 0.95 and abs(shares[name].unique) < 0.01
        assert shares[name].share.value == pytest.approx(found.score(0)[material.everything] / 2, abs=0.02)
    [overlap] = find_overlaps(material, found, list(shares.values()))
    assert {overlap.first, overlap.second} == {"texture", "brightness"}
    assert overlap.overlap > 0.95 and overlap.correlation > 0.99 and not overlap.is_separable


def test_two_aspects_that_tell_different_things_can_be_told_apart() -> None:
    features = draw_features()
    material = gather(features, features[:, 0] + features[:, 6])
    found, shares, _ = explain(material)
    assert all(shares[name].share.value == pytest.approx(0.5, abs=0.1) for name in ("edges", "texture"))
    [overlap] = find_overlaps(material, found, list(shares.values()))
    assert (overlap.first, overlap.second) == ("edges", "texture")
    assert overlap.is_separable and overlap.overlap < 0.1


def test_shares_add_up_to_what_all_explain(by_brightness) -> None:
    features, _ = by_brightness
    material = gather(features, features[:, 1] * features[:, 7] + features[:, 9])
    found, shares, _ = explain(material, n_refits=2)
    assert sum(one.share.value for one in shares.values()) == pytest.approx(found.score(0)[material.everything])
    assert share_out({(): 0.0, ("edges",): 0.3}, ["edges"]) == {"edges": 0.3}


def test_no_group_is_on_both_sides_and_folds_are_of_one_size() -> None:
    groups = np.random.default_rng(1).integers(0, 40, 400)
    folds = cut_folds(groups, 5, seed=3)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups.tolist()))
    assert np.bincount(folds).min() > 60
    with pytest.raises(ValueError, match="at least 5"):
        cut_folds(np.array([0, 1, 2]), 5, seed=0)


def test_what_only_tells_the_group_explains_nothing_of_other_groups() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(N_GROUPS), N_EACH)
    features = np.eye(N_GROUPS)[groups] + 0.01 * rng.normal(size=(len(groups), N_GROUPS))
    answer = rng.normal(size=N_GROUPS)[groups]
    found = cross_fit(gather(features, answer, {"name of the patient": np.arange(N_GROUPS)}), [])
    assert found.score(0)["name of the patient",] < 0.05


def test_the_ridge_is_that_of_scikit_learn() -> None:
    features, rng = draw_features()[:80], np.random.default_rng(3)
    targets, weights = rng.normal(size=(80, 2)), rng.integers(0, 3, 80).astype(float)
    moments = compute_moments(features, targets, weights)
    columns = np.array([0, 4, 7])
    [found] = moments.solve(columns, [0.3])
    ours = moments.make_model(columns, found, 1)
    theirs = Ridge(alpha=0.3 * weights.sum()).fit(features[:, columns], targets, sample_weight=weights)
    assert np.allclose(found.T, theirs.coef_)
    assert np.allclose(ours.predict(features), theirs.predict(features[:, columns])[:, 1])


def test_one_picture_far_out_does_not_decide() -> None:
    features = draw_features()
    features[:, 0] = 0
    features[:3, 0] = 50.0
    scaled = fit_feature_scale(features, ASPECTS.values()).apply(features)
    assert np.abs(scaled).max() < 2.1 and np.allclose(scaled.mean(axis=0), 0)
    features[:, 1] = 7.0
    assert (fit_feature_scale(features, ASPECTS.values()).apply(features)[:, 1] == 0).all()


def test_fidelity_is_held_against_shuffled_features_the_class_and_a_forest(by_brightness) -> None:
    _, material = by_brightness
    found = cross_fit(material, [])
    answer = material.targets["answer"][:, 0]
    [fidelity] = measure_fidelity(material, found, is_polyp=answer > 0)
    assert fidelity.amount == "most" and fidelity.r2.low > 0.99
    assert abs(fidelity.shuffled) < 0.05 and fidelity.shuffled_most < 0.05
    # of a normal answer, its sign explains 2 / pi
    assert fidelity.by_class == pytest.approx(2 / np.pi, abs=0.06)
    assert 0.5 < fidelity.forest < 0.999
    assert fidelity.rank_correlation.value == pytest.approx(
        spearmanr(answer, found.predictions[material.everything])[0]
    )  # fmt: skip
    assert fidelity.agreement.value > 0.98 and 0.5 <= fidelity.majority < 0.6
    assert "explain 0 %" in say_controls(fidelity) and "forest" in say_controls(fidelity)


def test_a_forest_finds_what_a_sum_misses() -> None:
    features = draw_features()
    answer = np.abs(features[:, 0])  # edges either way
    material = gather(features, answer)
    [fidelity] = measure_fidelity(material, cross_fit(material, []), is_polyp=answer > 0.7)
    assert fidelity.amount == "nothing" and fidelity.forest > 0.3


def test_the_same_seed_gives_the_same_figures(by_brightness) -> None:
    _, material = by_brightness
    first, second = explain(material, n_refits=3), explain(material, n_refits=3)
    assert first[1] == second[1]
    assert np.array_equal(first[2].shares, second[2].shares)


def test_the_words_say_how_much_may_be_believed() -> None:
    said = {
        amount: say_fidelity(Fidelity("answer", Estimate(value, value - 0.02, value + 0.02), 0.0, 0.01))
        for amount, value in (("little", 0.1), ("part", 0.4), ("half", 0.6), ("most", 0.9))
    }
    assert "explain little of" in said["little"] and "do not take what follows for its reasons" in said["little"]
    assert "explain a part of" in said["part"] and "The other 60 % they do not explain" in said["part"]
    assert "half or more" in said["half"] and "most of" in said["most"]
    shares = [AspectShare("answer", name, Estimate(0.1, -0.1, 0.3), 0.1, 0.1, False) for name in ("edges", "colour")]
    assert say_unstable(shares).startswith("Edges and colour are not stable") and say_unstable([]) == ""
    often, seldom = (say_order(Stability("answer", 50, ["edges", "colour"], n, 6)) for n in (41, 11))
    assert "came first 41 times" in often and "no order" not in often and "no order can be read" in seldom


def test_an_interval_is_the_spread_of_the_refits() -> None:
    found = estimate(1.0, np.array([0.0, 2.0, np.nan, 1.0]))
    assert (found.low, found.high) == pytest.approx((1 - 1.96, 1 + 1.96)) and not found.is_off_zero
    assert estimate(1.0, np.array([np.nan, 1.0])) == Estimate(1.0)


@pytest.fixture(scope="module")
def by_texture() -> tuple[FittedSurrogate, np.ndarray, np.ndarray, np.ndarray]:
    """Return surrogates of an answer that is coarseness; features, answer, folds; and words by class."""
    parts = list_parts({"tamura": 18, "luminance_layout": 64})
    features = np.random.default_rng(4).normal(size=(N_GROUPS * N_EACH, 82))
    answer = 2.0 * features[:, 0] + 1.0
    aspects = group_columns(parts)
    material = gather(features, answer, aspects)
    found, _, refits = explain(material)
    numbers = average_parts(features, parts)
    scale = fit_feature_scale(features, aspects.values())
    fitted = FittedSurrogate(parts, scale, numbers.mean(axis=0), numbers.std(axis=0), found.models, refits.models)
    by_part = np.stack([fitted.contribute(features[[i]], found.models[found.folds[i]])[0] for i in range(len(answer))])
    refitted = np.stack([fitted.contribute(features, one) for one in refits.models])
    labels = np.where(answer > 1, "polyp", "non_polyp")
    told = explain_classes(by_part, refitted, numbers, parts=parts, labels=labels, refits=refits)
    return fitted, features, answer, found.folds, told


def test_each_class_is_told_in_words_with_the_side_it_is_pushed_to(by_texture) -> None:
    *_, (aspects, words) = by_texture
    pushes = {(one.label, one.aspect): one.pushes for one in aspects}
    assert pushes["polyp", "texture"].low > 1 and pushes["non_polyp", "texture"].high < -1
    assert not pushes["polyp", "brightness"].is_off_zero
    first = {label: next(one for one in words if one.label == label) for label in ("polyp", "non_polyp")}
    assert (first["polyp"].words, first["non_polyp"].words) == ("coarser texture", "finer texture")
    assert first["polyp"].pushes.value > 0 > first["non_polyp"].pushes.value


def test_one_answer_is_the_sum_of_its_parts_and_of_what_is_not_explained(by_texture) -> None:
    fitted, features, answer, folds, _ = by_texture
    row = int(features[:, 0].argmax())
    found = explain_row(fitted, features[row], item_id="a", fold=int(folds[row]), logit=float(answer[row]) + 3.0)
    total = found.baseline + sum(one.value for one in found.aspects.values()) + found.residual
    assert total == pytest.approx(answer[row] + 3.0) and found.residual > 2.5
    assert found.words[0].words == "coarser texture" and found.words[0].deviation > 2
    assert found.aspects["texture"].is_off_zero and found.was_held_out
    assert "the global features do not explain" in say_item(found)


def test_a_picture_that_took_no_part_is_told_by_all_surrogates_and_a_missing_answer_is_said(by_texture) -> None:
    fitted, features, *_ = by_texture
    found = explain_row(fitted, features[0], item_id="b", fold=None, logit=None)
    said = np.mean([one.predict(fitted.scale.apply(features[:1]))[0] for one in fitted.folds])
    assert found.said == pytest.approx(said) and found.residual is None and not found.was_held_out
    assert "was not computed" in say_item(found)


def test_with_one_answer_only_there_is_no_line_between_answers() -> None:
    deep = np.random.default_rng(0).normal(size=(20, 6))
    space = describe_space(deep, np.ones(20, bool))
    assert space.line is None and space.line_share is None and space.n_features == 6


@pytest.mark.parametrize("build", [lambda: build_model("lite1", seed=2), lambda: build_segmenter(weights="scratch")])
def test_the_answer_is_one_linear_function_of_the_deep_features(build) -> None:
    model = build()
    inputs = torch.rand(3, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    deep, logits = extract_deep_features(model, [inputs[:2], inputs[2:]])
    last = model.decoder.head[-1] if hasattr(model, "decoder") else model.backbone._fc
    weight, bias = last.weight.detach().double().numpy().reshape(-1), float(last.bias.detach()[0])
    assert deep.shape == (3, len(weight)) and np.allclose(deep @ weight + bias, logits, atol=1e-5)
    assert model.training and not last._forward_pre_hooks


def test_material_that_does_not_fit_together_is_refused() -> None:
    features, groups = draw_features(), np.zeros(300, np.int64)
    with pytest.raises(ValueError, match="exactly once"):
        Material(features, {"edges": np.arange(5)}, {"answer": np.zeros((300, 1))}, groups)
    with pytest.raises(ValueError, match=r"targets must be \(300, d\)"):
        Material(features, ASPECTS, {"answer": np.zeros(300)}, groups)
    features[0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        Material(features, ASPECTS, {"answer": np.zeros((300, 1))}, groups)
