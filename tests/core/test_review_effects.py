"""Facts about what a block of decisions changed, whether more pay, and what to do next."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_studies import make_small_study, propose, record_plain_features

from medxai_core.evaluation.intervals import wilson_interval
from medxai_core.records.decisions import list_decisions
from medxai_core.records.pictures import list_items
from medxai_core.review import QUEUE_ORDERS, Decision, list_in_force, queue_items
from medxai_core.stages.label_history import restore_labels
from medxai_core.stages.labels import decide, decide_many, get_label_states, undo
from medxai_core.stages.review_batches import WHOLE_CLUSTER, name_batch
from medxai_core.study import Study
from medxai_core.views.proposal_queue import measure_proposals, order_proposals
from medxai_core.views.reasons import load_reasoning
from medxai_core.views.review_audit import audit_proposals
from medxai_core.views.review_basis import ReviewBasis, count_sources, load_review_basis
from medxai_core.views.review_effects import describe_block, estimate_wrong_left, find_sitting, say_left
from medxai_core.views.review_figures import compute_review_figures
from medxai_core.views.review_payoff import BLOCK, describe_payoff

P, N = "polyp", "non_polyp"


def make_basis(n: int, *, seed: int = 0) -> ReviewBasis:
    """Return a basis of n proposals of both classes, two seeds, and ten items without a proposal."""
    proposals = {f"i{k}": ((N, P)[k % 2], "c1") for k in range(n)}
    plain = {f"plain{k}" for k in range(10)}
    order = queue_items(list(proposals), "random", seed=seed)
    return ReviewBasis({"s0": P, "s1": N}, frozenset({*proposals, *plain}), proposals, order, None)


def judge(
    basis: ReviewBasis, items: list[str], wrong: set[str], *, reader: str = "r1", start: int = 0, minute: int = 0
):
    """Return a log in which a reader rejects the wrong ones and accepts the others."""
    return [
        Decision(start + k, f"e{start + k}", reader, f"2024-05-01T{10 + minute // 60:02d}:{minute % 60:02d}:00", item,
                 "reject" if item in wrong else "accept", basis.proposals[item][0], "", "c1")
        for k, item in enumerate(items, start=1)
    ]  # fmt: skip


@pytest.fixture
def study(tmp_path: Path, phantom_folder: Path) -> Study:
    study = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(study)
    propose(study)
    return study


def list_proposed(study: Study) -> list[tuple[str, str]]:
    """Return items with an open proposal, and its class."""
    return [(item, str(one.label)) for item, one in get_label_states(study).items() if one.source == "cluster"]


class TestBlock:
    def test_it_counts_what_each_decision_did(self, study):
        proposed = list_proposed(study)
        basis = load_review_basis(study)
        plain = next(iter(sorted(basis.open_items - basis.proposals.keys())))
        (kept, _), (rejected, _), (turned, label) = proposed[:3]
        other = next(name for name in (P, N) if name != label)
        decide(study, kept, "accept", reader="a")
        decide(study, rejected, "reject", reader="a")
        decide(study, turned, "other", reader="a", label=other)
        decide(study, plain, "label", reader="a", label=P)
        found = describe_block(study, reader="a", since=0)
        assert (found.n_lines, found.n_confirmed, found.n_removed, found.n_corrected, found.n_gained) == (4, 1, 1, 1, 1)
        assert sum(found.counts_after.values()) == sum(found.counts_before.values())  # one gained, one removed
        last = describe_block(study, reader="a", since=3)
        assert (last.n_lines, last.n_gained, last.counts_after[P] - last.counts_before[P]) == (1, 1, 1)

    def test_what_others_did_meanwhile_is_left_out(self, study):
        (one, _), (two, _) = list_proposed(study)[:2]
        decide(study, one, "accept", reader="a")
        decide(study, two, "reject", reader="b")
        found = describe_block(study, reader="a", since=0)
        assert (found.n_confirmed, found.n_removed) == (1, 0)

    def test_an_undone_decision_changes_nothing(self, study):
        [(item, _)] = list_proposed(study)[:1]
        decide(study, item, "reject", reader="a")
        undo(study, reader="a")
        found = describe_block(study, reader="a", since=0)
        assert (found.n_lines, found.n_removed) == (2, 0)
        assert "no label changed" in found.sentences[0]
        assert describe_block(study, reader="a", since=1).n_lines == 1

    def test_what_became_of_each_line_adds_up(self, study):
        kept, rejected, unsure, skipped, flagged, taken = [item for item, _ in list_proposed(study)[:6]]
        decide(study, kept, "accept", reader="a")
        decide(study, rejected, "accept", reader="a")
        decide(study, rejected, "reject", reader="a")
        decide(study, unsure, "unsure", reader="a")
        decide(study, skipped, "skip", reader="a")
        decide(study, flagged, "flag", reader="a")
        decide(study, taken, "reject", reader="a")
        undo(study, reader="a")
        found = describe_block(study, reader="a", since=0)
        assert found.sentences[0] == (
            "8 decisions: confirmed 1, label taken away 1, unsure 1, skipped 1, flagged 1, answered again later 1, "
            "taken back 1, undo 1."
        )

    def test_the_counts_are_those_of_the_labels_in_force(self, study):
        proposed = list_proposed(study)
        items = list_items(study)
        decide_many(study, [item for item, _ in proposed[:3]], "accept", reader="a", reason=name_batch(WHOLE_CLUSTER))
        decide(study, proposed[3][0], "reject", reader="a")
        decide(study, proposed[4][0], "unsure", reader="a")
        restore_labels(study, 3, reader="a")
        states = get_label_states(study, items)
        expected = Counter((one.source, one.label) for one in states.values() if one.label)
        found = count_sources(load_review_basis(study, items=items), list_decisions(study))
        assert {(s, c): n for s, by_class in found.items() for c, n in by_class.items() if n} == dict(expected)

    def test_the_error_before_and_after_is_that_of_the_audit(self):
        basis = make_basis(200)
        wrong = set(basis.random_order[:60:4])
        log = judge(basis, basis.random_order[:20], wrong)
        log += judge(basis, basis.random_order[20:60], wrong, start=20, minute=90)
        found = describe_block(None, reader="r1", since=None, basis=basis, decisions=log)
        assert (found.since, found.until, found.n_lines) == (20, 60, 40)
        assert found.error_before.error == wilson_interval(5, 20)
        assert found.error_after.error == wilson_interval(15, 60)
        assert "about 11 to 47 are wrong; now: of 100 proposals about 16 to 37" in found.sentences[1]

    def test_a_sitting_ends_with_a_pause_and_other_readers_do_not_break_it(self):
        basis = make_basis(9)
        log = judge(basis, ["i0"], set()) + judge(basis, ["i1"], set(), start=1, minute=31)
        log += judge(basis, ["i2"], set(), reader="r2", start=2, minute=32)
        log += judge(basis, ["i3"], set(), start=3, minute=50)
        assert find_sitting(log, "r1") == 1
        assert find_sitting(log, "r2") == 2
        assert find_sitting(log, "nobody") == 4
        assert describe_block(None, reader="nobody", since=None, basis=basis, decisions=log).n_lines == 0


class TestWrongLeft:
    def test_unknown_is_said_without_an_audit(self):
        basis = make_basis(50)
        elsewhere = [item for item in basis.proposals if item != basis.random_order[0]][:20]
        log = judge(basis, elsewhere, set())
        left = estimate_wrong_left(basis, log, audit_proposals(basis.random_order, basis.proposals, log)[-1])
        assert (left.n_unseen, left.low, left.high) == (30, None, None)
        assert "not known" in say_left(left)

    def test_nothing_is_left_when_all_were_looked_at(self):
        basis = make_basis(30)
        log = judge(basis, basis.random_order, set(basis.random_order[:9]))
        left = estimate_wrong_left(basis, log, audit_proposals(basis.random_order, basis.proposals, log)[-1])
        assert (left.n_unseen, left.low, left.high) == (0, 0, 0)

    def test_a_whole_cluster_accepted_unseen_is_still_unseen_and_one_rejected_is_not_in_force(self):
        basis = make_basis(100)
        audit = judge(basis, basis.random_order[:30], set(basis.random_order[:6]))
        for action, n_unseen in (("accept", 70), ("reject", 60)):
            batch = [
                Decision(100 + k, f"b{k}", "r1", "2024-05-01T12:00:00", item, action, basis.proposals[item][0],
                         name_batch(WHOLE_CLUSTER), "c1")
                for k, item in enumerate(basis.random_order[40:50])
            ]  # fmt: skip
            log = [*audit, *batch]
            left = estimate_wrong_left(basis, log, audit_proposals(basis.random_order, basis.proposals, log)[-1])
            assert left.n_unseen == n_unseen and 0 <= left.low <= left.high <= n_unseen

    def test_the_range_holds_the_true_number_whatever_was_judged_besides(self):
        rng = np.random.default_rng(0)
        hits = 0
        for trial in range(60):
            basis = make_basis(150, seed=trial)
            wrong = set(rng.choice(list(basis.proposals), 30, replace=False))
            doubtful = [item for item in sorted(wrong) if item not in basis.random_order[:41]][:10]
            items = basis.random_order[:40] + doubtful
            log = judge(basis, items, wrong)
            left = estimate_wrong_left(basis, log, audit_proposals(basis.random_order, basis.proposals, log)[-1])
            hits += left.low <= len(wrong - set(items)) <= left.high
            assert left.n_unseen == 150 - len(items)
        assert hits >= 54  # about 95 of 100


class TestPayoff:
    def judge_run(self, n_wrong_last: int, n: int = 100, reader: str = "r1"):
        basis = make_basis(200)
        items = list(basis.proposals)[:n]
        wrong = set(items[: n - 40][::3]) | set(items[n - n_wrong_last :])
        return basis, judge(basis, items, wrong, reader=reader)

    @pytest.mark.parametrize(("n_wrong", "verdict"), [(0, "little"), (1, "little"), (2, "pays"), (20, "pays")])
    def test_the_last_forty_judgements_decide(self, n_wrong, verdict):
        basis, log = self.judge_run(n_wrong)
        found = describe_payoff(log, "r1", proposals=basis.proposals)
        assert found.verdict == verdict
        interval = wilson_interval(n_wrong, 40)
        assert f"to {round(100 * interval.high)} of 100" in found.headline

    def test_before_forty_it_cannot_be_said(self):
        basis, log = self.judge_run(0, n=39)
        found = describe_payoff(log, "r1", proposals=basis.proposals)
        assert (found.verdict, found.n_judged, len(found.blocks)) == ("too_early", 39, 1)
        assert "cannot be said yet" in found.headline and "39 of the 40" in found.headline

    def test_blocks_are_of_twenty_with_wilsons_interval(self):
        basis, log = self.judge_run(3, n=65)
        found = describe_payoff(log, "r1", proposals=basis.proposals)
        assert [(one.first, one.last, one.n) for one in found.blocks] == [(1, 20, 20), (21, 40, 20), (41, 60, 20)]
        for one in found.blocks:
            assert one.interval == wilson_interval(one.n_wrong, BLOCK)

    def test_only_own_judgements_of_present_proposals_taken_one_by_one_count(self):
        basis, log = self.judge_run(0)
        assert describe_payoff(log, "r2", proposals=basis.proposals).n_judged == 0
        present = {item: basis.proposals[item] for item in list(basis.proposals)[50:]}
        assert describe_payoff(log, "r1", proposals=present).n_judged == 50
        batch = [Decision(500, "x", "r1", log[-1].at, "i150", "reject", N, name_batch(WHOLE_CLUSTER), "c1")]
        undone = [Decision(501, "y", "r1", log[-1].at, log[-1].item_id, "undo", undoes=log[-1].event_id)]
        assert describe_payoff([*log, *batch, *undone], "r1", proposals=basis.proposals).n_judged == 99

    def test_when_little_is_found_here_but_wrong_ones_are_left_elsewhere_another_order_is_advised(self):
        basis, log = self.judge_run(0)
        audit = judge(basis, basis.random_order[:60], set(basis.random_order[:30]), reader="r2", start=200)
        both = [*log, *audit]
        left = estimate_wrong_left(basis, both, audit_proposals(basis.random_order, basis.proposals, both)[-1])
        assert left.low > 0
        assert "another order" in describe_payoff(both, "r1", proposals=basis.proposals, left=left).hint
        alone = estimate_wrong_left(basis, log, audit_proposals(basis.random_order, basis.proposals, [])[-1])
        assert "random order tells" in describe_payoff(log, "r1", proposals=basis.proposals, left=alone).hint


class TestNextStep:
    def test_first_the_audit_then_disagreements_then_the_doubtful_then_new_proposals(self):
        basis = make_basis(200)
        wrong = set(list(basis.proposals)[::2])
        log: list[Decision] = []
        assert compute_review_figures(basis, log, "r1").next_step.step == "audit"
        log = judge(basis, basis.random_order[:30], wrong)
        assert compute_review_figures(basis, log, "r1").next_step.step == "open"
        log += judge(basis, basis.random_order[:5], set(), reader="r2", start=30)
        figures = compute_review_figures(basis, log, "r1")
        assert (figures.next_step.step, figures.n_open_disagreements) == (
            "disagreements",
            len(wrong & set(basis.random_order[:5])),
        )
        assert (figures.n_to_read_second, compute_review_figures(basis, log, "r2").n_to_read_second) == (0, 25)
        log = judge(basis, basis.random_order[:100], set())
        assert compute_review_figures(basis, log, "r1").next_step.step == "propose"
        log = judge(basis, basis.random_order, wrong)
        assert compute_review_figures(basis, log, "r1").next_step.step == "propose"

    def test_without_proposals_there_is_none(self):
        empty = ReviewBasis({}, frozenset({"a"}), {}, [], None)
        found = compute_review_figures(empty, [], "r1")
        assert (found.next_step, found.left, found.audit, found.n_unlabelled) == (None, None, (), 1)

    def test_unsure_ones_do_not_keep_the_audit_open_for_ever(self):
        basis = make_basis(20)
        log = [
            Decision(k, f"e{k}", "r1", "2024-05-01T10:00:00", item, "unsure", None, "", "c1")
            for k, item in enumerate(basis.random_order, start=1)
        ]
        assert compute_review_figures(basis, log, "r1").next_step.step == "propose"


class TestOrders:
    def test_all_orders_hold_every_proposal_and_the_audit_order_is_one_everywhere(self, study):
        items = list_items(study)
        measures = measure_proposals(load_reasoning(study), items)
        for order in QUEUE_ORDERS:
            assert sorted(order_proposals(measures, order)) == sorted(measures.item_ids)
        assert load_review_basis(study, items=items).random_order == order_proposals(measures, "random")

    def test_newest_brings_the_latest_round_first(self, study):
        measures = measure_proposals(load_reasoning(study), list_items(study))
        rounds = dict(zip(measures.item_ids, measures.rounds, strict=True))
        ordered = [rounds[item] for item in order_proposals(measures, "newest")]
        assert ordered == sorted(ordered, reverse=True) and len(set(ordered)) > 1

    def test_disagreement_brings_open_ones_first_oldest_first_and_no_settled_one(self, study):
        measures = measure_proposals(load_reasoning(study), list_items(study))
        one, two, three = (str(item) for item in measures.item_ids[[5, 2, 7]])
        for item in (one, two, three):
            decide(study, item, "accept", reader="a")
        for item in (two, one, three):
            decide(study, item, "reject", reader="b")
        decide(study, three, "accept", reader="a")  # settled
        ordered = order_proposals(measures, "disagreement", decisions=list_in_force(list_decisions(study)))
        assert ordered[:2] == [two, one]
        assert ordered[2:] == [item for item in measures.item_ids if item not in (one, two)]
