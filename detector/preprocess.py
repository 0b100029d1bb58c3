"""From an image's bytes to uint8 pixels: the one path, for training and for serving."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.decoding import DecodeLimits, decode, decode_reduced
from detector.faces import (
    Face,
    UnscoredFace,
    crop_face,
    select,
    shared_finder,
    square_around,
)
from detector.spec import RESAMPLING, PreprocessingSpec
from detector.square import Square, centred


@dataclass(frozen=True)
class Prepared:
    """An image ready for the device: uint8 [k, 3, size, size] in RGB, and its displayed size.

    Of a whole image k is 1; else there is a square for each of its `faces`, in their order, and
    `unscored` are the other faces that were found. `squares` are where those of the pixels lie.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    faces: tuple[Face, ...] = ()
    unscored: tuple[UnscoredFace, ...] = ()
    squares: tuple[Square, ...] = ()


def prepare(data: bytes, spec: PreprocessingSpec, limits: DecodeLimits) -> Prepared:
    """Decode and preprocess an image; raises ItemError for one that cannot be scored."""
    if spec.finds_faces:
        image = decode(data, limits)
        return prepare_faces(image, shared_finder().find(image), spec)
    decoded = decode_reduced(data, limits, least_side=spec.least_side)
    return Prepared(
        to_pixels(decoded.image, spec)[np.newaxis],
        decoded.width,
        decoded.height,
        squares=(centred(decoded.width, decoded.height),),
    )


def prepare_faces(image: Image.Image, faces: Sequence[Face], spec: PreprocessingSpec) -> Prepared:
    """Preprocess the faces of an RGB image, given the largest first; raises NoScorableFaceError."""
    chosen = select(image, faces, spec)
    return Prepared(
        np.stack([to_pixels(crop_face(image, face, spec), spec) for face in chosen.scored]),
        image.width,
        image.height,
        chosen.scored,
        chosen.unscored,
        tuple(square_around(image.size, face, spec) for face in chosen.scored),
    )


def to_pixels(image: Image.Image, spec: PreprocessingSpec) -> NDArray[np.uint8]:
    """Return the largest centred square of an RGB image, resampled: uint8 [3, size, size]."""
    square = image.resize(
        (spec.size, spec.size),
        resample=RESAMPLING[spec.resampling],
        box=centred(*image.size).box,
    )
    return np.ascontiguousarray(np.asarray(square, np.uint8).transpose(2, 0, 1))
