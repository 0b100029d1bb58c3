"""Drawn images: made from a seed, the same everywhere, of nobody."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def photo_like(seed: int, size: tuple[int, int]) -> Image.Image:
    """Return an RGB image with soft shading, shapes and grain, as a photo has."""
    width, height = size
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (5, 5, 3), np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for _ in range(4):
        left, top = random.integers(0, width), random.integers(0, height)
        right, bottom = left + width // 3, top + height // 3
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        draw.ellipse((int(left), int(top), int(right), int(bottom)), fill=colour)
    grain = random.integers(-8, 9, (height, width, 3), np.int16)
    pixels = np.clip(np.asarray(image, np.int16) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    """Return the image as a file of the format; options are Pillow's."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def jpeg_bytes(seed: int = 0, size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a drawn image as a JPEG file."""
    return encoded(photo_like(seed, size), "JPEG", quality=90)


def write_labelled_folder(
    folder: Path, *, per_label: int, size: tuple[int, int] = (48, 48), seed: int = 0
) -> Path:
    """Write `real/` and `fake/` with drawn images; the fakes have a green cast."""
    cast = np.array([-50, 50, -50], np.int16)
    for label, number in (("real", 0), ("fake", 1)):
        (folder / label).mkdir(parents=True)
        for index in range(per_label):
            pixels = np.asarray(photo_like(seed + 2 * index + number, size), np.int16)
            drawn = np.clip(pixels + number * cast, 0, 255).astype(np.uint8)
            Image.fromarray(drawn).save(folder / label / f"{index:03}.png")
    return folder
