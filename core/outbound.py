"""Requests to hosts that a client named: images by URL, webhooks. None reaches a private network.

requests-hardened resolves a host once, checks the address and connects to that same one, so a
second answer of the name server changes nothing. This adds what it leaves open: further refused
networks, redirects whose bodies are never read, a cap on bytes and one on the whole time.
"""

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from threading import Timer
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES, InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from core.errors import FakesweepError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
MAX_URL_LENGTH = 4096
READ_BYTES = 64 * 1024
# Global by the registries, and yet no way to the public: tunnels, translators, and the address
# where Azure speaks to its own machines.
_CLOSED = (*EXTRA_BLOCKED_NET_RANGES, ip_network("168.63.129.16/32"))


class OutboundRefusedError(FakesweepError):
    """The URL, or the address it leads to, is one that this installation does not talk to."""


class OutboundError(FakesweepError):
    """The exchange failed; `is_final` when trying again would end the same."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True)
class Reply:
    """What a server answered; `body` holds the first `max_bytes`, all of it when complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_complete: bool


@dataclass(frozen=True)
class Outbound:
    """Where requests may go: public addresses by https, and the networks allowed by name.

    To addresses in `allowed_networks`, which may be private, plain http is allowed too.
    `ca_file` holds the certificate authorities to trust instead of the public ones.
    """

    allowed_networks: Sequence[Network] = ()
    ca_file: Path | None = None

    def refusal(self, url: str) -> str | None:
        """Return why the URL cannot be asked for, as a sentence, or None when it can be tried.

        A host name is judged only when it is resolved, at each request.
        """
        if len(url) > MAX_URL_LENGTH:
            return f"The URL is longer than {MAX_URL_LENGTH:,} characters."
        if not url.isprintable() or "\\" in url or " " in url:
            return "The URL has characters that a URL must not have; percent-encode them."
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "The URL is not understood; write it as https://host/path."
        if parts.scheme != "https" and not (parts.scheme == "http" and self.allowed_networks):
            return "Only https:// URLs are accepted."
        if not host:
            return "The URL names no host."
        if "@" in parts.netloc:
            return "The URL carries a user name or password; leave them out."
        address = _literal(host)
        if address is not None and not self.allows(address):
            return _refused(host)
        return None

    def allows(self, address: Address) -> bool:
        """Return whether the address may be connected to by https."""
        return self.is_allowed_by_name(address) or _is_public(address)

    def is_allowed_by_name(self, address: Address) -> bool:
        """Return whether the address lies in one of the allowed networks."""
        return any(address in network for network in self.allowed_networks)


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
        self.mount("https://", _GuardedAdapter(outbound, is_https=True))
        self.mount("http://", _GuardedAdapter(outbound, is_https=False))
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
        with _Deadline(total_s) as deadline:
            try:
                for _ in range(max_redirects + 1):
                    with self._send(method, url, headers=headers, body=body) as response:
                        target = response.headers.get("location")
                        if not (max_redirects and response.is_redirect and target):
                            return _read(response, max_bytes, deadline)
                    url = urljoin(url, target)
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                if deadline.passed:
                    raise _too_slow(total_s) from error
                raise _failure(error) from error
        raise OutboundError(f"The server redirects more than {max_redirects} times.", is_final=True)

    def _send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, body: bytes | None
    ) -> requests.Response:
        if refusal := self._outbound.refusal(url):
            raise OutboundRefusedError(refusal)
        plain = {"Accept-Encoding": "identity", **(headers or {})}
        return self.request(method, url, headers=plain, data=body, stream=True)


def open_guarded_session(outbound: Outbound) -> GuardedSession:
    """Open a session whose every connection goes only where `outbound` allows."""
    return GuardedSession(outbound)


