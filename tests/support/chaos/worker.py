"""A worker's process of a trial: the real worker, with a pretended model and with faults."""

from pathlib import Path

from celery import signals

from core.settings import load_settings
from tests.support.chaos.engine import PretendedDetector
from tests.support.chaos.faults import Faults, break_files, let_clock_jump, refuse_writes
from tests.support.chaos.history import History
from tests.support.chaos.messages import note_heard, send_twice
from workers.app import run_worker
from workers.scan import ShardScanner


def main() -> int:
    """Take tasks until SIGTERM; note in the history when that begins and ends."""
    faults = Faults.from_environment()
    history = History(Path(faults.history))
    break_files(faults, history)
    refuse_writes(faults)
    let_clock_jump(history)
    note_heard(history)
    if faults.send_twice:
        send_twice()
    _take_turns(faults.turn_s)
    signals.worker_ready.connect(lambda **_: history.note("ready"), weak=False)
    signals.worker_shutting_down.connect(lambda **_: history.note("stopping"), weak=False)
    return run_worker(
        load_settings(), lambda version: PretendedDetector(version, history, faults.item_s)
    )


def _take_turns(turn_s: float) -> None:
    """Let the turns of slots last so long."""
    scan_bulk = ShardScanner.scan_bulk

    def in_turns(self: ShardScanner, *, turn_s: float = turn_s) -> None:
        scan_bulk(self, turn_s=turn_s)

    ShardScanner.scan_bulk = in_turns
