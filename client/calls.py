"""All calls of the API, written once: `AsyncClient` awaits them, `Client` blocks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from client.answers import ModelVersion, Scan
from client.errors import ClientError
from client.http import Http
from client.idempotency import under
from client.jobs import AsyncJobs
from client.reading import model_version_from, scan_from
from client.resumable import AsyncUploads
from client.upload import json_part, parts
from client.webhooks import AsyncWebhooks
from client.wires import Wire

UPLOAD_TIMEOUT_S = 600.0


class Calls:
    """The calls that are of no noun, and the nouns that have the others."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None,
        timeout_s: float,
        attempts: int,
        connect: Callable[[dict[str, Any]], Wire],
    ) -> None:
        self._timeout_s = timeout_s
        self._http = Http(
            url, api_key=api_key, timeout_s=timeout_s, attempts=attempts, connect=connect
        )
        upload_timeout = httpx.Timeout(timeout_s, read=max(timeout_s, UPLOAD_TIMEOUT_S))
        self.uploads = AsyncUploads(self._http, timeout=upload_timeout)
        self.jobs = AsyncJobs(self._http, uploads=self.uploads, upload_timeout=upload_timeout)
        self.webhooks = AsyncWebhooks(self._http)

    async def scan(
        self,
        path: str | Path,
        *,
        wait_s: int = 10,
        faces: str = "auto",
        idempotency_key: str | None = None,
    ) -> Scan:
        """Scan one image; `verdict` is None when it did not end within `wait_s`.

        With `faces` "off", the whole image is scored, also by a model version that scores faces.
        A request whose answer was lost is sent again under its key, and still scans once.
        """
        options = [json_part("options", {"faces": faces})] if faces != "auto" else []
        answer = await self._http.insist(
            "POST",
            "/v1/scans",
            files=parts("image", [Path(path)]) + options,
            headers={"Prefer": f"wait={wait_s}", **under(idempotency_key)},
            timeout=self._timeout_s + wait_s,
        )
        return scan_from(answer)

    async def models(self) -> list[ModelVersion]:
        """Return the model versions that the server knows, newest first."""
        pages = self._http.get_pages("/v1/models", "models", {})
        return [model_version_from(model) async for model in pages]

    async def is_ready(self) -> bool:
        """Return whether the server answers and everything that it needs does, asked once."""
        try:
            return (await self._http.send("GET", "/readyz")).get("status") == "ok"
        except ClientError:
            return False

    async def version(self) -> str:
        """Return the release of the server."""
        info = (await self._http.get("/openapi.json")).get("info")
        return str(info.get("version", "")) if isinstance(info, dict) else ""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
