"""Facts about decisions, the labels that follow from them, agreement, queues and the exported log."""

from __future__ import annotations

import itertools
import time
from dataclasses import fields, replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from medxai_core.config import RESEARCH_USE
from medxai_core.errors import DecisionError, LayoutError
from medxai_core.formats.decisions_csv import (
    DECISION_COLUMNS,
    read_decisions_csv,
    read_decisions_jsonl,
    write_decisions_csv,
    write_decisions_jsonl,
)
from medxai_core.review import (
    QUEUE_ORDERS,
    Decision,
    LabelState,
    check_decision,
    compute_agreement,
    compute_labels,
    export_decisions,
    find_redo_target,
    find_undo_target,
    import_decisions,
    list_in_force,
    list_not_again,
    queue_items,
    suggest_seeds,
    summarize_review,
)
from medxai_core.review.queues import BY_CHANCE

P, N = "polyp", "non_polyp"
AT = "2024-05-01T10:00:00.000000+00:00"


class Log(list):
    """A review log that is written one decision at a time."""

    def add(
        self, action: str, item: str = "a", *, reader: str = "r1", label: str | None = None,
        clustering: str | None = "c1", undoes: str | None = None,
    ) -> str:  # fmt: skip
        """Append a decision and return its event id."""
        number = len(self) + 1
        label = P if label is None and action in ("accept", "reject") else label
        self.append(Decision(number, f"e{number}", reader, AT, item, action, label, "", clustering, undoes))
        return f"e{number}"

    def in_force(self) -> list[str]:
        """Return the event ids in force."""
        return [decision.event_id for decision in list_in_force(self)]


@pytest.fixture
def log() -> Log:
    return Log()


def settle(log: Log, *, reference: str | None = None, proposal: tuple[str, str] | None = (P, "c1")) -> LabelState:
    """Return the state of item a."""
    references = {} if reference is None else {"a": reference}
    return compute_labels(["a"], references, {} if proposal is None else {"a": proposal}, log)["a"]


