"""A typed Python client of the HTTP API. It imports nothing of ours, so it can be used alone."""

from client.answers import Counters, Face, Feedback, Job, ManifestFault, ModelVersion, Scan, Verdict
from client.async_client import AsyncClient
from client.client import Client
from client.errors import (
    ApiError,
    ClientError,
    ConnectionFailed,
    DownloadError,
    InvalidKey,
    InvalidSource,
    UnexpectedAnswer,
    UploadError,
)
from client.events import JobEvent
from client.job_options import JobOptions
from client.resumable import Upload
from client.upload import FileItem, Sent
from client.webhooks import Delivery, Webhook

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "ClientError",
    "ConnectionFailed",
    "Counters",
    "Delivery",
    "DownloadError",
    "Face",
    "Feedback",
    "FileItem",
    "InvalidKey",
    "InvalidSource",
    "Job",
    "JobEvent",
    "JobOptions",
    "ManifestFault",
    "ModelVersion",
    "Scan",
    "Sent",
    "UnexpectedAnswer",
    "Upload",
    "UploadError",
    "Verdict",
    "Webhook",
]
