"""Small servers of what is read of Google's and of Azure's object stores: listings and objects.

They keep to the stores' references: the XML API of Cloud Storage (listings of version 2), and
List Blobs and Get Blob of Azure's Blob service. Only who shows the credentials is answered.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from core.objects import open_store

BUCKET = "faces"
PAGE_KEYS = 100  # fewer than the stores give, so that few objects make several pages
CHANGED_AT = 1_700_000_000
ACCOUNT = "account"
TOKEN = "token"


@dataclass
class Cloud:
    """One bucket (a container) of a store at `url`; `failures` requests to come get a 503."""

    dialect: "Dialect"
    url: str
    objects: dict[str, bytes] = field(default_factory=dict)
    failures: int = 0
    pages: int = 0

    @property
    def uri(self) -> str:
        """The bucket's URI."""
        return f"{self.dialect.scheme}://{BUCKET}"

    def put(self, key: str, content: bytes) -> str:
        """Put an object into the bucket and return its URI."""
        self.objects[key] = content
        return f"{self.uri}/{key}"

    def page(self, query: dict[str, str]) -> bytes:
        """Return one page of a listing, in the store's words."""
        self.pages += 1
        prefix = query.get("prefix", "")
        after = query.get(self.dialect.marker) or query.get("start-after", "")
        first = query.get("startFrom", "")  # Azure's, which is part of what is listed
        keys = sorted(
            key for key in self.objects if key.startswith(prefix) and key > after and key >= first
        )
        here = [(escape(key), len(self.objects[key])) for key in keys[:PAGE_KEYS]]
        following = escape(keys[PAGE_KEYS - 1]) if len(keys) > PAGE_KEYS else ""
        return self.dialect.page(here, following).encode()


@dataclass(frozen=True)
class Dialect:
    """How a store is spoken to: its scheme, its listings, and what obstore is to be told."""

    scheme: str
    marker: str
    authorization: str
    page: Callable[[list[tuple[str, int]], str], str]
    variables: Callable[[str], dict[str, str]]


def _google_page(found: list[tuple[str, int]], following: str) -> str:
    changed = "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    contents = "".join(
        f"<Contents><Key>{key}</Key>{changed}<Size>{size}</Size><ETag>e</ETag></Contents>"
        for key, size in found
    )
    more = f"<NextContinuationToken>{following}</NextContinuationToken>" if following else ""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
        f"<Name>{BUCKET}</Name>{contents}{more}</ListBucketResult>"
    )


def _azure_page(found: list[tuple[str, int]], following: str) -> str:
    blobs = "".join(
        f"<Blob><Name>{key}</Name><Properties>"
        f"<Last-Modified>{formatdate(CHANGED_AT, usegmt=True)}</Last-Modified>"
        f"<Content-Length>{size}</Content-Length><Content-Type>image/jpeg</Content-Type>"
        "<Etag>e</Etag></Properties></Blob>"
        for key, size in found
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        f"<EnumerationResults ContainerName='{BUCKET}'><Blobs>{blobs}</Blobs>"
        f"<NextMarker>{following}</NextMarker></EnumerationResults>"
    )


GOOGLE = Dialect(
    scheme="gs",
    marker="continuation-token",
    authorization=f"Bearer {TOKEN}",
    page=_google_page,
    variables=lambda url: {"GOOGLE_BASE_URL": url, "GOOGLE_BEARER_TOKEN": TOKEN},
)
AZURE = Dialect(
    scheme="az",
    marker="marker",
    authorization=f"SharedKey {ACCOUNT}:",
    page=_azure_page,
    variables=lambda url: {
        "AZURE_STORAGE_ENDPOINT": url,
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": "a2V5",
    },
)


@contextmanager
def cloud(dialect: Dialect) -> Iterator[Cloud]:
    """Run a store with an empty bucket, and point obstore at it by the environment."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if serving.failures > 0:
                serving.failures -= 1
                self._answer(503)
            elif not self.headers.get("authorization", "").startswith(dialect.authorization):
                self._answer(403)
            elif bucket != BUCKET or (key and key not in serving.objects):
                self._answer(404)
            elif key:
                self._answer_object(serving.objects[key])
            else:
                self._answer(200, serving.page(query))

        do_HEAD = do_GET

        def _answer_object(self, content: bytes) -> None:
            if found := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", "")):
                first, last = int(found[1]), min(int(found[2]), len(content) - 1)
                part = f"bytes {first}-{last}/{len(content)}"
                self._answer(206, content[first : last + 1], {"content-range": part})
            else:
                self._answer(200, content)

        def _answer(
            self, status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.send_header("last-modified", formatdate(CHANGED_AT, usegmt=True))
            self.send_header("etag", '"e"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = Cloud(dialect, f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in dialect.variables(serving.url).items():
            patch.setenv(name, value)
        open_store.cache_clear()
        try:
            yield serving
        finally:
            open_store.cache_clear()
            server.shutdown()
            thread.join()
            server.server_close()
