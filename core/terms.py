"""The words of the system as enums, stored and sent by value. No behaviour lives here."""

from enum import StrEnum


class JobKind(StrEnum):
    """What a client asked for: one image or many."""

    SINGLE = "single"
    BULK = "bulk"


class JobState(StrEnum):
    """Where a job stands; each state has a `<state>_at` time on the job."""

    QUEUED = "queued"
    PLANNING = "planning"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """True once nothing more will happen to the job."""
        return self in _FINAL_STATES


_FINAL_STATES = frozenset(
    {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}
)


class Priority(StrEnum):
    """Which jobs go first; jobs of one priority take turns."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """The priority as a number: the lowest goes first."""
        return list(Priority).index(self)


class ShardState(StrEnum):
    """Where a shard stands. `queued` means that it may be claimed, when its turn comes."""

    PLANNED = "planned"
    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"


class SourceType(StrEnum):
    """Where the items of a job come from."""

    FILES = "files"
    ARCHIVE = "archive"
    FOLDER = "folder"
    MANIFEST = "manifest"
    PREFIX = "prefix"
    URLS = "urls"


class Label(StrEnum):
    """What a score means against the threshold and its uncertain band."""

    FAKE = "fake"
    REAL = "real"
    UNCERTAIN = "uncertain"


class Outcome(StrEnum):
    """How an item ended."""

    SCORED = "scored"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"


class ItemCode(StrEnum):
    """Why an item has no score: reasons of `not_applicable`, then error codes of `failed`."""

    IMAGE_TOO_SMALL = "image_too_small"
    NO_FACE = "no_face"
    FACE_TOO_SMALL = "face_too_small"
    FACE_TOO_BLURRY = "face_too_blurry"

    UNDECODABLE = "undecodable"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    FETCH_FAILED = "fetch_failed"
    FORBIDDEN = "forbidden"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    POISON = "poison"


class FaceReason(StrEnum):
    """Why a face that was found in an image has no score of its own."""

    FACE_TOO_SMALL = "face_too_small"
    FACE_TOO_BLURRY = "face_too_blurry"
    NOT_AMONG_LARGEST = "not_among_largest"


class FaceMode(StrEnum):
    """What of its images a job has scored: what the model version asks for, or all of each."""

    AUTO = "auto"
    OFF = "off"


class HeatmapCode(StrEnum):
    """Why a heatmap that was asked for was not made."""

    IMAGE_GONE = "image_gone"
    MODEL_GONE = "model_gone"
    GIVEN_UP = "given_up"


class ManifestFaultCode(StrEnum):
    """Why a line of a manifest names no item."""

    NOT_TEXT = "not_text"
    NOT_JSON = "not_json"
    LINE_TOO_LONG = "line_too_long"
    MISSING_URI = "missing_uri"
    INVALID_FIELD = "invalid_field"


class JobEvent(StrEnum):
    """What webhooks tell of a job: each way in which one ends."""

    COMPLETED = "job.completed"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"
    EXPIRED = "job.expired"


class ExportFormat(StrEnum):
    """The files that a job's verdicts are exported as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class DeliveryState(StrEnum):
    """Where the delivery of an event stands; a `failed` one is given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Scope(StrEnum):
    """What an API key opens: its own scans, or everything."""

    SCAN = "scan"
    ADMIN = "admin"


class Alias(StrEnum):
    """The roles a model version can hold: scans use the champion."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
