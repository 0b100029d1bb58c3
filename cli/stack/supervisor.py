"""Keeps the programs of the stack running, and stops them in order. See docs/adr/0002."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from threading import Event, Thread

from cli.stack.process import KeptProcess
from cli.stack.program import CONFIGURATION_EXIT_CODE, Ending, Program
from cli.stack.program_log import Echo, ProgramLog
from core.errors import ConfigurationError

TICK_S = 0.05
START_TIMEOUT_S = 60.0
SETTLED_S = 30.0  # afterwards, what looks like wrong settings is rather an outage


class Supervisor:
    """Runs the programs from one thread, which starts, watches and stops them.

    `say` gets a sentence about each event; `echo` gets each line of the programs' output.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        logs_dir: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        echo: Echo,
    ) -> None:
        self._stages = [
            [
                KeptProcess(program, ProgramLog(program.name, logs_dir, echo), environment)
                for program in programs
                if program.stage == stage
            ]
            for stage in sorted({program.stage for program in programs})
        ]
        self._say = say
        self._stop, self._hurry = Event(), Event()
        self._fault: Exception | None = None
        self._thread = Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the programs; returns at once."""
        self._thread.start()

    def require_running(self) -> None:
        """Raise ConfigurationError, with a sentence, when the programs cannot be kept running."""
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """Stop the programs in reverse order and wait for it; Ctrl-C meanwhile kills them."""
        self._stop.set()
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self._hurry.set()
            self._thread.join()

    def _run(self) -> None:
        started_at = time.monotonic()
        try:
            self._start_all()
            while not self._stop.wait(TICK_S):
                settled = time.monotonic() - started_at > SETTLED_S
                for process in chain.from_iterable(self._stages):
                    self._keep(process, settled=settled)
        except Exception as error:  # handed to the thread that asks
            self._fault = error
        finally:
            self._stop_all()

    def _start_all(self) -> None:
        for stage in self._stages:
            for process in stage:
                process.start()
            for process in stage:
                self._wait_until_ready(process)

    def _wait_until_ready(self, process: KeptProcess) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not process.program.is_ready() and not self._stop.wait(TICK_S):
            self._keep(process, settled=False)
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{process.program.name} is not ready after {START_TIMEOUT_S:.0f} s; "
                    f"its log, {process.log.path}, may say why."
                )

    def _keep(self, process: KeptProcess, *, settled: bool) -> None:
        ending = process.take_ending()
        if ending is not None:
            self._judge(process, ending, settled=settled)
        process.start_when_due()

    def _judge(self, process: KeptProcess, ending: Ending, *, settled: bool) -> None:
        name, words = process.program.name, process.log.last_words()
        if ending.code == CONFIGURATION_EXIT_CODE and not settled and words:
            raise ConfigurationError(words)
        if process.keeps_failing:
            raise ConfigurationError(
                f"{name} ends each time that it is started ({ending}). "
                f"Its log, {process.log.path}, ends with: {words or 'nothing'}"
            )
        self._say(f"{name} ended ({ending}); starting it again in {process.pause_s:.1f} s.")

    def _stop_all(self) -> None:
        for stage in reversed(self._stages):
            for process in stage:
                process.ask_to_stop()
            self._wait_until_ended(stage)
            for process in stage:
                process.kill()
                process.log.close()

    def _wait_until_ended(self, processes: Sequence[KeptProcess]) -> None:
        deadline = time.monotonic() + max(process.program.stop_grace_s for process in processes)
        while any(process.is_running for process in processes):
            if time.monotonic() > deadline or self._hurry.wait(TICK_S):
                return
