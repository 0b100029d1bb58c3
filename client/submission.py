"""How jobs are made: from what lies on this machine, and from what lies elsewhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from client.answers import Job
from client.errors import InvalidSource
from client.http import Http
from client.idempotency import under
from client.job_options import DEFAULT, JobOptions
from client.reading import job_from
from client.resumable import AsyncUploads
from client.upload import FileItem, Part, Sent, json_part, parts, size_of, text_part

RESUMABLE_FROM_BYTES = 64 * 1024**2
# What a server takes in one request, unless it was set otherwise.
MAX_FILES = 10_000
MAX_BYTES = 4 * 1024**3
BYTES_AROUND_A_FILE = 1024  # its name and the boundary, in a multipart body
TOO_MANY = (
    "These {:,} files are more than go in one request (10,000 files, 4 GiB), and ids and digests "
    "cannot go with more. Make several jobs of them, or list them in a manifest that says where "
    "the server finds them."
)


class AsyncSubmission:
    """The part of `AsyncClient(...).jobs` that makes jobs.

    Each takes the job's options. A request whose answer was lost is sent again under its
    `idempotency_key`, and still makes one job; without one, a key is made up for each call. A
    large file is sent in pieces, and goes on after the connection broke: `on_upload` is called
    with the id of the upload that begins, and a later call goes on with it as `upload_id`.
    `on_progress` is called with the bytes that were sent, and the bytes in all.
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
        on_progress: Sent | None = None,
    ) -> Job:
        """Scan a list of images: a `Path` is uploaded, a string is a URI that the server reads.

        `format` is `jsonl` or `csv`, by default as its name says.
        """
        if isinstance(manifest, str):
            source = {"type": "manifest", "uri": manifest, **_given(format=format)}
            return await self._submit(source, options, idempotency_key)
        if sent := await self._send_in_pieces(manifest, upload_id, on_upload, on_progress):
            return await self.submit_upload(
                sent,
                used_as="manifest",
                format=format,
                options=options,
                idempotency_key=idempotency_key,
            )
        body = parts("manifest", [manifest], on_progress=on_progress)
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
        on_progress: Sent | None = None,
    ) -> Job:
        """Upload one zip or tar archive of images, and scan its members."""
        if sent := await self._send_in_pieces(path, upload_id, on_upload, on_progress):
            return await self.submit_upload(sent, options=options, idempotency_key=idempotency_key)
        body = parts("archive", [path], on_progress=on_progress)
        return await self._send_parts(body, options, idempotency_key)

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
        on_progress: Sent | None = None,
    ) -> Job:
        """Upload the files, streamed from disk, and scan them; `FileItem` gives them your ids.

        Items are named by their path under `root`, or by their file name alone. More than 10,000
        files, or 4 GiB, go in pieces as a tar archive that is made on the way; ids and digests
        cannot go with so many. Raises InvalidSource.
        """
        items = [file if isinstance(file, FileItem) else FileItem(file) for file in files]
        paths, known = [item.path for item in items], [item.known() for item in items]
        if _are_too_many(paths):
            if any(known):
                raise InvalidSource(TOO_MANY.format(len(paths)))
            sent = await self._uploads.send_files(paths, root=root, on_progress=on_progress)
            return await self.submit_upload(sent, options=options, idempotency_key=idempotency_key)
        body = parts("files", paths, root=root, on_progress=on_progress)
        if any(known):
            body.append(json_part("items", known))
        return await self._send_parts(body, options, idempotency_key)

    async def _send_in_pieces(
        self,
        path: Path,
        upload_id: str | None,
        on_upload: Callable[[str], None] | None,
        on_progress: Sent | None,
    ) -> str | None:
        """Upload a file that is large, or was begun so; return the upload's id, or None."""
        if upload_id is not None:
            await self._uploads.resume(path, upload_id, on_progress=on_progress)
            return upload_id
        if size_of(path) < RESUMABLE_FROM_BYTES:
            return None
        return await self._uploads.send(path, on_begin=on_upload, on_progress=on_progress)

    async def _send_parts(self, files: list[Part], options: JobOptions, key: str | None) -> Job:
        body = [*files, json_part("options", options.body())] if options != DEFAULT else files
        return await self._post(key, files=body, timeout=self._upload_timeout)

    async def _submit(self, source: Mapping[str, Any], options: JobOptions, key: str | None) -> Job:
        given = {"options": options.body()} if options != DEFAULT else {}
        return await self._post(key, json={"source": source, **given})

    async def _post(self, key: str | None, **body: Any) -> Job:  # noqa: ANN401 - httpx's
        answer = await self._http.insist("POST", "/v1/jobs", headers=under(key), **body)
        return job_from(answer)


def _are_too_many(paths: Sequence[Path]) -> bool:
    """Return whether the files are more than one request takes."""
    around = len(paths) * BYTES_AROUND_A_FILE
    return len(paths) > MAX_FILES or sum(map(size_of, paths)) + around > MAX_BYTES


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
