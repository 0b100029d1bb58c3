"""The example images: all of them listed, small, and what the list says that they are."""

import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageChops, UnidentifiedImageError

from core.errors import ItemError
from core.terms import Outcome
from detector.preprocess import DecodeLimits, decode

EXAMPLES = Path(__file__).parents[3] / "examples"
IMAGES = EXAMPLES / "images"
HARD = IMAGES / "hard"
FILES = sorted(path for path in IMAGES.rglob("*") if path.is_file())
ROW = re.compile(
    r"^\| `(?P<file>[^`]+)` \|[^|]+\|(?P<origin>[^|]+)\| (?P<expected>[^|]+) \|$", re.M
)
LISTED = {row["file"]: row for row in ROW.finditer((EXAMPLES / "README.md").read_text("utf-8"))}
EXIF_ORIENTATION = 0x0112


def _load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"examples_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _outcome(content: bytes) -> str:
    try:
        decode(content, DecodeLimits())
    except ItemError as error:
        return f"{error.outcome}: {error.code}"
    return Outcome.SCORED


def test_there_are_enough_examples_for_a_first_scan() -> None:
    """At least two dozen images are there, in several folders."""
    assert len(FILES) >= 24
    assert len({path.parent for path in FILES}) >= 5


def test_the_list_names_every_file_and_no_other() -> None:
    """README.md and the folder agree."""
    assert set(LISTED) == {path.relative_to(IMAGES).as_posix() for path in FILES}


def test_every_origin_has_a_licence() -> None:
    """Each file names origins that the table of licences has."""
    text = (EXAMPLES / "README.md").read_text("utf-8").partition("## Files")[0]
    licensed = {line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")}
    for row in LISTED.values():
        assert {part.strip() for part in row["origin"].split(",")} <= licensed, row["file"]


def test_the_examples_are_small() -> None:
    """No file is over 300 KB, and all together stay below 3 MB."""
    sizes = {path.name: path.stat().st_size for path in FILES}
    assert max(sizes.values()) <= 300_000
    assert sum(sizes.values()) < 3_000_000


@pytest.mark.parametrize("file", LISTED)
def test_each_file_ends_as_the_list_expects(file: str) -> None:
    """Decoding gives the outcome and the code that README.md states."""
    assert _outcome((IMAGES / file).read_bytes()) == LISTED[file]["expected"]


def test_a_copy_is_a_copy() -> None:
    """Two files have the same bytes, so that a verdict can be reused."""
    original = (IMAGES / "photos/nasa-portrait.jpg").read_bytes()
    assert (IMAGES / "variants/copy.jpg").read_bytes() == original


def test_the_truncated_jpeg_opens_but_does_not_load() -> None:
    """Its header is sound, its pixels end early."""
    with Image.open(HARD / "truncated.jpg") as image, pytest.raises(OSError, match="truncated"):
        image.load()


def test_the_empty_and_the_text_file_are_no_images() -> None:
    """Pillow identifies neither; one has no bytes at all, the other is readable text."""
    assert (HARD / "empty.jpg").stat().st_size == 0
    assert (HARD / "text.jpg").read_bytes().isascii()
    for name in ("empty.jpg", "text.jpg"):
        with pytest.raises(UnidentifiedImageError):
            Image.open(io.BytesIO((HARD / name).read_bytes()))


@pytest.mark.parametrize(
    ("name", "kind", "mode", "size"),
    [
        ("transparent.png", "PNG", "RGBA", (320, 320)),
        ("sixteen-bit.png", "PNG", "I;16", (256, 300)),
        ("palette.png", "PNG", "P", (320, 320)),
        ("png-named.jpg", "PNG", "RGB", (320, 320)),
        ("tiny.png", "PNG", "RGB", (16, 16)),
        ("cmyk.jpg", "JPEG", "CMYK", (512, 600)),
        ("portrait.webp", "WEBP", "RGB", (512, 512)),
        ("animated.gif", "GIF", "P", (200, 200)),
        ("../photos/photographer.jpg", "JPEG", "L", (512, 512)),
    ],
)
def test_odd_kinds_are_what_they_claim(
    name: str, kind: str, mode: str, size: tuple[int, int]
) -> None:
    """Format, mode and size are the ones that make the file a hard case."""
    with Image.open(HARD / name) as image:
        assert (image.format, image.mode, image.size) == (kind, mode, size)


def test_the_transparent_png_shows_its_background() -> None:
    """Its alpha channel goes from see-through to solid."""
    with Image.open(HARD / "transparent.png") as image:
        assert image.getchannel("A").getextrema() == (0, 255)


def test_the_gif_is_animated() -> None:
    """It has more than one frame, and they differ."""
    with Image.open(HARD / "animated.gif") as image:
        assert getattr(image, "n_frames", 1) == 2
        first = image.convert("RGB")
        image.seek(1)
        assert ImageChops.difference(first, image.convert("RGB")).getbbox()


def test_the_turned_jpeg_is_upright_once_its_exif_is_followed() -> None:
    """It lies on its side as stored, and matches the upright portrait as decoded."""
    content = (HARD / "turned-by-exif.jpg").read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (600, 512)
        assert image.getexif()[EXIF_ORIENTATION] == 6
    upright = decode((IMAGES / "photos/navy-portrait.jpg").read_bytes(), DecodeLimits())
    assert _distance(decode(content, DecodeLimits()), upright) < 4


def test_one_file_lies_nested_under_a_name_beyond_ascii() -> None:
    """A folder with a space holds a file whose name is not ASCII."""
    (path,) = HARD.glob("* */*")
    assert not path.name.isascii()


def test_the_drawn_portraits_come_from_their_script() -> None:
    """Drawing them again gives the pixels of the files."""
    portraits = _load_script("portraits")
    assert {path.stem for path in (IMAGES / "drawn").iterdir()} == set(portraits.PORTRAITS)
    for name, person in portraits.PORTRAITS.items():
        with Image.open(IMAGES / "drawn" / f"{name}.png") as image:
            assert _distance(portraits.draw(person), image) < 1, name


def _distance(image: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of the levels, 0 to 255."""
    return float(np.abs(np.asarray(image, float) - np.asarray(other, float)).mean())
