"""The guard of outbound requests: where none may go, and what one may cost."""

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Network, ip_address
from pathlib import Path

import pytest

from core.outbound import Outbound, OutboundError, OutboundRefusedError, open_guarded_session
from tests.support.web import LOOPBACK, Web, reply, web_server, write_certificate

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "localhost",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[2001:db8::1]",
]


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server on loopback."""
    with web_server() as server:
        yield server


def _ask(outbound: Outbound, url: str, **options: float) -> bytes:
    limits = {"max_bytes": 1000, "total_s": 5.0, "max_redirects": 3} | options
    with open_guarded_session(outbound) as session:
        return session.exchange("GET", url, **limits).body  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("host", PRIVATE)
def test_no_address_that_is_not_public_is_asked(host: str) -> None:
    """Private, local, reserved and translated addresses are refused, however they are written."""
    with pytest.raises(OutboundRefusedError, match="private, local or reserved"):
        _ask(Outbound(), f"https://{host}/")


@pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2001:4860:4860::8888"])
def test_public_addresses_may_be_asked(host: str) -> None:
    """The guard closes what is not public, and no more."""
    assert Outbound().allows(ip_address(host))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https:///path",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\n",
        "https://example.com/a b",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com/" + "a" * 5000,
    ],
)
def test_urls_that_are_odd_are_refused_before_anything_is_asked(url: str) -> None:
    """Only plain https URLs pass; each refusal is a sentence."""
    assert (Outbound().refusal(url) or "").endswith(".")
    with pytest.raises(OutboundRefusedError):
        _ask(Outbound(), url)


def test_a_network_allowed_by_name_can_be_asked(web: Web) -> None:
    """Inside a company, private addresses are opened in the settings, http included."""
    url = web.serve("/face.jpg", b"bytes")
    assert _ask(Outbound(LOOPBACK), url) == b"bytes"
    with pytest.raises(OutboundRefusedError):
        _ask(Outbound([IPv4Network("10.0.0.0/8")]), url)
    assert len(web.requests) == 1


def test_plain_http_goes_to_networks_allowed_by_name_only() -> None:
    """A public address is asked by https even when some network is allowed."""
    with pytest.raises(OutboundRefusedError):
        _ask(Outbound(LOOPBACK), "http://8.8.8.8/")


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "https://169.254.169.254/", "file:///"])
def test_a_redirect_is_checked_like_the_first_url(web: Web, target: str) -> None:
    """A public server cannot send the request on to a private address or another scheme."""
    url = web.serve("/away", b"", status=302, location=target)
    here = Outbound([IPv4Network("127.0.0.1/32")])
    if "127.0.0.1" in target:
        with pytest.raises(OutboundError, match="could not be reached"):
            _ask(here, url)
    else:
        with pytest.raises(OutboundRefusedError):
            _ask(here, url)


def test_redirects_are_followed_a_few_times(web: Web) -> None:
    """Three lead to the file; the fourth ends the request."""
    web.serve("/0", b"bytes")
    for number in range(1, 5):
        web.serve(f"/{number}", b"", status=302, location=f"/{number - 1}")
    assert _ask(Outbound(LOOPBACK), web.url("/3")) == b"bytes"
    with pytest.raises(OutboundError, match="more than 3 times") as caught:
        _ask(Outbound(LOOPBACK), web.url("/4"))
    assert caught.value.is_final


def test_an_endless_redirect_body_is_not_read(web: Web) -> None:
    """The body of a redirect is dropped, whatever its length."""
    web.serve("/face.jpg", b"bytes")

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("location", "/face.jpg")
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65536))

    assert _ask(Outbound(LOOPBACK), web.on("/away", endless)) == b"bytes"


def test_the_address_that_was_checked_is_the_one_connected_to(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers another address the second time changes nothing."""
    url = web.serve("/", b"secret")
    port = int(url.split(":")[2].strip("/"))
    public, private = ("93.184.215.14", port), ("127.0.0.1", port)
    answers = iter([public, private, private])
    connected: list[tuple[str, int]] = []

    def resolve(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with pytest.raises(OutboundError):
        _ask(Outbound(), f"https://rebinding.example:{port}/")
    assert connected == [public]


def test_a_large_answer_is_cut_at_the_limit(web: Web) -> None:
    """No more than the limit is kept, and the reply says that it is not whole."""

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65536))

    with open_guarded_session(Outbound(LOOPBACK)) as session:
        found = session.exchange("GET", web.on("/", endless), max_bytes=100, total_s=5)
    assert (len(found.body), found.is_complete) == (100, False)


def test_a_compressed_answer_is_bounded_after_decoding(web: Web) -> None:
    """A gzip bomb is cut at the limit like any other body."""
    url = web.serve("/", gzip.compress(bytes(50_000_000)), content_encoding="gzip")
    with open_guarded_session(Outbound(LOOPBACK)) as session:
        found = session.exchange("GET", url, max_bytes=1000, total_s=5)
    assert (found.body, found.is_complete) == (bytes(1000), False)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_drips_is_cut_when_the_time_is_up(web: Web, part: str) -> None:
    """Each byte in time is not enough: the whole exchange has a limit."""
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        if part == "body":
            handler.send_response(200)
            handler.end_headers()
        while not over.wait(0.02):
            handler.wfile.write(b"a")

    try:
        with pytest.raises(OutboundError, match=r"within 0\.3 seconds") as caught:
            _ask(Outbound(LOOPBACK), web.on("/", drip), total_s=0.3)
    finally:
        over.set()
    assert not caught.value.is_final


def test_nothing_of_the_environment_goes_along(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and .netrc are not used, and cookies are not kept."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    heads: list[dict[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        heads.append(dict(handler.headers))
        reply(handler, b"x", set_cookie="a=b; Path=/")

    url = web.on("/", answer)
    with open_guarded_session(Outbound(LOOPBACK)) as session:
        for _ in range(2):
            session.exchange("GET", url, max_bytes=10, total_s=5)
    assert not any("Cookie" in head or "Authorization" in head for head in heads)


def test_a_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    """Connecting to a checked address keeps the host's name for TLS."""
    certificate = write_certificate(tmp_path / "tls.pem", "localhost")
    with web_server(certificate=certificate) as web:
        url = web.serve("/", b"bytes")
        assert _ask(Outbound(LOOPBACK, certificate), url) == b"bytes"
        for outbound, other in (
            (Outbound(LOOPBACK, certificate), url.replace("localhost", "127.0.0.1")),
            (Outbound(LOOPBACK), url),
        ):
            with pytest.raises(OutboundError, match="certificate") as caught:
                _ask(outbound, other)
            assert caught.value.is_final


def test_a_name_that_does_not_exist_is_final() -> None:
    """Asking again would end the same."""
    with pytest.raises(OutboundError, match="name is not known") as caught:
        _ask(Outbound(), "https://nowhere.invalid/")
    assert caught.value.is_final


def test_a_refused_connection_may_heal() -> None:
    """A server that is down now may be up later."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OutboundError, match="could not be reached") as caught:
        _ask(Outbound(LOOPBACK), f"http://localhost:{port}/")
    assert not caught.value.is_final
