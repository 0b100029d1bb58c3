"""What happens to pictures on their way through the net, by kind and strength, repeatably.

A perturbation changes the decoded picture, before the path that a model version takes, and hands
it on as a file that loses nothing more.
"""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from detector.preprocess import DecodeLimits, decode

KERNELS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
# How each kind's strength is counted, and the strengths, from mild to harsh.
STRENGTHS: dict[str, tuple[str, tuple[float, ...]]] = {
    "jpeg": ("quality", (100, 90, 80, 70, 60, 50, 40, 30, 20, 10)),
    "webp": ("quality", (90, 75, 50, 25, 10)),
    "blur": ("standard deviation in pixels", (0.5, 1, 2, 3, 4)),
    "noise": ("standard deviation in steps of 255", (5, 10, 20, 40)),
    "resize": ("factor", (2, 1.5, 0.75, 0.5, 0.25)),
    "crop": ("share of each side that is kept", (0.9, 0.8, 0.7, 0.5)),
    "screenshot": ("times passed on", (1, 2, 4)),
}


@dataclass(frozen=True)
class Perturbation:
    """One kind at one strength; `kernel` names how a resize resamples, else it is empty."""

    kind: str
    strength: float
    kernel: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.strength:g} {self.kernel}".rstrip()

    def apply(self, image: Image.Image, draw: random.Random) -> Image.Image:
        """Return a changed RGB copy of an RGB picture; the same draw gives the same copy."""
        if self.kind == "resize":
            return _scale(image, self.strength, KERNELS[self.kernel])
        return _APPLY[self.kind](image, self.strength, draw)

    def on_files(self, seed: int) -> Callable[[bytes, int], bytes]:
        """Return what `training.scoring` asks for: a file's bytes and its place to other bytes.

        What is drawn follows from the seed, the perturbation and the file's place alone.
        """

        def change(data: bytes, place: int) -> bytes:
            draw = random.Random(f"{seed} {self} {place}")
            return as_lossless_file(self.apply(decode(data, DecodeLimits()), draw))

        return change


def everyone() -> Iterator[Perturbation]:
    """Yield every kind at every strength, a resize with every kernel."""
    for kind, (_, strengths) in STRENGTHS.items():
        for kernel in KERNELS if kind == "resize" else ("",):
            for strength in strengths:
                yield Perturbation(kind, strength, kernel)


def as_lossless_file(image: Image.Image) -> bytes:
    """Return the picture as a file that gives the same pixels again."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def encode_again(image: Image.Image, image_format: str, **options: int) -> Image.Image:
    """Return the picture as it is read after it was saved in a lossy format."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return Image.open(buffer).convert("RGB")


def _jpeg(image: Image.Image, quality: float, _: random.Random) -> Image.Image:
    return encode_again(image, "JPEG", quality=int(quality))


def _webp(image: Image.Image, quality: float, _: random.Random) -> Image.Image:
    return encode_again(image, "WEBP", quality=int(quality), method=0)


def _blur(image: Image.Image, deviation: float, _: random.Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(deviation))


def _noise(image: Image.Image, deviation: float, draw: random.Random) -> Image.Image:
    grain = np.random.default_rng(draw.getrandbits(64)).standard_normal((*image.size[::-1], 3))
    noisy = np.asarray(image, np.float32) + deviation * grain
    return Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))


def _scale(image: Image.Image, factor: float, kernel: Image.Resampling) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), kernel)


def _crop(image: Image.Image, kept: float, draw: random.Random) -> Image.Image:
    width, height = (max(1, round(side * kept)) for side in image.size)
    left, top = draw.randint(0, image.width - width), draw.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def _screenshot(image: Image.Image, times: float, draw: random.Random) -> Image.Image:
    """Show the picture at another size, cut it out by hand, and send it on as JPEG, repeatedly."""
    for _ in range(int(times)):
        kernel = draw.choice((Image.Resampling.BILINEAR, Image.Resampling.BICUBIC))
        shown = _scale(image, draw.uniform(0.7, 1.3), kernel)
        cut = _crop(shown, draw.uniform(0.96, 1), draw)
        image = encode_again(cut, "JPEG", quality=draw.randint(70, 90), subsampling=2)
    return image


_APPLY: dict[str, Callable[[Image.Image, float, random.Random], Image.Image]] = {
    "jpeg": _jpeg,
    "webp": _webp,
    "blur": _blur,
    "noise": _noise,
    "crop": _crop,
    "screenshot": _screenshot,
}
