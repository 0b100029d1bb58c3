"""A job's events as the client gives them, over connections that break."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from client import ApiError, Client, ConnectionFailed, JobEvent
from tests.unit.client.conftest import FakeServer, job, verdict
from tests.unit.client.test_client import refusal


def progress(state: str = "running") -> bytes:
    """A `progress` event."""
    return b"event: progress\ndata: " + json.dumps(job(state)).encode() + b"\n\n"


def landed(number: int, name: str = "a.png") -> bytes:
    """A `verdicts` event with one verdict."""
    data = {"landing": number, "verdicts": [{**verdict(number), "name": name}]}
    text = json.dumps(data, ensure_ascii=False)
    return f"event: verdicts\nid: {number}\ndata: {text}\n\n".encode()


def end(number: int) -> bytes:
    """An `end` event."""
    data = json.dumps(job("completed"))
    return f"event: end\nid: {number}.end\ndata: {data}\n\n".encode()


def told(events: Iterator[JobEvent]) -> list[str | int]:
    """Return the states and positions that the events told."""
    seen: list[str | int] = []
    for event in events:
        seen += [event.job.state] if event.job else []
        seen += [verdict.position for verdict in event.verdicts]
    return seen


def test_events_come_in_order(client: Client, server: FakeServer) -> None:
    """Progress, verdicts, the end; comments and hints are passed over."""
    hint, comment = b"retry: 2000\n\n", b": still here\n\n"
    server.streams = [[hint, progress(), landed(1), comment, landed(2), end(2)]]
    assert told(client.jobs.events("job_1")) == ["running", 1, 2, "completed"]
    assert server.requests == [("GET", "/v1/jobs/job_1/events?verdicts=true")]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_parts_may_be_cut_anywhere(client: Client, server: FakeServer, size: int) -> None:
    """Also within a letter; separators of lines that only Unicode knows end none."""
    name = "\u2028 \x85 \U0001f600.png"
    whole = landed(1, name) + end(1)
    server.streams = [[whole[i : i + size] for i in range(0, len(whole), size)]]
    first, _ = client.jobs.events("job_1")
    assert first.verdicts[0].name == name


def test_a_broken_connection_is_taken_up_behind_the_last_event(
    client: Client, server: FakeServer
) -> None:
    """Whether it broke off or was closed; half an event counts for nothing."""

    def breaking() -> Iterator[bytes]:
        yield landed(1)
        yield landed(2)[:30]
        raise httpx.ReadError("broken")

    server.streams = [breaking(), [landed(2)], [progress(), end(2)]]
    assert told(client.jobs.events("job_1")) == [1, 2, "running", "completed"]
    assert server.places == [None, "1", "2"]


def test_a_server_that_is_started_again_is_waited_for(client: Client, server: FakeServer) -> None:
    """For longer than a request is tried; not without end."""

    def breaking() -> Iterator[bytes]:
        yield landed(1)
        server.failures = [refusal(502) for _ in range(20)]

    server.streams = [breaking(), [end(1)]]
    assert told(client.jobs.events("job_1")) == [1, "completed"]
    server.streams = [breaking()]
    with pytest.raises(ApiError):
        told(client.jobs.events("job_1", patience_s=0))


def test_without_a_place_the_job_is_asked_for(client: Client, server: FakeServer) -> None:
    """And a place again, a little later."""
    server.failures = [refusal(503, **{"Retry-After": "5"})]
    server.states = ["running"]
    server.streams = [[end(0)]]
    assert told(client.jobs.events("job_1", verdicts=False)) == ["running", "completed"]
    assert [path for _, path in server.requests] == [
        "/v1/jobs/job_1/events?verdicts=false",
        "/v1/jobs/job_1",
        "/v1/jobs/job_1/events?verdicts=false",
    ]


def test_a_job_that_is_not_there_is_said(client: Client, server: FakeServer) -> None:
    """At once."""
    server.failures = [refusal(404)]
    with pytest.raises(ApiError):
        next(client.jobs.events("job_1"))


def test_gives_up_when_no_event_comes_through(client: Client, server: FakeServer) -> None:
    """After as many connections as a request has attempts."""
    server.streams = [[b"retry: 2000\n\n"] for _ in range(9)]
    with pytest.raises(ConnectionFailed, match="again and again"):
        next(client.jobs.events("job_1"))
    assert len(server.places) == 6


def test_the_other_calls_reach_their_paths(client: Client, server: FakeServer) -> None:
    """Faults, another try, deletion, and the list's filters."""
    [fault] = client.jobs.faults("job_1")
    assert (fault.line, fault.code) == (3, "not_json")
    assert client.jobs.retry("job_1").state == "queued"
    client.jobs.retry("job_1", code="fetch_failed")
    client.jobs.retry("job_1", code=["fetch_failed", "poison"])
    client.jobs.delete("job_1")
    list(client.jobs.list(priority="high", metadata={"team": "a", "n": "1"}))
    list(client.jobs.list(created_after=datetime(2026, 1, 2, tzinfo=UTC)))
    assert server.requests == [
        ("GET", "/v1/jobs/job_1/faults"),
        ("POST", "/v1/jobs/job_1/retry"),
        ("POST", "/v1/jobs/job_1/retry?code=fetch_failed"),
        ("POST", "/v1/jobs/job_1/retry?code=fetch_failed&code=poison"),
        ("DELETE", "/v1/jobs/job_1"),
        ("GET", "/v1/jobs?priority=high&metadata=team%3Aa&metadata=n%3A1"),
        ("GET", "/v1/jobs?created_after=2026-01-02T00%3A00%3A00%2B00%3A00"),
    ]
