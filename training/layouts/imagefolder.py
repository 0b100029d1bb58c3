"""The ImageFolder layout: a folder for each label, with images or videos at any depth.

    real/a.jpg  fake/b.jpg                                 ours
    train/REAL/a.jpg  valid/FAKE/b.jpg                     Kaggle, with or without folders above
    <generator>/0_real/a.png  <generator>/1_fake/b.png     CNNDetection (Wang et al., CVPR 2020)

A folder's name says the label (`training.layouts.labels`), whatever number it begins with. The
first folder that is neither label nor split, and differs between files, names the method of the
fakes. With `real:` or `fake:` before the name, the whole folder has that label.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from core.errors import DatasetError
from training.layouts.files import is_video, media_below
from training.layouts.labels import label_of, split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing

NAME = "imagefolder"
MAX_METHODS = 64  # more folders than that are not generators, but people or videos
DEPTH = 4  # of folders that are looked into for a label


def recognises(folder: Path) -> bool:
    """Return whether a folder of a label lies in it, at most four levels down."""
    return folder.is_dir() and any(_labelled(folder, DEPTH))


def read(source: Source) -> Listing:
    """List every image and video that lies in a folder of its label."""
    files = [
        (path, PurePosixPath(path.relative_to(source.path))) for path in media_below(source.path)
    ]
    unlabelled: list[str] = []
    methods = _methods([inner for _, inner in files])
    entries = []
    for path, inner in files:
        label = _label(inner, source)
        if label is None:
            unlabelled.append(str(path))
            continue
        entries.append(
            Entry(
                path,
                label,
                method=REAL if label == LABELS["real"] else methods.get(inner, ""),
                video_id=str(inner.with_suffix("")) if is_video(path.name) else "",
                split=next(filter(None, map(split_of, inner.parts[:-1])), ""),
            )
        )
    if not entries:
        raise DatasetError(
            f"{source.path} has neither a folder real nor a folder fake with images in it; "
            "put the images of each label into the folder of its name, or name a folder of one "
            "label as real:NAME=DIR or fake:NAME=DIR."
        )
    warnings = []
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


def _methods(files: list[PurePosixPath]) -> dict[PurePosixPath, str]:
    """Return the name of the generator of each file whose folders name one."""
    plain = {
        inner: [
            part
            for part in inner.parts[:-1]
            if label_of(part) is None and not split_of(part) and not part.isdigit()
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
