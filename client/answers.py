"""What the server answers, as frozen dataclasses. Fields that a newer server adds are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FINAL_STATES = frozenset({"completed", "failed", "cancelled", "expired"})


@dataclass(frozen=True)
class Counters:
    """How many items of a job stand where."""

    total: int
    queued: int
    running: int
    scored: int
    not_applicable: int
    failed: int
    reused: int
    fake: int
    real: int
    uncertain: int

    @property
    def ended(self) -> int:
        """Items that have a verdict."""
        return self.scored + self.not_applicable + self.failed


@dataclass(frozen=True)
class Job:
    """A job as the server last saw it."""

    id: str
    kind: str
    state: str
    model_version: str
    counters: Counters
    rate: float | None
    eta_s: float | None
    error: str | None
    created_at: datetime
    listed_at: datetime | None = None
    running_at: datetime | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    priority: str = "normal"
    metadata: Mapping[str, str] = field(default_factory=dict)
    rescan: bool = False
    faces: str = "auto"
    max_failure_ratio: float | None = None
    faults: int = 0

    @property
    def is_final(self) -> bool:
        """True once nothing more will happen to the job."""
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class Face:
    """A face that was found in an image: its `box` is (x0, y0, x1, y1) in pixels, as displayed.

    `score` is its calibrated P(fake), or None for a `reason`; `detection` says how sure it is that
    this is a face.
    """

    box: tuple[int, int, int, int]
    score: float | None
    detection: float
    reason: str | None = None


@dataclass(frozen=True)
class Verdict:
    """How one item ended; `score` is the calibrated P(fake), `width` and `height` are pixels.

    `faces` are those that were found, the scored ones first; None when none were looked for.
    """

    position: int
    name: str
    custom_id: str | None
    outcome: str
    label: str | None
    score: float | None
    code: str | None
    message: str | None
    sha256: str | None
    reused: bool
    model_version: str
    created_at: datetime
    faces: tuple[Face, ...] | None = None
    width: int | None = None
    height: int | None = None
    id: str | None = None


@dataclass(frozen=True)
class ManifestFault:
    """A line of a manifest that names no item."""

    line: int
    code: str
    message: str


@dataclass(frozen=True)
class Feedback:
    """What a person says that an image is (`truth`), beside the `label` of its verdict."""

    verdict_id: str
    name: str
    sha256: str | None
    label: str | None
    truth: str
    is_right: bool | None
    note: str | None
    given_at: datetime


@dataclass(frozen=True)
class Scan:
    """A single scan: its job and, where it ended in time, its verdict."""

    job: Job
    verdict: Verdict | None


@dataclass(frozen=True)
class ModelVersion:
    """A model version that the server knows."""

    id: str
    aliases: tuple[str, ...]
    registered_at: datetime
    card: Mapping[str, Any]


JobRef = Job | str  # wherever a job is named, it may be given whole, or by its id


def id_of(job: JobRef) -> str:
    """Return the id of a job that is given either way."""
    return job.id if isinstance(job, Job) else job
