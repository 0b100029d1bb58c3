"""Which of a picture's faces are scored, and why the others are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from core.errors import NotApplicableError
from core.terms import FaceReason, ItemCode
from detector.faces.face import Face
from detector.faces.sharpness import sharpness
from detector.spec import PreprocessingSpec


@dataclass(frozen=True)
class UnscoredFace:
    """A face that was found, and why it is not scored."""

    face: Face
    reason: FaceReason


@dataclass(frozen=True)
class Selection:
    """The faces of a picture, the largest first."""

    scored: tuple[Face, ...]
    unscored: tuple[UnscoredFace, ...]


class NoScorableFaceError(NotApplicableError):
    """None of the picture's faces can be scored; `width` and `height` are the picture's."""

    def __init__(
        self, code: ItemCode, message: str, image: Image.Image, unscored: tuple[UnscoredFace, ...]
    ) -> None:
        super().__init__(code, message)
        self.width, self.height = image.size
        self.unscored = unscored


def select(image: Image.Image, faces: Sequence[Face], spec: PreprocessingSpec) -> Selection:
    """Choose among the faces of an RGB picture, given the largest first.

    Raises NoScorableFaceError (`no_face`, `face_too_small`, `face_too_blurry`) with a sentence.
    """
    scored: list[Face] = []
    unscored: list[UnscoredFace] = []
    for face in faces:
        if reason := _reason(image, face, spec, taken=len(scored)):
            unscored.append(UnscoredFace(face, reason))
        else:
            scored.append(face)
    if not scored:
        raise NoScorableFaceError(*_why_none(unscored, spec), image, tuple(unscored))
    return Selection(tuple(scored), tuple(unscored))


def _reason(
    image: Image.Image, face: Face, spec: PreprocessingSpec, *, taken: int
) -> FaceReason | None:
    if face.side < spec.min_face_px:
        return FaceReason.FACE_TOO_SMALL
    if taken == spec.max_faces:
        return FaceReason.NOT_AMONG_LARGEST
    if sharpness(image, face) < spec.min_sharpness:
        return FaceReason.FACE_TOO_BLURRY
    return None


def _why_none(unscored: Sequence[UnscoredFace], spec: PreprocessingSpec) -> tuple[ItemCode, str]:
    if not unscored:
        return ItemCode.NO_FACE, (
            "No face was found in the image, and this model version judges faces. Send one that "
            "shows a face, or have all of it judged by a scan with faces off."
        )
    if any(one.reason == FaceReason.FACE_TOO_BLURRY for one in unscored):
        return ItemCode.FACE_TOO_BLURRY, (
            "The face in the image is too blurred to be judged. Send a sharper copy."
        )
    return ItemCode.FACE_TOO_SMALL, (
        f"The largest face in the image is {unscored[0].face.side:.0f} pixels long; below "
        f"{spec.min_face_px} there is too little of it to judge. Send a larger copy."
    )
