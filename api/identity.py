"""Who sends the current request, and what they may do and see."""

from dataclasses import dataclass

from flask import g, request

from api.errors import ForbiddenError
from core.terms import Scope

NO_KEY = 0  # the id of no key
OPEN_ENDPOINTS = frozenset(
    {
        "health.read_health",
        "health.read_readiness",
        "language.choose_language",
        "openapi",
        "pages.show_docs",
        "pages.static",
        "sign_in.show_sign_in",
        "sign_in.sign_in",
    }
)


@dataclass(frozen=True)
class Caller:
    """Who sends a request: an API key, or, where none is required, whoever reaches the port."""

    key_id: int | None
    scopes: frozenset[Scope]

    @property
    def is_admin(self) -> bool:
        """True when everything is open to it, the jobs of all keys included."""
        return Scope.ADMIN in self.scopes

    @property
    def sees(self) -> int | None:
        """The key whose jobs alone it sees, or None when it sees those of all keys."""
        return None if self.is_admin else self.key_id or NO_KEY


LOCAL = Caller(key_id=None, scopes=frozenset(Scope))
STRANGER = Caller(key_id=None, scopes=frozenset())


def caller() -> Caller:
    """Return who sends the current request: a stranger, until that is known."""
    return g.get("caller", STRANGER)


def is_open_to_all() -> bool:
    """Return whether anybody may have the answer; where nothing is served, it is a 404."""
    return request.endpoint is None or request.endpoint in OPEN_ENDPOINTS


def require_admin(what: str, verb: str = "need") -> None:
    """Raise ForbiddenError unless the caller is an admin; both words begin the sentence."""
    if not caller().is_admin:
        raise ForbiddenError(
            f"{what} {verb} an API key with the scope `{Scope.ADMIN}`, and yours is without it. "
            "Ask the administrator."
        )
