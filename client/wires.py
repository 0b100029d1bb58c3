"""How requests travel: each step awaited on an event loop, or done at once on this thread.

Everything above is written once, over a `Wire`. That of the blocking client never suspends, so
that `client.blocking` can run the same coroutines without an event loop.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import httpx


class Wire(Protocol):
    """What a client does that takes time."""

    @property
    def build(self) -> Callable[..., httpx.Request]:
        """Build a request to the server, as httpx does."""
        ...

    async def send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        """Send the request; the body of a stream is left to be read."""
        ...

    async def read(self, response: httpx.Response) -> None:
        """Read the whole body of a stream."""
        ...

    def parts(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Yield the parts of a stream as they come."""
        ...

    async def end(self, response: httpx.Response) -> None:
        """Close a stream."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class LoopWire:
    """Awaits on an asyncio event loop, so that other tasks go on, and can cancel."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.build = http.build_request

    async def send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        """Send the request."""
        return await self._http.send(request, stream=stream)

    async def read(self, response: httpx.Response) -> None:
        """Read the whole body of a stream."""
        await response.aread()

    def parts(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Yield the parts of a stream as they come."""
        return response.aiter_bytes()

    async def end(self, response: httpx.Response) -> None:
        """Close a stream."""
        await response.aclose()

    async def pause(self, seconds: float) -> None:
        """Let other tasks go on."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class ThreadWire:
    """Blocks the thread, and so never suspends a coroutine."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.build = http.build_request

    async def send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        """Send the request."""
        return self._http.send(request, stream=stream)

    async def read(self, response: httpx.Response) -> None:
        """Read the whole body of a stream."""
        response.read()

    async def parts(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Yield the parts of a stream as they come."""
        for part in response.iter_bytes():
            yield part

    async def end(self, response: httpx.Response) -> None:
        """Close a stream."""
        response.close()

    async def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    async def close(self) -> None:
        """Close the connections."""
        self._http.close()
