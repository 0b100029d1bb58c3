"""Fast decoding: JPEGs at a smaller size, nearly the same pixels, the same facts."""

import numpy as np
import pytest
from PIL import Image

from core.errors import ConfigurationError, ItemError
from detector.decoding import decode_reduced
from detector.preprocess import DecodeLimits, PreprocessingSpec, prepare
from tests.support.images import encoded, photo_like

LIMITS = DecodeLimits()
EXACT, FAST = PreprocessingSpec(size=64), PreprocessingSpec(size=64, decode="fast")
TURNED = 6  # a quarter, clockwise


def _jpeg(width: int, height: int, **options: object) -> bytes:
    return encoded(photo_like(3, (width, height)), "JPEG", quality=90, **options)


@pytest.mark.parametrize(
    ("size", "decoded"),
    [
        ((1000, 800), (250, 200)),  # a quarter leaves 200, an eighth would leave 100
        ((1024, 1024), (128, 128)),
        ((300, 200), (300, 200)),  # half would leave 100
        ((127, 500), (127, 500)),
    ],
)
def test_a_jpeg_stays_at_least_twice_as_large_as_what_is_scored(
    size: tuple[int, int], decoded: tuple[int, int]
) -> None:
    """The shorter side of what is decoded is 128 or more, unless it never was."""
    found = decode_reduced(_jpeg(*size), LIMITS, least_side=128)
    assert found.image.size == decoded
    assert (found.width, found.height) == size


def test_the_pixels_are_nearly_the_same() -> None:
    """Close enough for a model that was trained so; not the same, or nothing would be saved."""
    data = _jpeg(1024, 768)
    exact, fast = (prepare(data, spec, LIMITS).pixels.astype(int) for spec in (EXACT, FAST))
    difference = np.abs(exact - fast)
    assert 0 < difference.mean() < 4


def test_what_is_said_of_the_image_is_true_of_the_file() -> None:
    """Its size as displayed, also when EXIF turns it."""
    exif = Image.Exif()
    exif[0x0112] = TURNED
    prepared = prepare(_jpeg(1000, 800, exif=exif), FAST, LIMITS)
    assert (prepared.width, prepared.height) == (800, 1000)


def test_other_formats_are_decoded_as_ever() -> None:
    """A PNG has no smaller size inside it."""
    data = encoded(photo_like(3, (800, 600)), "PNG")
    exact, fast = (prepare(data, spec, LIMITS).pixels for spec in (EXACT, FAST))
    assert np.array_equal(exact, fast)


def test_limits_hold_for_the_file_as_it_is() -> None:
    """An image with too many pixels is refused, however small it could be decoded."""
    with pytest.raises(ItemError, match="pixels"):
        prepare(_jpeg(1000, 800), FAST, DecodeLimits(max_pixels=700_000))


@pytest.mark.parametrize("change", [{"faces": "on"}, {"version": 2}])
def test_what_is_not_meant_for_it_is_refused(change: dict[str, object]) -> None:
    """Faces are cut from all the pixels that there are; older specifications know nothing of it."""
    with pytest.raises(ConfigurationError):
        PreprocessingSpec.from_dict({**FAST.to_dict(), **change})


def test_a_specification_of_before_is_decoded_exactly() -> None:
    """What does not say how, was trained on all pixels."""
    stored = {name: value for name, value in EXACT.to_dict().items() if name != "decode"}
    assert PreprocessingSpec.from_dict({**stored, "version": 2}).least_side is None
