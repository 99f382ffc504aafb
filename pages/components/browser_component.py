"""Declare a browser component from its files under assets/components/<name>/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "components"
HTML = '<div class="medxai-root"></div>\n'

_IMPORT = re.compile(r'^import \{[^}]*\} from "(?P<path>\.[^"]+)";\n', re.MULTILINE)
_TOP_NAME = re.compile(
    r"^(?:export (?:default )?)?(?:async )?(?:function\*?|const|let|class) (?P<name>\w+)", re.MULTILINE
)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def declare_component(name: str) -> Any:
    """Declare the component of a folder of assets: ``main.js`` with all that it imports, and ``style.css``.

    Parameters
    ----------
    name : str
        Name of the folder.

    Returns
    -------
    callable
        Mounts the component, see ``st.components.v2.component``.

    Raises
    ------
    ValueError
        Two of the joined files define the same name.
    """
    css = "\n".join((ASSETS / path / "style.css").read_text(encoding="utf-8") for path in ("shared", name))
    return st.components.v2.component(f"medxai_{name}", html=HTML, css=css, js=join_modules(ASSETS / name / "main.js"))


def join_modules(main: Path) -> str:
    """Return one ES module with all that a module imports, since inline modules cannot import from a path.

    Imports are written ``import { a, b } from "../shared/x.js";``, on one line or several; each file is joined
    once, before those that need it. Names at the top of all joined files must differ.

    Parameters
    ----------
    main : Path
        The module with the default export.
    """
    texts: dict[Path, str] = {}
    _collect(main.resolve(), texts)
    owners: dict[str, Path] = {}
    for path, text in texts.items():
        for found in _TOP_NAME.finditer(text):
            other = owners.setdefault(found["name"], path)
            if other != path:
                raise ValueError(f"{path.name} and {other.name} both define {found['name']!r}; rename one.")
    return "\n".join(texts.values())


def _collect(path: Path, texts: dict[Path, str]) -> None:
    """Add a module behind all that it imports."""
    if path in texts:
        return
    text = path.read_text(encoding="utf-8")
    for found in _IMPORT.finditer(text):
        _collect((path.parent / found["path"]).resolve(), texts)
    texts[path] = _EXPORT.sub("", _IMPORT.sub("", text))
