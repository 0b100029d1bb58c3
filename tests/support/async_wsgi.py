"""A WSGI application in memory, for clients on an event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx


class AsyncWSGITransport(httpx.AsyncBaseTransport):
    """Answers each request from the application, run in a thread; bodies come part by part."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._transport = httpx.WSGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's answer."""
        await request.aread()
        answer = await asyncio.to_thread(self._transport.handle_request, request)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Parts(cast("httpx.SyncByteStream", answer.stream)),
        )


class _Parts(httpx.AsyncByteStream):
    """The body of such an answer."""

    def __init__(self, parts: httpx.SyncByteStream) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part

    async def aclose(self) -> None:
        self._parts.close()
