"""A client of a server, its errors turned into those that the commands end with."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.ports import address
from client import Client, ClientError, ConnectionFailed, UnexpectedAnswer
from core.errors import ConfigurationError, FakesweepError
from core.settings import load_settings

READY_TIMEOUT_S = 90.0


@contextmanager
def connected(url: str | None = None, *, attempts: int = 3) -> Iterator[Client]:
    """Yield a client of the server, by default the one that the settings describe."""
    try:
        with Client(url or default_url(), attempts=attempts) as client:
            yield client
    except (ConnectionFailed, UnexpectedAnswer) as error:
        raise ConfigurationError(str(error)) from error
    except ClientError as error:
        raise FakesweepError(str(error)) from error


def wait_until_ready(url: str, *, look_at: str, check: Callable[[], None] = lambda: None) -> None:
    """Wait until the server answers that all it needs is there; raises ConfigurationError.

    `check` is called again and again meanwhile; `look_at` is what may tell why it takes long.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    with Client(url, timeout_s=5) as client:
        while not client.is_ready():
            check()
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"The server at {url} is not ready after {READY_TIMEOUT_S:.0f} s; "
                    f"{look_at} may say why."
                )
            time.sleep(0.05)


def default_url() -> str:
    """Return the address of the API that the settings describe."""
    settings = load_settings()
    return address(settings.api_host, settings.api_port)
