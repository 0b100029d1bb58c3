"""Finds the faces of a picture with CenterFace, on the CPU of the thread that asks."""

from functools import cache
from importlib.resources import files
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from core.errors import ConfigurationError
from detector.faces.centerface import MULTIPLE, Candidates, read_maps, suppress
from detector.faces.face import Face

# Faces are found from 24 pixels of the input on: at this scale, those of 40 pixels. Very large ones
# are found better in small inputs (docs/adr/0007-faces.md).
SCALE = 0.6
SMALLEST_INPUT, LARGEST_INPUT = 160, 640  # the longest side of what the network is given
MIN_SCORE = 0.4
MAX_OVERLAP = 0.3
MAX_FACES = 100  # that are told of one picture


@cache
def shared_finder() -> "FaceFinder":
    """Return the one finder of this process, loaded when it is first needed."""
    return FaceFinder.load()


class FaceFinder:
    """Finds faces; threads may share one. The same picture always gives the same faces."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    @classmethod
    def load(cls, device: str = "cpu") -> Self:
        """Load the network that ships with this package; raises ConfigurationError.

        It runs on the CPU only, so that a face is cut alike wherever a model version is served.
        """
        if device != "cpu":
            raise ConfigurationError(f"Faces are found on the CPU, not on {device}; name cpu.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # many threads ask
        options.enable_mem_pattern = False  # pictures differ in shape
        options.log_severity_level = 3
        weights = files("detector.faces").joinpath("centerface.onnx").read_bytes()
        return cls(
            onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        )

    def find(self, image: Image.Image) -> list[Face]:
        """Return the faces of an RGB picture, the largest first.

        Found are those of 40 pixels or more, or of a 27th of the longest side where that is more.
        Where none is, the picture is looked at once more as a small one, for a very large face.
        """
        longest = min(max(SMALLEST_INPUT, round(SCALE * max(image.size))), LARGEST_INPUT)
        faces = self._look(image, longest)
        if not faces and longest > SMALLEST_INPUT:
            faces = self._look(image, SMALLEST_INPUT)
        return sorted(faces, key=lambda face: (-face.side, face.box))[:MAX_FACES]

    def _look(self, image: Image.Image, longest: int) -> list[Face]:
        scaled = _scaled(image, longest)
        maps = map(np.asarray, self._session.run(None, {self._input: _padded(scaled)}))
        found = suppress(read_maps(*maps, min_score=MIN_SCORE), max_overlap=MAX_OVERLAP)
        return _faces(found, scaled.size, image.size)


def _scaled(image: Image.Image, longest: int) -> Image.Image:
    ratio = longest / max(image.size)
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _padded(image: Image.Image) -> NDArray[np.float32]:
    """Return float32 [1, 3, height, width] from 0 to 255, with black to the right and below."""
    height, width = (-(-side // MULTIPLE) * MULTIPLE for side in (image.height, image.width))
    pixels = np.zeros((1, 3, height, width), np.float32)
    pixels[0, :, : image.height, : image.width] = np.asarray(image).transpose(2, 0, 1)
    return pixels


def _faces(found: Candidates, scaled: tuple[int, int], size: tuple[int, int]) -> list[Face]:
    """Return the faces in pixels of the picture, their boxes within it."""
    ratio = np.array(size, np.float64) / scaled
    corners = np.clip(found.boxes.reshape(-1, 2, 2) * ratio, 0, size).reshape(-1, 4)
    landmarks = found.landmarks * ratio
    return [
        Face((x0, y0, x1, y1), score, tuple((x, y) for x, y in points))
        for (x0, y0, x1, y1), score, points in zip(
            corners.tolist(), found.scores.tolist(), landmarks.tolist(), strict=True
        )
        if min(x1 - x0, y1 - y0) >= 1  # not one beyond the picture's border
    ]
