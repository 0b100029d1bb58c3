"""The images of the bench: drawn JPEG files of usual sizes, of nobody, and never twice the same."""

import io
import struct
from pathlib import Path

from bench.place import ImageSet
from tests.support.images import photo_like

SIZES = ((640, 480), (800, 600), (1024, 768), (768, 1024))
DRAWN = 32  # pictures; each file differs from all others by a comment in it
QUALITY = 90


class ImageMaker:
    """Writes sets of image files below a folder; what is drawn is the same on every machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drawn: list[bytes] = []
        self._sets = 0

    def name_set(self, count: int) -> ImageSet:
        """Return a set of images that are only names: the stand-in reads no files."""
        self._sets += 1
        return ImageSet(self._folder / f"set-{self._sets}", count)

    def write_set(self, count: int) -> ImageSet:
        """Write a set of JPEG files that nobody has scanned before."""
        drawn = self._drawn or self._draw()
        images = self.name_set(count)
        images.folder.mkdir()
        for number, path in enumerate(images):
            comment = f"{images.folder.name}, image {number}".encode()
            Path(path).write_bytes(with_comment(drawn[number % DRAWN], comment))
        return images

    def _draw(self) -> list[bytes]:
        for seed in range(DRAWN):
            buffer = io.BytesIO()
            picture = photo_like(seed, SIZES[seed % len(SIZES)])
            picture.save(buffer, "JPEG", quality=QUALITY)
            self._drawn.append(buffer.getvalue())
        return self._drawn


def with_comment(jpeg: bytes, comment: bytes) -> bytes:
    """Return a JPEG file with a comment right after its start: other bytes, the same picture."""
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    return jpeg[:2] + segment + jpeg[2:]
