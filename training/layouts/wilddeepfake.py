"""WildDeepfake (Zi et al., ACM MM 2020), as its repository's README shows it.

    real_train/0.tar.gz   real_test/...   fake_train/...   fake_test/...

(`real train` and so on in the README.) An archive, a plain tar in spite of its name, holds
`<archive>/<real|fake>/<sequence>/<frame number>.png`: the face sequences of one video from the
internet. Archives that were unpacked in their place are read as well.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from core.errors import DatasetError
from training.layouts.files import BROKEN, frame_number, is_image, media_below
from training.layouts.labels import label_of, split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing

NAME = "wilddeepfake"


def recognises(folder: Path) -> bool:
    """Return whether the folder has one of the four categories, with archives in it."""
    return any(
        next((folder / category).glob("*.tar*"), None) is not None
        for category in _categories(folder)
    )


def read(source: Source) -> Listing:
    """List the frames in the archives of the four categories, which are the official splits."""
    warnings: list[str] = []
    entries = [
        entry
        for category in _categories(source.path)
        for entry in _entries(source.path / category, warnings)
    ]
    return make_listing(source, NAME, entries, warnings=warnings)


def _categories(root: Path) -> list[str]:
    names = [path.name for path in sorted(root.iterdir())] if root.is_dir() else []
    return [name for name in names if all(_parse(name))]


def _parse(category: str) -> tuple[str, str]:
    """Return the label's and the split's word of `real_train` or `real train`."""
    label, _, split = category.casefold().replace(" ", "_").partition("_")
    return (label, split_of(split)) if label in LABELS else ("", "")


def _entries(folder: Path, warnings: list[str]) -> Iterator[Entry]:
    for archive in sorted(folder.glob("*.tar*")):
        members = _members(archive, warnings)
        contrary = {
            member.parts[-3]
            for member in members
            if len(member.parts) > 2 and label_of(member.parts[-3]) not in (None, _label(folder))
        }
        if contrary:
            warnings.append(
                f"{archive} holds a folder {contrary.pop()}, but lies in {folder.name}; "
                f"its frames are taken for {folder.name.split()[0].partition('_')[0]}."
            )
        for position, member in enumerate(members):
            yield _entry(folder, archive, member, position, str(member))
    for position, path in enumerate(media_below(folder)):
        yield _entry(folder, path, PurePosixPath(path.relative_to(folder)), position, "")


def _members(archive: Path, warnings: list[str]) -> list[PurePosixPath]:
    """Return the images of an archive, also of one that breaks off, which is told."""
    found: list[PurePosixPath] = []
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and is_image(member.name):
                    found.append(PurePosixPath(member.name))
    except BROKEN as error:
        if not found:
            raise DatasetError(
                f"{archive} is no archive that can be read ({error}); download it again."
            ) from error
        warnings.append(
            f"{archive} breaks off after {len(found):,} images ({error}); download it again."
        )
    return found


def _label(folder: Path) -> int:
    return LABELS[_parse(folder.name)[0]]


def _entry(folder: Path, path: Path, inner: PurePosixPath, position: int, member: str) -> Entry:
    archive = path.name.partition(".")[0] if member else inner.parts[0]
    return Entry(
        path,
        _label(folder),
        method=REAL if _label(folder) == LABELS["real"] else "internet",
        video_id=f"{folder.name}/{archive}/{inner.parent.name}",
        frame=frame_number(inner, position),
        source_id=f"wild:{folder.name}/{archive}",
        split=_parse(folder.name)[1],
        member=member,
    )
