"""What people say of verdicts: kept for later training, one word for each verdict."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.terms import Label
from db.clock import database_time
from db.inserting import insert_into
from db.models import Feedback, Verdict


def give(
    session: Session,
    verdict: Verdict,
    *,
    truth: Label,
    note: str | None = None,
    api_key_id: int | None = None,
) -> None:
    """Keep what a person says that the verdict's image is; what was said before is replaced."""
    said = {
        "truth": truth,
        "note": note,
        "api_key_id": api_key_id,
        "given_at": database_time(),
    }
    session.execute(
        insert_into(session, Feedback)
        .values(job_id=verdict.job_id, position=verdict.position, **said)
        .on_conflict_do_update(index_elements=["job_id", "position"], set_=said)
    )


def find(session: Session, job_id: int, position: int) -> Feedback | None:
    """Return what was said of the verdict, if anything was."""
    return session.get(Feedback, (job_id, position), populate_existing=True)


def page(
    session: Session, job_id: int, *, limit: int, after_position: int = -1
) -> Sequence[tuple[Feedback, Verdict]]:
    """Return up to `limit` words on verdicts behind the position, in order, with the verdicts."""
    query = (
        select(Feedback, Verdict)
        .join(
            Verdict,
            (Verdict.job_id == Feedback.job_id) & (Verdict.position == Feedback.position),
        )
        .where(Feedback.job_id == job_id, Feedback.position > after_position)
        .order_by(Feedback.position)
        .limit(limit)
    )
    return [(said, verdict) for said, verdict in session.execute(query).all()]
