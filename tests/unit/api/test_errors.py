"""Errors as problem documents, request ids, and what stays inside."""

import errno
from collections.abc import Iterator
from typing import IO

import pytest
from sqlalchemy.exc import DataError
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from core.errors import StorageError, StorageFullError
from core.storage import Storage
from tests.support.api import ApiRig, part


class FailingStorage(Storage):
    """Raises what the test wants."""

    error: Exception = RuntimeError("password=hunter2")

    def write(self, key: str, content: object) -> str:  # noqa: ARG002 - Storage's signature
        """Fail."""
        raise self.error


@pytest.fixture
def failing_rig(rig: ApiRig) -> ApiRig:
    """An application on storage that fails."""
    return ApiRig(rig.settings, rig.database, FailingStorage(rig.settings.storage_url))


def test_a_bug_says_nothing_of_the_inside_but_its_request_id(failing_rig: ApiRig) -> None:
    """The log has the error under the same request id."""
    with capture_logs(processors=[merge_contextvars]) as logged:
        answer = failing_rig.client.post("/v1/jobs", data={"files": part("a.png")})
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "hunter2" not in answer.text
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    [failure] = [entry for entry in logged if entry["event"] == "request_failed"]
    assert str(failure["exc_info"]) == "password=hunter2"
    assert failure["request_id"] == answer.json["request_id"]


def test_storage_that_fails_is_a_503_without_its_address(failing_rig: ApiRig) -> None:
    """The client is told to try again; where we keep bytes is ours."""
    storage = failing_rig.storage
    assert isinstance(storage, FailingStorage)
    storage.error = StorageError("Storage at s3://secret-bucket did not take it.")
    answer = failing_rig.client.post("/v1/jobs", data={"files": part("a.png")})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "secret-bucket" not in answer.text


class FullStorage(Storage):
    """Takes so many bytes, and then no more."""

    room = 200_000

    def write(self, key: str, content: bytes | IO[bytes] | Iterator[bytes]) -> str:
        """Keep the content while there is room for it; raises StorageFullError."""
        if isinstance(content, bytes):
            return super().write(key, self._taken(content))
        return super().write(key, map(self._taken, content))

    def _taken(self, block: bytes) -> bytes:
        self.room -= len(block)
        if self.room < 0:
            raise StorageFullError("Storage at s3://secret-bucket is full.")
        return block


@pytest.mark.parametrize(
    "parts",
    [
        {"files": [part(f"{i}.png", bytes(30_000)) for i in range(20)]},
        {"archive": part("faces.zip", bytes(3_000_000))},
        {"manifest": part("list.csv", bytes(3_000_000))},
    ],
)
def test_full_storage_is_a_507_and_keeps_nothing(rig: ApiRig, parts: dict) -> None:
    """Not even the files that still had room; the key of the request stays free."""
    full = ApiRig(rig.settings, rig.database, FullStorage(rig.settings.storage_url))
    answer = full.client.post("/v1/jobs", data=parts, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.mimetype) == (507, "application/problem+json")
    assert "no room" in answer.json["detail"]
    assert "secret-bucket" not in answer.text
    assert full.kept() == []
    assert rig.client.get("/v1/jobs").json["jobs"] == []


def test_a_disk_without_room_for_the_request_is_a_507(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bodies lie on disk while they are read, and that disk can be full as well."""

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("api.spool.os.pwrite", refuse)
    answer = rig.client.post("/v1/jobs", data={"files": part("a.png")})
    assert answer.status_code == 507


def test_a_value_that_the_database_does_not_take_is_a_422(
    rig: ApiRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should a check of the fields ever miss it; the statement stays inside."""

    def refuse(*_: object, **__: object) -> None:
        raise DataError("SELECT secret", {}, ValueError("a NUL"))

    monkeypatch.setattr("api.jobs.job_pages.page", refuse)
    answer = rig.client.get("/v1/jobs")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/v1/jobs", 405),
        ("POST", "/v1/jobs", 415),
        ("GET", "/v1/jobs?limit=x", 422),
    ],
)
def test_every_error_is_a_problem(rig: ApiRig, method: str, path: str, status: int) -> None:
    """Title, status, a sentence and the request id are always there."""
    answer = rig.client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["detail"].endswith(".")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_a_method_that_is_not_allowed_names_those_that_are(rig: ApiRig) -> None:
    """The Allow header survives the translation."""
    assert "GET" in rig.client.open("/v1/jobs", method="DELETE").headers["Allow"]


def test_a_browser_gets_a_page_and_a_program_json(rig: ApiRig) -> None:
    """Decided by what is accepted; under /v1 it is always JSON."""
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = rig.client.get("/nothing/<b>", headers=accept)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "&lt;b&gt;" in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert rig.client.get("/v1/nothing", headers=accept).mimetype == "application/problem+json"


def test_a_sane_request_id_of_the_client_is_taken(rig: ApiRig) -> None:
    """So that one id follows a request through several systems."""
    answer = rig.client.get("/healthz", headers={"X-Request-Id": "trace-7f.1:2_3"})
    assert answer.headers["X-Request-Id"] == "trace-7f.1:2_3"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", "é", "-x"])
def test_any_other_request_id_is_replaced(rig: ApiRig, given: str) -> None:
    """Logs and headers carry nothing that a client made up freely."""
    answer = rig.client.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"].startswith("req_")
