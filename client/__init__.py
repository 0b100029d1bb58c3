"""A typed Python client of the HTTP API. It imports nothing of ours, so it can be used alone."""

from client.answers import Counters, Face, Job, ManifestFault, ModelVersion, Scan, Verdict
from client.client import Client
from client.errors import (
    ApiError,
    ClientError,
    ConnectionFailed,
    DownloadError,
    InvalidKey,
    UnexpectedAnswer,
    UploadError,
)
from client.events import JobEvent
from client.resumable import Upload
from client.submission import JobOptions
from client.upload import FileItem
from client.webhooks import Delivery, Webhook

__all__ = [
    "ApiError",
    "Client",
    "ClientError",
    "ConnectionFailed",
    "Counters",
    "Delivery",
    "DownloadError",
    "Face",
    "FileItem",
    "InvalidKey",
    "Job",
    "JobEvent",
    "JobOptions",
    "ManifestFault",
    "ModelVersion",
    "Scan",
    "UnexpectedAnswer",
    "Upload",
    "UploadError",
    "Verdict",
    "Webhook",
]
