"""The async client: the same calls as the blocking one, awaited."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from client import ApiError, AsyncClient, Client, ConnectionFailed
from tests.support.async_wsgi import AsyncWSGITransport
from tests.unit.client.conftest import FakeServer
from tests.unit.client.test_client import refusal
from tests.unit.client.test_events import end, landed

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of these tests."""
    return "asyncio"


@pytest.fixture
async def awaited(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncClient]:
    """An async client of the server that does not pause between attempts."""

    async def go_on(_wire: object, _seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("client.wires.LoopWire.pause", go_on)
    async with AsyncClient("http://test", transport=AsyncWSGITransport(server.app)) as client:
        yield client


async def test_both_clients_have_the_same_calls() -> None:
    """By the same names, with the same parameters, in each of their parts."""
    with Client("http://test") as blocking:
        async with AsyncClient("http://test") as awaited:
            for noun in ("", "jobs", "uploads", "webhooks"):
                one, other = (getattr(c, noun) if noun else c for c in (blocking, awaited))
                calls = {
                    name: inspect.signature(call).parameters
                    for name, call in inspect.getmembers(other, inspect.isroutine)
                    if not name.startswith("_")
                }
                assert calls == {
                    name: inspect.signature(getattr(one, name)).parameters for name in calls
                }


async def test_an_image_is_scanned(
    awaited: AsyncClient, server: FakeServer, tmp_path: Path
) -> None:
    """With a key, so that a lost answer costs no second scan."""
    image = tmp_path / "a.png"
    image.write_bytes(b"x")
    server.failures = [refusal(503)]
    scan = await awaited.scan(image)
    assert scan.verdict is not None
    assert scan.verdict.score == 0.9
    assert server.keys[0] == server.keys[1] is not None


async def test_a_job_is_submitted_awaited_and_saved(
    awaited: AsyncClient, server: FakeServer, tmp_path: Path
) -> None:
    """Uploaded from disk, polled to its end, its verdicts on disk."""
    (tmp_path / "a.png").write_bytes(b"x")
    job = await awaited.jobs.submit([tmp_path / "a.png"])
    assert server.uploads == {"a.png": b"x"}
    seen: list[str] = []
    ended = await awaited.jobs.wait(job, on_progress=lambda job: seen.append(job.state))
    assert (ended.state, seen) == ("completed", ["planning", "running", "completed"])
    await awaited.jobs.export(job, tmp_path / "v.csv")
    assert (tmp_path / "v.csv").read_bytes() == b"position,name"


async def test_verdicts_come_page_by_page(awaited: AsyncClient, server: FakeServer) -> None:
    """A page is asked for when the one before it is used up, not earlier."""
    positions: list[int] = []
    async for verdict in awaited.jobs.verdicts("job_1"):
        positions.append(verdict.position)
        assert len(server.requests) == len(positions) // 2 + len(positions) % 2
    assert positions == [0, 1, 2, 3, 4, 5]


async def test_events_go_on_after_a_broken_connection(
    awaited: AsyncClient, server: FakeServer
) -> None:
    """From behind the last one, each verdict once."""
    server.streams = [[landed(1)], [landed(2), end(2)]]
    names = [event.name async for event in awaited.jobs.events("job_1")]
    assert names == ["verdicts", "verdicts", "end"]
    assert server.places == [None, "1"]


async def test_a_refusal_has_the_fields_of_the_problem(
    awaited: AsyncClient, server: FakeServer
) -> None:
    """As that of the blocking client does."""
    server.failures = [refusal(422)]
    with pytest.raises(ApiError, match="not valid") as caught:
        await awaited.jobs.submit_folder("x")
    assert (caught.value.status, caught.value.errors[0].field) == (422, "source.path")


async def test_an_absent_server_is_one_sentence() -> None:
    """Nothing listens: the address and what to check are named."""
    async with AsyncClient("http://127.0.0.1:9", attempts=1) as awaited:
        with pytest.raises(ConnectionFailed, match=r"http://127.0.0.1:9 does not answer"):
            await awaited.jobs.get("job_1")


async def test_calls_run_side_by_side() -> None:
    """None of them blocks the event loop: each is answered once all have arrived."""
    arrived = asyncio.Barrier(3)

    async def answer(_request: httpx.Request) -> httpx.Response:
        await arrived.wait()
        return httpx.Response(200, json={"models": []})

    async with AsyncClient("http://test", transport=httpx.MockTransport(answer)) as awaited:
        calls = (awaited.models() for _ in range(3))
        assert await asyncio.wait_for(asyncio.gather(*calls), 5) == [[], [], []]


async def test_a_cancelled_task_closes_its_stream() -> None:
    """At once, in the middle of a body that does not come."""
    closed, waits = asyncio.Event(), asyncio.Event()

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            waits.set()
            await asyncio.Event().wait()
            yield b""

        async def aclose(self) -> None:
            closed.set()

    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Endless())

    async with AsyncClient("http://test", transport=httpx.MockTransport(answer)) as awaited:
        follow = asyncio.create_task(anext(awaited.jobs.events("job_1")))
        await asyncio.wait_for(waits.wait(), 5)
        follow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await follow
        assert closed.is_set()
