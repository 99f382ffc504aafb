"""Facts about a second reader: blind until they have answered, agreement beyond chance, disagreements settled."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from medxai_core.review import Decision, compute_agreement, compute_labels, list_in_force, name_kappa
from medxai_core.stages.review_batches import WHOLE_CLUSTER, name_batch
from medxai_core.views.review_second_reading import (
    describe_pairs,
    list_answered,
    list_disagreements,
    list_visible_decisions,
    queue_disagreements,
    queue_second_reading,
)

P, N = "polyp", "non_polyp"


class Log(list):
    """A review log that is written one decision at a time."""

    def add(self, reader: str, item: str, action: str, label: str | None = None, **more: str) -> str:
        number = len(self) + 1
        label = P if label is None and action in ("accept", "reject") else label
        at = f"2024-05-01T10:{number // 60:02d}:{number % 60:02d}"
        decision = Decision(number, f"e{number}", reader, at, item, action, label, more.get("reason", ""), "c1",
                            more.get("undoes"))  # fmt: skip
        self.append(decision)
        return decision.event_id


def make_readings(table: dict[tuple[str, str], int]) -> Log:
    """Return a log in which two readers give the classes of a table."""
    log, numbers = Log(), itertools.count()
    for (a, b), n in table.items():
        for _ in range(n):
            item = f"i{next(numbers)}"
            log.add("r1", item, "label", a)
            log.add("r2", item, "label", b)
    return log


class TestBlind:
    @pytest.mark.parametrize("action", ["skip", "flag"])
    def test_nothing_of_others_is_seen_before_an_answer_and_a_skip_is_none(self, action):
        log = Log()
        log.add("r1", "a", "reject")
        log.add("r1", "b", "accept")
        log.add("r2", "a", action)
        assert [line.event_id for line in list_visible_decisions(log, "r2")] == ["e3"]
        log.add("r2", "a", "accept")
        assert [line.event_id for line in list_visible_decisions(log, "r2")] == ["e1", "e3", "e4"]
        assert list_answered(log, "r2") == {"a"}

    def test_an_answer_taken_back_or_given_to_a_whole_cluster_opens_nothing(self):
        log = Log()
        log.add("r1", "a", "reject")
        log.add("r2", "a", "accept", reason=name_batch(WHOLE_CLUSTER))
        assert [line.reader for line in list_visible_decisions(log, "r2")] == ["r2"]
        log.add("r2", "a", "unsure")
        assert len(list_visible_decisions(log, "r2")) == 3
        log.add("r2", "a", "undo")
        assert "r1" not in [line.reader for line in list_visible_decisions(log, "r2")]

    def test_the_second_reader_gets_what_others_judged_one_by_one_and_only_that(self):
        log = Log()
        for item in "abcdef":
            log.add("r1", item, "accept")
        log.add("r1", "g", "skip")
        log.add("r1", "h", "accept", reason=name_batch(WHOLE_CLUSTER))
        log.add("r2", "a", "reject")
        log.add("r2", "b", "skip")
        queue = queue_second_reading(log, "r2", among=set("abcdegh"))
        assert sorted(queue) == list("bcde")  # f may not be asked about
        assert queue_second_reading(log, "r1", among=set("abcdefgh")) == []  # a was judged by both

    def test_the_order_tells_nothing_and_stays_while_the_first_reader_goes_on(self):
        items = [f"i{n}" for n in range(200)]
        log, other = Log(), Log()
        for n, item in enumerate(items):
            log.add("r1", item, "accept" if n % 2 else "reject")
            other.add("r1", items[-n], "reject" if n % 3 else "accept")
        queue = queue_second_reading(log, "r2", among=set(items))
        assert queue == queue_second_reading(other, "r2", among=set(items)) != sorted(queue)
        log.add("r1", "new", "accept")
        assert [one for one in queue_second_reading(log, "r2", among={*items, "new"}) if one != "new"] == queue
        wrong = [n for n, item in enumerate(queue) if int(item[1:]) % 2 == 0]
        assert abs(np.mean(wrong) - 99.5) < 15  # rejected ones are spread over the queue


class TestAgreement:
    def test_the_diagnoses_of_fleiss(self):
        """100 patients, three diagnoses (Fleiss, Levin and Paik, 3rd ed., table 18.1), there 0.68 with error 0.087."""
        counts = {
            ("p", "p"): 75,
            ("p", "n"): 1,
            ("p", "o"): 4,
            ("n", "p"): 5,
            ("n", "n"): 4,
            ("n", "o"): 1,
            ("o", "o"): 10,
        }
        found = compute_agreement(make_readings(counts), "r1", "r2", classes=("p", "n", "o"))
        assert found.observed == pytest.approx(0.89)
        assert found.kappa == pytest.approx(0.68, abs=0.005)  # (0.89 - 0.66) / (1 - 0.66)
        assert (found.interval[1] - found.interval[0]) / (2 * 1.96) == pytest.approx(0.087, abs=0.001)

    def test_a_table_worked_by_hand_with_its_interval(self):
        """Both classes 30 and 20 of 50, agreed on 40: observed 0.8, chance 0.52."""
        found = compute_agreement(make_readings({(P, P): 25, (P, N): 5, (N, P): 5, (N, N): 15}), "r1", "r2")
        assert found.kappa == pytest.approx((0.8 - 0.52) / 0.48)
        k, po, pe = 7 / 12, 0.8, 0.52
        on = 0.5 * (1 - 1.2 * (1 - k)) ** 2 + 0.3 * (1 - 0.8 * (1 - k)) ** 2
        off = (1 - k) ** 2 * (0.1 * (0.6 + 0.4) ** 2 + 0.1 * (0.4 + 0.6) ** 2)
        error = np.sqrt((on + off - (k - pe * (1 - k)) ** 2) / (50 * (1 - pe) ** 2))
        assert po == found.observed
        assert found.interval == pytest.approx((k - 1.959964 * error, k + 1.959964 * error), abs=1e-5)

    def test_answers_given_after_both_had_answered_do_not_raise_the_agreement(self):
        log = make_readings({(P, P): 5, (P, N): 4, (N, N): 5})
        before = compute_agreement(log, "r1", "r2")
        for n in range(5, 9):
            log.add("r1", f"i{n}", "label", N)  # the first reader gives way
        after = compute_agreement(log, "r1", "r2")
        assert (after.kappa, after.n_changed_later) == (before.kappa, 4)

    def test_a_change_of_mind_before_the_other_answered_counts(self):
        log = Log()
        log.add("r1", "a", "label", P)
        log.add("r1", "a", "label", N)
        log.add("r2", "a", "label", N)
        assert compute_agreement(log, "r1", "r2").table == {(N, N): 1}

    def test_a_skip_is_no_answer_and_does_not_end_the_blindness(self):
        log = Log()
        log.add("r1", "a", "skip")
        log.add("r2", "a", "label", P)
        log.add("r1", "a", "label", N)
        assert compute_agreement(log, "r1", "r2").table == {(N, P): 1}

    @pytest.mark.parametrize(
        ("kappa", "word"),
        [(-1, "poor"), (0, "slight"), (0.2, "slight"), (0.21, "fair"), (0.4, "fair"), (0.6, "moderate"),
         (0.61, "substantial"), (0.8, "substantial"), (0.81, "almost perfect"), (1, "almost perfect")],
    )  # fmt: skip
    def test_the_words_are_those_of_landis_and_koch(self, kappa, word):
        assert name_kappa(kappa) == word

    def test_the_words_say_percent_kappa_and_what_is_left_out(self):
        log = make_readings({(P, P): 20, (P, N): 5, (N, P): 10, (N, N): 15})
        log.add("r1", "x", "unsure")
        log.add("r2", "x", "label", P)
        log.add("r1", "y", "accept", reason=name_batch(WHOLE_CLUSTER))
        log.add("r2", "y", "accept")  # the first one did not look: no common reading
        [pair] = describe_pairs(log)
        assert "35 of 50 (70 %)" in pair.headline and "fair (Cohen's kappa 0.40" in pair.headline
        assert pair.details == ("1 more were left unsure or skipped by one of them and do not count.",)
        [few] = describe_pairs(make_readings({(P, P): 3}))
        assert few.agreement.kappa is None and "kappa" not in few.headline
        assert any("same one class" in one for one in few.details) and any("few" in one for one in few.details)
        assert describe_pairs(Log()) == []


class TestDisagreement:
    def test_the_label_in_force_is_the_last_answer_whoever_gave_it(self):
        log = Log()
        log.add("r1", "a", "accept")
        log.add("r2", "a", "reject")
        state = compute_labels(["a"], {}, {"a": (P, "c1")}, log)["a"]
        assert (state.label, state.decided_by) == (None, "e2")
        [found] = list_disagreements(log)
        assert (found.answers, found.is_open, found.line) == ({"r1": P, "r2": N}, True, 2)
        log.add("r1", "a", "accept")  # settles it
        [found] = list_disagreements(log)
        assert found.settled_by == "r1"
        assert compute_labels(["a"], {}, {"a": (P, "c1")}, log)["a"].label == P

    def test_a_third_reader_settles_blind_and_an_unsure_takes_the_label_away(self):
        log = Log()
        log.add("r1", "a", "label", P)
        log.add("r2", "a", "label", N)
        assert queue_disagreements(log, among={"a"}) == ["a"]
        assert [line.reader for line in list_visible_decisions(log, "r3")] == []
        log.add("r3", "a", "unsure")
        [found] = list_disagreements(log)
        assert found.settled_by == "r3" and queue_disagreements(log, among={"a"}) == []
        assert compute_labels(["a"], {}, {}, log)["a"].label is None

    def test_no_disagreement_without_two_classes_read_one_by_one(self):
        log = Log()
        log.add("r1", "a", "label", P)
        log.add("r2", "a", "unsure")
        log.add("r1", "b", "label", P)
        log.add("r1", "b", "label", N)  # a change of mind
        log.add("r1", "c", "accept", reason=name_batch(WHOLE_CLUSTER))
        log.add("r2", "c", "reject")
        log.add("r1", "d", "label", P)
        log.add("r2", "d", "label", N)
        log.add("r2", "d", "undo")
        log.add("r1", "e", "reject")
        log.add("r2", "e", "other", N)  # the same class in other words
        assert list_disagreements(log) == []

    def test_skips_and_flags_settle_nothing_and_the_oldest_comes_first(self):
        log = Log()
        for item in "ab":
            log.add("r1", item, "label", P)
        for item in "ba":
            log.add("r2", item, "label", N)
        log.add("r1", "a", "skip")
        log.add("r1", "b", "flag")
        assert queue_disagreements(log, among={"a", "b"}) == ["b", "a"]
        assert queue_disagreements(log, among={"a"}) == ["a"]
        assert list_disagreements(list_in_force(log)) == list_disagreements(log)
