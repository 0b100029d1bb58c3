"""What becomes of claimed shards: they are finished, as wholes or in part, or handed back."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Update,
    and_,
    bindparam,
    case,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from core.terms import ShardState
from db import dispatching, endings, retries, verdicts
from db.claims import ShardClaim
from db.clock import database_time
from db.dispatching import Queued
from db.leases import LeaseLostError, leased
from db.models import Shard
from db.verdicts import NewVerdict

FOR_PAUSES = 10  # postponements: after them, pauses are the longest anyway


def lock(session: Session, claims: Sequence[ShardClaim]) -> None:
    """Lock the shards' rows, which comes before the job's: every transaction does it so.

    Raises LeaseLostError with those that are no longer ours.
    """
    rows = session.execute(leased(), {"ids": [claim.shard_id for claim in claims]})
    tokens = {row.id: row.lease_token for row in rows}
    lost = [claim.shard_id for claim in claims if tokens.get(claim.shard_id) != claim.token]
    if lost:
        raise LeaseLostError(lost)


def finish(
    session: Session, claims: Sequence[ShardClaim], found: Sequence[NewVerdict], *, window: int
) -> tuple[Queued, bool]:
    """Commit shards of one job: verdicts, the job's counters, the shards done; all or nothing.

    Queues the job's next shards as well, within the window. Returns what was queued, and whether
    the job ended. Raises LeaseLostError when a claim is no longer the newest: the
    transaction must then be rolled back; the other shards can be committed without that one.
    """
    lock(session, claims)
    job_id, ending = claims[0].job_id, len(claims)
    standing = verdicts.record(session, job_id, claims[0].model_version_id, found, shards=ending)
    is_last = standing.listed_at is not None and standing.ended >= standing.total
    queued = Queued() if is_last else dispatching.fill(session, job_id, window=window)
    first = standing.landed - ending + 1
    landings = [
        {"done_id": claim.shard_id, "number": number} for number, claim in enumerate(claims, first)
    ]
    session.connection().execute(_landing(), landings)
    return queued, endings.settle(session, standing)


def finish_some(
    session: Session, claim: ShardClaim, found: Sequence[NewVerdict], *, error: str, delay_s: float
) -> bool:
    """Commit the verdicts of some of the shard's items, and return the others as `postpone` does.

    The finished ones become a shard of their own, so that every shard ends in one commit. Returns
    whether the job ended by it. Raises LeaseLostError, as `finish` does.
    """
    shard = _lock_claimed(session, claim)
    ended = {verdict.position for verdict in found}
    rows = [
        {**row, "position": position}
        for position, row in zip(claim.positions, shard.items, strict=True)
    ]
    done = [row for row in rows if row["position"] in ended]
    rest = [row for row in rows if row["position"] not in ended]
    _update_claimed(
        session,
        claim,
        items=rest,
        size=len(rest),
        first_position=rest[0]["position"],
        **_postponed(delay_s, error),
    )
    standing = verdicts.record(session, claim.job_id, claim.model_version_id, found)
    session.execute(
        insert(Shard).values(
            job_id=claim.job_id,
            round=shard.round,
            first_position=done[0]["position"],
            size=len(done),
            items=done,
            state=ShardState.DONE,
            rank=shard.rank,
            attempts=claim.attempts,
            leased_by=shard.leased_by,
            lease_token=claim.token,
            landing=standing.landed,
        )
    )
    return endings.settle(session, standing)


def hand_back(session: Session, claim: ShardClaim, *, error: str, max_attempts: int) -> bool:
    """Return a shard that failed: to be tried again, halved, or ended as poison.

    Returns whether the job ended by it.
    """
    _update_claimed(session, claim, last_error=error)
    shard = session.get_one(Shard, claim.shard_id, populate_existing=True)
    return retries.retry(session, shard, max_attempts=max_attempts)


def postpone(
    session: Session, claim: ShardClaim, *, error: str, delay_s: float, is_away: bool = False
) -> bool:
    """Return a shard that could not be scanned through no fault of its images.

    It is queued again after `delay_s` seconds; 0 hands it to the next worker at once. With
    `is_away`, storage had nothing of it, which is not tried for ever: that is counted. Returns
    whether the job, which may have been stopped meanwhile, ended by it.
    """
    _update_claimed(session, claim, **_postponed(delay_s, error, is_away=is_away))
    return endings.settle_job(session, claim.job_id)


def _postponed(delay_s: float, error: str, *, is_away: bool = False) -> dict[str, Any]:
    """Return what changes; pauses grow with the postponements, which only storage brings far."""
    more = Shard.postponements + 1
    if not is_away:
        more = case((more > FOR_PAUSES, Shard.postponements), else_=more)
    return {
        "state": ShardState.PLANNED,
        "attempts": Shard.attempts - 1,
        "postponements": more if delay_s > 0 else Shard.postponements,
        "not_before": database_time(delay_s) if delay_s > 0 else None,
        "last_error": error,
    }


@cache
def _landing() -> Update[Any]:
    return (
        update(Shard)
        .where(Shard.id == bindparam("done_id"))
        .values(state=ShardState.DONE, lease_expires_at=None, landing=bindparam("number"))
    )


def _held(claim: ShardClaim) -> ColumnElement[bool]:
    return and_(
        Shard.id == claim.shard_id,
        Shard.lease_token == claim.token,
        Shard.state == ShardState.LEASED,
    )


def _lock_claimed(session: Session, claim: ShardClaim) -> Row[Any, Any, Any, Any]:
    columns = (Shard.items, Shard.round, Shard.rank, Shard.leased_by)
    row = session.execute(select(*columns).where(_held(claim)).with_for_update()).first()
    if row is None:
        raise LeaseLostError([claim.shard_id])
    return row


def _update_claimed(session: Session, claim: ShardClaim, **values: object) -> None:
    row = session.execute(
        update(Shard)
        .where(_held(claim))
        .values(lease_expires_at=None, **values)
        .returning(Shard.id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        raise LeaseLostError([claim.shard_id])
