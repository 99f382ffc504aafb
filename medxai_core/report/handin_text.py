"""The text for task 3 of Medico 2021 (transparency), written from the report."""

from __future__ import annotations

from medxai_core.config import RESEARCH_USE
from medxai_core.report.blocks import Claim, Section, Table
from medxai_core.report.page import Report

CHAPTERS = (
    "in-short", "method", "labels", "choice", "results", "pictures", "tests", "surrogate", "limits", "reproduce",
)  # fmt: skip


def write_transparency_text(report: Report) -> str:
    """Write the transparency text: plain text, the report's statements in order, tables as lines.

    Notes
    -----
    The organisers asked for open source, an evaluation with failures and ablation, and use for clinicians
    (MedAI 2021 judged the same three).
    """
    lines = [f"Transparency of run {report.run_id}, study {report.study}", RESEARCH_USE, ""]
    for section in report.sections:
        if section.key in CHAPTERS:
            lines += _write_section(section)
    return "\n".join(lines).rstrip() + "\n"


def _write_section(section: Section) -> list[str]:
    """Write one chapter."""
    lines = [section.title, "=" * len(section.title)]
    for block in section.blocks:
        if isinstance(block, Claim):
            lines += [block.words, ""]
        elif isinstance(block, Table):
            lines += [
                block.title,
                " | ".join(block.header),
                *(" | ".join(cell.replace("\n", " ") for cell in row.cells) for row in block.rows),
                "",
            ]
    return [*lines, ""]
