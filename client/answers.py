"""What the server answers, as frozen dataclasses. Fields that a newer server adds are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from client.errors import UnexpectedAnswer

FINAL_STATES = frozenset({"completed", "failed", "cancelled", "expired"})

Answer = TypeVar("Answer")


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


def job_from(data: Mapping[str, Any]) -> Job:
    """Read a job."""
    return read(Job, {**data, "counters": read(Counters, data.get("counters", {}))})


def verdict_from(data: Mapping[str, Any]) -> Verdict:
    """Read a verdict."""
    faces = data.get("faces")
    return read(Verdict, {**data, "faces": None if faces is None else tuple(map(_face, faces))})


def fault_from(data: Mapping[str, Any]) -> ManifestFault:
    """Read a fault of a manifest."""
    return read(ManifestFault, data)


def feedback_from(data: Mapping[str, Any]) -> Feedback:
    """Read what a person says of a verdict."""
    return read(Feedback, data)


def scan_from(data: Mapping[str, Any]) -> Scan:
    """Read a single scan."""
    verdict = data.get("verdict")
    return Scan(job=job_from(data.get("job", {})), verdict=verdict and verdict_from(verdict))


def model_version_from(data: Mapping[str, Any]) -> ModelVersion:
    """Read a model version."""
    return read(ModelVersion, {**data, "aliases": tuple(data.get("aliases", ()))})


def read(answer: type[Answer], data: Mapping[str, Any]) -> Answer:
    """Read an answer of the type; raises UnexpectedAnswer."""
    names = [one.name for one in fields(answer) if one.name in data]  # pyright: ignore[reportArgumentType]
    try:
        return answer(**{name: _value(name, data[name]) for name in names})
    except (TypeError, ValueError) as error:
        raise UnexpectedAnswer(
            f"The server's answer is no {answer.__name__} ({error}); "
            "check that the address is that of a fakesweep server of this version."
        ) from error


def _face(data: Mapping[str, Any]) -> Face:
    return read(Face, {**data, "box": tuple(data.get("box", ()))})


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    return value
