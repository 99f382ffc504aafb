"""The step that only a segmenter has: what the labels alone say of the picture, before anything learned outlines."""

from __future__ import annotations

from typing import Any

import numpy as np

from medxai_core.life_story.context import StoryContext
from medxai_core.life_story.places import find_hottest, say_place
from medxai_core.life_story.story import Part, Step
from medxai_core.stages.evidence import compare_with_evidence, mark_evidence

_WEAK = 0.9  # of what 95 % of the labelled tiles with polyp reach somewhere


def tell_evidence(context: StoryContext) -> Step:
    """Tell where the picture looks like the labelled tiles with polyp."""
    title, page = "Evidence of the labels", "masks"
    not_proof = "that a polyp is there: it says where the picture looks like what was labelled polyp, and nothing more."
    located = context.evidence
    if located is None:
        words = "Not known: the picture cannot be read, or the run was trained before this was kept. Train it again."
        return Step("evidence", title, (Part(words),), not_proof, page, is_known=False)
    area = float(mark_evidence(located).mean())
    strongest, is_weak = find_hottest(located), bool(located.max() < _WEAK)
    facts: dict[str, Any] = {"area": area, "strongest": strongest, "is_weak": is_weak}
    words = f"It looks most like the labelled tiles with polyp {say_place(*strongest)}"
    words += ", but less so than 95 % of these tiles do." if is_weak else "."
    words += f" The labels alone would draw {area:.1%} of the picture, without an outline to rely on."
    return Step("evidence", title, (Part(words, facts),), not_proof, page)


def tell_what_was_added(context: StoryContext, mask: np.ndarray) -> tuple[str, dict[str, Any]]:
    """Return words and facts on how a segmenter's mask lies to the evidence of the labels; empty for other masks."""
    if context.run is None or context.run.mask_head is None or context.evidence is None:
        return "", {}
    found = compare_with_evidence(mask, context.evidence)
    words = (
        f" To {found.agreed:.1%} of the picture the labels alone point too; {found.added:.1%} was added by what was "
        f"learned of outlines, and {found.left_out:.1%} left out."
    )
    return words, {"evidence": found._asdict()}
