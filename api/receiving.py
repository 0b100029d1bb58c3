"""The bytes of a resumable upload on their way into storage: in parts, committed one by one.

What has arrived stays, however the request ends. When the connection breaks, the part that is
being written ends with the bytes that came.
"""

from collections.abc import Iterator
from typing import IO
from uuid import uuid4

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api.intake import discard
from api.services import Services
from core.errors import ConflictError
from core.sources import StoredPart
from core.storage import PART_BYTES
from db import uploads
from db.models import Upload

SMALLEST_PART_BYTES = 8 * 1024**2
PARTS_OF_AN_UPLOAD = 1000  # at most, if the client sends it in one go


class Piece:
    """Up to `max_bytes` of a stream, read block by block as they are written."""

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self.size = 0
        self.is_last = False
        self.broke_off = False
        self._first = self._read()

    @property
    def is_empty(self) -> bool:
        """True when the stream had ended before."""
        return not self._first

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks, once."""
        block = self._first
        while block:
            self.size += len(block)
            yield block
            block = self._read()

    def _read(self) -> bytes:
        wanted = min(PART_BYTES, self._max_bytes - self.size)
        if not wanted:
            return b""
        try:
            block = self._stream.read(wanted)
        except (ClientDisconnected, OSError):
            self.broke_off, block = True, b""
        self.is_last = not block
        return block


def receive(
    services: Services, upload: Upload, stream: IO[bytes], *, offset: int, length: int | None
) -> Upload:
    """Write what the stream brings behind the bytes that are there; return the upload as it is.

    `length` is how much the client wants to send, if it says so. Raises ConflictError when
    `offset` is not where the upload goes on, also when another request was faster with these
    bytes; RequestEntityTooLarge for more than the upload has left; ClientDisconnected when the
    connection broke, with what came before it kept.
    """
    if offset != upload.received:
        raise ConflictError(
            f"The upload continues at byte {upload.received:,}, not at {offset:,}; "
            "ask for its offset with HEAD, and go on from there."
        )
    if (length or 0) > upload.size - offset:
        raise RequestEntityTooLarge(
            f"The upload has {upload.size - offset:,} bytes to go, and {length:,} were sent."
        )
    part_bytes = max(SMALLEST_PART_BYTES, -(-upload.size // PARTS_OF_AN_UPLOAD))
    while upload.received < upload.size:
        piece = Piece(stream, min(part_bytes, upload.size - upload.received))
        if not piece.is_empty:
            upload = _keep(services, upload, piece)
        if piece.broke_off:
            raise ClientDisconnected
        if piece.is_last:
            break
    return upload


def _keep(services: Services, upload: Upload, piece: Piece) -> Upload:
    folder = (
        f"{uploads.storage_key(upload.public_id)}/parts/{upload.received:016d}-{uuid4().hex[:8]}"
    )
    uri = services.storage.write(f"{folder}/bytes", iter(piece))
    try:
        with services.database.write() as session:
            return uploads.append(
                session,
                upload.public_id,
                offset=upload.received,
                parts=[StoredPart(uri=uri, size=piece.size)],
            )
    except BaseException:
        discard(services.storage, folder)
        raise
