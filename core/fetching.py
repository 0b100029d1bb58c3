"""Reads the bytes of one item, wherever they are: a file, an object, a URL.

What can heal by itself (a time-out, a server that is busy, too many open files) is tried again at
once a few times and then goes up as StorageError; what is final for the item is its ItemError.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from tenacity import Retrying, retry_if_exception_type, wait_exponential_jitter
from tenacity.stop import stop_after_attempt, stop_after_delay

from core.access import Access
from core.errors import ItemError, StorageError
from core.outbound import (
    GuardedSession,
    OutboundError,
    OutboundRefusedError,
    open_guarded_session,
    require_success,
)
from core.sources import SourceItem
from core.storage import read_bytes, require_size
from core.terms import ItemCode

ATTEMPTS = 3
RETRY_WITHIN_S = 5.0  # a server that took longer to fail is not asked again at once
FETCH_TIMEOUT_S = 30.0
MAX_REDIRECTS = 3
_NOT_FOR_US = frozenset({401, 403})


@dataclass(frozen=True)
class ItemReader:
    """Reads items of at most `max_bytes`, from where `access` allows; threads share one."""

    max_bytes: int
    access: Access

    def read(self, item: SourceItem) -> bytes:
        """Return the item's bytes, checked against its digest when it has one.

        Raises ItemError for what is final, and StorageError for what may be gone later.
        """
        content = _RETRYING(self._read, item.uri)
        if item.sha256 and hashlib.sha256(content).hexdigest() != item.sha256.lower():
            raise ItemError(
                ItemCode.CHECKSUM_MISMATCH,
                "The file's SHA-256 is not the one that the list names; the file was changed "
                "or damaged. Correct the list or the file.",
            )
        return content

    def _read(self, uri: str) -> bytes:
        if self.access.is_stored(uri):
            return read_bytes(uri, max_bytes=self.max_bytes, verify=self.access.verify_stored)
        if refusal := self.access.refusal(uri):
            raise ItemError(ItemCode.FORBIDDEN, refusal)
        if uri.startswith(("https:", "http:")):
            return self._download(uri)
        return read_bytes(uri, max_bytes=self.max_bytes, verify=self.access.verify_allowed)

    def _download(self, url: str) -> bytes:
        try:
            reply = self._session.exchange(
                "GET",
                url,
                max_bytes=self.max_bytes,
                total_s=FETCH_TIMEOUT_S,
                max_redirects=MAX_REDIRECTS,
            )
            if reply.status in _NOT_FOR_US:
                raise OutboundRefusedError(f"The server answered with status {reply.status}.")
            require_success(reply.status)
        except OutboundRefusedError as error:
            raise ItemError(ItemCode.FORBIDDEN, str(error)) from error
        except OutboundError as error:
            if error.is_final:
                raise ItemError(ItemCode.FETCH_FAILED, str(error)) from error
            raise StorageError(str(error)) from error
        require_size(len(reply.body) + (not reply.is_complete), self.max_bytes)
        return reply.body

    @cached_property
    def _session(self) -> GuardedSession:
        if self.access.outbound is None:
            raise RuntimeError("A URL was let through although URLs are switched off.")
        return open_guarded_session(self.access.outbound)


_RETRYING = Retrying(
    stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(RETRY_WITHIN_S),
    wait=wait_exponential_jitter(multiplier=0.2, max=1, jitter=0.2),
    retry=retry_if_exception_type(StorageError),
    reraise=True,
)
