"""The items of a job, found in its shards wherever they are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from db import items
from db.session import Database
from tests.support.rows import add_planned_job


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """Note the statements that are executed in the block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("positions", "reads"), [([0, 999], 2), (list(range(1000)), 12), ([3, 500, 501, 998], 4)]
)
def test_shards_between_are_not_read(database: Database, positions: list[int], reads: int) -> None:
    """Few items of a large job cost a read each, many that are close together share reads."""
    job_id = add_planned_job(database, items=1000, shard_size=10)
    with database.read() as session, counting(database) as seen:
        found = items.rows_at(session, job_id, positions)
    assert [row["position"] for row in found] == positions
    assert len([one for one in seen if "shards" in one]) <= reads


def test_items_that_are_not_there(database: Database) -> None:
    """A position behind the end is an error, not an endless search."""
    job_id = add_planned_job(database, items=10)
    with database.read() as session, pytest.raises(LookupError, match=r"\[10\]"):
        items.rows_at(session, job_id, [3, 10])
