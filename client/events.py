"""A job's events as they happen: server-sent events, resumed when the connection breaks."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from client.answers import Job, Verdict
from client.errors import ApiError, ClientError, ConnectionFailed
from client.http import Http
from client.patience import Patience
from client.reading import job_from, verdict_from

TOO_BUSY = 503
PAUSE_S = 2.0  # between two connections, or two looks at the job


@dataclass(frozen=True)
class JobEvent:
    """What happened: `progress` and `end` have the job, `verdicts` those of one shard."""

    name: str
    job: Job | None = None
    verdicts: tuple[Verdict, ...] = ()


@dataclass
class _Message:
    """One event as it was written."""

    name: str = "message"
    id: str | None = None
    data: list[str] = field(default_factory=list)


class Follower:
    """Follows the job at the path to its end, over as many connections as it takes."""

    def __init__(self, http: Http, path: str, patience: Patience, *, with_verdicts: bool) -> None:
        self._http = http
        self._path = path
        self._patience = patience
        self._with_verdicts = with_verdicts
        self._last_id: str | None = None

    async def events(self) -> AsyncGenerator[JobEvent]:
        """Yield the events up to the end; each verdict once.

        Raises ConnectionFailed after so many connections in a row without an event, and when the
        patience ends.
        """
        closed = 0
        while True:
            try:
                closed += 1  # unless it breaks off, or has an event
                async with aclosing(self._round()) as found:
                    async for event in found:
                        closed = 0
                        self._patience.answered()
                        yield event
                        if event.name == "end":
                            return
            except ClientError as error:
                closed = 0
                self._patience.bear(error)
            if closed >= self._http.attempts:
                raise ConnectionFailed(
                    f"The server at {self._http.url} closes the events of the job again and again; "
                    "a proxy between may not let them through."
                )
            await self._http.pause(PAUSE_S)

    async def _round(self) -> AsyncGenerator[JobEvent]:
        """Yield the events of one connection, or where the job stands if there is no place for it.

        Without a place, the job is thereby asked for every few seconds.
        """
        try:
            async with aclosing(self._connection()) as connection:
                async for event in connection:
                    yield event
        except ApiError as error:
            if error.status != TOO_BUSY:
                raise
            yield JobEvent("progress", job=job_from(await self._http.get(self._path)))

    async def _connection(self) -> AsyncGenerator[JobEvent]:
        headers = {"Accept": "text/event-stream"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        params = {"verdicts": str(self._with_verdicts).lower()}
        path = f"{self._path}/events"
        async with self._http.stream(path, params, headers=headers, attempts=1) as parts:
            async for message in _messages(parts):
                if message.id is not None:
                    self._last_id = message.id
                yield _event(message)


def _event(message: _Message) -> JobEvent:
    data: Any = json.loads("\n".join(message.data))
    if message.name == "verdicts":
        return JobEvent(message.name, verdicts=tuple(map(verdict_from, data["verdicts"])))
    return JobEvent(message.name, job=job_from(data))


async def _messages(parts: AsyncIterator[bytes]) -> AsyncIterator[_Message]:
    """Yield the events of a stream that have data, as WHATWG HTML 9.2.6 reads them."""
    message = _Message()
    async for line in _lines(parts):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "" if not line and message.data:
                yield message
                message = _Message()
            case "" if not line:
                message = _Message()
            case "event":
                message.name = value
            case "id":
                message.id = value
            case "data":
                message.data.append(value)


async def _lines(parts: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Yield the lines; only line feeds end one, not the other separators that Unicode has."""
    rest = b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode()
