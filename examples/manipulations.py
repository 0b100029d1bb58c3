"""Ways to falsify a face, one function each; they take a photograph and give an RGB picture.

Simple on purpose: they leave the traces that a detector looks for (seams, resampling, a face
smoother than its surroundings), they are no face generator.
"""

import math

import numpy as np
from photographs import Photograph
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter


def swap_face(target: Photograph, donor: Photograph) -> Image.Image:
    """Return the target with the donor's face blended in, its mean colour matched."""
    face = donor.pixels.crop(donor.face_box).resize(_size(target), Image.Resampling.LANCZOS)
    return _blended(target, _colour_matched(face, target.pixels.crop(target.face_box)))


def paste_face(target: Photograph, donor: Image.Image) -> Image.Image:
    """Return the target with a foreign picture pasted over the face, edges hard."""
    picture = target.pixels.copy()
    picture.paste(donor.resize(_size(target), Image.Resampling.BICUBIC), target.face_box[:2])
    return picture


def warp_face(target: Photograph, *, turns: float = 0.07) -> Image.Image:
    """Return the target with its face twisted, most in the middle, not at all at the rim."""
    face = np.asarray(target.pixels.crop(target.face_box))
    height, width = face.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(float)
    from_x, from_y = (x - width / 2) / (width / 2), (y - height / 2) / (height / 2)
    angle = 2 * math.pi * turns * np.clip(1 - np.hypot(from_x, from_y), 0, 1)
    turned_x = from_x * np.cos(angle) - from_y * np.sin(angle)
    turned_y = from_x * np.sin(angle) + from_y * np.cos(angle)
    columns = np.clip((turned_x + 1) * width / 2, 0, width - 1).round().astype(int)
    rows = np.clip((turned_y + 1) * height / 2, 0, height - 1).round().astype(int)
    return _blended(target, Image.fromarray(face[rows, columns]))


def smooth_face(target: Photograph, *, radius: float = 1.8) -> Image.Image:
    """Return the target with the skin's texture gone from its face."""
    face = target.pixels.crop(target.face_box)
    return _blended(target, face.filter(ImageFilter.GaussianBlur(radius)))


def shift_face_colour(target: Photograph) -> Image.Image:
    """Return the target with a face of another tint than the neck and the ears."""
    red, green, blue = target.pixels.crop(target.face_box).split()
    face = Image.merge("RGB", (red.point(_gain(0.86)), green, blue.point(_gain(1.14))))
    return _blended(target, ImageEnhance.Color(face).enhance(1.3))


def upsample_face(target: Photograph, *, side: int = 28) -> Image.Image:
    """Return the target with a face that had only `side` pixels a side, as of a small generator."""
    face = target.pixels.crop(target.face_box)
    small = face.resize((side, side), Image.Resampling.BOX)
    return _blended(target, small.resize(face.size, Image.Resampling.BICUBIC))


def grid_face(target: Photograph, *, strength: int = 14) -> Image.Image:
    """Return the target with the periodic pattern of a transposed convolution on its face."""
    face = np.asarray(target.pixels.crop(target.face_box)).astype(int)
    y, x = np.indices(face.shape[:2])
    pattern = np.where((x % 4 < 2) == (y % 4 < 2), strength, -strength)
    return _blended(
        target, Image.fromarray(np.clip(face + pattern[..., None], 0, 255).astype("uint8"))
    )


def _size(target: Photograph) -> tuple[int, int]:
    left, top, right, bottom = target.face_box
    return right - left, bottom - top


def _blended(target: Photograph, face: Image.Image) -> Image.Image:
    """Paste a face of the box's size through a soft oval."""
    width, height = face.size
    mask = Image.new("L", face.size)
    edge = min(face.size) // 12
    ImageDraw.Draw(mask).ellipse((edge, edge, width - edge, height - edge), fill=255)
    picture = target.pixels.copy()
    picture.paste(face, target.face_box[:2], mask.filter(ImageFilter.GaussianBlur(edge / 2)))
    return picture


def _colour_matched(face: Image.Image, like: Image.Image) -> Image.Image:
    pixels, wanted = np.asarray(face).astype(float), np.asarray(like).astype(float)
    scale = wanted.std(axis=(0, 1)) / pixels.std(axis=(0, 1))
    matched = (pixels - pixels.mean(axis=(0, 1))) * scale + wanted.mean(axis=(0, 1))
    return Image.fromarray(np.clip(matched, 0, 255).astype("uint8"))


def _gain(factor: float) -> list[int]:
    return [min(255, round(level * factor)) for level in range(256)]
