"""How a job's scores lie, and its errors by code: the part of its page that reads all verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, request

from api.jobs import read_job_view
from api.pages.fragments import fragment
from api.pages.grid import view_of
from api.pages.progress import ended
from api.pages.scale import HEIGHT, WIDTH, Band, band_of
from api.schemas import JobView
from api.services import services
from core.terms import ItemCode, Label, Outcome
from db import jobs, summaries

SUMMED_AT_ONCE = 20_000  # verdicts; the counts of larger jobs are shown when they are asked for
STACKED = (Label.REAL, Label.UNCERTAIN, Label.FAKE)  # from below

Bar = tuple[Label, float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class Step:
    """The images whose scores lie in one step of the scale, and the bars that show them."""

    min_score: float
    max_score: float
    count: int
    x: float
    width: float
    bars: Sequence[Bar]


blueprint = Blueprint("summary_pages", __name__)


@dataclass(frozen=True)
class Summary:
    """Counts of verdicts, and the steps of the scale that have any."""

    scores: Mapping[Label, Sequence[int]]
    codes: Mapping[Outcome, Mapping[ItemCode, int]]
    steps: Sequence[Step]
    band: Band | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.steps and not any(self.codes.values())


@blueprint.get("/jobs/<job:job_id>/summary")
def show_summary(job_id: str) -> str:
    """Show the part of a job's page alone."""
    job = read_job_view(job_id)
    shown = {"job": job, "summary": summary_of(job), "view": view_of(request)}
    return fragment("summary.html", shown)


def summary_of(job: JobView) -> Summary | None:
    """Return the counts; None of a large job, unless the request asks for them by `summary`."""
    if ended(job.counters) > SUMMED_AT_ONCE and "summary" not in request.args:
        return None
    with services().database.read() as session:
        row = jobs.get(session, job.id)
        found = summaries.of_job(session, row.id)
        band = band_of(row.model_version.card or {})
    return Summary(found.scores, found.codes, _steps(found.scores), band)


def _steps(scores: Mapping[Label, Sequence[int]]) -> list[Step]:
    """Return the steps that have images; the highest bars are as high as the picture."""
    counted = list(zip(*(scores[label] for label in STACKED), strict=True))
    highest = max(map(sum, counted))
    width = WIDTH / len(counted)
    return [
        Step(
            min_score=at / len(counted),
            max_score=(at + 1) / len(counted),
            count=sum(counts),
            x=at * width,
            width=width,
            bars=_stacked(counts, highest=highest, x=at * width, width=width),
        )
        for at, counts in enumerate(counted)
        if any(counts)
    ]


def _stacked(counts: Sequence[int], *, highest: int, x: float, width: float) -> list[Bar]:
    """Return bars of the labels on top of each other."""
    bars, below = [], 0
    for label, count in zip(STACKED, counts, strict=True):
        if count:
            top, height = HEIGHT * (highest - below - count) / highest, HEIGHT * count / highest
            bars.append((label, x, round(top, 2), width, round(height, 2)))
        below += count
    return bars
