"""The ImageFolder layout: a folder with `real/` and `fake/`, each holding images at any depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError

LABELS = {"real": 0, "fake": 1}


@dataclass(frozen=True)
class Source:
    """A folder of labelled images; its name is what metrics are reported by."""

    name: str
    folder: Path


@dataclass(frozen=True)
class LabelledFile:
    """A file with its label (0 real, 1 fake) and the name of its source."""

    path: Path
    label: int
    source: str


def parse_source(argument: str) -> Source:
    """Return the source that `DIR` or `NAME=DIR` names; raises DatasetError."""
    name, separator, folder = argument.rpartition("=")
    path = Path(folder).expanduser().resolve()
    if not any((path / label).is_dir() for label in LABELS):
        raise DatasetError(
            f"{path} has neither a folder real nor a folder fake; "
            "put the images of each label into the folder of its name."
        )
    return Source(name if separator else path.name, path)


def parse_sources(arguments: tuple[str, ...]) -> list[Source]:
    """Return the sources that the arguments name; raises DatasetError when two share a name."""
    sources = [parse_source(argument) for argument in arguments]
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise DatasetError(
            f"Two of the sources {', '.join(names)} share a name; name them apart as NAME=DIR."
        )
    return sources


def list_files(source: Source) -> Iterator[LabelledFile]:
    """Yield every file of the source that is not hidden, in the order of the paths."""
    for label, number in LABELS.items():
        for path in sorted((source.folder / label).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield LabelledFile(path, number, source.name)
