"""A report on disk: the page, the visitor's page, the transparency text."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from medxai_core.errors import SettingError
from medxai_core.events import log_export
from medxai_core.report.handin_text import write_transparency_text
from medxai_core.report.page import FACTS_ID, Report, render_report, render_visitor_page
from medxai_core.study import Study

PAGE_ENDS, TEXT_ENDS = (".html", ".htm"), (".txt", ".md")
REPORT_NAME, VISITOR_NAME, TEXT_NAME = "report.html", "visitor.html", "transparency.txt"


@dataclass(frozen=True)
class WrittenReport:
    """Hold where the files of the last report of a run lie in its study, and when it was written.

    Attributes
    ----------
    report, visitor, text : Path
    created_at : str
        ISO 8601, UTC.
    """

    report: Path
    visitor: Path
    text: Path
    created_at: str


def get_report_folder(study: Study, run_id: str) -> Path:
    """Return the folder in a study where the app writes the report of a run."""
    return study.folder / "reports" / f"report-{run_id}"


def list_report_arguments(study: Study, run_id: str, *, with_pictures: bool) -> list[str]:
    """Return the arguments of the command that writes all files of a report into that folder."""
    folder = get_report_folder(study, run_id)
    paths = {"--out": REPORT_NAME, "--visitor": VISITOR_NAME, "--text": TEXT_NAME}
    given = [part for option, name in paths.items() for part in (option, str(folder / name))]
    return ["report", str(study.folder), "--run", run_id, *given, "--pictures" if with_pictures else "--no-pictures"]


def find_report(study: Study, run_id: str) -> WrittenReport | None:
    """Return the last report that was written into the study; None where there is none, or where it is not whole."""
    folder = get_report_folder(study, run_id)
    report, visitor, text = (folder / name for name in (REPORT_NAME, VISITOR_NAME, TEXT_NAME))
    try:
        page = report.read_text(encoding="utf-8")
        begin = page.index(f'id="{FACTS_ID}">') + len(f'id="{FACTS_ID}">')
        facts = json.loads(page[begin : page.index("</script>", begin)])
    except (OSError, ValueError):
        return None
    if not visitor.is_file() or not text.is_file():
        return None
    return WrittenReport(report, visitor, text, facts["created_at"])


def check_report_names(out: Path, visitor: Path | None = None, text: Path | None = None) -> None:
    """Refuse a name that promises another kind of file, before anything is written.

    Raises
    ------
    SettingError
        A page does not end in .html, or the text not in .txt.
    """
    kinds = ((out, PAGE_ENDS), (visitor, PAGE_ENDS), (text, TEXT_ENDS))
    for path, ends in kinds:
        if path is not None and path.suffix.lower() not in ends:
            remedy = f"Name it {path.with_suffix(ends[0]).name}."
            remedy += " A browser prints it into a PDF." if path.suffix.lower() == ".pdf" else ""
            what = "an HTML page" if ends is PAGE_ENDS else "plain text"
            raise SettingError(f"it is written as {what} ({', '.join(ends)}); got {path.name!r}.", remedy)


def write_report_files(
    study: Study,
    report: Report,
    out: Path,
    *,
    visitor: Path | None = None,
    text: Path | None = None,
    actor: str | None = None,
) -> dict[str, Path]:
    """Write a report, and what else is asked for, each as a whole or not at all; readable by the owner only.

    Parameters
    ----------
    out, visitor, text : Path
        Files; an existing one is written over.
    actor : str, optional
        Pseudonym for the log.

    Returns
    -------
    dict of str to Path
        "report", "visitor", "text".

    Raises
    ------
    SettingError
        A file cannot be written, or its name ends in what it is not.
    """
    check_report_names(out, visitor, text)
    parts = {
        "report": (out, lambda: render_report(report)),
        "visitor": (visitor, lambda: render_visitor_page(report)),
        "text": (text, lambda: write_transparency_text(report)),
    }
    written = {}
    for name, (path, render) in parts.items():
        if path is not None:
            _write(path, render())
            log_export(study, name, actor=actor or "system", run_id=report.run_id)
            written[name] = path
    return written


def _write(path: Path, text: str) -> None:
    """Write a file in one step."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        if unfinished.exists():
            unfinished.unlink()
        raise SettingError(f"{path} cannot be written: {error.strerror}.", "Give another file or folder.") from error
