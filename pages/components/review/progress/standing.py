"""Where the review stands, in one line: what is done, what is left, what to do next."""

from __future__ import annotations

import streamlit as st

from medxai_core.views.review_figures import NextStep
from pages.components.links import go_to_page
from pages.components.review.progress.data import Progress
from pages.components.review.start import show_rounds_again

STEP_BUTTONS = {
    "audit": ("Judge in random order", "audit"),
    "disagreements": ("Settle disagreements", "disagreement"),
    "open": ("Go on judging", "random"),
}


def show_standing(progress: Progress) -> None:
    """Show what is done, what is left and what to do next."""
    for column, show in zip(st.columns([3, 3, 4], gap="medium"), (_show_done, _show_left, _show_next), strict=True):
        with column.container(gap="xsmall"):
            show(progress)


def _show_done(progress: Progress) -> None:
    """Show how many proposals have an answer."""
    counts = progress.figures.summary
    n_answered = counts.n_proposals - counts.n_open - counts.n_skipped
    st.caption("Done")
    st.markdown(f"#### {n_answered:,} of {counts.n_proposals:,} proposals")
    st.progress(n_answered / counts.n_proposals)
    parts = {
        "accepted": counts.n_accepted,
        "found wrong": counts.n_wrong,
        "unsure": counts.n_unsure,
        "skipped (no answer)": counts.n_skipped,
        "flagged": counts.n_flagged,
    }
    st.caption(" · ".join(f"{n:,} {words}" for words, n in parts.items() if n) or "None has an answer yet.")


def _show_left(progress: Progress) -> None:
    """Show how many wrong proposals are still in force, as far as that is known."""
    left = progress.figures.left
    st.caption("Left")
    if left is None or not left.n_unseen:
        st.markdown("#### Nothing unseen")
        st.caption("Every proposal in force was looked at one by one.")
        return
    if left.low is None or left.high is None:
        st.markdown(f"#### {left.n_unseen:,} not looked at")
        st.caption("How many of them are wrong is not known yet: only the random order tells.")
        return
    st.markdown(f"#### About {left.low:,} to {left.high:,} wrong")
    st.caption(
        f"among the {left.n_unseen:,} proposals in force that no one has judged one by one (95 % range from the audit)"
    )


def _show_next(progress: Progress) -> None:
    """Show what is worth doing next, with the button for it."""
    step = progress.figures.next_step
    st.caption("Next")
    if step is None:
        return
    st.markdown(f"#### {step.words}")
    if step.step == "propose":
        _show_after_review(progress)
    else:
        _show_step(step)


def _show_step(step: NextStep) -> None:
    """Show the button that opens the queue for the next step."""
    words, order = STEP_BUTTONS[step.step]
    st.button(words, type="primary", icon=":material/arrow_forward:", on_click=open_queue, args=(order,))


def _show_after_review(progress: Progress) -> None:
    """Offer new rounds, or to train with the labels."""
    if progress.basis.labelling is not None:
        show_rounds_again(progress.study, progress.basis.labelling)
    if st.button("Train the classifier", icon=":material/arrow_forward:", key="progress-train"):
        go_to_page("training")


def open_queue(order: str) -> None:
    """Show the proposals in an order."""
    st.session_state["review_view"] = "Proposals"
    st.query_params["review_order"] = order
    st.rerun(scope="app")
