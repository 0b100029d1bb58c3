"""A client of a server, its errors turned into those that the commands end with."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.ports import address
from client import ApiError, Client, ClientError, ConnectionFailed, UnexpectedAnswer
from core.errors import ConfigurationError, FakesweepError
from core.settings import load_settings

READY_TIMEOUT_S = 90.0
INTERRUPTED_EXIT_CODE = 130  # by Ctrl-C
UNAUTHORIZED = 401


@contextmanager
def connected(url: str | None = None, *, attempts: int = 3) -> Iterator[Client]:
    """Yield a client of the server, by default the one that the settings describe.

    It sends the key of FAKESWEEP_API_KEY.
    """
    key, url = load_settings().api_key, url or default_url()
    try:
        with Client(url, api_key=key, attempts=attempts) as client:
            yield client
    except ApiError as error:
        if error.status == UNAUTHORIZED:
            raise ConfigurationError(_key_sentence(url, error, is_set=bool(key))) from error
        raise FakesweepError(str(error)) from error
    except (ConnectionFailed, UnexpectedAnswer) as error:
        raise ConfigurationError(str(error)) from error
    except ClientError as error:
        raise FakesweepError(str(error)) from error


def _key_sentence(url: str, error: ApiError, *, is_set: bool) -> str:
    if is_set:
        return f"The server at {url} does not take the key in FAKESWEEP_API_KEY. {error.detail}"
    return (
        f"The server at {url} asks for an API key: set FAKESWEEP_API_KEY to yours. The "
        "administrator makes one with `fakesweep keys create`."
    )


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
