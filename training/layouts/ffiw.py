"""FFIW10K (Zhou et al., "Face Forensics in the Wild", CVPR 2021), as its repository shows it.

    source/<train|val|test>/*.mp4        real
    target/<train|val|test>/*.mp4        one of the several faces is swapped
    target_mask/...                      not read

A real and a fake of one name are taken for one scene, and kept in one split.
"""

from collections.abc import Iterator
from pathlib import Path

from training.layouts.files import as_entries, videos_in
from training.layouts.labels import split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing

NAME = "ffiw10k"
TREES = {"source": LABELS["real"], "target": LABELS["fake"]}


def recognises(folder: Path) -> bool:
    """Return whether the folder has source/ and target/ with splits in them."""
    return all(any(_splits(folder / tree)) for tree in TREES)


def read(source: Source) -> Listing:
    """List the videos of both trees; the folders are the official splits."""
    entries = [
        entry
        for tree, label in TREES.items()
        for folder in _splits(source.path / tree)
        for entry in _entries(folder, tree, label)
    ]
    return make_listing(source, NAME, entries)


def _splits(tree: Path) -> Iterator[Path]:
    for folder in sorted(tree.iterdir()) if tree.is_dir() else ():
        if folder.is_dir() and split_of(folder.name):
            yield folder


def _entries(folder: Path, tree: str, label: int) -> Iterator[Entry]:
    for name, files in videos_in(folder):
        video = Entry(
            folder,
            label,
            method=REAL if label == LABELS["real"] else "FFIW10K",
            video_id=f"{tree}/{folder.name}/{name}",
            source_id=f"ffiw:{folder.name}/{name}",
            split=split_of(folder.name),
        )
        yield from as_entries(video, files)
