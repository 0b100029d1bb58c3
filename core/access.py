"""What clients may name as the place of an image: folders, buckets, URLs. Nothing by default."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.errors import ItemError
from core.localfiles import local_path
from core.names import has_controls
from core.outbound import Outbound
from core.settings import Settings
from core.terms import ItemCode


@dataclass(frozen=True)
class Access:
    """The places that the administrator opened to jobs; `outbound` is None: no URLs.

    What this installation keeps itself, under `storage_url`, is never a client's to name.
    """

    storage_url: str
    allowed_roots: Sequence[Path] = ()
    allowed_prefixes: Sequence[str] = ()
    outbound: Outbound | None = None

    def refusal(self, uri: str) -> str | None:
        """Return why a client may not name the URI, as a sentence, or None when it may.

        A file is judged by its name here; where its links lead is seen when it is opened.
        """
        match uri.partition(":")[0]:
            case "file":
                return self._file_refusal(uri)
            case "s3" | "gs" | "az":
                return self._object_refusal(uri)
            case "https" | "http":
                return self._url_refusal(uri)
        return (
            "The URI must begin with file://, s3://, gs://, az:// or https://; "
            "a path alone is not enough."
        )

    def is_stored(self, uri: str) -> bool:
        """Return whether the URI names something in this installation's storage."""
        if not uri.startswith("file:"):
            return is_below(uri, self.storage_url)
        try:
            return self._is_stored(_normal_path(uri))
        except ValueError:
            return False

    def verify_stored(self, real: Path) -> None:
        """Raise ItemError for a file that really lies outside of this installation's storage."""
        if not self._is_stored(str(real)):
            raise ItemError(ItemCode.FORBIDDEN, "The file is not in this installation's storage.")

    def verify_allowed(self, real: Path) -> None:
        """Raise ItemError for a file that a client may not name, by where it really lies."""
        if refusal := self._path_refusal(str(real)):
            raise ItemError(ItemCode.FORBIDDEN, refusal)

    @cached_property
    def _storage_roots(self) -> tuple[str, ...]:
        """The storage's folder as it is written, and where it really lies, each with a slash."""
        if not self.storage_url.startswith("file:"):
            return ()
        root = _normal_path(self.storage_url)
        return _with_slash(root), _with_slash(os.path.realpath(root))

    @cached_property
    def _allowed_roots(self) -> tuple[str, ...]:
        return tuple(_with_slash(str(root)) for root in self.allowed_roots)

    def _is_stored(self, path: str) -> bool:
        return _with_slash(path).startswith(self._storage_roots)

    def _file_refusal(self, uri: str) -> str | None:
        try:
            return self._path_refusal(_normal_path(uri))
        except ValueError as error:
            return f"The file's URI is not usable: {error}."

    def _path_refusal(self, path: str) -> str | None:
        below = _with_slash(path).startswith(self._allowed_roots)
        if below and not self._is_stored(path):
            return None
        return (
            "The file is not under an allowed root; "
            "the administrator names allowed folders in FAKESWEEP_ALLOWED_ROOTS."
        )

    def _object_refusal(self, uri: str) -> str | None:
        odd = any(part in (".", "..") for part in uri.split("/")) or has_controls(uri)
        below = any(is_below(uri, prefix) for prefix in self.allowed_prefixes)
        if below and not odd and not self.is_stored(uri):
            return None
        return (
            "The object is not under an allowed prefix; "
            "the administrator names allowed prefixes in FAKESWEEP_ALLOWED_PREFIXES."
        )

    def _url_refusal(self, uri: str) -> str | None:
        if self.outbound is None:
            return "This installation fetches no URLs (FAKESWEEP_URL_SOURCES); upload the images."
        return self.outbound.refusal(uri)


def _normal_path(uri: str) -> str:
    """Return the path that a `file://` URI means; raises ValueError.

    Two slashes at its beginning, which POSIX lets stand for themselves, are one on our systems.
    """
    return "/" + os.path.normpath(local_path(uri)).lstrip("/")


def access_of(settings: Settings) -> Access:
    """Return the places that the settings open to jobs."""
    outbound = Outbound(settings.outbound_allowed_networks, settings.outbound_ca_file)
    return Access(
        storage_url=settings.storage_url,
        allowed_roots=settings.allowed_roots,
        allowed_prefixes=settings.allowed_prefixes,
        outbound=outbound if settings.url_sources else None,
    )


def is_below(uri: str, prefix: str) -> bool:
    """Return whether the URI or path is the prefix or lies below it, by whole segments."""
    return _with_slash(uri).startswith(_with_slash(prefix))


def _with_slash(path: str) -> str:
    return f"{path.rstrip('/')}/"
