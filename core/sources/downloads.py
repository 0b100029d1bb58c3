"""A manifest at a URL: fetched as a stream, and kept."""

from collections.abc import Iterator

from core.access import Access
from core.errors import SourceError, StorageError
from core.outbound import OutboundError, OutboundRefusedError, open_guarded_session, require_success
from core.sources.spec import Heed, ManifestSource
from core.storage import Storage

MAX_REDIRECTS = 3


def kept(
    source: ManifestSource,
    *,
    storage: Storage,
    key: str,
    access: Access,
    max_bytes: int,
    timeout_s: float,
    heed: Heed,
) -> ManifestSource:
    """Return the manifest as it can be read again and again: one at a URL is kept under `key`.

    Raises SourceError when it cannot be fetched at all, and StorageError when not now.
    """
    if not source.is_at_url:
        return source
    if not storage.has(key):
        content = _download(
            source.uri, access=access, max_bytes=max_bytes, timeout_s=timeout_s, heed=heed
        )
        storage.write(key, content)
    return source.model_copy(update={"uri": storage.uri(key)})


def _download(
    url: str, *, access: Access, max_bytes: int, timeout_s: float, heed: Heed
) -> Iterator[bytes]:
    """Yield what is at the URL; raises SourceError for what is final, StorageError otherwise."""
    if access.outbound is None:
        raise SourceError(access.refusal(url))
    count = 0
    try:
        with (
            open_guarded_session(access.outbound) as session,
            session.download(url, total_s=timeout_s, max_redirects=MAX_REDIRECTS) as answer,
        ):
            require_success(answer.status)
            for piece in answer.pieces():
                heed()
                count += len(piece)
                if count > max_bytes:
                    raise SourceError(f"The manifest has more than {max_bytes:,} bytes; split it.")
                yield piece
    except OutboundRefusedError as error:
        raise SourceError(str(error)) from error
    except OutboundError as error:
        if error.is_final:
            raise SourceError(str(error)) from error
        raise StorageError(str(error)) from error
