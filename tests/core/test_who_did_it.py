"""The log says who trained, scored and tested: the reader who was named, or the pseudonym of the login."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import make_small_study, record_plain_features

from medxai_core.__main__ import main
from medxai_core.events import list_events, log_export
from medxai_core.readers import get_default_reader
from medxai_core.study import Study, open_study


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    """Return a study with features."""
    made = make_small_study(tmp_path / "small", phantom_folder)
    record_plain_features(made)
    return made


def test_a_command_is_logged_with_who_gave_it(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    for k, more in (("3", []), ("4", ["--reader", "anna"])):
        monkeypatch.setattr("sys.argv", ["medxai_core", "cluster", str(study.folder), "--k", k, *more])
        assert main() == 0
    assert [one["actor"] for one in list_events(study, kind="cluster")] == [get_default_reader(), "anna"]


def test_who_records_in_one_study_is_not_carried_into_another_connection(study: Study) -> None:
    signed = open_study(study.folder)
    signed.actor = "anna"
    for one in (signed, study, signed):
        log_export(one, "masks")
    assert [one["actor"] for one in list_events(study, kind="export")] == ["anna", "system", "anna"]


@pytest.mark.parametrize(
    "command",
    ["train", "evaluate-classifier", "sanity", "score", "speed", "masks", "sweep", "explain-features", "replay",
     "features", "prepare", "cluster", "pseudo-label", "embed", "report"],
)  # fmt: skip
def test_every_command_that_records_a_result_takes_a_reader(command: str) -> None:
    import typer

    from medxai_core.__main__ import app

    commands: dict = vars(typer.main.get_command(app))["commands"]
    assert any("--reader" in option.opts for option in commands[command].params)
