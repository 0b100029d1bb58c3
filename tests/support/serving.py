"""The API behind its real server, waitress, in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask

from api.serving import make_server
from tests.support.services import free_port


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free port of the loopback address; yield its address."""
    port = free_port()
    server = make_server(app, host="127.0.0.1", port=port)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        thread.join(timeout=30)
