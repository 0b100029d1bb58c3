"""What a layout says of a folder: entries, which of its listed paths exist, and what looks wrong.

Nothing is decoded here. A video or an archive member becomes image files in `training.unpack`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import DatasetError

LABELS = {"real": 0, "fake": 1}
SPLITS = ("train", "validation", "test")
REAL = "real"  # the method of every real
DEFAULT_FRAMES = 10  # of each video, where it is not told otherwise


@dataclass(frozen=True)
class Source:
    """Data that `--data` names; its name is the `dataset` that metrics are reported by.

    `is_named` says whether the command line gave it that name; else it is its folder's. `label` is
    what all of it is (0 real, 1 fake), where the command line says so, and `label_names` says what
    the labels of its lists mean where they say it not themselves.
    """

    name: str
    path: Path
    label: int | None = None
    label_names: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    is_named: bool = False


@dataclass(frozen=True)
class Entry:
    """One image, video, or member of an archive, with what its layout says of it.

    People, recordings and videos are named so that two datasets made from the same videos share
    the names. `member` is empty for a file of its own, `frame` -1 outside of videos, and `split`
    empty where the layout has none; `validation+test` stands for a path that is listed in both.
    """

    path: Path
    label: int
    method: str = ""
    video_id: str = ""
    frame: int = -1
    identity_a: str = ""
    identity_b: str = ""
    source_id: str = ""
    split: str = ""
    compression: str = ""
    member: str = ""

    @property
    def name(self) -> str:
        """The path, and the member within it."""
        return f"{self.path}:{self.member}" if self.member else str(self.path)

    def names(self) -> dict[str, Any]:
        """Return what the layout says beside path and label, by column."""
        columns = ("method", "video_id", "frame", "identity_a", "identity_b", "source_id")
        return {name: getattr(self, name) for name in (*columns, "compression")}


@dataclass(frozen=True)
class Listing:
    """The entries of a source, and how well its folder keeps what it promises.

    `listed` counts the paths that the layout names, `missing` holds those that do not exist;
    `warnings` are sentences for a person.
    """

    source: Source
    layout: str
    entries: list[Entry]
    listed: int
    missing: list[str]
    warnings: list[str]


def make_listing(
    source: Source,
    layout: str,
    entries: Iterable[Entry],
    *,
    listed: int | None = None,
    missing: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Listing:
    """Return the listing of a source, each file once and in the order of the names.

    `listed` is the number of entries unless it is given. Raises DatasetError when there is no
    entry, when every listed path is missing, or when one file is listed under both labels.
    """
    found = [
        entry for entry in merge(entries, source) if source.label in (None, entry.label)
    ]  # `real:NAME=DIR` takes the reals alone
    listed = len(found) if listed is None else listed
    if not found and missing:
        raise DatasetError(
            f"None of the {listed:,} paths that {source.path} lists exists, {missing[0]} for one; "
            "name the folder that they are relative to."
        )
    if not found:
        raise DatasetError(f"{source.path}, read as {layout}, holds no image and no video.")
    told = list(warnings)
    if missing:
        told.append(
            f"{len(missing):,} of the {listed:,} listed paths do not exist, {missing[0]} for one; "
            "they are left out."
        )
    both = [entry for entry in found if "+" in entry.split]
    if both:
        told.append(
            f"{len(both):,} files are listed in more than one split ({both[0].split}), "
            f"{both[0].name} for one; --splits official is refused, --splits grouped splits anew."
        )
    return Listing(source, layout, found, listed, list(missing), told)


def merge(entries: Iterable[Entry], source: Source) -> list[Entry]:
    """Return each file once, sorted by name; its splits are joined when it is listed in several.

    Raises DatasetError when one file has both labels.
    """
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_name[entry.name].append(entry)
    merged = []
    for name in sorted(by_name):
        same = by_name[name]
        if len({entry.label for entry in same}) > 1:
            raise DatasetError(
                f"{name} is listed as real and as fake in {source.path}; "
                "correct the list, nobody can say which is right."
            )
        splits = {split for entry in same for split in entry.split.split("+")}
        joined = "+".join(split for split in SPLITS if split in splits)
        merged.append(replace(same[0], split=joined))
    return merged
