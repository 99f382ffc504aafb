"""How the newest job of a kind failed, in words with a remedy; failures that someone has read."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from medxai_core.jobs import OPEN_STATUSES, list_jobs
from medxai_core.study import Study

DISMISSED = "dismissed_failures"
MOST_KEPT = 200
_FAULT = re.compile(r"^[A-Za-z_][\w.]*(Error|Exception|Interrupt|Warning|Exit): ")


@dataclass(frozen=True)
class FailedJob:
    """Say how a job failed.

    Attributes
    ----------
    job : dict
        As `jobs.list_jobs` returns it.
    what : str
        What happened, to follow the title of the job.
    remedy : str
        Its message, and what to do.
    is_fault : bool
        It is a fault of the program rather than something that the user can mend.
    """

    job: dict[str, Any]
    what: str
    remedy: str
    is_fault: bool


def find_failure(study: Study, kinds: Collection[str]) -> FailedJob | None:
    """Return how the newest ended job of these kinds failed; None when it did not, or someone has dismissed it."""
    ended = [job for job in list_jobs(study) if job["kind"] in kinds and job["status"] not in OPEN_STATUSES]
    if not ended or ended[0]["status"] not in ("failed", "lost"):
        return None
    job = ended[0]
    if job["job_id"] in study.get_fact(DISMISSED, []):
        return None
    if job["status"] == "lost":
        remedy = "The computer was restarted, or its memory was full. Start it again; what was finished is kept."
        return FailedJob(job, "was cut off.", remedy, is_fault=False)
    error = job["error"] or "The reason was not recorded. Start it again."
    if _FAULT.match(error):
        remedy = (
            "This is a fault of the program, not yours. Start it again; if it fails again, send the log below to "
            "whoever looks after the program."
        )
        return FailedJob(job, "failed.", remedy, is_fault=True)
    return FailedJob(job, "failed:", error, is_fault=False)


def dismiss_failure(study: Study, job_id: str) -> None:
    """Record that someone has read how a job failed: it is not told again."""
    known = [one for one in study.get_fact(DISMISSED, []) if one != job_id]
    study.set_fact(DISMISSED, [*known, job_id][-MOST_KEPT:])
