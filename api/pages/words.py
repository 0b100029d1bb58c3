"""How the pages say things: states, codes, faces and jobs, in plain words.

Words that are looked up are lazy: they are put into the reader's language when they are said.
"""

from collections.abc import Mapping, Sequence

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _

from api.pages.numbers import number
from api.schemas import FaceView, JobView
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
