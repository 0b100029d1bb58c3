"""A folder on the server: its images in path order, nested folders included."""

import mimetypes
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from core.errors import SourceError
from core.sources.spec import SourceItem


def list_folder(path: str, *, start: int = 0) -> Iterator[SourceItem]:
    """Yield one item a file, sorted by name within each folder, holding one folder at a time.

    Left out: hidden files, symbolic links that lead out of the folder, and files whose name
    says that they are no image (`notes.txt`). A name without a known ending is an item.
    """
    root = Path(path)
    if not root.is_dir():
        raise SourceError(f"The folder {path} does not exist or is not a folder.")
    return islice(_walk(root, root.resolve()), start, None)


def require_allowed(path: str, roots: Sequence[Path]) -> Path:
    """Return the real path of a folder under one of the allowed roots; raises SourceError."""
    folder = Path(path)
    if not folder.is_absolute():
        raise SourceError(f"The folder {path} must be named by its absolute path.")
    real = folder.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise SourceError(
            f"The folder {path} is not under an allowed root; "
            "the administrator names allowed folders in FAKESWEEP_ALLOWED_ROOTS."
        )
    if not real.is_dir():
        raise SourceError(f"The folder {path} does not exist or is not a folder.")
    return real


def _walk(folder: Path, real_root: Path) -> Iterator[SourceItem]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"The folder {folder} cannot be listed ({error.strerror}).") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, real_root)
        elif _is_candidate(entry, real_root):
            file = folder / entry.name
            yield SourceItem(uri=file.absolute().as_uri(), name=_name(file, real_root, folder))


def _is_candidate(entry: os.DirEntry[str], real_root: Path) -> bool:
    guessed, _ = mimetypes.guess_type(entry.name)
    if guessed is not None and not guessed.startswith("image/"):
        return False
    if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(real_root):
        return False
    return entry.is_file()


def _name(file: Path, real_root: Path, folder: Path) -> str:
    relative = (folder.resolve() / file.name).relative_to(real_root)
    return os.fsencode(relative.as_posix()).decode("utf-8", "replace")
