"""The client: one object a server."""

from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from client.answers import ModelVersion, Scan, model_version_from, scan_from
from client.errors import ClientError
from client.http import Http
from client.jobs import Jobs
from client.resumable import Uploads
from client.upload import json_part, parts
from client.webhooks import Webhooks

UPLOAD_TIMEOUT_S = 600.0


class Client:
    """Talks to the fakesweep server at `url`, from one thread.

    A server that asks for API keys gets `api_key` with each request.

    with Client("http://127.0.0.1:8780") as client:
        job = client.jobs.wait(client.jobs.submit_folder("/data/faces").id)
        for verdict in client.jobs.verdicts(job.id, label="fake"):
            print(verdict.name, verdict.score)
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = 30,
        attempts: int = 6,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._http = Http(
            url, api_key=api_key, timeout_s=timeout_s, attempts=attempts, transport=transport
        )
        upload_timeout = httpx.Timeout(timeout_s, read=max(timeout_s, UPLOAD_TIMEOUT_S))
        self.uploads = Uploads(self._http, timeout=upload_timeout, attempts=attempts)
        self.jobs = Jobs(self._http, uploads=self.uploads, upload_timeout=upload_timeout)
        self.webhooks = Webhooks(self._http)

    def scan(self, path: Path, *, wait_s: int = 10, faces: str = "auto") -> Scan:
        """Scan one image; `verdict` is None when it did not end within `wait_s`.

        With `faces` "off", the whole image is scored, also by a model version that scores faces.
        """
        options = [json_part("options", {"faces": faces})] if faces != "auto" else []
        answer = self._http.send(
            "POST",
            "/v1/scans",
            files=parts("image", [path]) + options,
            headers={"Prefer": f"wait={wait_s}"},
            timeout=self._timeout_s + wait_s,
        )
        return scan_from(answer)

    def models(self) -> list[ModelVersion]:
        """Return the model versions that the server knows, newest first."""
        return [
            model_version_from(model) for model in self._http.get_pages("/v1/models", "models", {})
        ]

    def is_ready(self) -> bool:
        """Return whether the server answers and everything that it needs does, asked once."""
        try:
            return self._http.send("GET", "/readyz").get("status") == "ok"
        except ClientError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
