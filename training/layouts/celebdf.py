"""Celeb-DF v2 (Li et al., CVPR 2020), as its repository's README shows it.

    Celeb-real/id1_0007.mp4            real
    YouTube-real/00170.mp4             real
    Celeb-synthesis/id1_id0_0007.mp4   <target>_<donor>_<recording of the target>
    List_of_testing_videos.txt         `1 YouTube-real/00170.mp4`: 1 means REAL

The videos may lie in `<folder>/videos/`, frames in `<folder>/frames/<video>/` (DeepfakeBench).
The folder decides the label; the list, whose numbers are the reverse of everybody else's, only
says what is tested, and is held against the folders.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from core.errors import DatasetError
from training.layouts.files import as_entries, videos_in
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing
from training.layouts.people import in_celebdf

NAME = "celebdf"
FOLDERS = {
    "celeb-real": LABELS["real"],
    "youtube-real": LABELS["real"],
    "celeb-synthesis": LABELS["fake"],
}
LIST = "List_of_testing_videos.txt"


def recognises(folder: Path) -> bool:
    """Return whether the folder has Celeb-synthesis or Celeb-real."""
    return any(name in ("celeb-synthesis", "celeb-real") for name in _folders(folder))


def read(source: Source) -> Listing:
    """List the videos of the three folders; those on the test list are its official test split."""
    tested, backslashes = _read_list(source.path / LIST)
    entries = list(_entries(source.path, tested))
    there = {_key(Path(entry.video_id)) for entry in entries}
    warnings = [
        f"{backslashes:,} paths of {LIST} have backslashes; they are read as slashes."
    ] * bool(backslashes)
    if tested and _all_reversed(tested):
        warnings.append(
            f"{LIST} gives 0 to every real video, where Celeb-DF's own list gives 1; "
            "the folders decide the labels."
        )
    if not tested:
        warnings.append(f"There is no {LIST}: no official test split.")
    return make_listing(
        source,
        NAME,
        entries,
        listed=len(tested) if tested else None,
        missing=[key for key in tested if key not in there],
        warnings=warnings,
    )


def _folders(root: Path) -> dict[str, Path]:
    if not root.is_dir():
        return {}
    return {path.name.casefold(): path for path in sorted(root.iterdir()) if path.is_dir()}


def _entries(root: Path, tested: dict[str, int]) -> Iterator[Entry]:
    folders = _folders(root)
    for name, label in FOLDERS.items():
        for video, files in videos_in(folders[name]) if name in folders else ():
            people = in_celebdf(video)
            entry = Entry(
                folders[name],
                label,
                method=REAL if label == LABELS["real"] else "Celeb-synthesis",
                video_id=f"{folders[name].name}/{video}",
                identity_a=people.identity_a,
                identity_b=people.identity_b,
                source_id=people.source_id,
                split="test" if f"{name}/{video}" in tested else "",
            )
            yield from as_entries(entry, files)


def _key(video: Path | PurePosixPath) -> str:
    return f"{video.parent.name.casefold()}/{video.stem}"


def _read_list(file: Path) -> tuple[dict[str, int], int]:
    """Return the number beside each listed video, and how many lines have backslashes.

    Raises DatasetError when the numbers agree with the folders on some lines only.
    """
    if not file.is_file():
        return {}, 0
    numbers, backslashes = {}, 0
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        number, _, path = line.strip().partition(" ")
        if not path:
            continue
        backslashes += "\\" in path
        key = _key(PurePosixPath(path.strip().replace("\\", "/")))
        if number not in ("0", "1") or key.partition("/")[0] not in FOLDERS:
            raise DatasetError(
                f"{file} has the line {line!r}; Celeb-DF's lines are `1 YouTube-real/00170.mp4`."
            )
        numbers[key] = int(number)
    reals = [number for key, number in numbers.items() if _is_real(key)]
    fakes = [number for key, number in numbers.items() if not _is_real(key)]
    if len(set(reals)) > 1 or len(set(fakes)) > 1:
        raise DatasetError(
            f"{file} gives both 0 and 1 to videos of one folder; in Celeb-DF's own list 1 means "
            "real. Take the list that came with the videos."
        )
    return numbers, backslashes


def _is_real(key: str) -> bool:
    return FOLDERS[key.partition("/")[0]] == LABELS["real"]


def _all_reversed(numbers: dict[str, int]) -> bool:
    return all(number == (0 if _is_real(key) else 1) for key, number in numbers.items())
