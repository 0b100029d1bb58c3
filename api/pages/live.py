"""A job as the scan page follows it: how far it is, and a card for each verdict as it lands."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from api.identity import caller
from api.pages.elsewhere import hosts_of
from api.pages.scale import Band, band_of
from api.queries import CardsQuery
from api.schemas import JobView, VerdictView
from api.services import services
from api.shapes import job_views, verdict_view
from core.errors import NotFoundError
from db import jobs, landings
from db.models import Job

LANDINGS_A_READ = 4
MOST_JOBS = 8
JOB_ID = re.compile(r"job_[0-9a-f]{32}")

blueprint = Blueprint("live_pages", __name__)


@dataclass(frozen=True)
class Cards:
    """Verdicts in the order of their landing; `landing` is the number of the last one.

    `hosts` names the servers of images that are on one, by position.
    """

    verdicts: list[VerdictView]
    landing: int
    has_more: bool
    band: Band | None
    hosts: Mapping[int, str]


@dataclass(frozen=True)
class LiveJob:
    """A job, and the first of its cards."""

    job: JobView
    cards: Cards


@blueprint.get("/jobs/<job:job_id>/live")
def show_live_job(job_id: str) -> str:
    """Show the part of the scan page that is about one job."""
    return render_template("live_job.html", live=read_live_job(job_id))


@blueprint.get("/jobs/<job:job_id>/cards")
def show_cards(job_id: str) -> str:
    """Show the cards of the verdicts that landed after the landing of the number."""
    query = CardsQuery.model_validate(request.args.to_dict())
    with services().database.read() as session:
        cards = _cards(session, jobs.get(session, job_id), after=query.landing)
    return render_template("cards.html", cards=cards)


def read_live_job(public_id: str) -> LiveJob:
    """Return the job as it stands; raises NotFoundError, also when the caller may not see it."""
    with services().database.read() as session:
        # The job comes first: of one that has ended, every landing is there then.
        job = jobs.get(session, public_id, visible_to=caller().sees)
        return LiveJob(job_views(session, [job])[0], _cards(session, job))


def live_jobs(public_ids: Iterable[str]) -> Iterator[LiveJob]:
    """Yield the first few of these jobs; one that is not there any more is passed over."""
    for public_id in list(dict.fromkeys(public_ids))[:MOST_JOBS]:
        with suppress(NotFoundError):
            if JOB_ID.fullmatch(public_id):
                yield read_live_job(public_id)


def _cards(session: Session, job: Job, *, after: int = 0) -> Cards:
    found = landings.after(session, job.id, after, limit=LANDINGS_A_READ)
    landed = [verdict for landing in found for verdict in landing.verdicts]
    version = job.model_version
    return Cards(
        verdicts=[
            verdict_view(verdict, job_id=job.public_id, model_version=version.name)
            for verdict in landed
        ],
        landing=found[-1].number if found else after,
        has_more=len(found) == LANDINGS_A_READ,
        band=band_of(version.card),
        hosts=hosts_of(session, job, (verdict.position for verdict in landed)),
    )
