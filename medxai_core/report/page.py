"""A whole report: its chapters put together, and written as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup, escape

from medxai_core.config import RESEARCH_USE
from medxai_core.progress import Stage, silent_stage
from medxai_core.report.blocks import Claim, Figure, Section, Source, Table, list_cited
from medxai_core.report.claim_checklist import write_checklist
from medxai_core.report.data_chapter import write_data
from medxai_core.report.facts import ReportFacts, read_facts
from medxai_core.report.first_page import GLOSSARY, write_first_page
from medxai_core.report.method_chapter import write_choice, write_labels, write_method
from medxai_core.report.model_facts import write_model_facts
from medxai_core.report.reproduce_chapter import write_reproduce
from medxai_core.report.result_chapter import write_pictures, write_results
from medxai_core.report.sources import list_sources, number_sources
from medxai_core.report.trust_chapter import write_departures, write_limits, write_sanity, write_surrogate
from medxai_core.study import Study

FACTS_ID = "medxai-facts"
"""Id of the element that holds the report's keys for machines, as JSON."""
NOT_FOR_VISITORS = (
    "This page is about a research project. It says nothing about any person's own examination, and nothing here may "
    "be used to decide on anyone's care. Questions about an examination are for the doctor who made it."
)


@dataclass(frozen=True)
class Report:
    """Hold one report.

    Attributes
    ----------
    study, run_id : str
    created_at : str
        ISO 8601, UTC.
    sections : tuple of Section
        In order; the first two fit on the first page.
    sources : tuple of (int, Source)
        The evidence that is named, numbered in order.
    facts : dict
        What machines need: ids and digests.
    """

    study: str
    run_id: str
    created_at: str
    sections: tuple[Section, ...]
    sources: tuple[tuple[int, Source], ...]
    facts: dict[str, Any]

    def number(self, key: str) -> int:
        """Return the number of a piece of evidence."""
        return next(number for number, source in self.sources if source.key == key)


def make_report(
    study: Study, run_id: str | None = None, *, with_pictures: bool = True, stage: Stage = silent_stage
) -> Report:
    """Write the report of one run from what is recorded.

    Parameters
    ----------
    run_id : str, optional
        Default: the run whose setting was locked last, or the newest trained one.
    with_pictures : bool, default True
        Show test pictures with mask and truth; they are pictures of patients.

    Returns
    -------
    Report
        Scores and truth of test pictures are in it only while a setting is locked.

    Raises
    ------
    RunNotFoundError
        No such run, or none is trained.
    """
    facts = read_facts(study, run_id, stage=stage)
    sections = (
        write_first_page(facts),
        write_model_facts(facts),
        write_data(facts),
        write_method(facts),
        write_labels(facts),
        write_choice(facts),
        write_results(facts, stage=stage),
        write_pictures(facts, stage=stage, with_pictures=with_pictures),
        write_sanity(facts),
        write_surrogate(facts),
        write_limits(facts),
        write_departures(facts),
        write_checklist(facts),
        write_reproduce(facts),
    )
    known = list_sources(facts)
    cited = [key for section in sections for key in list_cited(section.blocks)]
    numbers = number_sources(cited, known)
    return Report(
        study=study.name,
        run_id=facts.run.run_id,
        created_at=facts.created_at,
        sections=sections,
        sources=tuple((number, known[key]) for key, number in numbers.items()),
        facts=_list_keys(facts),
    )


def render_report(report: Report) -> str:
    """Return the report as one HTML page: styles, drawings and pictures inside, no script, nothing loaded."""
    return _get_template("report.html").render(
        report=report,
        glossary=GLOSSARY,
        notice=RESEARCH_USE,
        style=Markup(_read("report.css")),
        facts_id=FACTS_ID,
        facts=_to_json(report.facts),
    )


def render_visitor_page(report: Report) -> str:
    """Return one page for a visitor, who knows nothing of the method and may be a patient."""
    first = report.sections[0]
    return _get_template("visitor.html").render(
        report=report,
        first=first,
        glossary=[pair for pair in GLOSSARY if pair[0] in ("Mask", "Overlap (Dice)", "Heat map")],
        notice=RESEARCH_USE,
        about=NOT_FOR_VISITORS,
        style=Markup(_read("report.css")),
    )


def _list_keys(facts: ReportFacts) -> dict[str, Any]:
    """Return ids and digests for machines."""
    return {
        "study": facts.study.name,
        "run_id": facts.run.run_id,
        "dataset_digest": facts.dataset_digest,
        "checkpoint_digest": facts.checkpoint_digest,
        "masks_digest": facts.masks_digest,
        "log_head": str(facts.log.head) if facts.log.head else None,
        "evaluation_id": facts.row.evaluation_id if facts.row else None,
        "tuned_on_test": facts.is_tuned_on_test,
        "created_at": facts.created_at,
        "versions": facts.versions,
    }


def _to_json(facts: dict[str, Any]) -> Markup:
    """Return JSON that can stand inside a script element: no character of it ends the element."""
    text = json.dumps(facts, indent=1, ensure_ascii=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def mark_commands(words: str) -> Markup:
    """Return text with what stands between backticks set as a command; all else is escaped.

    >>> str(mark_commands("run `a < b` now"))
    'run <code>a &lt; b</code> now'
    """
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return escape(words)
    pieces = (Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup("").join(pieces)


def _name_kind(block: object) -> str:
    """Return which kind of block it is, for the template."""
    for kind, name in ((Claim, "claim"), (Table, "table"), (Figure, "figure")):
        if isinstance(block, kind):
            return name
    raise TypeError(f"no such block: {type(block).__name__}.")


@cache
def _get_template(name: str) -> jinja2.Template:
    """Return a template; everything that it prints is escaped."""
    loader = jinja2.FunctionLoader(_read)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["kind"] = _name_kind
    environment.filters["drawing"] = Markup
    environment.filters["words"] = mark_commands
    return environment.get_template(name)


def _read(name: str) -> str:
    """Return a file that lies beside this module."""
    return resources.files("medxai_core.report").joinpath("templates", name).read_text(encoding="utf-8")
