"""Sessions under the guard: one request and its answer, bounded in bytes and in time."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

import requests
from requests.cookies import RequestsCookieJar
from requests_hardened import Config, HTTPSession

from core.outbound.adapter import GuardedAdapter
from core.outbound.deadline import Deadline, OutboundError
from core.outbound.policy import Outbound, OutboundRefusedError

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
READ_BYTES = 64 * 1024
_BUSY = frozenset({408, 425, 429})
_HEADERS = {"Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Reply:
    """What a server answered; `body` holds the first `max_bytes`, all of it when complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_complete: bool


class Answer:
    """An answer on its way: its status and headers are there, its body comes in pieces."""

    def __init__(self, response: requests.Response, deadline: Deadline) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._raw = response.raw
        self._deadline = deadline

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, decoded, in pieces of at most 64 KiB; raises OutboundError."""
        with self._deadline.translating():
            while piece := self._raw.read1(READ_BYTES, decode_content=True):
                yield piece
        self._deadline.require_time()


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class _NoCookies(RequestsCookieJar):
    """Keeps nothing: what one server sets is not another request's."""

    def set_cookie(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - http.cookiejar's signature
        """Forget the cookie."""


class GuardedSession(HTTPSession):
    """A session under the guard; several threads may share it. Use `exchange` only."""

    def __init__(self, outbound: Outbound) -> None:
        super().__init__(
            Config(
                ip_filter_enable=False,  # the adapters below filter, and know the allowed networks
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                user_agent_override="fakesweep",
            )
        )
        self.trust_env = False  # no proxies, no .netrc
        self.verify = str(outbound.ca_file) if outbound.ca_file else True
        self.cookies = _NoCookies()
        self.mount("https://", GuardedAdapter(outbound, is_https=True))
        self.mount("http://", GuardedAdapter(outbound, is_https=False))
        self._outbound = outbound

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """Return None: requests reads a redirect's whole body, so `exchange` follows instead."""
        return None

    def exchange(
        self,
        method: str,
        url: str,
        *,
        max_bytes: int,
        total_s: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_redirects: int = 0,
    ) -> Reply:
        """Send a request and read at most `max_bytes` of the answer within `total_s`.

        Raises OutboundRefusedError, and OutboundError when there is no whole answer.
        """
        request = _Request(method, url, {**_HEADERS, **(headers or {})}, body)
        with self._answered(request, total_s=total_s, max_redirects=max_redirects) as answer:
            content = bytearray()
            for piece in answer.pieces():
                content += piece
                if len(content) > max_bytes:
                    break
            return Reply(
                status=answer.status,
                headers=answer.headers,
                body=bytes(content[:max_bytes]),
                is_complete=len(content) <= max_bytes,
            )

    @contextmanager
    def download(self, url: str, *, total_s: float, max_redirects: int = 0) -> Iterator[Answer]:
        """Ask for a file of any size and yield the answer, whose pieces are read as they come.

        Raises as `exchange` does, also while the pieces are read.
        """
        request = _Request("GET", url, _HEADERS)
        with self._answered(request, total_s=total_s, max_redirects=max_redirects) as answer:
            yield answer

    @contextmanager
    def _answered(
        self, request: _Request, *, total_s: float, max_redirects: int
    ) -> Iterator[Answer]:
        with Deadline(total_s) as deadline, ExitStack() as responses:
            with deadline.translating():
                response = responses.enter_context(self._send(request))
                for _ in range(max_redirects):
                    target = response.headers.get("location")
                    if not (response.is_redirect and target):
                        break
                    response.close()
                    request = replace(request, url=urljoin(request.url, target))
                    response = responses.enter_context(self._send(request))
            if max_redirects and response.is_redirect:
                raise OutboundError(
                    f"The server redirects more than {max_redirects} times.", is_final=True
                )
            yield Answer(response, deadline)

    def _send(self, request: _Request) -> requests.Response:
        if refusal := self._outbound.refusal(request.url):
            raise OutboundRefusedError(refusal)
        return self.request(
            request.method, request.url, headers=request.headers, data=request.body, stream=True
        )


def require_success(status: int) -> None:
    """Raise OutboundError for an answer that is not the file: final, unless the server is busy."""
    if status != 200:
        raise OutboundError(
            f"The server answered with status {status}.",
            is_final=status < 500 and status not in _BUSY,
        )


def open_guarded_session(outbound: Outbound) -> GuardedSession:
    """Open a session whose every connection goes only where `outbound` allows."""
    return GuardedSession(outbound)
