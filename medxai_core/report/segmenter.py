"""How a segmenter of the recommended mode learned, and when it marks a place: in plain words, and in full."""

from __future__ import annotations

from medxai_core.config import MOST_PICTURES
from medxai_core.records.masks import MaskSetting
from medxai_core.report.blocks import say_count
from medxai_core.report.facts import ReportFacts
from medxai_core.stages.masks import THRESHOLD
from medxai_core.views.own_masks import (
    LEAST_SURE,
    count_rounds,
    is_own_mask,
    needs_sure_picture,
    say_drawn_frames,
)

CUT_FROM_HEAT = "Then the software asks which places of a picture counted most for its answer. Those become the mask."
"""How a mask comes out of a heat map, in plain words."""


def tell_plainly(facts: ReportFacts) -> str:
    """Tell in short sentences how a segmenter learned and when it marks a place."""
    if not count_rounds(facts.run):
        learned = "Its training ended before it learned from the pictures of this study."
    elif not _learned_outlines_first(facts):
        learned = f"The labels alone gave first masks. It learned these{_say_again(facts)}, beside drawn pictures."
    else:
        learned = (
            "The labels taught which places look like polyp. The drawn pictures taught outlines. Both together gave "
            f"first masks. The network learned these{_say_again(facts)}."
        )
    return f"{learned} {_say_rule(facts.setting)}"


def _say_again(facts: ReportFacts) -> str:
    """Say how often it learned from its own answers."""
    n = count_rounds(facts.run) - 1
    often = {1: "once more", 2: "twice more"}.get(n, f"{n} times more")
    return f", and then {often} what it said itself" if n > 0 else ""


def _learned_outlines_first(facts: ReportFacts) -> bool:
    """Return True when the first masks were made with outlines too, not of the class map alone."""
    return facts.run.manifest.get("config", {}).get("shape_steps") != 0


def _say_rule(setting: MaskSetting | None) -> str:
    """Say which places are marked under a setting; without one, those that the run is used with."""
    if not is_own_mask(setting):
        return CUT_FROM_HEAT
    low = THRESHOLD if setting is None else setting.low
    if low is None or (setting is not None and (setting.high is not None or setting.inverted)):
        return "Its probability of polyp decides what is marked."
    words = f"It marks the places that it gives a probability of polyp above {low:g}."
    return f"{words} {say_sure_picture(setting)}".rstrip()


def say_sure_picture(setting: MaskSetting | None) -> str:
    """Say that a picture must be sure as a whole; empty where that decides nothing."""
    if not needs_sure_picture(setting):
        return ""
    return f"A picture gets a mask only if its surest places together are above {LEAST_SURE}."


def tell_in_full(facts: ReportFacts) -> str:
    """Tell step by step how a segmenter learned, with the numbers of its own record."""
    run, config = facts.run, facts.run.manifest.get("config", {})
    n, asked = count_rounds(run), len(config.get("rounds", ()))
    kinds = "" if "n_drawn" not in config else "{} with polyp, {} without; ".format(*config["n_drawn"])
    outlines = (
        f"Outlines were learned from {say_drawn_frames(run)} that a program drew, with their exact masks ({kinds}no "
        "patient is in them, and nobody annotated them; still they are masks: without them Dice was about .03 lower "
        "where it was measured, see docs/masks.md)."
    )
    if not n:
        rounds = "The training ended before any round on the pictures of the study."
    else:
        both = "Both together made" if _learned_outlines_first(facts) else "The class map alone made"
        stopped = f" ({n} of {asked} rounds were learned)" if n < asked else ""
        rounds = (
            f"{both} pseudo-masks of pictures of the training split (labelled or not, at most {MOST_PICTURES:,} "
            f"unless more are labelled). The segmenter learned these{_say_again(facts)}{stopped}, beside the drawn "
            "frames and what is labelled without polyp."
        )
    return (
        f"A class map was learned from labels of tiles or pictures. {outlines} {rounds} No outline that a person drew "
        "of a real picture was learned."
    )


def say_drawn_outlines(facts: ReportFacts) -> str:
    """Say which outlines a segmenter did learn from; empty for a classifier, which learns from none."""
    if facts.run.mask_head is None:
        return ""
    frames = say_drawn_frames(facts.run, "pictures")
    return (
        f"The network learned outlines from {frames} that a program drew, with their exact masks. No patient is in "
        "them, and nobody outlined them."
    )


def say_rounds_kept(facts: ReportFacts) -> str:
    """Say which round is used."""
    n = count_rounds(facts.run)
    which = say_count(n, "round") + " on the pictures"
    return f"After {which} the last one is used: none was chosen by scores."
