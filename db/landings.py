"""Landings: the ended shards of a job in the order of their commits, and their verdicts.

A shard lands in the transaction that ends it, which holds the job's row: whoever sees a landing
sees all before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Shard, Verdict


@dataclass(frozen=True)
class Landing:
    """The verdicts of one ended shard, and its number among the landings of the job."""

    number: int
    verdicts: Sequence[Verdict]


def after(session: Session, job_id: int, number: int, *, limit: int) -> Sequence[Landing]:
    """Return up to `limit` landings that came after the one of the number, in order.

    A shard whose items are all being tried again has no verdicts until they land anew.
    """
    query = (
        select(Shard)
        .where(Shard.job_id == job_id, Shard.landing > number)
        .order_by(Shard.landing)
        .limit(limit)
    )
    return [
        Landing(shard.landing or 0, _verdicts(session, shard)) for shard in session.scalars(query)
    ]


def _verdicts(session: Session, shard: Shard) -> Sequence[Verdict]:
    query = (
        select(Verdict)
        .where(Verdict.job_id == shard.job_id, Verdict.position.in_(shard.positions))
        .order_by(Verdict.position)
    )
    return session.scalars(query).all()
