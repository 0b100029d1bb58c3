"""One picture saved twice, told from one of which a part was changed, by all of their pixels."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from tests.support.faces import portrait
from tests.support.images import encoded, photo_like
from training.resaving import FEW, is_resaved, which_are_resaved


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A portrait, losslessly."""
    portrait().save(tmp_path / "original.png")
    return tmp_path / "original.png"


@pytest.mark.parametrize("quality", [60, 75, 95])
@pytest.mark.parametrize(
    "change",
    [lambda one: one, ImageOps.mirror, lambda one: one.resize((one.width // 2, one.height // 2))],
    ids=["as it is", "mirrored", "at half size"],
)
def test_a_picture_saved_again_is_the_same(
    original: Path, quality: int, change: Callable[[Image.Image], Image.Image]
) -> None:
    """Re-encoded, mirrored or made smaller, its pixels are nearly equal all over."""
    again = original.with_name("again.jpg")
    again.write_bytes(encoded(change(portrait()), "JPEG", quality=quality))
    assert is_resaved((original, again))


@pytest.mark.parametrize("quality", [60, 95])
def test_a_changed_part_is_another_picture(original: Path, quality: int) -> None:
    """A soft shade on a cheek is a change, however it was saved."""
    edited = portrait()
    shade = Image.new("L", edited.size)
    ImageDraw.Draw(shade).ellipse((200, 110, 260, 170), fill=110)
    edited.paste((200, 30, 30), mask=shade)
    file = original.with_name("edited.jpg")
    file.write_bytes(encoded(edited, "JPEG", quality=quality))
    assert not is_resaved((original, file))


def test_what_cannot_be_read_is_no_copy(original: Path) -> None:
    """A file that went, or is none, is the same as no other."""
    broken = original.with_name("broken.jpg")
    assert not is_resaved((original, broken))
    broken.write_bytes(b"no image")
    assert not is_resaved((original, broken))


def test_many_pairs_are_compared_by_processes_in_order(tmp_path: Path) -> None:
    """Whoever compares them, the answers come in the order of the pairs."""
    one, other = tmp_path / "a.png", tmp_path / "b.png"
    for seed, file in enumerate((one, other)):
        photo_like(seed, (40, 40)).save(file)
    pairs = [(one, one if index % 2 else other) for index in range(FEW + 10)]
    assert list(which_are_resaved(pairs)) == [bool(index % 2) for index in range(FEW + 10)]
