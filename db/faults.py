"""The faults of manifests: every one is counted on its job, the first ones are kept."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.sources import LineFault
from db.models import Job, ManifestFault

KEPT = 1000


def record(session: Session, job_id: int, faults: Sequence[LineFault]) -> None:
    """Count the faults, which come in the manifest's order, and keep the first of a job.

    A planner that lists the manifest again may record the same lines again: they change nothing.
    """
    counted = session.execute(
        select(Job.faults, Job.faults_by_code, Job.last_fault_line)
        .where(Job.id == job_id)
        .with_for_update()
    ).one()
    fresh = [fault for fault in faults if fault.line > counted.last_fault_line]
    if not fresh:
        return
    kept = fresh[: max(0, KEPT - counted.faults)]
    if kept:
        session.execute(insert(ManifestFault), [_row(job_id, fault) for fault in kept])
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            faults=Job.faults + len(fresh),
            faults_by_code=Counter(counted.faults_by_code) + Counter(f.code for f in fresh),
            last_fault_line=fresh[-1].line,
        )
        .execution_options(synchronize_session=False)
    )


def page(
    session: Session, job_id: int, *, limit: int, after_line: int = 0
) -> Sequence[ManifestFault]:
    """Return up to `limit` of the kept faults, in the manifest's order, after the line."""
    query = (
        select(ManifestFault)
        .where(ManifestFault.job_id == job_id, ManifestFault.line > after_line)
        .order_by(ManifestFault.line)
        .limit(limit)
    )
    return session.scalars(query).all()


def _row(job_id: int, fault: LineFault) -> dict[str, object]:
    return {"job_id": job_id, "line": fault.line, "code": fault.code, "message": fault.message}