class TestUndoRedo:
    def test_undo_takes_back_one_decision_after_the_other_and_redo_brings_them_back(self, log):
        for item in "abc":
            log.add("accept", item)
        log.add("undo")
        assert log.in_force() == ["e1", "e2"]
        log.add("undo")
        log.add("undo")
        assert log.in_force() == []
        log.add("redo")
        log.add("redo")
        assert log.in_force() == ["e1", "e2"]
        log.add("redo")
        assert log.in_force() == ["e1", "e2", "e3"]

    def test_a_thousand_undos_are_no_limit(self, log):
        for i in range(1000):
            log.add("accept", f"i{i}")
        for _ in range(1000):
            log.add("undo")
        assert log.in_force() == []
        for _ in range(1000):
            log.add("redo")
        assert len(log.in_force()) == 1000

    def test_a_named_decision_can_be_undone_out_of_turn(self, log):
        for item in "abc":
            log.add("accept", item)
        log.add("undo", undoes="e1")
        assert log.in_force() == ["e2", "e3"]
        log.add("undo")
        assert log.in_force() == ["e2"]
        log.add("undo")
        assert log.in_force() == []

    @pytest.mark.parametrize("named", ["e1", "e3"])
    def test_redo_may_name_the_decision_or_the_undo(self, log, named):
        log.add("accept", "a")
        log.add("accept", "b")
        log.add("undo", undoes="e1")
        log.add("accept", "c")
        log.add("redo", undoes=named)
        assert log.in_force() == ["e1", "e2", "e4"]

    def test_a_decision_brought_back_stands_at_its_old_place(self, log):
        first = log.add("accept")
        log.add("undo")
        log.add("other", label=N)
        log.add("redo", undoes=first)
        assert log.in_force() == ["e1", "e3"]
        assert settle(log).label == N

    def test_after_a_new_decision_there_is_nothing_to_redo(self, log):
        log.add("accept", "a")
        log.add("undo")
        log.add("accept", "b")
        log.add("redo")
        assert log.in_force() == ["e3"]

    def test_each_reader_undoes_only_their_own(self, log):
        log.add("accept", reader="r1")
        log.add("reject", reader="r2")
        log.add("undo", reader="r1")
        assert log.in_force() == ["e2"]
        log.add("undo", reader="r1", undoes="e2")
        assert log.in_force() == ["e2"]

    def test_undo_and_redo_with_nothing_to_do_change_nothing(self, log):
        log.add("undo")
        log.add("redo")
        log.add("accept")
        log.add("redo", undoes="e3")
        log.add("undo", undoes="no such event")
        assert log.in_force() == ["e3"]

    def test_an_event_that_arrives_twice_counts_once(self, log):
        log.add("accept", "a")
        log.add("accept", "b")
        undo = log.add("undo")
        again = replace(log[-1], decision_id=4)
        assert again.event_id == undo
        assert [decision.event_id for decision in list_in_force([*log, again])] == ["e1"]

    def test_the_log_may_come_in_any_order(self, log):
        for item in "ab":
            log.add("accept", item)
        log.add("undo")
        log.add("other", "a", label=N)
        for shuffled in itertools.permutations(log):
            assert [decision.event_id for decision in list_in_force(shuffled)] == ["e1", "e4"]

    def test_targets_are_what_an_undo_or_redo_would_change(self, log):
        log.add("accept", "a")
        log.add("reject", "b")
        assert find_undo_target(log, "r1").item_id == "b"
        assert find_undo_target(log, "r1", event_id="e1").item_id == "a"
        undo = log.add("undo")
        assert find_undo_target(log, "r1").item_id == "a"
        assert find_redo_target(log, "r1").item_id == "b"
        assert find_redo_target(log, "r1", event_id=undo).item_id == "b"

    def test_no_target_is_an_error_with_a_remedy(self, log):
        with pytest.raises(DecisionError, match="r1 has nothing to undo") as error:
            find_undo_target(log, "r1")
        assert error.value.remedy
        with pytest.raises(DecisionError, match="r1 has nothing to redo"):
            find_redo_target(log, "r1")
        log.add("accept", reader="r2")
        with pytest.raises(DecisionError, match="'e1' cannot be undone by r1"):
            find_undo_target(log, "r1", event_id="e1")
        with pytest.raises(DecisionError, match="'e1' cannot be redone by r2"):
            find_redo_target(log, "r2", event_id="e1")

    def test_the_stacks_agree_with_a_plain_replay(self):
        """Random logs, against lists that are searched from the end each time."""
        rng = np.random.default_rng(0)
        for _ in range(30):
            log, done, undone, force = Log(), [], [], []
            for _ in range(60):
                action = rng.choice(["accept", "accept", "undo", "undo", "redo"])
                event = log.add(str(action), f"i{len(log)}")
                if action == "accept":
                    done, undone, force = [*done, event], [], [*force, event]
                elif action == "undo" and done:
                    undone.append(done.pop())
                elif action == "redo" and undone:
                    done.append(undone.pop())
            assert log.in_force() == [event for event in force if event in done]


