"""Facts about the recommended mode: what is shown to a student, where labels of tiles point, what is believed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from medxai_core.checkpoints import CheckpointManifest
from medxai_core.config import SEGMENTER
from medxai_core.heatmaps import GradCAM
from medxai_core.masks import Band, make_mask
from medxai_core.models import PolypSegmenter, build_segmenter, default_preprocessing
from medxai_core.models.segmentation import POOLED_SHARE
from medxai_core.phantom.frames import draw_frame
from medxai_core.stages.heatmaps import make_map_maker
from medxai_core.students import lessons as lessons_module
from medxai_core.students.class_map import ClassMap, LabelledTile, list_polyp_free
from medxai_core.students.lessons import Lessons, Timetable
from medxai_core.students.pseudo_masks import empty_masks, fuse_witnesses, sharpen
from medxai_core.students.teaching import adapt_normalization, compute_probabilities, teach
from medxai_core.students.tile_probe import FrozenFeatures, TileProbe, View, cut_cells, fit_probe

SIDE = 448


@pytest.fixture(scope="module")
def drawn() -> Lessons:
    frames = [draw_frame(seed, width=SIDE, height=SIDE, with_polyp=True) for seed in range(6)]
    masks = np.stack([frame.mask for frame in frames]).astype(np.float16)
    return Lessons(np.stack([frame.image for frame in frames]), masks, np.ones_like(masks))


def test_a_view_moves_picture_target_and_weight_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons_module, "_relight", lambda colours, rng: colours)
    ramp = np.add.outer(np.arange(SIDE), 0.5 * np.arange(SIDE)) / (1.5 * SIDE)
    picture = np.round(255 * np.repeat(ramp[..., None], 3, axis=2)).astype(np.uint8)
    lessons = Lessons(picture[None], ramp[None], 1 - ramp[None])
    for seed in range(12):
        view = lessons.draw_view(0, 64, np.random.default_rng(seed))
        assert view.shape == (5, 64, 64)
        assert torch.allclose(view[0], view[3], atol=0.005)
        assert torch.allclose(view[3] + view[4], torch.ones(64, 64), atol=1e-5)


def test_views_differ_and_the_same_seed_gives_the_same(drawn: Lessons) -> None:
    timetable = Timetable([drawn], [4], 64)
    assert torch.equal(timetable.draw_batch(3, seed=1), timetable.draw_batch(3, seed=1))
    assert not torch.equal(timetable.draw_batch(3, seed=1), timetable.draw_batch(4, seed=1))
    assert not torch.equal(timetable.draw_batch(3, seed=1), timetable.draw_batch(3, seed=2))


def test_colours_stay_in_range_and_targets_too(drawn: Lessons) -> None:
    batch = Timetable([drawn], [16], 64).draw_batch(0, seed=0)
    assert batch.min() >= -1e-6 and batch.max() <= 1 + 1e-6


def test_every_real_picture_comes_once_in_each_round() -> None:
    turns = lessons_module._take_turns(7, 0, 21, seed=5)
    assert all(sorted(turns[start : start + 7]) == list(range(7)) for start in (0, 7, 14))
    in_parts = [turn for first in range(0, 21, 3) for turn in lessons_module._take_turns(7, first, 3, seed=5)]
    assert in_parts == turns
    assert turns[:7] != turns[7:14]


def test_lessons_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="448, 448, 3"):
        Lessons(np.zeros((1, 40, 40, 3), np.uint8), np.zeros((1, 4, 4)), np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match="one target"):
        Lessons(np.zeros((1, SIDE, SIDE, 3), np.uint8), np.zeros((2, 4, 4)), np.zeros((2, 4, 4)))


def test_a_probe_finds_the_places_that_set_tiles_apart() -> None:
    rng = np.random.default_rng(0)
    polyp, polyp_free = (torch.from_numpy(rng.normal(size=(30, 24, 14, 14)).astype(np.float32)) for _ in range(2))
    polyp[:, 5, 3:9, 2:8] += 4  # one feature, in one corner of the tiles that hold a polyp
    polyp_free[:, 9] += 4  # another one all over the tiles without
    nothing, one = torch.zeros(24, 1, 1), torch.ones(24, 1, 1)
    probe = fit_probe(list(polyp), list(polyp_free), view=View(448), mean=nothing, scale=one)
    score = probe.score(polyp).mean(dim=0)
    inside, outside = score[3:9, 2:8], score[:, 9:]
    assert inside.min() > 0 and inside.min() > outside.max()
    assert probe.score(polyp_free).mean() < outside.mean()
    assert probe.weight.argmax() == 5 and probe.weight.argmin() == 9


def test_a_probe_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes; got 0 and 1"):
        fit_probe([], [torch.zeros(4, 14, 14)], view=View(448), mean=torch.zeros(4, 1, 1), scale=torch.ones(4, 1, 1))


def test_a_turned_view_gives_scores_put_back_in_place() -> None:
    features = torch.zeros(1, 3, 4, 4)
    features[0, 1, 2, 0] = 5.0  # far left of the turned picture
    weight = torch.tensor([0.0, 1.0, 0.0])
    probe = TileProbe(View(64, turned=True), torch.zeros(3, 1, 1), torch.ones(3, 1, 1), weight, 0.0)
    assert probe.score(features)[0].argmax().item() == 1 * 4 + 3


def test_frozen_features_see_where_things_lie() -> None:
    picture = np.full((1, SIDE, SIDE, 3), 90, np.uint8)
    spotted = picture.copy()
    spotted[0, 300:340, 60:100] = (250, 240, 60)
    features = FrozenFeatures()
    changed = (features(spotted, View(320)) - features(picture, View(320))).abs().sum(dim=1)[0]
    row, column = divmod(changed.argmax().item(), 20)
    assert features(picture, View(320)).shape == (1, 424, 20, 20)
    assert abs(row - 320 / 448 * 20) <= 2 and abs(column - 80 / 448 * 20) <= 2


@pytest.mark.parametrize(
    ("box", "shape"), [((0, 0, 1, 1), (3, 8, 8)), ((0.5, 0, 1, 0.5), (3, 4, 4)), ((0.99, 0.99, 1, 1), (3, 1, 1))]
)
def test_a_tile_gets_its_own_places(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> None:
    features = torch.arange(192.0).reshape(3, 8, 8)
    cut = cut_cells(features, box)
    assert cut.shape == shape
    assert torch.equal(cut[:, -1, -1], features[:, round(box[3] * 8) - 1, -1])


def test_both_witnesses_are_needed_to_be_sure() -> None:
    scores = np.array([[[10.0, 10.0, 0.0, 0.0]]])
    shape = np.array([[[0.95, 0.05, 0.95, 0.05]]])
    targets, weights = fuse_witnesses(scores, shape, least_peak=5.0)
    both, map_only, shape_only, none = targets[0, 0]
    assert both > map_only > 0.5 > shape_only > none
    assert weights[0, 0, 0] == weights[0, 0, 3] == 1


def test_a_picture_where_nothing_speaks_for_a_polyp_is_not_stretched_to_one() -> None:
    faint = np.full((1, 4, 4), 0.2)
    faint[0, 1, 1] = 0.4
    undecided = np.full((1, 4, 4), 0.5)
    assert fuse_witnesses(faint, undecided, least_peak=5.0)[0].max() < 0.1
    assert fuse_witnesses(faint, undecided, least_peak=0.1)[0].max() > 0.9


def test_more_evidence_never_lowers_a_target() -> None:
    scores = np.linspace(-5, 10, 60).reshape(1, 1, 60)
    for shape in (0.01, 0.3, 0.9):
        targets, _ = fuse_witnesses(scores, np.full_like(scores, shape), least_peak=2.0)
        assert (np.diff(targets[0, 0]) >= 0).all()
    targets, weights = sharpen(np.linspace(0, 1, 21).reshape(1, 1, 21))
    assert (np.diff(targets[0, 0]) >= 0).all() and targets[0, 0, 10] == 0.5 and weights[0, 0].argmin() == 10


def test_a_student_does_not_learn_its_own_doubt_of_a_picture_that_holds_a_polyp() -> None:
    faint = np.full((3, 10, 10), 0.02)
    faint[:, 4, 5:7] = 0.2  # the surest 2 %
    faint[2, 4, 5:7] = 0.99
    targets, weights = sharpen(faint, has_polyp=np.array([True, False, True]))
    as_said, _ = sharpen(faint)
    assert targets[0, 4, 5] > 0.95 and weights[0, 4, 5] == 1
    assert np.array_equal(targets[1:], as_said[1:])  # not known to hold one; sure already
    assert (np.argsort(targets[0], axis=None, kind="stable") == np.argsort(faint[0], axis=None, kind="stable")).all()


def test_a_picture_holds_a_polyp_by_its_label_or_by_its_scores() -> None:
    scores = np.zeros((3, 28, 28), np.float32)
    scores[1, 3, 3] = 2.5
    label = LabelledTile(2, (0.0, 0.0, 0.5, 0.5), True)
    without = LabelledTile(0, (0.0, 0.0, 0.5, 0.5), False)
    class_map = ClassMap([], least_peak=2.0)
    assert class_map.find_polyps(scores, [label, without]).tolist() == [False, True, True]
    whole = LabelledTile(1, (0.0, 0.0, 1.0, 1.0), False)
    assert class_map.find_polyps(scores, [label, whole]).tolist() == [False, False, True]  # a label goes first
    quarters = [LabelledTile(1, (x, y, x + 0.5, y + 0.5), False) for x in (0.0, 0.5) for y in (0.0, 0.5)]
    assert list_polyp_free(quarters) == [1] and list_polyp_free(quarters[:3]) == []
    assert list_polyp_free([*quarters, LabelledTile(1, (0.0, 0.0, 0.5, 0.5), True)]) == []


def test_a_picture_labelled_without_polyp_is_learned_as_empty() -> None:
    targets, weights = empty_masks(np.full((2, 4, 4), 0.9, np.float32), np.full((2, 4, 4), 0.5, np.float32), [1])
    assert (targets[1] == 0).all() and (weights[1] == 1).all()
    assert (targets[0] == np.float32(0.9)).all() and (weights[0] == 0.5).all()


def test_a_few_places_are_no_polyp_where_the_picture_speaks_against_one(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = build_segmenter(seed=1).eval()
    places = torch.full((2, 56, 56), -4.0)
    places[0, :2, :2] = 2.0  # four of the 63 surest
    places[1, 10:30, 10:30] = 2.0
    monkeypatch.setattr(segmenter, "segment", lambda inputs: places)
    maker = make_map_maker(segmenter, CheckpointManifest(SEGMENTER, default_preprocessing(SEGMENTER)))
    pictures, head = [np.zeros((90, 120, 3), np.uint8)] * 2, len(maker.blocks) - 1
    raw, logits = maker.compute_raw(pictures, [head])
    masks = [make_mask(maker.finish(one, head, (90, 120))[0], Band(0.5)) for one in raw[head]]
    assert logits[0] < 0 < logits[1]
    assert not masks[0].any() and masks[1].any()
    assert np.allclose(raw[head][1], torch.sigmoid(places[1]))


def test_the_logit_of_a_picture_is_the_mean_of_its_highest_places() -> None:
    segmenter = build_segmenter(seed=1).eval()
    inputs = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        places = segmenter.segment(inputs).flatten(1).numpy()
        logits = segmenter(inputs).numpy()
    highest = np.sort(places, axis=1)[:, -round(POOLED_SHARE * 24 * 24) :].mean(axis=1)
    assert places.shape == (2, 24 * 24)
    assert np.allclose(logits, highest, atol=1e-5)


def test_every_block_of_a_segmenter_can_be_explained() -> None:
    with GradCAM(build_segmenter(seed=1)) as cam:
        raw = cam(torch.rand(1, 3, 96, 96))
    assert sorted(raw) == list(range(21))
    assert all(np.isfinite(maps).all() for maps in raw.values())
    assert sum(maps.max() > 0 for maps in raw.values()) > 10


def test_a_student_learns_outlines(drawn: Lessons) -> None:
    segmenter = build_segmenter(seed=0)
    losses = teach(segmenter, Timetable([drawn], [4], 96), n_steps=40, learning_rate=3e-3)
    adapt_normalization(segmenter, Timetable([drawn], [6], 96), n_steps=4)
    assert np.mean(losses[-8:]) < np.mean(losses[:8])
    probabilities = compute_probabilities(segmenter, drawn.pictures, side=96)
    inside = drawn.targets[:, 9::19, 9::19].astype(bool)[:, :24, :24]
    assert probabilities.shape == inside.shape == (6, 24, 24)
    assert probabilities[inside].mean() > 1.5 * probabilities[~inside].mean()


def test_the_same_seed_teaches_the_same(drawn: Lessons) -> None:
    said = []
    for _ in range(2):
        segmenter = build_segmenter(seed=0)
        teach(segmenter, Timetable([drawn], [4], 64), n_steps=3)
        said.append(compute_probabilities(segmenter, drawn.pictures, side=64))
    assert np.array_equal(*said)


def find_norm(segmenter: PolypSegmenter) -> torch.nn.BatchNorm2d:
    return next(module for module in segmenter.decoder.modules() if isinstance(module, torch.nn.BatchNorm2d))


def test_adapting_to_other_pictures_changes_statistics_and_no_weight(drawn: Lessons) -> None:
    segmenter = build_segmenter(seed=0)
    weights = {name: value.clone() for name, value in segmenter.named_parameters()}
    norm = find_norm(segmenter)
    before, momentum = torch.clone(norm.running_mean), norm.momentum
    adapt_normalization(segmenter, Timetable([drawn], [4], 64), n_steps=2)
    assert all(torch.equal(value, weights[name]) for name, value in segmenter.named_parameters())
    assert not torch.equal(norm.running_mean, before)
    assert norm.momentum == momentum and segmenter.training
