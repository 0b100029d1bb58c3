"""Frames of a video, evenly spaced, as they are displayed."""

from collections.abc import Iterator
from pathlib import Path

import av
import av.container
import av.error
from PIL import Image

from core.errors import DatasetError


def evenly_spaced(total: int, count: int) -> list[int]:
    """Return at most `count` positions of `total`, each in the middle of its part."""
    return sorted({(2 * part + 1) * total // (2 * count) for part in range(count)} if total else ())


def read_frames(file: Path, count: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield at most `count` frames of a video with their positions, as RGB.

    Raises DatasetError for a file that is no video, is damaged, or has no frame.
    """
    try:
        with av.open(str(file)) as container:
            wanted = set(evenly_spaced(_count_frames(container, file), count))
            container.seek(0)
            for index, frame in enumerate(container.decode(video=0)):
                if index in wanted:
                    wanted.remove(index)
                    image = frame.to_image()
                    yield index, image.rotate(frame.rotation, expand=True)
                if not wanted:
                    return
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        raise DatasetError(f"the video cannot be decoded ({error}).") from error


def _count_frames(container: av.container.InputContainer, file: Path) -> int:
    """Return the number of frames that the container states, or else that of its packets."""
    if not container.streams.video:
        raise DatasetError(f"the file holds no video ({file.suffix}).")
    stream = container.streams.video[0]
    return stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