class TestLabels:
    def test_reference_goes_before_review_and_review_before_cluster(self, log):
        assert (settle(log).label, settle(log).source) == (P, "cluster")
        event = log.add("other", label=N)
        assert (settle(log).label, settle(log).source, settle(log).decided_by) == (N, "review", event)
        found = settle(log, reference=P)
        assert (found.label, found.source, found.decided_by) == (P, "reference", None)

    def test_accept_trains_as_review(self, log):
        log.add("accept")
        assert (settle(log).label, settle(log).source) == (P, "review")

    def test_an_accepted_label_stays_when_the_clusters_change(self, log):
        log.add("accept")
        assert settle(log, proposal=(N, "c2")).label == P
        assert settle(log, proposal=None).label == P

    def test_a_seed_given_in_the_app_needs_no_proposal(self, log):
        log.add("label", label=N, clustering=None)
        assert (settle(log, proposal=None).label, settle(log, proposal=None).source) == (N, "review")

    def test_reject_leaves_no_label_and_does_not_turn_into_the_other_class(self, log):
        event = log.add("reject")
        found = settle(log)
        assert (found.label, found.source, found.decided_by) == (None, None, event)
        assert "rejected polyp" in found.why

    def test_a_rejected_class_may_come_from_another_clustering_and_the_other_class_from_the_same(self, log):
        log.add("reject")
        assert settle(log, proposal=(P, "c2")).source == "cluster"
        assert settle(log, proposal=(N, "c1")).label == N

    def test_a_rejection_holds_after_a_second_one_elsewhere(self, log):
        log.add("reject", clustering="c1")
        log.add("reject", clustering="c2")
        assert settle(log, proposal=(P, "c1")).label is None
        assert settle(log, proposal=(P, "c2")).label is None

    @pytest.mark.parametrize("action", ["unsure", "skip"])
    def test_unsure_and_skipped_stay_unlabelled_whatever_is_proposed_later(self, log, action):
        log.add(action)
        for proposal in [(P, "c1"), (N, "c2"), None]:
            assert settle(log, proposal=proposal).label is None

    def test_doubt_takes_back_an_answer_but_a_skip_does_not(self, log):
        log.add("accept", reader="r1")
        log.add("skip", reader="r2")
        assert settle(log).label == P
        log.add("unsure", reader="r2")
        assert settle(log).label is None

    def test_a_skip_of_a_new_proposal_counts_after_an_old_rejection(self, log):
        log.add("reject", clustering="c1")
        log.add("skip", clustering="c2")
        assert settle(log, proposal=(P, "c2")).label is None

    def test_of_several_readers_the_last_decision_in_force_wins(self, log):
        log.add("accept", reader="r1")
        log.add("other", reader="r2", label=N)
        assert settle(log).label == N
        log.add("undo", reader="r2")
        assert settle(log).label == P

    def test_undo_gives_the_state_before_and_redo_the_state_after(self, log):
        before = settle(log)
        log.add("reject")
        after = settle(log)
        log.add("undo")
        assert settle(log) == before
        log.add("redo")
        assert settle(log) == after

    def test_a_flag_changes_no_label_and_can_be_undone(self, log):
        log.add("flag")
        assert (settle(log).flagged, settle(log).source) == (True, "cluster")
        log.add("accept")
        assert (settle(log).flagged, settle(log).source) == (True, "review")
        log.add("undo", undoes="e1")
        assert not settle(log).flagged

    def test_nothing_known_is_none_with_a_reason(self, log):
        found = settle(log, proposal=None)
        assert (found.label, found.source) == (None, None)
        assert found.why == "No label, and no cluster proposes one."

    def test_the_reason_never_tells_the_reference_label(self, log):
        log.add("other", label=N)
        assert P not in settle(log, reference=P).why

    def test_items_come_back_in_the_order_asked_for(self, log):
        assert list(compute_labels(["b", "a"], {}, {}, log)) == ["b", "a"]


class TestNotAgain:
    def test_rejections_in_force_by_clustering(self, log):
        log.add("reject", "a")
        log.add("reject", "b", clustering="c2", label=N)
        log.add("reject", "c")
        log.add("undo")
        assert list_not_again(log) == {("a", P, "c1"), ("b", N, "c2")}

    def test_a_later_answer_for_the_class_takes_the_rejection_back(self, log):
        log.add("reject", reader="r1")
        log.add("accept", reader="r2", clustering="c2")
        assert list_not_again(log) == set()
        log.add("undo", reader="r2")
        assert list_not_again(log) == {("a", P, "c1")}

    def test_an_answer_for_the_other_class_does_not(self, log):
        log.add("reject")
        log.add("other", label=N)
        assert list_not_again(log) == {("a", P, "c1")}


