"""The time that an exchange may take in all, and what its failures mean."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Timer
from typing import Self

import requests
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util.ssl_match_hostname import CertificateError

from core.errors import FakesweepError

_UNKNOWN_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class OutboundError(FakesweepError):
    """The exchange failed; `is_final` when trying again would end the same."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class Deadline:
    """Cuts the connection when the time is up: a server that drips bytes is not waited for."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def watch(self, connected: socket.socket | None) -> None:
        """Cut this connection when the time is up, or at once when it is."""
        self._socket = connected
        if self.passed:
            self._cut()

    def __enter__(self) -> Self:
        self._token = _deadline.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _deadline.reset(self._token)

    def require_time(self) -> None:
        """Raise OutboundError when the time is up: what was read may have been cut off."""
        if self.passed:
            raise OutboundError(
                f"The server did not answer in full within {self._seconds:g} seconds."
            )

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Raise OutboundError for what the libraries below raise."""
        try:
            yield
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            self.require_time()
            raise _failure(error) from error

    def _cut(self) -> None:
        self.passed = True
        if self._socket is not None:
            # Not the TLS socket's own method: it takes the TLS layer away under the reader.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_deadline: ContextVar[Deadline] = ContextVar("deadline")


def watch(connected: socket.socket | None) -> None:
    """Put a connection under the deadline of the exchange that this thread is in."""
    _deadline.get().watch(connected)


def _failure(error: Exception) -> OutboundError:
    cause = _cause(error)
    match cause:
        case ssl.SSLCertVerificationError() | CertificateError():
            return OutboundError(
                "The server's certificate is not trusted, or is another host's.", is_final=True
            )
        case socket.gaierror(errno=number) if number in _UNKNOWN_NAME:
            return OutboundError("The host's name is not known.", is_final=True)
    match error:
        case requests.exceptions.InvalidURL() | UnicodeError():
            return OutboundError("The URL is not understood.", is_final=True)
        case DecodeError():
            return OutboundError("The answer's content coding is damaged.", is_final=True)
        case requests.Timeout() | TimeoutError() | HTTPTimeoutError():
            return OutboundError("The server took too long to answer.")
    reason = getattr(cause, "strerror", None) or type(cause).__name__
    return OutboundError(f"The server could not be reached ({reason}).")


def _cause(error: BaseException) -> BaseException:
    """Return what the system itself raised, below the libraries' wrappings."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
