"""Words for real and fake, and for splits, as people write them: by name, never by number."""

import re
from collections.abc import Mapping

from core.errors import DatasetError
from training.layouts.listing import LABELS

_REAL = {"real", "original", "authentic", "genuine", "pristine", "human", "natural", "nature"}
_FAKE = {
    "fake", "deepfake", "generated", "ai generated", "ai", "synthetic", "synthesis", "synthesized",
    "artificial", "manipulated", "forged", "altered",
}  # fmt: skip
_BESIDE = {
    "image", "images", "img", "imgs", "face", "faces", "photo", "photos", "picture", "pictures",
    "video", "videos", "frames", "training", "train", "testing", "test", "validation", "valid",
    "val",
}  # fmt: skip
_SPLITS = {
    "train": "train", "training": "train", "trainset": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "eval": "validation",
    "test": "test", "testing": "test", "testset": "test",
}  # fmt: skip


def label_of(name: str) -> int | None:
    """Return the label (0 real, 1 fake) that a name stands for, or None.

    `0_real`, `Real`, `real_images`, `training_fake` and `AI-generated` are names; a number is not.
    """
    words = [
        word for word in re.split(r"[\W_\d]+", name.casefold()) if word and word not in _BESIDE
    ]
    plain = " ".join(words)
    for names, label in ((_REAL, LABELS["real"]), (_FAKE, LABELS["fake"])):
        if plain in names or plain.removesuffix("s") in names:
            return label
    return None


def split_of(name: str) -> str:
    """Return train, validation or test for a split as people write it, or the empty string."""
    return _SPLITS.get(name.casefold().strip(), "")


def require_label(value: object, names: Mapping[str, int], where: str) -> int:
    """Return the label that a list states, with `names` before our own words.

    Raises DatasetError for a bare number or an unknown word: 1 is fake in one dataset and real
    in the next.
    """
    text = str(value).strip()
    label = names.get(text.casefold(), label_of(text))
    if label is not None:
        return label
    if re.fullmatch(r"-?\d+(\.0)?", text):
        raise DatasetError(
            f"{where} labels by the number {text}, and nothing says what it means; say so "
            "with --labels 0=real,1=fake (or the reverse: look at some images)."
        )
    raise DatasetError(
        f"{where} has the label {text!r}, which is neither real nor fake; "
        f"say what it means, for example with --labels {text or 'NAME'}=fake."
    )


def parse_label_names(argument: str) -> dict[str, int]:
    """Return what `0=real,1=fake` says; raises DatasetError when it is not of that form."""
    names = {}
    for part in filter(None, argument.split(",")):
        value, separator, name = part.rpartition("=")
        if not separator or name.strip().casefold() not in LABELS:
            raise DatasetError(f"--labels has {part!r}; write VALUE=real or VALUE=fake.")
        names[value.strip().casefold()] = LABELS[name.strip().casefold()]
    return names
