"""The items of a job, found in the shards that the source's listing made."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.sources import Place
from db.models import Shard

SHARDS_A_READ = 16


def rows_at(session: Session, job_id: int, positions: Sequence[int]) -> list[Mapping[str, Any]]:
    """Return the items at the positions, which ascend, as their shards hold them.

    The shards are read backwards until every item is found: parts of what was one shard may lie
    across each other.
    """
    listed = session.scalars(
        select(Shard)
        .where(Shard.job_id == job_id, Shard.round == 0)
        .where(Shard.first_position <= positions[-1])
        .order_by(Shard.first_position.desc())
        .execution_options(yield_per=SHARDS_A_READ)
    )
    missing, found = set(positions), {}
    with closing(listed):
        for shard in listed:
            for position, row in zip(shard.positions, shard.items, strict=True):
                if position in missing:
                    missing.remove(position)
                    found[position] = {**row, "position": position}
            if not missing:
                break
    return [found[position] for position in positions]


def place(session: Session, job_id: int, *, count: int) -> Place | None:
    """Return where a listing stopped that has given so many items; None for one without any."""
    if not count:
        return None
    (last,) = rows_at(session, job_id, [count - 1])
    return Place(count=count, last_uri=last["uri"])
