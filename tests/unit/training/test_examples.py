"""What the network is shown: cut around the face as serving cuts, made fake as the kind says."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from core.errors import DatasetError
from detector.faces import FaceFinder
from detector.preprocess import DecodeLimits, PreprocessingSpec, prepare
from tests.support.faces import portrait
from training.config import Augmentation, Fakes, Sampling, TrainingConfig
from training.examples import TrainingExamples
from training.sampling import Kind

PHOTO = Path(__file__).parents[3] / "examples/images/photos/nasa-portrait.jpg"
SPEC = PreprocessingSpec(size=64, faces="on")
UNCHANGED = Augmentation(
    min_crop_area=1, frame=0, shift=0, flip=0, rotate=0, colour=0, resample=0, blur=0, noise=0,
    encode=0, erase=0,
)  # fmt: skip


def _row(path: Path, sha256: str) -> dict[str, Any]:
    """Return what every row of a photo says of it, and of its face."""
    with Image.open(path) as image:
        width, height = image.size
        face = FaceFinder.load().find(image.convert("RGB"))[0]
    return {
        "path": str(path),
        "dataset": "photos",
        "sha256": sha256,
        "width": width,
        "height": height,
        "source_id": "",
        **dict(zip(("face_x0", "face_y0", "face_x1", "face_y1"), face.box, strict=True)),
        "face_score": face.score,
        "landmarks": [at for point in face.landmarks for at in point],
    }


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    """One photo as a real row, as a generated one and as its own reconstruction."""
    row = _row(PHOTO, "a")
    kinds = [(0, "real", ""), (1, "gan", ""), (1, Kind.RECONSTRUCTED.value, "a")]
    return pd.DataFrame(
        [row | {"label": label, "method": method, "source_id": of} for label, method, of in kinds]
    )


def _examples(items: pd.DataFrame, augmentation: Augmentation, **fakes: float) -> TrainingExamples:
    sampling = Sampling(images_per_epoch=40, fakes=Fakes(**fakes))
    config = TrainingConfig(sampling=sampling, augmentation=augmentation)
    return TrainingExamples(items, SPEC, config)


def test_a_face_is_cut_as_serving_cuts_it(items: pd.DataFrame) -> None:
    """With nothing varied, a real and a generated image have the very pixels of a scan."""
    served = prepare(PHOTO.read_bytes(), SPEC, DecodeLimits()).pixels[0]
    examples = _examples(items, UNCHANGED, generated=1)
    labels = Counter()
    for index in range(len(examples)):
        assert np.array_equal(examples[index]["pixels"].numpy(), served)
        labels[examples[index]["labels"]] += 1
    assert labels == {0: 20, 1: 20}


@pytest.mark.parametrize("kind", ["self_blended", "swapped"])
def test_a_pseudo_fake_is_another_picture_of_the_face(items: pd.DataFrame, kind: str) -> None:
    """Reals stay as they are; what is labelled fake differs from the photo."""
    served = prepare(PHOTO.read_bytes(), SPEC, DecodeLimits()).pixels[0].astype(int)
    examples = _examples(items, UNCHANGED, generated=0, **{kind: 1})
    changes = {0: [], 1: []}
    for index in range(len(examples)):
        example = examples[index]
        changes[example["labels"]].append(np.abs(example["pixels"].numpy() - served).mean())
    assert max(changes[0]) == 0
    if kind == "self_blended":  # a face that is swapped with itself may come out the same
        assert np.median(changes[1]) > 0.3


def test_a_reconstruction_may_be_shown_in_part(items: pd.DataFrame) -> None:
    """Composed with the photo that it was made of, which here is the same picture."""
    examples = _examples(items, UNCHANGED, generated=0, reconstructed=1)
    fakes = [examples[index] for index in range(len(examples)) if examples[index]["labels"]]
    served = prepare(PHOTO.read_bytes(), SPEC, DecodeLimits()).pixels[0].astype(int)
    assert all(np.abs(fake["pixels"].numpy() - served).max() <= 2 for fake in fakes)


@pytest.mark.parametrize("kind", ["swapped", "reconstructed"])
def test_a_picture_that_is_decoded_smaller_is_changed_at_its_face(
    tmp_path: Path, kind: str
) -> None:
    """Whole images, decoded fast: what is put on lies where the face is."""
    spec = PreprocessingSpec(size=64, decode="fast")
    other, rebuilt = tmp_path / "other.jpg", tmp_path / "rebuilt.png"
    portrait("photos/navy-portrait").crop((0, 0, 512, 512)).save(other)
    ImageOps.invert(portrait()).save(rebuilt)
    reals = [_row(PHOTO, "a"), _row(other, "b")]
    fake = {"label": 1, "method": Kind.RECONSTRUCTED.value, "source_id": "a", "path": str(rebuilt)}
    items = pd.DataFrame(
        [*(row | {"label": 0, "method": "real"} for row in reals), reals[0] | fake]
    )
    sampling = Sampling(images_per_epoch=40, fakes=Fakes(generated=0, **{kind: 1}))
    config = TrainingConfig(sampling=sampling, augmentation=UNCHANGED)
    examples = TrainingExamples(items, spec, config)
    originals = [_served(Path(row["path"]), spec) for row in (*reals, reals[0] | fake)]
    faces = [_where_the_face_is(row, spec.size) for row in reals]
    changed = 0
    for example in (examples[index] for index in range(len(examples))):
        apart = [np.abs(example["pixels"].numpy() - one).max(axis=0) for one in originals]
        nearest = int(np.argmin([one[:4].max() for one in apart]))  # by the rows above the face
        # The reconstruction may be shown as it is, and a face be swapped with itself.
        if example["labels"] and nearest < len(reals) and apart[nearest].max() > 10:
            changed += 1
            assert apart[nearest][faces[nearest]].sum() > 0.9 * apart[nearest].sum()
    assert changed >= 5


def _served(path: Path, spec: PreprocessingSpec) -> np.ndarray:
    return prepare(path.read_bytes(), spec, DecodeLimits()).pixels[0].astype(int)


def _where_the_face_is(row: dict[str, Any], size: int) -> np.ndarray:
    """Return which pixels of a square picture, at `size`, hold the face and a margin around it."""
    reach = 0.5 * (row["face_x1"] - row["face_x0"])
    at = (np.arange(size) + 0.5) * row["width"] / size
    across = (at > row["face_x0"] - reach) & (at < row["face_x1"] + reach)
    down = (at > row["face_y0"] - reach) & (at < row["face_y1"] + reach)
    return down[:, None] & across[None, :]


def test_examples_follow_seed_epoch_and_index(items: pd.DataFrame) -> None:
    """The same place in the same epoch looks the same; another epoch looks different."""
    one, again = (_examples(items, Augmentation(), self_blended=1) for _ in range(2))
    first = one[0]["pixels"]
    assert np.array_equal(first, again[0]["pixels"])
    again.set_epoch(1)
    assert not np.array_equal(first, again[0]["pixels"])


def test_a_file_that_is_gone_is_a_sentence(items: pd.DataFrame) -> None:
    """Training names the file and what to do."""
    lost = _examples(items.assign(path="/nowhere/a.jpg"), UNCHANGED)
    with pytest.raises(DatasetError, match=r"/nowhere/a\.jpg could not be read"):
        lost[0]
