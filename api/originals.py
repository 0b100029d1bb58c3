"""The images that verdicts are of, read again from where they were, with the guards of a scan."""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.services import services
from core.errors import GoneError, ItemError
from core.sources import SourceItem
from db import items, verdicts

DELETED = (
    "The image was deleted: the uploads of a job are kept for as long as the administrator says "
    "(FAKESWEEP_KEEP_UPLOADS_DAYS). Scan it again to see it."
)
REFUSED = "There is no image to show: it was refused before it was scanned. {reason}"
CHANGED = "The image was changed since it was scored; scan it again to see it as it is now."


@dataclass(frozen=True)
class Original:
    """Where the image of a verdict is, and the digest that its bytes had."""

    item: SourceItem
    sha256: bytes | None

    @property
    def is_remote(self) -> bool:
        """Whether somebody else's server is asked for it."""
        return self.item.uri.startswith(("https:", "http:"))

    def read(self) -> bytes:
        """Return the bytes; raises GoneError when they are not there, or are others now."""
        try:
            content = services().reader.read(self.item)
        except ItemError as error:
            raise GoneError(f"The image cannot be read any more. {error.message}") from error
        if self.sha256 and hashlib.sha256(content).digest() != self.sha256:
            raise GoneError(CHANGED)
        return content


def find(session: Session, verdict_id: str) -> Original:
    """Return the original of a verdict; raises NotFoundError.

    Raises GoneError for one that was deleted, or refused when its source was listed.
    """
    job, verdict = verdicts.get(session, verdict_id)
    (row,) = items.rows_at(session, job.id, [verdict.position])
    item = SourceItem.from_row(dict(row))
    if item.fault_code is not None:
        raise GoneError(REFUSED.format(reason=item.fault_message))
    original = Original(item, verdict.sha256)
    if job.uploads_deleted_at is not None and services().access.is_stored(original.item.uri):
        raise GoneError(DELETED)
    return original
