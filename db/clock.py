"""One clock for every time that is stored or compared: the database's, never a worker's."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Float, literal
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, always aware; SQLite, which knows no zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time and convert any other to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The time {value} has no zone; times are stored in UTC.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored time as an aware one in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class database_time(FunctionElement[datetime]):
    """The database's clock now, plus `offset_s` seconds.

    The offset is a bound parameter, so that statements with a time are compiled once only.
    """

    inherit_cache = True
    type = UtcDateTime()

    def __init__(self, offset_s: float | ColumnElement[float] = 0.0) -> None:
        given = isinstance(offset_s, ColumnElement)
        super().__init__(offset_s if given else literal(float(offset_s), Float()))


@compiles(database_time, "postgresql")
def _postgresql(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    offset = compiler.process(element.clauses, **kw)
    return f"(clock_timestamp() + make_interval(secs => {offset}))"


@compiles(database_time, "sqlite")
def _sqlite(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    # The same text form in which SQLAlchemy stores a time, so that the two compare as strings.
    offset = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', printf('%+f seconds', {offset}))"


class database_epoch(FunctionElement[int]):
    """The database's clock now, as whole seconds since 1970."""

    inherit_cache = True
    type = BigInteger()


@compiles(database_epoch, "postgresql")
def _epoch_postgresql(_element: database_epoch, _compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401
    return "CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)"


@compiles(database_epoch, "sqlite")
def _epoch_sqlite(_element: database_epoch, _compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401
    return "CAST(strftime('%s', 'now') AS INTEGER)"
