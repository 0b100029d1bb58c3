"""What requests carry: the schemas that validate bodies, and describe them in openapi.json."""

from typing import Annotated, Literal

from flask_openapi3.models.file import FileStorage
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json
from werkzeug.datastructures import FileStorage as WerkzeugFile

from api.fields import (
    MAX_METADATA,
    UPLOAD_ID,
    CustomId,
    ManifestFormat,
    MetadataKey,
    MetadataValue,
    Sha256,
    Uri,
    of_lines,
)
from core.sources import FolderSource
from core.terms import Alias, FaceMode, Label, Priority, SourceType

MAX_URLS = 10_000
DAY_S = 24 * 3600


def _parsed(value: object) -> object:
    """Return what a text part of a multipart body holds as JSON."""
    return from_json(value) if isinstance(value, str) else value


def _url_item(value: object) -> object:
    return {"uri": value} if isinstance(value, str) else value


class UploadedFile(FileStorage):
    """A file part of a multipart body; a text field of the same name is refused."""

    @classmethod
    def validate(cls, value: object, *_args: object, **_kwargs: object) -> WerkzeugFile:
        """Return the part as it is; raises ValueError for anything that is no file."""
        if not isinstance(value, WerkzeugFile):
            raise ValueError("Send this field as a file, with a file name.")
        return value


class Body(BaseModel):
    """A part of a request; fields that it does not know are refused by name."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class ScanOptions(Body):
    """How a single scan is to run."""

    metadata: dict[MetadataKey, MetadataValue] = Field(
        default={},
        max_length=MAX_METADATA,
        description=f"What you want to find the job by: up to {MAX_METADATA} pairs.",
        examples=[{"campaign": "spring", "source": "forum"}],
    )
    rescan: bool = Field(default=False, description="Score also what was scored before.")
    faces: FaceMode = Field(
        default=FaceMode.AUTO,
        description="`auto`: score faces, if the model version does; `off`: score whole images.",
    )


class JobOptions(ScanOptions):
    """How a bulk job is to run."""

    priority: Priority = Field(default=Priority.NORMAL, description="Which jobs go first.")
    expires_in_s: float | None = Field(
        default=None,
        gt=0,
        le=366 * DAY_S,
        description="Not done by then, it ends `expired`.",
    )
    max_failure_ratio: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="The job ends `failed` when more of its items fail; "
        "while the source is listed, of those that have ended, from 1,000 on.",
    )
    strict: bool = Field(
        default=False,
        description="Of a manifest: with a faulty line, nothing is scanned.",
    )


class UploadedItem(Body):
    """What you know of one uploaded file."""

    custom_id: CustomId | None = Field(default=None, description="Your own id of the image.")
    sha256: Sha256 | None = Field(default=None, description="The digest that its bytes must have.")


class UrlItem(UploadedItem):
    """An image behind an https URL."""

    uri: Uri = Field(examples=["https://example.org/face.jpg"])


class FolderRequest(FolderSource):
    """A folder on the server, under one of the allowed roots; nested folders are included."""

    model_config = ConfigDict(extra="forbid")


class ManifestRequest(Body):
    """A list of items, one a line, by its URI: JSONL or CSV with `uri`, `custom_id`, `sha256`."""

    type: Literal[SourceType.MANIFEST]
    uri: Uri = Field(examples=["s3://photos/2026.jsonl"])
    format: ManifestFormat | None = Field(default=None, description="Null: by its name.")


class PrefixRequest(Body):
    """The images of a bucket under a prefix that is allowed: s3://, gs:// or az://."""

    type: Literal[SourceType.PREFIX]
    uri: Uri = Field(examples=["s3://photos/2026"])


class UrlsRequest(Body):
    """Images behind https URLs."""

    type: Literal[SourceType.URLS]
    urls: list[
        Annotated[UrlItem, BeforeValidator(_url_item, json_schema_input_type=str | UrlItem)]
    ] = Field(min_length=1, max_length=MAX_URLS)


class UploadRequest(Body):
    """A finished resumable upload; one job can use it."""

    type: Literal["upload"]
    id: str = Field(pattern=f"^{UPLOAD_ID}$", examples=["upload_01a20b556ef076ef82e6d3893ba81f31"])
    used_as: Literal["archive", "manifest"] = Field(alias="as")
    format: ManifestFormat | None = Field(default=None, description="Null: by its name.")


SourceRequest = FolderRequest | ManifestRequest | PrefixRequest | UrlsRequest | UploadRequest


class JobRequest(Body):
    """A bulk job over images that are elsewhere (JSON body)."""

    source: Annotated[SourceRequest, Field(discriminator="type")]
    options: JobOptions = JobOptions()


class JobUpload(Body):
    """A bulk job over what the body brings: `files`, an `archive` or a `manifest`."""

    files: list[UploadedFile] = Field(default=[], description="Images, one part each.")
    archive: UploadedFile | None = Field(default=None, description="A zip or tar file of images.")
    manifest: UploadedFile | None = Field(
        default=None,
        description="A list of images: JSONL or CSV (`uri`, `custom_id`, `sha256`).",
    )
    items: Annotated[list[UploadedItem], BeforeValidator(_parsed)] = Field(
        default=[], description="JSON: what you know of each of the `files`, in their order."
    )
    format: ManifestFormat | None = Field(
        default=None, description="Of the `manifest`; by its name when left out."
    )
    options: Annotated[JobOptions, BeforeValidator(_parsed)] = Field(
        default=JobOptions(), description="JSON: how the job is to run."
    )


class FeedbackRequest(Body):
    """What a person says that an image is."""

    truth: Literal[Label.FAKE, Label.REAL]
    note: Annotated[str, Field(max_length=2000), AfterValidator(of_lines)] | None = None


class PromotionRequest(Body):
    """Which role a model version takes."""

    alias: Alias = Field(default=Alias.CHAMPION, description="New scans use the champion.")
    instead_of: str | None = Field(
        default=None,
        description="The version that has the role as far as you know; refused if it has not.",
    )


class ScanUpload(Body):
    """A single scan (multipart body)."""

    image: UploadedFile = Field(description="The image.")
    options: Annotated[ScanOptions, BeforeValidator(_parsed)] = Field(
        default=ScanOptions(), description="JSON: how the scan is to run."
    )
