"""A real S3-compatible server for tests, and a way to it that fails when a test says so."""

import http.client
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from core.objects import open_store

BUCKET = "faces"


@dataclass
class Buckets:
    """The server at `url`, with one bucket; `failures` requests to come are answered with 503."""

    url: str
    failures: int = 0

    @cached_property
    def _store(self) -> S3Store:
        return S3Store(
            BUCKET,
            endpoint=self.url,
            region="us-east-1",
            access_key_id="key",
            secret_access_key="secret",
            client_options={"allow_http": True},
        )

    def put(self, key: str, content: bytes) -> str:
        """Put an object into the bucket and return its URI; never fails on purpose."""
        obstore.put(self._store, key, content)
        return f"s3://{BUCKET}/{key}"


@contextmanager
def s3_server() -> Iterator[Buckets]:
    """Run a server with an empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        connection = http.client.HTTPConnection(host, port)
        connection.request("PUT", f"/{BUCKET}", headers={"Host": f"{host}:{port}"})
        if connection.getresponse().status != 200:
            raise RuntimeError("The bucket could not be made.")
        connection.close()
        yield Buckets(f"http://{host}:{port}")
    finally:
        server.stop()


@contextmanager
def reached_through_a_proxy(buckets: Buckets) -> Iterator[Buckets]:
    """Point obstore at the server, by the environment, through a proxy that can fail."""
    target = urlsplit(buckets.url).netloc

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if buckets.failures > 0:
                buckets.failures -= 1
                self._answer(503, [], b"<Error><Code>SlowDown</Code></Error>")
                return
            connection = http.client.HTTPConnection(target)
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            self._answer(response.status, response.getheaders(), response.read())
            connection.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            sent = {name.lower() for name, _ in headers}
            for name, value in headers:
                if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                    self.send_header(name, value)
            if "content-length" not in sent:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _forward

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.daemon_threads = True
    thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.server_port}")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        open_store.cache_clear()
        try:
            yield buckets
        finally:
            open_store.cache_clear()
            proxy.shutdown()
            thread.join()
            proxy.server_close()
