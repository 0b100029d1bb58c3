"""Quotas of API keys: how many jobs may be open, how many items they may list in a day (UTC)."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core.errors import QuotaError
from db import jobs
from db.clock import database_time
from db.inserting import insert_into
from db.models import ApiKey, ApiKeyUse, Job

OPEN_JOBS_RETRY_S = 30


def admit(session: Session, api_key_id: int | None) -> None:
    """Raise QuotaError when the key may not make another job now; call it where the job is made.

    The key stays locked until the transaction ends, so that no two of its requests take the last
    place. A caller without a key has no quota.
    """
    if api_key_id is None:
        return
    locked = {"key_share": True}  # rows that refer to the key may still be inserted
    key = session.get_one(ApiKey, api_key_id, with_for_update=locked, populate_existing=True)
    if key.max_open_jobs is not None and _open_jobs(session, key.id) >= key.max_open_jobs:
        most = "1 open job" if key.max_open_jobs == 1 else f"{key.max_open_jobs:,} open jobs"
        raise QuotaError(
            f"This API key may have {most} at a time, and has that many. Wait until one has "
            "ended, or cancel one.",
            retry_after_s=OPEN_JOBS_RETRY_S,
        )
    if key.max_items_a_day is not None and _used(session, key.id) >= key.max_items_a_day:
        raise _day_used_up(session, key)


def charge(session: Session, api_key_id: int | None, items: int) -> None:
    """Count the items as `spend` does; raises QuotaError when the key has too few left."""
    if not spend(session, api_key_id, items):
        raise _day_used_up(session, session.get_one(ApiKey, api_key_id))


def spend(session: Session, api_key_id: int | None, items: int) -> bool:
    """Count items that a job of the key lists today, all of them or none.

    Returns False, having counted nothing, when they are more than the key has left: the caller
    writes none of them. Call it in the transaction that writes them. Items without a key are free.
    """
    if api_key_id is None:
        return True
    day = today(session)
    _begin_day(session, api_key_id, day)
    limit = select(ApiKey.max_items_a_day).where(ApiKey.id == api_key_id).scalar_subquery()
    row = session.execute(
        update(ApiKeyUse)
        .where(ApiKeyUse.api_key_id == api_key_id, ApiKeyUse.day == day)
        .where(or_(limit.is_(None), ApiKeyUse.items + items <= limit))
        .values(items=ApiKeyUse.items + items)
        .returning(ApiKeyUse.items)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None


def today(session: Session) -> date:
    """Return the database's day, in UTC."""
    return _now(session).date()


def used_today(session: Session) -> dict[int, int]:
    """Return how many items each key's jobs have listed today."""
    query = select(ApiKeyUse.api_key_id, ApiKeyUse.items).where(ApiKeyUse.day == today(session))
    return dict(session.execute(query).all())


def open_jobs(session: Session) -> dict[int, int]:
    """Return how many open jobs each key has."""
    query = (
        select(Job.api_key_id, func.count())
        .where(Job.api_key_id.is_not(None), Job.state.in_(jobs.UNENDED))
        .group_by(Job.api_key_id)
    )
    return {key_id: count for key_id, count in session.execute(query) if key_id is not None}


def _open_jobs(session: Session, api_key_id: int) -> int:
    query = select(func.count()).where(Job.api_key_id == api_key_id, Job.state.in_(jobs.UNENDED))
    return session.scalar(query) or 0


def _used(session: Session, api_key_id: int) -> int:
    found = session.get(ApiKeyUse, (api_key_id, today(session)), populate_existing=True)
    return found.items if found else 0


def _begin_day(session: Session, api_key_id: int, day: date) -> None:
    row = {"api_key_id": api_key_id, "day": day, "items": 0}
    session.execute(insert_into(session, ApiKeyUse).on_conflict_do_nothing(), [row])


def _now(session: Session) -> datetime:
    """Return the database's time, in UTC."""
    return session.execute(select(database_time())).scalar_one()


def _day_used_up(session: Session, key: ApiKey) -> QuotaError:
    now = _now(session)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
    return QuotaError(
        f"This API key has used up its {key.max_items_a_day:,} items of today. "
        "Go on after midnight UTC, or ask the administrator for more.",
        retry_after_s=int((midnight - now).total_seconds()) + 1,
    )
