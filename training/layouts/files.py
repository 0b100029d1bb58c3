"""Images and videos below a folder, and the paths that lists state, as they are on this disk."""

import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from training.layouts.listing import Entry

IMAGE_SUFFIXES = {
    ".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".ppm",
}  # fmt: skip
VIDEO_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"}
# What reading an archive raises where it is damaged, or its download broke off.
BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)
ASIDE = {"masks", "mask", "models", "landmarks"}  # folders that hold no pictures of faces


def is_image(name: str) -> bool:
    """Return whether a file's name is an image's; one without any suffix is taken for an image."""
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES | {""}


def is_video(name: str) -> bool:
    """Return whether a file's name is a video's."""
    return PurePosixPath(name).suffix.lower() in VIDEO_SUFFIXES


def media_below(folder: Path) -> Iterator[Path]:
    """Yield the images and videos at any depth, sorted; hidden files and masks are passed over."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name.casefold() not in ASIDE
        )
        for name in sorted(names):
            if not name.startswith(".") and (is_image(name) or is_video(name)):
                yield Path(place, name)


def videos_in(folder: Path) -> list[tuple[str, list[Path]]]:
    """Return each video in a folder with its files: one file, or a folder of frames.

    A video is `NAME.mp4`, or a folder NAME of images, here or in `videos/`, `frames/` or
    `images/`. Where both are there, the video file is taken, which has not been cut by anybody.
    """
    found: dict[str, list[Path]] = {}
    places = [folder, *(folder / name for name in ("videos", "frames", "images"))]
    children = [
        child
        for place in places
        if place.is_dir()
        for child in sorted(place.iterdir())
        if not child.name.startswith(".")
    ]
    for child in children:
        if child.is_file() and is_video(child.name):
            found[child.stem] = [child]
    for child in children:
        if child.is_dir() and child not in places and child.name.casefold() not in ASIDE:
            frames = [path for path in sorted(child.iterdir()) if is_image(path.name)]
            if frames:
                found.setdefault(child.name, frames)
    return sorted(found.items())


def as_entries(video: Entry, files: Sequence[Path]) -> Iterator[Entry]:
    """Yield a video's entry for its file, or one for each of its frames."""
    for position, path in enumerate(files):
        frame = -1 if is_video(path.name) else frame_number(path, position)
        yield replace(video, path=path, frame=frame)


def frame_number(path: PurePosixPath | Path, position: int) -> int:
    """Return the number that ends a frame's name, or its position in the video."""
    digits = re.search(r"(\d+)$", path.stem)
    return int(digits[1]) if digits else position


class Resolver:
    """Finds paths that a list states, also when it was written on another machine."""

    def __init__(self, root: Path) -> None:
        self._roots = (root, root.parent)
        self._skip = 0  # leading folders of the other machine
        self.backslashes = 0

    def find(self, stated: str) -> Path | None:
        """Return the file that a stated path names, or None; raises nothing.

        Backslashes are read as slashes and counted. An absolute path that does not exist, or
        one below another root, is looked for below this root by its last parts.
        """
        if "\\" in stated:
            self.backslashes += 1
            stated = stated.replace("\\", "/")
        parts = [part for part in PurePosixPath(stated).parts if part not in (".", "/")]
        if not parts:
            return None
        if stated.startswith("/") and Path(stated).exists():
            return Path(stated)
        for skip in dict.fromkeys((min(self._skip, len(parts) - 1), *range(len(parts)))):
            for root in self._roots:
                path = root.joinpath(*parts[skip:])
                if path.exists():
                    self._skip = skip
                    return path
        return None

    @property
    def warnings(self) -> list[str]:
        """What looked wrong about the stated paths, as sentences."""
        if not self.backslashes:
            return []
        return [
            f"{self.backslashes:,} listed paths have backslashes, as Windows writes them; "
            "they are read as slashes."
        ]
