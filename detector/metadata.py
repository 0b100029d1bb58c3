"""What an image's file says of itself, read without decoding a pixel. None of it is proof."""

import io
from dataclasses import dataclass, field

from PIL import ExifTags, Image

from detector.decoding import DAMAGED, FORMATS

LONGEST = 100  # characters that are told of a value
SAID = {
    "Camera maker": ExifTags.Base.Make,
    "Camera": ExifTags.Base.Model,
    "Software": ExifTags.Base.Software,
    "Changed": ExifTags.Base.DateTime,
    "Artist": ExifTags.Base.Artist,
}
SAID_OF_THE_SHOT = {
    "Taken": ExifTags.Base.DateTimeOriginal,
    "Lens": ExifTags.Base.LensModel,
}


@dataclass(frozen=True)
class FileMetadata:
    """The format, the stored size in pixels, and what EXIF says, in words and values."""

    format: str
    width: int
    height: int
    exif: dict[str, str] = field(default_factory=dict)


def read_metadata(data: bytes) -> FileMetadata | None:
    """Return what the file says, or None for what is no image of a supported format."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            return FileMetadata(image.format or "", width, height, _exif(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, *DAMAGED):
        return None


def _exif(image: Image.Image) -> dict[str, str]:
    """Return what EXIF says, as far as it can be read; of a position, only that there is one."""
    try:
        exif = image.getexif()
        shot = exif.get_ifd(ExifTags.IFD.Exif)
        has_position = bool(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except DAMAGED:
        return {}
    said = {word: plain(exif.get(tag)) for word, tag in SAID.items()}
    said |= {word: plain(shot.get(tag)) for word, tag in SAID_OF_THE_SHOT.items()}
    if has_position:
        said["Position"] = "It holds the coordinates of a place."
    return {word: value for word, value in said.items() if value}


def plain(value: object) -> str:
    """Return a text of one line, whatever a stranger wrote; nothing for what is no text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(printable.split())[:LONGEST]
