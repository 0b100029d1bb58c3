"""What a job stores of its source, and the item that every source yields."""

from dataclasses import asdict, dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, TypeAdapter

from core.terms import ItemCode, SourceType


@dataclass(frozen=True)
class SourceItem:
    """One image of a source, in the source's order.

    `name` is what the client calls it (a relative path or a file name); `uri` is where its bytes
    are. An item that is known to be unusable already at listing carries a fault instead.
    """

    uri: str
    name: str
    custom_id: str | None = None
    fault_code: ItemCode | None = None
    fault_message: str | None = None

    def to_row(self) -> dict[str, str]:
        """Return the item as it is kept in its shard's row: only what is set."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_row(cls, row: dict[str, str]) -> Self:
        """Return the item that `to_row` wrote."""
        code = row.get("fault_code")
        return cls(
            uri=row["uri"],
            name=row["name"],
            custom_id=row.get("custom_id"),
            fault_code=ItemCode(code) if code else None,
            fault_message=row.get("fault_message"),
        )


class FolderSource(BaseModel):
    """A folder on the server, under one of the allowed roots; nested folders are included."""

    type: Literal[SourceType.FOLDER] = SourceType.FOLDER
    path: str = Field(description="Absolute path of the folder.", examples=["/data/faces"])


class FilesSource(BaseModel):
    """Uploaded files: `uri` is the list of them that the API wrote beside them."""

    type: Literal[SourceType.FILES] = SourceType.FILES
    uri: str


class ArchiveSource(BaseModel):
    """An uploaded zip or tar archive; its members are unpacked into storage."""

    type: Literal[SourceType.ARCHIVE] = SourceType.ARCHIVE
    uri: str
    name: str


Source = Annotated[FolderSource | FilesSource | ArchiveSource, Field(discriminator="type")]
_SOURCE = TypeAdapter[FolderSource | FilesSource | ArchiveSource](Source)


def source_from_dict(stored: dict[str, str]) -> FolderSource | FilesSource | ArchiveSource:
    """Return the source that a job stored."""
    return _SOURCE.validate_python(stored)
