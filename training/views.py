"""Small grey pictures of an image by which its copies are recognised, and their hashes.

The whole image knows a copy that was saved again, resized or mirrored. One that was cropped is
known by its face, turned and scaled to where its five landmarks should be; where no face was
found, by the image's middle in several sizes.
"""

from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from detector.faces import Face

SIDE = 32
MIDDLES = (0.9, 0.8, 0.7)  # of both sides
SCALES = (1.0, 0.93, 1.07)  # landmarks of one face differ so much between its copies
# Where the landmarks of a face go, as shares of a view: eyes, nose, corners of the mouth.
PLACES = np.array([(0.33, 0.38), (0.67, 0.38), (0.5, 0.56), (0.36, 0.74), (0.64, 0.74)])
WHOLE, FACE, MIDDLE = "whole", "face", "middle"


@dataclass(frozen=True)
class View:
    """A view of an image: uint8 [32, 32], and the pHash (64 bits) of it and of its mirror."""

    kind: str
    pixels: NDArray[np.uint8]
    phash: int
    mirrored: int


def make_views(image: Image.Image, face: Face | None) -> tuple[View, ...]:
    """Return the views of an RGB image, the whole image first; its phash is `imagehash.phash`."""
    grey = image.convert("L")
    whole = _view(WHOLE, grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    if face is not None:
        return whole, *(_view(FACE, _aligned(grey, face, scale)) for scale in SCALES)
    return whole, *(_view(MIDDLE, _middle(grey, share)) for share in MIDDLES)


def _view(kind: str, small: Image.Image) -> View:
    return View(kind, np.asarray(small), _phash(small), _phash(ImageOps.mirror(small)))


def _phash(small: Image.Image) -> int:
    return int(str(imagehash.phash(small)), 16)


def _middle(grey: Image.Image, share: float) -> Image.Image:
    across, down = grey.width * (1 - share) / 2, grey.height * (1 - share) / 2
    box = (across, down, grey.width - across, grey.height - down)
    return grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)


def _aligned(grey: Image.Image, face: Face, scale: float) -> Image.Image:
    """Return the face at its place, by the similarity that fits the landmarks best, and scaled."""
    wanted = ((PLACES - 0.5) * scale + 0.5) * SIDE
    found = np.array(face.landmarks)
    centre, middle = found.mean(axis=0), wanted.mean(axis=0)
    (x, y), (u, v) = (wanted - middle).T, (found - centre).T
    spread = (x * x + y * y).sum()
    along, aside = (x * u + y * v).sum() / spread, (x * v - y * u).sum() / spread
    step = max(1.0, float(np.hypot(along, aside)))  # pixels of the image in one of the view
    small = grey.resize(
        (max(1, round(grey.width / step)), max(1, round(grey.height / step))),
        Image.Resampling.BOX,
    )
    turn = np.array([[along, -aside], [aside, along]])
    matrix = np.column_stack([turn, centre - turn @ middle])
    matrix *= np.array([[small.width / grey.width], [small.height / grey.height]])
    return small.transform(
        (SIDE, SIDE),
        Image.Transform.AFFINE,
        tuple(matrix.ravel().tolist()),
        resample=Image.Resampling.BILINEAR,
    )
