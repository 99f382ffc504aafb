"""Facts about the random audit: what it counts, its interval, and what it says in words."""

from __future__ import annotations

import numpy as np
import pytest

from medxai_core.evaluation.intervals import wilson_interval
from medxai_core.review import Decision, queue_items
from medxai_core.stages.review_batches import SEVERAL, WHOLE_CLUSTER, name_batch
from medxai_core.views.review_audit import audit_proposals, bound_wrong, list_caveats, say_error
from medxai_core.views.review_progress import list_outcomes

PROPOSALS = {name: ("polyp", "c1") for name in "abcd"}


def make_decision(number: int, item: str, action: str, *, reason: str = "", reader: str = "r1", **more) -> Decision:
    label = more.get("label", "polyp" if action in ("accept", "reject") else None)
    moment = f"2024-05-01T{10 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    return Decision(number, f"e{number}", reader, moment, item, action, label, reason, more.get("clustering", "c1"),
                    more.get("undoes"))  # fmt: skip


def judge(verdicts: dict[str, str]) -> list[Decision]:
    """Return a log of one reader with one decision an item."""
    return [make_decision(n, item, action) for n, (item, action) in enumerate(verdicts.items(), start=1)]


def test_only_the_unbroken_beginning_of_the_random_order_counts() -> None:
    log = judge({"a": "accept", "c": "reject"})
    assert audit_proposals("abcd", PROPOSALS, log)[-1].n_looked_at == 1
    assert audit_proposals("acbd", PROPOSALS, log)[-1].share == 0.5


def test_doubtful_ones_judged_elsewhere_do_not_bend_the_estimate() -> None:
    """1000 proposals, 200 wrong; a reader audits 60 and has rejected 100 wrong ones found in another order."""
    rng = np.random.default_rng(0)
    items = [f"i{n}" for n in range(1000)]
    wrong = set(rng.choice(items, 200, replace=False))
    order = queue_items(items, "random", seed=0)
    proposals = dict.fromkeys(items, ("polyp", "c1"))
    others = [item for item in sorted(wrong) if item not in order[:60]][:100]
    log = judge({item: "reject" if item in wrong else "accept" for item in [*others, *order[:60]]})
    share = audit_proposals(order, proposals, log)[-1]
    n_wrong = sum(item in wrong for item in order[: share.n_looked_at])
    assert 60 <= share.n_looked_at < 70 and share.n_wrong == n_wrong
    assert share.error.low < 0.2 < share.error.high


def test_a_whole_cluster_accepted_without_looking_says_nothing() -> None:
    for reason in (name_batch(SEVERAL), name_batch(WHOLE_CLUSTER)):
        log = [make_decision(n, name, "accept", reason=reason) for n, name in enumerate("abcd", start=1)]
        share = audit_proposals("abcd", PROPOSALS, log)[-1]
        assert share.share is None and say_error(share).startswith("Not known yet")
        assert set(list_outcomes(PROPOSALS, log).values()) == {"accepted"}


def test_unsure_counts_as_looked_at_but_not_as_judged_and_the_worst_case_is_told() -> None:
    share = audit_proposals("abcd", PROPOSALS, judge({"a": "unsure", "b": "accept", "c": "skip"}))[-1]
    assert (share.n_looked_at, share.n_judged, share.n_accepted, share.n_unanswered) == (3, 1, 1, 2)
    assert share.error_if_unanswered_wrong == wilson_interval(2, 3).high
    assert "2 more had no clear answer" in " ".join(list_caveats(share))


def test_an_answer_taken_back_leaves_a_gap_that_is_counted_and_does_not_end_the_sample() -> None:
    log = [*judge({"a": "accept", "b": "reject", "c": "accept"}), make_decision(4, "b", "undo", undoes="e2")]
    share = audit_proposals("abcd", PROPOSALS, log)[-1]
    assert (share.n_looked_at, share.n_judged, share.n_unanswered) == (3, 2, 1)
    last_back = [*judge({"a": "accept", "b": "reject"}), make_decision(3, "b", "undo", undoes="e2")]
    assert audit_proposals("abcd", PROPOSALS, last_back)[-1].n_looked_at == 1  # nothing was answered after it
    older = [make_decision(1, "a", "reject", clustering="c0"), make_decision(2, "b", "accept")]
    assert audit_proposals("abcd", PROPOSALS, older)[-1].n_looked_at == 0  # it was about another proposal


