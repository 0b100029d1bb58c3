"""Images on other servers: asked again only when a person wants it, so cards name the servers."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from core.terms import SourceType
from db import items
from db.models import Job

NAMES_URLS = (SourceType.URLS, SourceType.MANIFEST)


def hosts_of(session: Session, job: Job, positions: Iterable[int]) -> dict[int, str]:
    """Return the names of the servers by the positions of the items that lie on one."""
    asked = sorted(positions)
    if not asked or job.source.get("type") not in NAMES_URLS:
        return {}
    rows = items.rows_at(session, job.id, asked)
    return {row["position"]: host for row in rows if (host := _host(row["uri"]))}


def _host(uri: str) -> str | None:
    if not uri.startswith(("https:", "http:")):
        return None
    try:
        return urlsplit(uri).hostname or uri
    except ValueError:
        return uri
