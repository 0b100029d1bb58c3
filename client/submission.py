"""How jobs are made: from what lies on this machine, and from what lies elsewhere."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from client.answers import Job, job_from
from client.errors import InvalidKey
from client.http import Http
from client.resumable import AsyncUploads
from client.upload import FileItem, Part, json_part, parts, size_of, text_part

RESUMABLE_FROM_BYTES = 64 * 1024**2
KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class JobOptions:
    """How a job is to run; `strict` is for manifests alone.

    With `faces` "off", whole images are scored, also by model versions that score faces.
    """

    priority: str = "normal"
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires_in_s: float | None = None
    max_failure_ratio: float | None = None
    rescan: bool = False
    faces: str = "auto"
    strict: bool = False

    def body(self) -> dict[str, Any]:
        """Return them as the server takes them."""
        return asdict(self)


DEFAULT = JobOptions()


class AsyncSubmission:
    """The part of `AsyncClient(...).jobs` that makes jobs.

    Each takes the job's options. A request whose answer was lost is sent again under its
    `idempotency_key`, and still makes one job; without one, a key is made up for each call. A
    large file is sent in pieces, and goes on after the connection broke: `on_upload` is called
    with the id of the upload that begins, and a later call goes on with it as `upload_id`.
    """

    def __init__(self, http: Http, *, uploads: AsyncUploads, upload_timeout: httpx.Timeout) -> None:
        self._http = http
        self._uploads = uploads
        self._upload_timeout = upload_timeout

    async def submit_folder(
        self,
        path: str | Path,
        *,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
    ) -> Job:
        """Scan a folder that lies on the server, under one of the roots that it allows."""
        source = {"type": "folder", "path": str(path)}
        return await self._submit(source, options, idempotency_key)

    async def submit_prefix(
        self, uri: str, *, options: JobOptions = DEFAULT, idempotency_key: str | None = None
    ) -> Job:
        """Scan a bucket's images under a prefix that the server allows (`s3://bucket/prefix`)."""
        return await self._submit({"type": "prefix", "uri": uri}, options, idempotency_key)

    async def submit_urls(
        self,
        urls: Iterable[str | Mapping[str, str]],
        *,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
    ) -> Job:
        """Scan images behind https URLs; each is one, or has `uri`, `custom_id` and `sha256`."""
        source = {"type": "urls", "urls": list(urls)}
        return await self._submit(source, options, idempotency_key)

    async def submit_manifest(
        self,
        manifest: str | Path,
        *,
        format: str | None = None,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
        upload_id: str | None = None,
        on_upload: Callable[[str], None] | None = None,
    ) -> Job:
        """Scan a list of images: a `Path` is uploaded, a string is a URI that the server reads.

        `format` is `jsonl` or `csv`, by default as its name says.
        """
        if isinstance(manifest, str):
            source = {"type": "manifest", "uri": manifest, **_given(format=format)}
            return await self._submit(source, options, idempotency_key)
        if sent := await self._send_in_pieces(manifest, upload_id, on_upload):
            return await self.submit_upload(
                sent,
                used_as="manifest",
                format=format,
                options=options,
                idempotency_key=idempotency_key,
            )
        body = parts("manifest", [manifest])
        if format is not None:
            body.append(text_part("format", format))
        return await self._send_parts(body, options, idempotency_key)

    async def submit_archive(
        self,
        path: Path,
        *,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
        upload_id: str | None = None,
        on_upload: Callable[[str], None] | None = None,
    ) -> Job:
        """Upload one zip or tar archive of images, and scan its members."""
        if sent := await self._send_in_pieces(path, upload_id, on_upload):
            return await self.submit_upload(sent, options=options, idempotency_key=idempotency_key)
        return await self._send_parts(parts("archive", [path]), options, idempotency_key)

    async def submit_upload(
        self,
        upload_id: str,
        *,
        used_as: str = "archive",
        format: str | None = None,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
    ) -> Job:
        """Scan a file that was sent in pieces: an `archive`, or a `manifest` of the `format`.

        One job can use it, so the upload's id is the idempotency key where none is given.
        """
        source = {"type": "upload", "id": upload_id, "as": used_as, **_given(format=format)}
        return await self._submit(
            source, options, upload_id if idempotency_key is None else idempotency_key
        )

    async def submit_files(
        self,
        files: Iterable[Path | FileItem],
        *,
        root: Path | None = None,
        options: JobOptions = DEFAULT,
        idempotency_key: str | None = None,
    ) -> Job:
        """Upload the files, streamed from disk, and scan them; `FileItem` gives them your ids.

        Items are named by their path under `root`, or by their file name alone.
        """
        items = [file if isinstance(file, FileItem) else FileItem(file) for file in files]
        body = parts("files", [item.path for item in items], root=root)
        if any(known := [item.known() for item in items]):
            body.append(json_part("items", known))
        return await self._send_parts(body, options, idempotency_key)

    async def _send_in_pieces(
        self, path: Path, upload_id: str | None, on_upload: Callable[[str], None] | None
    ) -> str | None:
        """Upload a file that is large, or was begun so; return the upload's id, or None."""
        if upload_id is not None:
            await self._uploads.resume(path, upload_id)
            return upload_id
        if size_of(path) < RESUMABLE_FROM_BYTES:
            return None
        return await self._uploads.send(path, on_begin=on_upload)

    async def _send_parts(self, files: list[Part], options: JobOptions, key: str | None) -> Job:
        body = [*files, json_part("options", options.body())] if options != DEFAULT else files
        return await self._post(key, files=body, timeout=self._upload_timeout)

    async def _submit(self, source: Mapping[str, Any], options: JobOptions, key: str | None) -> Job:
        given = {"options": options.body()} if options != DEFAULT else {}
        return await self._post(key, json={"source": source, **given})

    async def _post(self, key: str | None, **body: Any) -> Job:  # noqa: ANN401 - httpx's
        answer = await self._http.insist("POST", "/v1/jobs", headers=under(key), **body)
        return job_from(answer)


def under(key: str | None) -> dict[str, str]:
    """Return the header of the idempotency key, or of a new one; raises InvalidKey."""
    if key is not None and KEY.fullmatch(key) is None:
        raise InvalidKey("An idempotency key is 1 to 255 visible ASCII characters; choose another.")
    return {"Idempotency-Key": uuid4().hex if key is None else key}


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
