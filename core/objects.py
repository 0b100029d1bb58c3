"""Object stores by URI (s3://, gs://, az://), and what their errors mean for what was read."""

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import (
    BaseError,
    InvalidPathError,
    NotFoundError,
    PermissionDeniedError,
)
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from core.errors import ItemError, StorageError
from core.terms import ItemCode

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

OBJECT_URI = re.compile(r"(?P<scheme>s3|gs|az)://(?P<bucket>[^/]+)/?(?P<key>.*)", re.DOTALL)
_STORES = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
# Quick retries only: what takes longer is tried again with the whole shard, without a thread
# that waits. obstore's own default is ten retries within three minutes.
_RETRIES: "RetryConfig" = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=1)},
}
_CLIENT: "ClientConfig" = {
    "allow_http": True,  # only ever asked where the administrator names such an endpoint
    "connect_timeout": timedelta(seconds=5),
    "timeout": timedelta(seconds=60),
}


def is_object_uri(uri: str) -> bool:
    """Return whether the URI names an object store."""
    return OBJECT_URI.fullmatch(uri) is not None


@lru_cache(maxsize=64)
def open_store(root_uri: str) -> ObjectStore:
    """Open the bucket, or the prefix in it, that the URI names; raises StorageError.

    Credentials, endpoint and region come from the environment variables that obstore reads. The
    key is taken as it is written: nothing in it is percent-decoded.
    """
    match = OBJECT_URI.fullmatch(root_uri)
    if match is None:
        raise StorageError(f"{root_uri} is not written as s3://bucket/prefix (or gs, az).")
    store = _STORES[match["scheme"]]
    try:
        return store(
            match["bucket"],
            prefix=match["key"] or None,
            retry_config=_RETRIES,
            client_options=_CLIENT,
        )
    except (BaseError, ValueError) as error:
        raise StorageError(f"{root_uri} cannot be opened ({first_line(error)}).") from error


def locate(uri: str) -> tuple[ObjectStore, str]:
    """Return the store of an object's bucket and the object's key; raises StorageError."""
    match = OBJECT_URI.fullmatch(uri)
    if match is None:
        raise StorageError(f"{uri} is not written as s3://bucket/key (or gs, az).")
    return open_store(f"{match['scheme']}://{match['bucket']}"), match["key"]


def read_object(uri: str, *, max_bytes: int) -> tuple[bytes, int]:
    """Return the object's bytes and its size; of a larger one than `max_bytes`, no bytes.

    Raises ItemError for what is final and StorageError for what can heal.
    """
    store, key = locate(uri)
    try:
        response = obstore.get(store, key)
        size_bytes = response.meta["size"]
        return (bytes(response.bytes()) if size_bytes <= max_bytes else b""), size_bytes
    except (BaseError, OSError) as error:
        raise fault(error) from error


def read_range(uri: str, *, start: int, length: int) -> bytes:
    """Return `length` bytes of an object from `start` on; raises as `read_object` does."""
    store, key = locate(uri)
    try:
        return bytes(obstore.get_range(store, key, start=start, length=length))
    except (BaseError, OSError) as error:
        raise fault(error) from error


def size_of(uri: str) -> int:
    """Return the size of an object in bytes; raises as `read_object` does."""
    store, key = locate(uri)
    try:
        return obstore.head(store, key)["size"]
    except (BaseError, OSError) as error:
        raise fault(error) from error


def fault(error: Exception) -> ItemError | StorageError:
    """Return what an error of a store means: final for the object, or to be tried again."""
    match error:
        case NotFoundError() | FileNotFoundError():
            return ItemError(ItemCode.FETCH_FAILED, "The object does not exist; check its URI.")
        case PermissionDeniedError() | PermissionError():
            return ItemError(
                ItemCode.FORBIDDEN,
                "The object store does not let this installation read the object; "
                "give its credentials the right to, or name another object.",
            )
        case InvalidPathError():
            return ItemError(ItemCode.FETCH_FAILED, "The object's key cannot be used here.")
    return StorageError(f"The object store did not answer as it should ({first_line(error)}).")


def first_line(error: Exception) -> str:
    """Return the first line of what an error says; obstore's others are for its developers."""
    return (str(error).splitlines() or [type(error).__name__])[0]
