"""A client of a server, its errors turned into those that the commands end with."""

from collections.abc import Iterator
from contextlib import contextmanager

from cli.ports import address
from client import Client, ClientError, ConnectionFailed, UnexpectedAnswer
from core.errors import ConfigurationError, FakesweepError
from core.settings import load_settings


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


def default_url() -> str:
    """Return the address of the API that the settings describe."""
    settings = load_settings()
    return address(settings.api_host, settings.api_port)
