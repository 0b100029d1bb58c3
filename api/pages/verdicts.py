"""The page of one verdict: the image with its faces, what speaks for the score, and feedback."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response as Redirect

from api import originals
from api.feedback import keep_feedback, look_for_feedback
from api.identity import caller
from api.images import read_original
from api.pages import cards, scale
from api.pages.heat import Heat, heat_of
from api.queries import HeatmapQuery
from api.requests import FeedbackRequest
from api.schemas import VerdictView
from api.services import services
from api.shapes import verdict_view
from core.errors import GoneError, StorageError
from core.terms import Label
from db import copies, verdicts
from detector.credentials import Credentials, read_credentials
from detector.metadata import FileMetadata, read_metadata

MOST_COPIES = 20

blueprint = Blueprint("verdict_pages", __name__)


@dataclass(frozen=True)
class File:
    """The image's file: its size and what it says of itself, or why it cannot be shown.

    `must_be_fetched` tells that somebody else's server would be asked for it.
    """

    size_bytes: int = 0
    metadata: FileMetadata | None = None
    credentials: Credentials | None = None
    trouble: str = ""  # in English, as the API says it
    is_away: bool = False
    must_be_fetched: bool = False


@dataclass(frozen=True)
class Shown:
    """All that is read in one look at the database."""

    job_id: str
    verdict: VerdictView
    card: dict[str, Any]
    original: originals.Original | None
    copies: Sequence[VerdictView] = ()
    trouble: str = ""


@blueprint.get("/verdicts/<verdict:verdict_id>")
def show_verdict(verdict_id: str) -> str:
    """Show a verdict; with `heatmap=0`, what speaks for it in the image or in its first face."""
    shown = _look(verdict_id)
    score = shown.verdict.score
    file = _file(shown)
    return render_template(
        "verdict.html",
        job_id=shown.job_id,
        verdict=shown.verdict,
        copies=shown.copies,
        band=scale.band_of(shown.card),
        bars=[] if score is None else scale.distributions_of(shown.card, score),
        measure=cards.overall_of(shown.card),
        file=file,
        heat=None if file.must_be_fetched else _heat(verdict_id),  # a worker would fetch it, too
        is_fetched="fetch" in request.args,
        feedback=look_for_feedback(verdict_id),
        answers=_answers(shown.verdict.label),
    )


@blueprint.post("/verdicts/<verdict:verdict_id>/feedback")
def give_feedback(verdict_id: str) -> Redirect:
    """Keep what the form says, and lead back to the page."""
    given = {name: request.form[name] for name in ("truth", "note") if request.form.get(name)}
    keep_feedback(verdict_id, FeedbackRequest.model_validate(given))
    page = url_for("verdict_pages.show_verdict", verdict_id=verdict_id, _anchor="feedback")
    return redirect(page, 303)


def _look(verdict_id: str) -> Shown:
    with services().database.read() as session:
        job, verdict = verdicts.get(session, verdict_id)
        original, trouble = None, ""
        try:
            original = originals.find(session, verdict_id)
        except GoneError as error:
            trouble = str(error)
        found = copies.find(session, verdict, visible_to=caller().sees, limit=MOST_COPIES)
        return Shown(
            job_id=job.public_id,
            verdict=verdict_view(
                verdict, job_id=job.public_id, model_version=job.model_version.name
            ),
            card=job.model_version.card,
            original=original,
            copies=[
                verdict_view(copy, job_id=other.public_id, model_version=other.model_version.name)
                for other, copy in found
            ],
            trouble=trouble,
        )


def _file(shown: Shown) -> File:
    if shown.original is None:
        return File(trouble=shown.trouble)
    if shown.original.is_remote and "fetch" not in request.args:
        return File(must_be_fetched=True)
    try:
        content = read_original(shown.original)
    except GoneError as error:
        return File(trouble=str(error))
    except (StorageError, ServiceUnavailable):  # too many look at images, or it does not answer
        return File(is_away=True)
    metadata = read_metadata(content)
    credentials = read_credentials(content, metadata.format) if metadata else None
    return File(len(content), metadata, credentials)


def _heat(verdict_id: str) -> Heat | None:
    if not request.args.get("heatmap"):
        return None
    face = HeatmapQuery.model_validate({"face": request.args["heatmap"]}).face
    return heat_of(verdict_id, face, wait_s=0)


def _answers(label: Label | None) -> list[tuple[Label, str]]:
    """Return what a person can say of the verdict, with the words of the buttons."""
    match label:
        case Label.FAKE:
            right, wrong = gettext("Right, it is fake"), gettext("Wrong, it is real")
            return [(Label.FAKE, right), (Label.REAL, wrong)]
        case Label.REAL:
            right, wrong = gettext("Right, it is real"), gettext("Wrong, it is fake")
            return [(Label.REAL, right), (Label.FAKE, wrong)]
        case Label.UNCERTAIN:
            return [(Label.FAKE, gettext("It is fake")), (Label.REAL, gettext("It is real"))]
    return []
