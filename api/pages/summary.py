"""How a job's scores lie, and its errors by code: the part of its page that reads all verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from api.jobs import read_job_view
from api.pages.scale import HEIGHT, WIDTH, Band, band_of
from api.pages.words import ended
from api.schemas import JobView
from api.services import services
from core.terms import ItemCode, Label, Outcome
from db import jobs, summaries

SUMMED_AT_ONCE = 20_000  # verdicts; the counts of larger jobs are shown when they are asked for
STACKED = (Label.REAL, Label.UNCERTAIN, Label.FAKE)  # from below

Bar = tuple[Label, float, float, float, float]  # x, y, width, height

blueprint = Blueprint("summary_pages", __name__)


@dataclass(frozen=True)
class Summary:
    """Counts of verdicts, and the bars that show them."""

    scores: Mapping[Label, Sequence[int]]
    codes: Mapping[Outcome, Mapping[ItemCode, int]]
    bars: Sequence[Bar]
    band: Band | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.bars and not any(self.codes.values())


@blueprint.get("/jobs/<job:job_id>/summary")
def show_summary(job_id: str) -> str:
    """Show the part of a job's page alone."""
    job = read_job_view(job_id)
    return render_template("summary.html", job=job, summary=summary_of(job))


def summary_of(job: JobView) -> Summary | None:
    """Return the counts; None of a large job, unless the request asks for them by `summary`."""
    if ended(job.counters) > SUMMED_AT_ONCE and "summary" not in request.args:
        return None
    with services().database.read() as session:
        row = jobs.get(session, job.id)
        found = summaries.of_job(session, row.id)
        band = band_of(row.model_version.card or {})
    return Summary(found.scores, found.codes, _stacked(found.scores), band)


def _stacked(
    scores: Mapping[Label, Sequence[int]],
) -> list[Bar]:
    """Return bars of the labels on top of each other, the highest as high as the picture."""
    steps = list(zip(*(scores[label] for label in STACKED), strict=True))
    highest = max(map(sum, steps))
    width = WIDTH / len(steps)
    bars = []
    for at, counts in enumerate(steps):
        below = 0
        for label, count in zip(STACKED, counts, strict=True):
            if count:
                top, height = HEIGHT * (highest - below - count) / highest, HEIGHT * count / highest
                bars.append((label, at * width, round(top, 2), width, round(height, 2)))
            below += count
    return bars
