"""How a model version wants its images: the content of its `preprocessing.json`."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from PIL import Image

from core.errors import ConfigurationError

RESAMPLING = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
# Of this specification, and what each knows of faces and of decoding.
VERSIONS = {
    1: {("off", "exact")},
    2: {("off", "exact"), ("on", "exact")},
    3: {("off", "exact"), ("on", "exact"), ("off", "fast")},
}
FAST_SIDES = 2  # of the square that is scored: what is left of an image that is decoded fast


@dataclass(frozen=True)
class PreprocessingSpec:
    """How a model version wants its images; part of the version, never of the worker.

    A square is resampled to `size` x `size`: with `faces` "off" the largest centred one, with
    "on" one around each of the `max_faces` largest faces, `face_margin` times as long as the
    longer side of its box. Faces whose longer side is below `min_face_px` pixels, or whose
    `detector.faces.sharpness` is below `min_sharpness`, are not scored. `mean` and `std` normalize
    RGB in [0, 1] on the device.

    With `decode` "fast", a JPEG is decoded at an eighth, a quarter or half of its size, as long as
    its shorter side stays at least twice `size`; that changes scores a little, and is for whole
    images.
    """

    size: int = 224
    resampling: str = "bicubic"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    faces: str = "off"
    version: int = 3
    face_margin: float = 1.3
    min_face_px: int = 40
    min_sharpness: float = 10.0
    max_faces: int = 8
    decode: str = "exact"

    def __post_init__(self) -> None:
        ways = VERSIONS.get(self.version, set())
        is_known = (self.faces, self.decode) in ways and self.resampling in RESAMPLING
        is_whole = self.size >= 1 and self.max_faces >= 1 and self.min_face_px >= 1
        if not is_known or not is_whole or not self.face_margin > 0 or self.min_sharpness < 0:
            raise ConfigurationError(f"This release cannot preprocess as {self} asks.")

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as it is kept in `preprocessing.json`."""
        return asdict(self)

    @property
    def finds_faces(self) -> bool:
        """Whether an image is scored by its faces, and not as a whole."""
        return self.faces == "on"

    @property
    def least_side(self) -> int | None:
        """How long the shorter side of a decoded image must be, pixels; None: as it is."""
        return FAST_SIDES * self.size if self.decode == "fast" else None

    def whole(self) -> "PreprocessingSpec":
        """Return the specification by which the whole image is scored."""
        return replace(self, faces="off")

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the specification that `to_dict` wrote; raises ConfigurationError."""
        try:
            return cls(**{**stored, "mean": tuple(stored["mean"]), "std": tuple(stored["std"])})
        except (TypeError, KeyError) as error:
            raise ConfigurationError(f"The preprocessing is not understood ({error}).") from error
