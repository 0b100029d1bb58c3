"""The sources that a request names: checked as far as that is cheap, then as jobs store them."""

from api.errors import FieldError
from api.names import format_of, name_of
from api.requests import (
    FolderRequest,
    ManifestRequest,
    PrefixRequest,
    UploadRequest,
    UrlsRequest,
)
from core.access import Access
from core.errors import SourceError
from core.sources import (
    ArchiveSource,
    FolderSource,
    ManifestSource,
    PrefixSource,
    Source,
    SourceItem,
    StoredPart,
)
from core.sources.folder import require_allowed


def checked(
    access: Access, source: FolderRequest | ManifestRequest | PrefixRequest, *, strict: bool
) -> Source:
    """Return the source as a job stores it; raises FieldError for a place that is not allowed."""
    match source:
        case FolderRequest():
            return FolderSource(path=_folder(access, source.path))
        case PrefixRequest():
            if not source.uri.startswith(("s3://", "gs://", "az://")):
                raise FieldError("source.uri", "Write the prefix as s3://bucket/prefix.")
            _require(access, "source.uri", source.uri)
            return PrefixSource(uri=source.uri)
        case ManifestRequest():
            _require(access, "source.uri", source.uri)
            name = name_of(source.uri)
            return ManifestSource(
                uri=source.uri,
                name=name,
                format=source.format or format_of(name),
                strict=strict,
            )


def checked_urls(access: Access, source: UrlsRequest) -> list[SourceItem]:
    """Return one item a URL; raises FieldError for the first that is not allowed."""
    for place, item in enumerate(source.urls):
        if not item.uri.startswith(("https:", "http:")):
            raise FieldError(f"source.urls.{place}.uri", "Only https:// URLs are accepted here.")
        _require(access, f"source.urls.{place}.uri", item.uri)
    return [
        SourceItem(
            uri=item.uri, name=name_of(item.uri), custom_id=item.custom_id, sha256=item.sha256
        )
        for item in source.urls
    ]


def of_upload(
    request: UploadRequest, name: str, parts: list[StoredPart], *, strict: bool
) -> Source:
    """Return the source that a job stores of a finished upload."""
    first = parts[0].uri
    if request.used_as == "archive":
        return ArchiveSource(uri=first, name=name, parts=parts)
    format_ = request.format or format_of(name)
    return ManifestSource(uri=first, name=name, format=format_, strict=strict, parts=parts)


def _folder(access: Access, path: str) -> str:
    try:
        return str(require_allowed(path, access.allowed_roots))
    except SourceError as error:
        raise FieldError("source.path", str(error)) from error
    except (OSError, ValueError) as error:
        raise FieldError("source.path", f"The folder's path is not usable ({error}).") from error


def _require(access: Access, field: str, uri: str) -> None:
    try:
        refusal = access.refusal(uri)
    except ValueError as error:
        refusal = f"The URI is not understood ({error})."
    if refusal:
        raise FieldError(field, refusal)
