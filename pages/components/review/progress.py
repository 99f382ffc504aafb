"""How far the review has come: outcomes, labels, random audit, readers, own decisions, files."""

from __future__ import annotations

import streamlit as st

from medxai_core.errors import MedxaiError
from medxai_core.review import Decision, compute_agreement, summarize_review
from medxai_core.stages.decision_files import add_decisions, dump_decisions
from medxai_core.stages.review_batches import describe_batch, group_batches
from medxai_core.study import Study
from medxai_core.views.proposal_queue import order_proposals
from medxai_core.views.review_progress import (
    AuditShare,
    audit_proposals,
    list_own_decisions,
    list_readers,
)
from pages.components.cached import get_decisions, get_label_counts
from pages.components.class_words import SOURCE_WORDS, say_action, say_class, shorten
from pages.components.frame import get_reader, show_error
from pages.components.review.decision_keys import show_problem, show_undo_keys, undo_group
from pages.components.review.queue import ReviewState, load_review
from pages.components.review.start import show_no_proposals, show_rounds_again

LISTED, READ = 20, 2000


@st.fragment
def show_progress(study: Study) -> None:
    """Show how far the review has come, and what it says."""
    review = load_review(study)
    show_problem()
    if review is None:
        show_no_proposals(study)
    else:
        _show_outcomes(review)
    left, right = st.columns(2, gap="large")
    with left:
        _show_labels(study)
        if review is not None:
            _show_audit(review)
        _show_agreement(study)
    with right:
        _show_own(study)
        _show_files(study)
    if review is not None:
        st.subheader("Next step", anchor=False)
        show_rounds_again(study, review.reasoning)


def _show_outcomes(review: ReviewState) -> None:
    """Show what became of the proposals."""
    counts = summarize_review(review.proposals, review.decisions)
    judged = counts.n_judged
    st.progress(
        (counts.n_proposals - counts.n_open) / counts.n_proposals,
        text=f"{counts.n_proposals - counts.n_open} of {counts.n_proposals} proposals have an answer; "
        f"{judged} found right or wrong",
    )
    figures = {
        "Open": counts.n_open,
        "Accepted": counts.n_accepted,
        "Rejected": counts.n_rejected,
        "Other class": counts.n_other,
        "Unsure": counts.n_unsure,
        "Skipped": counts.n_skipped,
        "Flagged": counts.n_flagged,
    }
    with st.grid(len(figures), min_column_width=96):
        for words, n in figures.items():
            st.metric(words, n)


def _show_labels(study: Study) -> None:
    """Show the labels in force by source and class."""
    st.subheader("Labels in force", anchor=False)
    counts = get_label_counts(study)
    rows = [
        {"Label comes from": SOURCE_WORDS[source]} | {say_class(name): n for name, n in by_class.items()}
        for source, by_class in counts.items()
    ]
    st.dataframe(rows, hide_index=True, alt="Number of labelled training pictures by source and class")
    st.caption("Training pictures (or tiles). A decision of a reader goes before a proposal.")


def _show_audit(review: ReviewState) -> None:
    """Show the share of right proposals in the random audit."""
    st.subheader("Random audit", anchor=False)
    order = order_proposals(review.measures, "random")
    shares = audit_proposals(order, review.proposals, review.decisions)
    whole = shares[-1]
    if not whole.n_looked_at:
        st.caption(
            "How many of all proposals are right? Take the order “By chance (random audit)” and decide one by one; "
            "after some 30 pictures an estimate stands here."
        )
        return
    st.dataframe(
        [_make_audit_row(share) for share in shares],
        hide_index=True,
        alt="Share of right proposals by class with 95 % intervals",
    )
    st.caption(
        f"{whole.n_looked_at} of {len(order)} proposals looked at in a fixed random order, one by one; unsure and "
        "skipped ones count for nothing. The interval takes pictures for independent; tiles of one frame are not quite."
    )


def _make_audit_row(share: AuditShare) -> dict[str, str]:
    """Return one line of the audit's table."""
    low, high = share.interval.low, share.interval.high
    return {
        "Proposed": "all" if share.label == "all" else say_class(share.label),
        "Right": f"{share.n_accepted} of {share.n_judged}",
        "Share": "-" if share.share is None else f"{100 * share.share:.0f} %",
        "95 % interval": "-" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f} %",
    }


def _show_agreement(study: Study) -> None:
    """Show how far this reader agrees with the others, where both looked at the same pictures."""
    decisions, reader = get_decisions(study), get_reader()
    rows = []
    for other in list_readers(decisions):
        if other != reader and reader in list_readers(decisions):
            found = compute_agreement(decisions, reader, other)
            kappa = "-" if found.kappa is None else f"{found.kappa:.2f}"
            rows.append(
                {"Other reader": other, "Both judged": found.n_both, "Agree": found.n_agree, "Cohen's kappa": kappa}
            )
    if rows:
        st.subheader("Agreement with other readers", anchor=False)
        st.dataframe(rows, hide_index=True, alt="Agreement with other readers")
        st.caption("Kappa: 1 is full agreement, 0 what chance gives. Best judged blind: order “Not decided by me”.")


def _show_own(study: Study) -> None:
    """List the reader's last decisions, each with its undo."""
    st.subheader("Your last decisions", anchor=False)
    own = list_own_decisions(get_decisions(study), get_reader(), n=READ)
    show_undo_keys(study)
    if not own:
        st.caption("You have not decided on a picture yet.")
        return
    with st.container(height=300, border=True, gap="xxsmall"):
        for group in group_batches(own)[:LISTED]:
            _show_decision(study, group)


def _show_decision(study: Study, group: list[Decision]) -> None:
    """Show one decision, or one batch of them, with its undo."""
    last = group[0]
    what = shorten(last.item_id) if len(group) == 1 else f"{len(group)} pictures"
    words = f"{last.at[11:16]} · {what} · {say_action(last.action, last.label)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.text(f"{words} · {describe_batch(last)}" if last.reason else words, width="stretch")
        st.button(
            "Undo",
            key=f"undo-{last.event_id}",
            type="tertiary",
            icon=":material/undo:",
            help=f"Taken on {last.at[:10]} at {last.at[11:19]} UTC.",
            disabled=study.read_only,
            on_click=undo_group,
            args=(study, group),
        )


def _show_files(study: Study) -> None:
    """Offer the decision log as a file, out and in."""
    st.subheader("Decisions as a file", anchor=False)
    n = len(get_decisions(study))
    st.download_button(
        f"Download all {n} lines of the log (CSV)",
        data=lambda: dump_decisions(study),
        file_name=f"{study.name}-decisions.csv",
        mime="text/csv",
        icon=":material/download:",
        disabled=not n,
        on_click="ignore",
    )
    uploaded = st.file_uploader("Add decisions from a file", type=["csv", "jsonl"], key="review_file")
    if uploaded is not None and st.button("Add these decisions", disabled=study.read_only):
        _add_file(study, uploaded.getvalue(), uploaded.name.endswith(".jsonl"))


def _add_file(study: Study, content: bytes, is_jsonl: bool) -> None:
    """Add the decisions of a file and say what was left out."""
    try:
        n_added, n_known, failures = add_decisions(study, content, is_jsonl=is_jsonl)
    except MedxaiError as error:
        show_error(error)
        return
    st.success(f"Decisions added: {n_added}. In the log already: {n_known}.", icon=":material/check_circle:")
    if failures:
        st.caption(f"{len(failures)} lines were left out:")
        st.dataframe([{"line": failure.item, "why": failure.reason} for failure in failures[:100]], hide_index=True)
