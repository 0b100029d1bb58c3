"""The faults that a process of a trial carries in it, and how the test turns them on and off."""

import errno
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Any, Self

import obstore
import time_machine

from tests.support.chaos.history import History
from workers.scan import TURN_S

VARIABLE = "CHAOS"
CLOCK_JUMP_S = 600
CLOCK_FORWARDS, CLOCK_BACKWARDS = signal.SIGRTMIN, signal.SIGRTMIN + 1
SLOW_FOLDER_S = 0.05


class Fault(StrEnum):
    """What can be turned on while the processes run."""

    STORAGE_FAILS = "storage-fails"
    DISK_IS_FULL = "disk-is-full"
    LISTING_IS_SLOW = "listing-is-slow"
    API_DIES_BEFORE_SENDING = "api-dies-before-sending"


@dataclass(frozen=True)
class Faults:
    """Handed to a process in its environment; `folder` holds a file for each fault that is on."""

    folder: str
    history: str
    items: str
    item_s: float
    send_twice: bool = False
    turn_s: float = TURN_S

    @classmethod
    def from_environment(cls) -> Self:
        """Return the faults that this process was started with."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def as_environment(self) -> dict[str, str]:
        """Return the variable from which `from_environment` reads."""
        return {VARIABLE: json.dumps(asdict(self))}

    def turn_on(self, fault: Fault) -> None:
        """Let the fault happen from now on."""
        History(Path(self.history)).note("fault", f"{fault} from now on")
        (Path(self.folder) / fault).touch()

    def turn_off(self, fault: Fault) -> None:
        """End the fault."""
        History(Path(self.history)).note("fault", f"{fault} no more")
        (Path(self.folder) / fault).unlink(missing_ok=True)

    def is_on(self, fault: Fault) -> bool:
        """Return whether the fault happens now."""
        return os.path.exists(f"{self.folder}/{fault}")  # noqa: PTH110 - an audit hook, be quick


def break_files(faults: Faults, history: History) -> None:
    """Let opening an item fail with EIO, and opening a folder be slow, while the test says so.

    An audit hook sees every opened file of the process, whichever code opens it.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not str(arguments[0]).startswith(faults.items):
            return
        path, _mode, flags = arguments
        if not flags & os.O_DIRECTORY:
            if faults.is_on(Fault.STORAGE_FAILS):
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        elif faults.is_on(Fault.LISTING_IS_SLOW):
            history.note("listing")
            time.sleep(SLOW_FOLDER_S)

    sys.addaudithook(hook)


def refuse_writes(faults: Faults) -> None:
    """Let storage take nothing while the test says that its disk is full."""
    put = obstore.put

    def refusing(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - obstore's
        if faults.is_on(Fault.DISK_IS_FULL):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return put(*arguments, **options)

    obstore.put = refusing


def let_clock_jump(history: History) -> None:
    """Let the process's clock jump at a signal; it goes on from there."""

    def jump(number: int, _frame: FrameType | None) -> None:
        shift_s = CLOCK_JUMP_S if number == CLOCK_FORWARDS else -CLOCK_JUMP_S
        time_machine.travel(time.time() + shift_s, tick=True).start()
        history.note("clock", shift_s)

    for number in (CLOCK_FORWARDS, CLOCK_BACKWARDS):
        signal.signal(number, jump)
