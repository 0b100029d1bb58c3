"""The whole stack as a person runs it: `fakesweep` commands as processes, on a tiny model."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.orphans import die_with_parent
from client import Client
from tests.support.models import write_tiny_model_version
from tests.support.services import free_port, short_folder

PATIENCE_S = 120


@dataclass(frozen=True)
class Installation:
    """A data folder with a registry that holds one tiny model version, and its environment."""

    folder: Path
    environment: dict[str, str]

    @property
    def port(self) -> int:
        """The port of its API."""
        return int(self.environment["FAKESWEEP_API_PORT"])

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str, timeout_s: float = PATIENCE_S) -> subprocess.CompletedProcess:
        """Run a `fakesweep` command to its end."""
        return subprocess.run(
            command(*arguments),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            preexec_fn=die_with_parent,
        )

    def spawn(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a `fakesweep` command; its output can be read line by line."""
        return subprocess.Popen(
            command(*arguments),
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,
        )

    @contextmanager
    def up(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run `fakesweep up` until it is ready; stop it at the end as Ctrl-C does."""
        log = (self.folder / "up.log").open("w")
        process = subprocess.Popen(
            command("up", *arguments),
            env=self.environment,
            cwd=self.folder,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,
        )
        try:
            self.wait_until_ready(process)
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE_S)
            log.close()

    def wait_until_ready(self, process: subprocess.Popen[str]) -> None:
        """Wait until the API says that it is ready; fails when the process ends before."""
        deadline = time.monotonic() + PATIENCE_S
        with Client(self.url, timeout_s=5) as client:
            while not client.is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "up.log").read_text()[-3000:])
                time.sleep(0.1)


def _hear_ctrl_c() -> None:
    """Heed SIGINT, which whatever runs in the background of a shell is started to ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent()


@contextmanager
def installation(**settings: str) -> Iterator[Installation]:
    """Make an installation in a short temporary folder; the settings are `FAKESWEEP_...` ones."""
    with short_folder() as folder:
        write_tiny_model_version(folder / "registry")
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FAKESWEEP_", "BROKER_URL", "DATABASE_URL"))
        }
        given = {
            "data_dir": str(folder / "var"),
            "registry_dir": str(folder / "registry"),
            "api_port": str(free_port()),
            "recovery_interval_s": "2",
            "engine": "torch",  # it need not be converted first
            "torch_threads": "1",
            **settings,
        }
        named = {f"FAKESWEEP_{name.upper()}": value for name, value in given.items()}
        yield Installation(folder, inherited | named | {"PYTHONUNBUFFERED": "1"})


def command(*arguments: str) -> list[str]:
    """Return the command line of a `fakesweep` command."""
    return [sys.executable, "-P", "-m", "cli.main", *arguments]


def processes_of(installed: Installation) -> set[int]:
    """Return the ids of all processes that work in the installation's folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(installed.folder):
                found.add(int(process.name))
        except OSError:
            continue  # it ended meanwhile, or is not ours
    return found
