"""Facts about the Progress view: what is known is said with its range, what is not is said too, and every way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from medxai_core.readers import get_default_reader
from medxai_core.records.decisions import append_decisions, list_decisions, new_event_id
from medxai_core.records.labellings import find_labelling
from medxai_core.review import Decision, list_in_force
from medxai_core.stages.decision_files import dump_decisions
from medxai_core.stages.labels import decide, decide_many, get_label_states
from medxai_core.stages.review_batches import WHOLE_CLUSTER, name_batch
from medxai_core.views.review_basis import load_review_basis

ME = get_default_reader()


@pytest.fixture
def open_progress(open_page):
    """Return a function that opens the Progress view."""

    def go(tab="", **query):
        where = {"review_view": "Progress"} | ({"review_log": tab} if tab else {}) | query
        return open_page("review", **where)

    return go


def judge_in_random_order(study, answers, reader=ME):
    """Judge the first proposals of the audit's order: True accepts, False rejects, None is unsure."""
    words = {True: "accept", False: "reject", None: "unsure"}
    items = load_review_basis(study).random_order[: len(answers)]
    for item_id, answer in zip(items, answers, strict=True):
        decide(study, item_id, words[answer], reader=reader)
    return items


def add_lines(study, n, reader=ME):
    """Write n seeds into the log, with pauses that make each a moment of its own."""
    start = datetime(2024, 5, 1, tzinfo=UTC)
    item_ids = sorted(load_review_basis(study).open_items)
    rows = [
        Decision(0, new_event_id(), reader, (start + timedelta(hours=k)).isoformat(), item_ids[k % 5], "label", "polyp")
        for k in range(n)
    ]
    append_decisions(study, [(row, None, "polyp") for row in rows])


def press(app, words):
    """Press the button that says this."""
    return next(button for button in app.button if button.label.startswith(words)).click().run()


def get_table(app, column):
    """Return the table that has a column."""
    return next(table.value for table in app.dataframe if any(column in str(name) for name in table.value.columns))


def test_before_the_first_decision_it_says_what_to_do_and_invents_nothing(open_progress, small_study, read_page):
    app = open_progress()
    words = read_page(app)
    assert not app.exception
    n = len(find_labelling(small_study).proposals)
    assert f"0 of {n} proposals" in words and f"{n} not looked at" in words
    assert "Not known yet" in words and "No: " not in words
    assert "no picture was read by two readers" in words and "cannot be said yet" in words
    assert "in random order: then it is known" in words
    assert "You have not decided on a picture yet" in words


def test_the_audit_is_told_as_a_range_of_100(open_progress, small_study, read_page):
    judge_in_random_order(small_study, [True, True, False])
    words = read_page(open_progress())
    assert "Of 100 proposals about 6 to 79 are wrong." in words  # Wilson's interval of 1 of 3
    assert "1 of 3 were wrong" in words and "few" in words


def test_a_cluster_accepted_unseen_does_not_enter_the_audit(open_progress, small_study, read_page):
    items = load_review_basis(small_study).random_order[:5]
    decide_many(small_study, items, "accept", reader=ME, reason=name_batch(WHOLE_CLUSTER))
    words = read_page(open_progress())
    assert "Not known yet" in words and "5 accepted" in words


def test_the_button_for_the_next_step_opens_its_queue(open_progress, small_study):
    app = press(open_progress(), "Judge in random order")
    assert app.segmented_control(key="review_view").value == "Proposals"
    assert app.query_params["review_order"] in ("audit", ["audit"])


def test_two_readers_get_kappa_their_table_and_who_wins(open_progress, small_study, read_page):
    judge_in_random_order(small_study, [True, True, False, None], reader="r1")
    judge_in_random_order(small_study, [True, False, False, True], reader="r2")
    app = open_progress(reader="r2")
    words = read_page(app)
    assert "They said the same on 2 of 3 (67 %)" in words and "Cohen's kappa" in words
    assert "few" in words and "1 more were left unsure" in words
    assert "the last answer is the label in force, whoever gave it" in words
    assert "1 disagreement open, 0 settled" in words
    table = get_table(app, "polyp")
    assert table[["polyp", "non-polyp"]].to_numpy().sum() == 3


def test_a_second_reader_is_told_how_many_but_nothing_of_the_answers(open_progress, small_study, read_page):
    items = judge_in_random_order(small_study, [False] * 4, reader="r1")
    app = open_progress(reader="r2")
    assert "Read 4 as second reader" in [button.label for button in app.button]
    words = read_page(app)
    assert not any(item[:8] in words for item in items)
    assert "no picture was read by two readers" in words


def test_own_decisions_can_be_taken_back_one_by_one_and_as_a_batch(open_progress, small_study):
    one, two, three = load_review_basis(small_study).random_order[:3]
    decide(small_study, one, "accept", reader=ME)
    decide_many(small_study, [two, three], "reject", reader=ME, reason=name_batch(WHOLE_CLUSTER))
    app = press(open_progress(), "Undo")  # the newest: the batch
    assert [line.item_id for line in list_in_force(list_decisions(small_study))] == [one]
    press(app, "Undo")
    assert list_in_force(list_decisions(small_study)) == []
    assert len(list_decisions(small_study)) == 6


def test_what_others_decided_is_not_among_the_own_decisions(open_progress, small_study):
    judge_in_random_order(small_study, [True], reader="r1")
    app = open_progress(reader="r2")
    assert not [button for button in app.button if button.label == "Undo"]


