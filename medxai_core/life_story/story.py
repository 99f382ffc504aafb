"""What a life story is: steps, each with what it shows and what it does not prove."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from medxai_core.config import RESEARCH_USE
from medxai_core.life_story.details import list_details


@dataclass(frozen=True)
class Part:
    """Hold what a step says about the whole picture, or about one tile of it.

    Attributes
    ----------
    words : str
        In plain words. Holds nothing that a reader typed and no file name.
    facts : dict
        The same as plain values, and more; may hold text that readers typed.
    item_id : str or None
        The tile; None: the whole picture.
    """

    words: str
    facts: dict[str, Any] = field(default_factory=dict)
    item_id: str | None = None


@dataclass(frozen=True)
class Step:
    """Hold one step of the way from the file to the score.

    Attributes
    ----------
    key : str
        Name of the step in code.
    title : str
    parts : tuple of Part
        One for the whole picture, or one a tile.
    not_proof : str
        What the step does not prove, in one sentence.
    page : str
        Page of the app that this step belongs to.
    is_known : bool
        False when there is nothing recorded yet; the words then say why.
    """

    key: str
    title: str
    parts: tuple[Part, ...]
    not_proof: str
    page: str
    is_known: bool = True

    def part_of(self, item_id: str | None) -> Part:
        """Return the part of one tile; that of the whole picture where there is no other."""
        for part in self.parts:
            if part.item_id == item_id:
                return part
        return self.parts[0]


@dataclass(frozen=True)
class LifeStory:
    """Hold the steps of one picture in order.

    Attributes
    ----------
    image_id : str
    item_ids : tuple of str
        The picture itself, or its tiles; one tile when the story is of a tile.
    run_id : str or None
        The run of the later steps; None: nothing was trained yet.
    steps : tuple of Step
    """

    study: str
    image_id: str
    item_ids: tuple[str, ...]
    run_id: str | None
    steps: tuple[Step, ...]

    def get(self, key: str) -> Step:
        """Return a step by its key.

        Raises
        ------
        KeyError
            There is none of this name.
        """
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)

    def to_text(self) -> str:
        """Return the story as text for people, with the intended use at the end."""
        lines = [f"Picture {self.image_id} of study {self.study}", ""]
        for number, step in enumerate(self.steps, 1):
            lines.append(f"{number} {step.title}")
            for part in step.parts:
                tile = f"[{part.item_id.removeprefix(self.image_id).lstrip('-')}] " if part.item_id else ""
                lines.append(f"   {tile}{part.words}")
                lines += [f"      {detail}" for detail in list_details(step.key, part.facts)]
            lines += [f"   Does not prove: {step.not_proof}", ""]
        return "\n".join([*lines, RESEARCH_USE])
