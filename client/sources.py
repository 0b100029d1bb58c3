"""What `jobs.submit` is given, told apart by what it is and by how its name ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard
from urllib.parse import urlsplit

from client.errors import InvalidSource
from client.upload import FileItem

Item = str | Path | FileItem | Mapping[str, str]
Source = str | Path | Iterable[Item]

ARCHIVE_ENDINGS = (
    ".zip",
    ".tar",
    ".tgz",
    ".tbz2",
    ".txz",
    ".tzst",
    ".tar.gz",
    ".tar.bz2",
    ".tar.xz",
    ".tar.zst",
)
MANIFEST_ENDINGS = (".jsonl", ".ndjson", ".csv")


@dataclass(frozen=True)
class Files:
    """Files on this machine, named by their path under `root`."""

    files: list[Path | FileItem]
    root: Path | None = None


@dataclass(frozen=True)
class Archive:
    """An archive on this machine."""

    path: Path


@dataclass(frozen=True)
class Manifest:
    """A list of images: a path on this machine, or a URI that the server reads."""

    place: str | Path


@dataclass(frozen=True)
class Prefix:
    """Where a bucket's images begin."""

    uri: str


@dataclass(frozen=True)
class Urls:
    """Images behind https URLs, alone or with what is known of them."""

    urls: list[str | Mapping[str, str]]


def recognised(source: Source) -> Files | Archive | Manifest | Prefix | Urls:
    """Return what a job is to be made of; raises InvalidSource."""
    if isinstance(source, str):
        return _of_uri(source) if "://" in source else _of_path(Path(source))
    if isinstance(source, Path):
        return _of_path(source)
    items = list(source)
    urls = [item for item in items if isinstance(item, Mapping) or _is_uri(item)]
    if items and len(urls) == len(items):
        return Urls(urls)
    files = [_file(item) for item in items if not isinstance(item, Mapping)]
    if not items or urls:
        raise InvalidSource(
            "The images to scan are either files on this machine or https URLs, and at least "
            "one; make two jobs of both kinds."
        )
    return Files(files)


def _of_uri(uri: str) -> Manifest | Prefix | Urls:
    parsed = urlsplit(uri)
    if parsed.path.lower().endswith(MANIFEST_ENDINGS):
        return Manifest(uri)
    return Urls([uri]) if parsed.scheme.lower() in ("http", "https") else Prefix(uri)


def _of_path(path: Path) -> Files | Archive | Manifest:
    name = path.name.lower()
    if path.is_dir():
        return Files(_files_below(path), root=path)
    if name.endswith(MANIFEST_ENDINGS):
        return Manifest(path)
    if name.endswith(ARCHIVE_ENDINGS):
        return Archive(path)
    return Files([path])


def _files_below(folder: Path) -> list[Path | FileItem]:
    """Return the files of a folder in their order, the hidden ones left out."""
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if not found:
        raise InvalidSource(f"There are no files in {folder}; name a folder with images.")
    return list(found)


def _is_uri(item: Item) -> TypeGuard[str]:
    return isinstance(item, str) and "://" in item


def _file(item: str | Path | FileItem) -> Path | FileItem:
    return Path(item) if isinstance(item, str) else item
