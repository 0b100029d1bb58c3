"""The verdicts that an export holds, page by page, each read in a short transaction of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.schemas import VerdictView
from api.shapes import verdict_view
from core.terms import Label, Outcome
from db import jobs, verdicts
from db.session import Database

PAGE_SIZE = 1000


@dataclass(frozen=True)
class Selection:
    """Which verdicts of which job."""

    job_id: int
    label: Label | None = None
    outcome: Outcome | None = None


def read_pages(database: Database, selection: Selection) -> Iterator[list[VerdictView]]:
    """Yield the verdicts in submission order; holds one page, and no transaction between two.

    Raises NotFoundError when the job is deleted meanwhile: the file must not look whole then.
    """
    after = -1
    while page := _read(database, selection, after):
        yield page
        if len(page) < PAGE_SIZE:
            return
        after = page[-1].position


def _read(database: Database, selection: Selection, after: int) -> list[VerdictView]:
    with database.read() as session:
        job = jobs.require(session, selection.job_id)
        found = verdicts.page(
            session,
            job.id,
            limit=PAGE_SIZE,
            after_position=after,
            label=selection.label,
            outcome=selection.outcome,
        )
        version = job.model_version.name
        return [verdict_view(v, job_id=job.public_id, model_version=version) for v in found]
