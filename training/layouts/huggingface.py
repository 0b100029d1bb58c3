"""Hugging Face's imagefolder with metadata, as the documentation of `datasets` describes it.

    [train/]metadata.csv  metadata.jsonl    file_name and label beside each other
    [train/]0001.png

Labels are names. Numbers are looked up in the dataset card (README.md, `class_label` names),
and refused when the card does not say what they mean. Folders of labels without metadata are
the imagefolder layout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from core.errors import DatasetError
from training.layouts.labels import label_of, split_of
from training.layouts.listing import Listing, Source
from training.layouts.lists import NAMED_LABELS, read_lists, read_rows

NAME = "huggingface"
FILES = ("metadata.csv", "metadata.jsonl")
CARD = "README.md"


def recognises(folder: Path) -> bool:
    """Return whether a metadata file with a column file_name lies in it, or in a split's folder."""
    return any("file_name" in next(iter(read_rows(file)), {}) for file, _ in _lists(folder))


def read(source: Source) -> Listing:
    """List the files of every metadata file; a split's folder is its official split."""
    lists = _lists(source.path)
    if not lists:
        raise DatasetError(f"{source.path} has no metadata.csv and no metadata.jsonl.")
    names = names_in_card(source.path) | dict(source.label_names)
    return read_lists(replace(source, label_names=names), NAME, lists)


def names_in_card(root: Path) -> dict[str, int]:
    """Return what the numbers of the label column mean by the dataset card; empty if unsaid."""
    card = root / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    if not text.startswith("---"):
        return {}
    try:
        front = yaml.safe_load(text.split("---", 2)[1]) or {}
    except yaml.YAMLError:
        return {}
    return _names_in(front.get("dataset_info") if isinstance(front, dict) else None)


def _names_in(info: object) -> dict[str, int]:
    """Return the first `class_label` of a `dataset_info`, or of a list of them, by number."""
    for one in info if isinstance(info, list) else [info]:
        for feature in one.get("features") or () if isinstance(one, dict) else ():
            kind = feature.get("dtype") if feature.get("name") in NAMED_LABELS else None
            if isinstance(kind, dict) and kind.get("class_label", {}).get("names"):
                return named(kind["class_label"]["names"])
    return {}


def named(names: Mapping[str, str] | Sequence[str]) -> dict[str, int]:
    """Return the label of each class by its number, for classes whose names say it."""
    numbered = names.items() if isinstance(names, Mapping) else enumerate(names)
    labels = {str(number): label_of(str(name)) for number, name in numbered}
    return {number: label for number, label in labels.items() if label is not None}


def _lists(folder: Path) -> list[tuple[Path, str]]:
    if not folder.is_dir():
        return []
    places = [folder, *(path for path in sorted(folder.iterdir()) if path.is_dir())]
    return [
        (place / name, split_of(place.name) if place != folder else "")
        for place in places
        for name in FILES
        if (place / name).is_file()
    ]
