"""The client for programs on an event loop: one object a server."""

from types import TracebackType
from typing import Self

import httpx

from client.calls import Calls
from client.wires import LoopWire


class AsyncClient(Calls):
    """Talks to the fakesweep server at `url`, from asyncio; the calls are those of `Client`.

    A server that asks for API keys gets `api_key` with each request. Cancelling a task ends its
    request; a job that it made goes on.

    async with AsyncClient("http://127.0.0.1:8780") as client:
        job = await client.jobs.wait(await client.jobs.submit("faces/"), progress=True)
        async for verdict in client.jobs.verdicts(job, label="fake"):
            print(verdict.name, verdict.score)
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 30,
        attempts: int = 6,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(
            url,
            api_key=api_key,
            timeout_s=timeout_s,
            attempts=attempts,
            connect=lambda options: LoopWire(httpx.AsyncClient(transport=transport, **options)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
