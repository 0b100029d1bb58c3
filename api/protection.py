"""Keeps other web sites out: foreign origins, rebound host names; and the security headers."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request

from api.problems import problem
from api.services import services

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FOREIGN_SITES = ("cross-site", "same-site")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Refuse what another web site sends, before any view; set the headers on every answer."""
    app.before_request(_refuse_rebound_host)
    app.before_request(_refuse_foreign_origin)
    app.after_request(_set_headers)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _refuse_rebound_host() -> Response | None:
    if not is_loopback(services().settings.api_host):
        return None
    if is_loopback(_host_name(request.headers.get("Host", ""))):
        return None
    return problem(
        403,
        "This installation listens on this machine only, so it answers only to `localhost` and "
        "127.0.0.1. Use one of them, or set FAKESWEEP_API_HOST to serve other machines.",
    )


def _refuse_foreign_origin() -> Response | None:
    if request.method in SAFE_METHODS or not _is_foreign():
        return None
    return problem(
        403,
        "The request comes from another web site, so it was refused. Send it from this "
        "installation's own pages, or from a program that sends no Origin header; a proxy in "
        "front must pass the Host header on.",
    )


def _is_foreign() -> bool:
    if request.headers.get("Sec-Fetch-Site") in FOREIGN_SITES:
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    parts = _split(origin)
    return _without_default_port(parts) != _without_default_port(
        _split(f"{origin.partition(':')[0]}://{request.headers.get('Host', '')}")
    )


def _without_default_port(parts: tuple[str, str | None, int | None]) -> tuple[str, int | None]:
    scheme, name, port = parts
    default = {"http": 80, "https": 443}.get(scheme)
    return name or "null", default if port is None else port


def _split(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return "", None, None


def _host_name(host: str) -> str:
    return _split(f"//{host}")[1] or ""


def _set_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not `no-referrer`: with it, browsers send `Origin: null` with our own forms.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
