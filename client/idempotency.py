"""The keys under which a request that arrives twice is done once."""

import re
from uuid import uuid4

from client.errors import InvalidKey

KEY = re.compile(r"[\x21-\x7e]{1,255}")


def under(key: str | None) -> dict[str, str]:
    """Return the header of the idempotency key, or of a new one; raises InvalidKey."""
    if key is not None and KEY.fullmatch(key) is None:
        raise InvalidKey("An idempotency key is 1 to 255 visible ASCII characters; choose another.")
    return {"Idempotency-Key": uuid4().hex if key is None else key}
