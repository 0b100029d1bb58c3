"""Who sends the current request, and what they may see."""

from dataclasses import dataclass

from flask import g

from core.terms import Scope


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
        return None if self.is_admin else self.key_id


LOCAL = Caller(key_id=None, scopes=frozenset(Scope))


def caller() -> Caller:
    """Return who sends the current request."""
    return g.caller
