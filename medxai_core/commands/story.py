"""Command: story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from medxai_core.commands.console import JsonOption, LockedRunOption, StudyArgument, show_result
from medxai_core.errors import SettingError

if TYPE_CHECKING:
    from medxai_core.life_story import LifeStory

EXAMPLE = "Example: python -m medxai_core story demo 3fa9c1d2"


def story(
    study: StudyArgument,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="Id of a picture or tile, or its beginning.")],
    run: LockedRunOption = None,
    layer: Annotated[int | None, typer.Option(min=0, help="Layer of the heat map; default: the locked one.")] = None,
    json: JsonOption = False,
) -> None:
    """Tell how one picture came from its file to its score, and what each step does not prove."""
    from medxai_core.life_story import tell_life_story
    from medxai_core.study import open_study

    found = tell_life_story(open_study(study), image, run, layer=layer)
    _check_layer(found, layer)
    show_result({"story": found}, text=found.to_text(), json=json)


def _check_layer(story: LifeStory, layer: int | None) -> None:
    """Raise when the map of the layer that was asked for is not recorded."""
    if layer is None or "heatmap" not in {step.key for step in story.steps}:
        return
    facts = story.get("heatmap").parts[0].facts
    if facts.get("layer") != layer:
        known = ", ".join(map(str, facts.get("layers", ()))) or "none"
        raise SettingError(
            f"no map of layer {layer} is recorded of this picture; recorded layers: {known}.",
            "Ask for one of them, or compute it with `heatmaps STUDY --layers`.",
        )
