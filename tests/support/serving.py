"""The API behind its real server, waitress, in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from waitress.server import create_server

from cli.api import SERVER_OPTIONS
from tests.support.services import free_port


@contextmanager
def served(app: Flask, *, threads: int = 8) -> Iterator[str]:
    """Serve the application on a free port of the loopback address; yield its address."""
    port = free_port()
    server = create_server(
        app, map={}, host="127.0.0.1", port=port, threads=threads, **SERVER_OPTIONS
    )
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        thread.join(timeout=30)
