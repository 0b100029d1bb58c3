"""Sets the stage of a trial: its folders, its database's first rows, its processes' environment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from db.session import Database
from tests.support.chaos.faults import Faults
from tests.support.chaos.history import History
from tests.support.chaos.items import Items
from tests.support.chaos.ledger import Ledger
from tests.support.chaos.servers import Breakable, Broker
from tests.support.chaos.supervisor import Supervisor
from tests.support.chaos.trial import MODEL_VERSION, Trial
from tests.support.rows import add_champion
from tests.support.services import Server, free_port


@contextmanager
def trial(
    folder: Path,
    *,
    database_url: str,
    postgres: Server,
    broker: Server,
    supervisor: Supervisor,
    items: Items,
    random: Random,
    item_s: float,
    send_twice: bool,
    turn_s: float,
    **settings: object,
) -> Iterator[Trial]:
    """Set the stage in the folder, which keeps all logs; leave no process behind."""
    faults_folder = folder / "faults"
    faults_folder.mkdir()
    history = History(folder / "history")
    faults = Faults(
        folder=str(faults_folder),
        history=str(history.folder),
        items=str(items.folder),
        item_s=item_s,
        send_twice=send_twice,
        turn_s=turn_s,
    )
    database = Database(database_url)
    add_champion(database, MODEL_VERSION)
    environment = _environment(folder, database_url, broker.url, items, settings)
    try:
        yield Trial(
            folder=folder,
            database=database,
            postgres=Breakable("postgres", postgres, history),
            broker=Broker("broker", broker, history),
            items=items,
            faults=faults,
            random=random,
            environment=environment | faults.as_environment(),
            history=history,
            supervisor=supervisor,
        )
    finally:
        supervisor.stop()
        Ledger(database).write(folder / "shards.txt")
        database.close()


def _environment(
    folder: Path, database_url: str, broker_url: str, items: Items, settings: dict[str, object]
) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FAKESWEEP_", "BROKER_URL", "DATABASE_URL"))
    }
    given = {
        "data_dir": folder / "var",
        "database_url": database_url,
        "broker_url": broker_url,
        "allowed_roots": items.folder,
        "api_port": free_port(),
        "shard_size": 16,
        "lease_s": 3,
        "recovery_interval_s": 1,
        "decode_threads": 2,
        **settings,
    }
    named = {f"FAKESWEEP_{name.upper()}": str(value) for name, value in given.items()}
    return inherited | named | {"PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
