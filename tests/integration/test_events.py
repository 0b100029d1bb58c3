"""Events through a real server: clients that leave, and a server that starts anew."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.storage import Storage
from db.session import Database
from tests.support.api import ApiRig, part, settings_for
from tests.support.landings import land
from tests.support.rows import add_champion
from tests.support.serving import served

Make = Callable[[], ApiRig]


@pytest.fixture
def make(tmp_path: Path, database: Database) -> Make:
    """A builder of applications on one database, as a restarted server is; one stream at a time."""
    add_champion(database)
    settings = settings_for(tmp_path, max_streams=1)
    return lambda: ApiRig(settings, database, Storage(settings.storage_url))


@pytest.fixture
def job_id(make: Make) -> str:
    """A planned job of twelve items in six shards, none of which has ended."""
    rig = make()
    files = [part(f"{position}.png") for position in range(12)]
    public_id = rig.client.post("/v1/jobs", data={"files": files}).json["id"]
    rig.worker.plan(public_id, shard_size=2)
    return public_id


def events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield the events of an open stream."""
    event: dict[str, Any] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            event[name] = json.loads(value) if name == "data" else value
        else:
            if "event" in event:
                yield event
            event = {}


def test_a_client_that_leaves_makes_room(make: Make, job_id: str) -> None:
    """A quiet stream notices it without waiting for something to send."""
    with served(make().app) as url, httpx.Client(base_url=url) as client:
        path = f"/v1/jobs/{job_id}/events"
        with client.stream("GET", path) as opened:
            assert next(events(opened))["event"] == "progress"
            assert client.get(path).status_code == 503
        while (status := _status(client, path)) == 503:
            time.sleep(0.05)
        assert status == 200


def test_nothing_is_lost_or_repeated_over_a_restart(make: Make, job_id: str) -> None:
    """The place is the client's: another server goes on behind it."""
    rig = make()
    seen: list[int] = []
    with served(rig.app) as url, httpx.stream("GET", f"{url}/v1/jobs/{job_id}/events") as opened:
        found = events(opened)
        assert next(found)["event"] == "progress"
        land(rig, job_id, 4, 1)
        first = next(event for event in found if event["event"] == "verdicts")
        seen += [verdict["position"] for verdict in first["data"]["verdicts"]]
    land(rig, job_id, 0, 2, 3, 5)
    headers = {"Last-Event-ID": first["id"]}
    with (
        served(make().app) as url,
        httpx.stream("GET", f"{url}/v1/jobs/{job_id}/events", headers=headers) as opened,
    ):
        rest = list(events(opened))
    seen += [
        verdict["position"]
        for event in rest
        if event["event"] == "verdicts"
        for verdict in event["data"]["verdicts"]
    ]
    assert sorted(seen) == list(range(12))
    assert rest[-1]["event"] == "end"


def _status(client: httpx.Client, path: str) -> int:
    with client.stream("GET", path) as opened:
        return opened.status_code
