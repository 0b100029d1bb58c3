"""What goes over HTTP: the schemas that validate requests, shape answers and make openapi.json."""

from datetime import datetime
from typing import Any, Literal

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.datastructures import FileStorage as WerkzeugFile

from core.sources import FolderSource
from core.terms import ExportFormat, ItemCode, JobKind, JobState, Label, Outcome


class UploadedFile(FileStorage):
    """A file part of a multipart body; a text field of the same name is refused."""

    @classmethod
    def validate(cls, value: object, *_args: object, **_kwargs: object) -> WerkzeugFile:
        """Return the part as it is; raises ValueError for anything that is no file."""
        if not isinstance(value, WerkzeugFile):
            raise ValueError("Send this field as a file, with a file name.")
        return value


JOB_ID = Field(description="Id of the job.", examples=["job_01a20b556ef076ef82e6d3893ba81f31"])


class JobPath(BaseModel):
    """A job named in the path."""

    job_id: str = Field(description="Id of the job.")


class Counters(BaseModel):
    """How many items stand where; `queued + running + scored + not_applicable + failed = total`."""

    total: int = Field(description="Items found so far; final once planning has ended.")
    queued: int
    running: int = Field(description="Items in shards that a worker has in hand.")
    scored: int
    not_applicable: int
    failed: int
    reused: int = Field(description="Of the scored: taken from an earlier verdict, same bytes.")
    fake: int
    real: int
    uncertain: int


class JobView(BaseModel):
    """A job as clients see it."""

    id: str = JOB_ID
    kind: JobKind
    state: JobState
    model_version: str = Field(examples=["fakesweep-vit-small-1"])
    source: dict[str, Any] = Field(description="Where the items come from: `type` and details.")
    counters: Counters
    rate: float | None = Field(description="Items a second, over the time that the job ran.")
    eta_s: float | None = Field(description="Seconds to go at that rate; null when unknown.")
    error: str | None = Field(description="Why the job failed, in a sentence.")
    created_at: datetime
    planning_at: datetime | None
    running_at: datetime | None
    listed_at: datetime | None = Field(description="From then on `total` is final.")
    completed_at: datetime | None
    failed_at: datetime | None
    cancelling_at: datetime | None
    cancelled_at: datetime | None
    expired_at: datetime | None
    links: dict[str, str] = Field(description="`self`, `verdicts` and `cancel`.")


class VerdictView(BaseModel):
    """The verdict of one item."""

    position: int = Field(ge=0, description="Place of the item in its job, from 0.")
    name: str = Field(description="File name, or path inside the folder or archive.")
    custom_id: str | None
    outcome: Outcome
    label: Label | None
    score: float | None = Field(ge=0, le=1, description="Calibrated P(fake).")
    code: ItemCode | None = Field(description="Why there is no score.")
    message: str | None = Field(description="The same in a sentence.")
    faces: list[dict[str, Any]] | None = Field(description="Null: the whole image was scored.")
    sha256: str | None
    width: int | None = Field(description="Pixels, as displayed.")
    height: int | None
    reused: bool
    model_version: str
    created_at: datetime


class JobPage(BaseModel):
    """One page of jobs, newest first."""

    jobs: list[JobView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")


class VerdictPage(BaseModel):
    """One page of verdicts, in submission order."""

    verdicts: list[VerdictView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")


class ScanView(BaseModel):
    """A single scan: its job and, once there, its verdict."""

    job: JobView
    verdict: VerdictView | None


class ModelView(BaseModel):
    """A model version of the registry."""

    id: str = Field(examples=["fakesweep-vit-small-1"])
    aliases: list[str]
    registered_at: datetime
    card: dict[str, Any] = Field(description="The model card: data, metrics per source, limits.")


class ModelList(BaseModel):
    """All model versions, newest first."""

    models: list[ModelView]


class PageQuery(BaseModel):
    """Which page of a list."""

    cursor: str | None = Field(None, description="`next_cursor` of the page before.")
    limit: int = Field(100, ge=1, le=1000)


class JobQuery(PageQuery):
    """Which jobs."""

    state: JobState | None = None
    kind: JobKind | None = None


class VerdictQuery(PageQuery):
    """Which verdicts of a job."""

    label: Label | None = None
    outcome: Outcome | None = None


class ExportQuery(BaseModel):
    """Which verdicts of a job, and as which file."""

    format: ExportFormat = ExportFormat.CSV
    label: Label | None = None
    outcome: Outcome | None = None


class JobRequest(BaseModel):
    """A bulk job over images that lie on the server (JSON body)."""

    model_config = ConfigDict(extra="forbid")

    source: FolderSource


class JobUpload(BaseModel):
    """A bulk job over uploaded images (multipart body): either `files` or `archive`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    files: list[UploadedFile] = Field([], description="Images, one part each.")
    archive: UploadedFile | None = Field(None, description="One zip or tar archive of images.")


class ScanUpload(BaseModel):
    """A single scan (multipart body)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    image: UploadedFile = Field(description="The image.")


class WaitHeader(BaseModel):
    """How long the client wants to wait for the verdict."""

    prefer: str | None = Field(None, description="`wait=10`: up to 10 seconds.")


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 says (`application/problem+json`)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, in a sentence.")
    request_id: str
    errors: list[Fault] = []


class Health(BaseModel):
    """Whether the process lives, or is ready."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}
