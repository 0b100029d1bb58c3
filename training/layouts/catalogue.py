"""Every layout by its name, which one a folder keeps, and what `--data` says."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from core.errors import DatasetError
from training.layouts import (
    celebdf,
    deepfakebench,
    df40,
    dfdc,
    faceforensics,
    ffiw,
    huggingface,
    imagefolder,
    lists,
    parquet,
    wilddeepfake,
)
from training.layouts.listing import LABELS, Listing, Source

# The most telling first: a folder of DeepfakeBench holds others, and many hold folders of labels.
LAYOUTS: Mapping[str, ModuleType] = {
    layout.NAME: layout
    for layout in (
        deepfakebench,
        df40,
        faceforensics,
        celebdf,
        ffiw,
        wilddeepfake,
        dfdc,
        huggingface,
        imagefolder,
        parquet,
        lists,
    )
}


def parse_source(argument: str, label_names: Mapping[str, int] | None = None) -> Source:
    """Return the source that `[real:|fake:][NAME=]PATH` names; raises DatasetError."""
    kind, colon, rest = argument.partition(":")
    label = LABELS.get(kind) if colon else None
    name, _, path = (rest if label is not None else argument).rpartition("=")
    place = Path(path).expanduser().resolve()
    if not place.exists():
        raise DatasetError(f"{place} does not exist; name a folder or a list with --data.")
    default = place.name if place.is_dir() else place.stem
    return Source(name or default, place, label, label_names or {}, is_named=bool(name))


def parse_sources(
    arguments: Sequence[str], label_names: Mapping[str, int] | None = None
) -> list[Source]:
    """Return the sources that the arguments name; raises DatasetError when two share a name."""
    sources = [parse_source(argument, label_names) for argument in arguments]
    require_apart([source.name for source in sources])
    return sources


def require_apart(names: Sequence[str]) -> None:
    """Raise DatasetError when two sources share a name: what is measured of them would be mixed."""
    folders = [folder_name(name) for name in names]
    if len(set(folders)) < len(folders):
        raise DatasetError(
            f"Two of the sources {', '.join(folders)} share a name; name them apart as NAME=DIR."
        )


def folder_name(name: str) -> str:
    """Return a name as one of a folder, without slashes, spaces and the like."""
    return re.sub(r"[^\w.+-]+", "_", name)


def read_source(source: Source, layout: str = "auto") -> Listing:
    """List a source by the named layout, or by the first that recognises it.

    Raises DatasetError when none does, or when the layout finds what it cannot accept.
    """
    if layout not in ("auto", *LAYOUTS):
        raise DatasetError(f"There is no layout {layout!r}; name one of {', '.join(LAYOUTS)}.")
    if layout != "auto":
        return LAYOUTS[layout].read(source)
    chosen = next((one for one in LAYOUTS.values() if one.recognises(source.path)), None)
    if chosen is None and source.label is not None and source.path.is_dir():
        chosen = imagefolder  # a folder of one label needs no other
    if chosen is None:
        raise DatasetError(
            f"{source.path} keeps no layout that is known ({', '.join(LAYOUTS)}): there is "
            "neither a folder real nor a folder fake. Put the images of each label into a "
            "folder of its name, or name a folder of one label as real:NAME=DIR."
        )
    return chosen.read(source)
