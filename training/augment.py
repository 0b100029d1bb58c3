"""Random changes of a training image, the same for both labels; see docs/adr/0003.

They take away what tells sources and labels apart without looking at the face: scale, JPEG
settings, sharpness, colour. All of them come before the one `to_pixels`.
"""

import io
import random

from PIL import Image, ImageEnhance, ImageFilter

from training.config import Augmentation

KERNELS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


def augment(image: Image.Image, config: Augmentation, draw: random.Random) -> Image.Image:
    """Return a changed RGB copy of an RGB image, a square; the same draw gives the same copy."""
    image = _crop(image, config, draw)
    if draw.random() < config.flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if draw.random() < config.rotate:
        image = _rotate(image, draw.uniform(-config.max_degrees, config.max_degrees))
    if draw.random() < config.colour:
        image = _jitter(image, config.colour_strength, draw)
    if draw.random() < config.resample:
        image = _resample(image, config.min_scale, draw)
    if draw.random() < config.blur:
        image = image.filter(ImageFilter.GaussianBlur(draw.uniform(0.2, config.max_blur_px)))
    if draw.random() < config.encode:
        image = _encode(image, config.min_quality, draw)
    return image


def _crop(image: Image.Image, config: Augmentation, draw: random.Random) -> Image.Image:
    """Cut a random square out of the largest centred one's area, wherever it fits."""
    side = max(1, round(min(image.size) * draw.uniform(config.min_crop_area, 1) ** 0.5))
    left = draw.randint(0, image.width - side)
    top = draw.randint(0, image.height - side)
    return image.crop((left, top, left + side, top + side))


def _rotate(image: Image.Image, degrees: float) -> Image.Image:
    """Turn about the centre; edges are mirrored in, so that no corner shows a colour of its own."""
    width, height = image.size
    margin = width // 4
    wide = Image.new("RGB", (width + 2 * margin, height + 2 * margin))
    across = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for left, strip in ((margin - width, across), (margin, image), (margin + width, across)):
        over = strip.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        for top, tile in ((margin - height, over), (margin, strip), (margin + height, over)):
            wide.paste(tile, (left, top))
    turned = wide.rotate(degrees, resample=Image.Resampling.BICUBIC)
    return turned.crop((margin, margin, margin + width, margin + height))


def _jitter(image: Image.Image, strength: float, draw: random.Random) -> Image.Image:
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(draw.uniform(1 - strength, 1 + strength))
    return image


def _resample(image: Image.Image, min_scale: float, draw: random.Random) -> Image.Image:
    """Scale down and back up with kernels drawn apart, as an image that was passed on."""
    side = max(32, round(image.width * draw.uniform(min_scale, 1)))
    small = image.resize((side, side), draw.choice(KERNELS))
    return small.resize(image.size, draw.choice(KERNELS))


def _encode(image: Image.Image, min_quality: int, draw: random.Random) -> Image.Image:
    """Save and read as JPEG (three times of four) or WebP."""
    buffer = io.BytesIO()
    quality = draw.randint(min_quality, 100)
    if draw.random() < 0.75:
        image.save(buffer, "JPEG", quality=quality, subsampling=draw.choice((0, 1, 2)))
    else:
        image.save(buffer, "WEBP", quality=quality, method=0)
    return Image.open(buffer).convert("RGB")
