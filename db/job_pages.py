"""Jobs listed, newest first, a page at a time, by what is known of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.terms import JobKind, JobState, Label, Priority
from db.models import Job, JobMetadata

AFTER_HEX = "g"  # sorts after every letter of an id


def page(
    session: Session,
    *,
    limit: int,
    before_id: int | None = None,
    state: JobState | None = None,
    kind: JobKind | None = None,
    visible_to: int | None = None,
    priority: Priority | None = None,
    metadata: Sequence[tuple[str, str]] = (),
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    id_prefix: str | None = None,
    label: Label | None = None,
) -> Sequence[Job]:
    """Return up to `limit` jobs, newest first, older than `before_id`.

    Without `visible_to`, the jobs of all keys are among them. `metadata` holds pairs of key and
    value, all of which a job must have; `created_after` includes the moment itself. `id_prefix`
    is the beginning of public ids; with `label`, the jobs come that have such verdicts.
    """
    conditions: list[ColumnElement[bool]] = [Job.deleted_at.is_(None)]
    conditions += [Job.id.in_(_noted(key, value)) for key, value in metadata]
    if visible_to is not None:
        conditions.append(Job.api_key_id == visible_to)
    if before_id is not None:
        conditions.append(Job.id < before_id)
    if state is not None:
        conditions.append(Job.state == state)
    if kind is not None:
        conditions.append(Job.kind == kind)
    if priority is not None:
        conditions.append(Job.priority == priority)
    if created_after is not None:
        conditions.append(Job.created_at >= created_after)
    if created_before is not None:
        conditions.append(Job.created_at < created_before)
    if id_prefix is not None:
        conditions += [Job.public_id >= id_prefix, Job.public_id < id_prefix + AFTER_HEX]
    if label is not None:
        conditions.append(_count_of(label) > 0)
    query = select(Job).where(*conditions).order_by(Job.id.desc()).limit(limit)
    return session.scalars(query).all()


def _noted(key: str, value: str) -> Select[int]:
    return select(JobMetadata.job_id).where(JobMetadata.key == key, JobMetadata.value == value)


def _count_of(label: Label) -> InstrumentedAttribute[int]:
    # No index has it: a job's counters change with every shard, and each index would be written.
    return {Label.FAKE: Job.fake, Label.REAL: Job.real, Label.UNCERTAIN: Job.uncertain}[label]