class TestCheckDecision:
    proposed = LabelState(P, "cluster", "")
    open_ = LabelState(None, None, "")

    def test_what_fits_passes(self):
        check_decision(self.proposed, (P, "c1"), "accept")
        check_decision(self.proposed, (P, "c1"), "accept", label=P)
        check_decision(self.proposed, (P, "c1"), "reject")
        check_decision(self.proposed, (P, "c1"), "other", label=N)
        check_decision(self.open_, None, "label", label=N)
        for action in ("unsure", "skip", "flag"):
            check_decision(self.open_, None, action)

    @pytest.mark.parametrize("action", ["accept", "reject", "other"])
    def test_without_a_proposal_there_is_nothing_to_judge(self, action):
        with pytest.raises(DecisionError, match="there is no proposal to"):
            check_decision(self.open_, None, action, label=N)

    @pytest.mark.parametrize(
        ("action", "label", "words"),
        [
            ("other", P, "'polyp' is the proposed class"),
            ("other", None, "no class was given"),
            ("other", "cancer", "'cancer' is not a class of the study"),
            ("label", None, "no class was given"),
            ("accept", N, "'non_polyp' is not what is proposed"),
        ],
    )
    def test_classes_must_fit(self, action, label, words):
        with pytest.raises(DecisionError, match=words):
            check_decision(self.proposed, (P, "c1"), action, label=label)

    def test_a_reference_label_is_not_reviewed_and_not_told(self):
        state = LabelState(P, "reference", "")
        with pytest.raises(DecisionError, match="has a reference label") as error:
            check_decision(state, None, "label", label=N)
        assert "polyp" not in str(error.value)
        check_decision(state, None, "flag")

    @pytest.mark.parametrize("action", ["undo", "redo", "delete"])
    def test_other_actions_are_a_mistake_of_the_caller(self, action):
        with pytest.raises(ValueError, match="must be a decision about a picture"):
            check_decision(self.open_, None, action)


class TestSummary:
    proposals = {item: (P, "c1") for item in "abcdefg"}

    def test_every_proposal_has_one_outcome(self, log):
        log.add("accept", "a")
        log.add("reject", "b")
        log.add("other", "c", label=N)
        log.add("unsure", "d")
        log.add("skip", "e")
        log.add("accept", "f")
        log.add("undo")
        log.add("label", "x", label=N)
        log.add("flag", "g", reader="r2")
        found = summarize_review(self.proposals, log)
        assert (found.n_accepted, found.n_rejected, found.n_other) == (1, 1, 1)
        assert (found.n_unsure, found.n_skipped, found.n_open) == (1, 1, 2)
        assert found.n_proposals == 7
        assert (found.n_judged, found.n_wrong) == (3, 2)
        assert (found.n_labelled_without_proposal, found.n_flagged) == (1, 1)
        assert found.n_by_reader == {"r1": 6, "r2": 1}

    def test_the_label_counts_however_it_was_given(self, log):
        log.add("label", "a", label=P)
        log.add("label", "b", label=N)
        log.add("reject", "c", clustering="c0")
        found = summarize_review(self.proposals, log)
        assert (found.n_accepted, found.n_other, found.n_open) == (1, 1, 5)

    def test_an_audit_counts_its_sample_only(self, log):
        log.add("accept", "a")
        log.add("reject", "b")
        found = summarize_review(self.proposals, log, item_ids=["b", "c"])
        assert (found.n_proposals, found.n_judged, found.n_wrong) == (2, 1, 1)


def make_two_readers(table: dict[tuple[str, str], int]) -> Log:
    """Return a log where two readers give the classes of a table."""
    log = Log()
    items = itertools.count()
    for (a, b), n in table.items():
        for _ in range(n):
            item = f"i{next(items)}"
            log.add("label", item, reader="r1", label=a)
            log.add("label", item, reader="r2", label=b)
    return log


