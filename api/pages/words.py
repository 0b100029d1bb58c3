"""How the pages say things: states, codes, numbers and times, in plain words."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint

from api.schemas import Counters, FaceView, JobView
from core.terms import FaceReason, ItemCode, JobState, Label, Outcome, SourceType

STATES = {
    JobState.QUEUED: "Waiting",
    JobState.PLANNING: "Listing images",
    JobState.RUNNING: "Scanning",
    JobState.COMPLETED: "Completed",
    JobState.FAILED: "Failed",
    JobState.CANCELLING: "Cancelling",
    JobState.CANCELLED: "Cancelled",
    JobState.EXPIRED: "Expired",
}
CODES = {
    ItemCode.IMAGE_TOO_SMALL: "Image too small",
    ItemCode.NO_FACE: "No face found",
    ItemCode.FACE_TOO_SMALL: "Face too small",
    ItemCode.FACE_TOO_BLURRY: "Face too blurred",
    ItemCode.UNDECODABLE: "Not a readable image",
    ItemCode.TOO_LARGE: "File too large",
    ItemCode.UNSUPPORTED_TYPE: "Type not supported",
    ItemCode.FETCH_FAILED: "Could not be read",
    ItemCode.FORBIDDEN: "Not allowed",
    ItemCode.CHECKSUM_MISMATCH: "Checksum differs",
    ItemCode.POISON: "Given up",
}
FACE_REASONS = {
    FaceReason.FACE_TOO_SMALL: "Too small",
    FaceReason.FACE_TOO_BLURRY: "Too blurred",
    FaceReason.NOT_AMONG_LARGEST: "Not among the largest",
}
KINDS = {
    Label.FAKE: "Fake",
    Label.UNCERTAIN: "Uncertain",
    Label.REAL: "Real",
    Outcome.NOT_APPLICABLE: "Not applicable",
    Outcome.FAILED: "Failed",
}
BAR_WIDTH = 1000


def register(blueprint: Blueprint) -> None:
    """Give the templates the words as filters and values."""
    for function in (
        state_word,
        kind_word,
        code_word,
        faces_word,
        face_reason,
        job_title,
        ended,
        number,
        clock,
        pace,
        segments,
        percent,
    ):
        blueprint.add_app_template_filter(function)
    words = {"kind_words": KINDS, "code_words": CODES, "state_words": STATES}
    blueprint.app_context_processor(lambda: words)


def state_word(state: JobState) -> str:
    """Return the state as people say it."""
    return STATES[state]


def kind_word(kind: Label | Outcome) -> str:
    """Return the label, or the outcome of an item without one, as people say it."""
    return KINDS[kind]


def code_word(code: ItemCode) -> str:
    """Return why an item has no score, in a few words."""
    return CODES[code]


def faces_word(faces: Sequence[FaceView] | None) -> str:
    """Return how many faces were found, where any were."""
    if not faces:
        return ""
    return "1 face" if len(faces) == 1 else f"{len(faces)} faces"


def face_reason(reason: FaceReason) -> str:
    """Return why a face has no score, in a few words."""
    return FACE_REASONS[reason]


def job_title(job: JobView) -> str:
    """Return what a job scans, in a few words."""
    match job.source.get("type"):
        case SourceType.FOLDER:
            return str(job.source["path"])
        case SourceType.ARCHIVE | SourceType.MANIFEST:
            return str(job.source["name"])
        case SourceType.PREFIX:
            return str(job.source["uri"])
    total = job.counters.total
    return "Uploaded images" if not total else "1 image" if total == 1 else f"{total:,} images"


def ended(counters: Counters) -> int:
    """Return how many items have a verdict."""
    return counters.scored + counters.not_applicable + counters.failed


def number(count: int) -> str:
    """Return the count with separators."""
    return f"{count:,}"


def clock(time: datetime) -> str:
    """Return the time in UTC for those without JavaScript; with it, the page shows local time."""
    return f"{time:%d %b %Y, %H:%M} UTC"


def percent(counters: Counters) -> int:
    """Return how much of the job has ended, in whole percent, rounded down."""
    return 100 * ended(counters) // counters.total if counters.total else 0


def pace(job: JobView) -> str:
    """Return how fast the job goes, and how long it still takes, where that is known."""
    if not job.rate:
        return ""
    said = (
        f"{job.rate:,.1f} images a second" if job.rate < 10 else f"{job.rate:,.0f} images a second"
    )
    return said if job.eta_s is None else f"{said}, {_left(job.eta_s)}"


def segments(counters: Counters) -> list[tuple[str, float, float]]:
    """Return (kind, x, width) of each part of the progress bar, `BAR_WIDTH` units wide."""
    parts, x = [], 0.0
    for kind in KINDS:
        width = BAR_WIDTH * getattr(counters, kind) / max(counters.total, 1)
        parts.append((str(kind), round(x, 2), round(width, 2)))
        x += width
    return parts


def _left(eta_s: float) -> str:
    if eta_s < 60:
        return "less than a minute left"
    minutes = round(eta_s / 60)
    if minutes < 90:
        return f"about {minutes} min left"
    return f"about {eta_s / 3600:.1f} h left"
