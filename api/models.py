"""Model versions over HTTP: listed with their cards, and promoted by admins."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.document import MODELS, problems
from api.identity import require_admin
from api.model_schemas import ModelList, ModelView
from api.queries import ModelPath
from api.requests import PromotionRequest
from api.services import services
from api.shapes import answer, model_view
from core.logs import get_logger
from db import model_versions

blueprint = APIBlueprint("models", __name__, url_prefix="/v1", abp_tags=[MODELS])
log = get_logger(__name__)


@blueprint.get(
    "/models",
    operation_id="list_models",
    summary="List the model versions, newest first, with their cards",
    responses={200: ModelList, **problems()},
)
def list_models() -> Response:
    """Return every model version."""
    return answer(every_model())


@blueprint.post(
    "/models/<version>/promote",
    operation_id="promote_model",
    summary="Let new scans use a model version, or mark it as the challenger",
    description="Jobs that have begun keep theirs. Needs the scope `admin`.",
    responses={200: ModelView, **problems(404, 409, 422)},
)
def promote_model(path: ModelPath, body: PromotionRequest) -> Response:
    """Give the alias to the model version."""
    promote(path.version, body)
    with services().database.read() as session:
        version = model_versions.get(session, path.version)
        return answer(model_view(version, model_versions.aliases(session)))


def every_model() -> ModelList:
    """Return every model version, newest first."""
    with services().database.read() as session:
        aliases = model_versions.aliases(session)
        found = model_versions.everyone(session)
    return ModelList(models=[model_view(version, aliases) for version in found])


def promote(version: str, asked: PromotionRequest) -> None:
    """Give the version its role; raises ForbiddenError, NotFoundError and ConflictError."""
    require_admin("Promoting a model version", "needs")
    with services().database.write() as session:
        model_versions.set_alias(session, asked.alias, version, instead_of=asked.instead_of)
    log.info("model_promoted", model_version=version, alias=asked.alias)
