"""A folder on the server: its images in path order, nested folders included."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import SourceError, StorageError
from core.localfiles import local_path, real_path
from core.names import is_image_name
from core.sources.spec import Heed, SourceItem, heedless


def list_folder(
    path: str, *, last_uri: str | None = None, heed: Heed = heedless
) -> Iterator[SourceItem]:
    """Yield one item a file, sorted by name within each folder, holding one folder at a time.

    With `last_uri`, only what comes behind the file of that URI, be it still there or not. Left
    out: hidden files, symbolic links that lead out of the folder, and files whose name says that
    they are no image (`notes.txt`). A name without a known ending is an item.
    """
    root = Path(path)
    if not root.is_dir():
        raise SourceError(f"The folder {path} does not exist or is not a folder.")
    behind = Path(local_path(last_uri)).relative_to(root.absolute()).parts if last_uri else ()
    return _walk(root, root.resolve(), behind, heed)


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


def _walk(root: Path, real_root: Path, behind: tuple[str, ...], heed: Heed) -> Iterator[SourceItem]:
    """Go through the folders by hand: they may be nested deeper than calls can be.

    `behind` is the way to the file behind which it begins, from the root on, name by name.
    """
    folders = [(root, behind, iter(_names(root, real_root, behind)))]
    while folders:
        heed()
        folder, behind, names = folders[-1]
        name = next(names, None)
        if name is None:
            folders.pop()
            continue
        path = folder / name
        if _is_folder(path):
            rest = behind[1:] if name in behind[:1] else ()
            folders.append((path, rest, iter(_names(path, real_root, rest))))
        elif (name,) == behind:
            continue
        elif is_image_name(name) and _is_file_below(path, real_root):
            yield SourceItem(uri=path.absolute().as_uri(), name=_shown(path, root))


def _names(folder: Path, real_root: Path, behind: tuple[str, ...]) -> list[str]:
    """Return what is in a folder, sorted, from the first name of `behind` on.

    Only names are held: a million take some 100 MB. What was opened is looked at, not what the
    path leads to a moment later.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return []  # it was there a moment ago
    except OSError as error:
        raise SourceError(f"The folder {folder} cannot be listed ({error.strerror}).") from error
    try:
        if not real_path(descriptor, str(folder)).is_relative_to(real_root):
            return []
        names = os.listdir(descriptor)  # noqa: PTH208 - of what is open
        first = behind[0] if behind else ""
        return sorted(name for name in names if not name.startswith(".") and name >= first)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be listed ({error.strerror}).") from error
    finally:
        os.close(descriptor)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _is_file_below(path: Path, real_root: Path) -> bool:
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(real_root):
        return False
    return path.is_file()


def _shown(path: Path, root: Path) -> str:
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
