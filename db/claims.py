"""Claims: queued shards taken by lease, one or a handful at a time, and kept by renewing it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    bindparam,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.errors import FakesweepError
from core.sources import SourceItem
from core.terms import FaceMode, ShardState
from db import dispatching, jobs
from db.clock import database_time
from db.models import Job, ModelVersion, Shard


class LeaseLostError(FakesweepError):
    """Another worker holds these shards by now; what this one did of them is dropped."""

    def __init__(self, shard_ids: Sequence[int]) -> None:
        names = ", ".join(str(shard_id) for shard_id in shard_ids)
        super().__init__(f"Given to another worker, so this one's work is dropped: shard {names}.")
        self.shard_ids = shard_ids


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
    shard = session.scalar(_claiming_next(interactive, bool(barred)), given)
    if shard is None:
        return None
    query = (
        select(Job.public_id, Job.model_version_id, ModelVersion.name, Job.rescan, Job.faces)
        .join(ModelVersion, ModelVersion.id == Job.model_version_id)
        .where(Job.id == shard.job_id)
    )
    public_id, model_version_id, model_version, rescan, faces = session.execute(query).one()
    return ShardClaim(
        shard_id=shard.id,
        job_id=shard.job_id,
        public_id=public_id,
        model_version_id=model_version_id,
        model_version=model_version,
        interactive=shard.rank == dispatching.INTERACTIVE_RANK,
        rescan=rescan,
        faces=faces,
        positions=tuple(shard.positions),
        items=_items(shard),
        token=shard.lease_token,
        attempts=shard.attempts,
        postponements=shard.postponements,
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
    taken = session.scalars(_claiming_these(), given).all()
    return [
        replace(
            first,
            shard_id=shard.id,
            positions=tuple(shard.positions),
            items=_items(shard),
            token=shard.lease_token,
            attempts=shard.attempts,
            postponements=shard.postponements,
        )
        for shard in sorted(taken, key=lambda shard: shard.turn or 0)
    ]


def renew(session: Session, tokens: Sequence[tuple[int, int]], *, lease_s: float) -> None:
    """Extend the leases of the claims, given as (shard id, token); a lost one stays lost.

    Rows are locked by their ids, as commits do it; one that is being committed needs no renewal.
    """
    wanted = dict(tokens)
    rows = session.execute(leased(skip_locked=True), {"ids": list(wanted)}).all()
    held = [row.id for row in rows if row.lease_token == wanted[row.id]]
    session.execute(
        update(Shard)
        .where(Shard.id.in_(held))
        .values(lease_expires_at=database_time(lease_s))
        .execution_options(synchronize_session=False)
    )


@cache
def _claiming_next(interactive: bool, some_barred: bool) -> ReturningUpdate[Shard]:
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
def leased(*, skip_locked: bool = False) -> Select[int, int]:
    """Return the query of those of the shards `ids` that are in hand: id and token, locked."""
    return (
        select(Shard.id, Shard.lease_token)
        .where(Shard.id.in_(bindparam("ids", expanding=True)), Shard.state == ShardState.LEASED)
        .order_by(Shard.id)
        .with_for_update(skip_locked=skip_locked)
    )


@cache
def _claiming_these() -> ReturningUpdate[Shard]:
    return _claiming(Shard.id.in_(bindparam("ids", expanding=True)))


def _claiming(chosen: ColumnElement[bool]) -> ReturningUpdate[Shard]:
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
        .returning(Shard)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


def _items(shard: Shard) -> tuple[SourceItem, ...]:
    return tuple(SourceItem.from_row(row) for row in shard.items)
