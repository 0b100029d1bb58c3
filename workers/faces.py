"""The faces of an image as its verdict keeps them, and the API tells them."""

from collections.abc import Iterable, Sequence
from typing import Any

from core.terms import FaceReason
from detector.decision import Reading
from detector.faces import Face, UnscoredFace


def told(
    faces: Sequence[Face], readings: Sequence[Reading], unscored: Iterable[UnscoredFace]
) -> list[dict[str, Any]]:
    """Return the scored faces with their readings' scores, then the others with the reason."""
    return [
        *(_told(face, reading.score, None) for face, reading in zip(faces, readings, strict=True)),
        *(_told(one.face, None, one.reason) for one in unscored),
    ]


def _told(face: Face, score: float | None, reason: FaceReason | None) -> dict[str, Any]:
    return {
        "box": [round(edge) for edge in face.box],
        "score": score,
        "detection": round(face.score, 4),
        "reason": reason,
    }
