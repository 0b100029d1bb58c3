"""FaceForensics++ (Rössler et al., ICCV 2019), as its download script writes it.

    original_sequences/youtube/<raw|c23|c40>/videos/033.mp4
    original_sequences/actors/...                              (DeepFakeDetection)
    manipulated_sequences/<Method>/<raw|c23|c40>/videos/033_097.mp4      <target>_<source>
    train.json  val.json  test.json      or in splits/: lists of [target, source]

Documented in dataset/README.md of the FaceForensics repository. Extracted frames are taken from
`images/<video>/` (the download script) and `frames/<video>/` (DeepfakeBench).
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from core.errors import DatasetError
from training.layouts.files import as_entries, videos_in
from training.layouts.labels import split_of
from training.layouts.listing import LABELS, REAL, Entry, Listing, Source, make_listing
from training.layouts.people import in_faceforensics

NAME = "faceforensics"
TREES = {"original_sequences": LABELS["real"], "manipulated_sequences": LABELS["fake"]}
COMPRESSIONS = {"raw": "c0", "c0": "c0", "c23": "c23", "c40": "c40"}


def recognises(folder: Path) -> bool:
    """Return whether the folder has one of the two trees."""
    return any((folder / tree).is_dir() for tree in TREES)


def read(source: Source) -> Listing:
    """List the videos of both trees, with the official splits where their files lie beside them."""
    splits, overlapping = _read_splits(source.path)
    entries = list(_entries(source.path, splits))
    seen = {
        name
        for entry in entries
        for name in (entry.identity_a, entry.identity_b)
        if name.startswith("ff:")
    }
    missing = [name for name in splits if f"ff:{name}" not in seen]
    warnings = []
    if overlapping:
        warnings.append(
            f"The split files name {len(overlapping):,} sequences in more than one split, "
            f"{overlapping[0]} for one; --splits official is refused."
        )
    if not splits:
        warnings.append("There is no train.json, val.json and test.json: no official splits.")
    return make_listing(
        source,
        NAME,
        entries,
        listed=len(splits) if splits else None,
        missing=missing,
        warnings=warnings,
    )


def _entries(root: Path, splits: dict[str, str]) -> Iterator[Entry]:
    for tree, label in TREES.items():
        for folder in sorted(path for path in (root / tree).glob("*/*") if path.is_dir()):
            compression = COMPRESSIONS.get(folder.name)
            if compression is None:
                continue
            method = REAL if label == LABELS["real"] else folder.parent.name
            for name, files in videos_in(folder):
                people = in_faceforensics(name)
                video = Entry(
                    folder,
                    label,
                    method=method,
                    video_id=f"{folder.parent.name}/{folder.name}/{name}",
                    identity_a=people.identity_a,
                    identity_b=people.identity_b,
                    source_id=people.source_id,
                    split=_split(name, splits),
                    compression=compression,
                )
                yield from as_entries(video, files)


def _split(name: str, splits: dict[str, str]) -> str:
    """Return the split that a video's sequences are in; several, joined, when they differ."""
    named = {splits[part] for part in name.split("_") if part in splits}
    return "+".join(sorted(named))


def _read_splits(root: Path) -> tuple[dict[str, str], list[str]]:
    """Return the split of each sequence, and the sequences that more than one file names."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in ("train", "val", "test"):
        for place in (root, root / "splits", root / "dataset" / "splits"):
            file = place / f"{name}.json"
            if file.is_file():
                for sequence in _sequences(file):
                    found[sequence].add(split_of(name))
    splits = {sequence: "+".join(sorted(names)) for sequence, names in found.items()}
    return splits, [sequence for sequence, names in found.items() if len(names) > 1]


def _sequences(file: Path) -> Iterator[str]:
    try:
        for pair in json.loads(file.read_bytes()):
            yield from [str(sequence) for sequence in pair]
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(
            f"{file} is not a list of [target, source] pairs ({error}); take the split files "
            "from the FaceForensics repository."
        ) from error
