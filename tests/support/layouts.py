"""Small trees of datasets: drawn images, encoded videos, archives, lists."""

import io
import json
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import av

from tests.support.images import encoded, photo_like
from training.layouts.catalogue import parse_source, read_source
from training.layouts.listing import Entry, Listing


def seed_of(name: str) -> int:
    """Return a number that another name does not have."""
    return zlib.crc32(name.encode())


def draw(folder: Path, *names: str, size: tuple[int, int] = (48, 48)) -> None:
    """Write a drawn image under each name, each another one."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        photo_like(seed_of(name), size).save(path)


def film(folder: Path, *names: str, frames: int = 5, size: tuple[int, int] = (64, 48)) -> None:
    """Encode a video under each name; each frame is another drawn image."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            for index in range(frames):
                image = photo_like(seed_of(name) + index, size)
                container.mux(stream.encode(av.VideoFrame.from_image(image)))
            container.mux(stream.encode(None))


def pack(archive: Path, *members: str) -> None:
    """Write a plain tar of drawn images, whatever its name says."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w") as tar:
        for member in members:
            data = encoded(photo_like(seed_of(member), (48, 48)), "PNG")
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def write_json(file: Path, content: object) -> None:
    """Write JSON, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def listed(argument: Path | str, layout: str = "auto") -> Listing:
    """Return the listing of a source as the command line names it."""
    return read_source(parse_source(str(argument)), layout)


def by_name(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Return entries by the last part of their name."""
    return {Path(entry.member or entry.path).name: entry for entry in entries}
