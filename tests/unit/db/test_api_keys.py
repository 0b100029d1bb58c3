"""API keys: seen once, found by digest, revoked for good, their use noted now and then."""

import re

import pytest
from sqlalchemy import select, update

from core.errors import ConflictError, NotFoundError
from core.terms import Scope
from db import api_keys
from db.clock import database_time
from db.models import ApiKey
from db.session import Database
from tests.support.webhooks import add_endpoint, get_endpoint


def create(database: Database, name: str = "app", *scopes: Scope) -> str:
    """Make a key and return it."""
    with database.write() as session:
        return api_keys.create(session, name=name, scopes=scopes or [Scope.SCAN])


def stored(database: Database) -> ApiKey:
    """Return the row of the only key."""
    with database.read() as session:
        return session.scalars(select(ApiKey)).one()


def test_the_key_itself_is_not_stored(database: Database) -> None:
    """Only its digest, and a beginning too short to be of use."""
    key = create(database)
    assert re.fullmatch(r"fsk_[A-Za-z0-9_-]{43}", key)
    row = stored(database)
    kept = [str(value) for value in vars(row).values()]
    assert not any(key in value or key[20:] in value for value in kept)
    assert (len(row.digest), row.shown) == (32, key[:10])


def test_a_key_is_found_with_its_scopes(database: Database) -> None:
    """By the whole key, and by nothing else."""
    key = create(database, "app", Scope.ADMIN, Scope.SCAN)
    other = create(database, "other")
    with database.read() as session:
        found, another = api_keys.find(session, key), api_keys.find(session, other)
        assert found is not None
        assert another is not None
        assert found.scopes == {Scope.SCAN, Scope.ADMIN}
        assert another.scopes == {Scope.SCAN}
        assert found.id != another.id
        almost = key[:-1] + ("A" if key[-1] != "A" else "B")
        for wrong in ("", "fsk_", almost, key + "A", f" {key}", key.upper(), f"{key}\n"):
            assert api_keys.find(session, wrong) is None


def test_a_revoked_key_is_as_good_as_unknown(database: Database) -> None:
    """Revoking twice changes nothing, and the name stays taken, because its jobs stay."""
    key = create(database)
    with database.write() as session:
        api_keys.revoke(session, "app")
    revoked_at = stored(database).revoked_at
    with database.write() as session:
        api_keys.revoke(session, "app")
        assert api_keys.find(session, key) is None
    assert stored(database).revoked_at == revoked_at is not None
    with pytest.raises(ConflictError, match="key named app already"):
        create(database)


def test_revoking_an_unknown_key_is_a_sentence(database: Database) -> None:
    """It says where the names are."""
    with database.write() as session, pytest.raises(NotFoundError, match="keys list"):
        api_keys.revoke(session, "nobody")


def test_use_is_noted_once_a_minute(database: Database) -> None:
    """So that most requests only read."""
    key = create(database)

    def is_noted() -> bool:
        with database.read() as session:
            found = api_keys.find(session, key)
            assert found is not None
            return found.use_is_noted

    def note() -> None:
        with database.write() as session:
            api_keys.note_use(session, stored(database).id)

    assert not is_noted()
    note()
    first = stored(database).last_used_at
    assert is_noted()
    note()
    assert stored(database).last_used_at == first
    with database.write() as session:
        session.execute(update(ApiKey).values(last_used_at=database_time(-61)))
    assert not is_noted()
    note()
    assert is_noted()


def test_a_revoked_keys_webhooks_are_disabled(database: Database) -> None:
    """Whoever had the key made them perhaps."""
    with database.write() as session:
        api_keys.create(session, name="lost", scopes=[Scope.SCAN])
        key_id = api_keys.everyone(session)[0].id
    endpoint = add_endpoint(database, api_key_id=key_id)
    with database.write() as session:
        api_keys.revoke(session, "lost")
    assert get_endpoint(database, endpoint).disabled_at is not None
