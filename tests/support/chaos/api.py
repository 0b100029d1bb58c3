"""The API's process of a trial: the real one on waitress, with a queue that can kill it."""

import api.wsgi
from cli.api import api as serve
from tests.support.chaos.faults import Faults
from tests.support.chaos.messages import send_twice
from tests.support.chaos.queues import DeadlyQueue


def main() -> int:
    """Answer requests until SIGTERM."""
    if Faults.from_environment().send_twice:
        send_twice()
    api.wsgi.CeleryTaskQueue = DeadlyQueue
    serve.main(args=[], standalone_mode=False)
    return 0
