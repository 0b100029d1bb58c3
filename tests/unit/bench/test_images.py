"""The images of the bench."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.images import ImageMaker, with_comment
from tests.support.images import jpeg_bytes


def test_a_comment_changes_the_bytes_and_not_the_picture() -> None:
    """Nobody can reuse an earlier verdict, and everybody decodes the same."""
    plain = jpeg_bytes()
    marked = with_comment(plain, b"image 1")
    pixels = [np.asarray(Image.open(io.BytesIO(each))) for each in (plain, marked)]
    assert marked != plain
    assert np.array_equal(pixels[0], pixels[1])


def test_no_two_files_are_the_same(tmp_path: Path) -> None:
    """Each image of each set has bytes of its own."""
    maker = ImageMaker(tmp_path)
    paths = [*maker.write_set(40), *maker.write_set(40)]
    assert len({Path(path).read_bytes() for path in paths}) == 80


def test_names_alone_need_no_files(tmp_path: Path) -> None:
    """The stand-in reads no files; its names differ all the same."""
    maker = ImageMaker(tmp_path)
    names = [*maker.name_set(3), *maker.name_set(3)]
    assert len(set(names)) == 6
    assert not any(tmp_path.iterdir())
