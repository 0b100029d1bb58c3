"""Resumable uploads: large files that arrive in parts, each part committed when it is in storage.

The bytes of an upload lie under `storage_key`. The database decides which parts count: two
requests that send the same bytes at a time write two objects, and one of them is listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete as delete_from
from sqlalchemy import select
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from core.errors import ConflictError, GoneError, NotFoundError, RequestError
from core.sources import StoredPart
from db.clock import database_time
from db.models import Upload

FOLDER = "uploads"
LIFE_S = 24 * 3600.0
MAX_PARTS = 10_000


@dataclass(frozen=True)
class NewUpload:
    """A file that a client is about to send; `tus_metadata` is what it said of it."""

    name: str
    size: int
    tus_metadata: str | None = None
    api_key_id: int | None = None


def storage_key(public_id: str) -> str:
    """Return the key under which the bytes of the upload, or of the job, lie in storage."""
    return f"{FOLDER}/{public_id}"


def create(session: Session, new: NewUpload) -> Upload:
    """Insert an upload of which nothing has arrived; it expires after a day without news."""
    upload = Upload(
        public_id=f"upload_{uuid7().hex}",
        api_key_id=new.api_key_id,
        name=new.name,
        size=new.size,
        tus_metadata=new.tus_metadata,
        parts=[],
        expires_at=database_time(LIFE_S),
    )
    session.add(upload)
    return _flushed(session, upload)


def get(session: Session, public_id: str, *, visible_to: int | None = None) -> Upload:
    """Return the upload; raises NotFoundError, also for one that the key `visible_to` does not own.

    Raises GoneError for one that has expired unused.
    """
    return _get(session, public_id, visible_to=visible_to, lock=False)


def append(session: Session, public_id: str, *, offset: int, parts: Sequence[StoredPart]) -> Upload:
    """List the parts that are in storage as the bytes from `offset` on.

    Raises ConflictError when other bytes have come before, RequestError when there are too many
    parts; then the parts are not the upload's, and their objects must be deleted.
    """
    upload = _get(session, public_id, visible_to=None, lock=True)
    if upload.received != offset:
        raise ConflictError(
            f"The upload continues at byte {upload.received:,}, not at {offset:,}; "
            "ask for its offset with HEAD, and go on from there."
        )
    if len(upload.parts) + len(parts) > MAX_PARTS:
        raise RequestError(
            f"The upload has come in {MAX_PARTS:,} parts already; send it in larger ones."
        )
    upload.parts = [*upload.parts, *(part.model_dump() for part in parts)]
    upload.received += sum(part.size for part in parts)
    upload.expires_at = database_time(LIFE_S)
    return _flushed(session, upload)


def parts_of(upload: Upload) -> list[StoredPart]:
    """Return where the upload's bytes are, in order."""
    return [StoredPart.model_validate(part) for part in upload.parts]


def use(session: Session, public_id: str, *, job_id: int, visible_to: int | None = None) -> Upload:
    """Make the finished upload the job's.

    Raises ConflictError when bytes are missing or another job has it.
    """
    upload = _get(session, public_id, visible_to=visible_to, lock=True)
    _require_unused(upload)
    if upload.received < upload.size or not upload.parts:
        raise ConflictError(
            f"Of the upload's {upload.size:,} bytes, {upload.received:,} have arrived; "
            "send all of a file that is not empty before a job uses it."
        )
    upload.used_at = database_time()
    upload.job_id = job_id
    return _flushed(session, upload)


def delete(session: Session, public_id: str, *, visible_to: int | None = None) -> None:
    """Forget the upload; its bytes in storage are the caller's to delete after the commit.

    Raises ConflictError when a job uses it.
    """
    upload = _get(session, public_id, visible_to=visible_to, lock=True)
    _require_unused(upload)
    session.delete(upload)
    session.flush()


def expired(session: Session, *, limit: int = 100) -> Sequence[str]:
    """Return the ids of uploads that have expired unused, the oldest first."""
    query = (
        select(Upload.public_id)
        .where(Upload.used_at.is_(None), Upload.expires_at < database_time())
        .order_by(Upload.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def forget(session: Session, public_id: str) -> None:
    """Delete the row of an expired upload, once its bytes are deleted."""
    session.execute(
        delete_from(Upload).where(Upload.public_id == public_id, Upload.used_at.is_(None))
    )


def of_job(session: Session, job_id: int) -> Sequence[str]:
    """Return the ids of the uploads that the job uses: their bytes are deleted with its own."""
    return session.scalars(select(Upload.public_id).where(Upload.job_id == job_id)).all()


def _get(session: Session, public_id: str, *, visible_to: int | None, lock: bool) -> Upload:
    query = select(Upload).where(Upload.public_id == public_id)
    if visible_to is not None:
        query = query.where(Upload.api_key_id == visible_to)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    upload = session.scalar(query)
    if upload is None:
        raise NotFoundError(f"There is no upload {public_id}; begin a new one.")
    is_over = session.scalar(select(upload.expires_at < database_time()))
    if upload.used_at is None and is_over:
        raise GoneError(f"The upload {public_id} has expired; begin a new one.")
    return upload


def _flushed(session: Session, upload: Upload) -> Upload:
    """Write the changes, and read the times that the database's clock gave them."""
    session.flush()
    session.refresh(upload)
    return upload


def _require_unused(upload: Upload) -> None:
    if upload.used_at is not None:
        raise ConflictError("A job already uses the upload; send the file again for another.")
