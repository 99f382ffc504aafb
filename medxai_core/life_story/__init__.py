"""The life of one picture: from the file to the score, each step with what it does not prove.

Read in this order: ``story`` (what a story is), ``context`` (what is read once), then the steps:
``picture_steps``, ``label_steps``, ``mask_steps``; ``telling`` puts them in order.
"""

from __future__ import annotations

from medxai_core.life_story.story import LifeStory, Part, Step
from medxai_core.life_story.telling import tell_life_story

__all__ = ["LifeStory", "Part", "Step", "tell_life_story"]
