"""Shards: claimed by lease, kept by renewing it, and finished once or handed back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Float, Row, and_, bindparam, insert, or_, select, true, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.errors import FakesweepError
from core.sources import SourceItem
from core.terms import FaceMode, ShardState
from db import dispatching, endings, jobs, retries, verdicts
from db.clock import database_time
from db.models import Job, ModelVersion, Shard
from db.verdicts import NewVerdict


class LeaseLostError(FakesweepError):
    """Another worker holds the shard by now; what this one did of it is dropped."""


@dataclass(frozen=True)
class ShardClaim:
    """The right to commit a shard; `token` is the fencing number of this claim.

    `attempts` counts this claim too: above 1, the shard has failed before.
    """

    shard_id: int
    job_id: int
    model_version_id: int
    model_version: str
    interactive: bool
    rescan: bool
    faces: FaceMode
    positions: tuple[int, ...]
    items: tuple[SourceItem, ...]
    token: int
    attempts: int
    postponements: int


def claim_next(
    session: Session,
    *,
    worker: str,
    lease_s: float,
    interactive: bool = False,
    barred: Sequence[int] = (),
) -> ShardClaim | None:
    """Take the queued shard whose turn it is, or return None when none waits.

    With `interactive`, only single scans count; shards of the `barred` jobs do not.
    """
    given: dict[str, object] = {"worker": worker, "lease_s": lease_s}
    if barred:
        given["barred"] = barred
    shard = session.scalar(_claiming(interactive, bool(barred)), given)
    return None if shard is None else _claim(session, shard)


@cache
def _claiming(interactive: bool, some_barred: bool) -> ReturningUpdate[Shard]:
    """Return the statement of a claim, built once: it runs for each shard."""
    wanted = select(Job.id).where(Job.id == Shard.job_id, Job.state.in_(jobs.ACTIVE)).exists()
    next_id = (
        select(Shard.id)
        .where(Shard.state == ShardState.QUEUED, wanted)
        .where(Shard.rank == dispatching.INTERACTIVE_RANK if interactive else true())
        .where(Shard.job_id.not_in(bindparam("barred", expanding=True)) if some_barred else true())
        .order_by(Shard.rank, Shard.turn, Shard.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (
        update(Shard)
        .where(Shard.id == next_id.scalar_subquery(), Shard.state == ShardState.QUEUED)
        .values(
            state=ShardState.LEASED,
            attempts=Shard.attempts + 1,
            lease_token=Shard.lease_token + 1,
            leased_by=bindparam("worker"),
            lease_expires_at=database_time(bindparam("lease_s", type_=Float)),
        )
        .returning(Shard)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


def renew(session: Session, tokens: Sequence[tuple[int, int]], *, lease_s: float) -> None:
    """Extend the leases of the claims, given as (shard id, token); a lost one stays lost."""
    held = or_(*(and_(Shard.id == id_, Shard.lease_token == token) for id_, token in tokens))
    session.execute(
        update(Shard)
        .where(held, Shard.state == ShardState.LEASED)
        .values(lease_expires_at=database_time(lease_s))
        .execution_options(synchronize_session=False)
    )


def finish(
    session: Session, claim: ShardClaim, found: Sequence[NewVerdict], *, window: int
) -> tuple[int, bool]:
    """Commit the shard: its verdicts, the job's counters, the shard done; all or nothing.

    Queues the job's next shards as well, within the window. Returns how many those are, and
    whether the job ended. Raises LeaseLostError when the claim is no longer the newest: the
    transaction must then be rolled back.
    """
    _lock_claimed(session, claim)
    standing = verdicts.record(session, claim.job_id, claim.model_version_id, found)
    queued = dispatching.fill(session, claim.job_id, window=window + 1)  # this one leaves it
    _update_claimed(session, claim, state=ShardState.DONE, landing=standing.landed)
    return queued, endings.settle(session, standing)


def finish_some(
    session: Session, claim: ShardClaim, found: Sequence[NewVerdict], *, error: str, delay_s: float
) -> None:
    """Commit the verdicts of some of the shard's items, and return the others as `postpone` does.

    The finished ones become a shard of their own, so that every shard ends in one commit. Raises
    LeaseLostError, as `finish` does.
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
    endings.settle(session, standing)


def hand_back(session: Session, claim: ShardClaim, *, error: str, max_attempts: int) -> bool:
    """Return a shard that failed: to be tried again, halved, or ended as poison.

    Returns whether the job ended by it.
    """
    _update_claimed(session, claim, last_error=error)
    shard = session.get_one(Shard, claim.shard_id, populate_existing=True)
    return retries.retry(session, shard, max_attempts=max_attempts)


def postpone(session: Session, claim: ShardClaim, *, error: str, delay_s: float) -> None:
    """Return a shard that could not be scanned through no fault of its images.

    It is queued again after `delay_s` seconds; 0 hands it to the next worker at once.
    """
    _update_claimed(session, claim, **_postponed(delay_s, error))
    endings.settle_job(session, claim.job_id)


def _postponed(delay_s: float, error: str) -> dict[str, Any]:
    return {
        "state": ShardState.PLANNED,
        "attempts": Shard.attempts - 1,
        "postponements": Shard.postponements + (1 if delay_s > 0 else 0),
        "not_before": database_time(delay_s) if delay_s > 0 else None,
        "last_error": error,
    }


def _claim(session: Session, shard: Shard) -> ShardClaim:
    query = (
        select(Job.model_version_id, ModelVersion.name, Job.rescan, Job.faces)
        .join(ModelVersion, ModelVersion.id == Job.model_version_id)
        .where(Job.id == shard.job_id)
    )
    model_version_id, model_version, rescan, faces = session.execute(query).one()
    return ShardClaim(
        shard_id=shard.id,
        job_id=shard.job_id,
        model_version_id=model_version_id,
        model_version=model_version,
        interactive=shard.rank == dispatching.INTERACTIVE_RANK,
        rescan=rescan,
        faces=faces,
        positions=tuple(shard.positions),
        items=tuple(SourceItem.from_row(row) for row in shard.items),
        token=shard.lease_token,
        attempts=shard.attempts,
        postponements=shard.postponements,
    )


def _held(claim: ShardClaim) -> ColumnElement[bool]:
    return and_(
        Shard.id == claim.shard_id,
        Shard.lease_token == claim.token,
        Shard.state == ShardState.LEASED,
    )


def _lock_claimed(session: Session, claim: ShardClaim) -> Row[Any, Any, Any, Any]:
    """Lock the shard's row before the job's: every transaction that needs both does it so."""
    columns = (Shard.items, Shard.round, Shard.rank, Shard.leased_by)
    row = session.execute(select(*columns).where(_held(claim)).with_for_update()).first()
    if row is None:
        raise _lease_lost(claim)
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
        raise _lease_lost(claim)


def _lease_lost(claim: ShardClaim) -> LeaseLostError:
    return LeaseLostError(
        f"Shard {claim.shard_id} was given to another worker; this one's work is dropped."
    )
