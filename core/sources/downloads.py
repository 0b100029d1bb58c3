"""A list at a URL, fetched as a stream."""

from collections.abc import Iterator

from core.access import Access
from core.errors import SourceError, StorageError
from core.outbound import OutboundError, OutboundRefusedError, open_guarded_session, require_success

DOWNLOAD_TIMEOUT_S = 600.0
MAX_REDIRECTS = 3


def download(url: str, *, access: Access, max_bytes: int) -> Iterator[bytes]:
    """Yield what is at the URL; raises SourceError for what is final, StorageError otherwise."""
    if access.outbound is None:
        raise SourceError(access.refusal(url))
    count = 0
    try:
        with (
            open_guarded_session(access.outbound) as session,
            session.download(
                url, total_s=DOWNLOAD_TIMEOUT_S, max_redirects=MAX_REDIRECTS
            ) as answer,
        ):
            require_success(answer.status)
            for piece in answer.pieces():
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
