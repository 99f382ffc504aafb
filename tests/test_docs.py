"""The documents name every command, page and descriptor, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from medxai_core.__main__ import app
from medxai_core.features.registry import get_feature_set

ROOT = Path(__file__).resolve().parents[1]


def read(name: str) -> str:
    """Return the text of a document."""
    return (ROOT / name).read_text(encoding="utf-8")


def list_commands() -> list[str]:
    """Return all commands with their group."""
    names = [command.name for command in app.registered_commands]
    for group in app.registered_groups:
        names += [f"{group.name} {command.name}" for command in group.typer_instance.registered_commands]
    return [name for name in names if name]


def test_every_command_is_documented_with_an_example() -> None:
    text = read("docs/commands.md")
    missing = [name for name in list_commands() if f"### {name}\n" not in text]
    assert not missing
    for command in app.registered_commands:
        assert command.epilog and "python -m medxai_core" in command.epilog


def test_every_page_is_in_the_guide() -> None:
    text = read("docs/guide.md")
    for page in (ROOT / "pages").glob("*.py"):
        assert page.stem.capitalize() in text, page.name


def test_every_descriptor_is_in_the_method() -> None:
    text = read("docs/method.md")
    for descriptor in get_feature_set("lire").descriptors:
        assert descriptor.column_prefix in text


def test_links_of_the_documents_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_dependency_is_justified() -> None:
    text = read("docs/decisions/0001-dependencies.md")
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in read(name).splitlines():
            if "==" in line:
                assert line.split("==")[0] in text, line