class _Deadline:
    """Cuts the connection when the time is up: a server that drips bytes is not waited for."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self.seconds = seconds
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

    def _cut(self) -> None:
        self.passed = True
        if self._socket is not None:
            # Not the TLS socket's own method: it takes the TLS layer away under the reader.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_deadline: ContextVar[_Deadline] = ContextVar("deadline")


class _NoCookies(RequestsCookieJar):
    """Keeps nothing: what one server sets is not another request's."""

    def set_cookie(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - http.cookiejar's signature
        """Forget the cookie."""


class _WatchedConnection(HTTPConnection):
    def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own type differs from http.client's
        """Read the answer under the exchange's deadline."""
        _deadline.get().watch(self.sock)
        return super().getresponse()


class _WatchedTlsConnection(HTTPSConnection):
    def getresponse(self) -> Any:  # noqa: ANN401
        """Read the answer under the exchange's deadline."""
        _deadline.get().watch(self.sock)
        return super().getresponse()


class _WatchedPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection  # pyright: ignore[reportAssignmentType] - as urllib3's own


class _WatchedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection  # pyright: ignore[reportAssignmentType]


class _GuardedAdapter(IPFilterAdapter):
    """Connects to the address that was checked, and to no other."""

    def __init__(self, outbound: Outbound, *, is_https: bool) -> None:
        super().__init__(is_https_proto=is_https)
        self._outbound = outbound
        self._is_https = is_https
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedPool, "https": _WatchedTlsPool}

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: str | tuple[str, str] | None = None,
    ) -> tuple[Any, Any]:
        """Return the pool of the host's checked address; raises OutboundRefusedError."""
        allows = self._outbound.allows if self._is_https else self._outbound.is_allowed_by_name
        try:
            host, options = super().build_connection_pool_key_attributes(request, verify, cert)
            address = ip_address(host["host"].strip("[]"))
        except InvalidIPAddress as error:  # not public, so only its name in the settings opens it
            address, allows = error.args[0], self._outbound.is_allowed_by_name
            host, options = self._pinned(address, request, verify, cert)
        if not allows(address):
            raise OutboundRefusedError(_refused(urlsplit(request.url).hostname))
        return host, options

    def _pinned(
        self,
        address: Address,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: str | tuple[str, str] | None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the pool of the address, under the host's name for TLS, as the base class does."""
        host, options = HTTPAdapter.build_connection_pool_key_attributes(
            self, request, verify, cert
        )
        if self._is_https:
            name = host["host"]
            options = {**options, "assert_hostname": name, "server_hostname": name}
        pinned = f"[{address}]" if address.version == 6 else str(address)
        return {**host, "host": pinned}, dict(options)


def _read(response: requests.Response, max_bytes: int, deadline: _Deadline) -> Reply:
    body = bytearray()
    while len(body) <= max_bytes and (piece := response.raw.read1(READ_BYTES, decode_content=True)):
        body += piece
    if deadline.passed:
        raise _too_slow(deadline.seconds)
    return Reply(
        status=response.status_code,
        headers=response.headers,
        body=bytes(body[:max_bytes]),
        is_complete=len(body) <= max_bytes,
    )


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address.is_site_local or address.ipv4_mapped):
        return False
    special = address.is_multicast or address.is_reserved or not address.is_global
    return not special and not any(address in network for network in _CLOSED)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refused(host: object) -> str:
    return (
        f"{host} leads to a private, local or reserved address, where nothing is fetched from; "
        "the administrator names networks to allow in FAKESWEEP_OUTBOUND_ALLOWED_NETWORKS."
    )


def _too_slow(total_s: float) -> OutboundError:
    return OutboundError(f"The server did not answer in full within {total_s:g} seconds.")


def _failure(error: Exception) -> OutboundError:
    reason = _reason(error)
    match error:
        case requests.exceptions.SSLError():
            return OutboundError(f"The server's certificate is refused ({reason}).", is_final=True)
        case requests.ConnectionError(__cause__=socket.gaierror(errno=socket.EAI_NONAME)):
            return OutboundError("The host's name is not known.", is_final=True)
        case requests.exceptions.InvalidURL() | UnicodeError():
            return OutboundError("The URL is not understood.", is_final=True)
        case DecodeError():
            return OutboundError("The answer's content coding is damaged.", is_final=True)
        case requests.Timeout() | TimeoutError() | HTTPTimeoutError():
            return OutboundError("The server took too long to answer.")
    return OutboundError(f"The server could not be reached ({reason}).")


def _reason(error: BaseException) -> str:
    """Return what the system said at the bottom of the exceptions, without their wrappings."""
    inner = error
    while (cause := inner.__cause__ or inner.__context__) is not None:
        inner = cause
    return getattr(inner, "strerror", None) or type(inner).__name__
