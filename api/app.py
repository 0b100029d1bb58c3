"""Assembles the API: every collaborator by keyword, so that tests pass fakes. Decides nothing."""

from threading import BoundedSemaphore

from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from api import (
    access,
    body_limits,
    document,
    errors,
    faults,
    feedback,
    health,
    heatmaps,
    images,
    jobs,
    models,
    problems,
    protection,
    request_ids,
    resumable,
    scans,
    summaries,
    system,
    verdicts,
    webhooks,
)
from api.events import views as events
from api.examples import add_examples
from api.exports import views as exports
from api.fields import UPLOAD_ID
from api.pages import grid, heat, language, live, sign_in
from api.pages import jobs as job_pages
from api.pages import models as model_pages
from api.pages import summary as summary_pages
from api.pages import system as system_pages
from api.pages import verdicts as verdict_pages
from api.pages import views as pages
from api.places import Places
from api.problem_schemas import Problem
from api.requests import JobRequest, JobUpload, ScanUpload
from api.schemas import HeatmapView, JobView, LandedVerdicts, ScanView
from api.services import EXTENSION, Services
from api.spool import SpoolingRequest
from api.webhook_schemas import DeliveryView, WebhookSecretView
from core.access import access_of
from core.endings import Endings
from core.fetching import ItemReader
from core.settings import Settings
from core.storage import Storage
from core.taskqueue import CeleryTaskQueue, TaskQueue, create_celery
from db.session import Database

SPARE_PARTS = 6  # text fields, and the empty fields of a browser's form
MAX_FIELD_BYTES = 4 * 1024 * 1024  # `items` of 10,000 files
DECODED_AT_A_TIME = 2  # a large image takes some hundred megabytes


class JobIdConverter(BaseConverter):
    """A path segment that can be a job's id; any other leads nowhere."""

    regex = "job_[0-9a-f]{32}"


class VerdictIdConverter(BaseConverter):
    """A path segment that can be a verdict's id: its job's, and the item's position."""

    regex = "job_[0-9a-f]{32}-(?:0|[1-9][0-9]{0,8})"


class UploadIdConverter(BaseConverter):
    """A path segment that can be the id of a resumable upload."""

    regex = UPLOAD_ID


class WebhookIdConverter(BaseConverter):
    """A path segment that can be a webhook's id."""

    regex = "wh_[0-9a-f]{32}"


class DeliveryIdConverter(BaseConverter):
    """A path segment that can be the id of a webhook's delivery."""

    regex = "msg_[0-9a-f]{32}"


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    queue: TaskQueue | None = None,
    storage: Storage | None = None,
) -> OpenAPI:
    """Return the WSGI application; what is not passed is built from the settings."""
    app = OpenAPI(
        "api",
        info=document.INFO,
        doc_ui=False,
        security_schemes=document.SECURITY_SCHEMES,
        openapi_extensions=document.SECURITY,
        static_folder=None,
        validation_error_model=Problem,
        validation_error_status=500,  # each operation lists its own 422; this adds it to none
        validation_error_callback=problems.invalid,
    )
    streams = settings.max_streams or max(1, settings.api_threads // 2)
    few = max(1, settings.api_threads // 4)
    in_line = BoundedSemaphore(few)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        database=database or Database(settings.database_url),
        queue=queue or CeleryTaskQueue(create_celery(settings.broker_url)),
        endings=Endings(settings.broker_url),
        storage=storage or Storage(settings.storage_url),
        reader=ItemReader(settings.max_image_bytes, access_of(settings)),
        waiting_room=BoundedSemaphore(max(1, (settings.api_threads - streams) // 2)),
        streams=BoundedSemaphore(streams),
        fetching=Places(BoundedSemaphore(few), in_line),
        decoding=Places(BoundedSemaphore(DECODED_AT_A_TIME), in_line),
        access=access_of(settings),
    )
    app.request_class = SpoolingRequest
    body_limits.register(app, settings)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)
    request_ids.register(app)
    protection.register(app)
    access.register(app, settings)
    errors.register(app)
    language.register(app)
    _add_views(app)
    return app


def _add_views(app: OpenAPI) -> None:
    app.url_map.converters["job"] = JobIdConverter
    app.url_map.converters["verdict"] = VerdictIdConverter
    app.url_map.converters["upload"] = UploadIdConverter
    app.url_map.converters["webhook"] = WebhookIdConverter
    app.url_map.converters["delivery"] = DeliveryIdConverter
    of_jobs = (jobs, resumable, scans, faults, summaries, exports, events)
    of_verdicts = (verdicts, heatmaps, images, feedback)
    for noun in (*of_jobs, *of_verdicts, webhooks, models, system, health):
        app.register_api(noun.blueprint)
    for part in (pages, job_pages, grid, live, verdict_pages, sign_in):
        app.register_blueprint(part.blueprint)
    for part in (summary_pages, heat, model_pages, system_pages):
        app.register_blueprint(part.blueprint)
    document.add_schemas(app, JobRequest, JobUpload, JobView, ScanUpload, ScanView)
    document.add_schemas(app, WebhookSecretView, DeliveryView, LandedVerdicts, HeatmapView)
    app.add_url_rule("/openapi.json", "openapi", lambda: add_examples(app.api_doc))
