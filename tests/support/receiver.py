"""A real receiver of webhooks on loopback: keeps what it is sent, answers as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from standardwebhooks import Webhook

PATIENCE_S = 60


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its `webhook-id`."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:  # noqa: ANN401 - JSON
        """Return the event; raises WebhookVerificationError unless the secret signed it."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """Answers with `statuses` in turn, then 204; while `open` is not set, it does not answer."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.received: list[Received] = []
        self.open = threading.Event()
        self.open.set()
        self._arrivals: Queue[Received] = Queue()

    def next(self) -> Received:
        """Wait for the next request and return it."""
        return self._arrivals.get(timeout=PATIENCE_S)

    def take(self, request: Received) -> int:
        """Keep the request; return the status to answer with."""
        status = self.statuses.pop(0) if self.statuses else 204
        self.received.append(request)
        self._arrivals.put(request)
        self.open.wait(PATIENCE_S)
        return status


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = taking.take(Received(dict(self.headers.items()), body))
            self.send_response(status)
            for name, value in taking.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # quiet
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taking = Receiver(server.server_address[1])
    thread = threading.Thread(
        target=server.serve_forever, args=(0.02,), name="receiver", daemon=True
    )
    thread.start()
    try:
        yield taking
    finally:
        taking.open.set()
        server.shutdown()
        server.server_close()
        thread.join()
