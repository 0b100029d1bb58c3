"""How the pages say things: states, codes, numbers and times, in plain words.

Words that are looked up are lazy: they are put into the reader's language when they are said.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from babel import dates, numbers
from flask import Blueprint
from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _

from api.pages.language import language
from api.pages.script_words import script_words
from api.schemas import Counters, FaceView, JobView
from core.taskqueue import QueueName
from core.terms import Alias, FaceReason, ItemCode, JobState, Label, Outcome, SourceType

STATES: Mapping[JobState, LazyString] = {
    JobState.QUEUED: _("Waiting"),
    JobState.PLANNING: _("Listing images"),
    JobState.RUNNING: _("Scanning"),
    JobState.COMPLETED: _("Completed"),
    JobState.FAILED: _("Failed"),
    JobState.CANCELLING: _("Cancelling"),
    JobState.CANCELLED: _("Cancelled"),
    JobState.EXPIRED: _("Expired"),
}
CODES: Mapping[ItemCode, LazyString] = {
    ItemCode.IMAGE_TOO_SMALL: _("Image too small"),
    ItemCode.NO_FACE: _("No face found"),
    ItemCode.FACE_TOO_SMALL: _("Face too small"),
    ItemCode.FACE_TOO_BLURRY: _("Face too blurred"),
    ItemCode.UNDECODABLE: _("Not a readable image"),
    ItemCode.TOO_LARGE: _("File too large"),
    ItemCode.UNSUPPORTED_TYPE: _("Type not supported"),
    ItemCode.FETCH_FAILED: _("Could not be read"),
    ItemCode.FORBIDDEN: _("Not allowed"),
    ItemCode.CHECKSUM_MISMATCH: _("Checksum differs"),
    ItemCode.POISON: _("Given up"),
}
FACE_REASONS: Mapping[FaceReason, LazyString] = {
    FaceReason.FACE_TOO_SMALL: _("Too small"),
    FaceReason.FACE_TOO_BLURRY: _("Too blurred"),
    FaceReason.NOT_AMONG_LARGEST: _("Not among the largest"),
}
KINDS: Mapping[Label | Outcome, LazyString] = {
    Label.FAKE: _("Fake"),
    Label.UNCERTAIN: _("Uncertain"),
    Label.REAL: _("Real"),
    Outcome.NOT_APPLICABLE: _("Not applicable"),
    Outcome.FAILED: _("Failed"),
}
ALIASES: Mapping[Alias, LazyString] = {
    Alias.CHAMPION: _("Champion"),
    Alias.CHALLENGER: _("Challenger"),
}
QUEUES: Mapping[QueueName, LazyString] = {
    QueueName.CONTROL: _("Control"),
    QueueName.INTERACTIVE: _("Interactive"),
    QueueName.BULK: _("Bulk"),
}
METRICS: Mapping[str, LazyString] = {
    "auc": _("AUC"),
    "accuracy": _("Accuracy"),
    "recall": _("Fakes found"),
    "false_fake_rate": _("Reals flagged"),
    "precision": _("Precision"),
    "f1": _("F1"),
    "calibration_error": _("Calibration error"),
}
FILE_WORDS: Mapping[str, LazyString] = {  # by what `detector.metadata` calls them
    "Camera maker": _("Camera maker"),
    "Camera": _("Camera"),
    "Software": _("Software"),
    "Changed": _("Changed"),
    "Artist": _("Artist"),
    "Taken": _("Taken"),
    "Lens": _("Lens"),
    "Position": _("Position"),
}
BAR_WIDTH = 1000


def register(blueprint: Blueprint) -> None:
    """Give the templates the words as filters and values."""
    for function in (
        state_word,
        kind_word,
        code_word,
        alias_word,
        queue_word,
        metric_word,
        file_word,
        faces_word,
        face_reason,
        job_title,
        ended,
        number,
        rate,
        share,
        three,
        clock,
        pace,
        segments,
        percent,
    ):
        blueprint.add_app_template_filter(function)
    blueprint.app_context_processor(_say_words)


def state_word(state: JobState) -> str:
    """Return the state as people say it."""
    return str(STATES[state])


def kind_word(kind: Label | Outcome) -> str:
    """Return the label, or the outcome of an item without one, as people say it."""
    return str(KINDS[kind])


def code_word(code: ItemCode) -> str:
    """Return why an item has no score, in a few words."""
    return str(CODES[code])


def alias_word(alias: Alias) -> str:
    """Return the role of a model version as people say it."""
    return str(ALIASES[alias])


def queue_word(queue: QueueName) -> str:
    """Return the name of a queue as people say it."""
    return str(QUEUES[queue])


def metric_word(metric: str) -> str:
    """Return what a measure of a model card is called."""
    return str(METRICS[metric])


def file_word(word: str) -> str:
    """Return what something that a file says of itself is called."""
    return str(FILE_WORDS[word])


def faces_word(faces: Sequence[FaceView] | None) -> str:
    """Return how many faces were found, where any were."""
    if not faces:
        return ""
    count = len(faces)
    return ngettext("%(count)s face", "%(count)s faces", count, count=number(count))


def face_reason(reason: FaceReason) -> str:
    """Return why a face has no score, in a few words."""
    return str(FACE_REASONS[reason])


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
    if not total:
        return gettext("Uploaded images")
    return ngettext("%(count)s image", "%(count)s images", total, count=number(total))


def ended(counters: Counters) -> int:
    """Return how many items have a verdict."""
    return counters.scored + counters.not_applicable + counters.failed


def number(count: int) -> str:
    """Return the count with separators."""
    return numbers.format_decimal(count, locale=language())


def rate(images_a_second: float, digits: int = 1) -> str:
    """Return the rate with separators, and so many digits behind the point."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return numbers.format_decimal(images_a_second, pattern, locale=language())


def share(part: float, digits: int = 1) -> str:
    """Return a part of 1 in percent."""
    percents = f"{100 * part:.{digits}f}"
    return gettext("%(number)s %%", number=percents)


def three(score: float) -> str:
    """Return a score, or what is measured like one, as all pages write it."""
    return f"{score:.3f}"


def clock(time: datetime) -> str:
    """Return the time in UTC for those without JavaScript; with it, the page shows local time."""
    # Translators: how a time is written, in the letters of the Unicode standard (CLDR).
    pattern = gettext("dd MMM y, HH:mm 'UTC'")
    return dates.format_datetime(time, pattern, tzinfo=UTC, locale=language())


def percent(counters: Counters) -> int:
    """Return how much of the job has ended, in whole percent, rounded down."""
    return 100 * ended(counters) // counters.total if counters.total else 0


def pace(job: JobView) -> str:
    """Return how fast the job goes, and how long it still takes, where that is known."""
    if not job.rate:
        return ""
    said = gettext("%(rate)s images a second", rate=rate(job.rate, digits=int(job.rate < 10)))
    if job.eta_s is None:
        return said
    return gettext("%(pace)s, %(left)s", pace=said, left=_left(job.eta_s))


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
        return gettext("less than a minute left")
    minutes = round(eta_s / 60)
    if minutes < 90:
        return gettext("about %(count)s min left", count=minutes)
    hours = f"{eta_s / 3600:.1f}"
    return gettext("about %(count)s h left", count=hours)


def _say_words() -> dict[str, object]:
    """Let every page know the words that scripts need as well, in the reader's language."""
    return {
        "kind_words": {kind: str(word) for kind, word in KINDS.items()},
        "code_words": {code: str(word) for code, word in CODES.items()},
        "state_words": {state: str(word) for state, word in STATES.items()},
        "script_words": script_words,
    }