def test_of_several_readers_the_last_counts_and_the_difference_is_told() -> None:
    log = judge({"a": "accept", "b": "accept"})
    log += [make_decision(3, "a", "reject", reader="r2"), make_decision(4, "b", "accept", reader="r2")]
    share = audit_proposals("abcd", PROPOSALS, log)[-1]
    assert (share.n_judged, share.n_accepted, share.n_disputed) == (2, 1, 1)
    assert "On 1 of them readers differ" in " ".join(list_caveats(share))
    assert audit_proposals("abcd", PROPOSALS, log, reader="r1")[-1].n_accepted == 2
    assert audit_proposals("abcd", PROPOSALS, log, reader="r2")[-1].n_accepted == 1
    assert audit_proposals("abcd", PROPOSALS, log, reader="r3")[-1].n_looked_at == 0


def test_each_class_has_its_share_and_they_add_up() -> None:
    proposals = {f"i{n}": (("non_polyp", "polyp")[n % 2], "c1") for n in range(40)}
    order = queue_items(list(proposals), "random", seed=3)
    log = [
        make_decision(n, item, "reject" if n % 4 == 0 else "accept", label=proposals[item][0])
        for n, item in enumerate(order[:30], start=1)
    ]
    *classes, whole = audit_proposals(order, proposals, log)
    assert [one.label for one in (*classes, whole)] == ["non_polyp", "polyp", "all"]
    for name in ("n_proposals", "n_looked_at", "n_judged", "n_wrong"):
        assert sum(getattr(one, name) for one in classes) == getattr(whole, name)
    assert (whole.n_proposals, whole.n_judged, whole.n_wrong) == (40, 30, 7)


@pytest.mark.parametrize(
    ("n_wrong", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons_as_newcombe_published_it(n_wrong: int, n: int, low: float, high: float) -> None:
    proposals = {f"i{k}": ("polyp", "c1") for k in range(300)}
    log = judge({f"i{k}": "reject" if k < n_wrong else "accept" for k in range(n)})
    share = audit_proposals(list(proposals), proposals, log)[-1]
    assert (share.error.low, share.error.high) == pytest.approx((low, high), abs=5e-5)
    assert (share.interval.low, share.interval.high) == pytest.approx((1 - high, 1 - low), abs=5e-5)
    assert say_error(share) == f"Of 100 proposals about {round(100 * low)} to {round(100 * high)} are wrong."


def test_once_all_are_judged_the_number_is_known() -> None:
    share = audit_proposals("abcd", PROPOSALS, judge({"a": "accept", "b": "reject", "c": "accept", "d": "accept"}))[-1]
    assert say_error(share) == "All 4 were judged: 1 is wrong."
    assert bound_wrong(share) == (1.0, 1.0)


def test_few_judged_are_called_few() -> None:
    proposals = {f"i{k}": ("polyp", "c1") for k in range(100)}
    few = audit_proposals(list(proposals), proposals, judge({f"i{k}": "accept" for k in range(29)}))[-1]
    enough = audit_proposals(list(proposals), proposals, judge({f"i{k}": "accept" for k in range(30)}))[-1]
    assert "few" in " ".join(list_caveats(few)) and "few" not in " ".join(list_caveats(enough))


def test_bounds_of_the_number_of_wrong_proposals_hold_in_about_95_of_100_samples() -> None:
    rng = np.random.default_rng(1)
    proposals = {f"i{k}": ("polyp", "c1") for k in range(120)}
    hits = 0
    for _ in range(200):
        wrong = set(rng.choice(120, 25, replace=False))
        order = [f"i{k}" for k in rng.permutation(120)]
        log = judge({item: "reject" if int(item[1:]) in wrong else "accept" for item in order[:50]})
        low, high = bound_wrong(audit_proposals(order, proposals, log)[-1])
        hits += low <= 25 <= high
    assert 0.9 <= hits / 200 <= 1.0


def test_without_proposals_nothing_is_said() -> None:
    [share] = audit_proposals([], {}, [])
    assert (share.n_judged, bound_wrong(share), list_caveats(share)) == (0, None, [])
