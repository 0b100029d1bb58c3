"""A job followed live: what comes, in which order, and from where on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update

from api.events import stream
from api.events.place import Place
from api.events.stream import Following, follow
from core.terms import Outcome, ShardState
from db import deletion, jobs
from db.models import Job, Shard, Verdict
from tests.support.api import ApiRig, part
from tests.support.landings import land

NAMES = ["fake.png", "b.png", "broken.png", "tree.png", "unsure.png", "c.png"]


@dataclass(frozen=True)
class Event:
    """One event as a client reads it."""

    name: str
    id: str | None
    data: Any


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress whenever it changes, and no pause between two looks."""
    monkeypatch.setattr(stream, "POLL_S", 0)
    monkeypatch.setattr(stream, "PROGRESS_S", 0)


@pytest.fixture
def job_id(rig: ApiRig) -> str:
    """A planned job of three shards, none of which has ended."""
    answer = rig.client.post("/v1/jobs", data={"files": [part(name) for name in NAMES]})
    rig.worker.plan(answer.json["id"], shard_size=2)
    return answer.json["id"]


def events(parts: Iterator[bytes]) -> Iterator[Event]:
    """Yield the events of a stream; comments and hints are left out."""
    for written in parts:
        fields = dict(line.split(": ", 1) for line in written.decode().strip().split("\n"))
        if "event" in fields:
            yield Event(fields["event"], fields.get("id"), json.loads(fields["data"]))


def followed(rig: ApiRig, job_id: str, query: str = "", **headers: str) -> list[Event]:
    """Return all events of a job that ends."""
    with rig.client.get(f"/v1/jobs/{job_id}/events{query}", headers=headers) as answer:
        assert answer.status_code == 200
        return list(events(iter(answer.data.strip().split(b"\n\n"))))


def positions(found: list[Event]) -> list[list[int]]:
    """Return the positions of each `verdicts` event."""
    return [
        [verdict["position"] for verdict in event.data["verdicts"]]
        for event in found
        if event.name == "verdicts"
    ]


def live(rig: ApiRig, job_id: str, place: Place | None = None) -> Iterator[Event]:
    """Yield the events of a job while the test goes on with it."""
    with rig.database.read() as session:
        row_id = jobs.get(session, job_id).id
    following = Following(rig.database, row_id, with_verdicts=True, is_gone=lambda: False)
    with rig.app.test_request_context():
        yield from events(follow(following, place or Place()))


def test_verdicts_come_as_they_land(rig: ApiRig, job_id: str) -> None:
    """In the order of the commits, each shard's together, with progress between and the end."""
    found = live(rig, job_id)
    first = next(found)
    assert (first.name, first.id, first.data["counters"]["scored"]) == ("progress", None, 0)
    land(rig, job_id, 1, 0)
    assert [next(found).id, next(found).id, next(found).name] == ["1", "2", "progress"]
    land(rig, job_id, 2)
    verdicts, progress, end = list(found)
    assert [v["position"] for v in verdicts.data["verdicts"]] == [4, 5]
    assert (verdicts.data["landing"], progress.data["state"]) == (3, "completed")
    assert (end.name, end.id, end.data["state"]) == ("end", "3.end", "completed")


def test_verdicts_are_those_of_the_list(rig: ApiRig, job_id: str) -> None:
    """A program that reads the one reads the other."""
    land(rig, job_id, 0, 1, 2)
    listed = rig.client.get(f"/v1/jobs/{job_id}/verdicts").json["verdicts"]
    found = [event for event in followed(rig, job_id) if event.name == "verdicts"]
    assert [verdict for event in found for verdict in event.data["verdicts"]] == listed


@pytest.mark.parametrize("landings_a_read", [1, 2, 16])
def test_a_client_that_comes_back_goes_on_where_it_was(
    rig: ApiRig, job_id: str, monkeypatch: pytest.MonkeyPatch, landings_a_read: int
) -> None:
    """From every id, nothing is missed and nothing comes twice."""
    monkeypatch.setattr(stream, "LANDINGS_A_READ", landings_a_read)
    land(rig, job_id, 2, 0, 1)
    whole = positions(followed(rig, job_id))
    assert whole == [[4, 5], [0, 1], [2, 3]]
    for seen in range(4):
        rest = followed(rig, job_id, **{"Last-Event-ID": str(seen)})
        assert positions(rest) == whole[seen:]
        assert rest[-1].name == "end"


