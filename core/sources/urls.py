"""https URLs: the API keeps the list of them as it keeps that of uploaded files."""

from collections.abc import Iterator

from core.access import Access
from core.sources.files import list_files
from core.sources.spec import SourceItem
from core.terms import ItemCode


def list_urls(uri: str, *, access: Access, start: int = 0) -> Iterator[SourceItem]:
    """Yield the URLs in the order in which they came; one that is not allowed is a fault."""
    for item in list_files(uri, start=start):
        yield judged(item, access)


def judged(item: SourceItem, access: Access) -> SourceItem:
    """Return the item, with a fault when a client may not name its URI."""
    refusal = access.refusal(item.uri)
    if refusal is None:
        return item
    return item._replace(uri="", fault_code=ItemCode.FORBIDDEN, fault_message=refusal)
