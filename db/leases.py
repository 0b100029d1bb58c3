"""Leases of shards: they end unless they are renewed, and a lost one stays lost."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from core.errors import FakesweepError
from core.terms import ShardState
from db.clock import database_time
from db.models import Shard


class LeaseLostError(FakesweepError):
    """Another worker holds these shards by now; what this one did of them is dropped."""

    def __init__(self, shard_ids: Sequence[int]) -> None:
        names = ", ".join(str(shard_id) for shard_id in shard_ids)
        super().__init__(f"Given to another worker, so this one's work is dropped: shard {names}.")
        self.shard_ids = shard_ids


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
def leased(*, skip_locked: bool = False) -> Select[int, int]:
    """Return the query of those of the shards `ids` that are in hand: id and token, locked."""
    return (
        select(Shard.id, Shard.lease_token)
        .where(Shard.id.in_(bindparam("ids", expanding=True)), Shard.state == ShardState.LEASED)
        .order_by(Shard.id)
        .with_for_update(skip_locked=skip_locked)
    )
