"""The report of a run: what was done, how good it is, how far to trust it, and where each word comes from."""

from __future__ import annotations

from medxai_core.report.files import (
    WrittenReport,
    check_report_names,
    find_report,
    get_report_folder,
    list_report_arguments,
    write_report_files,
)
from medxai_core.report.handin_text import write_transparency_text
from medxai_core.report.page import FACTS_ID, Report, make_report, render_report, render_visitor_page

__all__ = [
    "FACTS_ID",
    "Report",
    "WrittenReport",
    "check_report_names",
    "find_report",
    "get_report_folder",
    "list_report_arguments",
    "make_report",
    "render_report",
    "render_visitor_page",
    "write_report_files",
    "write_transparency_text",
]
