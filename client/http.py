"""One request: retried where that is safe, and its failures as the client's own errors."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx

from client.errors import ApiError, ConnectionFailed, InvalidKey
from client.replies import api_error, json_object
from client.retries import is_declined, is_transient, retrying
from client.wires import Wire

NO_CONTENT = 204
GONE_STATUSES = frozenset({404, 410})
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class Http:
    """Sends requests to one server. Only what changes nothing a second time is tried again.

    `connect` makes the wire of the settings of an httpx client.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None,
        timeout_s: float,
        attempts: int,
        connect: Callable[[dict[str, Any]], Wire],
    ) -> None:
        self.url = _checked(url)
        self.timeout_s = timeout_s
        self.attempts = attempts
        self._wire = connect(
            {
                "base_url": self.url,
                "timeout": timeout_s,
                "headers": {
                    "Accept": "application/json",
                    "User-Agent": "fakesweep-client",
                    **_authorization(api_key),
                },
                # a proxy does not reach this machine
                "trust_env": self.url.host not in LOOPBACK_HOSTS,
            }
        )
        self.pause = self._wire.pause
        self.close = self._wire.close

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET the path, again with growing pauses where the server does not answer."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return await self.insist("GET", path, params=given)

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET the path and yield the parts of the body as they come; raises ConnectionFailed.

        Opening it is tried again like any GET, or `attempts` times; what breaks off later is not.
        """
        given = {name: value for name, value in params.items() if value is not None}
        asked = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        request = self._wire.build("GET", path, params=given, headers=asked)
        response = await retrying(attempts or self.attempts, self.pause)(self._open, request)
        try:
            yield self._wire.parts(response)
        except httpx.HTTPError as error:
            raise ConnectionFailed(
                f"The connection to {self.url} broke off ({error or type(error).__name__}); "
                "try again."
            ) from error
        finally:
            await self._wire.end(response)

    async def get_pages(
        self, path: str, name: str, params: Mapping[str, Any]
    ) -> AsyncGenerator[Mapping[str, Any]]:
        """Yield the elements of the list called `name`, following the cursors."""
        cursor: str | None = None
        while True:
            page = await self.get(path, {**params, "cursor": cursor})
            for element in page.get(name, ()):
                yield element
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    async def send(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's
        """Send one request and return the JSON object that it answers, empty for 204."""
        response = await self.request(method, path, **options)
        return {} if response.status_code == NO_CONTENT else json_object(response)

    async def insist(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Send a request that may arrive twice, again where the server does not answer."""
        return await retrying(self.attempts, self.pause)(self.send, method, path, **options)

    async def send_once(self, method: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Send a request that is not to be done twice, again only where it was declined."""
        once = retrying(self.attempts, self.pause, is_declined)
        return await once(self.send, method, path, **options)

    async def delete(self, path: str, **options: Any) -> None:  # noqa: ANN401 - httpx's
        """DELETE the path, again where the server does not answer.

        That nothing is there is no error after a try that may have deleted it.
        """
        may_be_gone = False

        async def send() -> None:
            nonlocal may_be_gone
            try:
                await self.request("DELETE", path, **options)
            except (ApiError, ConnectionFailed) as error:
                if may_be_gone and isinstance(error, ApiError) and error.status in GONE_STATUSES:
                    return
                may_be_gone |= is_transient(error) and not is_declined(error)
                raise

        await retrying(self.attempts, self.pause)(send)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        """Send one request and return its answer, which is a success."""
        with self._reachable():
            response = await self._wire.send(self._wire.build(method, path, **options))
        if not response.is_success:
            raise api_error(response)
        return response

    async def _open(self, request: httpx.Request) -> httpx.Response:
        with self._reachable():
            response = await self._wire.send(request, stream=True)
            if not response.is_success:
                await self._wire.read(response)
                raise api_error(response)
        return response

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise ConnectionFailed(
                f"The server at {self.url} does not answer ({error or type(error).__name__}). "
                "Check the address, and that the server runs."
            ) from error


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConnectionFailed(f"{url} is not an address ({error}).") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConnectionFailed(f"{url} is not an address; write it as http://host:port.")
    return parsed


def _authorization(api_key: str | None) -> dict[str, str]:
    if not api_key:
        return {}
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise InvalidKey("The API key holds characters that no key has; copy it anew.")
    return {"Authorization": f"Bearer {api_key}"}
