"""Cuts a square out of a picture around a face: the one way, for training and for serving.

The pixels of a level face are copied as they are, so `to_pixels` is what resamples them, once: a
detector lives on fine detail, which each resampling smooths away. A face that is tilted
noticeably is turned level. That takes one more pass when it is larger than the network's input,
where the reduction that follows hides it; a smaller one is enlarged in the same pass.
"""

import math

import numpy as np
from PIL import Image

from detector.faces.face import Face, Point
from detector.spec import PreprocessingSpec
from detector.square import Square

# Landmarks of one face differ by up to 6 degrees between copies of a picture of other sizes.
LEVEL_DEGREES = 20.0
NARROWEST_EYES = 0.2  # of the face's side: below, it is seen from the side, and tells no angle


def crop_face(
    image: Image.Image,
    face: Face,
    spec: PreprocessingSpec,
    *,
    scale: float = 1.0,
    shift: Point = (0.0, 0.0),
    degrees: float = 0.0,
) -> Image.Image:
    """Return the RGB square around a face, `spec.face_margin` times as long as its longer side.

    At the picture's borders the square is moved inwards, and shrunk to the picture's shorter side
    where it is longer, so that no pixel is invented; what a turned square lacks in its corners is
    mirrored. Training varies the square: `scale` times as long, moved by `shift` times its side,
    and turned by `degrees`, clockwise as seen.
    """
    square = square_around(image.size, face, spec, scale=scale, shift=shift, degrees=degrees)
    if square.degrees == 0:
        return image.crop(square.box)
    left, top, side = square.left, square.top, square.side
    return _turned(image, left, top, side, square.degrees, max(side, spec.size))


def square_around(
    size: tuple[int, int],
    face: Face,
    spec: PreprocessingSpec,
    *,
    scale: float = 1.0,
    shift: Point = (0.0, 0.0),
    degrees: float = 0.0,
) -> Square:
    """Return where the square of `crop_face` lies on a picture of that size."""
    side = min(max(1, round(face.side * spec.face_margin * scale)), *size)
    left, top = (
        min(max(0, round(middle + by * side - side / 2)), whole - side)
        for middle, by, whole in zip(face.centre, shift, size, strict=True)
    )
    return Square(left, top, side, _tilt(face) - degrees)


def _tilt(face: Face) -> float:
    (left_x, left_y), (right_x, right_y) = face.landmarks[:2]
    between = math.hypot(right_x - left_x, right_y - left_y)
    if between < NARROWEST_EYES * face.side or abs(face.tilt) < LEVEL_DEGREES:
        return 0.0
    return face.tilt


def _turned(
    image: Image.Image, left: int, top: int, side: int, degrees: float, size: int
) -> Image.Image:
    """Return a square of `size`, whose lines from left to right fall by `degrees` in the picture.

    Its middle and extent are those of the given square.
    """
    reach = math.ceil(side * 0.21) + 3  # a turned square's corners, and the kernel's width
    wide = Image.fromarray(_mirrored(image, left - reach, top - reach, side + 2 * reach))
    step, angle = side / size, math.radians(degrees)
    across, down = math.cos(angle) * step, math.sin(angle) * step
    middle, half = reach + side / 2, size / 2
    return wide.transform(
        (size, size),
        Image.Transform.AFFINE,
        (
            across,
            -down,
            middle - half * (across - down),
            down,
            across,
            middle - half * (across + down),
        ),
        resample=Image.Resampling.BICUBIC,
    )


def _mirrored(image: Image.Image, left: int, top: int, side: int) -> np.ndarray:
    """Return uint8 [side, side, 3] from the place; beyond its borders the picture is mirrored."""
    right, bottom = left + side, top + side
    inside = (max(0, left), max(0, top), min(image.width, right), min(image.height, bottom))
    pixels = np.asarray(image.crop(inside))
    rows = (inside[1] - top, bottom - inside[3])
    columns = (inside[0] - left, right - inside[2])
    return np.pad(pixels, (rows, columns, (0, 0)), mode="symmetric")
