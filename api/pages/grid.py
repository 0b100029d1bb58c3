"""The grid of a job's verdicts: which view a page has, and the cards that follow as one scrolls."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Request, render_template, request

from api.pages.elsewhere import hosts_of
from api.pages.progress import ended
from api.pages.scale import Band, band_of
from api.queries import VerdictQuery
from api.schemas import Counters, JobView, VerdictPage
from api.services import services
from api.verdicts import page_of_verdicts
from db import jobs

GRID, ALL = "grid", "ended"
CARDS_A_PAGE = 60

blueprint = Blueprint("grid_pages", __name__)


@dataclass(frozen=True)
class Grid:
    """What the grid knows beside its cards.

    `hosts` names the servers of images that are on one, by position; `asked` is the query of the
    cards that follow; `counted` the counter that counts all of them, and `total` what it counts,
    None where nobody knows.
    """

    band: Band | None
    hosts: Mapping[int, str]
    asked: Mapping[str, object]
    counted: str | None
    total: int | None


@blueprint.get("/jobs/<job:job_id>/grid")
def show_cards(job_id: str) -> str:
    """Show one page of the cards alone."""
    query = VerdictQuery.model_validate(request.args.to_dict())
    page = page_of_verdicts(job_id, query)
    band, hosts = _known(job_id, page)
    return render_template("grid_cards.html", page=page, query=query, band=band, hosts=hosts)


def view_of(asked: Request) -> str | None:
    """Return the view that a page of a job has; None is the table."""
    return GRID if asked.args.get("view") == GRID else None


def grid_of(job: JobView, query: VerdictQuery, page: VerdictPage) -> Grid:
    """Return what the grid knows beside its cards."""
    counted = _counted(query)
    asked = query.model_dump(mode="json", exclude_none=True, exclude={"cursor"})
    return Grid(*_known(job.id, page), asked, counted, _count(job.counters, counted))


def _known(public_id: str, page: VerdictPage) -> tuple[Band | None, Mapping[int, str]]:
    with services().database.read() as session:
        job = jobs.get(session, public_id)
        hosts = hosts_of(session, job, [verdict.position for verdict in page.verdicts])
        return band_of(job.model_version.card or {}), hosts


def _counted(query: VerdictQuery) -> str | None:
    """Return which of a job's counters counts the verdicts that are asked for, if one does."""
    if any(one is not None for one in (query.code, query.min_score, query.max_score)):
        return None
    return query.label or query.outcome or ALL


def _count(counters: Counters, counted: str | None) -> int | None:
    if counted is None:
        return None
    return ended(counters) if counted == ALL else int(getattr(counters, counted))
