"""The tables. What is asked of them lives in `db`, in the modules named for each noun."""

from db.models.api_keys import ApiKey, ApiKeyUse
from db.models.base import Base
from db.models.feedback import Feedback
from db.models.heatmaps import Heatmap
from db.models.jobs import IdempotencyKey, Job, JobMetadata, ManifestFault
from db.models.model_versions import ModelAlias, ModelVersion
from db.models.shards import Shard
from db.models.uploads import Upload
from db.models.verdicts import Verdict
from db.models.webhooks import WebhookDelivery, WebhookEndpoint
from db.models.workers import Worker

__all__ = [
    "ApiKey",
    "ApiKeyUse",
    "Base",
    "Feedback",
    "Heatmap",
    "IdempotencyKey",
    "Job",
    "JobMetadata",
    "ManifestFault",
    "ModelAlias",
    "ModelVersion",
    "Shard",
    "Upload",
    "Verdict",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Worker",
]
