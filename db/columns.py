"""Column types that the tables share: big ids, and JSON that is stored compressed."""

import zlib
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

BIG_ID = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER keys count up on SQLite


class PackedJson(TypeDecorator[Any]):
    """A JSON value as compressed bytes: lists of similar rows take about a tenth of their text."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002 - JSON
        """Return the value's compressed text."""
        if value is None:
            return None
        return zlib.compress(orjson.dumps(value), 1)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - JSON
        """Return the value that was stored."""
        return None if value is None else orjson.loads(zlib.decompress(value))
