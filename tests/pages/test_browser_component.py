"""How the files of a browser component become one module, and what they may not hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pages.components.browser_component import ASSETS, join_modules

COMPONENTS = sorted(path.parent.name for path in ASSETS.glob("*/main.js"))


def test_a_module_is_joined_once_before_those_that_need_it(tmp_path: Path) -> None:
    (tmp_path / "base.js").write_text("export const one = 1;\n")
    (tmp_path / "middle.js").write_text('import { one } from "./base.js";\nexport function two() { return one + 1; }\n')
    (tmp_path / "main.js").write_text(
        'import {\n  one,\n} from "./base.js";\nimport { two } from "./middle.js";\nexport default () => one + two();\n'
    )
    joined = join_modules(tmp_path / "main.js")
    assert "import" not in joined and joined.count("const one") == 1
    assert joined.index("const one") < joined.index("function two") < joined.index("export default")


def test_two_files_with_the_same_name_in_them_are_refused(tmp_path: Path) -> None:
    (tmp_path / "base.js").write_text("export const size = 1;\n")
    (tmp_path / "main.js").write_text('import { size } from "./base.js";\nfunction size() {}\nexport default size;\n')
    with pytest.raises(ValueError, match="both define 'size'"):
        join_modules(tmp_path / "main.js")


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_can_be_joined_and_imports_nothing_else(name: str) -> None:
    joined = join_modules(ASSETS / name / "main.js")
    assert joined.count("export default") == 1
    assert not re.search(r"^\s*import\b|\bimport\(|https?://(?!www\.w3\.org)", joined, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(ASSETS.rglob("*.js")), ids=lambda path: str(path.relative_to(ASSETS)))
def test_text_never_becomes_markup_or_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert way not in text, f"{path.name} uses {way}"


@pytest.mark.parametrize("path", sorted(ASSETS.rglob("*.js")), ids=lambda path: str(path.relative_to(ASSETS)))
def test_no_script_is_too_long(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400, f"{path.name} is too long; split it by topic"
