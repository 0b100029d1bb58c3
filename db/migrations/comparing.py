"""What is compared when tables and models are: all but what one kind of database does without."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.sql.schema import SchemaItem

from db.models import Verdict

Options = dict[str, Any]


def comparing(dialect: str) -> Options:
    """Return the options of Alembic's comparison with a database of the dialect."""

    def is_compared(item: SchemaItem, _name: str | None, kind: str, *_: object) -> bool:
        """Leave out the verdicts' foreign keys, which only SQLite has."""
        if kind != "foreign_key_constraint" or dialect == "sqlite":
            return True
        table = getattr(item, "table", None)
        return not (isinstance(table, Table) and table.name == Verdict.__tablename__)

    return {"compare_type": True, "include_object": is_compared}
