"""Steps about the picture itself: the file, and the split it is in."""

from __future__ import annotations

from medxai_core.events import list_events
from medxai_core.life_story.context import StoryContext
from medxai_core.life_story.story import Part, Step

SPLIT_WORDS = {
    "train": "It may teach the classifier, once it has a label.",
    "validation": "It judges the classifier after each pass (epoch); the best one is chosen on such pictures.",
    "tuning": "It helps to choose layer and threshold, and teaches nothing.",
    "test": "It is kept for the final score. Its truth stays hidden until layer and threshold are locked.",
}


def tell_file(context: StoryContext) -> Step:
    """Tell what file it was and when it came in."""
    picture = context.picture
    imported = next((event["at"] for event in list_events(context.study, kind="import")), None)
    facts = {
        name: picture[name] for name in ("image_id", "sha256", "width", "height", "brightness", "contrast", "sharpness")
    }
    facts |= {"imported_at": imported, "removed_at": picture["removed_at"], "n_items": len(context.rows)}
    if picture["removed_at"]:
        words = f"The picture was removed on {picture['removed_at'][:10]}. Only its id and hash are left."
    else:
        when = f" on {imported[:10]} at {imported[11:16]} UTC" if imported else ""
        cut = f" It is cut into {len(context.rows)} tiles." if context.is_tiled and len(context.rows) > 1 else ""
        size = f"{picture['width']} x {picture['height']} pixels"
        words = f"{size}, imported{when}. Its name here is made from its content.{cut}"
    return Step(
        key="file",
        title="The file",
        parts=(Part(words, facts),),
        not_proof="that the picture shows what its folder says, or whose it is: a hash only tells files apart.",
        page="study",
    )


def tell_split(context: StoryContext) -> Step:
    """Tell which part of the study it belongs to, and with which other pictures."""
    group = str(context.images.groups[context.position])
    n_together = int((context.images.groups.astype(str) == group).sum())
    together = (
        "It stands alone: no other picture is known to be of the same patient, procedure or video."
        if n_together == 1
        else f"It stays together with {n_together - 1} other pictures of the same patient, procedure or look."
    )
    counts = {name: int((context.images.splits == name).sum()) for name in SPLIT_WORDS}
    role = SPLIT_WORDS.get(context.split, "")
    if context.split == "test":
        role += " It is open now: a setting is locked." if context.is_open else " It is hidden now."
    words = f"It is in the {context.split} split, one of {counts.get(context.split, 0)}. {role} {together}"
    facts = {"split": context.split, "n_in_split": counts, "n_in_group": n_together}
    return Step(
        key="split",
        title="The split",
        parts=(Part(words, facts),),
        not_proof="that no picture of this patient is in another split, unless the study names its patients.",
        page="study",
    )