class TestAgreement:
    def test_a_table_worked_by_hand(self):
        log = make_two_readers({(P, P): 20, (P, N): 5, (N, P): 10, (N, N): 15})
        found = compute_agreement(log, "r1", "r2")
        assert (found.n_both, found.n_agree, found.observed) == (50, 35, 0.7)
        assert found.kappa == pytest.approx(0.4)  # (0.7 - 0.5) / (1 - 0.5)

    def test_kappa_is_that_of_scikit_learn_and_the_same_from_both_sides(self):
        rng = np.random.default_rng(0)
        a = rng.choice([P, N, "other"], 200)
        b = np.where(rng.random(200) < 0.6, a, rng.choice([P, N, "other"], 200))
        log = Log()
        for i in range(200):
            log.add("label", f"i{i}", reader="r1", label=str(a[i]))
            log.add("label", f"i{i}", reader="r2", label=str(b[i]))
        found, back = compute_agreement(log, "r1", "r2"), compute_agreement(log, "r2", "r1")
        assert found.kappa == pytest.approx(cohen_kappa_score(a, b))
        assert (back.kappa, back.interval) == (pytest.approx(found.kappa), pytest.approx(found.interval))

    def test_interval_is_about_that_of_resampling(self):
        counts = {(P, P): 80, (P, N): 15, (N, P): 25, (N, N): 60}
        found = compute_agreement(make_two_readers(counts), "r1", "r2")
        pairs = np.array([pair for pair, n in counts.items() for _ in range(n)])
        rng = np.random.default_rng(0)
        draws = [cohen_kappa_score(*pairs[rng.integers(180, size=180)].T) for _ in range(400)]
        np.testing.assert_allclose(found.interval, np.quantile(draws, [0.025, 0.975]), atol=0.03)

    def test_no_agreement_beyond_chance_is_zero_and_full_contradiction_minus_one(self):
        chance = make_two_readers({(P, P): 10, (P, N): 10, (N, P): 10, (N, N): 10})
        assert compute_agreement(chance, "r1", "r2").kappa == pytest.approx(0)
        against = make_two_readers({(P, N): 10, (N, P): 10})
        assert compute_agreement(against, "r1", "r2").kappa == pytest.approx(-1)

    def test_undefined_is_none_with_a_reason(self):
        nothing = compute_agreement(Log(), "r1", "r2")
        assert (nothing.n_both, nothing.observed, nothing.kappa, nothing.interval) == (0, None, None, None)
        assert "No item" in nothing.why
        one_class = compute_agreement(make_two_readers({(P, P): 9}), "r1", "r2")
        assert (one_class.observed, one_class.kappa) == (1.0, None)
        assert "same one class" in one_class.why

    def test_no_interval_where_its_formula_has_no_width(self):
        full = compute_agreement(make_two_readers({(P, P): 9, (N, N): 9}), "r1", "r2")
        assert (full.kappa, full.interval) == (1.0, None)
        assert full.why
        stubborn = compute_agreement(make_two_readers({(P, P): 9, (P, N): 9}), "r1", "r2")
        assert stubborn.kappa == pytest.approx(0)
        assert stubborn.interval is None
        assert stubborn.why

    def test_with_two_classes_a_rejection_is_the_other_class(self, log):
        log.add("reject", "a", reader="r1")
        log.add("other", "a", reader="r2", label=N)
        log.add("reject", "b", reader="r1")
        log.add("accept", "b", reader="r2")
        assert compute_agreement(log, "r1", "r2").table == {(N, N): 1, (N, P): 1}
        assert compute_agreement(log, "r1", "r2", classes=(P, N, "other")).n_both == 0

    def test_no_answer_is_left_out_and_counted(self, log):
        log.add("accept", "a", reader="r1")
        log.add("unsure", "a", reader="r2")
        log.add("accept", "b", reader="r1")
        log.add("flag", "b", reader="r2")
        found = compute_agreement(log, "r1", "r2")
        assert (found.n_both, found.n_left_out) == (0, 1)

    def test_undone_decisions_do_not_count(self, log):
        log.add("accept", "a", reader="r1")
        log.add("accept", "a", reader="r2")
        log.add("undo", reader="r2")
        assert compute_agreement(log, "r1", "r2").n_both == 0

    def test_a_reader_is_not_compared_with_themselves(self, log):
        with pytest.raises(ValueError, match="'r1' twice"):
            compute_agreement(log, "r1", "r1")


