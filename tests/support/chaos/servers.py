"""The servers of a trial, which a test stops and kills; the history says what happened to them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis

from tests.support.chaos.history import History
from tests.support.services import Server

# kombu's names: the messages in hand, since when each is, and the lock of who looks for old ones
UNACKED, UNACKED_INDEX, UNACKED_MUTEX = "unacked", "unacked_index", "unacked_mutex"


@dataclass(frozen=True)
class Breakable:
    """A server, by name, and what can happen to it."""

    name: str
    server: Server
    history: History

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self.server.url

    def kill(self) -> None:
        """End it as a crash does."""
        self.history.note("fault", f"{self.name} killed")
        self.server.kill()

    def stop(self) -> None:
        """End it in an orderly way."""
        self.history.note("fault", f"{self.name} stopped")
        self.server.stop()

    def restart(self) -> float:
        """Start it again, on what it has kept; return when that began (`time.monotonic`)."""
        began_at = time.monotonic()
        self.server.restart()
        self.history.note("restarted", self.name)
        return began_at


class Broker(Breakable):
    """The broker, whose messages can be lost, and can come again."""

    def forget(self) -> None:
        """Lose all messages (FLUSHALL)."""
        self.history.note("fault", f"{self.name} forgets everything")
        with self._connection() as connection:
            connection.flushall()

    def unacknowledged(self) -> set[str]:
        """Return the ids of the messages that a worker has got and not acknowledged."""
        with self._connection() as connection:
            entries = connection.hvals(UNACKED)
        return {json.loads(entry)[0]["headers"]["id"] for entry in entries}

    def time_out(self) -> None:
        """Make it look as if the visibility timeout had passed for all messages in hand.

        So has the lock's own time, which a worker that is killed in the middle of looking leaves.
        """
        self.history.note("fault", f"{self.name} times out what is in hand")
        with self._connection() as connection:
            for tag in connection.zrange(UNACKED_INDEX, 0, -1):
                connection.zadd(UNACKED_INDEX, {str(tag): 0}, xx=True)
            connection.delete(UNACKED_MUTEX)

    @contextmanager
    def _connection(self) -> Iterator[Redis]:
        url = self.url.replace("redis+socket:", "unix:")
        with Redis.from_url(url, decode_responses=True) as connection:
            yield connection
