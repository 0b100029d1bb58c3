"""A small server in memory, and a client of it."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
import pytest
from flask import Flask, Response, request

from client import Client


def job(state: str = "running", **counted: int) -> dict[str, Any]:
    """A job as the API answers it."""
    names = "total queued running scored not_applicable failed reused fake real uncertain"
    return {
        "id": "job_1",
        "kind": "bulk",
        "state": state,
        "model_version": "m-1",
        "source": {"type": "files"},
        "counters": {name: counted.get(name, 0) for name in names.split()},
        "rate": 10.0,
        "eta_s": None,
        "error": None,
        "created_at": "2026-01-02T03:04:05Z",
        "links": {},
        "field_of_a_newer_server": 1,
    }


def verdict(position: int) -> dict[str, Any]:
    """A verdict as the API answers it."""
    return {
        "position": position,
        "name": f"{position}.png",
        "custom_id": None,
        "outcome": "scored",
        "label": "fake",
        "score": 0.9,
        "code": None,
        "message": None,
        "faces": None,
        "sha256": "00",
        "width": 8,
        "height": 8,
        "reused": False,
        "model_version": "m-1",
        "created_at": "2026-01-02T03:04:06Z",
    }


class FakeServer:
    """Answers like the API; `failures` are answered first, one a request."""

    def __init__(self) -> None:
        self.failures: list[Response] = []
        self.requests: list[tuple[str, str]] = []
        self.uploads: dict[str, bytes] = {}
        self.fields: dict[str, str] = {}
        self.states = ["planning", "running", "completed"]
        self.body: Any = None
        self.options: Any = None
        self.items: Any = None
        self.keys: list[str | None] = []
        self.streams: list[Iterable[bytes]] = []
        self.places: list[str | None] = []
        self.file: Iterable[bytes] = [b"position,", b"name"]
        self.app = Flask("fake")
        self.app.before_request(self._note)
        self._route("POST", "/v1/jobs", self._submit)
        self._route("GET", "/v1/jobs", lambda: {"jobs": [job()], "next_cursor": None})
        self._route("GET", "/v1/jobs/job_1", lambda: job(self.states.pop(0), scored=1, failed=2))
        self._route("GET", "/v1/jobs/job_1/verdicts", self._verdicts)
        self._route("GET", "/v1/jobs/job_1/export", lambda: Response(self.file))
        self._route("GET", "/v1/jobs/job_1/events", self._events)
        self._route("GET", "/v1/jobs/job_1/faults", self._faults)
        self._route("POST", "/v1/jobs/job_1/retry", lambda: (job("queued"), 202))
        self._route("DELETE", "/v1/jobs/job_1", lambda: ("", 204))
        self._route("POST", "/v1/jobs/job_1/cancel", lambda: (job("cancelling"), 202))
        self._route("POST", "/v1/scans", self._scan)
        self._route("GET", "/readyz", lambda: {"status": "ok"})

    def _route(self, method: str, path: str, answer: Callable[[], Any]) -> None:
        self.app.add_url_rule(path, f"{method} {path}", answer, methods=[method])

    def _note(self) -> Response | None:
        self.keys.append(request.headers.get("Idempotency-Key"))
        self.requests.append((request.method, request.full_path.rstrip("?")))
        return self.failures.pop(0) if self.failures else None

    def _submit(self) -> tuple[dict[str, Any], int]:
        self.body = request.get_json(silent=True)
        self.options = json.loads(request.form.get("options", "{}"))
        self.items = json.loads(request.form.get("items", "null"))
        for field, file in request.files.items(multi=True):
            self.uploads[file.filename or ""] = file.read()
            self.fields[file.filename or ""] = field
        return job("queued"), 202

    def _verdicts(self) -> dict[str, Any]:
        start = int(request.args.get("cursor", 0))
        following = str(start + 2) if start < 4 else None
        return {"verdicts": [verdict(start), verdict(start + 1)], "next_cursor": following}

    def _events(self) -> Response:
        self.places.append(request.headers.get("Last-Event-ID"))
        return Response(self.streams.pop(0), content_type="text/event-stream")

    def _faults(self) -> dict[str, Any]:
        faults = [{"line": 3, "code": "not_json", "message": "The line is no JSON."}]
        return {"count": 1, "by_code": {"not_json": 1}, "faults": faults, "next_cursor": None}

    def _scan(self) -> tuple[dict[str, Any], int]:
        self.options = json.loads(request.form.get("options", "{}"))
        in_time = request.headers["Prefer"] == "wait=10"
        return {"job": job(), "verdict": verdict(0) if in_time else None}, 200 if in_time else 202


@pytest.fixture
def server() -> FakeServer:
    """A fresh server."""
    return FakeServer()


@pytest.fixture
def client(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of the server that does not pause between attempts."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    transport = httpx.WSGITransport(app=server.app)
    with Client("http://test", transport=transport) as client:
        yield client
