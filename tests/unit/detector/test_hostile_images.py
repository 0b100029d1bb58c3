"""Images that are made to break or to stall a decoder: a code for each, in bounded memory."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from core.errors import ItemError
from core.terms import ItemCode
from detector.hazards import MAX_SLOW_BYTES, MAX_STRIPS
from detector.preprocess import DecodeLimits, decode
from tests.support.images import encoded, jpeg_bytes, photo_like

LIMITS = DecodeLimits()


def _code(data: bytes, limits: DecodeLimits = LIMITS) -> ItemCode:
    with pytest.raises(ItemError) as caught:
        decode(data, limits)
    assert caught.value.message.endswith(".")
    return caught.value.code


def _code_if_any(data: bytes) -> ItemCode | None:
    try:
        decode(data, LIMITS)
    except ItemError as error:
        return error.code
    return None


def _png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 1) -> bytes:
    """Return a black PNG of a few bytes, with further chunks before its pixels."""
    row = b"\0" + bytes((width * depth + 7) // 8)
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row * 64) for _ in range(height // 64))
    pixels += packer.compress(row * (height % 64)) + packer.flush()
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _tiff(strips: int, *, order: str = "<", is_big: bool = False) -> bytes:
    """Return the beginning of a TIFF file that says that it has so many strips."""
    tags = ((256, 64), (257, 64), (258, 8), (259, 1), (262, 1), (273, strips), (278, 1))
    mark = b"II" if order == "<" else b"MM"
    if is_big:
        head = mark + struct.pack(f"{order}HHHQQ", 43, 8, 0, 16, len(tags))
        return head + b"".join(
            struct.pack(f"{order}HHQQ", tag, 4, value if tag == 273 else 1, value)
            for tag, value in tags
        )
    head = mark + struct.pack(f"{order}HLH", 42, 8, len(tags))
    return head + b"".join(
        struct.pack(f"{order}HHLL", tag, 4, value if tag == 273 else 1, value)
        for tag, value in tags
    )


@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000), (16_385, 64), (9000, 9000)])
def test_too_many_pixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    """A side or an area over the limits is told from the header."""
    assert _code(_png(*size)) is ItemCode.TOO_LARGE


def test_a_long_side_within_the_limits_is_decoded() -> None:
    """The limits are on pixels, not on shape."""
    assert decode(_png(16_384, 32), LIMITS).size == (16_384, 32)


def test_text_and_profiles_that_unpack_to_gigabytes_are_bounded() -> None:
    """A compressed text or colour profile inside an image is not unpacked without end."""
    bomb = zlib.compress(bytes(200_000_000), 9)
    for chunk in ((b"zTXt", b"a\0\0" + bomb), (b"iCCP", b"a\0\0" + bomb)):
        data = _png(64, 64, chunk)
        assert len(data) < 250_000
        assert _code_if_any(data) in (None, ItemCode.UNDECODABLE)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
def test_a_tiff_of_millions_of_strips_is_refused(order: str, is_big: bool) -> None:
    """They would take a minute and a gigabyte to list."""
    assert _code(_tiff(MAX_STRIPS + 1, order=order, is_big=is_big)) is ItemCode.TOO_LARGE


@pytest.mark.parametrize(
    "header", [b"P6 1000 1000 254\n", b"P5 1000 1000 254\n", b"P3 1000 1000 255\n"]
)
def test_a_large_file_that_is_decoded_slowly_is_refused(header: bytes) -> None:
    """Variants that Pillow decodes in Python are for small files only."""
    assert _code(header + b"1 " * (MAX_SLOW_BYTES // 2)) is ItemCode.TOO_LARGE


def test_a_small_file_of_the_same_kind_is_decoded() -> None:
    """Other depths of PPM work."""
    image = decode(b"P6 64 64 254\n" + bytes([254] * (64 * 64 * 3)), LIMITS)
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_deep_grey_is_scaled_in_every_row() -> None:
    """Sixteen bits become eight, by the brightest pixel of the whole image."""
    values = np.zeros((600, 40), np.uint16)
    values[599] = 65535
    values[300] = 32768
    image = np.asarray(decode(encoded(Image.fromarray(values), "PNG"), LIMITS))
    assert image[:, 0, 0].tolist() == [0] * 300 + [127] + [0] * 298 + [255]


def test_inverted_cmyk_keeps_its_colours() -> None:
    """Printing colours become the screen's."""
    red = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    found = decode(encoded(red, "JPEG", quality=95), LIMITS).getpixel((20, 20))
    assert isinstance(found, tuple)
    assert found[0] > 240
    assert max(found[1:]) < 20


