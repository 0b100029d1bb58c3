"""Single scans: a job of one image is planned by the transaction that makes it."""

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from core.sources import SourceItem
from core.terms import JobState, ShardState
from db.clock import database_time
from db.dispatching import INTERACTIVE_RANK
from db.models import Job, Shard

FIRST_TURN = 0  # all have the same, so whoever comes first is claimed first


def plan(session: Session, job_id: int, item: SourceItem) -> None:
    """Start a job that was made in this transaction: one shard, queued, to be rung for once.

    What a planner does to a job in a dozen statements, because it may be taken over at any point;
    nobody sees this one before it is whole.
    """
    now = database_time()
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            state=JobState.RUNNING,
            total=1,
            is_source_listed=True,
            planning_at=now,
            running_at=now,
            listed_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(Shard).values(
            job_id=job_id,
            first_position=0,
            size=1,
            items=[item.to_row()],
            state=ShardState.QUEUED,
            rank=INTERACTIVE_RANK,
            turn=FIRST_TURN,
            queued_at=now,
        )
    )
