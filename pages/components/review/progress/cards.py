"""The four cards of the Progress view: error of the proposals, labels in force, effect of decisions, agreement."""

from __future__ import annotations

import streamlit as st

from medxai_core.review import Agreement
from medxai_core.views.review_audit import AuditShare, list_caveats, say_error
from medxai_core.views.review_effects import BlockEffect
from medxai_core.views.review_second_reading import ABOUT_KAPPA, PairReading
from pages.components.chart_style import show_chart
from pages.components.class_words import say_class, say_plainly
from pages.components.review.progress.charts import SHOWN_BLOCKS, draw_corrections, draw_errors, draw_labels
from pages.components.review.progress.data import Progress, load_last_sitting
from pages.components.review.progress.standing import open_queue

WHO_WINS = "Where readers disagree, the last answer is the label in force, whoever gave it."
MORE_ON_WHO_WINS = (
    f"{WHO_WINS} “Unsure” takes the label away, “skip” changes nothing. A disagreement counts as settled once anyone "
    "has answered after it arose. You see nothing of what others said about a picture until you have answered."
)


def show_error_rate(progress: Progress) -> None:
    """Show how many proposals are wrong, from the random audit."""
    _show_title("How many proposals are wrong?", "random audit", help=None)
    if not progress.figures.audit:
        st.caption("There are no proposals yet.")
        return
    whole = progress.figures.audit[-1]
    st.markdown(f"**{say_error(whole)}**")
    if not whole.n_judged:
        st.caption(
            "Take the order “Random audit (one by one)” and judge one by one: after some 30 pictures a useful range "
            "stands here. Other orders show the doubtful ones, so they cannot tell."
        )
        return
    show_chart(draw_errors(progress.figures.audit), key="audit", alt=_describe_audit(progress.figures.audit))
    st.caption(" ".join(list_caveats(whole)))


def show_labels(progress: Progress) -> None:
    """Show the labels in force by source and class."""
    _show_title("Labels in force", "training pictures or tiles", help="A decision of a reader goes before a proposal.")
    sources = progress.figures.sources
    counts = {name: sum(by_class[name] for by_class in sources.values()) for name in next(iter(sources.values()))}
    st.markdown("**" + " and ".join(f"{n:,} {say_class(name)}" for name, n in counts.items()) + "**")
    if any(counts.values()):
        show_chart(draw_labels(sources), key="labels", alt=_describe_sources(sources))
    st.caption(
        f"{progress.figures.n_unlabelled:,} have no label: rejected, unsure, skipped, or never proposed. "
        "A proposal that no one has judged is not truth."
    )


def show_effect(progress: Progress) -> None:
    """Show what the reader's last decisions changed, and whether more would."""
    _show_title("Do more decisions still pay?", "yours")
    payoff = progress.figures.payoff
    st.markdown(f"**{payoff.headline}**")
    if payoff.blocks:
        show_chart(draw_corrections(payoff.blocks), key="corrections", alt=_describe_blocks(progress))
    if payoff.hint:
        st.caption(payoff.hint)
    _show_last_sitting(load_last_sitting(progress))


def _show_last_sitting(effect: BlockEffect) -> None:
    """Show what the reader's last sitting changed."""
    if not effect.n_lines:
        return
    st.markdown(
        f"**Your last sitting:** {effect.sentences[0][0].lower()}{effect.sentences[0][1:]}",
        help="A sitting ends with a pause of more than 30 minutes. What others decided meanwhile is left out.",
    )
    rows = [
        {"": f"{say_class(name)} labels", "before": f"{n:,}", "now": f"{effect.counts_after[name]:,}"}
        for name, n in effect.counts_before.items()
    ]
    if effect.error_before is not None and effect.error_after is not None:
        errors = [_say_range(share) for share in (effect.error_before, effect.error_after)]
        rows.append({"": "wrong of 100 proposals", "before": errors[0], "now": errors[1]})
    st.dataframe(rows, hide_index=True, row_height=30, alt=say_plainly(" ".join(effect.sentences)))


def _say_range(share: AuditShare) -> str:
    """Return how many of 100 proposals are wrong, in figures."""
    if share.error.low is None or share.error.high is None:
        return "not known"
    return f"{round(100 * share.error.low)} to {round(100 * share.error.high)}"


def show_agreement(progress: Progress) -> None:
    """Show how far readers agree, and what is left to settle or to read a second time."""
    _show_title("Do readers agree?", "second reading", help=MORE_ON_WHO_WINS)
    figures = progress.figures
    if not figures.pairs:
        st.markdown("**Not known: no picture was read by two readers.**")
        st.caption(
            "A colleague opens this study under their own reader name and takes the pictures that you judged. They see "
            "nothing of your answers until they have given theirs."
        )
    else:
        _show_pair(figures.pairs)
    if figures.n_to_read_second:
        st.button(
            f"Read {figures.n_to_read_second:,} as second reader",
            icon=":material/visibility_off:",
            help="Another reader has judged these and you have not. What they said is not shown.",
            on_click=open_queue,
            args=("second",),
        )
    if figures.n_open_disagreements or figures.n_settled:
        n = figures.n_open_disagreements
        st.caption(f"{n} disagreement{'s' * (n != 1)} open, {figures.n_settled} settled. {WHO_WINS}")


def _show_pair(pairs: tuple[PairReading, ...]) -> None:
    """Show one pair of readers, chosen where there are several."""
    names = ["{} (rows) and {} (columns)".format(*pair.readers) for pair in pairs]
    place = 0
    if len(pairs) > 1:
        place = st.selectbox("Readers", range(len(pairs)), format_func=names.__getitem__, label_visibility="collapsed")
    else:
        st.text(names[0])
    pair = pairs[place]
    st.markdown(f"**{pair.headline}**", help=ABOUT_KAPPA if pair.agreement.kappa is not None else None)
    if pair.agreement.table:
        st.dataframe(
            _tabulate(pair.agreement),
            hide_index=True,
            row_height=30,
            alt=f"Answers of both readers by class. {pair.headline}",
        )
    if pair.details:
        st.caption(" ".join(pair.details))


def _tabulate(found: Agreement) -> list[dict[str, str | int]]:
    """Return the answers of both readers as a table: rows the first, columns the second."""
    names = sorted({name for pair in found.table for name in pair})
    return [{"": say_class(a)} | {say_class(b): found.table.get((a, b), 0) for b in names} for a in names]


def _show_title(words: str, term: str, *, help: str | None = None) -> None:
    """Show the title of a card, with the technical term beside it."""
    st.markdown(f"##### {words} :small[:gray[{term}]]", help=help)


def _describe_audit(audit: tuple[AuditShare, ...]) -> str:
    """Return the audit in words, for those who do not see the chart."""
    parts = [f"{'all' if one.label == 'all' else say_class(one.label)}: {say_error(one)}" for one in audit]
    return f"Share of wrong proposals with 95 % range. {' '.join(parts)}"


def _describe_sources(sources: dict[str, dict[str, int]]) -> str:
    """Return the labels in force in words."""
    parts = [
        f"{source}: " + ", ".join(f"{n} {say_class(name)}" for name, n in by_class.items())
        for source, by_class in sources.items()
    ]
    return f"Labels in force. {'; '.join(parts)}"


def _describe_blocks(progress: Progress) -> str:
    """Return the curve of corrections in words."""
    parts = [f"{one.n_wrong} of {one.n}" for one in progress.figures.payoff.blocks[-SHOWN_BLOCKS:]]
    return f"Corrections in each of your last {len(parts)} blocks of 20 judgements, in order: {', '.join(parts)}"
