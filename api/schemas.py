"""What answers carry: the schemas that also make openapi.json."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from core.terms import (
    FaceMode,
    FaceReason,
    ItemCode,
    JobKind,
    JobState,
    Label,
    ManifestFaultCode,
    Outcome,
    Priority,
)

JOB_ID = Field(description="Id of the job.", examples=["job_01a20b556ef076ef82e6d3893ba81f31"])
VERDICT_ID = Field(
    description="Id of the verdict.", examples=["job_01a20b556ef076ef82e6d3893ba81f31-0"]
)


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
    model_version: str = Field(examples=["fakesweep-vit-small-3"])
    source: dict[str, Any] = Field(description="Where the items come from: `type` and details.")
    priority: Priority
    metadata: dict[str, str] = Field(description="What the client wrote on the job.")
    rescan: bool
    faces: FaceMode = Field(description="`off`: whole images are scored, not their faces.")
    max_failure_ratio: float | None
    expires_at: datetime | None = Field(description="The job ends `expired` if not done by then.")
    counters: Counters
    faults: int = Field(description="Lines of the manifest that name no item.")
    rate: float | None = Field(
        description="Items a second: in the last minute, or over the whole run of a job that ended."
    )
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
    ended_at: datetime | None = Field(description="When it ended, in whichever state.")
    links: dict[str, str] = Field(
        description="`self`, `verdicts`, `faults`, `events`, `cancel`, `retry`."
    )


class FaceView(BaseModel):
    """A face that was found in an image."""

    box: list[int] = Field(
        min_length=4,
        max_length=4,
        description="`[x0, y0, x1, y1]`: pixels, as displayed.",
    )
    score: float | None = Field(ge=0, le=1, description="Calibrated P(fake) of this face.")
    detection: float = Field(ge=0, le=1, description="How sure it is that this is a face.")
    reason: FaceReason | None = Field(description="Why there is no score.")


class VerdictView(BaseModel):
    """The verdict of one item."""

    id: str = VERDICT_ID
    position: int = Field(ge=0, description="Place of the item in its job, from 0.")
    name: str = Field(description="File name, or path inside the folder or archive.")
    custom_id: str | None
    outcome: Outcome
    label: Label | None
    score: float | None = Field(
        ge=0, le=1, description="Calibrated P(fake); of several faces, the highest."
    )
    code: ItemCode | None = Field(description="Why there is no score.")
    message: str | None = Field(description="The same in a sentence.")
    faces: list[FaceView] | None = Field(
        description="The faces found, the scored ones first, the largest of each first; "
        "null: none were looked for, the whole image was scored."
    )
    sha256: str | None
    width: int | None = Field(description="Pixels, as displayed.")
    height: int | None
    reused: bool
    model_version: str
    created_at: datetime


class HeatmapView(BaseModel):
    """A heatmap that is being made."""

    verdict_id: str = VERDICT_ID
    face: int = Field(description="Which of the verdict's faces; 0 for a whole image.")
    state: Literal["queued"] = "queued"


class JobPage(BaseModel):
    """One page of jobs, newest first."""

    jobs: list[JobView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")


class VerdictPage(BaseModel):
    """One page of verdicts, in submission order."""

    verdicts: list[VerdictView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")


class FaultView(BaseModel):
    """A line of a manifest that names no item."""

    line: int = Field(description="Counted from 1.")
    code: ManifestFaultCode
    message: str = Field(description="The same in a sentence.")


class FaultPage(BaseModel):
    """One page of a manifest's faults, in its order."""

    count: int = Field(description="All faults; the first 1,000 are kept.")
    by_code: dict[ManifestFaultCode, int] = Field(description="Of all, how many are of each code.")
    faults: list[FaultView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page.")


class SummaryView(BaseModel):
    """A job's verdicts in numbers, as they are now."""

    scores: dict[Label, list[int]] = Field(
        description="Of each label, how many scores lie in each of 20 equal steps from 0 to 1."
    )
    not_applicable: dict[ItemCode, int] = Field(description="How many are of each code.")
    failed: dict[ItemCode, int] = Field(description="How many are of each code.")


class UploadView(BaseModel):
    """A file that arrives piece by piece."""

    id: str = Field(examples=["upload_01a20b556ef076ef82e6d3893ba81f31"])
    name: str
    size: int = Field(description="Bytes of the whole file.")
    received: int = Field(description="Bytes that are in storage; the next one sent follows them.")
    is_used: bool = Field(description="A job has it.")
    created_at: datetime
    expires_at: datetime | None = Field(description="Null once a job has it.")


class ScanView(BaseModel):
    """A single scan: its job and, once there, its verdict."""

    job: JobView
    verdict: VerdictView | None


class LandedVerdicts(BaseModel):
    """The data of a `verdicts` event: those of one shard, which were stored together."""

    landing: int = Field(description="The shard's number, in the order in which they ended.")
    verdicts: list[VerdictView]
