"""What one check of the doctor found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import FakesweepError


class Status(StrEnum):
    """How bad it is: nothing, something to know of, something that does not work."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """A sentence on one part of the installation; of what is wrong, with what to do."""

    check: str
    status: Status
    message: str


Found = tuple[Status, str]


@dataclass(frozen=True)
class Check:
    """One thing to look at, by the name that people see."""

    name: str
    look: Callable[[], Found]

    def run(self) -> Finding:
        """Return what is found; a check that fails says so instead of ending the others."""
        try:
            status, message = self.look()
        except FakesweepError as error:
            status, message = fault(str(error))
        except Exception as error:  # whatever is broken here, the other checks must be heard
            status, message = fault(
                f"The check ended with {type(error).__name__}: {error}. Correct that first; if "
                "there is nothing to correct, it is a defect of fakesweep."
            )
        return Finding(self.name, status, " ".join(message.split()))


def ok(message: str) -> Found:
    """Return that all is well."""
    return Status.OK, message


def warning(message: str) -> Found:
    """Return something to know of."""
    return Status.WARNING, message


def fault(message: str) -> Found:
    """Return something that does not work."""
    return Status.FAULT, message
