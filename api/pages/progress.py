"""How far a job is, as the pages say and draw it."""

from flask_babel import gettext

from api.pages.numbers import rate
from api.pages.words import KINDS
from api.schemas import Counters, JobView

BAR_WIDTH = 1000


def ended(counters: Counters) -> int:
    """Return how many items have a verdict."""
    return counters.scored + counters.not_applicable + counters.failed


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
