"""Makes image files of what is none: frames of videos, members of archives, rows of Parquet.

They are written below the prepared dataset's own folder, frames losslessly as PNG and members as
the bytes they are. What is there already is not made again.
"""

import hashlib
import io
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from core.cores import usable_cores
from core.errors import DatasetError
from training.layouts.catalogue import folder_name
from training.layouts.files import BROKEN, is_video
from training.layouts.listing import Entry, Listing
from training.layouts.parquet import image_column
from training.progress import track
from training.video import evenly_spaced, read_frames

_Cell = bytes | dict[str, object] | None  # of a column of images

PNG_LEVEL = 3  # of zlib: a third of the time of the default, for a few per cent more bytes


@dataclass(frozen=True)
class Candidate:
    """An image file of a dataset, that nobody has looked into yet; or why there is none."""

    dataset: str
    entry: Entry
    fault: str = ""


@dataclass(frozen=True)
class _Task:
    """A file to unpack, its entries, and where to."""

    dataset: str
    file: Path
    entries: tuple[Entry, ...]
    folder: Path
    frames: int


def unpack(listings: Iterable[Listing], folder: Path, *, frames: int) -> list[Candidate]:
    """Return the image files of all listings, with at most `frames` of each video.

    A video or a member that cannot be read becomes a candidate with a fault.
    """
    found: list[Candidate] = []
    tasks: list[_Task] = []
    for listing in listings:
        name = listing.source.name
        packed: dict[Path, list[Entry]] = defaultdict(list)
        for entry in thin(listing.entries, frames):
            if entry.member or is_video(entry.path.name):
                packed[entry.path].append(entry)
            else:
                found.append(Candidate(name, entry))
        tasks += [
            _Task(name, file, tuple(entries), folder, frames) for file, entries in packed.items()
        ]
    return found + _run(tasks)


def thin(entries: Sequence[Entry], frames: int) -> list[Entry]:
    """Return the entries with at most `frames` of the frames of each video, evenly spaced."""
    videos: dict[str, list[Entry]] = defaultdict(list)
    kept = []
    for entry in entries:
        if entry.video_id and entry.frame >= 0:
            videos[entry.video_id].append(entry)
        else:
            kept.append(entry)
    for video in videos.values():
        video.sort(key=lambda entry: (entry.frame, entry.name))
        kept += [video[position] for position in evenly_spaced(len(video), frames)]
    return kept


def _run(tasks: Sequence[_Task]) -> list[Candidate]:
    if not tasks:
        return []
    done: list[Candidate] = []
    with ProcessPoolExecutor(min(usable_cores(), len(tasks))) as pool:
        for candidates in track(
            pool.map(_unpack_one, tasks), description="Unpacking", total=len(tasks)
        ):
            done += candidates
    return done


def _unpack_one(task: _Task) -> list[Candidate]:
    make = _unpack_video if is_video(task.file.name) else _MEMBERS.get(task.file.suffix, _tar)
    return list(make(task))


def _unpack_video(task: _Task) -> Iterator[Candidate]:
    (video,) = task.entries
    try:
        files = _frames(task, video)
    except (DatasetError, OSError) as error:
        yield _fault(task, video, error)
        return
    for file in files:
        yield Candidate(task.dataset, replace(video, path=file, frame=int(file.stem)))


def _frames(task: _Task, video: Entry) -> list[Path]:
    """Return the frames of a video, once they are written; raises DatasetError for none."""
    folder = _folder(task, f"frames-{task.frames}", video.video_id)
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for index, image in read_frames(task.file, task.frames):
            image.save(part / f"{index:06}.png", compress_level=PNG_LEVEL)
        part.rename(folder)
    files = sorted(folder.glob("*.png"))
    if not files:
        raise DatasetError("the video has no frame that can be decoded.")
    return files


def _tar(task: _Task) -> Iterator[Candidate]:
    wanted = {entry.member: entry for entry in task.entries}
    folder = _folder(task, "members", task.file.name.partition(".")[0])
    broken: object = "the archive has no such member."
    try:
        with tarfile.open(task.file) as tar:
            for member in tar:
                name = str(PurePosixPath(member.name))
                opened = tar.extractfile(member) if name in wanted and member.isfile() else None
                if opened:
                    written = _written(wanted[name], folder / _safe(name), opened.read)
                    yield Candidate(task.dataset, written)
                    del wanted[name]
    except BROKEN as error:
        broken = error
    for entry in wanted.values():
        yield _fault(task, entry, broken)


def _parquet(task: _Task) -> Iterator[Candidate]:
    wanted = {int(entry.member): entry for entry in task.entries}
    row = 0
    try:
        with pq.ParquetFile(task.file) as file:
            column = image_column(file.schema_arrow, task.file)
            for batch in file.iter_batches(batch_size=64, columns=[column]):
                for value in batch.column(0).to_pylist():
                    if row in wanted:
                        yield _row(task, wanted.pop(row), row, value)
                    row += 1
    except (DatasetError, OSError, pa.ArrowException) as error:
        for entry in wanted.values():
            yield _fault(task, entry, error)


def _row(task: _Task, entry: Entry, row: int, value: _Cell) -> Candidate:
    folder = _folder(task, "members", task.file.stem)
    try:
        data = _image_bytes(value, task.file)
        written = _written(entry, folder / f"{row:08}.{_kind(data)}", lambda: data)
    except (DatasetError, OSError) as error:
        return _fault(task, entry, error)
    return Candidate(task.dataset, written)


def _fault(task: _Task, entry: Entry, reason: object) -> Candidate:
    return Candidate(task.dataset, entry, f"undecodable: {reason}")


_MEMBERS: dict[str, Callable[[_Task], Iterator[Candidate]]] = {".parquet": _parquet}


def _image_bytes(value: _Cell, file: Path) -> bytes:
    """Return the bytes of an image's cell, from the file beside it where it names only that."""
    if isinstance(value, bytes):
        return value
    told = value or {}
    if isinstance(data := told.get("bytes"), bytes):
        return data
    if not told.get("path"):
        raise DatasetError("the row has no image.")
    return (file.parent / str(told["path"])).read_bytes()


def _kind(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return (image.format or "image").lower()
    except OSError:
        return "image"


def _folder(task: _Task, kind: str, name: str) -> Path:
    """Return a folder for what comes out of a file; a digest tells files of one name apart."""
    digest = hashlib.sha256(str(task.file).encode()).hexdigest()[:8]
    place = task.folder / kind / folder_name(task.dataset) / _safe(name)
    return place.with_name(f"{place.name}-{digest}")


def _written(entry: Entry, path: Path, read: Callable[[], bytes]) -> Entry:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(read())
        part.rename(path)
    return replace(entry, path=path, member="")


def _safe(name: str) -> Path:
    """Return a relative path without anything that would lead out of its folder."""
    parts = (part for part in PurePosixPath(name).parts if part not in ("/", ".", ".."))
    return Path(*map(folder_name, parts))
