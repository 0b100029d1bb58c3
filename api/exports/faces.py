"""The faces of a verdict as one cell of a table."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from api.schemas import FaceView

_FACES = TypeAdapter(Sequence[FaceView])


def faces_json(faces: Sequence[FaceView]) -> str:
    """Return the faces as JSON, as the list of verdicts has them."""
    return _FACES.dump_json(faces).decode()
