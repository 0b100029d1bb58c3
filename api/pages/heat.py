"""A heatmap as the page of a verdict shows it, and asks for it while it is being made."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from api.heatmaps import WAIT_S, Picture, wait_for_heatmap
from api.pages.fragments import fragment
from api.queries import HeatmapQuery
from api.services import services
from api.shapes import verdict_view
from core.errors import ConflictError, NotFoundError, StorageError
from db import verdicts

blueprint = Blueprint("heat_pages", __name__)


@dataclass(frozen=True)
class Heat:
    """A heatmap that the page shows, or is about to; `trouble` says why it never will.

    One that is `away` is made, and cannot be read at the moment.
    """

    face: int
    picture: Picture | None = None
    trouble: str = ""  # in English, as the API says it
    is_away: bool = False

    @property
    def is_awaited(self) -> bool:
        """Whether it is worth asking for again."""
        return self.picture is None and not self.trouble


@blueprint.get("/verdicts/<verdict:verdict_id>/heat")
def show_heat(verdict_id: str) -> Response | str:
    """Show the image with the heatmap once that is made, or nothing when it takes long."""
    query = HeatmapQuery.model_validate(request.args.to_dict())
    heat = heat_of(verdict_id, query.face, wait_s=min(WAIT_S, services().settings.max_wait_s))
    if heat.is_awaited:
        return Response(status=503 if heat.is_away else 204)
    with services().database.read() as session:
        job, row = verdicts.get(session, verdict_id)
        verdict = verdict_view(row, job_id=job.public_id, model_version=job.model_version.name)
    return fragment("heat.html", {"verdict": verdict, "heat": heat, "is_shown": True})


def heat_of(verdict_id: str, face: int, *, wait_s: float) -> Heat:
    """Return the heatmap as it stands when it is made, or else when the time is up."""
    try:
        return Heat(face, wait_for_heatmap(verdict_id, face, wait_s=wait_s))
    except (ConflictError, NotFoundError) as error:  # GoneError is among them
        return Heat(face, trouble=str(error))
    except StorageError:
        return Heat(face, is_away=True)
