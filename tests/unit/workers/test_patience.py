"""Patience: for a database that is away, and for nothing else."""

from threading import Event

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from workers.patience import patiently

LOST = Exception("the connection is lost")


class Flaky:
    """Raises each error once, then gives a value."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        """Do what a transaction does."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_what_passes_is_tried_again() -> None:
    """A database that is away, full, or has cut the connection, is asked again."""
    cut = DBAPIError("SELECT", {}, LOST, connection_invalidated=True)
    action = Flaky(OperationalError("SELECT", {}, LOST), InterfaceError("SELECT", {}, LOST), cut)
    assert patiently(action) == "done"
    assert action.calls == 4


@pytest.mark.parametrize("error", [ValueError("no"), IntegrityError("INSERT", {}, LOST)])
def test_what_stays_is_raised_at_once(error: Exception) -> None:
    """A fault of the statement or of the code is not tried again."""
    action = Flaky(error)
    with pytest.raises(type(error)):
        patiently(action)
    assert action.calls == 1


def test_it_ends_when_the_worker_stops() -> None:
    """With the event set, the database's own error comes after one try."""
    stopping = Event()
    stopping.set()
    action = Flaky(*[OperationalError("SELECT", {}, LOST)] * 5)
    with pytest.raises(OperationalError, match="the connection is lost"):
        patiently(action, until=stopping)
    assert action.calls == 1
