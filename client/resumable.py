"""Large files, sent in pieces by the tus protocol: a broken connection costs one piece at most."""

import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from client.errors import ApiError, ClientError, ConnectionFailed, UploadError
from client.http import Http
from client.patience import PATIENCE_S, Patience
from client.reading import read
from client.retries import is_transient, pause_s, retrying
from client.tarred import TarredFiles
from client.upload import Sent, size_of

PIECE_BYTES = 16 * 1024**2
PIECES_OF_A_FILE = 1000
CONFLICT = 409
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Upload:
    """A file that arrives in pieces: `received` of its `size` bytes are there."""

    id: str
    name: str
    size: int
    received: int
    is_used: bool


class Pieces(Protocol):
    """What is read to be sent, from any place."""

    def seek(self, offset: int, /) -> int:
        """Move to the offset."""
        ...

    def read(self, size: int, /) -> bytes:
        """Return so many bytes."""
        ...


class AsyncUploads:
    """Reached as `AsyncClient(...).uploads`."""

    def __init__(self, http: Http, *, timeout: httpx.Timeout) -> None:
        self._http = http
        self._timeout = timeout

    async def send(
        self,
        path: Path,
        *,
        on_begin: Callable[[str], None] | None = None,
        on_progress: Sent | None = None,
    ) -> str:
        """Upload the file and return the upload's id, for a job to use.

        `on_begin` is called with that id before the first byte is sent, so that `resume` can go
        on should this process die; `on_progress` with the bytes that have arrived, and the bytes
        in all.
        """
        upload_id = await self.begin(path)
        if on_begin is not None:
            on_begin(upload_id)
        await self.resume(path, upload_id, on_progress=on_progress)
        return upload_id

    async def send_files(
        self, paths: Sequence[Path], *, root: Path | None = None, on_progress: Sent | None = None
    ) -> str:
        """Upload the files as one tar archive, made on the way; return the upload's id.

        They are named by their path under `root`, or by their file name alone.
        """
        archive = TarredFiles(paths, root=root)
        upload_id = await self._begin(archive.name, archive.size)
        await self._send_rest(archive, upload_id, 0, archive.size, on_progress)
        return upload_id

    async def begin(self, path: Path) -> str:
        """Announce the file and return the upload's id; none of its bytes are sent yet."""
        return await self._begin(path.name, size_of(path))

    async def _begin(self, name: str, size: int) -> str:
        shown = os.fsencode(name).decode("utf-8", "replace").encode()
        headers = {
            **TUS,
            "Upload-Length": str(size),
            "Upload-Metadata": f"filename {b64encode(shown).decode()}",
        }
        send = retrying(self._http.attempts, self._http.pause)
        answer = await send(self._http.request, "POST", "/v1/uploads", headers=headers)
        return answer.headers.get("Location", "").rpartition("/")[2]

    async def resume(self, path: Path, upload_id: str, *, on_progress: Sent | None = None) -> None:
        """Send what is missing of an upload that was begun before with the same file.

        Goes on after the connection broke or the server was restarted, from where the server
        says; gives up when the server has taken no byte for 90 seconds. Raises UploadError for a
        file of another size.
        """
        size = size_of(path)
        begun = await self.get(upload_id)
        if begun.size != size:
            raise UploadError(
                f"{path} has {size:,} bytes, and the upload {upload_id} was begun with a file of "
                f"{begun.size:,}; name that file, or begin a new upload."
            )
        with path.open("rb") as stream:
            await self._send_rest(stream, upload_id, begun.received, size, on_progress)

    async def get(self, upload_id: str) -> Upload:
        """Return how far the upload is."""
        return read(Upload, await self._http.get(f"/v1/uploads/{upload_id}"))

    async def delete(self, upload_id: str) -> None:
        """Give the upload up; its bytes are deleted on the server."""
        await self._http.delete(f"/v1/uploads/{upload_id}", headers=TUS)

    async def _send_rest(
        self, stream: Pieces, upload_id: str, offset: int, size: int, on_progress: Sent | None
    ) -> None:
        patience = Patience(longest_s=PATIENCE_S, attempts=self._http.attempts)
        patience.answered()  # when the upload began
        while offset < size:
            try:
                if patience.failures:
                    offset = (await self.get(upload_id)).received
                if offset < size:
                    offset = await self._send_piece(stream, upload_id, offset, size)
                patience.answered()
            except (ConnectionFailed, ApiError) as error:
                patience.bear(error, _can_go_on)
                await self._http.pause(pause_s(patience.failures, error))
            if on_progress is not None:
                on_progress(offset, size)

    async def _send_piece(self, stream: Pieces, upload_id: str, offset: int, size: int) -> int:
        stream.seek(offset)
        piece = stream.read(min(max(PIECE_BYTES, -(-size // PIECES_OF_A_FILE)), size - offset))
        if not piece:
            raise UploadError("The file became shorter while it was being sent; try again.")
        headers = {
            **TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        answer = await self._http.request(
            "PATCH",
            f"/v1/uploads/{upload_id}",
            content=piece,
            headers=headers,
            timeout=self._timeout,
        )
        return int(answer.headers["Upload-Offset"])


def _can_go_on(error: ClientError) -> bool:
    """Return whether asking for the offset and sending again may help."""
    return is_transient(error) or (isinstance(error, ApiError) and error.status == CONFLICT)