class TestQueues:
    items = ("a", "b", "c", "d")

    @pytest.mark.parametrize(
        ("order", "values", "expected"),
        [
            ("uncertain", [0.9, 0.5, None, 0.7], "bdac"),
            ("border", [3.0, 1.0, 2.0, 1.0], "bdca"),
            ("farthest", [3.0, float("nan"), 9.0, 4.0], "cdab"),
            ("newest", [1, 3, 3, 2], "bcda"),
        ],
    )
    def test_order_by_value_unknown_last_equal_as_given(self, order, values, expected):
        assert queue_items(self.items, order, values) == list(expected)

    def test_random_holds_all_once_and_follows_the_seed(self):
        items = [str(i) for i in range(100)]
        one = queue_items(items, "random", seed=1)
        assert sorted(one) == sorted(items)
        assert one == queue_items(items, "random", seed=1) != queue_items(items, "random", seed=2)

    def test_unknown_order_and_missing_values_are_refused(self):
        with pytest.raises(ValueError, match="order must be one of"):
            queue_items(self.items, "oldest", [1, 2, 3, 4])
        for order in set(QUEUE_ORDERS) - BY_CHANCE:
            with pytest.raises(ValueError, match="one value for each of the 4 items"):
                queue_items(self.items, order)


class TestSuggestSeeds:
    def test_one_of_each_group_comes_before_a_second_of_any(self):
        rng = np.random.default_rng(0)
        groups = np.repeat(np.arange(8), [200, 5, 100, 3, 50, 2, 30, 10])
        features = rng.normal(scale=30, size=(8, 10))[groups] + rng.normal(size=(400, 10))
        for seed in range(5):
            assert len(set(groups[suggest_seeds(features, 8, seed=seed)])) == 8

    def test_greedy_choice_is_the_farthest_each_time(self):
        features = np.random.default_rng(1).normal(size=(60, 4))
        rows = suggest_seeds(features, 10, seed=2)
        for i in range(1, 10):
            distances = np.linalg.norm(features[:, None] - features[rows[:i]], axis=2).min(axis=1)
            assert distances[rows[i]] == pytest.approx(distances.max())

    def test_rows_differ_even_among_equal_pictures(self):
        assert sorted(suggest_seeds(np.ones((5, 3)), 5).tolist()) == [0, 1, 2, 3, 4]

    def test_seeded_with_progress_and_checked(self):
        features = np.random.default_rng(1).normal(size=(60, 4))
        assert suggest_seeds(features, 9, seed=3).tolist() == suggest_seeds(features, 9, seed=3).tolist()
        seen: list[tuple[int, int]] = []
        suggest_seeds(features, 2, on_progress=lambda done, total: seen.append((done, total)))
        assert seen == [(1, 2), (2, 2)]
        assert suggest_seeds(features, 0).tolist() == []
        with pytest.raises(ValueError, match="between 0 and the 60 pictures"):
            suggest_seeds(features, 61)


