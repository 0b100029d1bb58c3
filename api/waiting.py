"""`Prefer: wait=10` (RFC 7240): how long a client wants to wait, and the wait itself."""

import re
import time

from api.schemas import ScanView
from api.services import Services
from api.shapes import job_view, verdict_view
from db import jobs, verdicts

LONGEST_PAUSE_S = 1.0  # between two looks at a scan whose end is not told
WAIT = re.compile(r'wait\s*=\s*"?(\d{1,9})"?', re.IGNORECASE)


def preferred_wait_s(prefer: str | None) -> int:
    """Return the seconds of the first `wait` among the preferences, or 0."""
    for preference in (prefer or "").split(","):
        if found := WAIT.fullmatch(preference.partition(";")[0].strip()):
            return int(found[1])
    return 0


def wait_for_scan(
    services: Services, public_id: str, *, wait_s: float, may_have_ended: bool = False
) -> ScanView:
    """Return the scan as it stands once its job has ended, or when the time is up.

    One that was submitted just now is not looked at before its end is told.

    Half of the request threads that are not kept for streams may wait at a time; beyond that,
    nobody waits, so that the others go on answering.
    """
    if wait_s <= 0 or not services.waiting_room.acquire(blocking=False):
        return read_scan(services, public_id)
    try:
        deadline = time.monotonic() + wait_s
        if may_have_ended and (scan := read_scan(services, public_id)).job.state.is_final:
            return scan
        return _wait(services, public_id, deadline)
    finally:
        services.waiting_room.release()


def read_scan(services: Services, public_id: str) -> ScanView:
    """Return the single scan as it stands."""
    with services.database.read() as session:
        job, held = jobs.look(session, public_id)
        found = verdicts.page(session, job.id, limit=1)
        version = job.model_version.name
        return ScanView(
            job=job_view(job, held),
            verdict=verdict_view(found[0], job_id=public_id, model_version=version)
            if found
            else None,
        )


def _wait(services: Services, public_id: str, deadline: float) -> ScanView:
    while True:
        left_s = deadline - time.monotonic()
        services.endings.wait(public_id, min(max(left_s, 0), LONGEST_PAUSE_S))
        scan = read_scan(services, public_id)
        if scan.job.state.is_final or time.monotonic() >= deadline:
            return scan
