"""What files say of themselves: told in plain text, whatever a stranger wrote into them."""

import pytest
from PIL import ExifTags, Image

from detector.metadata import LONGEST, read_metadata
from tests.support.images import encoded, photo_like


def with_exif(**tags: str) -> bytes:
    """Return a drawn JPEG whose EXIF holds the tags."""
    exif = Image.Exif()
    for name, value in tags.items():
        exif[ExifTags.Base[name]] = value
    return encoded(photo_like(0, (40, 30)), "JPEG", exif=exif)


def test_the_format_and_the_stored_size_are_told() -> None:
    """Without a word of EXIF where there is none."""
    found = read_metadata(encoded(photo_like(0, (40, 30)), "PNG"))
    assert found is not None
    assert (found.format, found.width, found.height, found.exif) == ("PNG", 40, 30, {})


def test_a_camera_is_told() -> None:
    """By the words that people use."""
    found = read_metadata(with_exif(Make="Acme", Model="Box 1", Software="Paint"))
    assert found is not None
    assert found.exif == {"Camera maker": "Acme", "Camera": "Box 1", "Software": "Paint"}


def test_what_was_taken_when_and_where() -> None:
    """A position is only said to be there: coordinates are for nobody to see by accident."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:01:02 03:04:05"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 8.0, 0.0)
    found = read_metadata(encoded(photo_like(0, (40, 30)), "JPEG", exif=exif))
    assert found is not None
    assert found.exif == {
        "Taken": "2026:01:02 03:04:05",
        "Position": "It holds the coordinates of a place.",
    }


def test_values_are_short_and_of_one_line() -> None:
    """Control characters are left out, and a novel is cut."""
    found = read_metadata(with_exif(Make="a\x1b[31m\nb\u202e", Software="x" * 5000))
    assert found is not None
    assert found.exif["Camera maker"].isprintable()
    assert len(found.exif["Software"]) == LONGEST


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"\xff\xd8\xff\xe1\x00\x10Exif\0\0broken"])
def test_what_is_no_image_says_nothing(data: bytes) -> None:
    """And raises nothing."""
    assert read_metadata(data) is None


def test_broken_exif_says_nothing() -> None:
    """The image itself is still told of."""
    sound = with_exif(Make="Acme")
    broken = sound.replace(b"Exif\0\0MM\0*", b"Exif\0\0MM\xff\xff").replace(
        b"Exif\0\0II*\0", b"Exif\0\0II\xff\xff"
    )
    assert broken != sound
    found = read_metadata(broken)
    assert found is not None
    assert found.exif == {}
