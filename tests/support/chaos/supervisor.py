"""Orders processes from the keeper, and knows which of them run now."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread

from cli.stack.orphans import bound_to_parent

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60


class Supervisor:
    """Keeps the programs of one trial at a time running."""

    def __init__(self, keeper: subprocess.Popen[bytes]) -> None:
        self._keeper = keeper
        self._pids: dict[str, int] = {}
        self._changed = Condition()
        self._reader = Thread(target=self._read, name="keeper", daemon=True)
        self._reader.start()

    def keep(
        self, name: str, *, program: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start the program, and start it again whenever it ends; its log lies in the folder."""
        self._order(
            {
                "keep": {
                    "name": name,
                    "program": program,
                    "folder": str(folder),
                    "environment": dict(environment),
                }
            }
        )

    def pid(self, name: str) -> int:
        """Return the id of the program's process; waits while it is being started again."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._pids.get(name), PATIENCE_S):
                raise AssertionError(f"{name} does not run.")
            return self._pids[name]

    def signal(self, name: str, number: int) -> int:
        """Send a signal to the program's process; return its id."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def stop(self) -> None:
        """End all programs at once, with whatever they have started."""
        with self._changed:
            self._pids[""] = 1
            self._order({"stop": {}})
            if not self._changed.wait_for(lambda: not self._pids[""], PATIENCE_S):
                raise AssertionError("The keeper does not stop its processes.")
            self._pids.clear()

    def close(self) -> None:
        """End the keeper, and all that it keeps."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)

    def _order(self, order: object) -> None:
        if self._keeper.stdin is not None:
            self._keeper.stdin.write(json.dumps(order).encode() + b"\n")
            self._keeper.stdin.flush()

    def _read(self) -> None:
        if self._keeper.stdout is None:
            return
        with self._keeper.stdout as lines:
            for line in lines:
                said = json.loads(line)
                with self._changed:
                    self._pids[said["name"]] = said["pid"]
                    self._changed.notify_all()


@contextmanager
def supervisor(log: Path) -> Iterator[Supervisor]:
    """Start a keeper, whose life is bound to this thread's."""
    with log.open("wb") as stream:
        keeper = subprocess.Popen(
            bound_to_parent([sys.executable, "-P", "-m", "tests.support.chaos.keeper"]),
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
        )
    started = Supervisor(keeper)
    try:
        yield started
    finally:
        started.close()
