"""Leases: renewed while something is in hand, and no longer; never taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db import plan_turns
from db.clock import database_time
from db.models import Job, Shard
from db.session import Database
from tests.support.rows import add_champion, add_job, add_planned_job, claim_shard, shards_of
from tests.support.scanning import plan_claim
from workers.leases import LeaseKeeper

LEASE_S = 1000.0


def _keeper(database: Database, *, longest_s: float = 600) -> LeaseKeeper:
    return LeaseKeeper(database, lease_s=LEASE_S, longest_s=longest_s)


def _is_renewed(database: Database, expires_at: datetime | None) -> bool:
    """Tell whether a lease ends later than those of 60 seconds, with which the tests claim."""
    with database.read() as session:
        return (
            expires_at is not None
            and expires_at > session.scalars(select(database_time(LEASE_S / 2))).one()
        )


def _shard(database: Database) -> Shard:
    (shard,) = shards_of(database, add_planned_job(database, items=2))
    return shard


def _lease(database: Database, shard: Shard) -> datetime | None:
    with database.read() as session:
        return session.get_one(Shard, shard.id).lease_expires_at


def test_a_shard_in_hand_is_renewed_and_no_other(database: Database) -> None:
    """While the block runs its lease is extended; before and after it is not."""
    keeper, shard, other = _keeper(database), _shard(database), _shard(database)
    claim, _ = claim_shard(database, shard.id), claim_shard(database, other.id)
    with keeper.shards([(claim.shard_id, claim.token)]):
        keeper.renew()
        assert _is_renewed(database, _lease(database, shard))
        assert not _is_renewed(database, _lease(database, other))
    before = _lease(database, shard)
    keeper.renew()
    assert _lease(database, shard) == before


def test_a_planner_keeps_its_job(database: Database) -> None:
    """The lease of a job that is being planned is renewed as well."""
    keeper = _keeper(database)
    job_id = add_job(database, model_version_id=add_champion(database))
    claim = plan_claim(database, job_id)
    with keeper.plan(claim.job_id, claim.token):
        keeper.renew()
    with database.write() as session:
        assert _is_renewed(database, session.get_one(Job, job_id).plan_lease_expires_at)
        plan_turns.release(session, claim)


def test_a_shard_that_takes_too_long_is_let_go(database: Database) -> None:
    """A worker that hangs does not keep its shard forever."""
    keeper, shard = _keeper(database, longest_s=0), _shard(database)
    claim = claim_shard(database, shard.id)
    with keeper.shards([(claim.shard_id, claim.token)]):
        keeper.renew()
    assert not _is_renewed(database, _lease(database, shard))


def test_a_lease_that_was_lost_stays_lost(database: Database) -> None:
    """Once another worker has claimed the shard, renewing changes nothing for either."""
    keeper, shard = _keeper(database), _shard(database)
    late = claim_shard(database, shard.id, lease_s=-1)
    claim_shard(database, shard.id, worker="owner")
    with keeper.shards([(late.shard_id, late.token)]):
        keeper.renew()
    (now,) = shards_of(database, shard.job_id)
    assert (now.leased_by, now.lease_token) == ("owner", late.token + 1)
    assert not _is_renewed(database, now.lease_expires_at)


class _Flaky(Database):
    """A database that is away for the first two writes."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.refused = 0
        self.written = Event()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Refuse twice, then open a session."""
        if self.refused < 2:
            self.refused += 1
            raise OperationalError("UPDATE", {}, Exception("the database is restarting"))
        with super().write() as session:
            yield session
        self.written.set()


def test_a_database_that_is_away_for_a_moment(database: Database) -> None:
    """The keeper's thread outlives it, and renews as soon as the database is back."""
    shard = _shard(database)
    claim = claim_shard(database, shard.id, lease_s=10)
    flaky = _Flaky(database.engine.url.render_as_string(hide_password=False))
    keeper = LeaseKeeper(flaky, lease_s=0.03, longest_s=600)
    before = _lease(database, shard)
    keeper.start()
    with keeper.shards([(claim.shard_id, claim.token)]):
        assert flaky.written.wait(30)
    keeper.close()
    flaky.close()
    assert flaky.refused == 2
    assert _lease(database, shard) != before


@pytest.mark.parametrize("started", [True, False])
def test_closing_ends_the_thread(sqlite_url: str, started: bool) -> None:
    """Closing waits for the thread, if there is one."""
    keeper = _keeper(Database(sqlite_url))
    if started:
        keeper.start()
    keeper.close()
    assert keeper._thread is None or not keeper._thread.is_alive()
