"""Quotas: never more open jobs, never more items a day, however many ask at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import QuotaError
from core.terms import JobKind, JobState
from db import jobs, quotas
from db.models import ApiKey, ApiKeyUse, Job
from db.session import Database
from tests.support.rows import add_api_key, add_champion, add_job

THREADS = 8


@pytest.fixture
def version(database: Database) -> int:
    """The id of a champion."""
    return add_champion(database)


def limit(database: Database, **limits: int) -> int:
    """Insert a key with the limits; return its id."""
    key_id = add_api_key(database)
    with database.write() as session:
        key = session.get_one(ApiKey, key_id)
        key.max_open_jobs = limits.get("max_open_jobs")
        key.max_items_a_day = limits.get("max_items_a_day")
    return key_id


def attempt(database: Database, work: Callable[[Session], object]) -> list[object]:
    """Do the work in transactions of several threads at once; return what each came to."""

    def once(_number: int) -> object:
        try:
            with database.write() as session:
                return work(session)
        except QuotaError as error:
            return error

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(once, range(THREADS)))


def test_no_key_has_no_quota(database: Database) -> None:
    """Where keys are not required, nothing is counted."""
    with database.write() as session:
        quotas.admit(session, None)
        assert quotas.spend(session, None, 10**9)
        assert quotas.used_today(session) == {}


def test_a_key_without_limits_is_counted_only(database: Database) -> None:
    """What it used can be shown."""
    key_id = limit(database)
    with database.write() as session:
        quotas.admit(session, key_id)
        assert quotas.spend(session, key_id, 70_000)
        assert quotas.spend(session, key_id, 1)
        assert quotas.used_today(session) == {key_id: 70_001}


def test_items_are_spent_whole_or_not_at_all(database: Database) -> None:
    """What does not fit leaves the rest to spend."""
    key_id = limit(database, max_items_a_day=100)
    with database.write() as session:
        assert quotas.spend(session, key_id, 64)
        assert not quotas.spend(session, key_id, 37)
        assert quotas.spend(session, key_id, 36)
        assert not quotas.spend(session, key_id, 1)
        assert quotas.used_today(session) == {key_id: 100}


def test_spending_is_undone_with_its_transaction(database: Database) -> None:
    """Items that were not written are not counted."""
    key_id = limit(database, max_items_a_day=100)
    with database.write() as session:
        assert quotas.spend(session, key_id, 100)
        session.rollback()
    with database.read() as session:
        assert quotas.used_today(session) == {}


def test_the_next_day_begins_anew(database: Database) -> None:
    """Yesterday's use does not count today."""
    key_id = limit(database, max_items_a_day=100)
    with database.write() as session:
        assert quotas.spend(session, key_id, 100)
        earlier = session.get_one(ApiKeyUse, (key_id, quotas.today(session)))
        earlier.day = earlier.day.replace(year=earlier.day.year - 1)
    with database.write() as session:
        quotas.admit(session, key_id)
        assert quotas.spend(session, key_id, 100)


def test_a_day_that_is_used_up_ends_at_midnight(database: Database) -> None:
    """The error says when to go on."""
    key_id = limit(database, max_items_a_day=100)
    with database.write() as session:
        assert quotas.spend(session, key_id, 100)
    with database.write() as session, pytest.raises(QuotaError, match="after midnight") as caught:
        quotas.admit(session, key_id)
    assert 0 < caught.value.retry_after_s <= 86_401


def test_what_cannot_be_charged_is_an_error(database: Database) -> None:
    """The same one, although the key has something left."""
    key_id = limit(database, max_items_a_day=100)
    with database.write() as session:
        quotas.charge(session, None, 1)
        quotas.charge(session, key_id, 99)
    with database.write() as session, pytest.raises(QuotaError, match="100 items of today"):
        quotas.charge(session, key_id, 2)


def test_open_jobs_are_limited_and_ended_ones_are_free(database: Database, version: int) -> None:
    """Jobs of other keys and those that have ended do not count."""
    key_id = limit(database, max_open_jobs=2)
    other_id = add_api_key(database, "other")
    for owner in (key_id, key_id, other_id, None):
        last = add_job(database, model_version_id=version, api_key_id=owner)
    with database.write() as session, pytest.raises(QuotaError, match="2 open jobs"):
        quotas.admit(session, key_id)
    with database.write() as session:
        quotas.admit(session, other_id)
        assert quotas.open_jobs(session) == {key_id: 2, other_id: 1}
        session.execute(
            update(Job).where(Job.id < last).values(state=JobState.COMPLETED)  # both of the key
        )
        quotas.admit(session, key_id)


def test_requests_at_once_do_not_share_the_last_place(database: Database, version: int) -> None:
    """Of eight, three are let in."""
    key_id = limit(database, max_open_jobs=3)

    def submit(session: Session) -> bool:
        quotas.admit(session, key_id)
        jobs.create(
            session,
            public_id=jobs.new_public_id(),
            kind=JobKind.BULK,
            source={"type": "folder", "path": "/faces"},
            model_version_id=version,
            api_key_id=key_id,
        )
        return True

    found = attempt(database, submit)
    assert found.count(True) == 3
    assert sum(isinstance(one, QuotaError) for one in found) == THREADS - 3


def test_planners_at_once_do_not_spend_twice(database: Database) -> None:
    """Of eight groups of ten items, five fit into fifty."""
    key_id = limit(database, max_items_a_day=50)
    found = attempt(database, lambda session: quotas.spend(session, key_id, 10))
    assert sorted(map(bool, found)) == [False] * 3 + [True] * 5
