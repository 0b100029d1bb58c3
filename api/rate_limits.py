"""Rate limits: so many requests of one key or address, counted in the broker for all processes.

While the broker is away, each process counts in its own memory.
"""

import time
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, cast

from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter
from limits import parse_many
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from api.identity import STRANGER, caller, is_open_to_all
from core.endings import redis_url
from core.errors import ConfigurationError
from core.settings import Settings

OFF = "off"
REFUSALS = "60/minute"
SUBMISSIONS = frozenset(
    {"jobs.create_job", "scans.create_scan", "pages.create_job", "uploads.create_upload"}
)
ATTEMPTS_TO_SIGN_IN = frozenset({"sign_in.sign_in"})
BROKER_TIMEOUT_S = 0.25
IPV6_NETWORK_BITS = 64  # what one customer of a provider has
WAIT = "Wait as many seconds as `Retry-After` says."


def register(app: Flask, settings: Settings) -> None:
    """Count every request before its view; what is too much answers 429.

    Raises ConfigurationError with a sentence for a limit that is not written as one.
    """
    limits = [
        _limit("rate_limit", settings.rate_limit, f"Requests come too fast. {WAIT}"),
        _limit(
            "rate_limit_submissions",
            settings.rate_limit_submissions,
            f"Jobs are submitted too fast; one job can hold many images. {WAIT}",
            exempt_when=lambda: request.endpoint not in SUBMISSIONS,
        ),
        _limit(
            "refusals",
            REFUSALS,
            f"Too many requests from this address had no valid API key. {WAIT}",
            key_function=_address,
            exempt_when=lambda: not _may_be_refused(),
            deduct_when=lambda response: response.status_code == 401 or g.get("is_refused", False),
        ),
    ]
    limiter = Limiter(
        key_func=_caller_or_address,
        application_limits=[limit for limit in limits if limit is not None],
        storage_uri=storage_url(settings.broker_url),
        storage_options=_impatient(),
        in_memory_fallback_enabled=True,
        swallow_errors=True,  # nobody is turned away because counting failed
        key_prefix="fakesweep",
    )
    app.after_request(lambda response: _tell(limiter, response))
    limiter.init_app(app)


def storage_url(broker_url: str) -> str:
    """Return the broker's URL as the library of the limits writes it; memory for other brokers."""
    url = redis_url(broker_url)
    if url is None:
        return "memory://"
    return f"redis+{url}" if url.startswith("unix:") else url


def _limit(name: str, value: str, sentence: str, **options: Any) -> ApplicationLimit | None:  # noqa: ANN401 - the library's
    if value == OFF:
        return None
    try:
        parse_many(value)
    except ValueError as error:
        raise ConfigurationError(
            f"FAKESWEEP_{name.upper()} is {value!r}, which is no rate limit; write it as "
            f"100/minute or 5/second, or as {OFF}."
        ) from error
    return ApplicationLimit(value, scope=name, error_message=sentence, **options)


def _impatient() -> dict[str, str | int]:
    """Return the options of a client that gives up on the broker at once: requests wait for it."""
    options = {
        "socket_connect_timeout": BROKER_TIMEOUT_S,
        "socket_timeout": BROKER_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
    }
    return cast("dict[str, str | int]", options)


def _caller_or_address() -> str:
    key_id = caller().key_id
    return _address() if key_id is None else f"key:{key_id}"


def _address() -> str:
    """Return the address that calls; of IPv6, the network, whose addresses one caller can take."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "address:unknown"  # a Unix socket
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address) >> IPV6_NETWORK_BITS << IPV6_NETWORK_BITS)
    return f"address:{address}"


def _may_be_refused() -> bool:
    closed = not is_open_to_all() or request.endpoint in ATTEMPTS_TO_SIGN_IN
    return closed and caller() is STRANGER


def _tell(limiter: Limiter, response: Response) -> Response:
    """Tell how much of the limit is left, and of a request that was refused by it, until when."""
    limits = limiter.current_limits
    if not limits:
        return response
    limit = min(limits, key=lambda one: (not one.breached, one.limit.amount))
    with suppress(RedisError):  # the broker went away just now
        left, reset_at = limit.remaining, limit.reset_at
        response.headers["X-RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["X-RateLimit-Remaining"] = str(left)
        response.headers["X-RateLimit-Reset"] = str(reset_at)
        if limit.breached:
            response.headers["Retry-After"] = str(max(1, reset_at - int(time.time())))
    return response
