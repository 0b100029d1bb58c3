"""How a job comes to be: bytes kept, row inserted, committed, and only then its message sent."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.idempotency import claim_key
from api.identity import caller, require_admin
from api.intake import keep_archive, keep_files, keep_manifest, keep_urls, kept_uploads
from api.requests import (
    JobOptions,
    JobUpload,
    ScanOptions,
    ScanUpload,
    SourceRequest,
    UploadRequest,
    UrlsRequest,
)
from api.services import Services
from api.sources import checked, checked_urls, of_upload
from core.sources import Source
from core.taskqueue import plan_job, scan_next
from core.terms import ItemCode, JobKind, Priority
from db import jobs, model_versions, quotas, reopening, singles, uploads
from db.idempotency import KeyedRequest
from db.models import Job


@dataclass(frozen=True)
class Order:
    """What a client asks for beside the source, under the key that it gave to the request."""

    options: ScanOptions
    keyed: KeyedRequest | None = None


def submit_source(services: Services, source: SourceRequest, order: Order) -> str:
    """Make a bulk job of images that are elsewhere, and return its id; raises FieldError."""
    public_id = jobs.new_public_id()
    match source:
        case UploadRequest():
            _insert_upload(services, public_id, source, order)
        case UrlsRequest():
            items = checked_urls(services.access, source)
            with kept_uploads(services.storage, public_id) as prefix:
                kept = keep_urls(services.storage, prefix, items)
                _insert(services, public_id, kept, order)
        case _:
            found = checked(services.access, source, strict=_is_strict(order))
            _insert(services, public_id, found, order)
    services.ring(plan_job())
    return public_id


def submit_upload(services: Services, upload: JobUpload, order: Order) -> str:
    """Make a bulk job of what the body brought, and return its id."""
    public_id = jobs.new_public_id()
    with kept_uploads(services.storage, public_id) as prefix:
        source = _keep(services, prefix, upload)
        _insert(services, public_id, source, order)
    services.ring(plan_job())
    return public_id


def submit_scan(services: Services, upload: ScanUpload, order: Order) -> str:
    """Make a job of one image and return its id; it is planned at once, which saves a hop."""
    public_id = jobs.new_public_id()
    settings = services.settings
    with kept_uploads(services.storage, public_id) as prefix:
        source, items = keep_files(
            services.storage, prefix, [upload.image], max_image_bytes=settings.max_image_bytes
        )
        with services.database.write() as session:
            job = _create(session, public_id, JobKind.SINGLE, source.model_dump(mode="json"), order)
            quotas.charge(session, job.api_key_id, 1)
            singles.plan(session, job.id, items[0])
    services.ring(scan_next(interactive=True))
    return public_id


def resubmit(services: Services, public_id: str, codes: Collection[ItemCode] = ()) -> None:
    """Open the job again for its failed items, or for those that have one of the codes.

    Raises ConflictError when there is nothing to do. It counts against the quota of whoever asks,
    as a new job of these items would.
    """
    with services.database.write() as session:
        quotas.admit(session, caller().key_id)
        job = jobs.get(session, public_id)
        retried = reopening.reopen(session, job, codes=codes)
        quotas.charge(session, caller().key_id, retried)
    services.ring(plan_job())


def _keep(services: Services, prefix: str, upload: JobUpload) -> Source:
    if upload.archive is not None:
        return keep_archive(services.storage, prefix, upload.archive)
    if upload.manifest is not None:
        return keep_manifest(
            services.storage,
            prefix,
            upload.manifest,
            form=upload.format,
            strict=upload.options.strict,
        )
    source, _ = keep_files(
        services.storage,
        prefix,
        upload.files,
        items=upload.items,
        max_image_bytes=services.settings.max_image_bytes,
    )
    return source


def _is_strict(order: Order) -> bool:
    return isinstance(order.options, JobOptions) and order.options.strict


def _insert(services: Services, public_id: str, source: Source, order: Order) -> None:
    with services.database.write() as session:
        _create(session, public_id, JobKind.BULK, source.model_dump(mode="json"), order)


def _insert_upload(
    services: Services, public_id: str, request: UploadRequest, order: Order
) -> None:
    with services.database.write() as session:
        # The key is claimed before the upload is, so that a request that comes again finds the
        # job that has the upload, and not that the upload is in use.
        job = _create(session, public_id, JobKind.BULK, {}, order)
        upload = uploads.use(session, request.id, job_id=job.id, visible_to=caller().sees)
        source = of_upload(request, upload.name, uploads.parts_of(upload), strict=_is_strict(order))
        job.source = source.model_dump(mode="json")


def _create(
    session: Session, public_id: str, kind: JobKind, source: dict[str, object], order: Order
) -> Job:
    if isinstance(order.options, JobOptions) and order.options.priority is Priority.HIGH:
        require_admin("Jobs of the priority `high`")
    quotas.admit(session, caller().key_id)
    job = jobs.create(
        session,
        public_id=public_id,
        kind=kind,
        source=source,
        model_version_id=model_versions.champion(session).id,
        api_key_id=caller().key_id,
        **order.options.model_dump(exclude={"strict"}),
    )
    claim_key(session, order.keyed, job_id=job.id)
    return job
