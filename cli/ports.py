"""TCP ports: whether one can be listened on, and a free one."""

import socket

from core.errors import ConfigurationError


def require_free_port(host: str, port: int) -> None:
    """Raise ConfigurationError with a sentence when nothing can listen there."""
    try:
        _bind(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"Nothing can listen on {host}, port {port} ({error.strerror or error}). Stop what "
            "uses the port, or choose another with --port or FAKESWEEP_API_PORT."
        ) from error


def usable_port(host: str, preferred: int) -> int:
    """Return the preferred port, or any free one where that is taken."""
    try:
        return _bind(host, preferred)
    except OSError:
        return _bind(host, 0)


def address(host: str, port: int) -> str:
    """Return the URL at which a client on this machine reaches a server that listens there."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    shown = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{shown}:{port}"


def _bind(host: str, port: int) -> int:
    family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return probe.getsockname()[1]
