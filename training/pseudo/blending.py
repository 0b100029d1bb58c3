"""Blended fakes: the same face twice (self-blended), or parts of another face (swapped).

Self-blended images follow Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images",
CVPR 2022: one copy is altered in colour, frequency and position and blended back through a
deformed mask, so all that tells it from a photo is the blending. Swaps put a face, its eyes, nose
or mouth onto another by their landmarks, in matched colours, as retouchers and face swappers do.
"""

from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from detector.faces import Face
from training.pseudo.masks import draw_mask

Floats = NDArray[np.floating]

MAX_SHIFT = 20.0  # of a colour channel, of 255
MAX_MOVE = 0.05  # of the face's side
MAX_ZOOM = 0.05


def self_blend(image: Image.Image, face: Face, draw: Random) -> Image.Image:
    """Return the picture with its face blended with an altered copy of itself."""
    inner = outer = image
    if draw.random() < 0.5:
        inner = _alter(inner, draw)
    else:
        outer = _alter(outer, draw)
    inner = _move(inner, face.side, draw)
    return _blend(inner, outer, draw_mask(landmarks_of(face), image.size, draw))


def swap(
    image: Image.Image, face: Face, donor: Image.Image, donor_face: Face, draw: Random
) -> Image.Image:
    """Return the picture with a part, or all, of the donor's face, warped and coloured to match."""
    warped = donor.transform(
        image.size,
        Image.Transform.AFFINE,
        tuple(_fit(landmarks_of(face), landmarks_of(donor_face)).ravel()),
        resample=Image.Resampling.BICUBIC,
    )
    if draw.random() < 0.3:
        warped = _alter(warped, draw)
    mask = draw_mask(landmarks_of(face), image.size, draw)
    mask = mask / max(mask.max(), 1e-6)  # another person's features do not show half through
    matched = _match_colours(warped, image, mask) if draw.random() < 0.9 else warped
    return _blend(matched, image, mask)


def compose(image: Image.Image, rebuilt: Image.Image, face: Face, draw: Random) -> Image.Image:
    """Return the picture with its face, or a part of it, from a reconstruction of it."""
    return _blend(rebuilt, image, draw_mask(landmarks_of(face), image.size, draw))


def landmarks_of(face: Face) -> Floats:
    """Return the landmarks, float64 [5, 2]."""
    return np.array(face.landmarks, np.float64)


def _alter(image: Image.Image, draw: Random) -> Image.Image:
    """Change colours slightly, and the sharpness one way or the other."""
    shift = np.array([draw.uniform(-MAX_SHIFT, MAX_SHIFT) for _ in range(3)])
    gain = draw.uniform(0.85, 1.15)
    values = (np.asarray(image, np.float32) - 128) * gain + 128 + shift * (draw.random() < 0.7)
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if draw.random() < 0.5:
        ratio = draw.uniform(1.3, 4)
        size = (max(8, round(image.width / ratio)), max(8, round(image.height / ratio)))
        small = image.resize(size, Image.Resampling.BICUBIC)
        return small.resize(image.size, Image.Resampling.BICUBIC)
    return image.filter(ImageFilter.UnsharpMask(radius=2, percent=draw.randint(40, 150)))


def _move(image: Image.Image, face_side: float, draw: Random) -> Image.Image:
    """Move and scale the image a little about its centre; its edge stays under the outer one."""
    zoom = 1 + draw.uniform(-MAX_ZOOM, MAX_ZOOM)
    rows = [
        side / 2 * (1 - zoom) + draw.uniform(-MAX_MOVE, MAX_MOVE) * face_side for side in image.size
    ]
    coefficients = (zoom, 0, rows[0], 0, zoom, rows[1])
    return image.transform(
        image.size, Image.Transform.AFFINE, coefficients, resample=Image.Resampling.BICUBIC
    )


def _fit(here: Floats, there: Floats) -> Floats:
    """Return the affine map, float64 [2, 3], that takes `here` to `there` by least squares."""
    columns = np.column_stack([here, np.ones(len(here))])
    return np.linalg.lstsq(columns, there, rcond=None)[0].T


def _match_colours(image: Image.Image, like: Image.Image, mask: Floats) -> Image.Image:
    """Give the image the mean and spread of colours that the other has below the mask."""
    weights = mask[..., None] / max(mask.sum(), 1e-6)
    values, wanted = (np.asarray(one, np.float32) for one in (image, like))
    mean, target = (weights * values).sum((0, 1)), (weights * wanted).sum((0, 1))
    spread = np.sqrt((weights * (values - mean) ** 2).sum((0, 1)))
    aim = np.sqrt((weights * (wanted - target) ** 2).sum((0, 1)))
    gain = np.clip(aim / np.maximum(spread, 1), 0.5, 2)
    return Image.fromarray(np.clip((values - mean) * gain + target, 0, 255).astype(np.uint8))


def _blend(inner: Image.Image, outer: Image.Image, mask: Floats) -> Image.Image:
    over, under = (np.asarray(one, np.float32) for one in (inner, outer))
    mixed = over * mask[..., None] + under * (1 - mask[..., None])
    return Image.fromarray((mixed + 0.5).astype(np.uint8))