def test_a_palette_with_transparency_shows_white() -> None:
    """A colour of the palette may be the clear one."""
    image = Image.new("P", (40, 40), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(0, (0, 0, 20, 40))
    decoded = decode(encoded(image, "PNG", transparency=0), LIMITS)
    assert decoded.getpixel((5, 5)) == (255, 255, 255)
    assert decoded.getpixel((30, 5)) == (0, 255, 0)


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_several_frames_the_first_counts(image_format: str) -> None:
    """Animated GIF, WebP, PNG and AVIF, and TIFF files of several pages."""
    first, second = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    data = encoded(first, image_format, save_all=True, append_images=[second])
    found = decode(data, LIMITS).getpixel((20, 20))
    assert isinstance(found, tuple)
    assert found[0] > 240
    assert found[2] < 20


def test_a_camera_file_of_several_pictures_is_its_first() -> None:
    """MPO is a JPEG file with more behind it."""
    data = encoded(
        photo_like(0, (64, 64)), "MPO", save_all=True, append_images=[photo_like(1, (64, 64))]
    )
    assert decode(data, LIMITS).size == (64, 64)


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_turn_of_exif_is_taken_back(turn: int) -> None:
    """All eight orientations give the picture as it was seen."""
    upright = Image.new("RGB", (80, 40), "blue")
    upright.paste("red", (0, 0, 40, 20))
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(back[turn]) if turn in back else upright
    exif = Image.Exif()
    exif[0x0112] = turn
    decoded = decode(encoded(stored, "PNG", exif=exif), LIMITS)
    assert np.array_equal(np.asarray(decoded), np.asarray(upright))


@pytest.mark.parametrize("profile", [ImageCms.createProfile("LAB"), None])
def test_a_colour_profile_changes_nothing(profile: object) -> None:
    """Sound or broken, a profile is not applied: training did not either."""
    image = photo_like(0, (64, 64))
    icc = ImageCms.ImageCmsProfile(profile).tobytes() if profile else b"no profile" * 1000
    plain = decode(encoded(image, "PNG"), LIMITS)
    profiled = decode(encoded(image, "PNG", icc_profile=icc), LIMITS)
    assert np.array_equal(np.asarray(profiled), np.asarray(plain))


def _with_zip(image: bytes) -> bytes:
    file = io.BytesIO(image)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("payload.html", "<script>alert(1)</script>")
    return file.getvalue()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize(
    "append", [_with_zip, lambda image: image + b"<html><script>alert(1)</script></html>"]
)
def test_a_polyglot_is_the_image_that_it_begins_with(
    image_format: str, append: Callable[[bytes], bytes]
) -> None:
    """What hides behind an image is not looked at, and changes no pixel."""
    data = encoded(photo_like(0, (64, 64)), image_format)
    found, plain = decode(append(data), LIMITS), decode(data, LIMITS)
    assert np.array_equal(np.asarray(found), np.asarray(plain))


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a/*<svg/onload=alert(1)>*/=1;",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n",
        b"%PDF-1.7\n1 0 obj\n",
        b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://example.com/)'\n",
        b"8BPS\0\1" + bytes(100),
        b"\0\0\1\0" + bytes(100),
        b"#define a_width 64\n#define a_height 64\nstatic char a_bits[] = {0};\n",
        _with_zip(b""),
    ],
    ids=["gif+html", "svg", "xxe", "eps", "pdf", "mvg", "psd", "ico", "xbm", "zip"],
)
def test_what_is_not_on_the_list_is_refused_by_its_bytes(data: bytes) -> None:
    """Vector, document and script formats are never opened, whatever their names are."""
    assert _code(data) in (ItemCode.UNSUPPORTED_TYPE, ItemCode.UNDECODABLE, ItemCode.TOO_LARGE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_a_file_that_is_cut_off_anywhere_is_no_crash(image_format: str) -> None:
    """Each length gives an image or a code."""
    data = encoded(photo_like(0, (40, 40)), image_format)
    for length in range(0, len(data), max(1, len(data) // 60)):
        assert _code_if_any(data[:length]) in (
            None,
            ItemCode.UNDECODABLE,
            ItemCode.UNSUPPORTED_TYPE,
        )


_SEEDS = [
    encoded(photo_like(0, (40, 40)), image_format, **options)
    for image_format, options in (
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": Image.Exif()}),
        ("PNG", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("AVIF", {}),
        ("PPM", {}),
    )
] + [jpeg_bytes()[:300] + _png(40, 40)]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_only_a_code_comes_out(data: st.DataObject) -> None:
    """Files with bytes changed, moved or missing give an image or an ItemError, nothing else."""
    content = bytearray(data.draw(st.sampled_from(_SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["set", "insert", "delete"])):
            case "set":
                content[place] = data.draw(st.integers(0, 255))
            case "insert":
                content[place:place] = data.draw(st.binary(min_size=1, max_size=8))
            case _:
                del content[place : place + data.draw(st.integers(1, 16))]
        if not content:
            break
    try:
        image = decode(bytes(content), DecodeLimits(max_pixels=1_000_000))
    except ItemError:
        return
    assert image.mode == "RGB"
    assert image.width * image.height <= 1_000_000
