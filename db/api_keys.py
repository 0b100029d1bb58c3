"""API keys: made once, found by their digest, revoked. The key itself is never stored."""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.errors import ConflictError, NotFoundError
from core.terms import Scope
from db import webhook_endpoints
from db.clock import database_time
from db.models import ApiKey

KEY = re.compile(r"fsk_[A-Za-z0-9_-]{43}")
SECRET_BYTES = 32
SHOWN_LENGTH = 10
USE_NOTED_EVERY_S = 60

_NOT_NOTED = or_(
    ApiKey.last_used_at.is_(None), ApiKey.last_used_at < database_time(-USE_NOTED_EVERY_S)
)


@dataclass(frozen=True)
class FoundKey:
    """A key that opens the API; `use_is_noted` when its `last_used_at` is recent enough."""

    id: int
    scopes: frozenset[Scope]
    use_is_noted: bool


def create(
    session: Session,
    *,
    name: str,
    scopes: Collection[Scope],
    max_open_jobs: int | None = None,
    max_items_a_day: int | None = None,
) -> str:
    """Make a key and return it, the only time that it can be seen; raises ConflictError."""
    if _named(session, name) is not None:
        raise ConflictError(f"There is a key named {name} already; choose another name.")
    key = f"fsk_{secrets.token_urlsafe(SECRET_BYTES)}"
    session.add(
        ApiKey(
            name=name,
            shown=key[:SHOWN_LENGTH],
            digest=_digest(key),
            scopes=[scope.value for scope in Scope if scope in scopes],
            max_open_jobs=max_open_jobs,
            max_items_a_day=max_items_a_day,
        )
    )
    session.flush()
    return key


def find(session: Session, key: str) -> FoundKey | None:
    """Return the key, or None: malformed, unknown and revoked ones are all alike.

    The look-up is by the SHA-256 digest, so how long it takes tells nothing about a stored key.
    """
    if KEY.fullmatch(key) is None:
        return None
    query = select(ApiKey.id, ApiKey.scopes, _NOT_NOTED).where(
        ApiKey.digest == _digest(key), ApiKey.revoked_at.is_(None)
    )
    row = session.execute(query).first()
    if row is None:
        return None
    key_id, scopes, not_noted = row
    return FoundKey(key_id, frozenset(map(Scope, scopes)), use_is_noted=not not_noted)


def note_use(session: Session, key_id: int) -> None:
    """Write down that the key is in use, unless that was done within the last minute."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, _NOT_NOTED)
        .values(last_used_at=database_time())
        .execution_options(synchronize_session=False)
    )


def get(session: Session, name: str) -> ApiKey:
    """Return the key of the name; raises NotFoundError."""
    key = _named(session, name)
    if key is None:
        raise NotFoundError(f"There is no key named {name}; `fakesweep keys list` shows all.")
    return key


def everyone(session: Session) -> Sequence[ApiKey]:
    """Return all keys, those revoked as well, by name."""
    return session.scalars(select(ApiKey).order_by(ApiKey.name)).all()


def limit(
    session: Session,
    name: str,
    *,
    max_open_jobs: int | None = None,
    max_items_a_day: int | None = None,
) -> ApiKey:
    """Change what the key may use, and return it: 0 lifts a limit, None leaves it as it is.

    Raises NotFoundError.
    """
    key = get(session, name)
    if max_open_jobs is not None:
        key.max_open_jobs = max_open_jobs or None
    if max_items_a_day is not None:
        key.max_items_a_day = max_items_a_day or None
    session.flush()
    return key


def revoke(session: Session, name: str) -> ApiKey:
    """Close the API to the key for good, and return it; its jobs stay, its webhooks are disabled.

    Raises NotFoundError.
    """
    key = get(session, name)
    if key.revoked_at is None:
        key.revoked_at = database_time()
        session.flush()
        webhook_endpoints.disable_all_of(session, key.id)
    return key


def _named(session: Session, name: str) -> ApiKey | None:
    return session.scalar(select(ApiKey).where(ApiKey.name == name))


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
