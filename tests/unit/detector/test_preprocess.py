"""Preprocessing: from untrusted bytes to the pixels that models are trained on and served with."""

import hashlib
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from core.errors import ConfigurationError, ItemError, NotApplicableError
from core.terms import ItemCode
from detector.preprocess import DecodeLimits, PreprocessingSpec, decode, prepare, to_pixels
from tests.support.images import encoded, jpeg_bytes, photo_like

LIMITS = DecodeLimits()
SPEC = PreprocessingSpec()
# The digest of what the shipped model version was trained on. If it changes, so do scores: that
# takes a new `version` of the specification, not a new digest.
GOLDEN_SHA256 = "5419ff4afd43dc093cb50d2595a36ef32e8df8a3db1a5df66d0ffade04e88d74"


def bomb_png(width: int, height: int) -> bytes:
    """Return a tiny PNG that claims to be huge."""

    def part(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\0" * 1000)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def code_of(data: bytes, limits: DecodeLimits = LIMITS) -> ItemCode:
    """Return the code with which the bytes are refused; the message must be a sentence."""
    with pytest.raises(ItemError) as caught:
        decode(data, limits)
    assert str(caught.value).endswith(".")
    return caught.value.code


def test_pixels_are_the_golden_ones() -> None:
    """A drawn image gives, bit for bit, the pixels that it always gave."""
    prepared = prepare(encoded(photo_like(1, (300, 400)), "PNG"), SPEC, LIMITS)
    assert hashlib.sha256(prepared.pixels.tobytes()).hexdigest() == GOLDEN_SHA256
    assert (prepared.width, prepared.height) == (300, 400)


def test_pixels_have_the_shape_that_engines_take() -> None:
    """Pixels are uint8, channels first, of the model's size, and contiguous."""
    pixels = to_pixels(photo_like(0, (90, 50)), PreprocessingSpec(size=32))
    assert (pixels.dtype, pixels.shape) == (np.uint8, (3, 32, 32))
    assert pixels.flags.c_contiguous


def test_the_largest_centred_square_is_taken() -> None:
    """What lies beside the centred square shows at most in the pixels along the cut."""
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    pixels = to_pixels(wide, PreprocessingSpec(size=50))
    blue = np.array([0, 0, 255], np.uint8)[:, None, None]
    assert (pixels[:, :, 1:-1] == blue).all()


def test_many_threads_get_the_same_pixels() -> None:
    """Preparing in threads gives what one thread gives."""
    images = [jpeg_bytes(seed, (80, 60)) for seed in range(24)]
    alone = [prepare(data, SPEC, LIMITS).pixels for data in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: prepare(data, SPEC, LIMITS).pixels, images))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize(
    "image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM"]
)
def test_every_listed_format_is_decoded(image_format: str) -> None:
    """Each format of the allowlist comes out as RGB of its size."""
    image = decode(encoded(photo_like(0, (64, 48)), image_format), LIMITS)
    assert (image.mode, image.size) == ("RGB", (64, 48))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "CMYK", "I", "I;16", "F", "RGBA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    """Palette, grey, deep, transparent and printing images come out as RGB."""
    if mode == "I;16":
        source = Image.fromarray(np.full((40, 40), 32768, np.uint16))
    elif mode == "PA":
        source = photo_like(0, (40, 40)).convert("P").convert("PA")
    else:
        source = photo_like(0, (40, 40)).convert(mode)
    image_format = "TIFF" if mode in ("CMYK", "I", "F", "PA") else "PNG"
    try:
        data = encoded(source, image_format)
    except OSError:
        pytest.skip(f"Pillow cannot write {mode}")
    image = decode(data, LIMITS)
    assert image.mode == "RGB"
    if mode == "I;16":
        assert image.getpixel((5, 5)) == (127, 127, 127)


def test_transparency_shows_white() -> None:
    """What is transparent becomes white, whatever colour hides in it."""
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert decode(encoded(clear, "PNG"), LIMITS).getpixel((3, 3)) == (255, 255, 255)


def test_exif_turns_the_image() -> None:
    """A photo that was taken sideways stands upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(photo_like(0, (80, 40)), "JPEG", exif=exif)
    assert decode(data, LIMITS).size == (40, 80)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_that_cannot_be_read_is_ignored() -> None:
    """Broken EXIF does not make a sound image undecodable."""
    data = encoded(photo_like(0, (80, 40)), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\xff\xff\xff")
    assert decode(data, LIMITS).size == (80, 40)


def test_the_first_frame_of_an_animation_counts() -> None:
    """An animation is judged by its first frame."""
    first, second = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    data = encoded(first, "GIF", save_all=True, append_images=[second])
    assert decode(data, LIMITS).getpixel((3, 3)) == (255, 0, 0)


def test_an_empty_file_is_undecodable() -> None:
    """Zero bytes are refused as such."""
    assert code_of(b"") is ItemCode.UNDECODABLE


@pytest.mark.parametrize("data", [b"hello, this is text\n" * 50, b"%PDF-1.7\n", b"\0" * 500])
def test_what_is_no_image_is_unsupported(data: bytes) -> None:
    """Text, PDFs and zeros are refused by type."""
    assert code_of(data) is ItemCode.UNSUPPORTED_TYPE


def test_a_format_off_the_list_is_unsupported() -> None:
    """An image format that Pillow could read, but that is not on the list, is not opened."""
    assert code_of(encoded(photo_like(0, (40, 40)), "TGA")) is ItemCode.UNSUPPORTED_TYPE


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_truncated_image_is_undecodable(image_format: str) -> None:
    """Half a file is not scored as if the rest were grey."""
    data = encoded(photo_like(0, (200, 200)), image_format)
    assert code_of(data[: len(data) // 2]) in (ItemCode.UNDECODABLE, ItemCode.UNSUPPORTED_TYPE)
    if image_format == "JPEG":
        assert code_of(data[: len(data) // 2]) is ItemCode.UNDECODABLE


@pytest.mark.parametrize("size", [(20_000, 100), (16_000, 16_000), (100_000, 100_000)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    """An image that claims too many pixels is too large, without being decoded."""
    assert code_of(bomb_png(*size)) is ItemCode.TOO_LARGE


def test_a_large_file_is_refused_by_its_length() -> None:
    """More bytes than the limit are not looked at."""
    assert code_of(jpeg_bytes(), DecodeLimits(max_bytes=100)) is ItemCode.TOO_LARGE


def test_a_tiny_image_is_not_applicable() -> None:
    """An image with nothing to judge is not applicable, rather than failed."""
    with pytest.raises(NotApplicableError) as caught:
        decode(jpeg_bytes(size=(64, 31)), LIMITS)
    assert caught.value.code is ItemCode.IMAGE_TOO_SMALL
    assert decode(jpeg_bytes(size=(32, 32)), LIMITS).size == (32, 32)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, on what it skips
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_damage_never_escapes_as_another_error(image_format: str) -> None:
    """Whatever byte is flipped, decoding gives an image or an ItemError."""
    intact = encoded(photo_like(0, (48, 48)), image_format)
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(intact)
        for position in random.integers(0, min(len(damaged), 400), 3):
            damaged[position] = random.integers(0, 256)
        with suppress(ItemError):
            assert decode(bytes(damaged), LIMITS).mode == "RGB"


def test_a_specification_survives_storage() -> None:
    """What is written to preprocessing.json is what is read."""
    spec = PreprocessingSpec(size=384, resampling="lanczos", mean=(0.5, 0.5, 0.5))
    assert PreprocessingSpec.from_dict(spec.to_dict()) == spec


@pytest.mark.parametrize(
    "change", [{"size": 0}, {"resampling": "guess"}, {"version": 4}, {"unknown": 1}, {"mean": 3}]
)
def test_a_specification_that_is_not_understood_is_refused(change: dict[str, object]) -> None:
    """A worker does not preprocess in a way that it does not know."""
    with pytest.raises(ConfigurationError):
        PreprocessingSpec.from_dict({**SPEC.to_dict(), **change})
