"""The supervisor with small shell programs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.stack.program import Program
from cli.stack.supervisor import Supervisor
from core.errors import ConfigurationError

PATIENCE_S = 20


def shell(name: str, script: str, *, stage: int = 0, is_ready: Callable[[], bool] | None = None):  # noqa: ANN201
    """A program of a few shell commands."""
    command = ("/bin/sh", "-c", script)
    return Program(name, command, stage=stage, is_ready=is_ready or (lambda: True))


class Stage:
    """A supervisor with everything that it said and echoed."""

    def __init__(self, folder: Path, *programs: Program) -> None:
        self.said: list[str] = []
        self.lines: list[tuple[str, str]] = []
        self.supervisor = Supervisor(
            programs,
            logs_dir=folder,
            environment={**os.environ, "FOLDER": str(folder)},
            say=self.said.append,
            echo=lambda name, line: self.lines.append((name, line)),
        )
        self.supervisor.start()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for the condition; fails the test when it does not come."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, (self.said, self.lines)
            time.sleep(0.02)

    def fault(self) -> str:
        """Wait until the supervisor gives up; return its sentence."""
        sentences: list[str] = []

        def has_given_up() -> bool:
            try:
                self.supervisor.require_running()
            except ConfigurationError as error:
                sentences.append(str(error))
            return bool(sentences)

        self.until(has_given_up)
        self.supervisor.stop()
        return sentences[0]

    def pid(self, name: str) -> int:
        """The process id that the program `echo $$` wrote last."""
        self.until(lambda: any(line.isdigit() for who, line in self.lines if who == name))
        return int([line for who, line in self.lines if who == name and line.isdigit()][-1])


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_starts_again_what_was_killed(tmp_path: Path) -> None:
    """A killed program is back, and a sentence says so."""
    stage = Stage(tmp_path, shell("worker", "echo $$; sleep 60"))
    first = stage.pid("worker")
    os.kill(first, signal.SIGKILL)
    stage.until(lambda: len(stage.lines) == 2)
    assert stage.pid("worker") != first
    stage.supervisor.require_running()
    stage.supervisor.stop()
    assert stage.said == ["worker ended (killed by SIGKILL); starting it again in 0.5 s."]


def test_exit_code_2_ends_the_stack_with_its_sentence(tmp_path: Path) -> None:
    """Wrong settings do not heal by themselves: everything stops, and the reason is handed on."""
    stage = Stage(
        tmp_path,
        shell("other", "echo $$; sleep 60"),
        shell("api", "sleep 0.2; echo started; echo 'Error: The model is gone; get it.'; exit 2"),
    )
    other = stage.pid("other")
    assert stage.fault() == "The model is gone; get it."
    assert not is_alive(other)


def test_gives_up_on_what_never_starts_well(tmp_path: Path) -> None:
    """A program that ends early each time is reported with the last line of its log."""
    stage = Stage(tmp_path, shell("beat", "echo boom; exit 1"))
    sentence = stage.fault()
    assert sentence.startswith("beat ends each time that it is started (exit code 1).")
    assert sentence.endswith("beat.log, ends with: boom")
    assert len(stage.said) == 2


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
    """A command that does not exist gives a sentence, not a hanging stack."""
    stage = Stage(tmp_path, Program("broker", ("/no/such/server",)))
    assert "No such file" in stage.fault()


def test_a_stage_waits_for_the_one_before(tmp_path: Path) -> None:
    """The second stage starts once the first is ready."""
    mark = tmp_path / "ready"
    stage = Stage(
        tmp_path,
        shell("broker", 'sleep 0.3; touch "$FOLDER/ready"; sleep 60', is_ready=mark.exists),
        shell("worker", 'ls "$FOLDER"; echo $$; sleep 60', stage=1),
    )
    stage.pid("worker")
    assert ("worker", "ready") in stage.lines
    stage.supervisor.stop()


def test_stops_in_reverse_order_and_in_good_order(tmp_path: Path) -> None:
    """A later stage has ended before an earlier one is asked to; SIGTERM lets it finish."""
    script = "trap 'sleep 0.2; echo bye; exit 0' TERM; echo $$; while :; do sleep 0.05; done"
    stage = Stage(tmp_path, shell("broker", script), shell("worker", script, stage=1))
    pids = [stage.pid("broker"), stage.pid("worker")]
    stage.supervisor.stop()
    assert [name for name, line in stage.lines if line == "bye"] == ["worker", "broker"]
    assert not any(map(is_alive, pids))


def test_kills_what_does_not_stop_in_time(tmp_path: Path) -> None:
    """SIGTERM ignored: after the grace period the whole process group is killed."""
    script = "trap '' TERM; sleep 61 & echo $!; wait; sleep 62"
    program = Program("worker", ("/bin/sh", "-c", script), stop_grace_s=0.3)
    stage = Stage(tmp_path, program)
    grandchild = stage.pid("worker")
    stage.supervisor.stop()
    stage.until(lambda: not is_alive(grandchild))


def test_keeps_the_log_of_each_program(tmp_path: Path) -> None:
    """What a program writes, errors included, is in its own file."""
    stage = Stage(tmp_path, shell("api", "echo out; echo err >&2; echo $$; sleep 60"))
    pid = stage.pid("api")
    stage.supervisor.stop()
    assert (tmp_path / "api.log").read_text().split() == ["out", "err", str(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_killed_stack_leaves_no_process(tmp_path: Path) -> None:
    """kill -9 of the supervising process ends all that it started."""
    script = (
        "import sys, pathlib, time\n"
        "from cli.stack.supervisor import Supervisor\n"
        "from cli.stack.program import Program\n"
        "programs = [Program(n, ('/bin/sh', '-c', 'echo $$; sleep 60')) for n in 'ab']\n"
        "supervisor = Supervisor(programs, logs_dir=pathlib.Path(sys.argv[1]), environment={},\n"
        "    say=print, echo=lambda name, line: print(line, flush=True))\n"
        "supervisor.start(); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + PATIENCE_S
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
