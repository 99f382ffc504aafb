"""Write docs/commands.md from what the commands say of themselves: ``python docs/write_commands.py``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from medxai_core.__main__ import app

HEAD = """# Commands

Every command: `python -m medxai_core COMMAND --help`. `--json` prints one JSON object for machines; progress goes to
standard error. Exit code 0: it did its work; 1: an error, said with its remedy; 2: a wrong call. STUDY is a folder, or
a name in `MEDXAI_HOME/studies` (default `~/.medxai/studies`). This page is written by `docs/write_commands.py`.
"""


def list_commands() -> list[tuple[str, Callable[..., Any], str]]:
    """Return name, function and example of every command."""
    found = [(one.name, one.callback, one.epilog) for one in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands
        found += [(f"{group.name} {one.name}", one.callback, one.epilog) for one in inner]
    return [(str(name), callback, str(epilog)) for name, callback, epilog in found if callback]


def describe_parameters(function: Callable[..., Any]) -> list[str]:
    """Return a line for each visible argument and option."""
    lines = []
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        info = next((arg for arg in get_args(hints[name]) if isinstance(arg, (ArgumentInfo, OptionInfo))), None)
        if info is None or info.hidden:
            continue
        if isinstance(info, ArgumentInfo):
            lines.append(f"- `{info.metavar or name.upper()}`: {info.help}")
            continue
        flags = [flag for flag in (info.default, *(info.param_decls or ())) if isinstance(flag, str)]
        shown = flags[0] if flags else "--" + name.replace("_", "-")
        default = parameter.default
        is_shown = not any(default is hidden for hidden in (None, False, "", inspect.Parameter.empty))
        suffix = f" Default: {default}." if is_shown else ""
        lines.append(f"- `{shown}`: {info.help}{suffix}")
    return lines


def write_commands(path: Path) -> None:
    """Write the page."""
    parts = [HEAD]
    for name, function, example in list_commands():
        text = inspect.cleandoc(function.__doc__ or "")
        lines = "\n".join(describe_parameters(function))
        examples = "\n".join(f"    {part.strip()}" for part in example.partition(":")[2].split(" | "))
        parts.append(f"### {name}\n\n{text}\n\n{examples}\n\n{lines}\n")
    path.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    write_commands(Path(__file__).parent / "commands.md")
