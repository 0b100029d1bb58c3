"""The items of a job, found in the shards that the source's listing made."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, select
from sqlalchemy.orm import Session

from core.sources import Place
from db.models import Shard

MOST_SHARDS = 16  # of a read


def rows_at(session: Session, job_id: int, positions: Sequence[int]) -> list[Mapping[str, Any]]:
    """Return the items at the positions, which ascend, as their shards hold them.

    The shards are read backwards, from the last item that is missing, until every item is found:
    parts of what was one shard may lie across each other. Where the items are close together, more
    and more shards are read at once. Raises LookupError when there are no such items.
    """
    missing, found, behind, most = set(positions), {}, positions[-1] + 1, 1
    waiting = list(positions)
    while missing:
        while waiting[-1] not in missing:
            waiting.pop()
        behind = min(behind, waiting[-1] + 1)
        given = {"job_id": job_id, "behind": behind, "most": most}
        some = session.scalars(_backwards(), given).all()
        if not some:
            raise LookupError(f"Job {job_id} has no items at the positions {sorted(missing)}.")
        before = len(missing)
        for shard in some:
            behind = shard.first_position
            for position, row in zip(shard.positions, shard.items, strict=True):
                if position in missing:
                    missing.remove(position)
                    found[position] = {**row, "position": position}
        most = min(2 * most, MOST_SHARDS) if before - len(missing) >= len(some) else 1
    return [found[position] for position in positions]


@cache
def _backwards() -> Select[Shard]:
    return (
        select(Shard)
        .where(Shard.job_id == bindparam("job_id"), Shard.round == 0)
        .where(Shard.first_position < bindparam("behind"))
        .order_by(Shard.first_position.desc())
        .limit(bindparam("most", type_=Integer))
    )


def place(session: Session, job_id: int, *, count: int) -> Place | None:
    """Return where a listing stopped that has given so many items; None for one without any."""
    if not count:
        return None
    (last,) = rows_at(session, job_id, [count - 1])
    return Place(count=count, last_uri=last["uri"])
