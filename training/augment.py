"""Random changes of a training image, the same for both labels; see docs/adr/0003.

They take away what tells sources and labels apart without looking at the face: framing, scale, JPEG
settings, sharpness, noise, colour. All of them come before the one `to_pixels`.
"""

import io
import random

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from training.config import Augmentation
from training.draws import generator

KERNELS = (
    Image.Resampling.NEAREST,
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
SMOOTH_KERNELS = KERNELS[1:]
MIN_SIDE = 32


def augment(image: Image.Image, config: Augmentation, draw: random.Random) -> Image.Image:
    """Return a changed RGB copy of an RGB image, a square; the same draw gives the same copy."""
    image = _crop(image, config, draw)
    if draw.random() < config.flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if draw.random() < config.rotate:
        image = _turn(image, config, draw)
    if draw.random() < config.colour:
        image = _jitter(image, config.colour_strength, draw)
    if draw.random() < config.resample:
        image = _resample(image, config.min_scale, draw)
    if draw.random() < config.blur:
        image = image.filter(ImageFilter.GaussianBlur(draw.uniform(0.2, config.max_blur_px)))
    if draw.random() < config.noise:
        image = _add_noise(image, draw.uniform(1, config.max_noise), draw)
    if draw.random() < config.encode:
        image = _encode(image, config.min_quality, draw)
        if draw.random() < config.encode_again:
            image = _encode(_shift(image, draw), config.min_quality, draw)
    if draw.random() < config.erase:
        image = _erase(image, config.max_erased_area, draw)
    return image


def _crop(image: Image.Image, config: Augmentation, draw: random.Random) -> Image.Image:
    """Cut a random square out of the largest centred one's area, wherever it fits."""
    side = max(1, round(min(image.size) * draw.uniform(config.min_crop_area, 1) ** 0.5))
    left = draw.randint(0, image.width - side)
    top = draw.randint(0, image.height - side)
    return image.crop((left, top, left + side, top + side))


def _turn(image: Image.Image, config: Augmentation, draw: random.Random) -> Image.Image:
    """Turn and stretch about the centre; edges are mirrored in, so no corner has its own colour."""
    side, margin = image.width, image.width // 4
    wide = Image.fromarray(
        np.pad(np.asarray(image), ((margin,) * 2, (margin,) * 2, (0, 0)), "symmetric")
    )
    angle = np.radians(draw.uniform(-config.max_degrees, config.max_degrees))
    across, down = (1 + draw.uniform(-config.max_stretch, config.max_stretch) for _ in range(2))
    turn = np.array(
        [[np.cos(angle) * across, np.sin(angle)], [-np.sin(angle), np.cos(angle) * down]]
    )
    centre = np.full(2, margin + side / 2)
    offset = centre - turn @ np.full(2, side / 2)
    return wide.transform(
        (side, side),
        Image.Transform.AFFINE,
        tuple(np.column_stack([turn, offset]).ravel()),
        resample=Image.Resampling.BICUBIC,
    )


def _jitter(image: Image.Image, strength: float, draw: random.Random) -> Image.Image:
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(draw.uniform(1 - strength, 1 + strength))
    return image


def _resample(image: Image.Image, min_scale: float, draw: random.Random) -> Image.Image:
    """Scale down, as an image that was passed on, and leave it so or scale it back up."""
    side = max(MIN_SIDE, round(image.width * draw.uniform(min_scale, 1)))
    small = image.resize((side, side), draw.choice(SMOOTH_KERNELS))
    return small if draw.random() < 0.5 else small.resize(image.size, draw.choice(KERNELS))


def _add_noise(image: Image.Image, deviation: float, draw: random.Random) -> Image.Image:
    """Add Gaussian noise, in colour or in grey."""
    bands = 3 if draw.random() < 0.5 else 1
    noise = generator(draw).normal(0, deviation, (image.height, image.width, bands))
    return Image.fromarray(np.clip(np.asarray(image) + noise + 0.5, 0, 255).astype(np.uint8))


def _encode(image: Image.Image, min_quality: int, draw: random.Random) -> Image.Image:
    """Save and read as JPEG (three times of four) or WebP."""
    buffer = io.BytesIO()
    quality = draw.randint(min_quality, 100)
    if draw.random() < 0.75:
        image.save(buffer, "JPEG", quality=quality, subsampling=draw.choice((0, 1, 2)))
    else:
        image.save(buffer, "WEBP", quality=quality, method=0)
    return Image.open(buffer).convert("RGB")


def _shift(image: Image.Image, draw: random.Random) -> Image.Image:
    """Cut off a few rows and columns, so that blocks of a second encoding lie elsewhere."""
    left, top = draw.randint(0, 7), draw.randint(0, 7)
    if image.width <= MIN_SIDE + 8:
        return image
    side = image.width - 7
    return image.crop((left, top, left + side, top + side))


def _erase(image: Image.Image, max_area: float, draw: random.Random) -> Image.Image:
    """Paint a rectangle over in one colour, as a sticker or a hand may."""
    area, ratio = draw.uniform(0.02, max_area) * image.width**2, draw.uniform(0.4, 2.5)
    width = min(image.width, max(1, round((area * ratio) ** 0.5)))
    height = min(image.height, max(1, round((area / ratio) ** 0.5)))
    left, top = draw.randint(0, image.width - width), draw.randint(0, image.height - height)
    changed = image.copy()
    colour = tuple(draw.randint(0, 255) for _ in range(3))
    changed.paste(colour, (left, top, left + width, top + height))
    return changed
