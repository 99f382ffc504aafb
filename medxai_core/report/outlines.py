"""What outlines of polyps were used for on the way: labels, choice of the setting, scores."""

from __future__ import annotations

from medxai_core.report.facts import ReportFacts
from medxai_core.report.segmenter import say_drawn_outlines


def list_outline_uses(facts: ReportFacts) -> list[str]:
    """Say in short sentences what outlines of polyps were used for; that none was used is said too."""
    uses = [_say_labels(facts), _say_choice(facts), _say_tests(facts), _say_scores(facts)]
    found = [words for words in uses if words]
    drawn = say_drawn_outlines(facts)
    if drawn:
        own = "It learned no outline of a picture of this study"
        return [drawn, f"{own}, but {facts.whose} outlines were used all the same." if found else f"{own}.", *found]
    if not found:
        return ["No outline of a polyp was used on the way."]
    return [f"The network learned from no outline, but {facts.whose} outlines were used all the same.", *found]


def _say_labels(facts: ReportFacts) -> str:
    """Say that the given labels were read off outlines."""
    if not facts.are_labels_from_masks:
        return ""
    return "The labels that came with the pictures were read off them."


def _say_choice(facts: ReportFacts) -> str:
    """Say that outlines chose the setting."""
    n = facts.count("tuning").n_masks
    if facts.setting is None:
        return "" if facts.tuning is None else f"Those of {n:,} tuning pictures scored every layer and threshold."
    return {
        "tuning": f"Those of {n:,} tuning pictures chose layer and threshold.",
        "eye": "Layer and threshold were chosen by eye; those of the tuning pictures could be seen then.",
        "test": "Layer and threshold were changed after those of the test pictures had been open.",
    }.get(facts.setting.chosen_on, "")


def _say_tests(facts: ReportFacts) -> str:
    """Say that the tests of the maps used outlines."""
    if facts.sanity is None or not facts.count("tuning").n_masks:
        return ""
    return "The heat maps were tested against those of tuning pictures."


def _say_scores(facts: ReportFacts) -> str:
    """Say that the masks were scored with outlines, or that those of the test pictures had been open."""
    if facts.row is not None:
        return "Those of the test pictures say how good the masks are."
    return "Those of the test pictures had been open before." if facts.setting is None and facts.n_unlocks else ""
