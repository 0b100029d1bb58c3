"""Claims: queued shards taken by lease, one or a handful at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Row,
    Select,
    bindparam,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.sources import SourceItem
from core.terms import FaceMode, ShardState
from db import dispatching, jobs
from db.clock import database_time
from db.models import Job, ModelVersion, Shard
from db.models.shards import positions_of

CLAIMED = (  # columns, and no mapped object: a fast worker's time went into making these
    Shard.id,
    Shard.job_id,
    Shard.rank,
    Shard.turn,
    Shard.first_position,
    Shard.items,
    Shard.lease_token,
    Shard.attempts,
    Shard.postponements,
)


@dataclass(frozen=True)
class ShardClaim:
    """The right to commit a shard; `token` is the fencing number of this claim.

    `attempts` counts this claim too: above 1, the shard has failed before.
    """

    shard_id: int
    job_id: int
    public_id: str
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

    @property
    def is_fresh(self) -> bool:
        """Whether the shard is in hand for the first time."""
        return self.attempts == 1 and self.postponements == 0


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
    claiming = _claiming_next(interactive, bool(barred))
    taken = session.connection().execute(claiming, given).first()
    if taken is None:
        return None
    query = (
        select(Job.public_id, Job.model_version_id, ModelVersion.name, Job.rescan, Job.faces)
        .join(ModelVersion, ModelVersion.id == Job.model_version_id)
        .where(Job.id == taken.job_id)
    )
    public_id, model_version_id, model_version, rescan, faces = session.execute(query).one()
    return ShardClaim(
        job_id=taken.job_id,
        public_id=public_id,
        model_version_id=model_version_id,
        model_version=model_version,
        interactive=taken.rank == dispatching.INTERACTIVE_RANK,
        rescan=rescan,
        faces=faces,
        **_of_shard(taken),
    )


def claim_more(
    session: Session, first: ShardClaim, *, worker: str, lease_s: float, at_most: int
) -> list[ShardClaim]:
    """Take up to so many further shards of the job, which was claimed from in this transaction.

    Only shards that nobody has had in hand are taken: one that has failed is scanned alone.
    """
    ids = session.scalars(_fresh(), {"job_id": first.job_id, "most": at_most}).all()
    if not ids:
        return []
    given = {"ids": ids, "worker": worker, "lease_s": lease_s}
    taken = session.connection().execute(_claiming_these(), given).all()
    return [
        replace(first, **_of_shard(shard)) for shard in sorted(taken, key=lambda shard: shard.turn)
    ]


@cache
def _claiming_next(interactive: bool, some_barred: bool) -> ReturningUpdate[*tuple[Any, ...]]:
    """Return the statement of a claim, built once: it runs for each handful."""
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
    return _claiming(Shard.id == next_id.scalar_subquery())


@cache
def _fresh() -> Select[int]:
    return (
        select(Shard.id)
        .where(Shard.job_id == bindparam("job_id"), Shard.state == ShardState.QUEUED)
        .where(Shard.attempts == 0, Shard.postponements == 0)
        .order_by(Shard.rank, Shard.turn, Shard.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


@cache
def _claiming_these() -> ReturningUpdate[*tuple[Any, ...]]:
    return _claiming(Shard.id.in_(bindparam("ids", expanding=True)))


def _claiming(chosen: ColumnElement[bool]) -> ReturningUpdate[*tuple[Any, ...]]:
    return (
        update(Shard)
        .where(chosen, Shard.state == ShardState.QUEUED)
        .values(
            state=ShardState.LEASED,
            attempts=Shard.attempts + 1,
            lease_token=Shard.lease_token + 1,
            leased_by=bindparam("worker"),
            lease_expires_at=database_time(bindparam("lease_s", type_=Float)),
        )
        .returning(*CLAIMED)
    )


def _of_shard(taken: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return what a claim has of its shard's row."""
    return {
        "shard_id": taken.id,
        "positions": tuple(positions_of(taken.first_position, taken.items)),
        "items": tuple(map(SourceItem.from_row, taken.items)),
        "token": taken.lease_token,
        "attempts": taken.attempts,
        "postponements": taken.postponements,
    }
