"""Real servers for tests: a broker and a database, started in private folders, gone at the end.

`BROKER_URL` and `DATABASE_URL` name servers to use instead of starting any; a test that kills
its server always starts its own.
"""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from sqlalchemy import create_engine, make_url, text

from cli.stack.broker import broker_answers, prepare_broker
from cli.stack.orphans import die_with_parent
from tests.support.postgres import POSTGRES_USER, initialise_postgres, postgres_command

START_TIMEOUT_S = 30


class Server:
    """A server process that can be killed and started again on the same data."""

    def __init__(self, url: str, spawn: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.url = url
        self._spawn = spawn
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, is_ready: Callable[[], bool]) -> None:
        """Start the process and wait until it answers."""
        self._is_ready = is_ready
        self._process = self._spawn()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server at {self.url} did not start; see its log.")
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None, "The server does not run."
        return self._process.pid

    def kill(self) -> None:
        """End the process at once, as a crash of the machine would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the process in an orderly way."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        """Start the ended process again, on what it left behind."""
        self._end(signal.SIGINT)
        self.start(self._is_ready)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(timeout=START_TIMEOUT_S)
        self._process = None


@contextmanager
def valkey_server() -> Iterator[Server]:
    """Run the embedded broker's binary on a Unix socket in a short temporary folder."""
    with short_folder() as folder:
        path = folder / "run" / "broker.sock"
        command = prepare_broker(folder / "broker", path)
        log = (folder / "broker.log").open("ab")
        server = Server(
            f"redis+socket://{path}",
            lambda: subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent
            ),
        )
        try:
            server.start(lambda: broker_answers(path))
            yield server
        finally:
            server.stop()
            log.close()


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Server]:
    """Run Postgres on a Unix socket in a short temporary folder; `url` names its first database.

    With `durable` it writes through to the disk, as an installation's does.
    """
    with short_folder() as folder:
        password = secrets.token_urlsafe(16)
        initialise_postgres(folder, password)
        log = (folder / "postgres.log").open("ab")
        url = f"postgresql+psycopg://{POSTGRES_USER}:{password}@/postgres?host={folder}"
        server = Server(url, lambda: postgres_command(folder, log, durable=durable))
        try:
            server.start(lambda: _database_answers(url))
            yield server
        finally:
            server.stop()
            log.close()


@contextmanager
def provided_broker(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the URL of the broker that `BROKER_URL` names, or of one started for the tests."""
    if given := environment.get("BROKER_URL"):
        yield given
        return
    with valkey_server() as server:
        yield server.url


@contextmanager
def provided_database(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the URL of an empty Postgres database, on the server that `DATABASE_URL` names."""
    given = environment.get("DATABASE_URL", "")
    if given.startswith("postgresql"):
        with fresh_database(given) as url:
            yield url
        return
    with postgres_server() as server, fresh_database(server.url) as url:
        yield url


@contextmanager
def fresh_database(server_url: str, *, template: str = "template1") -> Iterator[str]:
    """Create a database with a name of its own, a copy of `template`; yield its URL; drop it."""
    name = f"fakesweep_test_{secrets.token_hex(6)}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder whose path is short enough for Unix sockets; delete it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fs-", dir="/tmp"))
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a TCP port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _database_answers(url: str) -> bool:
    engine = create_engine(url)
    try:
        with engine.connect():
            return True
    except Exception:
        return False
    finally:
        engine.dispose()