class TestExport:
    NASTY = (
        "=1+1", "+1", "-1", "@x", "'", "'=1", "''=1", " =1", "\t=1", "\tx", "'\tx", "\rx", "a,b", 'a "b"',
        "two\nlines", "a\r\nb", "\uff1d1", "'plain", "caf\u00e9", "", " ", "#x", "null", "x" * 5000, "\u2028",
    )  # fmt: skip

    @pytest.fixture
    def nasty(self) -> list[Decision]:
        log = Log()
        for text in self.NASTY:
            log.add("reject", "=item", label="@label", clustering="+c")
            log[-1] = replace(log[-1], reason=text)
        log.add("skip", clustering=None)
        log.add("undo", undoes="e1", clustering=None)
        return list(log)

    def test_columns_are_the_fields_of_a_decision(self):
        assert tuple(field.name for field in fields(Decision)) == DECISION_COLUMNS

    def test_csv_out_and_in_changes_nothing(self, nasty, tmp_path):
        write_decisions_csv(export_decisions(nasty), tmp_path / "log.csv")
        found, failures = import_decisions(read_decisions_csv(tmp_path / "log.csv"))
        assert found == nasty
        assert failures == []

    def test_jsonl_out_and_in_changes_nothing(self, nasty, tmp_path):
        write_decisions_jsonl(export_decisions(nasty), tmp_path / "log.jsonl")
        found, failures = import_decisions(read_decisions_jsonl(tmp_path / "log.jsonl"))
        assert found == nasty
        assert failures == []

    def test_no_cell_starts_like_a_formula(self, nasty, tmp_path):
        import csv

        write_decisions_csv(export_decisions(nasty), tmp_path / "log.csv")
        with (tmp_path / "log.csv").open(newline="", encoding="utf-8-sig") as file:
            cells = [cell for line in list(csv.reader(file))[1:] for cell in line]
        assert not [cell for cell in cells if cell.strip()[:1] in ("=", "+", "-", "@", "\uff1d")]

    def test_files_say_that_they_are_for_research(self, tmp_path):
        for write, name in ((write_decisions_csv, "log.csv"), (write_decisions_jsonl, "log.jsonl")):
            write([], tmp_path / name)
            assert RESEARCH_USE in (tmp_path / name).read_text(encoding="utf-8-sig").splitlines()[0]

    def test_rows_that_are_no_decisions_are_named_and_the_others_kept(self):
        good = {
            "decision_id": "1",
            "event_id": "e1",
            "reader": "r",
            "at": AT,
            "item_id": "a",
            "action": "skip",
        }
        bad = [
            good | {"event_id": "e2", "action": "delete"},
            good | {"event_id": "e3", "action": "accept"},
            good | {"event_id": "e4", "action": "reject", "label": P},
            good | {"event_id": "e5", "at": "yesterday"},
            good | {"event_id": "e6", "decision_id": "first"},
            good | {"event_id": ""},
        ]
        found, failures = import_decisions([*bad, good, good])
        assert [decision.event_id for decision in found] == ["e1"]
        assert [failure.item for failure in failures] == ["e2", "e3", "e4", "e5", "e6", "row 6"]
        assert "accept needs a label" in failures[1].reason
        assert "clustering_id" in failures[2].reason

    @pytest.mark.parametrize("content", [b"", b"a,b\r\n1,2\r\n", b"\xff\xfe\x00", b"# only a note\r\n"])
    def test_another_file_is_refused_with_its_name(self, tmp_path, content):
        (tmp_path / "x.csv").write_bytes(content)
        with pytest.raises(LayoutError, match=r"'x.csv' does not hold review decisions"):
            read_decisions_csv(tmp_path / "x.csv")

    @pytest.mark.parametrize("content", [b"{", b"[1]\n", b"\xff"])
    def test_another_jsonl_file_is_refused_with_its_name(self, tmp_path, content):
        (tmp_path / "x.jsonl").write_bytes(content)
        with pytest.raises(LayoutError, match=r"'x.jsonl' does not hold review decisions"):
            read_decisions_jsonl(tmp_path / "x.jsonl")

    def test_an_unknown_action_is_no_decision(self):
        with pytest.raises(ValueError, match="action must be one of"):
            Decision(1, "e1", "r", AT, "a", "delete")


def test_time_grows_with_the_log_and_not_with_its_square():
    """A hundred thousand decisions with undo and redo over 110,000 items."""
    items = [f"i{i}" for i in range(110_000)]
    proposals = {item: (P, "c1") for item in items}

    def measure(n: int) -> float:
        log = Log()
        for i in range(n):
            action = ("accept", "reject", "undo", "redo", "skip")[i % 5]
            log.add(action, items[i], reader=f"r{i % 3}")
        start = time.process_time()
        compute_labels(items, {}, proposals, log)
        summarize_review(proposals, log)
        return time.process_time() - start

    small, large = measure(10_000), measure(100_000)
    assert large < 10
    assert large < 40 * small
