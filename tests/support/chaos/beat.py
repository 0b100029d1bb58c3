"""The beat's process of a trial: the real one, whose messages may come twice."""

from core.settings import load_settings
from tests.support.chaos.faults import Faults
from tests.support.chaos.messages import send_twice
from workers.beat import run_beat


def main() -> int:
    """Ring for recovery and purging until SIGTERM."""
    if Faults.from_environment().send_twice:
        send_twice()
    return run_beat(load_settings())
