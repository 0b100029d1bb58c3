"""What a job stores of its source, and the item that every source yields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, Field, TypeAdapter

from core.terms import ItemCode, ManifestFaultCode, SourceType

Heed = Callable[[], None]  # called again and again by a listing, which its exception ends


def heedless() -> None:
    """Let a listing go on to its end."""


class SourceItem(NamedTuple):
    """One image of a source, in the source's order.

    `name` is what the client calls it (a relative path or a file name); `uri` is where its bytes
    are. `sha256` is the hex digest that the client expects of them. An item that is known to be
    unusable already at listing carries a fault instead.
    """

    uri: str
    name: str
    custom_id: str | None = None
    sha256: str | None = None
    fault_code: ItemCode | None = None
    fault_message: str | None = None

    def to_row(self) -> dict[str, str]:
        """Return the item as it is kept in its shard's row: only what is set."""
        pairs = zip(self._fields, self, strict=True)
        return {name: value for name, value in pairs if value is not None}

    @classmethod
    def from_row(cls, row: dict[str, str]) -> Self:
        """Return the item that `to_row` wrote."""
        code = row.get("fault_code")
        return cls(
            row["uri"],
            row["name"],
            row.get("custom_id"),
            row.get("sha256"),
            ItemCode(code) if code else None,
            row.get("fault_message"),
        )


@dataclass(frozen=True)
class Place:
    """Where a listing stopped: how many items it has yielded, and the URI of the last of them."""

    count: int
    last_uri: str


@dataclass(frozen=True)
class LineFault:
    """A line of a manifest, counted from 1, that names no item, and a sentence that says why."""

    line: int
    code: ManifestFaultCode
    message: str


class StoredPart(BaseModel):
    """One part of an upload that came in several: `size` bytes at `uri`."""

    uri: str
    size: int = Field(ge=0)


class FolderSource(BaseModel):
    """A folder on the server, under one of the allowed roots; nested folders are included."""

    type: Literal[SourceType.FOLDER] = SourceType.FOLDER
    path: str = Field(description="Absolute path of the folder.", examples=["/data/faces"])


class FilesSource(BaseModel):
    """Uploaded files: `uri` is the list of them that the API wrote beside them."""

    type: Literal[SourceType.FILES] = SourceType.FILES
    uri: str


class ArchiveSource(BaseModel):
    """An uploaded zip or tar archive; its members are unpacked into storage.

    When there are `parts`, its bytes are theirs, one after the other.
    """

    type: Literal[SourceType.ARCHIVE] = SourceType.ARCHIVE
    uri: str
    name: str
    parts: list[StoredPart] = []


class ManifestSource(BaseModel):
    """A list of items, uploaded or named by URI; `strict`: with a faulty line, nothing is scanned.

    When there are `parts`, its bytes are theirs, one after the other.
    """

    type: Literal[SourceType.MANIFEST] = SourceType.MANIFEST
    uri: str
    name: str
    format: Literal["jsonl", "csv"]
    strict: bool = False
    parts: list[StoredPart] = []

    @property
    def is_at_url(self) -> bool:
        """Whether a server is asked for it."""
        return self.uri.startswith(("https:", "http:"))


class PrefixSource(BaseModel):
    """The images of a bucket under a prefix: `s3://bucket/prefix`, `gs://...` or `az://...`."""

    type: Literal[SourceType.PREFIX] = SourceType.PREFIX
    uri: str = Field(
        description="Bucket and prefix, under one of the allowed prefixes.",
        examples=["s3://photos/2026"],
    )


class UrlsSource(BaseModel):
    """https URLs: `uri` is the list of them that the API wrote, one item a line."""

    type: Literal[SourceType.URLS] = SourceType.URLS
    uri: str


Source = FolderSource | FilesSource | ArchiveSource | ManifestSource | PrefixSource | UrlsSource
_SOURCE = TypeAdapter[Source](Annotated[Source, Field(discriminator="type")])


def source_from_dict(stored: Mapping[str, Any]) -> Source:
    """Return the source that a job stored."""
    return _SOURCE.validate_python(stored)


def must_be_fetched(stored: Mapping[str, Any]) -> bool:
    """Return whether a server is asked for the source that a job stored, before it is listed."""
    is_manifest = stored.get("type") == SourceType.MANIFEST
    return is_manifest and ManifestSource.model_validate(stored).is_at_url
