"""The pages of the model versions: their cards side by side, and who is the champion."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_from_directory
from flask import url_for as url
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as Redirect

from api.errors import PageError
from api.identity import caller, require_admin
from api.model_schemas import ModelView
from api.models import every_model, promote
from api.pages import cards, curves, facts
from api.requests import PromotionRequest
from api.services import services
from api.system import worker_view
from api.system_schemas import WorkerView
from core.errors import ModelUnavailableError
from core.registry import Registry
from core.terms import Alias
from db import model_versions, workers
from db.model_versions import Holder

PLOTS = {
    "confusion_matrix": _("Confusion matrix of the test images"),
    "roc": _("ROC of the test images"),
    "reliability": _("Reliability of the scores of the test images"),
    "curves": _("How training went"),
}

Row = tuple[str, cards.Measure]  # the version's id, and one of its measures

blueprint = Blueprint("model_pages", __name__)


@dataclass(frozen=True)
class Shown:
    """A model version with what its card says."""

    id: str
    aliases: list[str]
    view: ModelView

    @property
    def card(self) -> dict[str, Any]:
        """The card as it was published."""
        return self.view.card

    @property
    def overall(self) -> cards.Measure | None:
        """The measure of all test images."""
        return cards.overall_of(self.card)

    @property
    def sections(self) -> list[cards.Section]:
        """Everything that was measured."""
        return cards.sections_of(self.card)

    @property
    def roc(self) -> list[curves.RocPoint]:
        """The points of the ROC that the card knows."""
        return curves.roc_of(self.card)

    @property
    def reliability(self) -> list[curves.ReliabilityPoint]:
        """The shares of fakes among images of about one score."""
        return curves.reliability_of(self.card)


@blueprint.get("/models")
def show_models() -> str:
    """Show the model versions, newest first, and which one scans use."""
    return render_template(
        "models.html",
        versions=[_shown(view) for view in every_model().models],
        holders=_holders(),
        serving=_serving(),
        is_admin=caller().is_admin,
    )


@blueprint.get("/models/compare")
def compare_models() -> str:
    """Show two versions side by side."""
    left, right = (_find(request.args.get(side, "")) for side in ("left", "right"))
    return render_template(
        "model_compare.html", left=left, right=right, side_by_side=_side_by_side(left, right)
    )


@blueprint.get("/models/<version>")
def show_model(version: str) -> str:
    """Show a version's card: what was measured, and where it comes from."""
    shown = _find(version)
    return render_template(
        "model.html",
        version=shown,
        facts=facts.facts_of(shown.card),
        data=facts.data_of(shown.card),
        limits=cards.texts(shown.card.get("limits")),
        plots={name: str(alt) for name, alt in PLOTS.items() if _has_plot(version, name)},
        is_admin=caller().is_admin,
    )


@blueprint.get("/models/<version>/plots/<name>.png")
def show_plot(version: str, name: str) -> Response:
    """Return a picture that was published with the version."""
    _find(version)
    if not _has_plot(version, name):
        sentence = gettext("The model version %(version)s has no such picture.", version=version)
        raise PageError(sentence, status=404)
    answer = send_from_directory(_plots(version) or "", f"{name}.png")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@blueprint.get("/models/<version>/promote")
def ask_to_promote(version: str) -> str:
    """Say what will happen when the version takes the role, and ask for a yes."""
    require_admin("Promoting a model version", "needs")
    asked = PromotionRequest.model_validate({"alias": request.args.get("alias", Alias.CHAMPION)})
    holder = _holders().get(asked.alias)
    return render_template(
        "model_promote.html",
        version=_find(version),
        alias=asked.alias,
        holder=holder,
        held=_find(holder.name) if holder else None,
        is_back=holder is not None and holder.previous == version,
        is_missing=_plots(version) is None,
    )


@blueprint.post("/models/<version>/promote")
def promote_model(version: str) -> Redirect:
    """Give the version its role, unless somebody changed it meanwhile; lead to the list."""
    given = {name: request.form[name] for name in ("alias", "instead_of") if request.form.get(name)}
    promote(_find(version).id, PromotionRequest.model_validate(given))
    return redirect(url("model_pages.show_models"), 303)


def _side_by_side(*versions: Shown) -> dict[str, dict[str, list[Row]]]:
    """Return the measures of the versions by the section's title and the set of images."""
    found: dict[str, dict[str, list[Row]]] = {}
    for version in versions:
        for section in version.sections:
            for one in section.measures:
                found.setdefault(section.title, {}).setdefault(one.name, []).append(
                    (version.id, one)
                )
    return found


def _find(version: str) -> Shown:
    for view in every_model().models:
        if view.id == version:
            return _shown(view)
    sentence = gettext(
        "There is no model version %(version)s; the page of the models shows those there are.",
        version=version,
    )
    raise PageError(sentence, status=404)


def _shown(view: ModelView) -> Shown:
    return Shown(view.id, view.aliases, view)


def _holders() -> dict[Alias, Holder]:
    with services().database.read() as session:
        return model_versions.holders(session)


def _serving() -> list[WorkerView]:
    """Return the workers that report now, for admins: nobody else learns the names of hosts."""
    if not caller().is_admin:
        return []
    with services().database.read() as session:
        seen = [worker_view(one) for one in workers.everyone(session)]
    return [worker for worker in seen if not worker.is_silent]


def _plots(version: str) -> Path | None:
    """Return the folder of the version's pictures; None when the registry here has no version."""
    try:
        return Registry(services().settings.registry_dir).get(version).path / "plots"
    except ModelUnavailableError:
        return None


def _has_plot(version: str, name: str) -> bool:
    folder = _plots(version)
    return folder is not None and name in PLOTS and (folder / f"{name}.png").is_file()
