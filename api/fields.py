"""What single fields of requests may hold, wherever they stand."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from unicodedata import category

from pydantic import AfterValidator, AwareDatetime, Field

MAX_METADATA = 50
UPLOAD_ID = "upload_[0-9a-f]{32}"
CONTROL = ("Cc", "Cs")


def visible(text: str) -> str:
    """Return the text, which has no control characters; raises ValueError."""
    if any(category(letter) in CONTROL for letter in text):
        raise ValueError("Leave control characters out.")
    return text


def of_lines(text: str) -> str:
    """Return the text with the line ends of Unix; raises ValueError as `visible` does."""
    lines = text.replace("\r\n", "\n")
    visible(lines.replace("\n", "").replace("\t", ""))
    return lines


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("Name a moment of the years 1 to 9999 in UTC.") from error


MetadataKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=64)]
MetadataValue = Annotated[str, Field(max_length=500), AfterValidator(visible)]
CustomId = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(visible)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
Uri = Annotated[str, Field(max_length=4096), AfterValidator(visible)]
ManifestFormat = Literal["jsonl", "csv"]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
MetadataPair = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}:", max_length=565), AfterValidator(visible)
]
