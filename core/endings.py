"""Tells whoever waits for a single scan or a heatmap that it has ended, by way of the broker.

Like every other message it is a doorbell: what came of it is in the database, and whoever does not
hear the bell finds it there a moment later.
"""

import time
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

KEPT_S = 60
LONGEST_DEAF_S = 0.25  # between two looks when there is no bell to hear
CONNECT_S = 1.0
ANSWER_S = 5.0  # beyond the time that is waited


class Endings:
    """The bells by name: a single scan's is its job's public id. Threads share one."""

    def __init__(self, broker_url: str) -> None:
        """Connect on first use; a broker that is no Redis has no such bells."""
        url = redis_url(broker_url)
        self._client = None if url is None else _client(url)

    def ring(self, bell: str) -> None:
        """Tell that it has ended, whether somebody waits already or comes only now."""
        if self._client is None:
            return
        try:
            with self._client.pipeline(transaction=False) as commands:
                commands.lpush(_key(bell), 1)
                commands.expire(_key(bell), KEPT_S)
                commands.execute()
        except RedisError:
            return  # who waits looks by itself

    def wait(self, bell: str, timeout_s: float) -> None:
        """Return when it has ended, when the time is up, or when it is time to look."""
        if self._client is not None:
            try:
                self._client.blpop([_key(bell)], max(timeout_s, 0.01))
            except RedisError:
                pass
            else:
                return
        time.sleep(min(timeout_s, LONGEST_DEAF_S))


def redis_url(broker_url: str) -> str | None:
    """Return the broker's URL as redis-py writes it, or None for a broker that is no Redis."""
    parts = urlsplit(broker_url)
    if parts.scheme == "redis+socket":
        database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        return f"unix://{parts.netloc}{parts.path}?db={database}"
    return broker_url if parts.scheme in ("redis", "rediss") else None


def _client(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
    )


def _key(bell: str) -> str:
    return f"fakesweep:ended:{bell}"
