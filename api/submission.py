"""How a job comes to be: bytes kept, row inserted, committed, and only then its message sent."""

from collections.abc import Sequence

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from api.errors import FieldError
from api.identity import caller
from api.intake import keep_archive, keep_files, kept_uploads
from api.schemas import JobUpload
from api.services import Services
from core.errors import BrokerUnavailableError, SourceError
from core.logs import get_logger
from core.sources import ArchiveSource, FilesSource, FolderSource, SourceItem
from core.sources.folder import require_allowed
from core.taskqueue import Message, plan_job, scan_shard
from core.terms import JobKind
from db import jobs, model_versions, planning, quotas, shards
from db.models import Job

Source = FolderSource | FilesSource | ArchiveSource

log = get_logger(__name__)


def submit_folder(services: Services, source: FolderSource) -> str:
    """Make a bulk job of a folder on the server and return its id; raises FieldError."""
    try:
        folder = require_allowed(source.path, services.settings.allowed_roots)
    except SourceError as error:
        raise FieldError("source.path", str(error)) from error
    except (OSError, ValueError) as error:
        raise FieldError("source.path", f"The folder's path is not usable ({error}).") from error
    public_id = jobs.new_public_id()
    job_id = _insert(services, public_id, FolderSource(path=str(folder)))
    _send(services, [plan_job(job_id)])
    return public_id


def submit_upload(services: Services, upload: JobUpload) -> str:
    """Make a bulk job of uploaded files or an archive and return its id."""
    public_id = jobs.new_public_id()
    with kept_uploads(services.storage, public_id) as prefix:
        if upload.archive is not None:
            source = keep_archive(services.storage, prefix, upload.archive)
        else:
            source, _ = keep_files(
                services.storage,
                prefix,
                upload.files,
                max_image_bytes=services.settings.max_image_bytes,
            )
        job_id = _insert(services, public_id, source)
    _send(services, [plan_job(job_id)])
    return public_id


def submit_scan(services: Services, image: FileStorage) -> str:
    """Make a job of one image and return its id; it is planned at once, which saves a hop."""
    public_id = jobs.new_public_id()
    settings = services.settings
    with kept_uploads(services.storage, public_id) as prefix:
        source, items = keep_files(
            services.storage, prefix, [image], max_image_bytes=settings.max_image_bytes
        )
        with services.database.write() as session:
            job = _create(session, public_id, JobKind.SINGLE, source)
            waiting = _plan(session, job.id, items, lease_s=settings.lease_s)
    _send(services, [scan_shard(shard_id, interactive=True) for shard_id in waiting])
    return public_id


def _insert(services: Services, public_id: str, source: Source) -> int:
    with services.database.write() as session:
        return _create(session, public_id, JobKind.BULK, source).id


def _create(session: Session, public_id: str, kind: JobKind, source: Source) -> Job:
    quotas.admit(session, caller().key_id)
    return jobs.create(
        session,
        public_id=public_id,
        kind=kind,
        source=source.model_dump(mode="json"),
        model_version_id=model_versions.champion(session).id,
        api_key_id=caller().key_id,
    )


def _plan(
    session: Session, job_id: int, items: Sequence[SourceItem], *, lease_s: float
) -> list[int]:
    claim = planning.claim(session, job_id, lease_s=lease_s)
    if claim is None:
        raise RuntimeError("A job that was made in this transaction cannot be claimed.")
    planning.write_shards(session, claim, first_position=0, shards=[items], lease_s=lease_s)
    planning.finish(session, claim)
    return [shard_id for shard_id, _ in shards.dispatch(session, job_id, window=1)]


def _send(services: Services, messages: Sequence[Message]) -> None:
    for message in messages:
        try:
            services.queue.send(message)
        except BrokerUnavailableError as error:
            # The job is committed, and the workers' recovery finds it without a message.
            log.warning("message_not_sent", task=message.task, id=message.id, reason=str(error))
