"""Scoring: what serving says of the same bytes, and a reason for each image without a score."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from core.errors import DatasetError, ModelUnavailableError
from detector.detector import Detector
from detector.preprocess import PreprocessingSpec
from tests.support.images import encoded, photo_like
from tests.support.models import TINY_SIZE, write_tiny_model_version
from training.evaluation.model_under_test import ModelUnderTest
from training.scoring import BATCH_SIZE, largest_margins, score

SPEC = PreprocessingSpec(size=TINY_SIZE)


class Brightness:
    """An engine whose margin is the mean of a square's values; it notes how many it was given."""

    device = "cpu"

    def __init__(self) -> None:
        self.given: list[int] = []

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [n]."""
        self.given.append(len(pixels))
        return pixels.mean(axis=(1, 2, 3), dtype=np.float32)


class Broken(Brightness):
    """An engine whose weights have overflowed."""

    def forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return NaN."""
        return np.full(len(pixels), np.nan, np.float32)


def files(folder: Path, contents: Sequence[bytes]) -> pd.DataFrame:
    """Write the contents, and return them as items that are all real."""
    paths = [folder / f"{place}.png" for place in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return pd.DataFrame({"path": [str(path) for path in paths], "label": 0})


def grey(value: int) -> bytes:
    """Return a PNG file of one grey value."""
    return encoded(photo_like(0, (40, 40)).point(lambda _: value), "PNG")


def test_margins_are_those_that_serving_computes(tmp_path: Path) -> None:
    """The same files give, bit for bit, what a detector says of their bytes."""
    version = write_tiny_model_version(tmp_path / "registry")
    items = files(tmp_path, [encoded(photo_like(n, (60, 50)), "PNG") for n in range(5)])
    model = ModelUnderTest.load("tiny-1", tmp_path / "registry", device="cpu")
    detector = Detector.load(version, engine="torch", device="cpu")
    block = np.concatenate(
        [detector.prepare(Path(path).read_bytes()).pixels for path in items["path"]]
    )
    found = score(items, model.spec, model.engine)
    assert np.array_equal(found.margins, detector.forward(block))


def test_images_stay_in_order_over_batches(tmp_path: Path) -> None:
    """More images than a batch holds come back as they were given."""
    values = [(7 * n) % 256 for n in range(2 * BATCH_SIZE + 3)]
    engine = Brightness()
    found = score(files(tmp_path, [grey(value) for value in values]), SPEC, engine)
    assert found.margins.tolist() == values
    assert engine.given == [BATCH_SIZE, BATCH_SIZE, 3]


def test_each_image_without_a_score_has_a_reason(tmp_path: Path) -> None:
    """A damaged, a foreign, a tiny and a missing file are counted, and the others are scored."""
    tiny = encoded(photo_like(0, (20, 20)), "PNG")
    items = files(tmp_path, [grey(9), b"", b"text" * 50, tiny, grey(200)])
    items.loc[len(items)] = {"path": str(tmp_path / "gone.png"), "label": 1}
    found = score(items, SPEC, Brightness())
    assert found.items["reason"].tolist() == [
        "",
        "undecodable",
        "unsupported_type",
        "image_too_small",
        "",
        "unreadable",
    ]
    assert found.margins.tolist() == [9, 200]
    assert found.labels.tolist() == [0, 0]
    assert sum(found.unscored.values()) == 4


def test_files_that_are_gone_are_told_where_all_are_needed(tmp_path: Path) -> None:
    """What must not go on without a file names it."""
    items = pd.DataFrame({"path": [str(tmp_path / "gone.png")], "label": [0]})
    found = score(items, SPEC, Brightness())
    with pytest.raises(DatasetError, match=r"gone\.png"):
        found.require_readable()


def test_no_image_gives_no_margin() -> None:
    """An empty list is scored without a forward pass."""
    items = pd.DataFrame({"path": pd.Series(dtype=str), "label": pd.Series(dtype=int)})
    engine = Brightness()
    assert len(score(items, SPEC, engine).margins) == 0
    assert engine.given == []


def test_scores_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """Damaged weights are told in a sentence, and never measured."""
    with pytest.raises(ModelUnavailableError, match="no numbers"):
        score(files(tmp_path, [grey(9)]), SPEC, Broken())


def test_an_image_has_the_margin_of_its_most_fake_face() -> None:
    """Of several squares the largest margin counts, however they fall into batches."""
    values = [[1, 5, 3], [2], list(range(40)), [7, 6]]
    stacks = [
        np.stack([np.full((3, TINY_SIZE, TINY_SIZE), value, np.uint8) for value in stack])
        for stack in values
    ]
    assert largest_margins(stacks, Brightness()).tolist() == [5, 2, 39, 7]


def test_a_change_is_scored_in_place_of_the_file(tmp_path: Path) -> None:
    """The change is given the bytes and the place, and its answer is what is scored."""
    items = files(tmp_path, [grey(10), grey(20)])
    seen: list[int] = []

    def change(data: bytes, place: int) -> bytes:
        assert data == grey([10, 20][place])
        seen.append(place)
        return grey(100 + place)

    assert score(items, SPEC, Brightness(), change=change).margins.tolist() == [100, 101]
    assert sorted(seen) == [0, 1]
