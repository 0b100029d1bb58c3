"""The events of a job as they happen, written as `text/event-stream` (WHATWG HTML, 9.2)."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from api.events.place import Place
from api.schemas import JobView, LandedVerdicts
from api.shapes import job_views, verdict_view
from core.errors import NotFoundError
from db import jobs, landings
from db.session import Database

POLL_S = 0.5
PROGRESS_S = 1.0
HEARTBEAT_S = 15.0
RECONNECT_MS = 2000
LANDINGS_A_READ = 16


@dataclass(frozen=True)
class Following:
    """What one client follows; `is_gone` says whether it is still there, where the server knows."""

    database: Database
    job_id: int
    with_verdicts: bool
    is_gone: Callable[[], bool]


@dataclass(frozen=True)
class Reading:
    """A job and its next landings, as one short transaction saw them."""

    job: JobView
    landed: int
    landings: Sequence[LandedVerdicts]

    @property
    def has_more(self) -> bool:
        """True when there may be more landings already."""
        return len(self.landings) == LANDINGS_A_READ


def follow(following: Following, place: Place) -> Iterator[bytes]:
    """Yield the events after the place until the job has ended, or was deleted.

    Between two of them, nothing is held but the place. A `verdicts` event carries the number of
    its landing as id, so a client that comes back with it misses nothing and gets nothing twice.
    """
    yield f"retry: {RECONNECT_MS}\n\n".encode()
    pulse, after, shown = _Pulse(), place.landing, None
    while not following.is_gone():
        try:
            reading = _read(following, after)
        except NotFoundError:
            return
        for landing in reading.landings:
            after = landing.landing
            yield pulse.beat(_event("verdicts", landing, event_id=Place(after)))
        progress = reading.job.model_dump(exclude={"rate", "eta_s"})
        if progress != shown and pulse.may_progress():
            shown = progress
            yield pulse.progress(_event("progress", reading.job))
        if reading.job.state.is_final and not reading.has_more:
            yield _event("end", reading.job, event_id=Place(reading.landed, is_end=True))
            return
        if pulse.is_due():
            yield pulse.beat(b": still here\n\n")
        if not reading.has_more:
            time.sleep(POLL_S)


def _read(following: Following, after: int) -> Reading:
    with following.database.read() as session:
        job = jobs.require(session, following.job_id)
        found = (
            landings.after(session, job.id, after, limit=LANDINGS_A_READ)
            if following.with_verdicts
            else []
        )
        version = job.model_version.name
        return Reading(
            job=job_views(session, [job])[0],
            landed=job.landed,
            landings=[
                LandedVerdicts(
                    landing=landing.number,
                    verdicts=[
                        verdict_view(v, job_id=job.public_id, model_version=version)
                        for v in landing.verdicts
                    ],
                )
                for landing in found
            ],
        )


def _event(name: str, data: BaseModel, *, event_id: Place | None = None) -> bytes:
    line = "" if event_id is None else f"id: {event_id}\n"
    return f"event: {name}\n{line}data: {data.model_dump_json()}\n\n".encode()


class _Pulse:
    """When something was last sent, and when progress was."""

    def __init__(self) -> None:
        self._sent = time.monotonic()
        self._progressed: float | None = None

    def beat(self, part: bytes) -> bytes:
        self._sent = time.monotonic()
        return part

    def progress(self, part: bytes) -> bytes:
        self._progressed = time.monotonic()
        return self.beat(part)

    def may_progress(self) -> bool:
        return self._progressed is None or time.monotonic() - self._progressed >= PROGRESS_S

    def is_due(self) -> bool:
        return time.monotonic() - self._sent >= HEARTBEAT_S