def test_a_client_that_has_heard_the_end_is_not_served_again(rig: ApiRig, job_id: str) -> None:
    """Browsers come back after every end of a stream; 204 tells them to stop."""
    land(rig, job_id, 0, 1, 2)
    end = followed(rig, job_id)[-1]
    path = f"/v1/jobs/{job_id}/events"
    assert rig.client.get(path, headers={"Last-Event-ID": str(end.id)}).status_code == 204
    # A job that was tried again since has ended anew.
    with rig.database.write() as session:
        session.execute(update(Job).values(landed=4))
    assert [e.name for e in followed(rig, job_id, **{"Last-Event-ID": "3.end"})][-1] == "end"


def test_progress_alone(rig: ApiRig, job_id: str) -> None:
    """Without verdicts, for whoever only draws a bar."""
    land(rig, job_id, 0, 1, 2)
    assert [event.name for event in followed(rig, job_id, "?verdicts=false")] == ["progress", "end"]


def test_a_retried_shard_names_its_positions(rig: ApiRig, job_id: str) -> None:
    """The items of a retry need not be neighbours."""
    land(rig, job_id, 0, 1, 2)
    with rig.database.write() as session:
        job = jobs.get(session, job_id)
        items = [{"uri": "x", "name": "x", "position": position} for position in (1, 5)]
        session.add(
            Shard(
                job_id=job.id,
                round=1,
                first_position=1,
                size=2,
                items=items,
                state=ShardState.DONE,
                landing=4,
            )
        )
        job.landed = 4
    assert positions(followed(rig, job_id, **{"Last-Event-ID": "3"})) == [[1, 5]]


def test_a_landing_whose_items_are_tried_again_is_passed_over(rig: ApiRig, job_id: str) -> None:
    """Its number still comes, so that a client's place moves on."""
    land(rig, job_id, 0, 1, 2)
    with rig.database.write() as session:
        for verdict in session.scalars(select(Verdict).where(Verdict.outcome == Outcome.FAILED)):
            session.delete(verdict)
    assert positions(followed(rig, job_id)) == [[0, 1], [3], [4, 5]]


def test_a_job_deleted_meanwhile_closes_the_stream(rig: ApiRig, job_id: str) -> None:
    """Without an end: whoever comes back is told that there is no such job."""
    found = live(rig, job_id)
    assert next(found).name == "progress"
    rig.client.post(f"/v1/jobs/{job_id}/cancel")
    with rig.database.write() as session:
        deletion.delete(session, job_id)
    assert list(found) == []


def test_a_quiet_stream_has_a_heartbeat(
    rig: ApiRig, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment, so that proxies keep the connection and a dead client is noticed."""
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0)
    with rig.database.read() as session:
        row_id = jobs.get(session, job_id).id
    following = Following(rig.database, row_id, with_verdicts=True, is_gone=lambda: False)
    with rig.app.test_request_context():
        parts = follow(following, Place())
        assert next(parts) == b"retry: 2000\n\n"
        assert next(parts).startswith(b"event: progress\n")
        assert [next(parts), next(parts)] == [b": still here\n\n"] * 2


def test_a_client_that_has_gone_is_left(rig: ApiRig, job_id: str) -> None:
    """Where the server knows, the stream ends at the next look."""
    with rig.database.read() as session:
        row_id = jobs.get(session, job_id).id
    following = Following(rig.database, row_id, with_verdicts=True, is_gone=lambda: True)
    with rig.app.test_request_context():
        assert list(follow(following, Place())) == [b"retry: 2000\n\n"]


def test_the_headers_keep_the_stream_flowing(rig: ApiRig, job_id: str) -> None:
    """Neither caches nor nginx hold events back."""
    land(rig, job_id, 0, 1, 2)
    headers = rig.client.get(f"/v1/jobs/{job_id}/events").headers
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")


@pytest.mark.parametrize("written", ["x", "-1", "1.", "1.end.", "9" * 30, str(2**31)])
def test_an_id_of_another_stream_is_refused(rig: ApiRig, job_id: str, written: str) -> None:
    """The problem names the header."""
    answer = rig.client.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": written})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "Last-Event-ID"


def test_one_stream_too_many_is_refused(make_rig: Callable[..., ApiRig], rig: ApiRig) -> None:
    """With Retry-After; whoever leaves makes room."""
    rig = make_rig(max_streams=1)
    public_id = rig.client.post("/v1/jobs", data={"files": [part("a.png")]}).json["id"]
    path = f"/v1/jobs/{public_id}/events"
    opened = rig.client.get(path, buffered=False)
    assert rig.client.get(path).status_code == 503
    opened.close()
    opened = rig.client.get(path, buffered=False)
    assert opened.status_code == 200
    opened.close()
