"""The stack of one machine, assembled from the settings: started, waited for, stopped."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cli.connection import wait_until_ready
from cli.ports import address, require_free_port
from cli.stack.broker import broker_answers, prepare_broker
from cli.stack.lock import Holder, stack_lock
from cli.stack.preparation import prepare
from cli.stack.program import Program
from cli.stack.program_log import Echo
from cli.stack.supervisor import Supervisor
from core.cores import usable_cores
from core.settings import Settings

WORKER_GRACE_S = 30.0  # to commit what is scored of the shards in hand and to hand back the rest

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """A stack that has been started."""

    url: str
    logs_dir: Path
    supervisor: Supervisor

    def require_running(self) -> None:
        """Raise ConfigurationError, with a sentence, when the stack cannot be kept running."""
        self.supervisor.require_running()

    def wait_until_ready(self) -> None:
        """Wait until the API answers that all it needs is there; raises ConfigurationError."""
        logs = f"the logs in {self.logs_dir}"
        wait_until_ready(self.url, look_at=logs, check=self.require_running)


@contextmanager
def run_stack(
    settings: Settings, *, command: str, workers: int, say: Say, echo: Echo
) -> Iterator[Stack]:
    """Run the stack until the end of the block; SIGTERM and SIGHUP end it like Ctrl-C.

    Raises ConfigurationError with a sentence, before anything starts, when something that it
    needs is missing or taken.
    """
    url = address(settings.api_host, settings.api_port)
    logs_dir = settings.data_dir / "logs"
    holder = Holder(command=command, pid=os.getpid(), url=url)
    with stack_lock(settings.data_dir / "run", holder):
        require_free_port(settings.api_host, settings.api_port)
        programs = stack_programs(settings, workers)
        prepare(settings)
        logs_dir.mkdir(exist_ok=True)
        environment = os.environ | _sharing_cores(settings, workers).as_environment()
        supervisor = Supervisor(
            programs, logs_dir=logs_dir, environment=environment, say=say, echo=echo
        )
        with _interruptible():
            supervisor.start()
            try:
                yield Stack(url=url, logs_dir=logs_dir, supervisor=supervisor)
            finally:
                supervisor.stop()


def stack_programs(settings: Settings, workers: int) -> list[Program]:
    """Return the programs; the broker starts first and stops last."""
    programs = [
        *(
            Program(f"worker-{number}", _ours("worker"), stage=1, stop_grace_s=WORKER_GRACE_S)
            for number in range(1, workers + 1)
        ),
        Program("beat", _ours("beat"), stage=1),
        Program("api", _ours("api"), stage=1),
    ]
    if settings.uses_embedded_broker:
        socket = settings.broker_socket
        command = tuple(prepare_broker(settings.data_dir / "broker", socket))
        programs.append(Program("broker", command, is_ready=partial(broker_answers, socket)))
    return programs


def _sharing_cores(settings: Settings, workers: int) -> Settings:
    """Return the settings with this machine's cores divided among the workers' torch threads."""
    if settings.torch_threads or workers == 1:
        return settings
    each = max(1, usable_cores() // workers)
    return settings.model_copy(update={"torch_threads": each})


def _ours(command: str) -> tuple[str, ...]:
    # -P: a folder of the current directory must not take the place of a package of ours.
    return (sys.executable, "-P", "-m", "cli.main", command)


@contextmanager
def _interruptible() -> Iterator[None]:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
