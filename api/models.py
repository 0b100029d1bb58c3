"""Model versions over HTTP."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.document import MODELS, problems
from api.schemas import ModelList
from api.services import services
from api.shapes import answer, model_view
from db import model_versions

blueprint = APIBlueprint("models", __name__, url_prefix="/v1", abp_tags=[MODELS])


@blueprint.get(
    "/models",
    operation_id="list_models",
    summary="List the model versions, newest first, with their cards",
    responses={200: ModelList, **problems()},
)
def list_models() -> Response:
    """Return every model version."""
    with services().database.read() as session:
        aliases = model_versions.aliases(session)
        found = model_versions.everyone(session)
        return answer(ModelList(models=[model_view(version, aliases) for version in found]))
