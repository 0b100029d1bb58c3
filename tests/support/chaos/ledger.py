"""The database's own record of a trial: triggers note every step of a shard, as it is committed."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path

from sqlalchemy import text

from core.terms import ShardState
from db.session import Database

TRIGGERS = """
CREATE TABLE shard_steps (
    number bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), shard_id bigint,
    state text, lease_token int, leased_by text, attempts int, size int, last_error text
);
CREATE TABLE verdict_changes (job_id bigint, position int);
CREATE FUNCTION note_shard_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO shard_steps
        (shard_id, state, lease_token, leased_by, attempts, size, last_error)
    VALUES (NEW.id, NEW.state, NEW.lease_token, NEW.leased_by, NEW.attempts, NEW.size,
        NEW.last_error);
    RETURN NULL;
END $$;
CREATE FUNCTION note_verdict_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO verdict_changes VALUES (OLD.job_id, OLD.position);
    RETURN NULL;
END $$;
CREATE TRIGGER inserted AFTER INSERT ON shards
    FOR EACH ROW EXECUTE FUNCTION note_shard_step();
CREATE TRIGGER stepped AFTER UPDATE ON shards FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.lease_token <> NEW.lease_token)
    EXECUTE FUNCTION note_shard_step();
CREATE TRIGGER changed AFTER UPDATE OR DELETE ON verdicts
    FOR EACH ROW EXECUTE FUNCTION note_verdict_change();
"""


@dataclass(frozen=True)
class ShardStep:
    """A committed change of a shard's state or lease."""

    at: datetime
    shard_id: int
    state: ShardState
    lease_token: int
    leased_by: str | None
    attempts: int
    size: int
    last_error: str | None


class Ledger:
    """The steps of all shards of a database, which holds one trial."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    def open(database: Database) -> None:
        """Begin to note the steps."""
        with database.engine.begin() as connection:
            connection.exec_driver_sql(TRIGGERS)

    def steps(self) -> dict[int, list[ShardStep]]:
        """Return each shard's steps, in order."""
        query = text(
            "SELECT at, shard_id, state, lease_token, leased_by, attempts, size, last_error"
            " FROM shard_steps ORDER BY shard_id, number"
        )
        with self._database.read() as session:
            rows = [ShardStep(**row) for row in session.execute(query).mappings()]
        return {key: list(group) for key, group in groupby(rows, lambda step: step.shard_id)}

    def now(self) -> datetime:
        """Return the time by the clock that the steps are noted with."""
        with self._database.read() as session:
            return session.scalar(text("SELECT clock_timestamp()"))

    def open_transactions(self) -> int:
        """Return how many transactions of other sessions have waited for their next statement.

        Only those are counted that have done so for a while: their process is stopped.
        """
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction' AND state_change < clock_timestamp()"
            " - interval '200 ms' AND pid <> pg_backend_pid()"
        )
        with self._database.read() as session:
            return session.scalar(query) or 0

    def changed_verdicts(self) -> int:
        """Return how often a verdict was changed or taken away."""
        with self._database.read() as session:
            return session.scalar(text("SELECT count(*) FROM verdict_changes")) or 0

    def write(self, file: Path) -> None:
        """Keep the steps in a file, for the one who wants to know what went wrong."""
        lines = [
            f"{step.at.isoformat()} shard={step.shard_id} {step.state} token={step.lease_token}"
            f" by={step.leased_by} attempts={step.attempts} size={step.size}"
            f" error={step.last_error}\n"
            for steps in self.steps().values()
            for step in steps
        ]
        file.write_text("".join(sorted(lines)))


def require_sound(steps: dict[int, list[ShardStep]]) -> None:
    """Fail when a shard ended twice, came back after its end, or two claims had one number."""
    for shard_id, taken in steps.items():
        assert [step.state for step in taken].count(ShardState.DONE) == 1, (shard_id, taken)
        assert taken[-1].state == ShardState.DONE, (shard_id, taken)
        for before, after in pairwise(taken):
            grown = after.lease_token - before.lease_token
            assert grown in (0, 1), (shard_id, taken)
            if after.state == ShardState.LEASED:
                assert grown == 1, (shard_id, taken)
