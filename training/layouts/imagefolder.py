"""The ImageFolder layout: a folder for each label, with images or videos at any depth.

    real/a.jpg  fake/b.jpg                                 ours
    train/REAL/a.jpg  valid/FAKE/b.jpg                     Kaggle, with or without folders above
    <generator>/0_real/a.png  <generator>/1_fake/b.png     CNNDetection (Wang et al., CVPR 2020)

    real/frames/<video>/0.png  fake/<video>/0.png          frames of videos

A folder's name says the label (`training.layouts.labels`), whatever number it begins with. The
first folder that is neither label nor split, and differs between files, names the method of the
fakes. With `real:` or `fake:` before the name, the whole folder has that label.

A folder below one named `frames` is a video; so is each where more than 64 of them hold files of
the same names, as frames are numbered anew in each video, and photos that were shared out are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from core.errors import DatasetError
from training.layouts.files import frame_number, is_video, media_below
from training.layouts.labels import label_of, split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing

NAME = "imagefolder"
MAX_METHODS = 64  # more folders than that are not generators, but people or videos
DEPTH = 4  # of folders that are looked into for a label
FRAMES = "frames"


def recognises(folder: Path) -> bool:
    """Return whether a folder of a label lies in it, at most four levels down."""
    return folder.is_dir() and any(_labelled(folder, DEPTH))


def read(source: Source) -> Listing:
    """List every image and video that lies in a folder of its label."""
    files = [
        (path, PurePosixPath(path.relative_to(source.path))) for path in media_below(source.path)
    ]
    unlabelled: list[str] = []
    videos, warnings = _videos([inner for _, inner in files])
    methods = _methods([inner for _, inner in files], videos)
    entries = []
    for position, (path, inner) in enumerate(files):
        label = _label(inner, source)
        if label is None:
            unlabelled.append(str(path))
            continue
        entries.append(
            Entry(
                path,
                label,
                method=REAL if label == LABELS["real"] else methods.get(inner, ""),
                video_id=videos.get(inner, ""),
                frame=_frame(path, position) if inner in videos else -1,
                split=next(filter(None, map(split_of, inner.parts[:-1])), ""),
            )
        )
    if not entries:
        raise DatasetError(
            f"{source.path} has neither a folder real nor a folder fake with images in it; "
            "put the images of each label into the folder of its name, or name a folder of one "
            "label as real:NAME=DIR or fake:NAME=DIR."
        )
    if unlabelled:
        warnings.append(
            f"{len(unlabelled):,} files lie outside of the folders of a label, {unlabelled[0]} "
            "for one; they are left out."
        )
    return make_listing(source, NAME, entries, warnings=warnings)


def _labelled(folder: Path, depth: int) -> Iterator[Path]:
    children = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    yield from (child for child in children if label_of(child.name) is not None)
    for child in children if depth > 1 else ():
        yield from _labelled(child, depth - 1)


def _label(inner: PurePosixPath, source: Source) -> int | None:
    """Return the label that a file's folders name; raises DatasetError when they name both."""
    named = {label_of(part) for part in inner.parts[:-1]} - {None}
    if len(named) > 1:
        raise DatasetError(
            f"{source.path / inner} lies in a folder of reals and in one of fakes; "
            "move it to where it belongs."
        )
    return next(iter(named), source.label)


def _videos(files: Sequence[PurePosixPath]) -> tuple[dict[PurePosixPath, str], list[str]]:
    """Return the video of each file that is one, or a frame of one, and what may be frames too."""
    found = {inner: str(inner.with_suffix("")) for inner in files if is_video(inner.name)}
    images = [inner for inner in files if inner not in found]
    found |= {inner: str(inner.parent) for inner in images if _is_stated(inner)}
    others = [inner for inner in images if inner not in found and _is_plain(inner.parent.name)]
    folders = {inner.parent for inner in others}
    if len(folders) < 2 or 2 * len({inner.name for inner in others}) > len(others):
        return found, []
    if len(folders) > MAX_METHODS:
        return found | {inner: str(inner.parent) for inner in others}, []
    return found, [
        f"{len(folders)} folders, {min(folders)} for one, hold files of the same names, which are "
        "taken as single images. If each is a video, put them below a folder `frames`: else frames "
        "of one video come into several splits."
    ]


def _is_stated(inner: PurePosixPath) -> bool:
    """Return whether an image lies in a folder of its video, below one named `frames`.

    The video may be named `0001_fake`, where a folder above has said the label already.
    """
    video, above = inner.parent.name, inner.parts[:-2]
    has_label = any(label_of(part) is not None for part in above)
    is_named = _is_plain(video) or (has_label and not split_of(video))
    return is_named and FRAMES in map(str.casefold, above)


def _frame(path: Path, position: int) -> int:
    return -1 if is_video(path.name) else frame_number(path, position)


def _is_plain(folder: str) -> bool:
    """Return whether a folder's name says neither label nor split nor what lies in it."""
    named = label_of(folder) is not None or split_of(folder) or folder.casefold() == FRAMES
    return bool(folder) and not named


def _methods(
    files: Sequence[PurePosixPath], videos: Mapping[PurePosixPath, str]
) -> dict[PurePosixPath, str]:
    """Return the name of the generator of each file whose folders name one."""
    plain = {
        inner: [
            part
            for part in (inner.parts[:-2] if _is_frame(inner, videos) else inner.parts[:-1])
            if _is_plain(part) and not part.isdigit()
        ]
        for inner in files
    }
    shared = set.intersection(*map(set, plain.values())) if plain else set()
    methods = {
        inner: part
        for inner, parts in plain.items()
        for part in [next((part for part in parts if part not in shared), "")]
    }
    return methods if len(set(methods.values())) <= MAX_METHODS else {}


def _is_frame(inner: PurePosixPath, videos: Mapping[PurePosixPath, str]) -> bool:
    return inner in videos and not is_video(inner.name)
