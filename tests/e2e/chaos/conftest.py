"""Assembles the fixtures of the chaos tests; the parts live in tests/support/chaos."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import make_url, text

from db.migrations import upgrade
from db.session import Database
from tests.support.chaos.items import write_items
from tests.support.chaos.ledger import Ledger
from tests.support.chaos.stage import trial
from tests.support.chaos.supervisor import Supervisor, supervisor
from tests.support.chaos.trial import Trial
from tests.support.services import Server, fresh_database, postgres_server, valkey_server
from workers.scan import TURN_S

ITEMS = 10_000
SEEDS = int(os.environ.get("SEEDS") or 0)  # given by `make chaos`, which has more time
KILLS = 1 if SEEDS else 0  # items that kill a worker in the trials that are not about them
Begin = Callable[..., Trial]
Record = Callable[[str, object], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each chaos test with as many seeds as `SEEDS` says."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, (SEEDS or 1) + 1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was measured in each trial."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, measured in report.user_properties:
            if name == "chaos" and report.when == "call":
                numbers = "  ".join(f"{key}={value:.2f}" for key, value in measured.items())
                terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {numbers}")


@pytest.fixture(scope="session")
def chaos_postgres() -> Iterator[Server]:
    """A real Postgres that tests may restart, and that keeps what it has committed then."""
    with postgres_server() as server:
        database = Database(server.url)
        with database.write() as session:
            session.execute(text("ALTER ROLE CURRENT_USER SET synchronous_commit = on"))
        database.close()
        yield server


@pytest.fixture(scope="session")
def template(chaos_postgres: Server) -> Iterator[str]:
    """A database with the newest tables and a ledger, to be copied."""
    with fresh_database(chaos_postgres.url) as url:
        upgrade(url)
        database = Database(url)
        Ledger.open(database)
        database.close()
        yield make_url(url).database or ""


@pytest.fixture(scope="session")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """What starts the processes of all trials."""
    with supervisor(tmp_path_factory.mktemp("keeper") / "keeper.log") as started:
        yield started


@pytest.fixture
def begin(
    request: pytest.FixtureRequest,
    seed: int,
    chaos_postgres: Server,
    template: str,
    keeper: Supervisor,
    tmp_path: Path,
    record_property: Record,
) -> Iterator[Begin]:
    """Begin a trial; its numbers are told at the end of the session.

    The seed decides the items, what breaks and when. The logs, the history and the steps of the
    shards stay in the test's folder, as long as pytest keeps that.
    """
    print(f"Seed {seed}; the logs and the history are in {tmp_path}.")
    with ExitStack() as stack:

        def start(
            *,
            kills: int = KILLS,
            raises: int = 3,
            count: int = ITEMS,
            item_s: float = 0.002,
            send_twice: bool = False,
            turn_s: float = TURN_S,
            **settings: object,
        ) -> Trial:
            random = Random(f"{request.node.originalname} {seed}")
            items = write_items(
                tmp_path / "items", count=count, random=random, kills=kills, raises=raises
            )
            if SEEDS:  # a hundred trials would fill the disk with them
                stack.callback(shutil.rmtree, items.folder)
            started = stack.enter_context(
                trial(
                    tmp_path,
                    database_url=stack.enter_context(
                        fresh_database(chaos_postgres.url, template=template)
                    ),
                    postgres=chaos_postgres,
                    broker=stack.enter_context(valkey_server()),
                    supervisor=keeper,
                    items=items,
                    random=random,
                    item_s=item_s,
                    send_twice=send_twice,
                    turn_s=turn_s,
                    **settings,
                )
            )
            record_property("chaos", started.measured)
            return started

        yield start
