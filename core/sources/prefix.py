"""The images of a bucket under a prefix, in the order of their keys, page by page."""

import re
from collections.abc import Iterator

import obstore
from obstore.exceptions import BaseError, InvalidPathError

from core.errors import ItemError, SourceError
from core.names import clean_name, is_image_name
from core.objects import fault, first_line, locate
from core.sources.spec import Heed, SourceItem, heedless

PAGE_KEYS = 1000
# Of a listing's answers obstore tells only the text.
_FINAL = re.compile(r"status code: 40[0134]\b")


def list_prefix(
    uri: str, *, last_uri: str | None = None, heed: Heed = heedless
) -> Iterator[SourceItem]:
    """Yield one item an object below the prefix, as the store lists them: sorted by key.

    With `last_uri`, only what comes behind the key of that URI, be it still there or not. The
    prefix is a folder: whole segments of a key. Left out, as in a folder, are hidden objects and
    those whose name says that they are no image; and the empty ones that mark folders.
    Raises SourceError for what cannot be listed and StorageError for what can heal.
    """
    store, prefix = locate(uri)
    last_key = locate(last_uri)[1] if last_uri else None
    root = uri.removesuffix(prefix).rstrip("/")
    folder = prefix.strip("/")
    for key, size_bytes in _keys(store, folder, last_key):
        heed()
        name = key.removeprefix(folder).lstrip("/")
        if _is_candidate(name, size_bytes):
            yield SourceItem(uri=f"{root}/{key}", name=clean_name(name))


def _keys(
    store: obstore.store.ObjectStore, folder: str, last_key: str | None
) -> Iterator[tuple[str, int]]:
    try:
        for page in obstore.list(
            store, prefix=folder or None, offset=last_key, chunk_size=PAGE_KEYS
        ):
            for found in page:
                yield found["path"], found["size"]
    except InvalidPathError as error:
        raise SourceError(
            "The prefix holds a key that cannot be used here (it has an empty, `.` or `..` "
            f"segment, or control characters); rename it or name a deeper prefix: "
            f"{first_line(error)}"
        ) from error
    except (BaseError, OSError) as error:
        found = fault(error)
        if isinstance(found, ItemError) or _FINAL.search(str(error)):
            raise SourceError(
                "The prefix cannot be listed; check the bucket's name, and that this "
                "installation's credentials may list it."
            ) from error
        raise found from error


def _is_candidate(name: str, size_bytes: int) -> bool:
    hidden = any(segment.startswith(".") for segment in name.split("/"))
    marks_folder = size_bytes == 0 and "." not in name.rpartition("/")[2]
    return not hidden and not marks_folder and is_image_name(name)