def test_going_back_is_previewed_confirmed_and_undone(open_progress, small_study, read_page):
    item, other = load_review_basis(small_study).random_order[:2]
    decide(small_study, item, "reject", reader="r1")
    before = get_label_states(small_study)
    decide(small_study, other, "reject", reader="r2")
    after = get_label_states(small_study)

    app = press(open_progress("Earlier states", reader="r3"), "Go back")
    words = read_page(app)
    assert "Decisions that no longer count: 1 (1 of r2)." in words and "get a label" in words
    assert len(list_decisions(small_study)) == 2  # a question so far
    app = app.button(key="restore-confirm").click().run()
    assert get_label_states(small_study) == before
    line = list_decisions(small_study)[-1]
    assert (line.reader, line.action, line.item_id) == ("r3", "withdraw", other)
    assert "1 lines added" in read_page(app)

    app = press(app, "Undo restore")
    app = app.button(key="restore-confirm").click().run()
    assert get_label_states(small_study) == after
    assert len(list_decisions(small_study)) == 4


def test_the_question_can_be_left_and_nothing_happens(open_progress, small_study):
    judge_in_random_order(small_study, [False])
    app = press(open_progress("Earlier states"), "Go back")
    app = app.button(key="restore-cancel").click().run()
    assert "restore-confirm" not in [button.key for button in app.button]
    assert len(list_decisions(small_study)) == 1


def test_a_decision_taken_meanwhile_is_not_swept_away(open_progress, small_study, read_page):
    first, second = load_review_basis(small_study).random_order[:2]
    decide(small_study, first, "reject", reader="r1")
    app = press(open_progress("Earlier states"), "Go back")
    decide(small_study, second, "reject", reader="r2")  # in another window
    app = app.button(key="restore-confirm").click().run()
    assert len(list_decisions(small_study)) == 2
    assert any("someone has decided since" in error.value for error in app.error)


def test_a_long_history_is_shown_in_parts(open_progress, small_study):
    add_lines(small_study, 30)
    app = open_progress("Earlier states")
    assert len([button for button in app.button if button.label == "Go back"]) == 11  # twelve, one of them is now
    app = press(app, "Show more (19 earlier)")
    assert len([button for button in app.button if button.label == "Go back"]) == 30


def test_decisions_of_a_file_are_added_once(open_progress, small_study, read_page):
    item_id = next(iter(find_labelling(small_study).proposals))
    decide(small_study, item_id, "accept", reader="r1")
    content = dump_decisions(small_study).replace(list_decisions(small_study)[0].event_id.encode(), b"e-other")
    app = open_progress("Files")
    app = app.file_uploader[0].upload("decisions.csv", content).run()
    app = press(app, "Add these decisions")
    assert "Decisions added: 1." in read_page(app)
    assert [one.event_id for one in list_decisions(small_study)][1:] == ["e-other"]


def test_hostile_names_are_shown_as_they_are(open_progress, small_study, read_page):
    name = "<b>**x**</b> :red[y]"
    judge_in_random_order(small_study, [True, True, False], reader=name)
    judge_in_random_order(small_study, [True, False, False], reader="r2")
    app = open_progress("Earlier states", reader="r2")
    assert name in [one.value for one in app.text]
    assert not any(name in one.value for kind in ("markdown", "caption") for one in getattr(app, kind))
    app = press(app, "Go back")
    assert not any(name in one.value for kind in ("markdown", "caption") for one in getattr(app, kind))


@pytest.mark.parametrize("tab", ["", "Earlier states"])
def test_the_view_is_the_same_whatever_the_hidden_truth_is(open_progress, small_study, read_page, tab):
    judge_in_random_order(small_study, [True, False, None, True])

    def show():
        app = open_progress(tab)
        return read_page(app), [str(chart.proto) for chart in app.get("plotly_chart")]

    before = show()
    with small_study.begin() as connection:
        flip = "CASE reference_label WHEN 'polyp' THEN 'non_polyp' ELSE 'polyp' END"
        connection.execute(text(f"UPDATE items SET reference_label = {flip}, polyp_share = 0.5 WHERE NOT is_seed"))
        connection.execute(text("UPDATE images SET reference_label = NULL, mask_path = NULL"))
        connection.execute(text("UPDATE study_facts SET value = '\"2030-01-01\"' WHERE key = 'created_at'"))
    assert show() == before
    assert "smith" not in before[0]


def test_without_proposals_it_leads_to_them_and_seeds_are_counted(open_progress, fresh_study, read_page):
    app = open_progress()
    assert not app.exception and "No label is proposed yet" in read_page(app)
    item_id = sorted(load_review_basis(fresh_study).open_items)[0]
    decide(fresh_study, item_id, "label", reader=ME, label="polyp")
    app = open_progress()
    assert not app.exception
    assert "There are no proposals yet" in read_page(app)


def test_a_study_that_cannot_be_written_shows_all_and_offers_nothing(open_progress, small_study, monkeypatch):
    judge_in_random_order(small_study, [True, False])
    app = open_progress("Earlier states")
    assert not app.exception
    monkeypatch.setattr("medxai_core.study.os.access", lambda *_: False)
    import streamlit as st

    st.cache_resource.clear()
    app = open_progress("Earlier states")
    assert not app.exception
    assert all(button.disabled for button in app.button if button.label == "Go back")
