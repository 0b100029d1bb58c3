"""The pace of a job: how many items ended in this half minute and in the one before.

Two counts in the job's own row, brought along by the transaction that ends a shard, give the rate
over the last 30 to 60 seconds: no other table, and as cheap at a million items as at ten.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import InstrumentedAttribute

from db.clock import database_epoch
from db.models import Job

SLOT_S = 30
SHORTEST_S = 0.1  # what took less is too short to tell a rate from

Values = Mapping[InstrumentedAttribute[int], ColumnElement[int]]


def added(items: int | ColumnElement[int]) -> Values:
    """Return what an update of the job's row sets when so many of its items end."""
    slot = database_epoch() // SLOT_S
    is_now, is_before = Job.pace_slot == slot, Job.pace_slot == slot - 1
    return {
        Job.pace_before: case((is_now, Job.pace_before), (is_before, Job.pace_items), else_=0),
        Job.pace_items: case((is_now, Job.pace_items), else_=0) + items,
        Job.pace_slot: slot,
    }


def rate(job: Job, now: datetime | None) -> float | None:
    """Return the items a second: of late, while the job is open; over its whole run, afterwards.

    `now` is the database's time, which a job that has ended does without. None before the job has
    begun; 0 when nothing ends any more.
    """
    if job.running_at is None:
        return None
    if job.ended_at is not None:
        return job.ended / max((job.ended_at - job.running_at).total_seconds(), SHORTEST_S)
    if now is None:
        raise ValueError("The rate of a job that is open needs the time.")
    slot = int(now.timestamp()) // SLOT_S
    begun = max((slot - 1) * SLOT_S, job.running_at.timestamp())
    return _ended_since(job, slot) / max(now.timestamp() - begun, SHORTEST_S)


def _ended_since(job: Job, slot: int) -> int:
    """Return how many items ended in the slot and in the one before it."""
    if job.pace_slot == slot:
        return job.pace_before + job.pace_items
    return job.pace_items if job.pace_slot == slot - 1 else 0
